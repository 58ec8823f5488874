"""Backgrounds in the browser, without a server: values, colours, words, and a canvas that panning only moves."""

from typing import Any

import numpy as np
import pytest
from bundle import STYLES, Bundle
from view import COPY

from pages.browser import FOLDER

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

CELLS = 4


def packed(levels: np.ndarray, low: float = 0.0, high: float = 1.0, bound: float = 2.0) -> list[int]:
    """Levels (channels, cells, cells) as core/fields.py writes them, for a script to make a buffer of."""
    head = np.array([bound, low, high], "<f4").tobytes() + np.array(levels.shape[:2], "<u4").tobytes()
    return list(head + levels.astype(np.uint8).tobytes())


SCALAR = np.array([[0, 20, 40, 60], [10, 30, 50, 70], [20, 40, 60, 80], [255, 255, 254, 100]])[None]
CLASSES = np.stack([np.tile([254, 200, 50, 0], (4, 1)), np.tile([0, 54, 204, 254], (4, 1))])
BITS = np.array([0, -5, -6, -10])  # log2 of the share of codes that are as far from theirs, row by row from the top
VOTED = np.stack([*CLASSES, np.repeat(254 * (1 + BITS / 10), 4).reshape(4, 4)])
FIELD = """const { Field } = await import('/map/field.js');
  const field = new Field({ name: given.name, kind: given.kind, ends: [] }, new Uint8Array(given.bytes).buffer);"""


def run(bundle: Bundle, module: str, script: str, levels: np.ndarray, name: str, kind: str, **scale: float) -> Any:
    return bundle.run(module, f"{FIELD} {script}", {"bytes": packed(levels, **scale), "name": name, "kind": kind})


def test_between_the_middles_of_cells_lies_what_lies_between(bundle: Bundle) -> None:
    script = """return [[-1.5, 1.5], [-1, 1.5], [-0.5, 1], [-2, 2], [2, -2], [1.9, 1.9], [2.01, 0], [0, -2.5], [-1.5, -1.5]].map((z) => {
      const known = field.look(z); return known ? field.value(field.shares[0]) * 254 : known; });"""
    found = run(bundle, "map/field.js", script, SCALAR, "loss", "ramp")
    assert found[:6] == pytest.approx([0, 10, 25, 0, 100, 60], abs=1e-3), "and at the rim what is in the outermost cell"
    assert found[6:] == [None, None, False], "outside nothing was computed, and there is a cell with nothing to say"


def test_beside_a_cell_with_nothing_to_say_the_others_say_it_all(bundle: Bundle) -> None:
    found = run(bundle, "map/field.js", "field.look([-1.5, -0.9]); return field.shares[0] * 254", SCALAR, "loss", "ramp")
    assert found == pytest.approx(20, abs=1e-3)


def test_logarithms_are_told_as_what_they_are_of(bundle: Bundle) -> None:
    script = "return [field.value(0), field.value(0.5), field.value(1), field.median]"
    assert run(bundle, "map/field.js", script, SCALAR, "sensitivity", "ramp", low=-1, high=5) == pytest.approx(
        [0.5, 4, 32, 0.5 * 2 ** (6 * 50 / 254)]
    )


NOBODY = "Fewer than ten test codes are near: a vote means little."
WORDS = "const z = (x, y) => m.said(field, [x, y], [{ meta: 0, name: 'T-shirt' }, { meta: 1, name: 'Coat' }]);"


@pytest.mark.parametrize(
    ("name", "levels", "scale", "at", "said"),
    [
        ("classifier", CLASSES, {}, "-1.5, 0", "Classifier: T-shirt (100 %)."),
        ("classifier", CLASSES, {}, "-0.5, 0", "Classifier: T-shirt (79 %) or Coat (21 %)."),
        ("neighbours", VOTED, {}, "0.5, 1.5", "The ten nearest test codes: Coat (80 %) or T-shirt (20 %)."),
        ("neighbours", VOTED, {}, "-1.5, 0.5", "The ten nearest test codes, some far: T-shirt (100 %)."),
        ("neighbours", VOTED, {}, "-1.5, -1.5", NOBODY),
        ("loss", SCALAR, {"low": 0, "high": 254}, "1.5, -1.5", "Test images near by lose 100 nats."),
        ("loss", SCALAR, {}, "-1.5, -1.5", "No test code is near."),
        ("rarity", SCALAR, {"low": -2, "high": 2}, "0.5, -1.5", "Test codes are 4.0 times rarer here than draws from the prior."),
        ("rarity", SCALAR, {"low": -2, "high": 2}, "-1.5, 1.5", "Test codes are 4.0 times as frequent here as draws from the prior."),
        ("rarity", SCALAR, {}, "-1.5, -1.5", "The prior hardly ever comes here."),
        ("codes", SCALAR, {"low": -10, "high": 0}, "-1.5, 1.5", "Hardly any test code comes here: the decoder invents."),
        ("codes", SCALAR, {"low": -10, "high": 0}, "0.5, -1.5", "Test codes come here; 100 % of them lie in places as empty or emptier."),
        ("codes", SCALAR, {}, "9, 9", "So far out, nothing was computed."),
    ],
)  # fmt: skip
def test_a_background_says_in_words_what_it_finds(
    bundle: Bundle, name: str, levels: np.ndarray, scale: dict[str, float], at: str, said: str
) -> None:
    assert run(bundle, "map/field_words.js", f"{WORDS} return z({at});", levels, name, "ramp", **scale) == said.replace(" %", "\u00a0%")


