"""Training in a real browser: start, watch, reload, pause, cancel, resume, travel in time, open the result; models out and in again."""

import itertools
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live import PROJECT, Server, until, visitor
from playwright.sync_api import Browser, Page, expect

from core import checkpoints, jobs
from core.models import MODELS
from core.training import presets

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]
TRIES = itertools.count(1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints and runs of these tests."""
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="module")
def train_server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    nothing = tmp_path_factory.mktemp("nothing")
    presets.write_speeds(root / "runs" / ".speeds.json", dict.fromkeys(MODELS, 10_000.0))
    running = Server(nothing, tmp_path_factory.mktemp("train-server") / "log", LATENT_CHECKPOINTS=str(root))
    yield running
    running.stop()
    # Streamlit's own traceback, when a page is closed while a fragment answers it, is not ours.
    assert not re.search(rf'File "{PROJECT}/(pages|core)/', running.output()), running.output()


@pytest.fixture(autouse=True)
def no_run_left(root: Path) -> Iterator[None]:
    """What a test started ends with it, so that the next one finds the device free."""
    yield
    for run in jobs.runs(root / "runs"):
        if run.active:
            jobs.cancel(run)
    until(lambda: not any(run.active for run in jobs.runs(root / "runs")))


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with visitor(chromium, width=1280) as page:
        yield page


@pytest.fixture
def named() -> Callable[[str], str]:
    """Names of runs that no other test has, nor this one's first try: what that started is still there."""
    number = next(TRIES)
    return lambda name: f"{name}-{number}"


SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"


def fill_in(page: Page, base: str, name: str, epochs: int) -> None:
    """The form, for a run of tiny layers, as one types it."""
    page.goto(f"{base}/train")
    if (
        page.get_by_role("button", name="New run")
        .or_(page.get_by_role("button", name="Start training"))
        .first.inner_text()
        .endswith("New run")
    ):
        page.get_by_role("button", name="New run").click()
    page.get_by_role("combobox", name="Data set").click()  # MNIST or Fashion-MNIST may be on this disk
    page.get_by_role("option", name="scikit-learn digits").click()
    expect(page.get_by_text("over 1,437 images")).to_be_visible()
    page.get_by_text("Advanced: every hyper-parameter").click()
    for label, text in (("Encoder layers", "32"), ("Decoder layers", "32"), ("Epochs", str(epochs))):
        box = page.get_by_label(label, exact=True).first
        page.wait_for_selector(SETTLED)  # what is typed while the page runs again, it may not hear
        box.fill(text)
        box.press("Enter")
    page.wait_for_selector(SETTLED)
    box = page.get_by_label("Name", exact=True)
    box.fill(name)
    box.press("Enter")
    expect(page.get_by_text(f"{epochs:,} epochs over 1,437 images")).to_be_visible()


def shown_epoch(page: Page) -> int:
    return int(page.get_by_test_id("epoch-shown").inner_text().split()[1])


def test_a_run_is_started_watched_finished_early_and_opened(train_server, root, named, page):
    brief = named("brief")
    fill_in(page, train_server.url, brief, 100_000)
    page.get_by_role("button", name="Start training").press("Enter")
    expect(page).to_have_url(f"{train_server.url}/train?run={brief}")
    expect(page.get_by_role("heading", name="Train a model")).to_be_focused()  # the button is gone
    page.wait_for_function("() => +document.querySelector('[data-testid=epoch-shown]')?.textContent.split(' ')[1] > 1")
    expect(page.get_by_test_id("curves")).to_be_visible()
    page.get_by_role("button", name="Finish here").press("Enter")
    expect(page.locator("[data-testid=stMain] .stMarkdownBadge")).to_contain_text("finished")
    expect(page.get_by_role("button", name="Open in Explore")).to_be_focused()
    page.get_by_role("button", name="Delete").press("Enter")
    expect(page.get_by_role("button", name="Delete the run")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Delete")).to_be_focused()
    page.get_by_role("button", name="Change a setting").click()
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    expect(page.get_by_text("100,000 epochs over 1,437 images")).to_be_visible()
    page.goto(f"{train_server.url}/train?run={brief}")
    page.get_by_role("button", name="Open in Explore").click()
    page.wait_for_selector("[data-testid=panel]")
    expect(page).to_have_url(f"{train_server.url}/?checkpoint={brief}")
    assert checkpoints.load(brief, root).card["epochs"] >= 1


@pytest.mark.slow
def test_start_watch_reload_pause_cancel_resume_and_travel_in_time(train_server, root, named, page):
    runs, name = root / "runs", named("first")
    (runs / ".speeds.json").write_text(json.dumps({"key": "another machine", "speeds": {}}))
    fill_in(page, train_server.url, name, 100_000)
    expect(page.get_by_text("240 epochs, about")).to_be_visible(timeout=120_000)  # once the speed is measured, without a touch
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(f"{train_server.url}/train?run={name}")
    expect(page.get_by_test_id("epoch")).to_be_visible()
    page.wait_for_function("() => +document.querySelector('[data-testid=epoch-shown]')?.textContent.split(' ')[1] > 2")

    # The same component goes on while epochs arrive: the zoom stays, and the pinned point is decoded anew.
    page.evaluate("window.same = document.querySelector('[data-testid=latent-map]')")
    page.get_by_role("button", name="Zoom in").click()
    ranges = "JSON.stringify(['xaxis', 'yaxis'].map(a => document.querySelector('.lm-plot').layout[a].range.map(v => +v.toFixed(6))))"
    page.wait_for_selector("[data-testid=latent-map][data-plotted]")  # Plotly has heard of the zoom
    before, epoch = page.evaluate(ranges), shown_epoch(page)
    page.wait_for_function(f"() => +document.querySelector('[data-testid=epoch-shown]').textContent.split(' ')[1] > {epoch + 1}")
    assert page.evaluate(ranges) == before
    assert page.evaluate("window.same === document.querySelector('[data-testid=latent-map]')")
    expect(page.get_by_test_id("curves")).to_be_visible()

    # A reload in the middle loses nothing: the run went on meanwhile.
    epoch = shown_epoch(page)
    page.reload()
    page.wait_for_function(f"() => +document.querySelector('[data-testid=epoch-shown]')?.textContent.split(' ')[1] > {epoch}")

    page.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-testid=stMain] .stMarkdownBadge")).to_contain_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("[data-testid=stMain] .stMarkdownBadge")).to_contain_text("training")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-testid=stMain] .stMarkdownBadge")).to_contain_text("stopped")
    assert jobs.find(name, runs).state == "stopped"
    stopped_at = jobs.find(name, runs).epoch
    page.get_by_role("button", name="Resume").click()
    until(lambda: jobs.find(name, runs).epoch > stopped_at + 1)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-testid=stMain] .stMarkdownBadge")).to_contain_text("stopped")

    # The time machine.
    page.get_by_test_id("epoch").fill("0")
    expect(page.get_by_test_id("epoch-shown")).to_have_text("epoch 0 of 100000")
    xs = "JSON.stringify(Array.from(document.querySelector('.lm-plot').data[0].x))"
    page.wait_for_function("() => !document.querySelector('.lm-loading:not([hidden])')")
    first = page.evaluate(xs)
    page.get_by_test_id("epoch").fill("3")
    expect(page.get_by_test_id("epoch-shown")).to_have_text("epoch 3 of 100000")
    page.wait_for_function(f"(old) => {xs} !== old", arg=first)

    # Enough: what it has learnt so far becomes a model.
    page.get_by_role("button", name="Finish here").click()
    expect(page.locator("[data-testid=stMain] .stMarkdownBadge")).to_contain_text("finished")
    expect(page.get_by_text("Finished early, as asked, after")).to_be_visible()
    page.get_by_role("button", name="Open in Explore").click()
    page.wait_for_selector("[data-testid=panel]")


