"""Told what to draw, the style of one image, and the morph that is played, in a real browser."""

from collections.abc import Iterator

import pytest
from live import PATIENCE_MS, Server, pause, visitor
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

TOLD = "/generate?tab=told&checkpoint=cvae-mnist-2d"
INK = "(all) => all.map((one) => [...one.getContext('2d').getImageData(0, 0, 28, 28).data].reduce((a, b) => a + b))"


@pytest.fixture(params=[1440, 390])
def page(request: pytest.FixtureRequest, server: Server, chromium: Browser) -> Iterator[Page]:
    """Told what to draw; at 390 pixels with a finger."""
    with visitor(chromium, f"{server.url}{TOLD}", request.param, request.param == 390) as page:
        yield page


def drawn(page: Page) -> list[int]:
    """How much ink each class of the pad's row has."""
    return page.get_by_test_id("told-row").locator("canvas").evaluate_all(INK)


def test_a_style_is_chosen_on_the_pad_and_stays_after_a_reload(page: Page) -> None:
    expect(page.get_by_test_id("told-row").locator("canvas")).to_have_count(10)
    expect(page.get_by_test_id("transferred").locator("img")).to_have_count(10)
    before, pad = drawn(page), page.get_by_test_id("style-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    press = page.touchscreen.tap if page.viewport_size == {"width": 390, "height": 1000} else page.mouse.click
    press(box["x"] + 0.25 * box["width"], box["y"] + 0.7 * box["height"])
    page.wait_for_function("new URLSearchParams(location.search).has('style')")
    after = drawn(page)
    assert all(one != other for one, other in zip(before, after, strict=True))
    page.reload()
    expect(page.get_by_test_id("told-row").locator("canvas")).to_have_count(10)
    page.wait_for_function(
        f"(wanted) => JSON.stringify(({INK})([...document.querySelectorAll('[data-testid=told-row] canvas')])) === wanted",
        arg=str(after).replace(" ", ""),
    )


def test_another_image_lends_another_style(page: Page) -> None:
    page.goto(f"{page.url.split('?')[0]}{TOLD.removeprefix('/generate')}&style_data=digits")
    pictures = page.get_by_test_id("transferred")
    expect(pictures.locator("img")).to_have_count(10)
    before = pictures.inner_html()
    page.get_by_role("button", name="Another one").click()
    expect(pictures).not_to_have_text("", timeout=PATIENCE_MS)
    page.wait_for_function("(before) => document.querySelector('[data-testid=transferred]')?.innerHTML !== before", arg=before)
    page.wait_for_function("new URLSearchParams(location.search).has('style_image')")


def test_a_morph_is_played_and_paused(page: Page) -> None:
    page.goto(f"{page.url.split('?')[0]}?tab=morph")
    picture, button = page.get_by_test_id("player-picture"), page.get_by_test_id("play")
    expect(picture).to_be_visible()
    first = picture.get_attribute("src")
    button.click()
    expect(picture).not_to_have_attribute("src", first or "")
    button.click()
    expect(button).to_have_text("Play")
    rests = picture.get_attribute("alt")
    pause(page, 300)
    assert picture.get_attribute("alt") == rests
