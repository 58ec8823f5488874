"""Shapes beside colours: the switch in a browser, and the shapes themselves, held to Plotly's."""

import re

import numpy as np
import pytest
from bundle import Bundle
from live import Server, visitor
from playwright.sync_api import Browser, expect
from plotly.offline import get_plotlyjs
from view import View

from core import markers
from pages.browser import FOLDER

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("tools")]

SYMBOLS = "() => document.querySelector('.lm-plot').data.map((trace) => trace.marker.symbol)"
ASKED = "new URLSearchParams(location.search).get('shapes')"


def test_the_switch_gives_each_class_a_shape_on_the_map_in_the_legend_and_in_the_link(view: View) -> None:
    page = view.open("?z=0.5,1.5").page
    switch = page.get_by_test_id("shapes")
    expect(switch).to_have_attribute("aria-checked", "false")
    assert set(page.evaluate(SYMBOLS)) == {"circle"}
    asked = view.asked()
    before = np.frombuffer(page.get_by_test_id("latent-map").screenshot(), np.uint8)
    switch.press("Space")
    page.wait_for_function(f"() => ({SYMBOLS})().includes('star')")
    assert asked == [], "nothing is fetched for it"
    assert len(set(page.evaluate(SYMBOLS))) == 10, "each class has its own"
    clips = page.locator(".lm-legend button").evaluate_all("all => all.map((one) => getComputedStyle(one, '::before').clipPath)")
    assert len(set(clips)) == 10 and sum("polygon" in clip for clip in clips) == 9
    view.frame()
    assert before.tobytes() != page.get_by_test_id("latent-map").screenshot()
    page.wait_for_function(f"() => {ASKED} === '1'")

    page.locator(".lm-legend button").nth(3).click()
    view.wait_for_bright(3)
    assert len(set(page.evaluate(SYMBOLS))) == 10, "they stay when classes are dimmed"
    switch.click()
    page.wait_for_function(f"() => {ASKED} === null")
    assert set(page.evaluate(SYMBOLS)) == {"circle"}


@pytest.mark.slow
def test_a_link_opens_the_map_with_shapes(view: View) -> None:
    page = view.open("?z=0.5,1.5&shapes=1").page
    expect(page.get_by_test_id("shapes")).to_have_attribute("aria-checked", "true")
    assert len(set(page.evaluate(SYMBOLS))) == 10
    assert page.evaluate(ASKED) == "1"


@pytest.mark.slow
def test_both_maps_of_a_comparison_are_switched(server: Server, chromium: Browser) -> None:
    with visitor(chromium, f"{server.url}/compare") as page:
        for number in range(2):
            page.locator("[data-testid=latent-map][data-plotted]").nth(number).wait_for()
        page.get_by_test_id("shapes").nth(1).click()
        expect(page.get_by_test_id("shapes").nth(0)).to_have_attribute("aria-checked", "true")
        page.wait_for_function("""() => [...document.querySelectorAll('.lm-plot')].every(({ data }) => data.every(({ marker }, i, all) =>
            all.findIndex((other) => other.marker.symbol === marker.symbol) === i))""")
        page.wait_for_function(f"() => {ASKED} === '1'")
        page.reload()
        expect(page.get_by_test_id("shapes").nth(1)).to_have_attribute("aria-checked", "true")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.lm-plot')].every((plot) => plot.data?.[3].marker.symbol === 'square')"
        )
        page.get_by_test_id("shapes").nth(0).click()
        expect(page.get_by_test_id("shapes").nth(1)).to_have_attribute("aria-checked", "false")
        page.wait_for_function(f"() => {ASKED} === null")