LAYER = """const map = document.body.appendChild(document.createElement('div')), plot = document.createElement('div');
  map.append(Object.assign(document.createElement('canvas'), { className: 'lm-tiles' }), plot);
  const layer = new m.FieldLayer(plot);
  const figure = { data: ['#ff0000', '#0000ff'].map((color, meta) => ({ meta, marker: { color } })) };
  const { LINEAR, SPREAD } = await import('/map/scale.js'); let scale = LINEAR;
  const view = (xr, yr) => layer.look({ viewport: { xr, yr, scale, box: { left: 30, top: 6, width: 400, height: 400 } } });
  const canvas = map.querySelector('.lm-field canvas'), done = () => { map.remove(); layer.stop(); };
  const draw = async (dark) => { layer.use({ field, figure, dark }); layer.show(true); view([-2, 2], [-2, 2]); await layer.settled(); };
  const pixel = (across, down, c = canvas) => [...COPY.getImageData(across * c.width, down * c.height, 1, 1).data];""".replace("COPY", COPY)


def test_a_background_lies_over_its_square_however_the_view_moves_and_is_painted_once(bundle: Bundle) -> None:
    script = f"""{LAYER} await draw(false); let painted = 0; const paint = layer.paintRow;
      layer.paintRow = function (y) {{ painted++; paint.call(this, y); }};
      const where = () => {{ const a = canvas.getBoundingClientRect(), b = map.getBoundingClientRect();
        return [a.left - b.left - 30, a.top - b.top - 6, a.width, a.height]; }};
      Object.assign(map.style, {{ position: 'relative' }});
      Object.assign(map.querySelector('.lm-field').style, {{ position: 'absolute' }});
      Object.assign(canvas.style, {{ position: 'absolute', left: 0, top: 0, transformOrigin: '0 0' }});
      const first = where(); view([-1, 3], [0, 4]); const moved = where(); view([-1, 1], [-1, 1]); const near = where();
      await draw(false); done(); return [first, moved, near, painted];"""
    first, moved, near, painted = run(bundle, "map/layers/field.js", script, SCALAR, "loss", "ramp")
    assert first == pytest.approx([0, 0, 400, 400], abs=0.01) and moved == pytest.approx([-100, 200, 400, 400], abs=0.01)
    assert near == pytest.approx([-200, -200, 800, 800], abs=0.01) and painted == 0


def test_on_a_map_spread_evenly_a_background_is_where_its_points_are(bundle: Bundle) -> None:
    script = f"""{LAYER} scale = SPREAD; layer.use({{ field, figure, dark: false }}); layer.show(true);
      view([0, 1], [0, 1]); await layer.settled();
      const low = SPREAD.to(-2), high = SPREAD.to(2), moved = canvas.style.transform.match(/[-\\d.]+/g).map(Number);
      const u = (z) => (SPREAD.to(z) - low) / (high - low), at = [-1.9, -0.6, 0.2, 1.4].map((x) => pixel(u(x), 1 - u(0.2)));
      done(); return [moved, low, at];"""
    (left, top, larger), low, spread = run(bundle, "map/layers/field.js", script, SCALAR, "loss", "ramp")
    assert left == top == pytest.approx(400 * low) and larger == pytest.approx(400 * (1 - 2 * low) / 16)
    script = f"""{LAYER} await draw(false);
      const at = [-1.9, -0.6, 0.2, 1.4].map((x) => pixel((x + 2) / 4, (2 - 0.2) / 4)); done(); return at;"""
    linear = run(bundle, "map/layers/field.js", script, SCALAR, "loss", "ramp")
    assert np.abs(np.array(spread) - linear).max() < 16, "the same colours at the same points, within a pixel"


