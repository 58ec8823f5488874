"""Complete it in a real browser: a half is covered with the pointer, answers come, the link has it all; on a phone and by keys, too."""

import re
from collections.abc import Iterator

import pytest
from live import Server, returning
from playwright.sync_api import BrowserContext, Page, expect

from pages.images import cover

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def page(server: Server, profile: BrowserContext) -> Iterator[Page]:
    """The tab with nothing covered, 1440 pixels wide."""
    with returning(profile, f"{server.url}/generate?tab=complete&cover=none") as page:
        expect(page.get_by_test_id("cover")).to_be_visible()
        expect(page.get_by_text("Nothing is covered, so nothing is filled in")).to_be_visible()
        yield page


def covered(page: Page) -> str:
    """The cover in the link, once there is one that is not `none`."""
    page.wait_for_function("!['none', null].includes(new URLSearchParams(location.search).get('cover'))")
    return page.evaluate("new URLSearchParams(location.search).get('cover')")


def test_a_half_is_covered_with_the_pointer_and_answers_come(page: Page) -> None:
    page.get_by_test_id("brush").fill("9")
    page.get_by_test_id("cover").scroll_into_view_if_needed()
    box = page.get_by_test_id("cover").bounding_box()
    assert box
    pixel = box["width"] / 28
    page.mouse.move(box["x"] + pixel, box["y"] + 18 * pixel)
    page.mouse.down()
    for row, side in ((18, 27), (23, 27), (23, 1), (26, 1), (26, 27)):
        page.mouse.move(box["x"] + side * pixel, box["y"] + row * pixel, steps=6)
    page.mouse.up()
    expect(page.get_by_text(re.compile("The model explains the 3[0-9]{2} visible pixels with"))).to_be_visible()
    pictures = page.get_by_test_id("completions").locator("img")
    assert pictures.count() >= 2 and pictures.evaluate_all("all => all.every((one) => one.naturalWidth === 28)")
    expect(page.get_by_test_id("completions")).to_contain_text("probability")
    expect(page.get_by_test_id("completion-draws").locator("img")).to_have_count(12)
    hidden = cover.read(covered(page))
    assert hidden is not None and hidden[14:, 2:26].all() and not hidden[:13].any()
    shown = page.get_by_test_id("completions").inner_html()
    page.reload()  # the link alone says it all
    expect(page.get_by_test_id("completions")).to_be_visible()
    assert page.get_by_test_id("completions").inner_html() == shown


@pytest.mark.slow
def test_a_click_covers_and_keys_do(page: Page) -> None:
    page.get_by_role("button", name="Left half").click()
    expect(page.get_by_text("392 visible pixels")).to_be_visible()
    assert covered(page) == "left"
    page.get_by_test_id("cover").focus()
    page.keyboard.press("Delete")
    expect(page.get_by_text("Nothing is covered, so nothing is filled in")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.get_by_text(re.compile("The model explains the 7[0-9]{2} visible pixels with"))).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 820])
def test_the_tab_is_not_wider_than_a_small_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.get_by_role("button", name="Middle").click()
    expect(page.get_by_text("588 visible pixels")).to_be_visible()
    expect(page.get_by_test_id("completion-draws")).to_be_visible()
    wider = "[document.documentElement, document.querySelector('[data-testid=stMain]')].map(e => e.scrollWidth - e.clientWidth)"
    assert page.evaluate(wider) == [0, 0]
