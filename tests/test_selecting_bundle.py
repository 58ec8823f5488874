"""Selecting codes on the map, without a server: shapes beside an independent way to look for what is in them, averages beside numpy's."""

import csv
import io
import re
from typing import Any

import numpy as np
import pytest
from bundle import Bundle
from scipy.stats import norm

from core import checkpoints, export, latent, sheets
from core.dimensions import kl_each_nats
from core.fields import losses_nats
from core.models import build
from core.models.vae import VAEConfig
from pages.browser import FOLDER
from pages.browser.map import BENCH
from pages.session import link

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

SHAPES, PARTS, AVERAGES = (f"selecting/{name}.js" for name in ("shapes", "parts", "averages"))

Line = list[tuple[float, float]]
BOW: Line = [(0, 0), (8, 8), (8, 0), (0, 8)]
STAR: Line = [(4, 9), (1, 0), (9, 6), (-1, 6), (7, 0)]  # its middle is gone round twice
TWICE: Line = [(0, 0), (6, 0), (6, 6), (0, 6), (0, 0), (6, 0), (6, 6), (0, 6)]
LASSOS: dict[str, Line] = {
    "a triangle": [(0, 0), (7, 1), (3, 8)],
    "with a bay": [(0, 0), (8, 0), (8, 8), (4, 3), (0, 8)],
    "a bow": BOW,
    "a star": STAR,
    "twice round": TWICE,
    "a line": [(1, 1), (5, 5)],
    "a line there and back": [(1, 1), (7, 4), (3, 2)],
    "a point": [(3, 3)],
    "one point again and again": [(3, 3), (3, 3), (3, 3)],
    "a corner given twice": [(0, 0), (0, 0), (6, 0), (6, 6), (6, 6)],
    "nothing": [],
}


def inside(lasso: Line, points: np.ndarray) -> np.ndarray:
    """Which points (N, 2) a closed lasso goes round an odd number of times, by the angles at which they see its sides; on a side: yes."""
    corners = np.array(lasso, float).reshape(-1, 2)
    found = np.zeros(len(points), bool)
    for i, point in enumerate(points):
        a, b = corners - point, np.roll(corners, -1, 0) - point
        cross, dot = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], (a * b).sum(1)
        if ((cross == 0) & (dot <= 0)).any():
            found[i] = True
        else:
            found[i] = round(float(np.arctan2(cross, dot).sum() / (2 * np.pi))) % 2 == 1
    return found


def lassoed(bundle: Bundle, lasso: Line, points: np.ndarray) -> list[int]:
    given = {"x": points[:, 0].tolist(), "y": points[:, 1].tolist(), "lasso": lasso}
    found: list[int] = bundle.run(SHAPES, "return m.inLasso(given.x, given.y, given.lasso)", given)
    return found


@pytest.mark.parametrize("name", LASSOS)
def test_a_lasso_holds_what_it_goes_round_an_odd_number_of_times_and_its_own_line(bundle: Bundle, name: str) -> None:
    grid = np.stack(np.meshgrid(np.arange(-2, 11), np.arange(-2, 11)), -1).reshape(-1, 2)  # through corners and along sides, too
    between = np.random.default_rng(0).uniform(-1, 10, (400, 2))
    for points in (grid, between):
        assert lassoed(bundle, LASSOS[name], points) == np.flatnonzero(inside(LASSOS[name], points)).tolist()


def test_the_other_way_round_and_from_another_corner_it_holds_the_same(bundle: Bundle) -> None:
    points = np.random.default_rng(1).uniform(-1, 10, (300, 2))
    wanted = lassoed(bundle, STAR, points)
    assert wanted and lassoed(bundle, STAR[::-1], points) == wanted == lassoed(bundle, STAR[2:] + STAR[:2], points)
    assert inside([(4, 4)], np.array([[4, 4]])).all() and not inside(TWICE, np.array([[3, 3]])).any(), "the other way to look knows it, too"


def test_ten_thousand_codes_and_a_lasso_by_a_shaking_hand(bundle: Bundle) -> None:
    generator = np.random.default_rng(2)
    points = generator.normal(size=(10_000, 2))
    angles = np.linspace(0, 4 * np.pi, 150)  # twice round, so that it crosses itself
    hand = np.stack([np.cos(angles), np.sin(angles)], 1) * generator.uniform(0.5, 1.8, (150, 1))
    found = lassoed(bundle, [(x, y) for x, y in hand.tolist()], points)
    assert found == np.flatnonzero(inside([(x, y) for x, y in hand.tolist()], points)).tolist() and len(found) > 500


