"""The codes of training images on the map, without a server: what is asked and said, and what is painted where."""

from typing import Any

import numpy as np
import pytest
from bundle import HOST, Bundle
from PIL import Image, ImageDraw
from safetensors.numpy import save
from view import COPY

from core import markers

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

CROWD, TRAINING = "map/layers/crowd.js", "map/training.js"
FILE = save({"points": np.array([[0, 0], [0.5, 0.5], [-0.5, 0.25]], np.float32), "labels": np.array([4, 5, 4], np.float32)})

SWITCH = """const root = document.createElement('div'); root.innerHTML = '<div class="lm-tools"></div><div class="lm-under"></div>';
  const told = [], facts = { address: '/codes', count: 3, why_not: '', ...given.facts };
  const map = { root, layers: {}, data: { readout: { training: given.facts === null ? null : facts } }, figure: { codes: { row: [0, 1] } },
    refresh: () => told.push('drawn'), look: { changed: () => told.push('said') } };
  const stopper = new AbortController(), training = new m.Training(map, stopper.signal), answers = [...(given.answers ?? [])], asked = [];
  window.fetch = async (address, { signal }) => { asked.push([address, signal]); const [status, body] = answers.shift();
    return new Response(status === 200 ? Uint8Array.from(body) : typeof body === 'string' ? body : JSON.stringify(body), { status }); };
  const tick = (ms = 30) => new Promise((done) => setTimeout(done, ms)), words = () => training.words.textContent;
  training.offer();
"""


def run(bundle: Bundle, script: str, **given: Any) -> Any:
    bundle.page.goto(f"{HOST}/")  # fetch as it was
    return bundle.run(TRAINING, f"{SWITCH} {script}", given)


def test_nothing_is_asked_before_somebody_wants_them(bundle: Bundle) -> None:
    script = "const { button } = training; return [button.textContent, button.hidden, training.words.hidden, asked.length, training.word]"
    assert run(bundle, script) == ["All 5 codes", False, True, 0, ""]
    assert run(bundle, "training.heed('1'); return [training.button.hidden, training.words.hidden, asked.length]", facts=None) == [
        True,
        True,
        0,
    ]


def test_it_says_how_far_the_server_is_and_then_which_dots_are_which(bundle: Bundle) -> None:
    script = """training.button.click(); await tick(); const waiting = words(); await tick(600);
      const { points, labels } = training.codes;
      return [waiting, words(), [...points], [...labels], told, training.word, training.button.getAttribute('aria-checked')];"""
    answers = [[202, {"share": 0.25, "left": "4 s"}], [200, list(FILE)]]
    waiting, said, points, labels, told, word, checked = run(bundle, script, answers=answers)
    assert waiting == "Encoding the 3 training images: 25 %, about 4 s left …"
    assert said.startswith("The small dots are the 3 training images, the larger ones the 2 test images.") and "test images alone" in said
    assert points == [0, 0, 0.5, 0.5, -0.5, 0.25] and labels == [4, 5, 4]
    assert told == ["said", "drawn"] and [word, checked] == ["1", "true"]


def test_switched_off_or_left_nothing_is_kept_and_nothing_comes_later(bundle: Bundle) -> None:
    script = """training.heed('1'); await tick(); const had = Boolean(training.codes); training.heed(''); const left = training.codes;
      training.heed('1'); training.heed(''); await tick(); const late = training.codes; training.heed('1'); await tick(); stopper.abort();
      return [had, left, late, training.codes, asked.map(([, signal]) => signal.aborted)];"""
    assert run(bundle, script, answers=[[200, list(FILE)]] * 3) == [True, None, None, None, [True, True, True]]


