"""A map's own dots, pixel by pixel, against dots that are laid over one another in numbers with fractions."""

from typing import Any

import numpy as np
import pytest
from bundle import Bundle

pytestmark = pytest.mark.browser

SIDE, RADIUS, FINE = 60, 3.5, 32
PAINT = """const { Viewport } = await import('/map/viewport.js'), canvas = document.createElement('canvas'), { dots, traces, side } = given;
  const viewport = Object.assign(new Viewport(), { width: side, height: side, margin: { l: 10, r: 0, t: 0, b: 10 } });
  viewport.xr = viewport.yr = [0, side - 10];
  const figure = { data: traces.map(({ x, y, color }) => ({ x, y, marker: { color } })) };
  const ratio = Object.getOwnPropertyDescriptor(window, 'devicePixelRatio');
  Object.defineProperty(window, 'devicePixelRatio', { configurable: true, value: given.ratio });
  const painter = new m.Dots(canvas); painter.paint(viewport, figure, dots); painter.paint(viewport, figure, dots);
  Object.defineProperty(window, 'devicePixelRatio', ratio);
  return [canvas.width, [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]];"""


def painted(bundle: Bundle, traces: list[dict[str, Any]], dots: list[dict[str, Any]], ratio: int = 1) -> np.ndarray:
    """(H, W, 4), 0 to 255."""
    given = {"traces": traces, "dots": dots, "side": SIDE, "ratio": ratio}
    width, pixels = bundle.run("map/layers/dots.js", PAINT, given)
    return np.array(pixels, float).reshape(-1, width, 4)


def laid(traces: list[dict[str, Any]], dots: list[dict[str, Any]], ratio: int) -> np.ndarray:
    """The same: red, green, blue times opacity, and opacity, of discs whose share in a pixel is counted, each over those before it."""
    at = (np.arange(SIDE * ratio * FINE) + 0.5) / FINE
    whole = np.zeros((SIDE * ratio, SIDE * ratio, 4))
    for trace, dot in zip(traces, dots, strict=True):
        colour = np.array([int(trace["color"][i : i + 2], 16) for i in (1, 3, 5)] + [255.0])
        for x, y in zip(trace["x"], trace["y"], strict=True):
            inside = np.hypot(at[None] - ratio * (10 + x), at[:, None] - ratio * (SIDE - 10 - y)) <= ratio * dot["size"] / 2
            share = inside.reshape(SIDE * ratio, FINE, SIDE * ratio, FINE).mean((1, 3))[..., None] * dot["opacity"]
            whole = whole * (1 - share) + colour * share
    return whole