def test_edges_of_a_box_and_of_a_circle_belong_to_them_whichever_corners_are_given(bundle: Bundle) -> None:
    points = np.stack(np.meshgrid(np.arange(-3, 4), np.arange(-3, 4)), -1).reshape(-1, 2)
    given = {"x": points[:, 0].tolist(), "y": points[:, 1].tolist()}
    wanted = np.flatnonzero((np.abs(points[:, 0]) <= 2) & (points[:, 1] >= -1) & (points[:, 1] <= 3)).tolist()
    for corners in ("[[-2, -1], [2, 3]]", "[[2, -1], [-2, 3]]"):
        assert bundle.run(SHAPES, f"return m.inBox(given.x, given.y, {corners})", given) == wanted
    circle = np.flatnonzero(np.hypot(points[:, 0] - 1, points[:, 1]) <= 2).tolist()
    assert bundle.run(SHAPES, "return m.inCircle(given.x, given.y, [1, 0], 2)", given) == circle


def test_a_simplified_line_stays_near_to_all_of_its_points_and_has_not_too_many(bundle: Bundle) -> None:
    angles = np.linspace(0, 2 * np.pi, 400)
    line = (np.stack([np.cos(angles), np.sin(3 * angles)], 1) + np.random.default_rng(3).normal(0, 0.002, (400, 2))).tolist()
    fine, coarse, straight = bundle.run(
        SHAPES,
        "return [m.simplified(given, 0.02, 100), m.simplified(given, 0.001, 12), m.simplified([[0, 0], [1, 0], [2, 0], [5, 0]], 0.1, 9)]",
        line,
    )
    assert fine[0] == line[0] and fine[-1] == line[-1] and 10 < len(fine) < 100 and len(coarse) <= 12
    assert straight == [[0, 0], [5, 0]]
    ends = np.array(fine)
    for point in np.array(line):
        a, step = ends[:-1], np.diff(ends, axis=0)
        share = np.clip(((point - a) * step).sum(1) / (step**2).sum(1), 0, 1)[:, None]
        assert np.hypot(*(a + share * step - point).T).min() <= 0.02 + 1e-9


# --- parts -----------------------------------------------------------------------------------------------------------------

CODES = np.random.default_rng(4).normal(0, 1.5, (2000, 2))
LABELS = np.sort(np.random.default_rng(5).integers(0, 4, 2000))
FIGURE: dict[str, Any] = {
    "codes": {"x": CODES[:, 0].tolist(), "y": CODES[:, 1].tolist(), "owner": LABELS.tolist()},
    "data": [{"meta": label} for label in range(4)],
}


def chosen(bundle: Bundle, script: str) -> list[int]:
    """What the parts of a script select."""
    parts = f"const p = m.part, parts = {script};"
    found: list[int] = bundle.run(PARTS, f"{parts} return m.selected(parts, given)", FIGURE)
    again: list[int] = bundle.run(PARTS, f"{parts} return m.selected(m.read(m.written(parts), 100), given)", FIGURE)
    assert found == again, "and the address says the same"
    return found


def test_parts_add_to_those_before_them_or_take_from_them(bundle: Bundle) -> None:
    box = (np.abs(CODES) <= 1).all(1)
    assert chosen(bundle, "[p('new', 'b', [-1, -1, 1, 1])]") == np.flatnonzero(box).tolist()
    circle = np.hypot(CODES[:, 0] - 1, CODES[:, 1]) <= 0.75
    more = "[p('new', 'b', [1, 1, -1, -1]), p('remove', 'o', [1, 0, 0.75]), p('add', 'c', [2])]"
    assert chosen(bundle, more) == np.flatnonzero((box & ~circle) | (LABELS == 2)).tolist()
    assert (
        chosen(bundle, "[p('new', 'c', [2]), p('new', 'b', [-1, -1, 1, 1], [3, 0])]")
        == np.flatnonzero(box & np.isin(LABELS, [0, 3])).tolist()
    )
    assert chosen(bundle, "[p('remove', 'c', [2])]") == []


def test_on_a_map_spread_evenly_a_lasso_s_sides_are_straight_there(bundle: Bundle) -> None:
    lasso = [(-2.5, -1.0), (2.5, -0.5), (0.2, 2.0)]
    numbers = [v for point in lasso for v in point]
    spread = inside([(x, y) for x, y in norm.cdf(lasso).tolist()], norm.cdf(CODES))
    plain = inside([(x, y) for x, y in lasso], CODES)
    assert (spread != plain).sum() > 20, "or this says nothing"
    assert chosen(bundle, f"[p('new', 's', {numbers})]") == np.flatnonzero(spread).tolist()
    assert chosen(bundle, f"[p('new', 'l', {numbers})]") == np.flatnonzero(plain).tolist()


@pytest.mark.parametrize(
    "word",
    [
        "", "x", "b1,2,3", "b1,2,3,4,5", "l1,2,3", "b1,2,3,4~a", "b1,2,3,", "b1,2,3,NaN", "b1,2,3,1e99", "b1,2,3,101", "c", "c1.5.2",
        "o1,2", "b1,2,3,4;x", ";".join(["c1"] * 25), "l" + ",".join(["1"] * 98), "*b1,2,3,4", "b1,2,3,4~1.5;<b>",
    ],
)  # fmt: skip
def test_an_address_that_says_nothing_of_the_kind_selects_nothing(bundle: Bundle, word: str) -> None:
    parts = bundle.run(PARTS, "return m.read(given, 100)", word)
    assert parts == []