@pytest.mark.slow
def test_the_dial_is_switched_too_and_its_link_says_so(server: Server, chromium: Browser) -> None:
    pixels = """() => { const c = document.querySelector('.dl-cloud');
      return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.reduce((sum, v, i) => (sum * 31 + v) | 0, 0); }"""
    with visitor(chromium, f"{server.url}/compare?mode=dial") as page:
        page.locator("[data-testid=dial-mark]:not([hidden])").wait_for()
        before = page.evaluate(pixels)
        page.get_by_test_id("shapes").press("Space")
        page.wait_for_function(f"(before) => ({pixels})() !== before", arg=before)
        page.wait_for_function(f"() => {ASKED} === '1'")
        clips = page.locator(".lm-legend button").evaluate_all("all => all.map((one) => getComputedStyle(one, '::before').clipPath)")
        assert len(set(clips)) == 10
        after = page.evaluate(pixels)
        page.reload()
        expect(page.get_by_test_id("shapes")).to_have_attribute("aria-checked", "true")
        page.locator("[data-testid=dial-mark]:not([hidden])").wait_for()
        page.mouse.move(5, 5)
        page.wait_for_function(f"(after) => ({pixels})() === after", arg=after)


# --- one by one -----------------------------------------------------------------------------------------------------------


def corners(path: str) -> np.ndarray:
    """The corners of an SVG path of M, L, H, V, l and Z, in order."""
    x = y = 0.0
    found = []
    for command, numbers in re.findall(r"([MLHVlZz])([^MLHVlZz]*)", path):
        given = [float(v) for v in re.findall(r"-?[\d.]+", numbers)]
        for i in range(0, len(given), 1 if command in "HV" else 2):
            if command == "H":
                x = given[i]
            elif command == "V":
                y = given[i]
            else:
                x, y = (x + given[i], y + given[i + 1]) if command == "l" else (given[i], given[i + 1])
            found.append((x, y))
    return np.array(found)


def polygon(points: np.ndarray) -> set[tuple[float, float]]:
    return {(round(x, 2) + 0.0, round(y, 2) + 0.0) for x, y in points.tolist()}


def test_shapes_are_those_that_plotly_draws_by_that_name(bundle: Bundle) -> None:
    shapes = bundle.run("map/shapes.js", "return m.SHAPES")
    assert len({shape["symbol"] for shape in shapes}) == len(shapes) == 10
    bundle.page.add_script_tag(content=get_plotlyjs())
    script = """async (symbols) => {
      const plot = document.body.appendChild(document.createElement('div'));
      const [x, y] = [symbols.map((_, i) => i), symbols.map(() => 0)];
      await Plotly.newPlot(plot, [{ mode: "markers", x, y, marker: { symbol: symbols, size: 200 } }]);
      const paths = [...plot.querySelectorAll('path.point')].map((path) => path.getAttribute('d'));
      plot.remove();
      return paths;
    }"""
    paths = bundle.page.evaluate(script, [shape["symbol"] for shape in shapes])
    for shape, path in zip(shapes, paths, strict=True):
        if shape["corners"] is None:
            assert "A" in path
        else:
            drawn = polygon(corners(path) / 100)
            ours = polygon(np.array(shape["corners"]))
            assert len(drawn) == len(ours) and all(min(np.hypot(x - u, y - v) for u, v in ours) < 0.02 for x, y in drawn), shape["symbol"]


def test_pictures_have_the_shapes_of_the_page(bundle: Bundle) -> None:
    shapes, larger = bundle.run("map/shapes.js", "return [m.SHAPES, m.LARGER]")
    assert larger == markers.LARGER and [shape["symbol"] for shape in shapes] == [name for name, _ in markers.SHAPES]
    for label, shape in enumerate(shapes):
        corners = markers.corners_of(label)
        assert (corners is None) == (shape["corners"] is None)
        assert corners is None or corners == pytest.approx(np.array(shape["corners"]))


def test_shapes_are_told_apart_at_the_size_of_a_dot(bundle: Bundle) -> None:
    """Of any two, at least an eighth of the ink at that size is not the other's."""
    script = """return m.SHAPES.map((shape) => {
      const context = document.createElement('canvas').getContext('2d');
      Object.assign(context.canvas, { width: 16, height: 16 });
      m.outline(context, shape, 8, 8, given / 2 * m.LARGER);
      context.fill();
      return [...context.getImageData(0, 0, 16, 16).data].filter((_, i) => i % 4 === 3);
    })"""
    inks = np.array(bundle.run("map/shapes.js", script, 4), float) / 255
    for i, one in enumerate(inks):
        assert one.sum() > 8, "it can be seen"
        for other in inks[i + 1 :]:
            assert np.abs(one - other).sum() > np.maximum(one, other).sum() / 8


