"""Zoomed in, dots are images, in a real browser: painted from the test images, clicked on, switched off, without test images decoded."""

import numpy as np
import pytest
from live import Server, visitor
from playwright.sync_api import Browser, Page, expect
from view import COPY, View

from core import checkpoints

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]

CODES = checkpoints.load("vae-mnist-2d").latents.mu
CLOSE = "?view=0.3,0.2,0.2"
PAINTED = """() => { const c = document.querySelector('.lm-close'); if (!c || c.hidden) return 0;
  return COPY.getImageData(0, 0, c.width, c.height).data.reduce((sum, v, i) => sum + (i % 4 === 3 && v > 0), 0); }""".replace("COPY", COPY)


def painted(page: Page) -> int:
    page.wait_for_function(f"() => ({PAINTED})() > 500")
    count: int = page.evaluate(PAINTED)
    return count


def test_zoomed_in_dots_are_test_images_and_a_click_on_one_keeps_it(view: View) -> None:
    view.open()
    expect(view.page.locator(".lm-close")).to_be_hidden()
    expect(view.page.locator(".lm-help")).to_contain_text("each dot becomes its test image")
    view.open(CLOSE)
    assert painted(view.page) > 500
    assert view.page.locator(".lm-plot .gl-container").evaluate("e => getComputedStyle(e).visibility") == "hidden"
    left, right, bottom, top = view.ranges()
    inside = np.flatnonzero(([left + 0.02, bottom + 0.02] < CODES).all(1) & ([right - 0.02, top - 0.02] > CODES).all(1))
    apart = np.linalg.norm(CODES[inside][:, None] - CODES[inside][None], axis=2) + np.eye(len(inside)) * 9
    row = inside[apart.min(1).argmax()]
    box = view.page.locator(".lm-plot").bounding_box()
    assert box
    x, y = (CODES[row] - [left, bottom]) / [right - left, top - bottom]
    at = box["x"] + 34 + x * (box["width"] - 40), box["y"] + 6 + (1 - y) * (box["height"] - 34)
    view.page.mouse.click(at[0] + 9, at[1] - 3)  # farther than a dot reaches, and still on the image
    view.page.wait_for_function("() => new URLSearchParams(location.search).get('z')")
    assert view.url_z() == pytest.approx(CODES[row], abs=1e-4)
    view.page.get_by_test_id("close-up").click()
    expect(view.page.locator(".lm-close")).to_be_hidden()
    view.page.wait_for_function("() => new URLSearchParams(location.search).get('closeup') === '0'")
    view.open(f"{CLOSE}&closeup=0")
    expect(view.page.get_by_test_id("close-up")).to_have_attribute("aria-checked", "false")
    expect(view.page.locator(".lm-close")).to_be_hidden()


@pytest.mark.slow
def test_without_test_images_the_decoder_draws_and_it_is_said(bare_server: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{bare_server.url}/{CLOSE}") as page:
        assert painted(page) > 500
        expect(page.locator(".lm-help")).to_contain_text(
            "each dot becomes what the decoder makes of its code (no test images are on this machine)"
        )