def test_there_is_an_end_to_what_is_added(bundle: Bundle) -> None:
    script = """let parts = []; for (let i = 0; i < 40; i++) parts = m.withPart(parts, m.part('add', 'c', [i]));
      return [parts.length, m.withPart(parts, m.part('new', 'b', [0.123456, -1e-9, 1, 1]))]"""
    count, anew = bundle.run(PARTS, script)
    assert count == 24 and anew == [{"mode": "new", "kind": "b", "numbers": [0.1235, 0, 1, 1], "lit": []}]


# --- averages --------------------------------------------------------------------------------------------------------------


def test_counts_means_and_steps_are_numpys(bundle: Bundle) -> None:
    table, rows = np.random.default_rng(6).integers(0, 256, (50, 9)), [3, 49, 7, 20]
    labels = np.random.default_rng(7).integers(0, 5, 50)
    given = {"table": table.flatten().tolist(), "rows": rows, "labels": labels.tolist()}
    counted, averaged, none = bundle.run(
        AVERAGES,
        "return [[...m.counts(given.rows, given.labels, 5)], [...m.mean(given.rows, Uint8Array.from(given.table), 9)], m.mean([], [], 9)]",
        given,
    )
    assert counted == np.bincount(labels[rows], minlength=5).tolist() and none is None
    assert averaged == pytest.approx(table[rows].mean(0))
    a, b, z = np.random.default_rng(8).normal(size=(3, 6))
    step, there, back = bundle.run(
        AVERAGES,
        "const v = m.attribute(given.a, given.b); return [v, [...m.moved(given.z, v, 1)], [...m.moved(given.z, v, -0.5)]]",
        {"a": a.tolist(), "b": b.tolist(), "z": z.tolist()},
    )
    assert step == pytest.approx(b - a) and there == pytest.approx(z + b - a) and back == pytest.approx(z - 0.5 * (b - a))


# --- drawn on the map ------------------------------------------------------------------------------------------------------

OUTLINE = """const { Viewport } = await import('/map/viewport.js'), { SPREAD } = await import('/map/scale.js');
  const viewport = Object.assign(new Viewport(), { width: 400, height: 400, limit: 100, xr: [-2, 2], yr: [-2, 2] }), said = [];
  const root = document.body.appendChild(document.createElement('div'));
  root.innerHTML = '<div class=plot style="position: fixed; left: 50px; top: 20px; width: 400px; height: 400px"></div>'
    + '<svg><g class=lm-kept></g></svg>';
  const input = { borrow: (tool) => { input.tool = tool; return () => (input.tool = null); } };
  const map = { root, viewport, input, drawn: new Set(), plot: { element: root.firstChild }, snap: (z) => z };
  map.keep = (z) => said.push(['keep', z]);
  const outline = new m.Outline(map, (kind, numbers, at) => said.push([kind, numbers, Boolean(at.shiftKey)]), () => said.push(['left']));
  const at = (x, y, more) => ({ clientX: 50 + x, clientY: 20 + y, ...more }), path = () => root.querySelector('path').getAttribute('d');
  const drag = (points, more) => points.forEach(([x, y], i) => {
    if (!i) input.tool.down(null, at(x, y, more)); else input.tool.move(null, at(x, y));
    if (i === points.length - 1) input.tool.up([7, 7], at(x, y));
  });"""


def outlined(bundle: Bundle, script: str) -> Any:
    return bundle.run("selecting/outline.js", f"{OUTLINE} {script} root.remove(); return said;")


def test_a_box_goes_from_corner_to_corner_and_not_beyond_the_map(bundle: Bundle) -> None:
    assert outlined(bundle, "outline.use('box'); drag([[100, 100], [250, 120], [300, 250]], { shiftKey: true });") == [
        ["b", [-1, 1, 1, -0.5], True]
    ]
    assert outlined(bundle, "outline.use('box'); drag([[100, 100], [999, -50]]);") == [["b", [-1, 1, 2, 2], False]]


def test_a_lasso_is_drawn_as_it_is_and_told_with_fewer_points(bundle: Bundle) -> None:
    script = """outline.use('lasso'); const points = Array.from({ length: 101 }, (_, i) => [100 + i, 100]);
      drag([...points, ...points.map(([x], i) => [200, 100 + i])]);
      viewport.scale = SPREAD; viewport.xr = viewport.yr = [0, 1]; drag([[200, 200], [300, 200], [200, 100]]);"""
    plain, spread = outlined(bundle, script)
    assert plain == ["l", [-1, 1, 0, 1, 0, 0], False]
    assert spread[0] == "s" and spread[1] == pytest.approx([0, 0, norm.ppf(0.75), 0, 0, norm.ppf(0.75)])


