"""The Generate page in a real browser: from the sidebar to new images, another seed, another way, on a wide and on a narrow screen."""

import re

import pytest
from live import Server, Watched, returning, visitor
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def sources(page: Page) -> list[str]:
    """The new images, in order."""
    return page.get_by_test_id("generated").locator("img").evaluate_all("images => images.map((image) => image.src)")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1440, 390])
def test_new_images_are_drawn_judged_and_another_seed_draws_others(server: Server, chromium: Browser, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900})
    watched = Watched(context.new_page(), server.url)
    page = watched.page
    page.goto(server.url)
    page.wait_for_selector("[data-testid=latent-map][data-plotted]")
    if width < 500:
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name="Generate", exact=True).click()
    pairs = page.get_by_test_id("generated").locator("figure")
    expect(pairs).to_have_count(24)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(re.compile(r"^\d+ %$"))
    expect(page.locator(".stPlotlyChart .main-svg").first).to_be_visible()
    first = sources(page)
    assert len(first) == 48, "the nearest image stands beside each"
    page.get_by_role("button", name="Draw again").click()
    page.wait_for_function("() => new URLSearchParams(location.search).has('seed')")
    expect(page.get_by_test_id("generated").locator("img").first).not_to_have_attribute("src", first[0])
    again, address = sources(page), page.url
    page.get_by_role("radio", name="Around an image").click()
    expect(page.get_by_text("a digit of class")).to_be_visible()
    assert sources(page) != again
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
    context.close()
    assert watched.errors == []
    assert watched.hosts <= {server.url, server.url.replace("http", "ws")}
    with visitor(chromium, address) as other:  # the link shows somebody else the same
        expect(other.get_by_test_id("stMetricValue").first).to_be_visible()
        assert sources(other) == again


CONTRAST = """text => {
  const context = new OffscreenCanvas(1, 1).getContext("2d"), linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = (...fills) => {
    for (const fill of fills) { context.fillStyle = fill; context.fillRect(0, 0, 1, 1); }
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = getComputedStyle(document.querySelector(".stApp")).backgroundColor;
  const [low, high] = [luminance(ground), luminance(ground, getComputedStyle(text).fill)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}"""  # WCAG 2.2's contrast ratio


@pytest.mark.slow
def test_on_a_phone_labels_stand_on_one_line_and_a_charts_words_can_be_read(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme="light")
    page = context.new_page()
    page.goto(f"{server.url}/generate?count=1")
    expect(page.locator(".stPlotlyChart .cbtitle text")).to_be_visible()
    for name in (".xtick text", ".ytick text", ".cbtitle text", "[class*=cb][class$=tick] text"):
        assert page.locator(f".stPlotlyChart {name}").first.evaluate(CONTRAST) >= 4.5, name
    tops = [(page.locator("label").filter(has_text=name).bounding_box() or {"y": -99})["y"] for name in ("How many", "Seed")]
    assert tops[0] == pytest.approx(tops[1], abs=1), "a question mark beside a label moves nothing"
    for button in page.get_by_test_id("stNumberInputContainer").get_by_role("button").all():
        box = button.bounding_box() or {"width": 0, "height": 0}
        assert min(box["width"], box["height"]) >= 40, "a finger hits it"
    context.close()


def test_each_tab_has_its_whole_border_where_the_row_breaks_on_a_phone(server: Server, profile: BrowserContext) -> None:
    with returning(profile, f"{server.url}/generate?tab=morph") as page:
        page.set_viewport_size({"width": 390, "height": 844})
        tabs = page.get_by_role("radiogroup", name="What to do").get_by_role("radio")
        for tab in ("Morph", "Arithmetic"):
            chosen = tabs.and_(page.get_by_role("radio", checked=True))
            if tab not in chosen.inner_text():
                tabs.filter(has_text=tab).click()
            expect(chosen).to_contain_text(tab)
            borders = tabs.evaluate_all(
                "tabs => tabs.map((tab) => ['left', 'right'].map((side) => getComputedStyle(tab).getPropertyValue(`border-${side}-color`)))"
            )
            assert not [border for pair in borders for border in pair if border.endswith(", 0)")], "a border that cannot be seen"
