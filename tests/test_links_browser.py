"""Links in a real browser: what one sets comes into the address, and a reload and another visitor see the same."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from live import PATIENCE_MS, PROJECT, Server, visitor
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def address(page: Page, said: str) -> None:
    """Wait until the address says just this."""
    expect(page).to_have_url(re.compile(rf"^[^?]*{re.escape(f'?{said}' if said else '')}$"), timeout=PATIENCE_MS)


def seen_alike(chromium: Browser, page: Page, look: Callable[[Page], None]) -> None:
    """After a reload, and by somebody else with the same address."""
    look(page)
    url = page.url
    page.reload()
    look(page)
    with visitor(chromium, url) as other:
        look(other)
        assert other.url == page.url == url


@pytest.mark.slow
def test_denoise(server: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{server.url}/denoise") as page:
        expect(page.get_by_test_id("denoise-table")).to_be_visible()
        page.get_by_role("spinbutton", name="Number, of 10,000").fill("12")
        page.keyboard.press("Enter")
        address(page, "image=12")
        page.get_by_role("combobox", name="Damage").click()
        page.get_by_role("option", name="Scratches").click()
        address(page, "image=12&damage=scratches")

        def look(page: Page) -> None:
            expect(page.get_by_text(re.compile(r"MNIST, test image 12: .*Scratches, 4"))).to_be_visible()

        seen_alike(chromium, page, look)
        page.get_by_role("link", name="Reconstruct").click()
        expect(page.get_by_role("heading", name="Reconstruct", exact=True)).to_be_visible()
        address(page, "")
        page.get_by_role("link", name="Denoise").click()
        address(page, "image=12&damage=scratches")
        page.get_by_role("combobox", name="Damage").click()
        page.get_by_role("option", name="Blur").click()
        address(page, "image=12&damage=blur")
        page.go_back()
        look(page)
        address(page, "image=12&damage=scratches")


@pytest.mark.slow
def test_reconstruct(server: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{server.url}/reconstruct") as page:
        page.get_by_role("button", name="Again").click()
        address(page, "draw=1")
        page.get_by_role("radio", name="Generate").click()
        address(page, "kind=generate&draw=1")
        page.get_by_role("spinbutton", name="Seed").fill("42")
        page.keyboard.press("Enter")
        address(page, "kind=generate&image=42&draw=1")
        pictures: list[str] = []

        def look(page: Page) -> None:
            expect(page.get_by_role("spinbutton", name="Seed")).to_have_value("42")
            neighbour = page.get_by_test_id("neighbours").locator("img").nth(1)
            expect(neighbour).to_be_visible()
            pictures.append(neighbour.get_attribute("src") or "")

        seen_alike(chromium, page, look)
        assert len(set(pictures)) == 1, "the same noise in the same code"


@pytest.mark.slow
def test_super_resolution(server: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{server.url}/super_resolution") as page:
        page.get_by_role("radio", name="Noise").click()
        address(page, "tab=noise")
        for seed in range(1, 4):
            page.get_by_role("button", name="Draw again").click()
            address(page, f"tab=noise&seed={seed}")

        def look(page: Page) -> None:
            expect(page.get_by_role("radio", name="Noise")).to_be_checked()
            expect(page.get_by_role("spinbutton", name="Seed")).to_have_value("3")

        seen_alike(chromium, page, look)


@pytest.mark.slow
def test_explore(server: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{server.url}/?checkpoint=vae-mnist-2d&z=0.5,1.5") as page:
        legend_of(page).get_by_role("button", name="3").click()
        address(page, "checkpoint=vae-mnist-2d&z=0.5%2C1.5&classes=3")
        page.get_by_test_id("latent-map").focus()
        page.keyboard.press("+")
        view = re.compile(r"&classes=3&view=[-.\d]+%2C[-.\d]+%2C[.\d]+$")
        expect(page).to_have_url(view, timeout=PATIENCE_MS)

        def look(page: Page) -> None:
            expect(legend_of(page).get_by_role("button", name="3")).to_have_attribute("aria-pressed", "true")
            expect(legend_of(page).get_by_role("button", name="8")).to_have_attribute("aria-pressed", "false")
            expect(page).to_have_url(view)

        seen_alike(chromium, page, look)


@pytest.mark.slow
def test_a_zoom_stays_though_python_has_not_heard_of_it(server: Server, chromium: Browser) -> None:
    """On the way to another page and back, and where what Python draws is chosen next."""
    with visitor(chromium, f"{server.url}/?checkpoint=vae-mnist-2d&z=0.5,1.5") as page:
        expect(page.get_by_test_id("panel")).to_contain_text("z = (")
        settled(page)
        shown = "new URLSearchParams(location.search).get('view')"
        page.get_by_test_id("latent-map").focus()
        page.keyboard.press("+")
        page.wait_for_function(shown)
        zoomed = page.evaluate(shown)
        page.get_by_role("link", name="Reconstruct").click()
        expect(page.get_by_role("heading", name="Reconstruct", exact=True)).to_be_visible()
        page.get_by_role("link", name="Explore").click()
        page.wait_for_function(f"zoomed => {shown} === zoomed", arg=zoomed)
        settled(page)
        page.get_by_role("button", name="Class names", exact=True).click()
        page.wait_for_function("location.search.includes('layers=points')")
        settled(page)
        assert page.evaluate(shown) == zoomed
        page.reload()
        expect(page.get_by_test_id("panel")).to_contain_text("z = (")
        assert page.evaluate(shown) == zoomed


def settled(page: Page) -> None:
    """Python has drawn the page, and what follows from it."""
    page.wait_for_selector("[data-testid=latent-map][data-plotted]")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def legend_of(page: Page) -> Locator:
    return page.locator(".lm-legend")


@pytest.fixture(scope="module")
def run_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With a run of four epochs, and nothing else."""
    root = tmp_path_factory.mktemp("checkpoints")
    tiny = ("--encoder-hidden", "16", "--decoder-hidden", "16", "--device", "cpu")
    command = [sys.executable, "-m", "core.training", "--dataset", "digits", "--epochs", "4", "--out", str(root / "mine"), *tiny]
    environment = {"LATENT_CHECKPOINTS": str(root), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, cwd=PROJECT, env=os.environ | environment, capture_output=True)
    running = Server(tmp_path_factory.mktemp("nothing"), tmp_path_factory.mktemp("run-server") / "log", **environment)
    yield running
    running.stop()
    assert "Traceback" not in running.output(), running.output()


@pytest.mark.slow
def test_train(run_server: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{run_server.url}/train?run=mine") as page:
        shown = page.get_by_test_id("epoch-shown")
        expect(shown).to_have_text("epoch 4 of 4")
        page.get_by_test_id("epoch").focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        address(page, "run=mine&epoch=2")

        def look(page: Page) -> None:
            expect(page.get_by_test_id("epoch-shown")).to_have_text("epoch 2 of 4")

        seen_alike(chromium, page, look)
        page.get_by_test_id("epoch").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        address(page, "run=mine")
        page.go_back()
        look(page)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy link").click()
        expect(page.get_by_text("Link copied.")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == page.url


@pytest.mark.slow
def test_clicks_faster_than_the_server_lose_nothing(server: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{server.url}/denoise?seed=5") as page:
        expect(page.get_by_test_id("denoise-table")).to_be_visible()
        more = (
            page.get_by_role("spinbutton", name="Seed")
            .locator("xpath=ancestor::*[@data-testid='stNumberInput']")
            .get_by_test_id("stNumberInputStepUp")
        )
        for _ in range(12):
            more.click()
        address(page, "seed=17")
        expect(page.get_by_role("spinbutton", name="Seed")).to_have_value("17")