def test_a_click_is_what_it_is_without_a_tool_and_esc_ends_a_drawing_then_the_tool(bundle: Bundle) -> None:
    script = """outline.use('box'); drag([[100, 100], [102, 101]]);
      input.tool.down(null, at(10, 10)); input.tool.move(null, at(90, 90)); said.push(path()); input.tool.cancel(); said.push(path());
      input.tool.up([0, 0], at(90, 90)); input.tool.cancel(); outline.use(null); said.push(input.tool);"""
    assert outlined(bundle, script) == [["keep", [7, 7]], "M10.0,10.0L90.0,10.0L90.0,90.0L10.0,90.0Z", None, ["left"], None]


def test_what_is_drawn_moves_with_the_view(bundle: Bundle) -> None:
    script = """outline.use('box'); input.tool.down(null, at(100, 100)); input.tool.move(null, at(200, 200)); viewport.zoom(2, [0, 0]);
      for (const one of map.drawn) one.draw(); said.push(path());"""
    assert outlined(bundle, script) == ["M0.0,0.0L200.0,0.0L200.0,200.0L0.0,200.0Z"]


def test_only_what_is_selected_is_painted_bright(bundle: Bundle) -> None:
    script = """const { Viewport } = await import('/map/viewport.js'), canvas = document.createElement('canvas');
      const painter = new m.Dots(canvas);
      const viewport = Object.assign(new Viewport(), { width: 100, height: 100, xr: [0, 10], yr: [0, 10] });
      const trace = (color, x, y) => ({ x, y, marker: { color, size: 6 } });
      const figure = { data: [trace('#ff0000', [2, 8], [2, 2]), trace('#0000ff', [2, 8], [8, 8])] };
      const at = (x, y) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data];
      const dots = (...all) => all.map((opacity) => ({ symbol: 'circle', size: 10, opacity }));
      const all = () => [at(20, 80), at(80, 80), at(20, 20), at(80, 20)].map(([r, , b, a]) => [r, b, a]);
      painter.paint(viewport, figure, dots(1, 1)); const every = all();
      painter.paint(viewport, figure, dots(1, 1), [0, 1, 1, 0]); const some = all();
      painter.paint(viewport, figure, dots(0, 1), [0, 1, 1, 0]); return [every, some, all()];"""
    red, blue, none = [255, 0, 255], [0, 255, 255], [0, 0, 0]
    assert bundle.run("map/layers/dots.js", script) == [[red, red, blue, blue], [none, red, blue, none], [none, none, blue, none]]


# --- named selections, and the step between two ----------------------------------------------------------------------------

STEP = """const { DenseDecoder } = await import('/nets/decoder.js'), { Viewport } = await import('/map/viewport.js');
  const { Cursor } = await import('/map/cursor.js');
  const decoder = new DenseDecoder(Uint8Array.from(given.file).buffer), d = given.z.length, stopper = new AbortController();
  const root = document.body.appendChild(document.createElement('div'));
  root.innerHTML = '<svg><g class=lm-kept></g></svg><section></section>';
  const viewport = Object.assign(new Viewport(), { width: 400, height: 400, limit: 100, xr: [-2, 2], yr: [-2, 2] });
  const table = Float32Array.from(given.table.flat());
  const facts = { plane: given.plane, drawn: null, conditional: false, model: { name: 'm' } };
  const readout = { facts, ready: facts, decoder, labels: [], codes: { tensors: { mu: { data: table, shape: [given.table.length, d] } } } };
  readout.codeAt = () => ({ code: given.z, row: 17 });
  const restored = [], cursor = new Cursor(), map = { root, viewport, drawn: new Set(), cursor, readout, decoder };
  const place = root.querySelector('section'), named = new m.Named(place, map, (state) => restored.push(state), stopper.signal);
  const name = (text, rows) => {
    named.use({ rows, parts: [rows.length], before: [] });
    place.querySelector('form input').value = text;
    place.querySelector('form').dispatchEvent(new Event('submit', { cancelable: true }));
  };
  const ink = async (one) => {
    const canvas = one.src ? document.createElement('canvas') : one;
    if (one.src) { await one.decode(); Object.assign(canvas, { width: 28, height: 28 }).getContext('2d').drawImage(one, 0, 0); }
    return [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0);
  };
  const soon = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  named.show(true); cursor.keep([0.5, 0.5]);"""