def test_classes_have_their_colours_the_stronger_the_more_agree_and_a_line_between_them(bundle: Bundle) -> None:
    script = f"""{LAYER} await draw(false);
      const row = Array.from({{ length: canvas.width }}, (_, x) => pixel((x + 0.5) / canvas.width, 0.6)); done(); return row;"""
    row = run(bundle, "map/layers/field.js", script, CLASSES, "classifier", "classes")
    assert row[0][0] > 200 and row[0][2] == 0 and row[-1][2] > 200 and row[-1][0] == 0
    alphas = [pixel[3] for pixel in row]
    assert alphas[0] > alphas[5] > 0
    lines = [x for x, (r, _, b, _) in enumerate(row) if r < 60 and b < 60]
    assert len(lines) == 1 and 6 <= lines[0] <= 9


def test_the_colour_of_a_vote_fades_where_no_code_is_near(bundle: Bundle) -> None:
    script = f"""{LAYER} await draw(false);
      const column = [0.125, 0.375, 0.625, 0.875].map((down) => pixel(0.05, down)); done(); return column;"""
    dense, thin, thinner, nobody = run(bundle, "map/layers/field.js", script, VOTED, "neighbours", "classes")
    whole = run(bundle, "map/layers/field.js", script, CLASSES, "classifier", "classes")[0]
    share = (np.log2(0.04) - -5.125) / 2  # of the way from 4 % of the codes to 1 %, an eighth of a cell below the second row's middle
    assert dense == whole and thin[3] == pytest.approx(whole[3] * (1 - share**2 * (3 - 2 * share)), abs=3)
    assert 0 < thinner[3] < thin[3] and nobody[3] == 0


def test_low_is_near_the_ground_in_either_theme_and_nothing_is_nothing(bundle: Bundle) -> None:
    script = f"""{LAYER} const found = [];
      for (const dark of [false, true]) {{ await draw(dark);
        found.push([pixel(0.01, 0.01), pixel(0.6, 0.9), pixel(0.01, 0.99)]); }} done(); return found;"""
    light, dark = run(bundle, "map/layers/field.js", script, SCALAR, "loss", "ramp")
    assert sum(light[0][:3]) > 600 > 200 > sum(light[1][:3]) and sum(dark[0][:3]) < 200 < 600 < sum(dark[1][:3])
    assert light[2][3] == dark[2][3] == 0


def test_a_veil_lies_over_the_decoded_grid_and_everything_else_under_it(bundle: Bundle) -> None:
    script = f"""{LAYER} await draw(false);
      const order = [...map.children].map((e) => e.className), found = [pixel(0.01, 0.01), pixel(0.6, 0.9)];
      done(); return [order, found];"""
    order, (empty, crowded) = run(bundle, "map/layers/field.js", script, SCALAR, "codes", "veil", low=-10, high=0)
    assert order == ["lm-tiles", "lm-field", ""] and empty[3] > 200 and crowded[3] == 0
    order, _ = run(bundle, "map/layers/field.js", script, SCALAR, "loss", "ramp")
    assert order == ["lm-field", "lm-tiles", ""]


def test_a_background_s_legend_is_as_high_before_it_has_come(bundle: Bundle) -> None:
    script = """const { SKELETON } = await import('/map/skeleton.js'), root = document.body.appendChild(document.createElement('div'));
      const style = root.appendChild(document.createElement('style')), stopper = new AbortController(), answer = [];
      style.textContent = given.css; root.insertAdjacentHTML('beforeend', SKELETON);
      const under = root.querySelector('.lm-under'), key = root.querySelector('.lm-key'), has = (words) => key.textContent.includes(words);
      const map = { root, cursor: { pointed: null, subscribe() {} }, figure: { data: [] } };
      const background = new m.Background(map, stopper.signal), { fetch } = window, sentence = 'How <i>much</i> is lost. '.repeat(12);
      let come; window.fetch = () => new Promise((resolve) => (come = resolve));
      for (const width of [280, 900]) { under.style.width = `${width}px`;
        const address = `/${width}/${performance.now()}`; // none that is remembered
        const update = background.update({ name: 'loss', kind: 'ramp', title: 'Loss', sentence, ends: ['', ''], address });
        const before = key.offsetHeight, told = !key.querySelector('.lm-scale') && has('How much is lost') && has('Computing');
        come(new Response(new Uint8Array(given.bytes))); await update; background.legend(false);
        answer.push([before, key.offsetHeight, told, has('Computing')]); }
      window.fetch = fetch; stopper.abort(); root.remove(); return answer;"""
    styles = "".join((FOLDER / name).read_text("utf-8") for name in STYLES)
    for before, after, told, still in bundle.run("map/background.js", script, {"bytes": packed(SCALAR), "css": styles}):
        assert before == after > 30 and told and not still, "what stands below stays where it is"
