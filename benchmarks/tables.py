"""Markdown tables, the facts that belong to a measurement, and the place in a Markdown file where both are kept."""

import datetime
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

FOLDER = Path(__file__).parent
README = FOLDER / "README.md"
ELSEWHERE = {"quality": FOLDER / "quality.md"}  # sections that are not about speed


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table below a bold title; every column but the second, which names the row, is a number."""
    rule = ["---" if column == 1 else "---:" for column in range(len(header))]
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in (header, rule, *rows)]
    return "\n".join([f"**{title}**", "", *lines])


def p50(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """The 95th percentile, interpolated between the two nearest of the values."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def ms(value: float) -> str:
    """Milliseconds with as many digits as a noisy machine deserves."""
    return f"{value:.1f}" if value < 20 else f"{value:,.0f}"


def times(ratio: float) -> str:
    """A ratio, the column that comes first."""
    return f"{ratio:.1f} x" if ratio < 20 else f"{ratio:.0f} x"


def facts(command: str, chromium: str = "") -> str:
    """One line: the command, the day, the processor, and the versions of what was measured."""
    names = [f"Chromium {chromium}"] if chromium else []
    names += [f"Python {platform.python_version()}", *filter(None, map(versioned, ("torch", "streamlit", "plotly")))]
    machine = f"{processor()}, {torch.get_num_threads()} cores"
    if torch.cuda.is_available():
        machine += f"; {torch.cuda.get_device_name()}"
    return f"`{command}` on {datetime.date.today()}: {machine}; {', '.join(names)}."


def versioned(package: str) -> str:
    """A package with its version; empty where it is not installed: training needs no web server."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def processor() -> str:
    """The processor's name as the operating system has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def file_of(section: str) -> Path:
    """Where a section's tables are kept."""
    return ELSEWHERE.get(section, README)


def write(section: str, text: str) -> None:
    """Put text between the section's two markers in its file, in place of what was there; all else in the file stays."""
    begin, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    file = file_of(section)
    before, rest = file.read_text(encoding="utf-8").split(begin)
    file.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")
