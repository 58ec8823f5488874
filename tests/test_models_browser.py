"""The Models page in a real browser: pictures that load, buttons that say whose they are, columns by the width, and the way back."""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from live import PATIENCE_MS, Server, visitor
from playwright.sync_api import Browser, Page, expect
from test_accessibility import settled

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.slow]


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with visitor(chromium) as page:
        yield page


def columns(page: Page) -> int:
    """How many cards stand beside each other."""
    return page.locator(".st-key-model-gallery").evaluate("grid => getComputedStyle(grid).gridTemplateColumns.split(' ').length")


def test_from_the_gallery_to_a_comparison_to_a_model_to_explore_and_back(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/models")
    card = page.locator(".st-key-model-ae-mnist-2d")
    expect(card.get_by_role("heading", name="Plain autoencoder")).to_be_visible()
    for picture in card.locator("img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") >= 640, "a picture that did not come has no width"
    details = card.get_by_role("button", name="Details (ae-mnist-2d)")
    assert (details.bounding_box() or {"width": 999})["width"] < 100, "the model's name is heard, not seen"

    assert (card.locator(".stCheckbox label").bounding_box() or {"width": 999})["width"] < 110, "nor is it seen at the tick"
    for name in ("ae-mnist-2d", "vae-mnist-2d"):
        page.get_by_role("checkbox", name=f"Compare ({name})").check(force=True)
    page.get_by_role("button", name="Compare 2 models").click()
    expect(page).to_have_url(re.compile(r"/models\?compare=ae-mnist-2d%2Cvae-mnist-2d"), timeout=PATIENCE_MS)
    expect(page.get_by_role("region", name="Figures of Plain autoencoder and VAE: the main model")).to_contain_text("better")
    expect(page.get_by_test_id("portrait-map")).to_have_count(2)
    page.go_back()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()

    details.click()
    expect(page.get_by_test_id("model-card")).to_contain_text("How it was measured")
    expect(page).to_have_url(re.compile(r"/models\?checkpoint=ae-mnist-2d$"), timeout=PATIENCE_MS)
    page.get_by_role("button", name="Open in Explore").click()
    expect(page.get_by_test_id("latent-map")).to_be_visible()
    expect(page).to_have_url(re.compile(r"checkpoint=ae-mnist-2d"), timeout=PATIENCE_MS)


@pytest.mark.parametrize(("width", "least", "most"), [(390, 1, 1), (820, 2, 2), (1440, 3, 4), (1920, 4, 5)])
def test_cards_stand_beside_each_other_as_the_window_has_room(server: Server, page: Page, width: int, least: int, most: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.url}/models")
    expect(page.locator(".st-key-model-vae-mnist-2d").get_by_role("heading")).to_be_visible()
    settled(page)
    assert least <= columns(page) <= most
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the window"
    beyond = "buttons => buttons.filter((button) => button.getBoundingClientRect().right > innerWidth).length"
    assert page.locator(".st-key-model-filters button").evaluate_all(beyond) == 0, "no filter is cut"


@pytest.mark.parametrize("width", [390, 1440])
def test_the_bar_of_ticked_models_stays_in_sight_and_hides_nothing(server: Server, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{server.url}/models")
    page.get_by_role("checkbox", name="Compare (vae-mnist-2d)").check(force=True)
    bar = page.locator(".st-key-models-picked")
    expect(bar).to_be_in_viewport(ratio=1)
    last = page.get_by_role("heading", name="Upload a model")
    last.scroll_into_view_if_needed()
    page.mouse.move(width - 100, 400)
    page.mouse.wheel(0, 50_000)
    expect(last).to_be_in_viewport()
    expect(bar).to_be_in_viewport(ratio=1)
    lowest = page.locator("[data-testid=stFileUploader]").bounding_box() or {"y": 999, "height": 0}
    assert lowest["y"] + lowest["height"] <= (bar.bounding_box() or {"y": 0})["y"]


NAMES = """() => [...document.querySelectorAll('[data-testid=portrait-map]')].map((map) => [map, ...map.querySelectorAll('b')]
  .map((part) => part.getBoundingClientRect()).filter(({ width }) => width)
  .map(({ left, top, right, bottom }) => [left, top, right, bottom]))"""


@pytest.mark.parametrize(
    ("width", "address"),
    [
        (1440, "?compare=vae-fashion-2d,vae-mnist-2d,ae-mnist-2d,pca-mnist-2d"),
        (1440, "?checkpoint=vae-fashion-2d"),
        (390, "?checkpoint=vae-fashion-2d"),
    ],
)
def test_the_classes_names_on_a_portrait_cover_no_other_and_are_not_cut(server: Server, page: Page, width: int, address: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.url}/models{address}")
    expect(page.get_by_test_id("portrait-map").last).to_be_visible()
    for (left, top, right, bottom), *names in page.evaluate(NAMES):
        assert len(names) >= 4
        for i, (a, b, c, d) in enumerate(names):
            assert a >= left - 1 and b >= top - 1 and c <= right + 1 and d <= bottom + 1, "cut"
            assert all(c <= e + 1 or g <= a + 1 or d <= f + 1 or h <= b + 1 for e, f, g, h in names[:i]), "one over another"


def test_the_bar_hides_nothing_that_the_keyboard_comes_to(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/models")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("checkbox", name="Compare (vae-mnist-2d)").check(force=True)
    bar = page.locator(".st-key-models-picked")
    expect(bar).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Details (vae-mnist-2d)").focus()
    covered = """bar => { const a = bar.getBoundingClientRect(), b = document.activeElement.getBoundingClientRect();
      return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom; }"""
    for _ in range(24):
        page.keyboard.press("Tab")
        assert not bar.evaluate(covered), page.evaluate("document.activeElement.outerHTML")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_that_the_keyboard_is_at_has_a_ring(server: Server, page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{server.url}/models")
    link = page.get_by_test_id("stSidebarNavLink").nth(1)
    expect(link).to_be_visible()
    ring = "link => { const { outlineStyle, outlineWidth } = getComputedStyle(link); return `${outlineWidth} ${outlineStyle}`; }"
    link.hover()
    assert "solid" not in link.evaluate(ring)
    page.keyboard.press("Tab")
    while not link.evaluate("link => link === document.activeElement"):
        page.keyboard.press("Tab")
    assert link.evaluate(ring) == "2px solid"


@pytest.mark.parametrize("width", [390, 1440])
def test_no_shipped_model_s_words_are_cut_short(server: Server, chromium: Browser, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{server.url}/models")
    abouts = page.locator(".st-key-model-gallery .about")
    expect(page.locator(".st-key-model-vae-digits-2d .about")).to_be_visible()  # the last
    cut = abouts.evaluate_all(
        "abouts => abouts.filter((about) => about.scrollHeight > about.clientHeight).map((about) => about.textContent)"
    )
    context.close()
    assert cut == []


def test_a_finger_has_40_px_to_tick_a_model(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{server.url}/models")
    box = page.locator(".st-key-model-vae-mnist-2d .stCheckbox label")
    expect(box).to_be_visible()
    height = (box.bounding_box() or {"height": 0})["height"]
    context.close()
    assert height >= 40
