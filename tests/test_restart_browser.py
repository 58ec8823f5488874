"""Pages while their server is killed and started again: they are then in a session that knows nothing of them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Server, visitor
from playwright.sync_api import Browser, Locator, Page, expect

from core.models import MODELS
from core.training import presets

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("restart")]

ANEW = """() => {
  const anew = { run: false }, app = document.querySelector('[data-testid=stApp]');
  new MutationObserver(() => { anew.run ||= app.dataset.testScriptState === 'running'; }).observe(app, { attributes: true });
  return anew;
}"""


@pytest.fixture
def mortal(mnist_like: Path, tmp_path: Path) -> Iterator[Server]:
    """A server that its test kills; a second try gets another. How fast its machine trains is known, so that no page asks by itself."""
    root = tmp_path / "checkpoints"
    presets.write_speeds(root / "runs" / ".speeds.json", dict.fromkeys(MODELS, 10_000.0))
    running = Server(mnist_like, tmp_path / "log", LATENT_CHECKPOINTS=str(root))
    yield running
    running.stop()
    assert "Traceback" not in running.output(), running.output()


def pill(page: Page, name: str) -> Locator:
    return page.get_by_role("toolbar", name="Layers").get_by_role("button", name=name)


def says(page: Page, **query: str | None) -> None:
    """Wait until the address says this."""
    for name, value in query.items():
        page.wait_for_function("([n, v]) => new URLSearchParams(location.search).get(n) === v", arg=[name, value])


def test_nothing_that_a_visitor_did_is_lost_and_the_page_works_with_the_new_server(mortal: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{mortal.url}/?checkpoint=vae-mnist-2d&background=rarity") as page:
        page.wait_for_selector("[data-testid=latent-map][data-plotted]")
        page.wait_for_selector(".lm-scale")
        page.get_by_test_id("bench").get_by_role("tab", name="Paths").click()
        says(page, tool="paths")
        panel, map_, alone = (page.get_by_test_id(name) for name in ("panel", "latent-map", "alone"))
        for layers in ("points,manifold,prior", "points,manifold"):
            mortal.process.kill()
            mortal.process.wait()
            expect(alone).to_contain_text("The server does not answer.")
            if "prior" in layers:
                alone.get_by_role("switch", name="Decoded grid").click()
                alone.get_by_role("switch", name="Class names").click()
                alone.get_by_role("switch", name="Rarity").click()
                page.locator(".lm-legend").get_by_text("3", exact=True).click()
                page.get_by_test_id("bench").get_by_role("tab", name="Select").click()
                map_.focus()
                for key in ("ArrowRight", "ArrowRight", "Enter"):
                    page.keyboard.press(key)
                page.wait_for_function("/[?&]z=/.test(location.search)")
                kept = page.evaluate("new URLSearchParams(location.search).get('z')")
            alone.get_by_role("switch", name="Prior rings").click()
            mortal.start()
            expect(alone).to_be_hidden()
            says(page, layers=layers, background=None, classes="3", tool="select", z=kept)
            expect(pill(page, "Decoded grid")).to_have_attribute("aria-pressed", "true")
            expect(pill(page, "Class names")).to_have_attribute("aria-pressed", "false")
            expect(page.locator(".lm-key")).to_be_hidden()
            expect(map_).to_have_class(re.compile("lm-inked"))
            expect(panel).to_contain_text("The kept point")
            page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        pill(page, "Decoded grid").click()  # in a fragment, of which the new session knows
        says(page, layers="points")
        expect(map_).not_to_have_class(re.compile("lm-inked"))


def test_a_press_in_a_fragment_of_a_page_without_a_link_is_heard_by_the_new_server(mortal: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{mortal.url}/train", 390) as page:
        questions = page.get_by_text("Questions to work on")
        expect(questions).to_be_visible()
        page.wait_for_load_state("networkidle")
        mortal.process.kill()
        mortal.process.wait()
        page.wait_for_selector("[data-testid=stApp]:not([data-test-connection-state=CONNECTED])")
        anew = page.evaluate_handle(ANEW)
        mortal.start()
        page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
        page.wait_for_function("anew => anew.run && document.querySelector('[data-test-script-state=notRunning]')", arg=anew)
        questions.click()
        expect(page.locator(".st-key-exercises")).to_be_visible()
