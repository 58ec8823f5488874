"""What it costs the server when many pages watch a run, and what a run costs those who do something else meanwhile."""

import os
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.servers import Served, serve
from benchmarks.tables import ms, p50, p95, table
from core import jobs
from core.models.config import to_json
from core.models.vae import VAEConfig
from core.training.config import TrainingConfig
from core.training.run_config import RunConfig
from tests.chromium import FLAGS, find

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
CLICK_AT = ((0.3, 0.4), (0.6, 0.5), (0.45, 0.65), (0.5, 0.3))  # of the map's width and height
FIRST_AT = (0.4, 0.55)  # away from these, so that a second series does not begin on the point that the first ended on


def measure(quick: bool) -> str:
    """Both tables as Markdown."""
    seconds, clicks, counts = (3, 2, (0, 2)) if quick else (40, 20, (0, 1, 10))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder)
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        with serve("app.py", LATENT_CHECKPOINTS=folder) as server:
            explorer = an_explorer(browser, server.address)
            alone = click_times(explorer, clicks)
            run = start(root / "runs")
            beside = click_times(explorer, clicks)
            explorer.close()
            rows = [share(browser, server, run, root / "runs", pages, seconds) for pages in counts]
        jobs.cancel(run)
        while jobs.find(run.id, root / "runs").active:
            time.sleep(0.2)
        browser.close()
    watching = table(
        f"The server's CPU while pages watch a run on MNIST, for {seconds} s",
        ["of one core", "pages", "a page", "epochs meanwhile"],
        rows,
    )
    clicking = table(
        "Click on Explore until the panel has the point",
        ["with a run / without", "machine", "p50, ms", "p95, ms", "n"],
        [
            [f"{1:.1f} x", "nothing trains", ms(p50(alone)), ms(p95(alone)), len(alone)],
            [f"{p50(beside) / p50(alone):.1f} x", "a run trains", ms(p50(beside)), ms(p95(beside)), len(beside)],
        ],
    )
    return f"{watching}\n\n{clicking}"


def start(root: Path) -> jobs.Run:
    """A run on MNIST with the defaults, one thread, that does not end meanwhile; it trains when this returns."""
    model, recipe = {"name": "vae", "config": to_json(VAEConfig())}, to_json(TrainingConfig(epochs=1000))
    config = RunConfig(name="watched", dataset="mnist", model=model, recipe=recipe, threads=1, devices=("cpu",))
    run = jobs.start(config, root)
    while (now := jobs.find(run.id, root)).epoch < 1:
        if not now.active:
            raise RuntimeError(f"The run did not train: {now.message}")
        time.sleep(0.2)
    return run


def share(browser: Browser, server: Served, run: jobs.Run, root: Path, pages: int, seconds: int) -> list[str]:
    """A row: how much of a core the server's process took while so many pages had the run open."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    for _ in range(pages):
        page = context.new_page()
        page.goto(f"{server.address}/train?run={run.id}")
        page.wait_for_selector("[data-testid=epoch]", timeout=120_000)
    time.sleep(3)
    first_epoch, began, used = jobs.find(run.id, root).epoch, time.perf_counter(), cpu_seconds(server.pid)
    time.sleep(seconds)
    cores = (cpu_seconds(server.pid) - used) / (time.perf_counter() - began)
    epochs = jobs.find(run.id, root).epoch - first_epoch
    context.close()
    return [f"{100 * cores:.1f} %", str(pages), f"{100 * cores / pages:.1f} %" if pages else "", f"{epochs:.1f}"]


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has taken so far, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S  # utime and stime


def an_explorer(browser: Browser, address: str) -> Page:
    """The Explore page, its map drawn."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_selector("[data-testid=latent-map] .lm-loading[hidden]", state="attached", timeout=120_000)
    page.wait_for_selector("[data-testid=panel]")
    return page


def click_times(page: Page, clicks: int) -> list[float]:
    """Milliseconds from each of so many clicks on the map until the panel shows another point; the first is not counted."""
    box = page.locator("[data-testid=latent-map]").bounding_box()
    assert box is not None
    times = []
    for index, (u, v) in enumerate([FIRST_AT, *islice(cycle(CLICK_AT), clicks)]):
        before = page.locator("[data-testid=panel]").inner_text()
        began = time.perf_counter()
        page.mouse.click(box["x"] + (u + 0.001 * index) * box["width"], box["y"] + v * box["height"])
        page.wait_for_function("(old) => document.querySelector('[data-testid=panel]')?.innerText !== old", arg=before, timeout=60_000)
        times.append(1000 * (time.perf_counter() - began))
        time.sleep(0.5)
    return times[1:]
