"""Undo and redo on Explore's map in a browser: by keys and by button, and the address follows."""

import numpy as np
import pytest
from playwright.sync_api import expect
from view import View

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
REST_MS = 700  # after which what was done is a step of its own


def test_clicks_a_drag_and_the_legend_are_undone_one_by_one_and_done_again(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d&z=0.5,1.5").page
    undo, redo = (page.get_by_role("button", name=name) for name in ("undo", "redo"))
    expect(undo).to_have_attribute("title", "Nothing to undo")
    page.wait_for_timeout(1000)  # what the plot makes of the first view is nobody's doing
    whole = view.ranges()
    view.click(0.4, 0.4)
    first = view.url_z()
    view.click(0.6, 0.6)  # at once
    second = view.url_z()
    page.wait_for_timeout(REST_MS)
    page.mouse.move(*view.at(0.5, 0.5))
    page.mouse.down()
    for u in (0.45, 0.4, 0.35, 0.3):
        page.mouse.move(*view.at(u, 0.45))
    page.mouse.up()
    page.wait_for_timeout(REST_MS)
    dragged = view.ranges()
    assert dragged != whole
    page.locator(".lm-legend button").nth(3).click()
    view.wait_for_bright(3)
    expect(page.get_by_role("button", name="Undo: the classes")).to_be_visible()

    page.keyboard.press("Control+z")
    view.wait_for_bright(*range(10))
    page.keyboard.press("Control+z")
    page.wait_for_timeout(300)
    np.testing.assert_allclose(view.ranges(), whole, atol=1e-3)
    page.keyboard.press("Control+z")
    assert view.url_z() == first
    undo.click()
    assert view.url_z() == (0.5, 1.5)
    expect(undo).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+y")
    assert view.url_z() == second
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+y")
    view.wait_for_bright(3)
    np.testing.assert_allclose(view.ranges(), dragged, atol=2e-3)
    expect(redo).to_have_attribute("aria-disabled", "true")