@pytest.mark.slow
def test_a_page_on_a_run_that_nobody_trains_sees_it_resumed_and_deleted_by_somebody_else(train_server, root, named, page):
    runs, left = root / "runs", named("left")
    fill_in(page, train_server.url, left, 100_000)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_test_id("epoch")).to_be_visible()
    badge = page.locator("[data-testid=stMain] .stMarkdownBadge")
    page.get_by_role("button", name="Cancel").click()
    expect(badge).to_contain_text("stopped")
    page.wait_for_selector(SETTLED)
    until(lambda: not jobs.find(left, runs).alive)
    jobs.resume(jobs.find(left, runs))
    expect(badge).to_contain_text("training", timeout=30_000)
    jobs.cancel(jobs.find(left, runs))
    expect(badge).to_contain_text("stopped", timeout=30_000)
    until(lambda: not jobs.find(left, runs).alive)
    jobs.delete(jobs.find(left, runs))
    expect(page.get_by_text(f"The run {left} is no longer here.")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Start training")).to_be_visible()


@pytest.mark.slow
def test_a_second_run_waits_its_turn_and_a_finished_one_is_opened_on_explore(train_server, root, named, page):
    runs, long, short = root / "runs", named("long"), named("short")
    fill_in(page, train_server.url, long, 100_000)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_test_id("epoch")).to_be_visible()
    page.get_by_role("button", name="New run").click()
    fill_in(page, train_server.url, short, 3)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text("Waiting for a free device. It is next.")).to_be_visible()
    jobs.cancel(jobs.find(long, runs))
    expect(page.locator("[data-testid=stMain] .stMarkdownBadge")).to_contain_text("finished")
    page.get_by_role("button", name="Open in Explore").click()
    page.wait_for_selector("[data-testid=panel]")
    expect(page).to_have_url(f"{train_server.url}/?checkpoint={short}")
    assert checkpoints.load(short, root).card["epochs"] == 3


@pytest.mark.slow
def test_a_model_is_downloaded_and_uploaded_again(train_server, root, named, page, tmp_path):
    mine = named("mine")
    page.goto(f"{train_server.url}/models")
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile(r"Download vae-mnist-2d$")).click()
    path = tmp_path / f"{mine}.zip"
    waiting.value.save_as(path)
    assert {"model.safetensors", "card.json", "latents.safetensors", "encoder.onnx", "decoder.onnx"} <= set(
        zipfile.ZipFile(path).namelist()
    )
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text(f"{mine} has been added")).to_be_visible()
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")  # a file goes to the new uploader
    original = (PROJECT / "checkpoints" / "vae-mnist-2d" / "model.safetensors").read_bytes()
    assert (root / mine / "model.safetensors").read_bytes() == original
    nonsense = tmp_path / "evil.zip"
    nonsense.write_bytes(b"this is no zip")
    page.locator("input[type=file]").set_input_files(nonsense)
    expect(page.get_by_text("is not a whole zip")).to_be_visible()
    assert "evil" not in checkpoints.available(root)
