"""Maps that are spread evenly: the percentiles of the prior against torch's, and what pixels, keys, zoom and layers make of them."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from bundle import Bundle

from core import scale

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

EXTENTS = {"most": {"left": -3, "right": 2.5, "bottom": -1, "top": 2}, "all": {"left": -6, "right": 4, "bottom": -9, "top": 3}}


def test_a_percentile_is_torchs(bundle: Bundle) -> None:
    z = np.concatenate([np.linspace(-6, 6, 2001), [-100, -8.4, -8.3, 8.3, 8.4, 100]])
    ours = np.array(bundle.run("map/scale.js", "return given.map(m.phi);", z.tolist()))
    np.testing.assert_allclose(ours, torch.special.ndtr(torch.tensor(z)).numpy(), rtol=0, atol=1e-14)
    u = torch.special.ndtr(torch.linspace(-5.5, 5.5, 2001, dtype=torch.float64))
    back = np.array(bundle.run("map/scale.js", "return given.map(m.quantile);", u.tolist()))
    np.testing.assert_allclose(back, torch.special.ndtri(u).numpy(), rtol=0, atol=1e-8)
    ends = "return [-1, 0, 1, 2, NaN].map(m.quantile).map(String);"
    assert bundle.run("map/scale.js", ends) == ["-Infinity", "-Infinity", "Infinity", "Infinity", "-Infinity"]


def test_pictures_have_the_scale_of_the_page(bundle: Bundle) -> None:
    z = np.concatenate([np.linspace(-6, 6, 201), [-100, -8.4, 8.4, 100]])
    assert bundle.run("map/scale.js", "return given.map(m.phi);", z.tolist()) == pytest.approx(scale.SPREAD.to(z), abs=1e-14)
    for low, high, apart in ((0, 1, 36 / 200), (0, 1, 36 / 600), (0.97, 0.999, 36 / 60_000), (0.1, 0.4, 0.01), (-0.5, 1.5, 1 / 9)):
        given = {"range": [low, high], "apart": apart}
        there = bundle.run(
            "map/scale.js", "const t = m.ticks(given.range, given.apart); return t.tickvals.map((u, i) => [u, t.ticktext[i]])", given
        )
        wanted = [(u, text) for u, text in there if low <= u <= high]
        ours = scale.SPREAD.ticks(low, high, apart)
        assert [text for _, text in ours] == [text for _, text in wanted] and ours
        assert [u for u, _ in ours] == pytest.approx([u for u, _ in wanted], abs=1e-12)


@pytest.mark.parametrize(("low", "high"), [(-1.9, 2.1), (0, 0.03), (-250, 80), (1, 1.0004)])
def test_numbers_at_the_axes_of_a_picture_are_round_and_right(low: float, high: float) -> None:
    found = scale.LINEAR.ticks(low, high, (high - low) / 9)
    assert 2 <= len(found) <= 10 and all(low - 1e-9 <= value <= high + 1e-9 for value, _ in found)
    assert [float(text.replace("−", "-")) for _, text in found] == pytest.approx([value for value, _ in found], abs=1e-9)


def test_equal_areas_hold_equal_shares_of_the_prior(bundle: Bundle) -> None:
    draws = np.random.default_rng(0).standard_normal((20_000, 2))
    places = np.array(bundle.run("map/scale.js", "return given.map(z => z.map(m.SPREAD.to));", draws.tolist()))
    counts = np.bincount((10 * places).astype(int) @ [10, 1])  # (100,): of each square
    assert abs(counts - 200).max() < 5 * 200**0.5


def test_labels_of_spread_axes_are_whole_sigmas_and_finer_where_there_is_room(bundle: Bundle) -> None:
    labels = "return m.ticks(given.range, given.apart).ticktext;"
    assert bundle.run("map/scale.js", labels, {"range": [0, 1], "apart": 36 / 200}) == ["−1σ", "0", "1σ"]
    assert bundle.run("map/scale.js", labels, {"range": [0, 1], "apart": 36 / 600}) == ["−2σ", "−1σ", "−0.5σ", "0", "0.5σ", "1σ", "2σ"]
    near = bundle.run("map/scale.js", "return m.ticks(given.range, given.apart);", {"range": [0.97, 0.999], "apart": 36 / 60_000})
    inside = [text for u, text in zip(near["tickvals"], near["ticktext"], strict=True) if 0.97 < u < 0.999]
    assert inside[0] == "1.89σ" and {"2σ", "2.5σ", "3σ"} < set(inside)
    assert np.diff(near["tickvals"]).min() >= 36 / 60_000
    assert len(bundle.run("map/scale.js", labels, {"range": [0.5, 0.52], "apart": 36 * 2e-5})) < 60, (
        "what is far from the view is not labelled"
    )


SPREAD = """const { SPREAD, LINEAR, phi } = await import('/map/scale.js');
  const v = Object.assign(new m.Viewport(), { width: 640, height: 434, limit: 100, bound: 3.5, scale: SPREAD });
  v.margin = { l: 34, r: 6, t: 6, b: 28 }; v.fit(given?.extents, 'all');"""


def spread(bundle: Bundle, script: str, **given: Any) -> Any:
    """What a script returns that has a viewport `v` whose map is spread evenly."""
    return bundle.run("map/viewport.js", f"{SPREAD} {script}", given)


def test_a_spread_map_fills_its_square_whatever_the_codes_are(bundle: Bundle) -> None:
    corners, framing, beyond = spread(
        bundle, "return [[v.place([0, 0]), v.place([1, 1])], v.framing, [v.toLatent([60, 200]), v.toLatent([334, 8])]];", extents=EXTENTS
    )
    (left, bottom), (right, top) = corners
    assert bottom - top == pytest.approx(right - left) == pytest.approx(400 / 1.06) and framing == "most"
    assert beyond == [None, None], "where there is no code, nothing is pointed at"


def test_pixels_and_points_of_a_spread_map_belong_together(bundle: Bundle) -> None:
    pixels = np.random.default_rng(1).uniform([150, 20], [520, 390], (50, 2))
    for before in ("", "v.zoom(3.7, [0.3, -0.8]); v.shift(0.02, -0.01);"):
        back = spread(bundle, f"{before} return given.pixels.map(p => v.toLatent(p)).map(z => z && v.toPixel(z));", pixels=pixels.tolist())
        np.testing.assert_allclose(back, pixels, atol=1e-6)
    before, after = spread(bundle, "const z = [1.2, 0.4], before = v.toPixel(z); v.zoom(2.5, z); return [before, v.toPixel(z)];")
    assert after == pytest.approx(before)


def test_keys_move_over_a_spread_map_by_pixels_and_not_off_it(bundle: Bundle) -> None:
    script = """const z = [0.7, -0.2], by = v.step(z, [10, -1]), [x, y] = v.toPixel(z), to = v.toPixel(by); let end = z;
      for (let i = 0; i < 100; i++) end = v.step(end, [10, 0]);
      return [to[0] - x, to[1] - y, v.toPixel(end)[0], v.place([1, 1])[0], end[1], v.step([7, 0], [10, 0])[0], v.step(null, [0, 0])];"""
    right, down, end, edge, other, far, middle = spread(bundle, script)
    assert (right, down) == pytest.approx((10, 1)) and edge - 1 < end < edge and other == -0.2
    assert far == pytest.approx(7, abs=1e-3) and middle == pytest.approx([0, 0])


def test_zoom_and_sliders_of_a_spread_map_have_ends(bundle: Bundle) -> None:
    script = """const whole = v.reach; v.zoom(1e12); const fine = v.unit; v.zoom(1e-12); const wide = v.unit * 400;
      v.zoom(1e3, [3, 0]); v.shift(1, 0); return [whole, fine, wide, v.keepInside(), v.middle[0]];"""
    whole, fine, wide, moved, middle = spread(bundle, script)
    assert whole == [[0, 0], [0, 0]], "the sliders reach as far as the codes"
    assert fine == pytest.approx(2e-5) and wide == pytest.approx(2) and moved and middle == 1


def test_codes_and_rings_are_drawn_where_the_spread_map_has_them(bundle: Bundle) -> None:
    script = """const { NearestIndex } = await import('/nets/nearest.js'), floats = (...of) => Float32Array.from(of);
      const x = floats(0, 1, -2), y = floats(0.5, 0, 9), row = [4, 5, 6], ring = { x0: -1, x1: 1, y0: -1, y1: 1 };
      const figure = { data: [{ name: 'a', x, y }], codes: { x: Float64Array.from(x), y: Float64Array.from(y), row } };
      const drawn = m.SPREAD.drawn(figure), { path, type } = m.SPREAD.circle({ type: 'circle', ...ring });
      const once = m.SPREAD.drawn(figure) === drawn, same = m.LINEAR.drawn(figure) === figure;
      return [[...drawn.data[0].x], [...drawn.data[0].y], drawn.index.find(0.84, 0.5).index, once, same, type,
        path.slice(1, -1).split('L').map(p => p.split(',').map(Number))];"""
    x, y, nearest, once, same, kind, ring = bundle.run("map/scale.js", script)
    np.testing.assert_allclose([x, y], torch.special.ndtr(torch.tensor([[0, 1, -2], [0.5, 0, 9.0]], dtype=torch.float64)), atol=1e-12)
    assert nearest == 1 and once and same and kind == "path"
    z = torch.special.ndtri(torch.tensor(ring, dtype=torch.float64))
    np.testing.assert_allclose(z.norm(dim=1), 1, atol=1e-4)


def test_the_decoded_grid_of_a_spread_map_is_the_priors_percentiles(bundle: Bundle) -> None:
    script = """const { Viewport } = await import('/map/viewport.js'), { SPREAD } = await import('/map/scale.js');
      const v = Object.assign(new Viewport(), { width: 320, height: 320, limit: 100, bound: 3.5, scale: SPREAD }); v.fit(null, 'most');
      const asked = [], plot = document.createElement('div'); document.body.append(plot); const grid = new m.GridLayer(plot);
      grid.use({ decoder: { width: 2, height: 2, decode: (...z) => { asked.push(z); return [1, 1, 1, 1]; } }, ink: [0, 0, 0, 0] });
      grid.show(true); grid.look({ viewport: v }); await grid.settled(); return asked;"""
    asked = torch.tensor(bundle.run("map/layers/grid.js", script), dtype=torch.float64)
    wanted = (torch.arange(8, dtype=torch.float64) + 0.5) / 8
    expected = torch.special.ndtri(torch.cartesian_prod(wanted, wanted))
    np.testing.assert_allclose(sorted(asked.tolist()), sorted(expected.tolist()), atol=1e-8)


SWITCH = """const { Viewport } = await import('/map/viewport.js'), { Cursor } = await import('/map/cursor.js');
  const { Look } = await import('/map/look.js');
  document.body.innerHTML = '<div class=lm><div class=lm-under><div class=lm-tools></div></div></div>';
  const told = [], stop = new AbortController(), drawn = [], extents = given;
  const v = Object.assign(new Viewport(), { width: 400, height: 400, bound: 3.5, limit: 100 }); v.fit(extents, 'most');
  const plot = { relayout: () => { drawn.push(v.xr); look.changed(); } };
  const map = { root: document.body.firstElementChild, viewport: v, figure: { extents }, plot, ready: true };
  const spreading = new m.Spreading(map, stop.signal), quiet = () => new Promise(done => setTimeout(done, 500));
  const look = new Look(v, new Cursor(), (said) => told.push(said.value), stop.signal, [spreading]), { button, words } = spreading;
  const say = (...value) => look.follow({ value, number: 0 }, extents);"""


def switch(bundle: Bundle, script: str) -> Any:
    """What a script returns that has the switch `spreading` of a map that is fitted, and its `look`."""
    return bundle.run("map/spreading.js", f"{SWITCH} {script}", EXTENTS)


def test_the_switch_spreads_the_map_and_tells_the_address(bundle: Bundle) -> None:
    script = """say('', '', ''); spreading.told({ spread: true }); const before = [button.hidden, words.hidden, v.xr[0]];
      button.click(); await quiet(); const on = [button.ariaChecked, words.hidden, ...v.xr];
      button.click(); await quiet(); return [before, on, [button.ariaChecked, words.hidden, v.xr[0]], told, drawn.length];"""
    before, on, off, told, drawn = switch(bundle, script)
    assert before[:2] == [False, True] and on == ["true", False, pytest.approx(-0.03), pytest.approx(1.03)]
    assert off == ["false", True, before[2]] and told == [["", "", "1"], ["", "", ""]] and drawn == 2


def test_the_switch_keeps_the_zoom_and_a_second_press_brings_the_view_back(bundle: Bundle) -> None:
    """The point in the middle stays there, and about as much of the codes round it in view; beyond the square there is nothing to keep."""
    script = """say('', '', ''); spreading.told({ spread: true }); v.centre(1, -0.5, 0.4 / 388); v.framing = null;
      const seen = () => [v.scale.from(v.middle[0]), v.scale.from(v.middle[1]), ...v.reach.flat()], before = seen();
      const exact = [...v.xr, ...v.yr];
      button.click(); const on = seen(), framing = v.framing; button.click(); const back = [...v.xr, ...v.yr];
      button.click(); v.shift(0.01, 0); button.click(); const moved = seen();
      v.centre(60, 0, 0.01); v.framing = null; button.click(); return [before, on, framing, exact, back, moved, [...v.xr, ...v.yr]];"""
    before, on, framing, exact, back, moved, far = switch(bundle, script)
    assert on[:2] == pytest.approx(before[:2], abs=1e-6) and framing is None
    widths = [[high - low for low, high in zip(view[2::2], view[3::2], strict=True)] for view in (before, on, moved)]
    for width in widths[1:]:
        assert all(0.7 < new / old < 1.4 for new, old in zip(width, widths[0], strict=True))
    assert back == exact, "at once, it is as it was"
    assert moved[0] > before[0] and all(map(math.isfinite, far))


TOGETHER = """const { Viewport } = await import('/map/viewport.js'), { SPREAD } = await import('/map/scale.js');
  const told = [], drawn = [], extents = given, stops = [];
  const make = (name) => {
    const root = document.body.appendChild(document.createElement('div')), stop = new AbortController();
    root.innerHTML = '<div class=lm-under><div class=lm-tools></div></div>';
    const viewport = Object.assign(new Viewport(), { width: 400, height: 400, bound: 3.5, limit: 100 }); viewport.fit(extents, 'most');
    const plot = { relayout: () => drawn.push([name, ...made.map(({ map }) => map.viewport.scale.name)]) };
    const map = { root, viewport, figure: { extents }, plot, ready: true, tell: (what, said) => told.push([name, what, said]) };
    stops.push(stop);
    return new m.Spreading(map, stop.signal);
  };
  const said = (spread, value, number) => ({ spread, switched: { spread: { value, number } } }), made = [];
  const say = (spread, value, number = 0) => made.forEach((one) => one.told(said(spread, value, number)));
  made.push(make('first'), make('second')); const [first, second] = made;
  const on = () => made.map(({ button, words }) => [button.ariaChecked, words.hidden]);"""


def together(bundle: Bundle, script: str) -> Any:
    """What a script returns that has two maps whose switches `first` and `second` Python knows, say(spread, word, number), and on()."""
    return bundle.run("map/spreading.js", f"{TOGETHER} {script}", EXTENTS)


def test_one_switch_spreads_both_maps_before_either_is_drawn_and_python_hears_of_it_once(bundle: Bundle) -> None:
    script = """say(true, ''); drawn.length = 0; const before = on(); second.button.click(); const after = on();
      say(true, '1', 1); first.button.click(); const back = [on(), told, drawn];
      stops.forEach((stop) => stop.abort()); const left = make('third'); left.told({ spread: true }); left.button.click();
      return [before, after, ...back, first.button.ariaChecked];"""
    before, after, back, told, drawn, gone = together(bundle, script)
    assert before == back == [["false", True]] * 2 and after == [["true", False]] * 2
    assert told == [["first", "spread", {"value": word, "number": number}] for word, number in (("1", 1), ("", 2))]
    both = [[name, scale, scale] for scale in ("spread", "linear") for name in ("first", "second")]
    assert drawn[:4] == both and gone == "false", "a map that is gone, or has a look, is left alone"


def test_python_switches_maps_and_what_cannot_be_spread_stays_as_it_is(bundle: Bundle) -> None:
    """Back brings the other scale; maps that cannot be spread say why, and the next that can be are spread as before."""
    script = """say(true, ''); drawn.length = 0; say(true, '1', 0); const back = [on(), first.map.viewport.xr, drawn.length];
      say('No prior.', '1'); const why = [on(), first.map.viewport.scale.name, first.button.title]; first.button.click();
      const pressed = [on(), first.words.textContent, told.length]; say('No prior.', '1'); const still = on();
      say(true, '1'); return [back, why, pressed, still, on()];"""
    back, why, said, still, again = together(bundle, script)
    assert back == [[["true", False]] * 2, pytest.approx([-0.03, 1.03]), 2]
    assert why == [[["false", True]] * 2, "linear", "No prior."]
    assert said == [[["false", False], ["false", True]], "No prior. The map stays as it is.", 0] and still == said[0]
    assert again == [["true", False]] * 2


def test_a_run_that_is_spread_keeps_its_square_epoch_by_epoch(bundle: Bundle) -> None:
    """Whatever an epoch's codes reach: the extents are in coordinates of codes, the view in percentiles."""
    script = """const { SPREAD } = await import('/map/scale.js');
      const v = Object.assign(new m.Viewport(), { width: 400, height: 300, bound: 3.5, scale: SPREAD }); v.fit(null, 'most');
      const far = { left: -40, right: 40, bottom: -30, top: 30 }; return v.wellFramed({ most: far, all: far });"""
    assert bundle.run("map/viewport.js", script)