def test_what_cannot_be_had_is_said(bundle: Bundle) -> None:
    why = {"address": None, "count": 0, "why_not": "They are not on this machine."}
    script = "training.heed('1'); await tick(); return [training.button.textContent, words(), asked.length]"
    name, said, asked = run(bundle, script, facts=why)
    assert name == "All codes" and said.startswith("They are not on this machine. So these are") and asked == 0
    script = """training.heed('1'); await tick(); const said = words(); training.heed(''); training.heed('1'); await tick();
      return [said, training.codes !== null];"""
    said, again = run(bundle, script, answers=[[404, "The file is damaged."], [200, list(FILE)]])
    assert said == "The codes of the training images could not be had: The file is damaged. Switch them off and on to try again." and again


def test_another_models_codes_are_fetched_anew(bundle: Bundle) -> None:
    script = """training.heed('1'); await tick(); map.data = { readout: { training: { ...facts, address: '/other' } } }; training.offer();
      const between = training.codes; await tick(); return [between, training.codes !== null, asked.map(([address]) => address)];"""
    assert run(bundle, script, answers=[[200, list(FILE)]] * 2) == [None, True, ["/codes", "/other"]]


LAYER = """
  const { Viewport } = await import('/map/viewport.js'), { SPREAD, phi } = await import('/map/scale.js'), viewport = new Viewport();
  Object.assign(viewport, { width: 300, height: 240, margin: { l: 20, r: 0, t: 0, b: 40 } });
  viewport.centre(0, 0, 2 / 280);
  const map = document.body.appendChild(document.createElement('div')), plot = map.appendChild(document.createElement('div'));
  const trace = (meta, color) => ({ meta, marker: { color } }), figure = { data: [trace(4, '#ff0000'), trace(5, '#0000ff')] };
  const codes = { points: Float32Array.from([0, 0, 0.5, 0.5, 9, 9]), labels: Uint8Array.from([4, 5, 4]) };
  const layer = new m.CrowdLayer(plot), training = { codes, offer() {} };
  const use = (more) => layer.use({ figure, lit: [true, true], on: new Set(['points']), training, ...more });
  const painted = () => { const c = layer.canvas, d = new Uint32Array(COPY.getImageData(0, 0, c.width, c.height).data.buffer);
    return [...d].flatMap((v, i) => (v ? [[i % c.width, Math.floor(i / c.width), v & 255, (v >> 16) & 255, v >>> 24]] : [])); };
  const left = 0.3 * 280, top = 0.3 * 200; // what is painted beyond the map
""".replace("COPY", COPY)


def test_training_codes_are_painted_where_they_are_and_moved_without_being_painted_again(bundle: Bundle) -> None:
    script = f"""{LAYER} use(); layer.look({{ viewport }}); await layer.settled();
      const first = painted(), [a, b] = [[140, 100], [210, 30]];
      viewport.shift(0.1, 0.2); layer.look({{ viewport }}); const moved = layer.canvas.style.transform;
      const same = layer.painted; viewport.shift(1, 0); layer.look({{ viewport }}); const anew = layer.painted !== same;
      await layer.settled();
      const then = painted(); layer.stop(); map.remove();
      return [first, moved, anew, then.length, [a, b].map(([x, y]) => [x + left, y + top])];"""
    first, moved, anew, then, middles = bundle.run(CROWD, script)
    assert len(first) == 8, "two dots of 2 x 2 pixels; what is far out is none"
    for x, y, colour in ((*middles[0], [255, 0]), (*middles[1], [0, 255])):
        dot = [found for found in first if found[2:4] == colour]
        assert np.mean(dot, axis=0)[:2] == pytest.approx([x - 0.5, y - 0.5], abs=0.5) and {found[4] for found in dot} == {150}
    assert moved.startswith("translate(-98px, -32px)"), "by 0.1 and 0.2 at 140 px each, from 84 and 60 px beyond"
    assert anew and then == 8


