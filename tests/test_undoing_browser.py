"""Undo and redo on Explore's map in a browser: by keys and by button, and the address follows."""

import pytest
from live import pause
from playwright.sync_api import expect
from view import View

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]
REST_MS = 700  # after which what was done is a step of its own
SETTLED_MS = 1000  # until then, what the plot makes of the first view is nobody's doing


def rest(view: View, ms: int = REST_MS) -> None:
    """Until the view rests, and Python, and so long after."""
    view.ranges()
    view.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    pause(view.page, ms)


def until_shown(view: View, ranges: list[float]) -> None:
    """Wait until the map shows that part, as exactly as an address says it."""
    script = """(wanted) => (({ xaxis, yaxis }) => [...xaxis.range, ...yaxis.range].every((v, i) => Math.abs(v - wanted[i]) < 2e-3))(
      document.querySelector('.lm-plot').layout)"""
    view.page.wait_for_function(script, arg=ranges)


def test_clicks_a_drag_and_the_legend_are_undone_one_by_one_and_done_again(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d&z=0.5,1.5").page
    undo, redo = (page.get_by_role("button", name=name) for name in ("undo", "redo"))
    expect(undo).to_have_attribute("title", "Nothing to undo")
    rest(view, SETTLED_MS)
    whole = view.ranges()
    view.click(0.4, 0.4)
    first = view.url_z()
    view.click(0.6, 0.6)  # at once
    second = view.url_z()
    rest(view)
    page.mouse.move(*view.at(0.5, 0.5))
    page.mouse.down()
    for u in (0.45, 0.4, 0.35, 0.3):
        page.mouse.move(*view.at(u, 0.45))
    page.mouse.up()
    rest(view)
    expect(page.get_by_role("button", name="Undo: the view")).to_be_visible()
    dragged = view.ranges()
    assert dragged != whole
    page.locator(".lm-legend button").nth(3).click()
    view.wait_for_bright(3)
    expect(page.get_by_role("button", name="Undo: the classes")).to_be_visible()

    page.keyboard.press("Control+z")
    view.wait_for_bright(*range(10))
    page.keyboard.press("Control+z")
    until_shown(view, whole)
    page.keyboard.press("Control+z")
    expect(undo).to_have_attribute("title", "Undo: the kept point (Ctrl+Z)")
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
    until_shown(view, dragged)
    expect(redo).to_have_attribute("aria-disabled", "true")


@pytest.mark.slow
def test_a_double_click_shows_the_whole_map_and_its_first_click_keeps_nothing(view: View) -> None:
    page = view.open("?checkpoint=vae-mnist-2d&z=0.5,1.5&view=0.4,1.4,2").page
    rest(view, SETTLED_MS)
    near, kept = view.ranges(), view.image()
    view.double_click(0.3, 0.3)
    page.wait_for_function("() => !location.href.includes('view=')")
    assert view.url_z() == (0.5, 1.5) and (view.image() == kept).all(), "the point before it, in the address and in the picture"
    assert view.ranges() != near
    rest(view)
    undo = page.get_by_role("button", name="undo")
    expect(undo).to_have_attribute("title", "Undo: the view (Ctrl+Z)")
    undo.click()
    until_shown(view, near)
    assert view.url_z() == (0.5, 1.5)
    expect(undo).to_have_attribute("aria-disabled", "true")
