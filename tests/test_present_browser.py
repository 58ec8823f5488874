"""Present in a real browser: the map on the whole screen, and back."""

import pytest
from live import until
from playwright.sync_api import Route, expect
from view import View

from core import checkpoints

CODE = checkpoints.load("vae-mnist-2d").latents.mu[0]

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def present(view: View) -> str | None:
    return view.page.evaluate("new URLSearchParams(location.search).get('present')")


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
@pytest.mark.slow
def test_a_link_presents_the_map_alone_on_the_whole_screen(view: View, size: tuple[int, int]) -> None:
    view.page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    view.open(f"?z={CODE[0]:.4f},{CODE[1]:.4f}&present=1")
    width, height = size
    stage = view.page.get_by_test_id("stage")
    expect(stage).to_be_visible()
    assert stage.bounding_box() == {"x": 0, "y": 0, "width": width, "height": height}
    view.page.wait_for_function(
        "() => { const { clientHeight, layout } = document.querySelector('.lm-plot'); return layout.height === clientHeight; }"
    )
    assert view.box()["width"] * view.box()["height"] > 0.5 * width * height
    image = view.page.get_by_test_id("decoded").bounding_box()
    assert image["width"] > 0.35 * height and image["x"] > view.box()["x"] + view.box()["width"]
    panel = view.page.get_by_test_id("panel")
    panel.locator(".lm-images canvas").first.wait_for()
    assert float(panel.evaluate("e => getComputedStyle(e.querySelector('.lm-big')).fontSize").removesuffix("px")) > 0.03 * height
    assert panel.evaluate("e => e.getBoundingClientRect().bottom") <= height, "all of it is on the screen"
    shown = "[...document.querySelectorAll('button, input, a')].filter(e => e.checkVisibility() && e.closest('.lm-stage')).length"
    assert view.page.evaluate(shown) == 1, "nothing to press but to leave"
    before = view.image()
    view.point(0.3, 0.3)
    assert (view.image() != before).any()


def test_the_picture_is_as_large_while_the_sheet_of_a_drawing_is_out(view: View) -> None:
    page = view.open("?z=0.5,1.5").page
    page.get_by_role("button", name="Draw, and see where it lands").click()
    page.locator(".dr canvas").first.wait_for()
    page.get_by_test_id("present").click()
    expect(page.get_by_test_id("stage")).to_be_visible()
    page.wait_for_function("document.querySelector('[data-testid=decoded]').getBoundingClientRect().width > 0.35 * innerHeight")
    assert page.locator(".dr canvas").first.is_hidden()


def test_presenting_begins_with_a_button_and_esc_leaves_the_kept_point_alone(view: View) -> None:
    view.open("?z=0.5,1.5")
    wide = view.box()["width"]
    view.page.get_by_test_id("present").click()
    expect(view.page.get_by_test_id("stage")).to_be_visible()
    view.page.wait_for_function("() => new URLSearchParams(location.search).get('present') === '1'")
    view.page.get_by_test_id("latent-map").press("ArrowLeft")
    view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("Escape")
    expect(view.page.get_by_test_id("stage")).to_be_hidden()
    view.page.wait_for_function("() => !new URLSearchParams(location.search).has('present')")
    view.frame()
    assert view.url_z() == pytest.approx((0.5, 1.5), abs=0.02) and present(view) is None
    assert view.box()["width"] == wide and view.page.evaluate("document.activeElement.dataset.testid") == "present"


@pytest.mark.slow
def test_a_slider_is_filled_up_to_its_thumb_when_one_comes_back(view: View) -> None:
    page = view.open("?z=0.5,1.5").page
    slider = page.locator(".lm-slider").first
    page.mouse.move(0, 0)
    view.frame()
    before = slider.screenshot()
    page.get_by_test_id("present").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stage")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stage")).to_be_hidden()
    view.frame()
    assert slider.screenshot() == before


@pytest.mark.slow
def test_on_a_screen_that_stands_upright_the_picture_is_beside_its_words_and_the_map_has_the_rest(view: View) -> None:
    view.page.set_viewport_size({"width": 820, "height": 1180})
    view.page.goto(f"{view.base}/?z=0.5,1.5&present=1")
    view.page.wait_for_selector(".lm-stage [data-testid=latent-map][data-plotted]")
    image, words, leave = (view.page.locator(f".lm-stage {name}").bounding_box() for name in (".lm-image", ".lm-controls", ".lm-leave"))
    assert image and words and leave
    assert words["x"] > image["x"] + image["width"] and words["y"] < image["y"] + image["height"] / 2
    assert view.page.locator(".lm-stage .lm-controls label").last.bounding_box()["x"] < leave["x"] - 100
    assert view.box()["height"] > 0.6 * 1180


def test_the_numbers_at_the_axes_are_large_too_and_have_room(view: View) -> None:
    view.page.add_init_script("""const { prototype } = CanvasRenderingContext2D, { fillText } = prototype;
      prototype.fillText = function (...given) { window.axisType = parseFloat(this.font); return fillText.apply(this, given); }""")
    seen = "(({ layout: { margin } }) => [window.axisType, margin.l, margin.b])(document.querySelector('.lm-plot'))"
    view.open("?z=0.5,1.5&present=1")
    view.frame()
    size, left, below = view.page.evaluate(seen)
    type_px = float(view.page.get_by_test_id("stage").evaluate("e => parseFloat(getComputedStyle(e).fontSize)"))
    assert size == pytest.approx(0.72 * type_px) and size > 15 and left / 34 == pytest.approx(size / 12, abs=0.03) and below > 34
    x0, x1, *_ = view.ranges()
    map_box, cross = view.box(), view.page.locator(".lm-kept").bounding_box()
    assert cross
    across = (0.5 - x0) / (x1 - x0) * (map_box["width"] - 2 - left - 6)
    assert cross["x"] + cross["width"] / 2 == pytest.approx(map_box["x"] + 1 + left + across, abs=1.5), "what is laid over it knows of it"
    view.page.keyboard.press("Escape")
    view.page.wait_for_function(f"() => {seen}[0] === 12")
    assert view.page.evaluate(seen) == [12, 34, 28]


def test_of_a_background_that_is_still_being_computed_the_whole_screen_says_so(view: View) -> None:
    held: list[Route] = []
    view.page.route("**/fields/**", lambda route: held.append(route))
    view.open("?z=0.5,1.5&present=1&background=neighbours")
    said = view.page.get_by_test_id("background-said")
    said_there = "e => getComputedStyle(e, '::before').content"
    expect(said).to_be_visible()
    assert said.evaluate(said_there) == '"10-NN regions: being computed …"'
    until(lambda: held or view.page.wait_for_timeout(50))
    held.pop().continue_()
    view.page.wait_for_function(f"() => ({said_there})(document.querySelector('[data-testid=background-said]')) === '\"\"'")
    expect(said).to_contain_text("nearest test codes")