@pytest.mark.parametrize("dimensions", [2, 5])
def test_what_tells_two_named_selections_apart_is_added_to_a_digit_and_shown_on_the_map(bundle: Bundle, dimensions: int) -> None:
    model = build("vae", VAEConfig(latent_dim=dimensions, decoder_hidden=(16,)), seed=1).eval()
    generator = np.random.default_rng(9)
    table, z = generator.normal(size=(40, dimensions)).astype(np.float32), generator.normal(size=dimensions).astype(np.float32)
    axes = np.linalg.qr(generator.normal(size=(dimensions, dimensions)))[0][:2]
    origin = generator.normal(size=dimensions)
    plane = {"origin": origin.tolist(), "axes": axes.tolist()}
    given = {"file": list(export.code_decoder_bytes(model)), "table": table.tolist(), "z": z.tolist(), "plane": plane}
    script = f"""{STEP} name('', [1, 2, 3]); const before = place.querySelector('.sl-step').hidden; name('slanted', [4, 20]);
      const slider = place.querySelector('input[type=range]'), images = [...place.querySelectorAll('.sl-strip img')];
      const strip = await Promise.all(images.map(ink));
      slider.value = -0.5; slider.dispatchEvent(new Event('input')); await soon();
      const [move] = place.querySelectorAll('.sl-added figure canvas'), path = root.querySelector('.sl-arrow path').getAttribute('d');
      const at = root.querySelector('.sl-arrow circle').getAttribute('transform'), words = place.querySelector('.sl-step > p').textContent;
      const said = [await ink(move), strip, path, at, words, before]; named.show(false);
      said.push(root.querySelector('.sl-arrow').getAttribute('visibility'));
      const film = named.step.film('png'); film.rows[0].images = film.rows[0].images.map((one) => [...one]);
      said.push(film, named.step.film('gif').rows[0].images.length); stopper.abort(); root.remove(); return said;"""
    shown, strip, path, at, words, before, after, film, moves = bundle.run("selecting/named.js", script, given)
    a, b = table[[1, 2, 3]].mean(0), table[[4, 20]].mean(0)
    drawn = latent.decode(model, np.stack([z + amount * (b - a) for amount in (-2, -1, 0, 1, 2, -0.5)])).reshape(6, 784) * 255
    assert np.abs(np.array([*strip, shown]) - drawn).max() <= 1
    frames = np.array(film["rows"][0]["images"]).reshape(5, 784)
    assert np.abs(255 * frames - drawn[:5]).max() <= 1 and film["name"] == "m-step" and film["heads"][0] == "−2 ×" and moves == 41
    assert before and after == "hidden" and "from the mean code of A to that of slanted" in words
    assert f"{np.linalg.norm(b - a):.2f} long" in words and ("shadow" in words) == (dimensions > 2)

    def pixel(code: np.ndarray) -> list[float]:
        x, y = axes @ (code - origin)
        return [100 * (x + 2), 100 * (2 - y)]

    ends = [[float(v) for v in one.split(",")] for one in re.findall(r"[ML]([-\d.]+,[-\d.]+)", path)]
    assert ends[0] == pytest.approx(pixel(a), abs=0.06) and ends[24] == pytest.approx(pixel(b), abs=0.06)
    assert ends[-1] == pytest.approx(pixel(z + 2 * (b - a)), abs=0.06)
    assert [float(v) for v in at[10:-1].split(" ")] == pytest.approx(pixel(z - 0.5 * (b - a)), abs=0.06)


def test_names_are_kept_chosen_again_and_forgotten(bundle: Bundle) -> None:
    model = build("vae", VAEConfig(decoder_hidden=(16,)), seed=1).eval()
    given = {
        "file": list(export.code_decoder_bytes(model)),
        "table": [[0.0, 0.0]] * 9,
        "z": [0, 0],
        "plane": {"origin": [0, 0], "axes": [[1, 0], [0, 1]]},
    }
    script = f"""{STEP} name('<b>', [1]); name('', [1, 2]); name('<b>', [3, 4, 5]); name('', []);
      const list = () => [...place.querySelectorAll('li')].map((one) => one.innerText.replace(/\\s+/g, ' ').trim()), first = list();
      place.querySelector('[data-again="1"]').click(); place.querySelector('[data-forget="0"]').click();
      const focus = document.activeElement.textContent; const left = list(), hidden = place.querySelector('.sl-step').hidden;
      named.clear(); named.use({{ rows: [], parts: [], before: [] }}); stopper.abort(); root.remove();
      return [first, restored, left, hidden, focus, place.hidden];"""
    first, restored, left, hidden, focus, gone = bundle.run("selecting/named.js", script, given)
    assert [one.split(" test")[0] for one in first] == ["A 2", "<b> 3"], "a name given again is the new one's"
    assert restored == [{"parts": [3], "before": []}] and len(left) == 1 and hidden and focus == "Select again" and gone


def test_a_name_means_the_same_images_on_another_plane(bundle: Bundle) -> None:
    """Not what its boxes would hold there."""
    model = build("vae", VAEConfig(decoder_hidden=(16,)), seed=1).eval()
    plane = {"origin": [0, 0], "axes": [[1, 0], [0, 1]]}
    given = {"file": list(export.code_decoder_bytes(model)), "table": [[0.0, 0.0]] * 9, "z": [0, 0], "plane": plane}
    script = f"""{STEP} name('A', [1, 2]); named.moved(); named.use({{ rows: [], parts: [], before: [] }});
      place.querySelector('[data-again="0"]').click(); const kept = named.list[0].rows; stopper.abort(); root.remove();
      return [restored, kept];"""
    assert bundle.run("selecting/named.js", script, given) == [[{"parts": [], "before": [1, 2]}], [1, 2]]


