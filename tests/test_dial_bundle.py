"""The beta dial's modules one by one: what lies between two models, what is drawn there, how it is turned."""

from typing import Any

import numpy as np
import pytest
from bundle import Bundle

from core import export, latent
from core.family import beta_family

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

MEMBERS = [[0.1, -7.0, 3.3], [40.0, 0.25, -1e-3], [1 / 3, 2.0, 2.0]]


def at(bundle: Bundle, positions: list[float]) -> np.ndarray:
    script = "return given.at.map((p) => [...m.blended(given.members, m.between(p, given.members.length))]);"
    return np.array(bundle.run("dial/tween.js", script, {"at": positions, "members": MEMBERS}))


def test_at_a_member_it_is_that_member_to_the_last_bit(bundle: Bundle) -> None:
    assert at(bundle, [0, 1, 2]).tolist() == MEMBERS
    assert at(bundle, [-1, 7]).tolist() == [MEMBERS[0], MEMBERS[2]], "there is nothing beyond the ends"


def test_between_two_it_moves_straight_and_evenly_and_nothing_jumps(bundle: Bundle) -> None:
    steps = np.linspace(0, 2, 401)
    path, members = at(bundle, steps.tolist()), np.array(MEMBERS)
    for first in (0, 1):
        moves = np.diff(path[(steps >= first) & (steps <= first + 1)], axis=0)
        assert moves == pytest.approx(np.tile((members[first + 1] - members[first]) / 200, (200, 1)), abs=1e-9)
    assert at(bundle, [0.25, 1.5]) == pytest.approx(np.array([0.75 * members[0] + 0.25 * members[1], (members[1] + members[2]) / 2]))


def test_a_dial_that_is_let_go_near_a_member_stands_on_it(bundle: Bundle) -> None:
    found = bundle.run("dial/tween.js", "return [2.03, 1.97, 2.05, 0.123, 0].map(m.settled);")
    assert found == [2, 2, 2.05, 0.12, 0]


def test_easing_begins_and_ends_where_it_should_and_never_goes_back(bundle: Bundle) -> None:
    eased = bundle.run("dial/tween.js", "return Array.from({ length: 101 }, (_, i) => m.eased(i / 100));")
    assert (eased[0], eased[50], eased[100]) == (0, 0.5, 1) and (np.diff(eased) > 0).all()


def test_pictures_are_each_models_own_and_between_two_of_them_a_crossfade(bundle: Bundle) -> None:
    family = beta_family()
    one, other = family.members[2], family.members[3]
    bundle.served |= {f"{n}.safetensors": export.decoder_bytes(member.model) for n, member in enumerate((one, other))}
    places = family.codes[2:4][:, family.examples[:1]].reshape(2, -1).tolist()
    script = """const { DenseDecoder } = await import('/nets/decoder.js'), canvas = () => document.createElement('canvas');
      const shown = canvas(), example = canvas(), p = new m.Pictures(shown, [example], given.places);
      const where = (share) => ({ from: 0, to: 1, share });
      const read = (c) => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0);
      const early = p.ready(where(0));
      for (const n of [0, 1]) p.use(n, new DenseDecoder(await (await fetch(`/${n}.safetensors`)).arrayBuffer()));
      return [early, ...[0, 0.25, 1].map((share) => { const w = share === 1 ? { from: 1, to: 1, share: 0 } : where(share);
        p.paintShown(w, given.z); p.paintExamples(w); return [read(shown), read(example)]; })];"""
    z = [0.5, -1.0]
    early, *found = bundle.run("dial/pictures.js", script, {"places": places, "z": z})
    assert early is False, "nothing is drawn before its decoder is here"
    for which, codes in ((0, [z, z]), (1, [family.codes[2, family.examples[0]], family.codes[3, family.examples[0]]])):
        drawn = [latent.decode(member.model, np.array([code]))[0].ravel() * 255 for member, code in zip((one, other), codes, strict=True)]
        for row, expected in enumerate([drawn[0], 0.75 * drawn[0] + 0.25 * drawn[1], drawn[1]]):
            assert np.array(found[row][which]) == pytest.approx(expected, abs=0.6)


TURNING = """const { SKELETON } = await import('/dial/skeleton.js'), stop = new AbortController(), at = [];
  document.body.innerHTML = SKELETON;
  const members = ['0', '1', '10'].map((beta) => ({ beta, effect: `Look at ${beta}.`, figures: `rate of ${beta}` }));
  const t = new m.Turning(document.body, 3, members, () => at.push(t.at), stop.signal);
  const { between } = await import('/dial/tween.js');
  const said = ['.dl-beta', '.dl-figures', '.dl-effect'].map((s) => document.querySelector(s));
  const say = () => { t.say(between(t.at, 3)); return said.map((element) => element.textContent); };
  const slider = document.querySelector('[data-testid=dial]'), ticks = [...document.querySelectorAll('.dl-ticks button')];
  const press = (key, more) => !slider.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true, ...more }));
  const end = (result) => { stop.abort(); document.body.innerHTML = ''; return result; };"""