def test_each_shape_as_css_has_it(bundle: Bundle) -> None:
    circle, square, star = bundle.run("map/shapes.js", "return [9, 3, 15].map((label) => m.clipPath(m.shapeOf(label)))")
    assert circle == "circle(50%)", "and after the last shape they begin again:"
    assert star == bundle.run("map/shapes.js", "return m.clipPath(m.shapeOf(5))") and star.count(",") == 9
    assert {tuple(corner.split()) for corner in square[8:-1].split(", ")} == {
        (x, y) for x in ("0.0%", "100.0%") for y in ("0.0%", "100.0%")
    }


def test_dots_of_our_own_have_shapes(bundle: Bundle) -> None:
    """Of a saved page, and of a view that moves: a square fills its corners, a circle does not; in the class's colour."""
    script = """const { Viewport } = await import('/map/viewport.js'), plot = document.body.appendChild(document.createElement('div'));
      const viewport = Object.assign(new Viewport(), { width: 60, height: 60, limit: 9 }), layer = new m.PointLayer(plot);
      viewport.centre(0, 0, 1);
      const figure = { data: [{ meta: 3, x: [0], y: [0], marker: { color: '#ff0000', size: 20, opacity: 1 } }] }, seen = [];
      for (const shaped of [false, true]) {
        layer.use({ figure, lit: [true], on: new Set(['points']), shaped });
        layer.look({ viewport });
        layer.show(true);
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const context = layer.all.picture.pen;
        seen.push([[0, 0], [9, 9], [14, 14]].map(([x, y]) => [...context.getImageData(30 + x, 30 + y, 1, 1).data].join()));
        seen.push(layer.looks().dots);
      }
      plot.remove(); return seen;"""
    red, nothing = "255,0,0,255", "0,0,0,0"
    round_, plain, square, shaped = bundle.run("map/layers/points.js", script)
    assert round_ == [red, nothing, nothing] and plain == [{"symbol": "circle", "size": 20, "opacity": 1}]
    assert square == [red, red, red] and shaped == [{"symbol": "square", "size": 32, "opacity": 1}]


def test_each_kind_of_curve_has_a_shape_in_its_key_and_at_the_marked_epoch(bundle: Bundle) -> None:
    script = """const { STRIP } = await import('/map/time_strip.js');
      document.body.innerHTML = `<style>${given}</style><div class="lm"><div>${STRIP}</div></div>`;
      const root = document.querySelector('.lm'), strip = root.firstElementChild, stop = new AbortController();
      const curves = new m.Curves(strip, strip.querySelector('input'), () => {}, stop.signal);
      const one = (group, dashed, value) => ({ group, dashed, name: `${group} ${dashed}`, colour: '#123456', values: [value] });
      curves.update('/none.js', { epoch: [0], series: [one('elbo', false, 1), one('elbo', true, 2), one('kl', false, 0.1)] }, [0, 1]);
      curves.panels = curves.split(); curves.mark(0);
      const shown = () => [...strip.querySelectorAll('.lm-curves-marks circle, .lm-curves-marks polygon')]
        .filter((mark) => getComputedStyle(mark).display !== 'none').map((mark) => mark.localName);
      const clip = (key) => getComputedStyle(key.querySelector('i'), '::after').clipPath;
      const keys = () => [...strip.querySelectorAll('.lm-keys button')].map(clip);
      const before = [shown(), keys()]; root.classList.add('lm-shaped'); const after = [shown(), keys()];
      stop.abort(); document.body.innerHTML = ''; return [before, after];"""
    style = (FOLDER / "map" / "curves.css").read_text("utf-8")
    (marks, keys), (shaped_marks, shaped_keys) = bundle.run("map/curves.js", script, style)
    assert marks == ["circle"] * 3 and set(keys) == {"none"}
    assert shaped_marks == ["circle", "circle", "polygon"], "a dot of each curve, in its kind's shape"
    assert shaped_keys[0] == shaped_keys[1] == "circle(50%)" and shaped_keys[2].startswith("polygon")