def test_rows_selected_on_another_plane_stay_until_something_takes_them_away(bundle: Bundle) -> None:
    figure = FIGURE | {"codes": FIGURE["codes"] | {"row": list(range(2000))[::-1]}}
    script = """return [m.selected([], given, [3, 1999]), m.selected([m.part('remove', 'b', [-9, -9, 9, 9])], given, [3]),
      m.selected([m.part('new', 'c', [1])], given, [3])]"""
    found, none, anew = bundle.run(PARTS, script, figure)
    assert found == [0, 1996] and none == [] and anew == np.flatnonzero(LABELS == 1).tolist()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((1, [0.5], True, True), "It is one image, whose code is z = 0.50."),
        ((1200, [0.5, -1, 2, 3, 4], True, True), "Left, the pixels of 1,200 images are averaged"),
        ((1200, [0.5, -1, 2, 3, 4], True, True), "z = (0.50, −1.00, 2.00, 3.00, …)"),
        ((3, [0.5, -1], False, True), "Here the codes are averaged, z = (0.50, −1.00), and decoded once"),
        (
            (3, [0.5, -1], True, False),
            "The mean of their codes is z = (0.50, −1.00); the decoder of this model does not run in the browser.",
        ),
    ],
)
def test_averages_are_said_of_the_pictures_that_are_there(bundle: Bundle, given: tuple[Any, ...], said: str) -> None:
    words = bundle.run("selecting/found.js", "return m.averages(...given)", list(given))
    assert said in words and ("Left" in words) == ("Right" in words)


# --- taken along -----------------------------------------------------------------------------------------------------------

TAKEN = """const table = Float32Array.from(given.mu.flat()), model = { name: 'm', words: 'A model.', credit: '' };
  const facts = { classes: given.names.map((name) => ({ name })), model };
  const mu = { data: table, shape: [given.mu.length, given.mu[0].length] };
  const readout = { facts, labels: given.labels, codes: { tensors: { mu } } };
  readout.map = { decoder: { height: 2, width: 3 } };"""


def test_the_table_has_each_code_in_the_words_of_the_table_of_all_codes(bundle: Bundle) -> None:
    mu = np.random.default_rng(10).normal(size=(6, 3)).astype(np.float32)
    names, labels, rows = ["Coat", '=a "b", c'], [0, 1, 0, 1, 0, 0], [1, 2, 5]
    given = {"mu": mu.tolist(), "labels": labels, "names": names, "rows": rows}
    text = bundle.run("selecting/taking.js", f"{TAKEN} return m.table(readout, given.rows)", given)
    found = list(csv.reader(io.StringIO(text)))
    columns: dict[str, Any] = {"image": rows, "class": [names[labels[row]] for row in rows], "z": mu[rows]}
    wanted = list(csv.reader(io.StringIO(sheets.table(columns).decode())))
    assert [line[:2] for line in found] == [line[:2] for line in wanted] and found[0] == wanted[0]
    assert np.array([line[2:] for line in found[1:]], float) == pytest.approx(mu[rows], rel=1e-5)
    assert text.count("\r\n") == 4
    more = "return m.table(readout, given.rows, { kl_nats: [1.23456789, 2, 3] })"
    with_more = list(csv.reader(io.StringIO(bundle.run("selecting/taking.js", f"{TAKEN} {more}", given))))
    assert [line[:-1] for line in with_more] == found and [line[-1] for line in with_more] == ["kl_nats", "1.23457", "2", "3"]