def covered(label: int, radius: float, reach: int) -> np.ndarray:
    """How much of each pixel (2 reach, 2 reach) a class's shape covers: drawn sixteen times as large, and made smaller."""
    drawn, corners = Image.new("L", (32 * reach, 32 * reach)), markers.corners_of(label)
    pen = ImageDraw.Draw(drawn)
    if corners is None:
        pen.ellipse([16 * (reach - radius)] * 2 + [16 * (reach + radius)] * 2, 255)
    for piece in [] if corners is None else markers.pieces(corners):
        pen.polygon([(16 * (radius * x + reach), 16 * (radius * y + reach)) for x, y in piece.tolist()], 255)
    return np.asarray(drawn.resize((2 * reach, 2 * reach), Image.Resampling.BOX)) / 255


def test_of_shapes_each_class_has_its_own_in_small_too(bundle: Bundle) -> None:
    script = f"""{LAYER} const labels = Uint8Array.from({{ length: 10 }}, (_, i) => i);
      const at = (i) => [0.2 * (i % 5) - 0.4, i < 5 ? 0.2 : -0.2];
      Object.assign(codes, {{ labels, points: Float32Array.from([...labels].flatMap(at)) }});
      figure.data = [...labels].map((label) => trace(label, '#0000ff'));
      use({{ lit: Array(10).fill(true), shaped: true }}); layer.look({{ viewport }}); await layer.settled(); const shaped = painted();
      use({{ lit: Array(10).fill(true) }}); await layer.settled(); const round = painted().length; layer.stop(); map.remove();
      return [shaped, round, [...labels].map((i) => [left + 140 + 140 * at(i)[0], top + 100 - 140 * at(i)[1]])];"""
    shaped, round_ones, middles = bundle.run(CROWD, script)
    assert round_ones == 10 * 4, "2 x 2 pixels each"
    places, reach = np.array([found[:2] for found in shaped]), 8
    for label, middle in enumerate(middles):
        own = places[(np.abs(places + 0.5 - middle) < reach).all(1)] - np.round(middle).astype(int) + reach
        mine = np.zeros((2 * reach, 2 * reach), bool)
        mine[own[:, 1], own[:, 0]] = True
        share = covered(label, 2.5, reach)
        sure = np.abs(share - 0.4) > 0.12
        assert 8 <= mine.sum() <= 40 and (mine == (share >= 0.4))[sure].all(), markers.SHAPES[label][0]


def test_what_is_not_selected_is_dim_and_colours_below_show_through(bundle: Bundle) -> None:
    script = f"""{LAYER} layer.look({{ viewport }}); const seen = [];
      for (const more of [{{ lit: [true, false] }}, {{ on: new Set(['points', 'manifold']) }}, {{ picked: {{ figure }} }}]) {{
        use(more); await layer.settled(); seen.push(Object.fromEntries(painted().map(([, , red, , alpha]) => [red, alpha]))); }}
      use({{ on: new Set(['names']) }}); const hidden = layer.window.hidden; use({{ training: {{ codes: null, offer() {{}} }} }});
      const kept = [layer.canvas, layer.image, layer.places]; layer.stop(); map.remove(); return [seen, hidden, kept];"""
    seen, hidden, kept = bundle.run(CROWD, script)
    assert seen == [{"255": 150, "0": 14}, {"255": 90, "0": 90}, {"255": 14, "0": 14}] and hidden and kept == [None, None, None]


def test_spread_evenly_they_lie_where_the_test_codes_would(bundle: Bundle) -> None:
    script = f"""{LAYER} viewport.scale = SPREAD; viewport.centre(0.5, 0.5, 1 / 280);
      use(); layer.look({{ viewport }}); await layer.settled();
      const blue = painted().filter(([, , red]) => !red), wanted = [left + phi(0.5) * 280, top + 100 - (phi(0.5) - 0.5) * 280];
      layer.stop(); map.remove(); return [blue, wanted];"""
    blue, wanted = bundle.run(CROWD, script)
    assert np.mean(blue, axis=0)[:2] == pytest.approx(np.array(wanted) - 0.5, abs=0.6)
