"""The benchmarks still run: what we are measured beside calls our code, so a changed signature is found here, not when we measure."""

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from live import PROJECT, write_mnist_files
from streamlit.testing.v1 import AppTest

from benchmarks import tables
from benchmarks.__main__ import SECTIONS

RIVAL = PROJECT / "benchmarks" / "rival" / "app.py"
IN_CHROMIUM = ("interaction", "floor", "serving", "watching")


ELSEWHERE = ("streamlit", "plotly", "playwright", "hypothesis", "websockets", "fastapi")  # none of it is on a machine that only trains
TRAINING = (
    "benchmarks.tables",
    "benchmarks.training",
    "benchmarks.scaling",
    "core.training.__main__",
    "conftest",
    "test_graph",
    "test_presets",
)


def shown(app: AppTest) -> tuple[str, str]:
    """The address of the rival's decoded image, which is another for other pixels, and the panel's HTML."""
    assert not app.exception, app.exception
    (images,) = [*app.get("image"), *app.get("imgs")]  # one name or the other: Streamlit's versions differ
    (panel,) = [element.proto.body for element in app.get("html") if 'data-testid="panel"' in element.proto.body]
    return images.proto.imgs[0].url, panel


def test_rival_shows_a_code_and_answers_a_slider_move(mnist_like: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_DATA", str(mnist_like))
    app = AppTest.from_file(RIVAL, default_timeout=60).run()
    image, panel = shown(app)
    assert panel.count("<img") == 3, "it starts on a code, so that what the panel says of a test image is computed"
    slider = app.slider(key="z1")
    moved_image, moved_panel = shown(slider.set_value(slider.max).run())
    assert moved_image != image and moved_panel != panel and "<img" not in moved_panel


def test_a_machine_that_only_trains_needs_no_pages_and_no_browser() -> None:
    code = f"import sys; sys.path.append('tests'); sys.modules.update(dict.fromkeys({ELSEWHERE})); import {', '.join(TRAINING)}"
    ended = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_facts_leave_out_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def installed(package: str) -> str:
        if package == "streamlit":
            raise PackageNotFoundError(package)
        return "1.2.3"

    monkeypatch.setattr(tables, "version", installed)
    facts = tables.facts("python -m benchmarks training")
    assert "streamlit" not in facts and facts.endswith("torch 1.2.3, plotly 1.2.3.")


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("section", [pytest.param(s, marks=[pytest.mark.browser] * (s in IN_CHROMIUM)) for s in SECTIONS])
def test_smallest_round_of_every_section_ends_in_its_tables(section: str, tmp_path: Path) -> None:
    tests = 500 if section in ("training", "scaling") else 10_000  # Explore wants all that its codes were made of
    data = write_mnist_files(tmp_path, tests, train=2_000)
    command = [sys.executable, "-m", "benchmarks", section, "--quick"]
    ended = subprocess.run(command, cwd=PROJECT, env=os.environ | {"LATENT_DATA": str(data)}, capture_output=True, text=True)
    assert ended.returncode == 0 and "Traceback" not in ended.stderr, ended.stderr
    assert ended.stdout.startswith(f"## {section}\n")
    titles = re.findall(r"^\*\*.+\*\*\n\n\|.+\n\|[ :|-]+\n\|.*\d", ended.stdout, re.MULTILINE)
    assert titles and len(titles) == ended.stdout.count("\n**"), ended.stdout  # each title has a table, with a figure in its first row