@pytest.mark.parametrize(
    "name", ["vae-mnist-2d", "pca-mnist-2d", *(pytest.param(n, marks=pytest.mark.slow) for n in ("vae-mnist-16d", "cvae-mnist-2d"))]
)
def test_its_losses_are_those_of_the_table_of_all_codes(bundle: Bundle, name: str) -> None:
    checkpoint = checkpoints.opened(name)
    model, codes, rows = checkpoint.model, checkpoint.latents, list(range(20, 30))
    images = np.random.default_rng(11).integers(0, 256, (10, 28, 28)).astype(np.uint8)
    config = {"likelihood": model.config.likelihood, "sigma": model.config.sigma, "conditional": model.conditional, "images": "here"}
    logvar = None if codes.logvar is None else codes.logvar[rows].ravel().tolist()
    bundle.served["decoder"] = export.code_decoder_bytes(model)
    given = {
        "mu": codes.mu[rows].ravel().tolist(), "logvar": logvar, "d": codes.mu.shape[1],
        "labels": codes.label[rows].tolist(), "pixels": images.ravel().tolist(), "facts": config,
    }  # fmt: skip
    script = """const { DenseDecoder } = await import('/nets/decoder.js'), { facts, d, labels } = given;
      const decoder = new DenseDecoder(await (await fetch('/decoder')).arrayBuffer());
      const shares = [], tensors = { mu: Float32Array.from(given.mu) };
      if (given.logvar) tensors.logvar = Float32Array.from(given.logvar);
      const readout = { facts, labels, decoder, codes: { tensors }, of: (what, row) => tensors[what].subarray(row * d, (row + 1) * d),
        pixels: async () => true, image: (row) => Float32Array.from(given.pixels.slice(row * 784, (row + 1) * 784), (v) => v / 255) };
      const all = labels.map((_, row) => row), { signal } = new AbortController();
      const found = await m.losses(readout, all, signal, (share) => shares.push(share)), words = m.inTheTable(readout);
      facts.images = null;
      return [found, shares, words, await m.losses(readout, all, signal), m.inTheTable(readout)];"""
    found, shares, words, without, without_words = bundle.run("selecting/losses.js", script, given)
    wanted = losses_nats(model, images, codes.mu[rows], codes.label[rows])
    assert found["reconstruction_nats"] == pytest.approx(wanted, rel=1e-4)
    assert shares == pytest.approx(np.arange(1, 11) / 10), "it says how far it is"
    assert "reconstruction loss at that code" in words and ("of a density" in words) == (name == "pca-mnist-2d")
    assert list(without) == (["kl_nats"] if logvar else [])
    assert "Without a reconstruction loss: the test images are not here" in without_words
    if codes.logvar is not None:
        assert found["kl_nats"] == pytest.approx(kl_each_nats(codes.mu[rows], codes.logvar[rows]), rel=1e-5) and "the KL" in words


def test_the_sheet_has_the_classes_below_each_other_and_an_end(bundle: Bundle) -> None:
    labels = [i % 3 for i in range(900)]
    given = {"mu": [[0.0]] * 900, "labels": labels, "names": ["a", "b", "c"], "few": [5, 7, 8, 11, 301], "many": list(range(900))}
    script = f"""{TAKEN} const ink = (row) => new Float32Array(6).fill(row / 1000);
      const of = (rows, real) => m.sheetOf(readout, rows, {{ ink, real }});
      const rows = ({{ rows }}) => rows.map(({{ name, images }}) => [name, images.map(([v]) => Math.round(1000 * v))]);
      const few = of(given.few, true), many = of(given.many, false);
      return [rows(few), few.title, few.notes, rows(many), many.title, many.notes];"""
    few, title, notes, many, all_title, all_notes = bundle.run("selecting/taking.js", script, given)
    assert few == [["b", [7, 301]], ["c", [5, 8, 11]]] and title == "5 selected test images" and notes == ["A model."]
    assert [name for name, _ in many if name] == ["a", "b", "c"] and len(many) == 20 and many[0][1] == list(range(0, 36, 3))
    assert all_title == "900 selected codes, decoded" and all_notes[0] == "240 of them, the first of each class."


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0, 10000, [], 0", "Nothing is selected. Draw a box or a lasso on the map, or use the other buttons."),
        ("0, 10000, [p], 0", "0 of 10,000 test images are selected. Nothing on show lies there."),
        ("1, 10000, [p], 0", "1 of 10,000 test images is selected."),
        (
            "1234, 10000, [p, p], 3",
            "1,234 of 10,000 test images are selected. Some were selected on another plane of the codes, so the link ",
        ),
        ("1234, 10000, [p, p], 0, false", "1,234 of 10,000 test images are selected. What they were selected by is too long for the link."),
    ],
)
def test_what_is_selected_is_said_and_what_a_link_cannot_hold(bundle: Bundle, given: str, expected: str) -> None:
    script = f"""const {{ part }} = await import('/selecting/parts.js'), p = part('add', 'c', [1]); return m.said({given})"""
    assert bundle.run("selecting/selecting_words.js", script).startswith(expected)


# --- selections with names, in the link -------------------------------------------------------------------------------------

LINKED = "selecting/linked.js"


def part(kind: str, numbers: list[float], mode: str = "new", lit: list[int] | None = None) -> dict[str, Any]:
    return {"mode": mode, "kind": kind, "numbers": numbers, "lit": lit or []}


def test_a_link_holds_named_selections_and_the_step_between_two_of_them(bundle: Bundle) -> None:
    named = [
        {"name": "A", "parts": [part("c", [3])], "before": []},
        {"name": "ö, (x):!", "parts": [part("b", [-1, 0, 2.5, 1.25], lit=[4]), part("o", [0, 0, 1], "remove")], "before": []},
        {"name": "C", "parts": [part("l", [0, 0, 1, 0, 1, 1])], "before": []},
    ]
    given = {"parts": named[1]["parts"], "named": named, "step": {"from": 2, "to": 1, "amount": -0.35}}
    script = "const { word, whole, left } = m.linked(given, 1500); return [word, whole, left, m.read(word, 100)]"
    word, whole, left, back = bundle.run(LINKED, script, given)
    assert back == given and whole and left == []
    assert word == "*1!A:c3!(f6)(2c) (28)x(29)(3a)(21):b-1,0,2.5,1.25~4;-o0,0,1!C:l0,0,1,0,1,1!*2,1,-0.35"
    assert link.tool_of(BENCH)(f"select:{word}", {}) == f"select:{word}"
    usual = given | {"parts": [part("c", [5])], "step": {"from": 0, "to": 1, "amount": 1}}
    assert bundle.run(LINKED, "return m.linked(given, 1500).word", usual) == f"c5!{word.split('!', 1)[1].rsplit('!', 1)[0]}"
    assert bundle.run(LINKED, "return m.linked({ parts: [], named: [], step: m.FIRST }, 1500).word") == ""


