"""The live map's room, frame, names, limits and colours in a real browser, from a phone to a wide screen."""

import io
import re
from collections.abc import Iterable

import numpy as np
import pytest
from live import Server, pause
from PIL import Image
from playwright.sync_api import Browser, expect
from view import View

from core import checkpoints, latent
from core.figures import CLASS_COLOURS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CODES = checkpoints.load("vae-mnist-2d").latents
MIDDLES = latent.class_medians(CODES.mu, CODES.label)
SIZES = [
    (360, 780), (390, 844), (600, 960), (768, 1024), (820, 1180), (844, 390), (1024, 768), (1100, 800), (1180, 820), (1280, 800),
    (1440, 900), (1920, 1080), (2560, 1440),
]  # fmt: skip
LIMIT = 100
SIDEBAR = "document.querySelector('[data-testid=stSidebar]').dataset.collapsed"


def sidebar(view: View, wanted: bool) -> None:
    """Open or close it as a visitor does; again if Streamlit, which closes it on a narrow window, was slower than the click."""
    view.frame()
    script = """wanted => { if ((%s === 'false') === wanted) return true;
      document.querySelector('[data-testid=stSidebarCollapseButton] button, [data-testid=stExpandSidebarButton]')?.click(); }"""
    view.page.wait_for_function(script % SIDEBAR, arg=wanted, polling=1000)


def shares(view: View) -> float:
    """Of the codes, how many the view shows."""
    left, right, bottom, top = view.ranges()
    x, y = CODES.mu.T
    return float(((x >= left) & (x <= right) & (y >= bottom) & (y <= top)).mean())


def whole(view: View) -> bool:
    return shares(view) == 1


def unit(view: View) -> float:
    """Of the latent space, how much a pixel is."""
    left, right, *_ = view.ranges()
    return (right - left) / view.page.evaluate("document.querySelector('.lm-plot').clientWidth - 40")


def focus(view: View) -> None:
    view.page.get_by_test_id("latent-map").focus()


def press(view: View, keys: Iterable[str]) -> None:
    for key in keys:
        view.page.keyboard.press(key)
    view.frame()


def names(view: View) -> np.ndarray:
    """Left, top, right, bottom of the names that are shown, (N, 4) pixels."""
    script = """() => [...document.querySelectorAll('.lm-names span')].filter(e => e.style.visibility === 'visible')
      .map(e => e.getBoundingClientRect()).map(r => [r.left, r.top, r.right, r.bottom])"""
    return np.array(view.page.evaluate(script)).reshape(-1, 4)


def covered(boxes: np.ndarray) -> int:
    """How many pairs of boxes cover each other."""
    low, high = np.maximum(boxes[:, None, :2], boxes[None, :, :2]), np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    return int(np.triu((high > low).all(-1), 1).sum())


@pytest.mark.slow
@pytest.mark.parametrize("open_sidebar", [False, True], ids=["sidebar closed", "sidebar open"])
def test_the_map_has_room_at_every_width(view: View, open_sidebar: bool) -> None:
    view.open("?z=0.5,1.5")
    settled = """() => { const map = document.querySelector('.lm-map'), { layout } = document.querySelector('.lm-plot');
      return map.clientWidth >= 300 && layout.width === map.clientWidth && layout.height === map.clientHeight; }"""
    for width, height in SIZES:
        view.page.set_viewport_size({"width": width, "height": height})
        sidebar(view, open_sidebar)
        view.page.wait_for_function(settled, timeout=15_000)
        left, right, bottom, top = view.ranges()
        box = view.page.evaluate("(p => [p.clientWidth - 40, p.clientHeight - 34])(document.querySelector('.lm-plot'))")
        assert (right - left) / box[0] == pytest.approx((top - bottom) / box[1], rel=0.02), "one unit is as long on both axes"
        assert max(right, -left, top, -bottom) < 10 and shares(view) >= 0.98, (width, view.ranges())
        assert view.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        map_box, image = view.box(), view.page.get_by_test_id("decoded").bounding_box()
        assert image["width"] == image["height"] >= 120
        apart = image["x"] >= map_box["x"] + map_box["width"] or image["y"] + image["height"] <= map_box["y"]
        assert apart, (width, map_box, image)
        panel = view.page.get_by_test_id("panel").locator("section").first.bounding_box()
        near = view.page.get_by_test_id("nearest").bounding_box()
        assert panel["width"] >= 180 and (panel["y"] >= near["y"] + near["height"] or panel["x"] >= near["x"] + near["width"]), width