def turning(bundle: Bundle, script: str) -> Any:
    return bundle.run("dial/turning.js", f"{TURNING} {script}")


def test_keys_turn_the_dial(bundle: Bundle) -> None:
    script = """t.stand(1); press('ArrowRight');
      press('ArrowRight', { shiftKey: true }); press('PageUp'); press('PageDown'); press('ArrowLeft');
      press('PageDown'); const others = [press('Tab'), press('ArrowLeft', { ctrlKey: true }), press('Home')]; return end([at, others]);"""
    found, others = turning(bundle, script)
    assert found == [1, 1.1, 1.11, 2, 1, 0.9, 0]
    assert others == [False, False, False], "these are the browser's own"


def test_what_is_said_is_true_of_where_it_stands(bundle: Bundle) -> None:
    script = """t.stand(0.4); const mid = say(), value = slider.getAttribute('aria-valuetext'); t.stand(2); const end_ = say();
      return end([mid, value, end_, slider.getAttribute('aria-valuetext'), ticks.map((tick) => tick.getAttribute('aria-current'))]);"""
    mid, value, end, last, current = turning(bundle, script)
    assert mid == ["between β = 0 and β = 1", "Blended from its two neighbours, not trained.", "Near β = 0: Look at 0."]
    assert value == "between β = 0 and β = 1, 40 % of the way"
    assert end == ["β = 10", "rate of 10", "Look at 10."] and last == "β = 10" and current == ["false", "false", "true"]


def test_playing_goes_to_the_end_and_a_hand_stops_it(bundle: Bundle) -> None:
    script = """t.stand(1.9); document.querySelector('.lm-play').click(); const playing = t.playing;
      while (t.playing) await new Promise(requestAnimationFrame); const ended = t.at, way = [...at];
      document.querySelector('.lm-play').click(); await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);
      slider.value = 0.5; slider.dispatchEvent(new Event('input')); return end([playing, ended, way, t.playing, t.at]);"""
    playing, ended, way, still_playing, now = turning(bundle, script)
    assert playing and ended == 2 and way == sorted(way) and way[0] == 1.9
    assert (still_playing, now) == (False, 0.5)


def test_a_press_on_a_model_glides_there_and_jumps_where_nothing_is_to_move(bundle: Bundle) -> None:
    script = """t.stand(0); ticks[2].click();
      while (t.next !== undefined) await new Promise(requestAnimationFrame);
      return end(at);"""
    way = turning(bundle, script)
    assert way[-1] == 2 and len(way) > 3 and way == sorted(way)
    bundle.page.emulate_media(reduced_motion="reduce")
    try:
        assert turning(bundle, script) == [0, 2]
    finally:
        bundle.page.emulate_media(reduced_motion="no-preference")


def test_dots_of_the_dial_have_their_classes_shapes_on_request(bundle: Bundle) -> None:
    """Each pixel's share in a shape, counted by points of its polygon; also where a dot stands between two pixels."""
    script = """const { SHAPES } = await import('/map/shapes.js');
      const canvas = Object.assign(document.createElement('canvas'), { width: 24, height: 24 });
      const context = canvas.getContext('2d'), white = Array(10).fill([255, 255, 255]);
      const paint = (shapes, label, at) => { const dots = new m.Dots(context, 2, [0, 0, 0], white, shapes);
        dots.paint(Float32Array.of(...at), Uint8Array.of(label), [12, 12], 1, Array(10).fill(true));
        return [...context.getImageData(0, 0, 24, 24).data].filter((_, i) => i % 4 === 0); };
      const all = SHAPES.map(({ corners }, label) => [corners, paint(true, label, [0.5, 0.25])]);
      return [all, SHAPES.map((_, label) => paint(false, label, [0.5, 0.25]))];"""
    shaped, plain = bundle.run("dial/dots.js", script)
    fine = 16
    at = (np.arange(24 * fine) + 0.5) / fine
    x, y = np.meshgrid((at - 12.5) / 6.4, (at - 11.75) / 6.4)  # in radii: 4 px, 1.6 times as large, two pixels to one of the page
    for corners, seen in shaped:
        if corners is None:
            inside = x**2 + y**2 <= 1
        else:
            inside = np.zeros_like(x, bool)
            for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
                if ay != by:
                    inside ^= ((ay > y) != (by > y)) & (x < ax + (y - ay) * (bx - ax) / (by - ay))
        wanted = 0.75 * 255 * inside.reshape(24, fine, 24, fine).mean((1, 3))
        assert np.abs(np.array(seen).reshape(24, 24) - wanted).max() < 28  # of 191, at an edge: a canvas is less exact
    assert all(one == plain[0] for one in plain) and sum(plain[0]) < sum(shaped[9][1]) / 2, "without: small round dots"