def test_a_link_keeps_its_length_and_says_what_it_leaves_out(bundle: Bundle) -> None:
    """The ends of the step first, then what is selected, then the rest; what lay on another plane has no words."""
    long = [part("l", [round(-1.2345 - i, 4) for i in range(64)])]
    named = [{"name": name, "parts": long, "before": []} for name in "ABCD"] + [{"name": "moved", "parts": [], "before": [1, 2]}]
    named[2]["parts"] = [part("c", [1])]
    given = {"parts": [part("c", [7])], "named": named, "step": {"from": 1, "to": 3, "amount": 1}}
    script = (
        "const { word, whole, left } = m.linked(given[0], given[1]); return [word, whole, left.map(({ name }) => name), m.read(word, 100)]"
    )
    word, whole, left, back = bundle.run(LINKED, script, [given, 1500])
    assert len(word) <= 1500 and whole and left == ["A", "moved"]
    assert [one["name"] for one in back["named"]] == ["B", "C", "D"] and back["step"] == {"from": 0, "to": 2, "amount": 1}
    word, whole, left, back = bundle.run(LINKED, script, [given | {"parts": long + long}, 600])
    assert len(word) <= 600 and not whole and left == ["A", "D", "moved"] and back["parts"] == [] and back["step"]["to"] == 1


def test_two_lassos_of_a_long_way_round_find_room(bundle: Bundle) -> None:
    """As they are drawn: with so few corners that two with names, and the same selected, are in the link."""
    (corners,) = map(int, re.findall(r"CORNERS = (\d+)", (FOLDER / "selecting" / "outline.js").read_text("utf-8")))
    long = [part("l", [-10.2345] * 2 * corners)]
    named = [
        {"name": "n" * 24, "parts": long, "before": []},
        {"name": "m" * 24, "parts": [part("s", [-1.2345] * 2 * corners)], "before": []},
    ]
    given = {"parts": named[1]["parts"], "named": named, "step": {"from": 1, "to": 0, "amount": -1.95}}
    assert bundle.run(LINKED, "const { whole, left } = m.linked(given, 1500); return [whole, left]", given) == [True, []]


@pytest.mark.parametrize(
    ("word", "names", "parts"),
    [
        ("", [], 0), ("!", [], 0), ("!A", [], 0), ("!:c3", [], 0), ("!A:", [], 0), ("!A:z9", [], 0), ("!A:c3!A:c4", ["A"], 0),
        ("c3!A:c3!b9", ["A"], 1), ("*0", [], 0), ("*7!A:c3", ["A"], 0), ("*0!A:c3", ["A"], 1), ("!A:b0,0,1e9,1", [], 0),
        (f"!{'x' * 25}:c3", [], 0), ("!(110000)b:c3", ["b"], 0), ("!(0)(a):c3", [], 0),
        ("!" + "!".join(f"n{i}:c3" for i in range(20)), [f"n{i}" for i in range(12)], 0),
        ("!A:c3!B:c4!*0,0", ["A", "B"], 0), ("!A:c3!B:c4!*0,9", ["A", "B"], 0), ("!A:c3!B:c4!*1,0,9", ["A", "B"], 0),
        ("!A:c3!B:c4!*1,0,1.1.1", ["A", "B"], 0),
    ],
)  # fmt: skip
def test_what_a_link_says_amiss_of_named_selections_is_left_out(bundle: Bundle, word: str, names: list[str], parts: int) -> None:
    found = bundle.run(LINKED, "return m.read(given, 100)", word)
    assert [one["name"] for one in found["named"]] == names and len(found["parts"]) == parts
    assert found["step"] == {"from": 0, "to": 1, "amount": 1}


def test_of_named_selections_it_is_said_what_the_link_holds(bundle: Bundle) -> None:
    script = """const one = (name, before = []) => ({ name, before }), [a, b, c] = [one('A'), one('B'), one('C', [1])];
      return [m.notHeld([], []), m.notHeld([a], []), m.notHeld([a, b], []), m.notHeld([a, b, c], [c]), m.notHeld([a, b, c], [b, c])]"""
    assert bundle.run("selecting/selecting_words.js", script) == [
        "",
        "The page’s link holds it.",
        "The page’s link holds both, and the arrow.",
        "The page’s link does not hold C: selected on another plane of the codes.",
        "The page’s link does not hold C: selected on another plane of the codes; B: too long for it.",
    ]