@pytest.mark.slow
@pytest.mark.parametrize("width", [768, 820])
def test_on_a_tablet_the_bench_is_as_wide_as_the_page_and_the_pictures_stand_beside_the_map(view: View, width: int) -> None:
    view.page.set_viewport_size({"width": width, "height": 1100})
    view.open()
    sidebar(view, False)
    view.page.locator(".lm-panel .lm-images canvas").nth(2).wait_for()
    view.frame()
    tools, image = view.page.get_by_test_id("bench").bounding_box(), view.page.get_by_test_id("decoded").bounding_box()
    pictures, map_box = view.page.locator(".lm-panel .lm-images").bounding_box(), view.box()
    assert tools["x"] == pytest.approx(map_box["x"]) and tools["x"] + tools["width"] == pytest.approx(image["x"] + image["width"], abs=1)
    assert tools["y"] > map_box["y"] + map_box["height"]
    assert pictures["x"] == pytest.approx(image["x"], abs=1) and image["y"] < pictures["y"] < map_box["y"] + map_box["height"]
    for section in view.page.locator(".lm-panel section").all():
        if box := section.bounding_box():
            assert box["y"] > tools["y"] or box["x"] == pytest.approx(image["x"], abs=1)


@pytest.mark.slow
def test_on_a_laptop_half_of_the_window_is_map(view: View) -> None:
    view.open("?z=0.5,1.5")
    assert view.page.evaluate(SIDEBAR) == "false"
    assert view.box()["width"] >= 720 and view.page.get_by_test_id("decoded").bounding_box()["width"] >= 330


@pytest.mark.slow
def test_the_sidebar_is_closed_at_first_where_there_is_little_room(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 820, "height": 1180})
    view = View(context.new_page(), server.url).open()
    view.page.wait_for_function(f"() => {SIDEBAR} === 'true'")
    view.page.set_viewport_size({"width": 1180, "height": 820})
    view.page.wait_for_function(f"() => {SIDEBAR} === 'false'")
    view.page.set_viewport_size({"width": 820, "height": 1180})
    view.page.wait_for_function(f"() => {SIDEBAR} === 'true'")
    view.page.get_by_test_id("stExpandSidebarButton").click()
    view.page.wait_for_function(f"() => {SIDEBAR} === 'false'")
    view.page.set_viewport_size({"width": 900, "height": 1180})
    view.page.get_by_test_id("stSidebarNavLink").first.click()
    view.frame()
    assert view.page.evaluate(SIDEBAR) == "false", "who opened it on a tablet keeps it"
    context.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 390])
def test_on_a_phone_the_four_layers_stand_on_one_line(view: View, width: int) -> None:
    view.page.set_viewport_size({"width": width, "height": 780})
    view.open("?z=0.5,1.5")
    pills = view.page.locator(".st-key-explore-layers .stButtonGroup button")
    expect(pills).to_have_count(4)
    tops, words = zip(*pills.evaluate_all("all => all.map((e) => [e.offsetTop, e.querySelector('p').offsetHeight])"), strict=True)
    assert len(set(tops)) == 1 and max(words) < 30, "also no name is on two lines"