def test_a_link_sets_the_scale_and_then_the_zoom_on_it(bundle: Bundle) -> None:
    script = """spreading.told({ spread: true }); say('0.25,0.75,0.1234567', '', '1');
      const there = [...v.middle, v.xr[1] - v.xr[0], look.words];
      spreading.told({ spread: false }); return [there, v.scale.name, button.hidden, words.hidden];"""
    there, scale, hidden, silent = switch(bundle, script)
    assert there == [pytest.approx(0.25), pytest.approx(0.75), pytest.approx(0.1234567), ["0.25,0.75,0.123457", "", "1"]]
    assert (scale, hidden, silent) == ("linear", True, True), "where there is no such prior, nothing is spread"


def test_presenting_moves_the_map_to_the_whole_screen_and_back(bundle: Bundle) -> None:
    script = """document.body.innerHTML = '<div id=room><div class=lm><div tabindex=0 id=map></div><div class=lm-tools></div></div></div>';
      const room = document.body.firstElementChild, root = room.firstElementChild, heard = [], stop = new AbortController();
      const map = { root, element: root.firstElementChild, plot: { redraw() {} },
        look: { changed: () => heard.push(presenting.word) } };
      root.addEventListener('keydown', (event) => heard.push(event.key));
      const presenting = new m.Presenting(map, room, stop.signal), { stage, button } = presenting;
      presenting.offer({ look: null }); const hidden = button.hidden;
      presenting.offer({ look: {} }); presenting.heed('1'); presenting.heed('1');
      const on = [presenting.word, root.parentElement === stage, stage.matches(':modal'), document.activeElement.id];
      for (const key of ['ArrowUp', 'Escape']) map.element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      const closed = new Promise(done => stage.addEventListener('close', done)); presenting.heed(''); await closed;
      const off = [presenting.word, room.firstElementChild === root, room.style.minHeight, document.activeElement === button];
      return [hidden, on, off, heard];"""
    hidden, on, off, heard = bundle.run("map/presenting.js", script)
    assert hidden and on == ["1", True, True, "map"] and off == ["", True, "", True]
    assert heard == ["1", "ArrowUp", ""], "Esc leaves, and clears no point"


def test_a_pinch_beyond_the_square_holds_on_to_its_edge(bundle: Bundle) -> None:
    """The point nearest to a pixel: of the spread map's square, or of where points can be."""
    script = """const { SPREAD } = await import('/map/scale.js');
      const v = Object.assign(new m.Viewport(), { width: 100, height: 100, limit: 5, bound: 3 });
      v.scale = SPREAD; v.centre(0.5, 0.5, 0.02); const pixels = [[50, 50], [99, 50], [50, 0], [130, 50]];
      return [pixels.map((p) => v.toLatent(p)), pixels.map((p) => v.toLatent(p, true))];"""
    strict, nearest = bundle.run("map/viewport.js", script)
    assert strict == [[pytest.approx(0), pytest.approx(0)], None, None, None]
    assert nearest == [[pytest.approx(x), pytest.approx(y)] for x, y in [(0, 0), (5, 0), (0, 5), (5, 0)]]
