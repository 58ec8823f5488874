"""How soon the first map can be used, in this version and in an older one: python -m benchmarks arrival --against REVISION."""

import asyncio
import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from playwright.async_api import Browser

from benchmarks.browser import SETTLE_S, launch, open_page, visitor
from benchmarks.interaction import SLOWDOWN
from benchmarks.servers import PROJECT, serve
from benchmarks.tables import ms, p50, p95, table

NOW, BEFORE = "now", "before"
Arrivals = dict[tuple[str, int], list[float]]  # by version and slow-down: milliseconds from navigation


def measure(quick: bool, against: str) -> tuple[str, str]:
    """The table as Markdown, and Chromium's version; RuntimeError where there is no such revision."""
    with tempfile.TemporaryDirectory() as folder:
        title = check_out(against, Path(folder))
        with serve("app.py") as now, serve("app.py", Path(folder)) as before:
            seen, chromium = asyncio.run(_measure({NOW: now.address, BEFORE: before.address}, repeats=1 if quick else 7))
    return arrival_table(seen, title), chromium


def check_out(revision: str, folder: Path) -> str:
    """Put the files of a revision into the folder; returns its number and day."""
    files = _git("archive", revision)
    with tarfile.open(fileobj=io.BytesIO(files)) as archive:
        archive.extractall(folder, filter="data")
    return _git("log", "-1", "--format=%h of %cs", revision).decode().strip()


def _git(*arguments: str) -> bytes:
    ended = subprocess.run(["git", "-C", str(PROJECT), *arguments], capture_output=True)
    if ended.returncode:
        raise RuntimeError(f"git {' '.join(arguments)}: {ended.stderr.decode(errors='replace').strip()}")
    return ended.stdout


async def _measure(addresses: dict[str, str], repeats: int) -> tuple[Arrivals, str]:
    seen: Arrivals = {(name, rate): [] for rate in (1, SLOWDOWN) for name in addresses}
    async with launch() as browser:
        for address in addresses.values():
            await arrive(browser, address, 1)  # the server's first visitor waits longer, and is not counted
        for _ in range(repeats):
            for (name, rate), found in seen.items():
                found.append(await arrive(browser, addresses[name], rate))
        return seen, browser.version


async def arrive(browser: Browser, address: str, rate: int) -> float:
    """Someone with an empty cache and a CPU that is slowed down so much: milliseconds from navigation to the map in use."""
    context = await visitor(browser)
    _, milliseconds = await open_page(context, address, rate)
    await context.close()
    await asyncio.sleep(SETTLE_S)
    return milliseconds


def arrival_table(seen: Arrivals, before: str) -> str:
    """This version and the older one, the ratio of the medians first."""
    rows = []
    for rate in (1, SLOWDOWN):
        now, old = seen[NOW, rate], seen[BEFORE, rate]
        figures = [ms(f(values)) for values in (now, old) for f in (p50, p95)]
        title = "as it is" if rate == 1 else f"CPU slowed {rate}x"
        rows.append([f"{p50(now) / p50(old):.2f} x", title, *figures, f"{len(now)} / {len(old)}"])
    header = [
        "now / before",
        "navigation -> map in use, empty cache",
        "now p50, ms",
        "now p95",
        "before p50",
        "before p95",
        "n (now / before)",
    ]
    return table(f"The first map, now and before ({before})", header, rows)
