"""A kept point belongs to the page: it asks nothing of the server, outlives it, and Python hears of it before it has to know."""

import re
from pathlib import Path

import numpy as np
import pytest
from live import Server, ahead, until
from playwright.sync_api import Browser, Page, Request, WebSocket, expect
from view import View

from core import checkpoints

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CODES = checkpoints.load("vae-mnist-2d").latents
FIRST = "?checkpoint=vae-mnist-2d&z=0.5,1.5"
PANEL = "document.querySelector('[data-testid=panel]').innerText"


def messages(page: Page) -> list[str]:
    """What the page sends to the server from now on: messages of its websocket, and requests; not the tab's icon, for which Chromium
    itself asks again at every new address, nor what comes when the page has nothing else to do."""
    sent: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda payload: sent.append(f"message of {len(payload)} bytes"))

    def note(request: Request) -> None:
        if request.resource_type != "other" and not ahead(request.url):
            sent.append(request.url)

    page.on("websocket", listen)
    page.on("request", note)
    return sent


# JavaScript: how many dialogs Streamlit has opened since, window.dialogs
DIALOGS = """window.dialogs = 0; new MutationObserver((all) => all.forEach(({ addedNodes }) => addedNodes.forEach((one) => {
  if (one.dataset?.testid === 'stDialog') window.dialogs++; }))).observe(document.body, { childList: true });"""


def keep(view: View, u: float, v: float) -> str:
    """Click, and what the panel says when the click's own frame is about to be painted."""
    in_its_frame = f"() => requestAnimationFrame(() => done({PANEL}))"
    said = f"new Promise((done) => addEventListener('pointerup', {in_its_frame}, {{ once: true, capture: true }}))"
    view.page.evaluate(f"void (window.said = {said})")
    view.page.mouse.click(*view.at(u, v))
    return view.page.evaluate("window.said")


def settled(view: View) -> None:
    """The test images and the first point's losses are here."""
    expect(view.page.get_by_test_id("panel")).to_contain_text("The kept point")
    view.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def z_of(view: View) -> str:
    z = view.url_z()
    return f"z = ({z[0]:.2f}, {z[1]:.2f})".replace("-", "−")


def test_a_click_writes_panel_and_address_at_once_and_asks_nothing_of_the_server(view: View) -> None:
    sent = messages(view.page)
    view.open(f"?checkpoint=vae-mnist-2d&z={CODES.mu[3][0]:.4f},{CODES.mu[3][1]:.4f}")
    expect(view.page.get_by_test_id("panel")).to_contain_text("−ELBO")  # a code: its test image has been fetched
    settled(view)
    keep(view, 0.5, 0.3)  # the first kept point fetches what *Refine the code* would need, to have it without a connection too
    view.page.wait_for_function("performance.getEntriesByType('resource').some((entry) => entry.name.endsWith('slope.js'))")
    assert sent
    sent.clear()
    for u, v in ((0.3, 0.4), (0.6, 0.5), (0.45, 0.65)):
        said = keep(view, u, v)
        assert z_of(view) in said and "nearest test codes" in said, "in the click's own frame"
    view.frames(30)
    assert sent == []


@pytest.mark.slow
def test_a_choice_outside_the_map_neither_loses_nor_restores_a_point(view: View) -> None:
    view.open(FIRST)
    settled(view)
    keep(view, 0.3, 0.4)
    kept = view.url_z()
    assert kept != (0.5, 1.5)
    view.page.get_by_role("button", name="Prior rings").click()
    view.page.wait_for_function("location.search.includes('prior')")
    settled(view)
    assert view.url_z() == kept and z_of(view) in view.panel()
    keep(view, 0.6, 0.6)
    later = view.url_z()
    view.page.emulate_media(color_scheme="dark")  # the part is mounted again, with what Python said last
    view.frames(30)
    assert view.url_z() == later and z_of(view) in view.panel()
    view.page.get_by_test_id("stSidebarNav").get_by_role("link", name="Models").click()
    view.page.get_by_role("heading", name="Models").first.wait_for()
    view.page.get_by_test_id("stSidebarNav").get_by_role("link", name="Explore").click()
    view.page.wait_for_selector("[data-testid=panel]")
    expect(view.page.get_by_test_id("panel")).to_contain_text(f"z = ({later[0]:.2f}, {later[1]:.2f})".replace("-", "−"))
    assert view.url_z() == later


@pytest.mark.slow
def test_back_forward_and_reload_go_from_point_to_point(view: View) -> None:
    view.open(FIRST)
    settled(view)
    keep(view, 0.3, 0.4)
    one = z_of(view)
    keep(view, 0.6, 0.6)
    two = z_of(view)
    panel = view.page.get_by_test_id("panel")
    view.page.go_back()
    expect(panel).to_contain_text(one)
    view.page.go_back()
    expect(panel).to_contain_text("z = (0.50, 1.50)")
    view.page.go_forward()
    expect(panel).to_contain_text(one)
    view.page.go_forward()
    expect(panel).to_contain_text(two)
    settled(view)
    assert z_of(view) == two
    view.page.reload()
    expect(panel).to_contain_text(two)


@pytest.mark.slow
def test_explore_goes_on_when_the_server_is_gone(mnist_like: Path, tmp_path: Path, chromium: Browser) -> None:
    """Click, panel, pictures, sliders and the address; a lost connection loses nothing."""
    server = Server(mnist_like, tmp_path / "log")
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    view = View(context.new_page(), server.url)
    try:
        view.open(f"?checkpoint=vae-mnist-2d&z={CODES.mu[3][0]:.4f},{CODES.mu[3][1]:.4f}&layers=")
        panel = view.page.get_by_test_id("panel")
        expect(panel).to_contain_text("−ELBO")
        settled(view)
        view.page.evaluate(DIALOGS)
    finally:
        server.stop()
    until(lambda: server.process.poll() is not None)
    first = view.image()
    keep(view, 0.3, 0.4)
    assert z_of(view) in view.panel() and (view.image() != first).any()
    slider = view.page.get_by_test_id("z1")
    slider.focus()
    slider.press("ArrowRight")
    view.page.wait_for_function("before => location.href !== before", arg=view.page.url)
    expect(panel).to_contain_text(z_of(view))
    view.page.go_back()
    view.page.go_back()
    expect(panel).to_contain_text("This is its code")
    expect(panel).to_contain_text("−ELBO")
    expect(panel.get_by_role("img")).to_have_count(3)
    assert re.search(r"[?&]z=", view.page.url)
    drawn = panel.locator("canvas").first.evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
    )
    assert np.array(drawn).any()
    alone = view.page.get_by_test_id("alone")
    expect(alone).to_contain_text("The server does not answer.")
    view.page.wait_for_function("window.dialogs")
    expect(view.page.get_by_role("dialog")).to_have_count(0)  # Streamlit's would lie over the map
    alone.get_by_role("switch", name="Decoded grid").click()
    expect(view.page.get_by_test_id("latent-map")).to_have_class(re.compile("lm-inked"))
    keep(view, -0.2, 0.5)
    expect(panel).to_contain_text(z_of(view))
    context.close()