@pytest.mark.parametrize("ratio", [1, 2])
def test_dots_are_discs_of_their_colour_laid_over_one_another(bundle: Bundle, ratio: int) -> None:
    traces = [
        {"x": [20, 23.25, 40.5], "y": [20, 21.5, 30.25], "color": "#ff0000"},
        {"x": [21.75, 42], "y": [18.5, 31], "color": "#1e90ff"},
        {"x": [30], "y": [30], "color": "#00ff00"},
    ]
    dots = [{"symbol": "circle", "size": 2 * RADIUS, "opacity": opacity} for opacity in (0.7, 0.5, 0)]
    seen, expected = painted(bundle, traces, dots, ratio), laid(traces, dots, ratio)
    ink = seen[..., :3] * seen[..., 3:] / 255
    assert np.abs(seen[..., 3] - expected[..., 3]).max() < 8 and np.abs(ink - expected[..., :3]).max() < 8, "a pixel is sampled 64 times"
    assert np.abs(ink.sum((0, 1)) - expected[..., :3].sum((0, 1))).max() < 0.01 * expected.sum((0, 1)).max()
    assert seen[..., 3].sum() > 1000 and not seen[SIDE // 2 : SIDE // 2 + 1, SIDE // 2 + 12, 1].any(), "what has no opacity is not there"


def test_dots_at_the_plot_s_edge_are_cut_off_there(bundle: Bundle) -> None:
    traces = [{"x": [0, 25, -30], "y": [25, 0, 25], "color": "#ff0000"}]
    alpha = painted(bundle, traces, [{"symbol": "circle", "size": 2 * RADIUS, "opacity": 1}])[..., 3]
    assert not alpha[:, :10].any() and not alpha[50:].any(), "nothing of them is beside it"
    assert alpha[:, 10:].sum() == pytest.approx(255 * np.pi * RADIUS**2, rel=0.05), "and the halves inside are whole"


def test_under_images_close_up_no_dot_is_painted_until_the_view_has_none(bundle: Bundle) -> None:
    script = """const { Viewport } = await import('/map/viewport.js'), map = document.body.appendChild(document.createElement('div'));
      const plot = map.appendChild(document.createElement('div')), rings = plot.appendChild(document.createElement('canvas'));
      const viewport = Object.assign(new Viewport(), { width: 60, height: 60, limit: 9 }), layer = new m.PointLayer(plot), seen = [];
      const figure = { codes: {}, data: [{ meta: 3, x: [0], y: [0], marker: { color: '#ff0000', size: 20, opacity: 1 } }] };
      for (const close of [false, true, false]) {
        map.classList.toggle('lm-close-up', close);
        viewport.centre(0, seen.length * 5, 1);
        layer.use({ figure, lit: [true], on: new Set(['points']) });
        layer.look({ viewport });
        layer.show(true);
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const { data } = layer.all.picture.pen.getImageData(30, 0, 1, 60), rows = [...data].filter((_, i) => i % 4 === 3);
        seen.push(rows.indexOf(255));
      }
      map.remove(); return [seen, layer.all.picture.element.parentElement === plot && plot.lastChild === rings];"""
    (before, under, after), placed = bundle.run("map/layers/points.js", script)
    assert before > 0 and under == before, "it is as it was painted before"
    assert after == before + 10 and placed


def test_dots_that_rest_are_a_finished_picture_of_the_same(bundle: Bundle) -> None:
    """A canvas that can be drawn on is copied in each frame of the page where there is no GPU."""
    script = """const { Viewport } = await import('/map/viewport.js'), map = document.createElement('div');
      map.innerHTML = '<div class="lm-plot"><i></i></div>'; document.body.append(map);
      const layer = new m.PointLayer(map.firstChild), viewport = Object.assign(new Viewport(), { width: 90, height: 90 });
      const figure = { data: [{ x: [20, 40], y: [30, 60], meta: 1, marker: { size: 9, color: '#123456', opacity: 1 } }] };
      viewport.xr = viewport.yr = [0, 90]; const frame = () => new Promise(requestAnimationFrame);
      const dots = () => map.querySelector('.lm-dots'), still = () => !dots().getContext('2d');
      const look = () => { const pen = new OffscreenCanvas(90, 90).getContext('2d'); pen.drawImage(dots(), 0, 0);
        return pen.getImageData(0, 0, 90, 90).data; };
      const places = () => [[20, 60], [40, 30], [10, 10]].map(([x, y]) => look()[4 * (90 * y + x) + 3]);
      const seen = () => ({ still: still(), shown: !dots().hidden, places: places() });
      layer.use({ figure, lit: [true], on: new Set(['points']) }); layer.look({ viewport }); layer.show(true);
      await frame(); await frame(); const answer = [seen()], before = look(); while (!still()) await frame(); answer.push(seen());
      answer.push(look().every((v, i) => v === before[i]), layer.looks().dots.map(({ opacity }) => opacity)); layer.show(false);
      answer.push(seen().shown, layer.looks().dots.map(({ opacity }) => opacity)); layer.stop(); map.remove(); return answer;"""
    moving, resting, same, bright, shown, dark = bundle.run("map/layers/points.js", script)
    assert moving == {"still": False, "shown": True, "places": [255, 255, 0]} and resting == {**moving, "still": True} and same
    assert bright == [1] and not shown and dark == [0]
