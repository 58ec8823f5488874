"""Under a finger: what it has to hit is large enough, on a phone and on a tablet, in every tool of Explore and on the other pages."""

from collections.abc import Iterator

import pytest
from live import Server
from playwright.sync_api import Browser, Page, expect
from view import View

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SIZES = {"phone": (390, 844), "tablet": (820, 1180)}
LEAST_PX = 40
OTHER_PAGES = {  # their addresses, and a button that is there once they are
    "reconstruct": "Refine the code",
    "denoise": "Another one",
    "super_resolution": "Send to …",
    "generate": "Draw again",
    "generate?tab=complete&cover=left": "Bottom half",
    "models": "Details",
    "train": "Start training",
    "lesson?step=7": "Back",
}
# Whatever answers a press, with what is pressed for it: of a box to tick or a choice its label. A slider is long anyway; Streamlit's arrow
# is part of its select.
SMALL = """(least) => [...document.querySelectorAll('[data-testid=stMain] :is(button, input, select, summary)')]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.matches('[type=range], [type=file], .stSelectbox button'))
  .map((e) => {
    const { width, height } = (e.closest('label:has([type=checkbox], [type=radio])') ?? e).getBoundingClientRect();
    const { position, top, left } = getComputedStyle(e, '::after');
    const reach = position === 'absolute' ? [left, top].map((px) => -2 * parseFloat(px)) : [0, 0];
    return [e.getAttribute('aria-label') || e.textContent || e.value, Math.round(width + reach[0]), Math.round(height + reach[1])];
  })
  .filter(([, width, height]) => width > 1 && Math.min(width, height) < least)"""


@pytest.fixture(params=SIZES)
def held(request: pytest.FixtureRequest, server: Server, chromium: Browser) -> Iterator[View]:
    """Somebody with a phone, or with a tablet."""
    width, height = SIZES[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height}, has_touch=True, is_mobile=True)
    view = View(context.new_page(), server.url)
    yield view
    context.close()
    assert view.errors == []


def small(page: Page) -> list[list[object]]:
    """Name, width and height of what is too small for a finger."""
    return page.evaluate(SMALL, LEAST_PX)


@pytest.mark.slow
def test_whatever_a_finger_presses_on_explore_is_large_enough(held: View) -> None:
    page = held.open("?checkpoint=cvae-mnist-2d").page
    expect(page.get_by_role("combobox", name="Draw as")).to_be_visible()
    for tool in ("Find", "Paths", "Select", "Bookmarks", "All dimensions"):
        page.get_by_role("tab", name=tool).tap()
        expect(page.get_by_role("tabpanel", name=tool).get_by_role("button").first).to_be_visible()
        assert small(page) == [], tool

    page.get_by_test_id("draw-here").tap()
    expect(page.get_by_text("Draw on the paper.")).to_be_visible()
    assert small(page) == [], "the sheet to draw on"
    tops = [page.get_by_test_id("drawing").get_by_role("button", name=name).bounding_box() for name in ("Undo", "Redo", "Clear")]
    assert len({box["y"] for box in tops if box}) == 1, "in one row"
    page.get_by_test_id("give-paste").tap()
    expect(page.get_by_test_id("drawing")).to_contain_text("look at the clipboard. Upload the file instead.")  # there is no Ctrl V


@pytest.mark.slow
def test_a_choice_above_the_map_brings_no_keyboard_over_it_and_costs_no_line_where_there_is_room(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, has_touch=True)
    view = View(context.new_page(), server.url).open("?checkpoint=cvae-mnist-2d")
    boxes = [view.page.get_by_role("combobox", name=name) for name in ("Draw as", "Background")]
    for box in boxes:
        expect(box).to_have_attribute("inputmode", "none")
    tops = [box.bounding_box() for box in boxes]
    assert tops[0] and tops[1] and tops[0]["y"] == tops[1]["y"]
    context.close()
    assert view.errors == []


@pytest.mark.slow
def test_whatever_a_finger_presses_on_the_other_pages_is_large_enough(server: Server, chromium: Browser) -> None:
    width, height = SIZES["phone"]
    context = chromium.new_context(viewport={"width": width, "height": height}, has_touch=True, is_mobile=True)
    page = context.new_page()
    for address, there in OTHER_PAGES.items():
        page.goto(f"{server.url}/{address}")
        expect(page.get_by_role("button", name=there).first).to_be_visible()
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        assert small(page) == [], address
    page.get_by_test_id("stExpandSidebarButton").tap()
    for link in page.get_by_test_id("stSidebarNavLink").all():
        expect(link).to_be_in_viewport()
        assert link.evaluate("link => link.getBoundingClientRect().height") >= LEAST_PX
    context.close()