@pytest.mark.slow
def test_on_a_phone_a_choice_closes_the_sidebar(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    view = View(context.new_page(), server.url).open()
    view.page.get_by_test_id("stExpandSidebarButton").tap()
    view.page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox").locator("input").tap()
    view.page.get_by_role("option").first.tap()
    view.page.wait_for_function(f"() => {SIDEBAR} === 'true'")
    view.page.get_by_test_id("stExpandSidebarButton").tap()
    view.page.get_by_test_id("stSidebarNavLink").filter(has_text="Models").tap()
    view.page.wait_for_function(f"() => {SIDEBAR} === 'true'")
    expect(view.page).to_have_url(re.compile("/models"))
    context.close()


@pytest.mark.slow
def test_a_phone_that_is_turned_keeps_its_sidebar_closed(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    view = View(context.new_page(), server.url).open()
    view.page.wait_for_function(f"() => {SIDEBAR} === 'true'")
    view.page.set_viewport_size({"width": 844, "height": 390})
    pause(view.page, 2000)  # Streamlit opens it some time after
    assert view.page.evaluate(SIDEBAR) == "true"
    context.close()


@pytest.mark.slow
def test_most_of_the_codes_at_first_and_all_of_them_one_press_away(view: View) -> None:
    view.open("?z=0.5,1.5")
    first = view.ranges()
    assert 0.98 <= shares(view) < 1
    view.page.get_by_role("button", name="Show the whole map").click()
    assert whole(view)
    focus(view)
    press(view, "0")
    assert view.ranges() == pytest.approx(first)
    press(view, "0")
    assert whole(view)
    view.page.set_viewport_size({"width": 820, "height": 1180})
    view.page.wait_for_function("document.querySelector('.lm-plot').layout.width === document.querySelector('.lm-map').clientWidth")
    assert whole(view), "what was asked for is fitted to the new size"


@pytest.mark.slow
def test_a_double_click_shows_the_whole_map_wherever_it_falls(view: View) -> None:
    view.open("?z=0.5,1.5")
    first = view.ranges()
    for u, v in [(0.5, 0.5), (0.2, 0.3), (0.7, 0.8), (0.4, 0.15)]:
        view.page.mouse.move(*view.at(u, v))
        view.page.mouse.wheel(0, -300)
        view.page.wait_for_function("first => document.querySelector('.lm-plot').layout.xaxis.range[0] > first + 0.01", arg=first[0])
        view.double_click(u, v)
        view.page.wait_for_function(
            "first => Math.abs(document.querySelector('.lm-plot').layout.xaxis.range[0] - first) < 1e-6", arg=first[0]
        )
        assert view.ranges() == pytest.approx(first)
        view.page.wait_for_timeout(400)  # so that the next one is no third click
    view.double_click(0.5, 0.5)
    view.frame()
    assert whole(view), "and once more: its outliers"


@pytest.mark.slow
@pytest.mark.parametrize("size", [pytest.param((1440, 900), marks=pytest.mark.slow), (390, 844)])
def test_no_name_covers_another_nor_the_kept_point(view: View, size: tuple[int, int]) -> None:
    view.page.set_viewport_size({"width": size[0], "height": size[1]})
    z = MIDDLES[9]
    view.open(f"?z={z[0]:.4f},{z[1]:.4f}")
    view.page.mouse.move(3, 3)
    focus(view)
    for keys in ("", "0", "-", "-", "--", "0+", "+", "+"):
        press(view, keys)
        found, ring = names(view), view.page.locator(".lm-kept circle").first.bounding_box()
        assert covered(found) == 0, (size, keys)
        hidden = np.array([ring["x"], ring["y"], ring["x"] + ring["width"], ring["y"] + ring["height"]])
        assert covered(np.vstack([hidden, found])) == 0, (size, keys)
        assert len(found) == 10 or keys in ("+",), (size, keys, len(found))


@pytest.mark.slow
def test_names_stay_with_their_classes_when_the_map_is_panned(view: View) -> None:
    view.open("?z=0.5,1.5")
    before = names(view)
    view.page.mouse.move(*view.at(0.5, 0.5))
    view.page.mouse.down()
    view.page.mouse.move(*view.at(0.55, 0.5), steps=5)
    view.page.mouse.up()
    view.frame()
    moved = names(view) - before
    assert moved[:, 0] == pytest.approx(0.05 * view.box()["width"], abs=1.5) and np.abs(moved[:, 1]).max() < 1.5


@pytest.mark.slow
def test_keys_push_the_point_and_the_map_and_the_sliders_come_along(view: View) -> None:
    view.open("?z=0.5,1.5")
    focus(view)
    press(view, "++++")
    for _ in range(60):
        view.page.keyboard.press("ArrowRight")
    view.frame()
    z1 = float(view.page.get_by_test_id("z1").input_value())
    left, right, *_ = view.ranges()
    assert left < z1 < right and z1 > 1
    press(view, "-" * 30)
    for _ in range(400):
        view.page.keyboard.press("ArrowRight")
        if view.page.locator(".lm-controls output").first.inner_text() == "100.00":
            break
    view.page.wait_for_function("() => location.href.includes('z=100')")
    slider = view.page.get_by_test_id("z1")
    assert float(slider.input_value()) == float(slider.get_attribute("max")) == LIMIT
    ring, area = view.page.locator(".lm-cross b").bounding_box(), view.box()
    assert ring and abs(ring["x"] - area["x"] - area["width"] / 2) < area["width"] / 2, "the crosshair is in view"
    assert view.ranges()[0] < LIMIT < view.ranges()[1]
    kept = view.image()
    view.point(0.98, 0.5)  # beyond it
    assert (view.image() == kept).all()
    view.page.mouse.click(*view.at(0.98, 0.5))
    view.frame()
    assert view.url_z()[0] == LIMIT and (view.image() == kept).all()


@pytest.mark.slow
def test_sliders_reach_what_the_map_shows(view: View) -> None:
    view.open("?z=0.5,1.5&layers=names")
    slider = view.page.get_by_test_id("z1")
    usual = float(slider.get_attribute("max"))
    assert usual < 10
    focus(view)
    press(view, "---")
    view.click(0.97, 0.5)
    assert float(slider.input_value()) == pytest.approx(view.url_z()[0], abs=0.01) and view.url_z()[0] > usual
    view.open("?z=-40,0")
    assert float(slider.input_value()) == -40


@pytest.mark.slow
def test_wheel_and_keys_zoom_equally_far(view: View) -> None:
    view.open("?z=0.5,1.5")
    focus(view)
    press(view, "+" * 40)
    finest = unit(view)
    press(view, "-" * 60)
    coarsest = unit(view)
    view.page.mouse.move(*view.at(0.5, 0.5))

    def wheel(step: int) -> float:
        """Turn it until it changes nothing."""
        before, now = 0.0, unit(view)
        while before != now:
            for _ in range(20):
                view.page.mouse.wheel(0, step)
                view.frame()
            before, now = now, unit(view)
        return now

    assert wheel(400) == pytest.approx(coarsest, rel=0.12) and coarsest < 0.2
    assert wheel(-400) == pytest.approx(finest, rel=0.12) and finest == pytest.approx(1e-4, rel=0.01)


MOVED_AND_TOLD = """() => { const map = document.querySelector('.lm-map'), plotted = () => 'plotted' in map.dataset;
  const frame = () => new Promise(requestAnimationFrame);
  const ours = () => map.querySelector('.lm-dots'), theirs = map.querySelector('.gl-canvas-context');
  const [width, height] = [map.clientWidth, map.clientHeight]; // Plotly's canvas has twice as many pixels
  const once = async (seen) => { do await frame(); while (!seen()); await frame(); return dots(); };
  const copy = Object.assign(document.createElement('canvas'), { width, height }), pen = copy.getContext('2d');
  const shown = () => [ours(), theirs].filter((one) => one.checkVisibility({ visibilityProperty: true }));
  const dots = () => { pen.clearRect(0, 0, width, height); for (const one of shown()) pen.drawImage(one, 0, 0, width, height);
    return pen.getImageData(0, 0, width, height).data; };
  const ink = (data) => data.filter((v, i) => i % 4 === 3 && v > 100).length;
  const apart = (a, b) => a.filter((v, i) => i % 4 === 3 && Math.abs(v - b[i]) > 100).length;
  window.seen = (async () => { const first = dots(), moved = await once(() => !plotted()), who = shown(), told = await once(plotted);
    return [who[0].className === 'lm-dots', shown()[0] === theirs, ink(moved), ink(told), apart(first, told), apart(moved, told)];
  })(); }"""


A_CARD = """const { prototype } = WebGLRenderingContext, { getParameter } = prototype; // tests have none
  prototype.getParameter = function (name) { return name === this.RENDERER ? 'a card' : getParameter.call(this, name); };"""


def test_our_dots_lie_where_plotly_draws_them_once_the_view_rests(view: View) -> None:
    view.page.add_init_script(A_CARD)
    view.open("?z=0.5,1.5&layers=points")
    view.page.mouse.move(*view.at(0.4, 0.6))
    view.page.evaluate(MOVED_AND_TOLD)
    view.page.mouse.wheel(0, -100)
    ours, theirs, moved, told, otherwise, apart = view.page.evaluate("window.seen")
    assert ours and theirs, "one or the other"
    assert min(moved, told) > 20_000 < otherwise and apart < 0.01 * told


@pytest.mark.slow
def test_the_decoded_image_says_what_it_is(view: View) -> None:
    view.open("?z=0.5,-1.5")
    expect(view.page.get_by_role("img", name="Decoded image at z = (0.50, −1.50)")).to_be_visible()
    focus(view)
    press(view, ["Escape"])
    expect(view.page.get_by_role("img", name="Decoded image: no point is chosen")).to_be_visible()


@pytest.mark.slow
def test_forced_colours_keep_those_that_mean_something(server: Server, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, forced_colors="active", color_scheme="dark")
    view = View(context.new_page(), server.url).open("?z=0.5,1.5")
    view.page.mouse.move(3, 3)
    picture = np.asarray(Image.open(io.BytesIO(view.page.screenshot())).convert("RGB")).astype(int)
    script = """() => [...document.querySelectorAll('.lm-legend button')].map(b => {
      const { left, top, height } = b.getBoundingClientRect(), { borderLeftWidth, paddingLeft } = getComputedStyle(b);
      return [left + parseFloat(borderLeftWidth) + parseFloat(paddingLeft) + 6, top + height / 2]; })"""
    legend = view.page.evaluate(script)
    chips = names(view)
    for i, (x, y) in enumerate(legend):
        wanted = np.array([int(CLASS_COLOURS[i][j : j + 2], 16) for j in (1, 3, 5)])
        assert np.abs(picture[round(y), round(x)] - wanted).max() < 12, ("legend", i)
        corner = picture[round(chips[i, 3]) - 3, round((chips[i, 0] + chips[i, 2]) / 2)]
        assert np.abs(corner - wanted).max() < 30, ("name", i)
    ground = "b => getComputedStyle(b).backgroundColor"
    pressed, other = (view.page.get_by_role("button", name=name, exact=True).evaluate(ground) for name in ("Points", "Decoded grid"))
    assert pressed != other, "which layers are on"
    ink = view.page.evaluate("getComputedStyle(document.querySelector('.lm-map')).color")
    assert sum(int(v) for v in re.findall(r"\d+", ink)[:3]) > 600, "light on the system's dark ground"
    context.close()
    assert view.errors == []
