"""The browser's modules one by one, in one page of a real browser without a server: arithmetic, what input means, who hears of what."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from bundle import MODULES, STYLES, Bundle
from playwright.sync_api import Browser
from safetensors.numpy import save
from view import COPY

from core import export
from core.frame import Frame
from core.latent import Plane
from core.models import build
from core.models.linear import EDGE, LinearConfig
from core.models.vae import VAEConfig
from pages.browser import FOLDER
from pages.browser.map import BENCH, LAYERS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]


# --- the bundle ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*MODULES, *STYLES])
def test_a_file_is_read_in_one_go(name: str) -> None:
    assert len((FOLDER / name).read_text("utf-8").splitlines()) <= 250


@pytest.mark.parametrize("name", MODULES)
def test_every_module_loads_by_itself(bundle: Bundle, name: str) -> None:
    assert bundle.run(name, "return Object.keys(m).length") > 0


def test_python_and_browser_know_the_same_tools(bundle: Bundle) -> None:
    assert bundle.run("map/bench.js", "return Object.keys(m.TOOLS)") == list(BENCH)


def test_python_and_browser_know_the_same_layers(bundle: Bundle) -> None:
    of_the_browser = {"background", "images", "crowd", "nothing"}  # chosen by itself; of the points
    assert set(bundle.run("map/layers/index.js", "return Object.keys(m.LAYERS)")) == of_the_browser | set(LAYERS)
    missing = """return Object.entries(m.LAYERS).flatMap(([name, { prototype }]) =>
      ['use', 'look', 'show', 'stop'].filter(method => !prototype[method]).map(method => `${name}.${method}`));"""
    assert bundle.run("map/layers/index.js", missing) == []


# --- what page and Python agree on -----------------------------------------------------------------------------------------

AGREED = (
    """const told = [], a = new m.Settling(null, (said) => told.push(said)), quiet = () => new Promise(done => setTimeout(done, 500));"""
)


def test_python_hears_of_a_change_when_nothing_changes_any_more(bundle: Bundle) -> None:
    script = f"""{AGREED} let at = 0; for (const v of [1, 2, 3]) {{ at = v; a.changed(() => at); }}
      at = 4; await quiet(); a.changed(() => 4); await quiet(); return told;"""
    assert bundle.run("agreed.js", script) == [{"value": 4, "number": 1}], "once, and only what is new"


def test_what_python_says_is_news_unless_something_changed_since(bundle: Bundle) -> None:
    script = f"""{AGREED} const heard = [a.heed({{ value: 7, number: 0 }}), a.heed({{ value: 7, number: 0 }})];
      a.changed(() => 8); await quiet(); heard.push(a.heed({{ value: 7, number: 0 }}), a.heed({{ value: 8, number: 1 }}), a.value);
      a.changed(() => 9); heard.push(a.heed({{ value: null, number: 1 }}), a.value); await quiet(); return [heard, told.length];"""
    assert bundle.run("agreed.js", script) == [[True, False, False, False, 8, True, None], 1], "a link takes back what was not told yet"


def test_what_changed_here_is_newer_than_what_python_says_until_it_has_heard(bundle: Bundle) -> None:
    script = """const a = new m.Agreed(), say = (value, number) => a.heed({ value, number });
      const news = [say([1, 2], 0), say([1, 2], 0)], word = a.change([3, 4]);
      news.push(say([1, 2], 0), say([5, 6], 0), say([3, 4], 1), say([5, 6], 1), say(null, 1)); return [news, word, a.change(null)];"""
    news, *words = bundle.run("agreed.js", script)
    assert news == [True, False, False, False, False, True, True]
    assert words == [{"value": [3, 4], "number": 1}, {"value": None, "number": 2}]


KEEPING = """const { Cursor } = await import('/map/cursor.js'), told = [];
  const mount = (view) => {
    const stop = new AbortController(), room = document.body.appendChild(document.createElement('div'));
    const map = { view, cursor: new Cursor(), tour: { stop() {} }, data: { readout: {} }, tell: (name, word) => told.push([name, word]),
      viewport: { limit: 9, allows: () => true } };
    return Object.assign(map, { leave: () => stop.abort(), keeping: new m.Keeping(map, room, stop.signal) });
  }, say = (map, value, number) => { map.keeping.heed({ kept: { value, number } }, false); return map.cursor.kept; };"""


def test_a_point_that_python_has_not_heard_of_is_there_when_its_map_is_mounted_again(bundle: Bundle) -> None:
    script = f"""{KEEPING} const a = mount('vae'), first = say(a, [1, 2], 0); a.keeping.choose([3, 4]); a.leave();
      const b = mount('vae'), again = say(b, [1, 2], 0); b.leave();
      const c = mount('vae'), news = say(c, [5, 6], 0); c.leave();
      const d = mount('other'), other = say(d, [1, 2], 0); d.leave(); return [first, again, news, other, told];"""
    first, again, news, other, told = bundle.run("map/keeping.js", script)
    assert (first, again, told) == ([1, 2], [3, 4], []), "Python is told when it has to know"
    assert (news, other) == ([5, 6], [1, 2]), "another point or model is Python's to say"


def test_a_kept_point_is_told_with_what_python_has_to_know_and_once(bundle: Bundle) -> None:
    script = f"""{KEEPING} const a = mount('vae'); say(a, [1, 2], 0); a.keeping.choose([3, 4]); a.keeping.choose([5, 6]);
      a.keeping.tell('look', 'all'); a.keeping.tell('look', ''); const old = say(a, [1, 2], 0); a.leave();
      const b = mount('vae'), link = say(b, [1, 2], 1); b.leave(); return [told, old, link];"""
    told, kept, link = bundle.run("map/keeping.js", script)
    assert told == [["pick", {"value": [5, 6], "number": 1}], ["look", "all"], ["look", ""]] and kept == [5, 6]
    assert link == [1, 2], "nothing is left to remember"


def test_an_address_that_python_wrote_meanwhile_has_the_kept_point_again(bundle: Bundle) -> None:
    script = f"""{KEEPING} const a = mount('vae'), z = () => new URLSearchParams(location.search).get('z'), found = [];
      const python = (text) => {{ history.replaceState({{}}, '', `${{location.pathname}}?checkpoint=vae&z=${{text}}&layers=names`); }};
      python('1,2'); say(a, [1, 2], 0); found.push(z()); a.keeping.keep([3, 4.00004]); found.push(z());
      const entries = history.length; python('1,2'); say(a, [1, 2], 0); found.push(location.search, history.length - entries);
      a.keeping.keep(null); python('1,2'); say(a, [1, 2], 0); found.push(z()); a.keeping.late.flush();
      python('5,6'); say(a, [5, 6], 2); found.push(z()); a.leave(); history.replaceState({{}}, '', location.pathname); return found;"""
    before, kept, whole, entries, none, news = bundle.run("map/keeping.js", script)
    assert (before, kept, none, news) == ("1,2", "3,4", "", "5,6"), "what Python says since then is newer"
    assert whole.replace("%2C", ",") == "?checkpoint=vae&z=3,4&layers=names" and entries == 0, "nothing else is touched, nor the history"


LATE = """document.body.innerHTML = `<button id=room></button><nav data-testid=stSidebarNav><a id=away href="#"></a></nav><input id=other>`;
  const [room, away, other] = ['room', 'away', 'other'].map((id) => document.getElementById(id)), told = [], stop = new AbortController();
  const late = new m.Late(room, stop.signal, (name, word) => told.push([name, word]));
  const press = (element) => element.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));"""


def test_what_can_wait_is_told_when_someone_turns_to_what_python_draws(bundle: Bundle) -> None:
    script = f"""{LATE} let at = 1; late.say('pick', () => at); late.say('pick', () => 10 * at); late.say('look', () => 'all'); at = 2;
      press(room); room.focus(); press(away); away.focus(); const waiting = told.length;
      press(other); press(other); late.say('pick', () => 3); other.focus(); late.say('pick', () => 4); late.flush();
      const key = (element) => element.dispatchEvent(new KeyboardEvent('keydown', {{ key: ' ', bubbles: true }}));
      late.say('pick', () => 6); key(document.body); key(room); const keyed = told.length; key(other);
      stop.abort(); late.say('pick', () => 5); press(other); document.body.innerHTML = ''; return [waiting, told, keyed];"""
    waiting, told, keyed = bundle.run("map/late.js", script)
    assert waiting == 0, "neither the map's own room nor the way to another page needs Python"
    assert keyed == 4 and told == [["pick", 20], ["look", "all"], ["pick", 3], ["pick", 4], ["pick", 6]], (
        "the last word of each name, as it is when it is told, once"
    )


LOOK = """const { Viewport } = await import('/map/viewport.js'), { Cursor } = await import('/map/cursor.js');
  const told = [], cursor = new Cursor(), stop = new AbortController();
  const v = Object.assign(new Viewport(), { width: 700, height: 420, bound: 3.5, limit: 100 });
  const extents = { most: { left: -3, right: 2.5, bottom: -1, top: 2 }, all: { left: -6, right: 4, bottom: -9, top: 3 } };
  const look = new m.Look(v, cursor, (said) => told.push(said), stop.signal), quiet = () => new Promise(done => setTimeout(done, 500));
  v.fit(extents, 'most'); const say = (view, classes, number) => look.follow({ value: [view, classes], number }, extents, 'a');
  const put = (query) => history.replaceState({}, '', `${location.pathname}${query}`);
  const view = () => new URLSearchParams(location.search).get('view');"""


def look(bundle: Bundle, script: str) -> Any:
    """What a script returns that has a look at a fitted viewport `v`, and `say(view, classes, number)` for Python."""
    return bundle.run("map/look.js", f"{LOOK} {script}")


def test_a_link_sets_zoom_and_legend_and_they_are_told_in_its_words(bundle: Bundle) -> None:
    script = """const first = say('', '', 0), news = say('0.5,-1,3', '3,8', 0);
      const now = [v.middle, v.xr[1] - v.xr[0], v.framing, [...cursor.selected], look.words];
      return [first, news, ...now, say('all', '', 0), look.words, say('', '', 0), v.framing];"""
    first, news, middle, across, framing, lit, words, *rest = look(bundle, script)
    assert not first and news and middle == pytest.approx([0.5, -1]) and across == pytest.approx(3) and framing is None and lit == [3, 8]
    assert words == ["0.5,-1,3", "3,8"]
    assert rest == [True, ["all", ""], True, "most"]


def test_what_one_does_to_zoom_and_legend_is_told_once_and_not_before_python_has_spoken(bundle: Bundle) -> None:
    script = """v.shift(1, 0); cursor.select([8, 3]); look.changed(); await quiet(); const before = told.length;
      v.fit(extents, 'most'); cursor.select([]); say('', '', 0);
      v.zoom(2, [0, 0]); look.changed(); cursor.select([8]); cursor.select([8, 3]); await quiet(); return [before, told];"""
    before, told = look(bundle, script)
    assert before == 0 and len(told) == 1 and told[0]["number"] == 1 and told[0]["value"][1] == "3,8"
    assert len(told[0]["value"][0].split(",")) == 3


def test_a_zoom_alone_is_in_the_address_and_told_when_python_has_to_know_it(bundle: Bundle) -> None:
    """Streamlit's rerun for it would hold the page's next frame."""
    script = """put('?checkpoint=a&layers=names'); say('', '', 0); v.centre(0, 0, 0.01); v.framing = null; look.changed(); await quiet();
      const found = [told.length, view()], entries = history.length; put('?checkpoint=a'); say('', '', 0); found.push(view());
      v.fit(extents, 'most'); look.changed(); await quiet(); found.push(location.search, look.news() ?? null);
      v.fit(extents, 'all'); found.push(look.news(), look.news() ?? null); put('?checkpoint=a'); say('all', '', 1); found.push(view());
      await quiet(); found.push(told.length, history.length - entries); put(''); return found;"""
    first, zoomed, held, whole, nothing, news, again, known, times, entries = look(bundle, script)
    assert (first, zoomed, held) == (0, "0,0,7", "0,0,7"), "also where Python has put the one before back there"
    assert (whole, nothing) == ("?checkpoint=a", None) and (news, again) == ({"value": ["all", ""], "number": 1}, None), "once"
    assert known is None and (times, entries) == (0, 0), "what Python knows, it writes; and no zoom is an entry of the history"


def test_a_zoom_that_python_has_not_heard_of_is_there_when_its_map_is_mounted_again(bundle: Bundle) -> None:
    script = """const mount = () => new m.Look(v, new Cursor(), (said) => told.push(said), stop.signal), found = [];
      const python = (one, zoom, of, number = 0) => { v.fit(extents, 'most'); put('?checkpoint=a');
        one.follow({ value: [zoom, ''], number }, extents, of); found.push([one.words[0], view()]); };
      say('', '', 0); v.centre(1, 0, 0.01); v.framing = null; look.changed(); await quiet();
      const back = mount(); python(back, '', 'a'); python(mount(), '', 'b'); python(mount(), 'all', 'a'); found.push(Boolean(back.news()));
      python(mount(), '', 'a'); put(''); return [found, told];"""
    found, told = look(bundle, script)
    assert found == [["1,0,7", "1,0,7"], ["", None], ["all", None], True, ["", None]], "another model's or zoom is Python's to say"
    assert told == []


def test_no_link_zooms_farther_than_one_can(bundle: Bundle) -> None:
    near, far, widest = look(
        bundle, "say('0,0,0.001', '', 0); const near = v.unit; say('0,0,9999', '', 0); return [near, v.unit, v.maxUnit];"
    )
    assert near == pytest.approx(1e-4) and far == pytest.approx(widest)


# --- the viewport ----------------------------------------------------------------------------------------------------------

EXTENTS: dict[str, dict[str, float]] = {
    "most": {"left": -3, "right": 2.5, "bottom": -1, "top": 2},
    "all": {"left": -6, "right": 4, "bottom": -9, "top": 3},
}
VIEW = """const v = Object.assign(new m.Viewport(), { width: 700, height: 420, limit: 100, bound: 3.5 });
  v.margin = { l: 34, r: 6, t: 6, b: 28 };
  v.fit(given.extents, 'most'); const both = () => [...v.xr, ...v.yr];"""


def view(bundle: Bundle, script: str, **given: Any) -> Any:
    """What a script returns that has a viewport `v`, fitted to most of EXTENTS."""
    return bundle.run("map/viewport.js", f"{VIEW} {script}", given | {"extents": EXTENTS})


def test_a_pixel_means_its_point_and_a_point_its_pixel(bundle: Bundle) -> None:
    pixels = np.random.default_rng(0).uniform([34, 6], [694, 392], (50, 2))
    zoomed = "v.zoom(3.7, [0.3, -0.8]); v.shift(0.4, -0.1);"
    for before in ("", zoomed):
        there_and_back = view(bundle, f"{before} return given.pixels.map(p => v.toPixel(v.toLatent(p)));", pixels=pixels.tolist())
        np.testing.assert_allclose(there_and_back, pixels, atol=1e-8)
    corners = view(bundle, "return [v.toLatent([34, 6]), v.toLatent([694, 392])].flat().concat(both());")
    left, top, right, bottom, *ranges = corners
    assert [left, right, bottom, top] == pytest.approx(ranges), "the plot's corners are the ends of the axes"


def test_nothing_is_pointed_at_beside_the_plot_nor_beyond_the_limit(bundle: Bundle) -> None:
    outside = [[33, 100], [695, 100], [100, 5], [100, 393], [-5, -5]]
    assert view(bundle, "return given.outside.map(p => v.toLatent(p));", outside=outside) == [None] * 5
    assert view(bundle, "v.limit = 1; return [v.toLatent(v.toPixel([1.01, 0])), v.toLatent(v.toPixel([0.99, 0]))[0]];") == [
        None,
        pytest.approx(0.99),
    ]


@pytest.mark.parametrize("what", EXTENTS)
def test_what_is_fitted_is_in_view_and_one_unit_as_long_on_both_axes(bundle: Bundle, what: str) -> None:
    left, right, bottom, top, *box, framing = view(
        bundle, f"v.fit(given.extents, '{what}'); return [...both(), v.box.width, v.box.height, v.framing];"
    )
    wanted = EXTENTS[what]
    assert left < wanted["left"] and right > wanted["right"] and bottom < wanted["bottom"] and top > wanted["top"]
    assert (right - left) / box[0] == pytest.approx((top - bottom) / box[1]) and framing == what
    fill = max((wanted["right"] - wanted["left"]) / (right - left), (wanted["top"] - wanted["bottom"]) / (top - bottom))
    assert fill == pytest.approx(1 / 1.06), "with little room around"


def test_zooming_keeps_the_point_under_the_fingers(bundle: Bundle) -> None:
    script = "const z = [1.2, 0.4], before = v.toPixel(z); v.zoom(2.5, z); return [before, v.toPixel(z), v.framing];"
    before, after, framing = view(bundle, script)
    assert after == pytest.approx(before) and framing is None, "and from now on the view is someone's own"


def test_no_zoom_is_too_much(bundle: Bundle) -> None:
    finest, coarsest, limit = view(bundle, "v.zoom(1e12); const fine = v.unit; v.zoom(1e-12); return [fine, v.unit, v.maxUnit];")
    assert finest == pytest.approx(1e-4) and coarsest == pytest.approx(limit)


def test_the_middle_stays_where_points_can_be(bundle: Bundle) -> None:
    assert view(bundle, "v.shift(1, 1); return v.keepInside();") is False
    moved, middle, unit, before = view(bundle, "v.shift(300, -400); const u = v.unit; return [v.keepInside(), v.middle, v.unit, u];")
    assert moved and middle == pytest.approx([100, -100]) and unit == pytest.approx(before)


def test_zooming_does_not_take_the_middle_beyond_the_limit(bundle: Bundle) -> None:
    assert view(bundle, "v.limit = 2; v.zoom(1 / 4, [-9, 0]); return v.middle[0];") == pytest.approx(2)


def test_a_point_at_the_edge_is_brought_in(bundle: Bundle) -> None:
    assert view(bundle, "return v.bringIn(v.middle);") is False
    moved, [x, y], unit = view(bundle, "const z = [v.xr[1], v.yr[0] - 1], u = v.unit; return [v.bringIn(z), v.toPixel(z), v.unit / u];")
    assert moved and unit == pytest.approx(1) and 34 + 0.7 * 660 < x < 34 + 0.8 * 660 and 6 + 0.7 * 386 < y < 6 + 0.8 * 386


def test_another_size_shows_the_same(bundle: Bundle) -> None:
    fitted = view(bundle, "v.resize(350, 800, given.extents); return [v.wellFramed(given.extents), v.framing];")
    assert fitted == [True, "most"]
    before, after, units = view(
        bundle,
        "v.zoom(2); const b = both(); v.resize(350, 800, given.extents); return [b, both(), [v.unit, (v.yr[1] - v.yr[0]) / v.box.height]];",
    )
    assert after[:2] == pytest.approx(before[:2]) and units[0] == pytest.approx(units[1])


def test_a_cloud_that_shrinks_or_grows_is_not_well_framed(bundle: Bundle) -> None:
    small, large = ({"most": {k: v * f for k, v in EXTENTS["most"].items()}} for f in (0.2, 3))
    assert view(bundle, "return [given.small, given.large, given.extents].map(e => v.wellFramed(e));", small=small, large=large) == [
        False,
        False,
        True,
    ]


# --- the cursor ------------------------------------------------------------------------------------------------------------

CURSOR = """const c = new m.Cursor(), heard = [], stopper = new AbortController(), frame = () => new Promise(requestAnimationFrame);
  const drawn = async () => { await frame(); await frame(); };
  const hear = (who, signal) => c.subscribe(Object.fromEntries(['frame', 'words', 'rested', 'kept', 'selected'].map(what =>
    [what, (said) => heard.push([who, what, said instanceof Set ? [...said] : said])])), signal);
  const wait = (ms) => new Promise(done => setTimeout(done, ms)), only = (what) => heard.filter(one => one[1] === what).map(one => one[2]);
  hear('one', stopper.signal);"""


def cursor(bundle: Bundle, script: str) -> Any:
    return bundle.run("map/cursor.js", f"{CURSOR} {script}")


def test_one_frame_shows_the_latest_point(bundle: Bundle) -> None:
    script = """for (let i = 0; i < 50; i++) c.look([i, 0]);
      const before = only('frame').length; await drawn(); return [before, only('frame'), c.pointing];"""
    assert cursor(bundle, script) == [0, [[49, 0]], True]


def test_the_oldest_event_that_a_frame_answers_is_told(bundle: Bundle) -> None:
    script = """const since = []; c.subscribe({ frame: (z, at) => since.push(at) }, stopper.signal);
      c.look([0, 0], 12); c.look([1, 0], 15); await drawn(); c.look([2, 0], 40); await drawn(); c.show([3, 0]); return since;"""
    assert cursor(bundle, script) == [12, 40, None]


def test_what_can_wait_for_rest_waits_while_a_pointer_passes(bundle: Bundle) -> None:
    script = """const end = performance.now() + 450; let i = 0;
      while (performance.now() < end) { c.look([i++, 0], undefined, true); await frame(); }
      const passing = only('rested').length; await wait(500); c.look([7, 7]); await wait(150); const key = only('rested').length;
      c.look([8, 8], undefined, true); await drawn(); c.keep([9, 9]); c.leave(); return [i - 1, passing, key, only('rested')];"""
    last, passing, key, rested = cursor(bundle, script)
    assert passing == 0 and key == 2, "a key rests with its words"
    assert rested == [[last, 0], [7, 7], [9, 9]]


def test_words_come_ten_times_a_second_and_the_last_one_always(bundle: Bundle) -> None:
    script = """const end = performance.now() + 450; let i = 0;
      while (performance.now() < end) { c.look([i++, 0]); await frame(); } await wait(150);
      return [i - 1, only('words').map(z => z[0]), only('frame').length];"""
    last, words, frames = cursor(bundle, script)
    assert words == sorted(words) and words[-1] == last
    assert 1 <= len(words) <= 7 and len(words) < frames


def test_words_that_are_due_come_with_their_frame_and_else_soon_after(bundle: Bundle) -> None:
    """A task of their own would have the page put together twice for one move; but a pointer that stops has its words."""
    script = """const now = () => heard.splice(0).map(one => [one[1], one[2][0]]); await wait(150);
      c.look([0, 0], undefined, true); c.show([1, 0]); const due = now(); c.show([2, 0]); const early = now(); await wait(180);
      return [due, early, now()];"""
    assert cursor(bundle, script) == [[["frame", 1], ["words", 1]], [["frame", 2]], [["words", 2]]]


def test_what_is_kept_is_told_at_once_and_looking_ends(bundle: Bundle) -> None:
    script = """c.look([1, 1]); heard.length = 0; c.choose([2, 3]);
      const now = [...heard]; await drawn(); return [now, c.pointing, heard.length];"""
    z = [2, 3]
    assert cursor(bundle, script) == [[["one", what, z] for what in ("kept", "frame", "words", "rested")], False, 4]


def test_leaving_shows_the_kept_point_again(bundle: Bundle) -> None:
    shown = cursor(bundle, "c.choose([1, 2]); c.look([5, 5]); await drawn(); c.leave(); c.leave(); return [only('frame'), c.pointed];")
    assert shown == [[[1, 2], [5, 5], [1, 2]], [1, 2]]


def test_what_python_says_does_not_disturb_who_looks_elsewhere(bundle: Bundle) -> None:
    assert cursor(bundle, "c.look([5, 5]); c.keep([1, 2]); return [only('kept'), c.pointed, c.pointing];") == [[[1, 2]], [5, 5], True]


def test_two_maps_that_share_a_cursor_hear_the_same(bundle: Bundle) -> None:
    script = """hear('two', stopper.signal); c.look([1, 2]); await drawn(); c.select([3]);
      return heard.filter(one => !['words', 'rested'].includes(one[1]));"""
    assert cursor(bundle, script) == [
        ["one", "frame", [1, 2]],
        ["two", "frame", [1, 2]],
        ["one", "selected", [3]],
        ["two", "selected", [3]],
    ]


def test_a_pair_of_maps_goes_from_a_point_to_the_same_image_or_the_same_point(bundle: Bundle) -> None:
    script = """const { NearestIndex } = await import('/nets/nearest.js'), { across, around } = m, floats = (of) => Float64Array.from(of);
      const figure = (x, y, row) => ({ codes: { x, y, row: floats(row) }, index: new NearestIndex(floats(x), floats(y)) });
      const one = figure([0, 1, 2], [0, 0, 0], [7, 8, 9]), other = figure([5, 6, 4], [1, 2, 3], [9, 7, 8]);
      return [across('image', one, other, [0.9, 0.1]), across('image', one, other, [2, 0]), across('image', other, one, [6, 2]),
        across('image', one, figure([5], [1], [7]), [2, 0]), across('point', one, other, [0.9, 0.1]),
        around({ left: -1, right: 2, bottom: -3, top: 4 }, { left: -2, right: 1, bottom: -1, top: 5 })];"""
    union = {"left": -2, "right": 2, "bottom": -3, "top": 5}
    assert bundle.run("map/pair.js", script) == [[4, 3], [5, 1], [0, 0], None, [0.9, 0.1], union]


def test_a_move_of_the_pointer_moves_layers_and_paints_one_canvas(bundle: Bundle) -> None:
    """Of what the page consists it changes nothing: no text, no attribute, not even a style, so that no layout follows."""
    script = """const { SKELETON } = await import('/map/skeleton.js'), { Picture } = await import('/map/controls.js');
      const { Viewport } = await import('/map/viewport.js'), root = document.body.appendChild(document.createElement('div'));
      root.innerHTML = SKELETON; const v = new Viewport(); v.centre(0, 0, 0.01);
      const marks = new m.Marks(root, v), picture = new Picture(root.querySelector('.lm-image')), ink = new Float32Array(784).fill(0.5);
      marks.point([0, 0]); const watch = new MutationObserver(() => {});
      watch.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
      marks.point(null); marks.point([0.2, 0.1]); picture.paint(ink);
      const seen = watch.takeRecords().map(({ type, attributeName }) => `${type} ${attributeName}`);
      const own = (part) => new DOMMatrix(getComputedStyle(part).transform);
      const at = (part) => part.matches('.lm-cross') ? own(part) : at(part.parentElement).multiply(own(part));
      const places = ['i', 'i + i', 'b'].map((part) => at(root.querySelector(`.lm-cross ${part}`)));
      const wanted = v.toPixel([0.2, 0.1]); root.remove(); return [seen, places.map(({ e, f }) => [e, f]), wanted];"""
    seen, places, wanted = bundle.run("map/marks.js", script)
    assert seen == [] and places == [pytest.approx(wanted, abs=1e-3)] * 3


def test_while_a_pointer_moves_the_crosshair_hangs_on_the_page_and_at_rest_in_the_map(bundle: Bundle) -> None:
    script = """const { SKELETON } = await import('/map/skeleton.js'), { Viewport } = await import('/map/viewport.js');
      const { Cursor } = await import('/map/cursor.js'), root = document.body.appendChild(document.createElement('div'));
      const v = new Viewport(), cursor = new Cursor(), stopper = new AbortController(), seen = []; v.centre(0, 0, 0.01);
      root.innerHTML = SKELETON; let place = null;
      const parts = () => [...root.querySelector('.lm-map').children].map(({ className }) => className.baseVal ?? className).join();
      const cross = root.querySelector('.lm-cross'), order = parts();
      const marks = new m.Marks(root, v, cursor, () => place, () => null, stopper.signal);
      const point = (z, at = place) => {
        place = at; marks.point(z); const raft = document.querySelector('.lm-raft');
        seen.push(raft ? [raft.parentElement.tagName, raft.style.left, raft.contains(cross)] : root.contains(cross)); };
      const then = (act) => { act(); seen.push(root.contains(cross) && !document.querySelector('.lm-raft')); };
      point([0, 0]); point([1, 0], { left: 30, top: 40 }); point([1, 0], { left: 35, top: 40 }); then(() => cursor.rest());
      point([1, 0]); then(() => window.dispatchEvent(new Event('scroll'))); point([1, 0]); point(null); point([1, 0]); point([0, 0], null);
      point([1, 0], { left: 1, top: 2 }); then(() => stopper.abort());
      const again = parts() === order; root.remove(); return [seen, again];"""
    seen, again = bundle.run("map/marks.js", script)
    afloat = ["BODY", "35px", True]
    assert seen == [True, ["BODY", "30px", True], afloat, True, afloat, True, afloat, True, afloat, True, ["BODY", "1px", True], True]
    assert again, "it is back where it was among the map's parts"


def test_under_a_pointer_that_rests_a_code_s_image_goes_with_the_view(bundle: Bundle) -> None:
    script = """const { Viewport } = await import('/map/viewport.js'), { NearestIndex } = await import('/nets/nearest.js');
      const viewport = Object.assign(new Viewport(), { width: 400, height: 400 });
      const element = document.body.appendChild(document.createElement('div'));
      const of = Float64Array.from([0]), codes = { x: of, y: of, row: [7], owner: [0] }, drawn = new Set();
      const figure = { codes, data: [{ meta: 3 }], index: new NearestIndex(of, of) };
      const cursor = { pointed: [0.02, 0], pointing: true, selected: new Set(), subscribe: (hears) => (cursor.hears = hears) };
      const map = { element, figure, cursor, viewport, drawn, data: { layers: ['points'] }, decoder: { width: 2, height: 2 } };
      const facts = { classes: [{ colour: 'red' }] }, image = () => new Float32Array(4), dot = () => [0, 0];
      new m.Peek({ map, facts, labels: { 7: 0 }, hasImages: true, image, dot }, new AbortController().signal);
      const peek = element.querySelector('.lm-peek'), seen = [];
      const look = () => { const { e, f } = new DOMMatrix(peek.style.transform); seen.push(peek.hidden ? null : [e, f]); };
      const view = (x, y, unit) => { viewport.centre(x, y, unit); for (const one of drawn) one.draw(); look(); };
      viewport.centre(0, 0, 0.01); cursor.hears.rested(cursor.pointed); look(); const [x, y] = viewport.toPixel([0, 0]);
      view(0.5, 0, 0.01); const [moved] = viewport.toPixel([0, 0]); view(0, 0, 0.001); view(0, 0, 0.01); element.remove();
      return [seen, [x, y], moved];"""
    (first, moved, close, again), (x, y), to = bundle.run("map/peek.js", script)
    assert first == [round(x + 16), round(y - 82)] and moved == [round(to + 16), first[1]] and to != x
    assert close is None and again is None, "zoomed in, the code is 20 px away; what has gone comes when the pointer rests again"


def test_where_a_view_shows_no_code_words_say_so(bundle: Bundle) -> None:
    script = """const { LINEAR, SPREAD } = await import('/map/scale.js'), map = document.body.appendChild(document.createElement('div'));
      const layer = new m.NothingLayer(map.appendChild(document.createElement('div')));
      const shown = () => !map.querySelector('.lm-nothing').hidden;
      const figure = { data: [{ x: [0, 1], y: [0, -1] }, { x: [2], y: [2] }] }, points = new Set(['points']), seen = [shown()];
      const view = (xr, yr, scale = LINEAR) => { layer.look({ viewport: { xr, yr, scale } }); seen.push(shown()); };
      const use = (more) => { layer.use({ figure, on: points, ...more }); seen.push(shown()); };
      use(); view([-3, 3], [-3, 3]); view([0.2, 0.8], [-0.8, -0.2]);
      view([0.2, 1.2], [-1.2, -0.2]); view([1, 2], [2, 3]); view([-0.5, 0.5], [1, 2]);
      view([1.5, 1.9], [2, 3]); use({ on: new Set() }); use(); use({ figure: { data: [{ x: [1.7], y: [2.5] }] } });
      use({ figure: { data: [{ x: [], y: [] }] } }); use(); view([0.8, 0.9], [0.1, 0.2], SPREAD); view([0.8, 0.9], [0.1, 0.2]);
      map.remove(); return seen;"""
    before, first, whole, between, one, edge, above, beside, off, again, another, none, back, spread, linear = bundle.run(
        "map/layers/nothing.js", script
    )
    assert not any((before, first, whole, one, edge, off, another, none, spread)), "what is not missed, and what is there"
    assert all((between, above, beside, again, back, linear))


def test_rings_are_drawn_as_they_are_given_or_on_the_scale_of_the_map_with_its_edge(bundle: Bundle) -> None:
    script = """const { LINEAR, SPREAD } = await import('/map/scale.js'), rings = new m.RingLayer();
      const circle = (sigmas) => ({ type: 'circle', x0: -sigmas, x1: sigmas, y0: -sigmas, y1: sigmas, line: { dash: 'dot' } });
      const kinds = () => rings.looks().shapes.map(({ type, visible, x1 }) => [type, visible ?? null, x1 ?? null]);
      const use = (shapes) => rings.use({ figure: { layout: shapes ? { shapes } : {} } }), seen = [];
      use([1, 2].map(circle)); rings.show(true); rings.look({ viewport: { scale: LINEAR } }); seen.push(kinds());
      rings.show(false); seen.push(kinds()); rings.show(true); rings.look({ viewport: { scale: SPREAD } }); seen.push(kinds());
      use(null); seen.push(kinds()); return seen;"""
    shown, hidden, spread, none = bundle.run("map/layers/rings.js", script)
    assert shown == [["circle", True, 1], ["circle", True, 2]] and hidden == [["circle", False, 1], ["circle", False, 2]]
    assert spread == [["rect", None, 1], ["path", True, None], ["path", True, None]], (
        "the square's edge, and the circles as they fall on it"
    )
    assert none == [["rect", None, 1]], "a model without a prior has none"


def test_what_is_drawn_piece_by_piece_is_seen_as_far_as_it_is_a_finished_picture_at_each_time(bundle: Bundle) -> None:
    """So that no canvas in view is one that Chromium copies at each frame of the page, drawn on or not."""
    script = """const canvas = new m.StillCanvas('some'), { element: c } = canvas, pen = canvas.clear(3, 1), seen = [];
      const look = () => seen.push([...COPY.getImageData(0, 0, 3, 1).data].filter((_, i) => i % 4 === 3)); pen.fillRect(0, 0, 1, 1);
      canvas.showSoFar(); look(); pen.fillRect(2, 0, 1, 1); look(); canvas.showSoFar(); look(); canvas.show(); look();
      canvas.clear(3, 1).fillRect(1, 0, 1, 1); canvas.show(); look();
      const plot = document.body.appendChild(document.createElement('div')).appendChild(document.createElement('p'));
      const { LAYERS } = await import('/map/layers/index.js');
      for (const name of ['manifold', 'background', 'images']) new LAYERS[name](plot);
      const contexts = [...plot.parentElement.querySelectorAll('canvas')].map((one) => Boolean(one.getContext('2d')));
      plot.parentElement.remove(); return [seen, contexts];"""
    seen, contexts = bundle.run("map/still_canvas.js", script.replace("COPY", COPY))
    assert seen == [[255, 0, 0], [255, 0, 0], [255, 0, 255], [255, 0, 255], [0, 255, 0]]
    assert contexts == [False] * 3


def test_what_each_frame_draws_anew_is_a_canvas_in_view_and_once_it_rests_a_finished_picture(bundle: Bundle) -> None:
    script = """const room = document.body.appendChild(document.createElement('div')), canvas = new m.MovingCanvas('some'), seen = [];
      room.append(canvas.element); canvas.hidden = true;
      const look = () => { const c = room.firstChild, live = Boolean(c.getContext('2d'));
        seen.push([live, c.hidden, room.childNodes.length, ...[...COPY.getImageData(0, 0, 3, 1).data].filter((_, i) => i % 4 === 3)]); };
      const draw = (x) => { const pen = canvas.over({ left: 0, top: 0, width: 3, height: 1 }); pen.beginPath(); pen.rect(x, 0, 2, 1);
        pen.clip(); pen.fillRect(x, 0, 1, 1); canvas.show(); };
      const rest = async () => { while (room.firstChild.getContext('2d')) await new Promise(requestAnimationFrame); };
      draw(0); look(); canvas.hidden = false; draw(2); look(); await rest(); look(); canvas.pen.fillRect(2, 0, 9, 1); canvas.show();
      draw(1); look(); await rest(); look(); room.remove(); return seen;"""
    before, moved, rested, again, end = bundle.run("map/moving_canvas.js", script.replace("COPY", COPY))
    assert before == [True, True, 1, 255, 0, 0] and moved == [True, False, 1, 0, 0, 255], "one of the two is in the page, and shown or not"
    assert rested == [False, *moved[1:]] and again == [True, False, 1, 0, 255, 0] and end == [False, *again[1:]]


def test_a_mouse_on_its_way_has_the_system_s_crosshair_and_a_rested_one_ours(bundle: Bundle) -> None:
    """Ours is shown wherever no mouse is, as where the map's limit holds the point, and in a presentation."""
    script = """const { SKELETON } = await import('/map/skeleton.js'), { Viewport } = await import('/map/viewport.js');
      const { Cursor } = await import('/map/cursor.js'), stage = document.body.appendChild(document.createElement('dialog'));
      const root = document.body.appendChild(document.createElement('div')), v = new Viewport(), cursor = new Cursor();
      const stopper = new AbortController(); root.innerHTML = SKELETON; v.centre(0, 0, 0.01);
      const cross = root.querySelector('.lm-cross'), place = { left: 10, top: 20 }; let mouse = null;
      const marks = new m.Marks(root, v, cursor, () => place, () => mouse, stopper.signal);
      const at = ([x, y], by = 0, pointerType = 'mouse') => ({ clientX: 10 + x + by, clientY: 20 + y, pointerType }), seen = {};
      const span = cross.firstElementChild, inView = () => new DOMMatrix(getComputedStyle(span).transform).e < 5000;
      const look = (name, z, there) => { mouse = there; marks.point(z); seen[name] = inView(); };
      look('mouse', [0.2, 0.1], at(v.toPixel([0.2, 0.1]))); look('finger', [0.3, 0.1], null);
      look('mouse again', [0.4, 0.1], at(v.toPixel([0.4, 0.1]))); look('beyond the edge', [0.5, 0.1], at(v.toPixel([0.5, 0.1]), 4));
      look('pen', [0.5, 0.2], at(v.toPixel([0.5, 0.2]), 0, 'pen'));
      look('and back', [0.6, 0.1], at(v.toPixel([0.6, 0.1])));
      cursor.look([0.6, 0.1]); cursor.show([0.6, 0.1]); cursor.say();
      const { e, f } = new DOMMatrix(getComputedStyle(span).transform);
      Object.assign(seen, { rested: inView(), home: root.contains(cross), there: [e, f] });
      stage.append(root); stage.open = true; look('presented', [0.7, 0.1], at(v.toPixel([0.7, 0.1]))); look('nowhere', null, null);
      stopper.abort(); stage.remove(); return [seen, v.toPixel([0.6, 0.1])];"""
    seen, at = bundle.run("map/marks.js", script)
    assert seen.pop("there") == pytest.approx(at, abs=1e-3), "it is brought to where the mouse came to rest"
    shown = {name for name, is_shown in seen.items() if is_shown}
    assert shown == {"finger", "pen", "beyond the edge", "rested", "home", "presented"}


def test_a_map_that_has_no_view_yet_waits_with_the_crosshair_of_a_cursor_that_it_shares(bundle: Bundle) -> None:
    """The second of two runs, while the first already shows its kept point."""
    script = """const { SKELETON } = await import('/map/skeleton.js'), { Viewport } = await import('/map/viewport.js');
      const { Cursor } = await import('/map/cursor.js'), root = document.body.appendChild(document.createElement('div'));
      const cursor = new Cursor(), stopper = new AbortController(); root.innerHTML = SKELETON;
      new m.Marks(root, new Viewport(), cursor, () => null, () => null, stopper.signal);
      cursor.choose([0.5, 0.25]); cursor.rest();
      const { e, f } = new DOMMatrix(getComputedStyle(root.querySelector('.lm-cross span')).transform);
      stopper.abort(); root.remove(); return Math.min(e, f);"""
    assert bundle.run("map/marks.js", script) == 10_000, "px: out of every view"


SLIDERS = """const { SKELETON } = await import('/map/skeleton.js'), { Viewport } = await import('/map/viewport.js');
  const root = document.body.appendChild(document.createElement('div')), stopper = new AbortController();
  const style = root.appendChild(document.createElement('style')); style.textContent = given;
  root.insertAdjacentHTML('beforeend', `<div class="live lm">${SKELETON}</div>`);
  const v = Object.assign(new Viewport(), { width: 400, height: 400, limit: 9, bound: 4 }); v.centre(0, 0, 0.01);
  const figure = { index: { find: () => ({ index: -1 }) }, codes: {}, data: [] }, controls = new m.Controls(root, stopper.signal);
  controls.stretch(v, null); const say = (z) => controls.say(z, v, figure, 'code');
  const values = () => controls.sliders.map(s => Number(s.value));
  const drawn = () => controls.sliders.map((slider) => { // in shares of the way that the input's own thumb has
    const { left, right } = slider.getBoundingClientRect(), { left: at } = slider.parentElement.querySelector('b').getBoundingClientRect();
    return (at - left) / (right - left - 16); });"""


def sliders(bundle: Bundle, script: str) -> Any:
    styles = "".join((FOLDER / name).read_text("utf-8") for name in STYLES)
    return bundle.run("map/controls.js", f"{SLIDERS} {script} root.remove(); stopper.abort(); return seen;", styles)


def test_words_of_a_point_move_drawn_thumbs_and_the_inputs_follow_at_rest(bundle: Bundle) -> None:
    script = """say([0, 0]); controls.rest(); const watch = new MutationObserver(() => {}), seen = [];
      watch.observe(root, { subtree: true, childList: true, attributes: true });
      for (const z of [[-4, 4], [3, -2]]) { say(z); seen.push(drawn(), values()); }
      seen.push(watch.takeRecords().length); controls.rest(); seen.push(values(), controls.image.getAttribute('aria-label'));"""
    first, before, second, still_before, changes, after, name = sliders(bundle, script)
    assert first == pytest.approx([0, 1], abs=1e-3) and second == pytest.approx([0.875, 0.25], abs=1e-3)
    assert before == still_before == [0, 0] and changes == 0
    assert after == [3, -2] and name == "Decoded image at z = (3.00, −2.00)"


def test_who_takes_hold_of_a_slider_finds_it_where_it_is_drawn(bundle: Bundle) -> None:
    script = """const [slider] = controls.sliders, seen = [];
      const key = () => slider.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
      say([0, 0]); controls.rest();
      const holds = { press: () => slider.dispatchEvent(new PointerEvent('pointerdown')), focus: () => slider.focus(), key };
      Object.values(holds).forEach((hold, i) => { say([i + 1, 0]); hold(); seen.push(values()[0]); });
      slider.value = 2; slider.dispatchEvent(new Event('input')); seen.push(drawn()[0]); key(); seen.push(values()[0]);"""
    *held, drawn, value = sliders(bundle, script)
    assert held == [1, 2, 3]
    assert drawn == pytest.approx(0.75, abs=1e-3), "in the event of the drag itself"
    assert value == 2, "the next key of a held one goes on from where the last one went"


SKETCH = """const { SKELETON } = await import('/map/skeleton.js'), { Viewport } = await import('/map/viewport.js');
  const root = document.body.appendChild(document.createElement('div')), stopper = new AbortController();
  const style = root.appendChild(document.createElement('style')); style.textContent = given;
  root.insertAdjacentHTML('beforeend', SKELETON);
  const map = root.querySelector('.lm-map'), above = map.querySelector('.lm-catch'), v = new Viewport();
  Object.assign(map.style, { width: '440px', height: '420px', border: 0 });
  Object.assign(v, { width: 440, height: 420, margin: { l: 34, r: 6, t: 6, b: 28 }, limit: 9, bound: 4 }); v.centre(0, 0, 0.01);
  const ring = { type: 'circle', x0: -1, x1: 1, y0: -1, y1: 1, line: { width: 2, color: '#808a94' } };
  const figure = { layout: { xaxis: {}, yaxis: {} }, data: [] }, looks = () => ({ shapes: [ring], dots: [] });
  const plot = new m.Plot(map, v, () => {}, stopper.signal); plot.begin(figure, looks);
  const drawn = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const inked = (canvas, z) => { const [x, y] = v.toPixel(z).map(Math.round), by = canvas.width / 440;
    const sheet = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d'); sheet.drawImage(canvas, 0, 0);
    return sheet.getImageData((x - 3) * by, (y - 3) * by, 6 * by, 6 * by).data.some((value, i) => i % 4 === 3 && value); };
  const mouse = (type, x, y, on = above) =>
    on.dispatchEvent(new MouseEvent(type, { clientX: x, clientY: y, buttons: 1, bubbles: true, cancelable: true }));
  const drag = (dx, dy) => { mouse('mousedown', 200, 200);
    for (const type of ['mousemove', 'mouseup']) mouse(type, 200 + dx, 200 + dy, window); };
  const seen = () => { const [under, over] = map.querySelectorAll('.lm-axes');
    return [inked(over, [1, 0]), inked(over, [0, -1]), inked(over, [0.5, 0.5]), inked(under, [1, 0.7]), inked(under, [1.3, 0.7])]; };
  await drawn();"""


def sketch(bundle: Bundle, script: str) -> Any:
    styles = "".join((FOLDER / name).read_text("utf-8") for name in STYLES)
    return bundle.run("map/plot.js", f"{SKETCH} {script} stopper.abort(); root.remove(); return answer;", styles)


@pytest.mark.parametrize("hidden", ["", "hidden"])
def test_the_window_of_keys_speaks_of_undo_where_it_is_offered(bundle: Bundle, hidden: str) -> None:
    script = """const root = document.body.appendChild(document.createElement('div'));
      root.innerHTML = `<div tabindex="0"></div><div class="lm-zoom"></div><span class="lm-undo" ${given}></span>`;
      const stop = new AbortController(); new m.Shortcuts({ root, element: root.firstChild }, stop.signal);
      root.querySelector('.lm-zoom button').click(); const named = [...root.querySelectorAll('dt')].map((key) => key.textContent);
      stop.abort(); root.remove(); return named;"""
    named = bundle.run("map/shortcuts.js", script, hidden)
    assert named[:9] == ["← → ↑ ↓", "Enter", "Esc", "+ −", "0", "C", *([] if hidden else ["Ctrl + Z"]), "Tab", "?", "move"][:9]


def test_two_maps_that_find_no_webgl_at_once_are_both_drawn_without_it(bundle: Bundle) -> None:
    """Plotly puts a page's worth of words in place of the dots; one of two maps kept them."""
    script = """const { Plot } = await import('/map/plot.js#its-own'), types = [];
      const Plotly = { purge() {}, async react(element, [{ type }]) { await null; types.push(type);
        element.innerHTML = `<div class="plot-container">${type === 'scattergl' ? '<p class="no-webgl"></p>' : ''}</div>`; } };
      figure.data.push({ x: [], y: [], marker: {} });
      const both = [0, 1].map(() => new Plot(map.cloneNode(true), v, () => {}, stopper.signal));
      for (const one of both) one.sketch = { use() {}, draw() {}, canvases: { embrace() {} } };
      await Promise.all(both.map((one) => one.react(Plotly, figure, { shapes: [], dots: [{}] })));
      const answer = [types, both.map(({ element }) => element.querySelectorAll('.no-webgl').length)];"""
    types, refused = sketch(bundle, script)
    assert refused == [0, 0] and types == ["scattergl", "scattergl", "scatter", "scatter"]


def test_until_plotly_has_come_lines_and_rings_are_drawn_and_the_mouse_moves_them(bundle: Bundle) -> None:
    script = """const answer = [seen()], [x, y] = v.toPixel([0, 0]), { unit } = v; drag(60, -25); await drawn();
      const [u, w] = v.toPixel([0, 0]); answer.push([u - x, w - y], seen());
      above.dispatchEvent(new WheelEvent('wheel', { deltaY: 20, clientX: 200, clientY: 200, bubbles: true, cancelable: true }));
      await drawn(); answer.push(v.unit / unit, seen());"""
    first, moved, dragged, wheeled, zoomed = sketch(bundle, script)
    assert first == dragged == zoomed == [True, True, False, True, False], "a ring of one, and a line at 1"
    assert moved == pytest.approx([60, -25]) and wheeled == pytest.approx(np.exp(0.1))


def test_where_there_is_no_ring_no_sheet_for_rings_is_emptied_and_handed_over(bundle: Bundle) -> None:
    script = """const { over } = plot.sketch.canvases, answer = [over.element.hidden]; let sheets = 0;
      const begin = over.begin; over.begin = (...view) => { sheets += 1; return begin.apply(over, view); };
      const move = async (shapes) => { plot.sketch.use({ shapes }); await drawn(); answer.push([over.element.hidden, sheets]); };
      await move([{ ...ring, visible: false }]); await move([ring]); answer.push(seen().slice(0, 3)); await move([]);"""
    assert sketch(bundle, script) == [False, [True, 0], [False, 1], [True, True, False], [True, 1]]


PLOTLY = """const told = [], plotted = () => 'plotted' in map.dataset && map.classList.contains('lm-plotted');
  const relayout = async (_, view) => told.push([...view['xaxis.range'], ...view['yaxis.range']]);
  const plotly = (react) => ({ react, relayout, purge() {} });
  await plot.react(plotly(async () => {}), figure, looks()); await drawn();
  const wheel = () => above.dispatchEvent(
    new WheelEvent('wheel', { deltaY: -20, clientX: 200, clientY: 200, bubbles: true, cancelable: true }));
  const rest = async () => { while (!plotted()) await drawn(); }, now = () => [...v.xr, ...v.yr];"""


def test_while_the_view_moves_our_dots_stand_for_plotly_s_which_is_told_once_it_rests(bundle: Bundle) -> None:
    script = f"""{PLOTLY} const answer = [plotted()]; drag(60, 25); answer.push(plotted()); await drawn(); wheel(); await drawn();
      answer.push(told.length, plotted(), seen()); await rest(); answer.push(told, now());"""
    before, moving, early, still_moving, drawn, told, now = sketch(bundle, script)
    assert before and not moving and early == 0 and not still_moving
    assert drawn[:4] == [True, True, False, True], "rings and lines are where the view has them by then"
    assert told == [now], "once"


def test_what_moves_while_plotly_draws_is_told_after_it(bundle: Bundle) -> None:
    script = f"""{PLOTLY} await plot.react(plotly(async () => v.zoom(2)), figure, looks()); const answer = [plotted()]; await rest();
      plot.Plotly.relayout = async (_, view) => {{ told.push(view); if (told.length === 2) v.zoom(2); }};
      wheel(); await rest(); answer.push(told.length, told.at(-1)['xaxis.range'], v.xr);"""
    early, times, range_, now = sketch(bundle, script)
    assert not early and times == 3 and range_ == now


def test_plotly_is_told_when_nothing_else_is_to_be_done(bundle: Bundle) -> None:
    script = f"""{PLOTLY} const asked = [], idle = window.requestIdleCallback; window.requestIdleCallback = (then) => asked.push(then);
      const waits = async (count) => {{ while (asked.length < count) await drawn(); }};
      wheel(); await waits(1); wheel(); asked[0](); const answer = [told.length]; await waits(2); asked[1]();
      answer.push(told, now()); window.requestIdleCallback = idle;"""
    early, told, now = sketch(bundle, script)
    assert early == 0 and told == [now], "the next move takes it back"


DRAWING = f"""{PLOTLY} const pauses = [], later = window.setTimeout, canvas = document.createElement('canvas'), answer = [];
  canvas.className = 'gl-canvas-context'; plot.element.append(canvas);
  const hold = () => {{ window.setTimeout = (then) => pauses.push(then); }};
  const relayed = plot.Plotly.relayout; plot.Plotly.relayout = async (...view) => {{ await relayed(...view); hold(); }};
  const drawing = async () => {{ wheel(); while (!pauses.length && !plotted()) await drawn(); window.setTimeout = later; }};"""


def test_plotly_s_dots_show_once_they_are_drawn_so_that_no_frame_waits_for_that(bundle: Bundle) -> None:
    script = f"""{DRAWING} canvas.getContext = () => ({{ getParameter: () => 'a card', flush: () => answer.push(told.length) }});
      await drawing(); answer.push(plotted()); pauses[0]?.(); await rest();"""
    assert sketch(bundle, script) == [1, False], "its commands are under way, and ours stand until they are done"


CHROMIUM = "ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)"
CARD = "ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0, D3D11)"


@pytest.mark.parametrize(
    ("said", "unmasked", "shows"),
    [("WebKit WebGL", CHROMIUM, False), ("llvmpipe, or similar", None, False), ("WebKit WebGL", CARD, True), ("WebKit WebGL", None, True)],
)
def test_where_webgl_is_emulated_our_dots_stay_in_view(bundle: Bundle, said: str, unmasked: str | None, shows: bool) -> None:
    """Each picture of Plotly's would be read back in one task, which holds the page."""
    names = json.dumps({"said": said, "unmasked": unmasked})
    script = f"""{PLOTLY} const names = {names}, answer = []; let asked = 0;
      const canvas = plot.element.appendChild(document.createElement('canvas')); canvas.className = 'gl-canvas-context';
      const gl = {{ RENDERER: 'said', flush() {{}}, getParameter: (name) => (asked += 1, names[name]),
        getExtension: () => names.unmasked && {{ UNMASKED_RENDERER_WEBGL: 'unmasked' }} }};
      canvas.getContext = () => gl; const rested = async () => {{ while (!('plotted' in map.dataset)) await drawn(); }};
      for (const _ of [1, 2]) {{ wheel(); await rested(); answer.push(map.classList.contains('lm-plotted')); }}
      answer.push(told.length, asked);"""
    *shown, told, asked = sketch(bundle, script)
    assert shown == [shows, shows] and told == 2 and asked <= 2, "Plotly is told all the same"


def test_who_ends_while_plotly_s_dots_are_drawn_shows_none_of_them(bundle: Bundle) -> None:
    script = f"""{DRAWING} canvas.getContext = () => null; await drawing(); stopper.abort(); pauses[0]?.(); await drawn();
      answer.push(pauses.length, plotted());"""
    assert sketch(bundle, script) == [1, False], "nor does it ask for more of a canvas that has no WebGL (any more)"


def test_who_ends_while_the_view_moves_has_plotly_told_nothing(bundle: Bundle) -> None:
    script = f"""{PLOTLY} wheel(); stopper.abort(); await new Promise((done) => setTimeout(done, 500)); const answer = told;"""
    assert sketch(bundle, script) == []


def test_a_map_s_type_and_colours_are_asked_for_once_a_look(bundle: Bundle) -> None:
    script = """let asked = 0; plot.style = () => { asked += 1; return m.Plot.prototype.style.call(plot); };
      for (const _ of [1, 2, 3]) { drag(20, 0); await drawn(); } const answer = [asked]; map.style.color = 'rgb(255, 0, 0)';
      plot.update(looks()); await drawn(); answer.push(asked);
      const shown = map.querySelector('.lm-axes'), copy = new OffscreenCanvas(shown.width, shown.height).getContext('2d');
      copy.drawImage(shown, 0, 0); const { data } = copy.getImageData(0, 0, shown.width, shown.height);
      answer.push(data.some((v, i) => i % 4 === 3 && v > 150 && data[i - 3] > 200 && data[i - 1] < 60));"""
    assert sketch(bundle, script) == [0, 1, True], "its numbers are red then"


DIALOG = """const answer = [];
  for (const [title, words] of given) {
    const element = document.createElement('div');
    element.innerHTML = `<section role="dialog"><h2>${title}</h2><div>${words}</div></section>`;
    element.dataset.testid = 'stDialog';
    document.body.append(element);
    await new Promise((done) => setTimeout(done, 50));
    answer.push(element.innerText);
    element.remove();
  }
  return answer;"""


def test_a_lost_connection_is_told_in_words_for_who_has_no_terminal(bundle: Bundle) -> None:
    here = "<p>Is Streamlit still running? Just restart it:</p><pre>streamlit run yourscript.py</pre>"
    away = " Streamlit server is not responding. Are you connected to the internet?"
    proxy = "<p>Connection failed with status 502, and response:</p><pre>&lt;html&gt;Bad Gateway, not Streamlit&lt;/html&gt;</pre>"
    texts = (here, away, "Connection timed out.", proxy, "Not allowed")
    told = [*(("Connection error", text) for text in texts), ("Other", here)]
    *lost, refused, other = bundle.run("connection.js", DIALOG, told)
    for words in lost:
        assert "server does not answer" in words and "make run" in words and not re.search("Streamlit|yourscript|Gateway|timed out", words)
    assert "Not allowed" in refused and "Streamlit" in other and "server does" not in refused + other


def test_the_walk_of_a_first_visitor_rests_where_it_began(bundle: Bundle) -> None:
    script = """const shown = [], tour = new m.Tour((z) => shown.push(z)), from = [0, 0];
      const figure = { data: [[0.001, 0], [0.001, 0.001], [0, 0.001]].map(([x, y]) => ({ x: [x], y: [y] })) };
      tour.start(figure, from);
      while (tour.running) await new Promise(requestAnimationFrame);
      const count = shown.length;
      await new Promise((done) => setTimeout(done, 100));
      return [shown.at(-1) === from, count, shown.length];"""
    rests, count, later = bundle.run("map/tour.js", script)
    assert rests and count == later > 2 * 4, "two rounds by four corners, of which none is passed over"


def test_who_has_ended_hears_nothing_more(bundle: Bundle) -> None:
    script = """const other = new AbortController(); hear('two', other.signal); c.look([1, 2]); stopper.abort(); await drawn();
      other.abort(); c.look([3, 4]); await drawn(); await wait(120); return heard.filter(one => one[1] === 'frame');"""
    assert cursor(bundle, script) == [["two", "frame", [1, 2]]]


# --- the legend ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selected", "label", "add", "expected"),
    [
        ([], 3, False, [3]),
        ([3], 3, False, []),
        ([3, 4], 3, False, [3]),
        ([5], 3, False, [3]),
        ([], 3, True, [3]),
        ([5], 3, True, [3, 5]),
        ([3, 5], 3, True, [5]),
        ([3], 3, True, []),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], 9, True, []),
    ],
)
def test_a_click_in_the_legend(bundle: Bundle, selected: list[int], label: int, add: bool, expected: list[int]) -> None:
    script = (
        "const before = new Set(given[0]), after = m.afterClick(before, given[1], given[2], 10); return [[...before], [...after].sort()];"
    )
    assert bundle.run("map/legend.js", script, [selected, label, add]) == [selected, expected]


# --- what input means ------------------------------------------------------------------------------------------------------

INPUT = """
  const { Viewport } = await import('/map/viewport.js'), { Cursor } = await import('/map/cursor.js');
  const root = document.body.appendChild(document.createElement('div')), meant = [], stopper = new AbortController();
  root.innerHTML = '<div class="map" tabindex="0" style="width: 400px; height: 400px">' +
    '<div class="lm-zoom"><button data-zoom="in">+</button></div></div>' +
    '<input type="range" min="-4" max="4" step="0.01"><input type="range" min="-4" max="4" step="0.01">';
  const [element, ...sliders] = root.children, viewport = Object.assign(new Viewport(), { width: 400, height: 400, limit: 100, bound: 2 });
  viewport.centre(0, 0, 0.01);
  const says = (name) => (...given) => { meant.push([name, ...given]); };
  const cursor = new Cursor(), all = (...names) => Object.fromEntries(names.map(name => [name, says(name)]));
  const plot = { ...all('zoom', 'shift', 'bringIn', 'reset'), toLatent: ({ clientX, clientY }) => {
    const { left, top } = element.getBoundingClientRect(); return viewport.toLatent([clientX - left, clientY - top]); } };
  const map = { root, element, sliders, viewport, cursor, plot, ready: true, snap: (z) => z, touched() {}, ...all('keep'),
    keeping: { back: () => says('back') } };
  cursor.look = (z) => { cursor.pointed = z; cursor.pointing = true; meant.push(['look', z]); };
  cursor.leave = says('leave');
  new m.Input(map, stopper.signal);
  const at = (x, y) => { const { left, top } = element.getBoundingClientRect();
    return { clientX: left + x, clientY: top + y, bubbles: true, cancelable: true }; };
  const pointer = (type, x, y, more) => element.dispatchEvent(new PointerEvent(type, { pointerType: 'mouse', ...at(x, y), ...more }));
  const key = (key, more) => element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
  const touch = (type, ...places) => { const target = element;
    const touches = places.map(([x, y], identifier) => new Touch({ identifier, target, ...at(x, y) }));
    element.dispatchEvent(new TouchEvent(type, { touches, bubbles: true, cancelable: true })); };
  const click = (x, y, to = [x, y]) => { pointer('pointerdown', x, y); pointer('pointerup', ...to); };
  const rounded = () => JSON.parse(JSON.stringify(meant, (_, v) => typeof v === 'number' ? Math.round(v * 1e4) / 1e4 + 0 : v));
"""


def meant(bundle: Bundle, script: str) -> Any:
    """What the gestures of a script mean, in order."""
    return bundle.run("map/input.js", f"{INPUT} {script} stopper.abort(); root.remove(); return rounded();")


def test_moving_looks_and_going_leaves(bundle: Bundle) -> None:
    assert meant(bundle, "pointer('pointermove', 300, 100); pointer('pointerleave', 500, 100);") == [["look", [1, 1]], ["leave"]]
    assert meant(bundle, "pointer('pointermove', 300, 100, { pointerType: 'touch' });") == []
    assert meant(bundle, "viewport.limit = 0.5; pointer('pointermove', 300, 100);") == [["leave"]]
    assert meant(bundle, "plot.hand = { drags: true }; pointer('pointermove', 300, 100);") == [], "the map comes along"


def test_a_mouse_that_rests_does_not_look_again(bundle: Bundle) -> None:
    move = "pointer('pointermove', 300, 100);"
    assert meant(bundle, move + move) == [["look", [1, 1]]]  # as Chromium says after Back, when the page below it changed
    assert meant(bundle, f"{move} pointer('pointerleave', 500, 100); {move}") == [["look", [1, 1]], ["leave"], ["look", [1, 1]]]


def test_nobody_else_on_the_page_hears_a_mouse_that_moves_over_the_map(bundle: Bundle) -> None:
    script = """const hear = ({ type, target }) => meant.push([type, target === element]), types = ['pointermove', 'mousemove'];
      const move = (target, type, more) => target.dispatchEvent(new PointerEvent(type, { pointerType: 'mouse', ...at(300, 100), ...more }));
      for (const type of types) document.addEventListener(type, hear, { capture: true });
      for (const type of types) for (const target of [element, sliders[0]]) move(target, type);
      move(element, 'mousemove', { buttons: 1 });
      for (const type of types) document.removeEventListener(type, hear, { capture: true });"""
    expected = [["look", [1, 1]], ["pointermove", False], ["mousemove", False], ["mousemove", True]]
    assert meant(bundle, script) == expected, "but where it drags"


def test_mouse_and_fingers_pass_keys_and_sliders_go_to_a_point(bundle: Bundle) -> None:
    script = """cursor.look = (z, since, passing = false) => meant.push([passing]); plot.bringIn = () => {};
      pointer('pointermove', 300, 100); touch('touchstart', [300, 100]); key('ArrowLeft'); sliders[0].dispatchEvent(new Event('input'));"""
    assert meant(bundle, script) == [[True], [True], [False], [False]]


def test_a_click_keeps_a_drag_does_not_and_a_double_click_shows_all(bundle: Bundle) -> None:
    assert meant(bundle, "click(300, 100, [303, 102]);") == [["keep", [1.03, 0.98]]]
    assert meant(bundle, "click(300, 100, [340, 100]);") == []
    assert meant(bundle, "click(300, 100); click(301, 100);") == [["keep", [1, 1]], ["back"], ["reset"]]
    assert meant(bundle, "click(300, 100); click(100, 100, [140, 100]); click(140, 100);") == [["keep", [1, 1]], ["reset"]], (
        "a drag kept nothing"
    )
    assert meant(bundle, "click(300, 100); click(100, 100);") == [["keep", [1, 1]], ["keep", [-1, 1]]]


def test_the_zoom_buttons_are_no_part_of_the_map(bundle: Bundle) -> None:
    script = """const button = root.querySelector('button'), over = { pointerType: 'mouse', ...at(300, 100) };
      for (const type of ['pointermove', 'pointerdown', 'pointerup']) button.dispatchEvent(new PointerEvent(type, over)); button.click();"""
    assert meant(bundle, script) == [["leave"], ["zoom", 1.6]]


def test_keys(bundle: Bundle) -> None:
    assert meant(bundle, "cursor.pointed = [1, 1]; key('ArrowLeft'); key('ArrowUp', { shiftKey: true });") == [
        ["look", [0.9, 1]], ["bringIn", [0.9, 1]], ["look", [0.9, 1.01]], ["bringIn", [0.9, 1.01]],
    ]  # fmt: skip
    assert meant(bundle, "for (const k of ['+', '=', '-', '0', 'Escape']) key(k);") == [
        ["zoom", 1.6], ["zoom", 1.6], ["zoom", 0.625], ["reset"], ["keep", None],
    ]  # fmt: skip
    assert meant(bundle, "cursor.pointed = [2, 1]; key('Enter'); key('ArrowLeft', { ctrlKey: true }); key('a');") == [["keep", [2, 1]]]
    assert meant(bundle, "cursor.pointed = [99.99, 0]; key('ArrowRight');")[0] == ["look", [100, 0]]


def test_a_key_keeps_the_point_once_no_other_follows(bundle: Bundle) -> None:
    script = "key('ArrowRight'); key('ArrowRight'); await new Promise(done => setTimeout(done, 450));"
    assert [one for one in meant(bundle, script) if one[0] == "keep"] == [["keep", [0.2, 0]]]
    assert [
        one
        for one in meant(bundle, "key('ArrowRight'); key('Escape'); await new Promise(done => setTimeout(done, 450));")
        if one[0] == "keep"
    ] == [["keep", None]]


def test_a_finger_looks_and_keeps_when_lifted(bundle: Bundle) -> None:
    assert meant(bundle, "touch('touchstart', [300, 100]); touch('touchmove', [320, 100]); touch('touchend');") == [
        ["look", [1, 1]], ["look", [1.2, 1]], ["keep", [1.2, 1]],
    ]  # fmt: skip
    assert meant(bundle, "touch('touchstart', [300, 100]); touch('touchcancel');") == [["look", [1, 1]], ["leave"]]


def test_two_fingers_move_and_zoom_and_keep_nothing(bundle: Bundle) -> None:
    script = """touch('touchstart', [150, 200], [250, 200]); touch('touchmove', [110, 200], [310, 200]);
      touch('touchend', [110, 200]); touch('touchend');"""
    assert meant(bundle, script) == [["shift", -0.1, 0], ["zoom", 2, [0, 0]], ["leave"]]


def test_a_slider_changes_its_own_coordinate_and_keeps_at_the_end(bundle: Bundle) -> None:
    script = """cursor.pointed = [1, 2]; sliders[0].value = -1.5;
      for (const type of ['input', 'change']) sliders[0].dispatchEvent(new Event(type));"""
    assert meant(bundle, script) == [["look", [-1.5, 2]], ["keep", [-1.5, 2]]]


# --- nets ------------------------------------------------------------------------------------------------------------------


NETWORKS = ("simd.js", "SimdNetwork"), ("dense.js", "PlainNetwork")
DECODE = """const bytes = Uint8Array.from(atob(given.bytes), c => c.charCodeAt(0)).buffer, [file, name] = given.network;
  const decoder = new m.DenseDecoder(bytes, (await import(`/nets/${file}`))[name]);
  return given.z.map(([a, b]) => Array.from(decoder.decode(a, b)));"""


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("activation", ["silu", "relu", "tanh"])
def test_the_decoder_is_torchs(bundle: Bundle, activation: str, network: tuple[str, str]) -> None:
    model = build("vae", VAEConfig(encoder_hidden=(24,), decoder_hidden=(30, 17), activation=activation), seed=1).eval()
    z = np.random.default_rng(0).normal(0, 2, (50, 2)).astype(np.float32)
    given = {"bytes": base64.b64encode(export.decoder_bytes(model)).decode(), "z": z.tolist(), "network": network}
    ours = np.array(bundle.run("nets/decoder.js", DECODE, given))
    with torch.no_grad():
        theirs = model.decode(torch.from_numpy(z)).flatten(1).numpy()
    assert ours.shape == (50, 784) and np.abs(ours - theirs).max() < 1e-5


@pytest.mark.parametrize("network", NETWORKS)
def test_a_linear_decoder_is_torchs_clipped_and_its_logits_too(bundle: Bundle, network: tuple[str, str]) -> None:
    model = build("pca", LinearConfig(), seed=1).eval()
    z = np.random.default_rng(0).normal(0, 2, (50, 2)).astype(np.float32)
    given = {"bytes": base64.b64encode(export.decoder_bytes(model)).decode(), "z": z.tolist(), "network": network}
    with torch.no_grad():
        theirs, logits = model.decode(torch.from_numpy(z)).flatten(1).numpy(), model.decode_logits(torch.from_numpy(z)).flatten(1).numpy()
    assert theirs.min() == np.float32(EDGE), "some pixels are clipped"
    assert np.abs(np.array(bundle.run("nets/decoder.js", DECODE, given)) - theirs).max() < 1e-5
    found = np.array(bundle.run("nets/decoder.js", DECODE.replace("decoder.decode(a, b)", "decoder.logits([a, b])"), given))
    np.testing.assert_allclose(found, logits, atol=1e-3)


EXACT: dict[str | None, Callable[[torch.Tensor], torch.Tensor]] = {
    "sigmoid": torch.sigmoid,
    "silu": torch.nn.functional.silu,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "clip": lambda v: v.clamp(EDGE, 1 - EDGE),
    None: torch.clone,
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("activation", EXACT)
def test_activations_hold_for_numbers_of_any_size(bundle: Bundle, network: tuple[str, str], activation: str | None) -> None:
    """One layer of one input, so that what the activation sees is what is given, up to where float32 ends."""
    sizes = np.concatenate([np.linspace(-12, 12, 2001), np.geomspace(1e-8, 3e38, 200), -np.geomspace(1e-8, 3e38, 200)]).astype(np.float32)
    script = f"""const bias = Float32Array.from(given), layer = {{ weight: new Float32Array(bias.length), bias }};
      return Array.from(new m.{network[1]}([layer], 'relu').run([0], bias, {json.dumps(activation)}));"""
    found = torch.tensor(bundle.run(f"nets/{network[0]}", script, sizes.tolist()))
    torch.testing.assert_close(found, EXACT[activation](torch.from_numpy(sizes)), rtol=1e-6, atol=3e-7)


def test_networks_that_do_not_fit_in_the_memory_together_take_turns(bundle: Bundle) -> None:
    """Seven of 6.4 MB in 32 MB, each of them right whenever it is asked, however often it had to give way."""
    script = """const layer = (v) => ({ weight: new Float32Array(800 * 2000).fill(v), bias: new Float32Array(2000) });
      const network = (v) => new m.SimdNetwork([layer(v)], 'relu');
      const all = [1, 2, 3, 4, 5, 6, 7].map(network), z = new Float32Array(800).fill(1), none = new Float32Array(2000);
      return [...all, ...all, all[0], all[6]].map((one) => [...new Set(one.run(z, none, null))]);"""
    found = bundle.run("nets/simd.js", script)
    assert found == [[800.0 * v] for v in (1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 1, 7)]


@pytest.mark.parametrize("refused", [False, True])
def test_the_picture_tells_how_it_is_decoded(chromium: Browser, refused: bool) -> None:
    """A browser that refuses WebAssembly decodes too, in plain JavaScript, and the page says which it is."""
    model = build("vae", VAEConfig(encoder_hidden=(4,), decoder_hidden=(4,)), seed=1).eval()
    script = """const bytes = Uint8Array.from(atob(given), c => c.charCodeAt(0)).buffer, decoder = new m.DenseDecoder(bytes);
      const { Picture } = await import('/map/controls.js'), canvas = document.createElement('canvas');
      new Picture(canvas).fit(decoder); return [canvas.dataset.decoder, Array.from(decoder.decode(1, -1))];"""
    bundle = Bundle(chromium)
    if refused:
        bundle.page.evaluate("void (WebAssembly.Module = class { constructor() { throw new Error('refused') } })")
    told, ink = bundle.run("nets/decoder.js", script, base64.b64encode(export.decoder_bytes(model)).decode())
    bundle.close()
    with torch.no_grad():
        theirs = model.decode(torch.tensor([[1.0, -1.0]])).flatten().numpy()
    assert told == ("javascript" if refused else "simd") and np.abs(np.array(ink) - theirs).max() < 1e-5


def test_tensors_of_half_precision_are_read(bundle: Bundle) -> None:
    values = np.array([0, -0.0, 1, -2.5, 65504, 6e-8, 1e-4, np.inf], np.float16)
    given = base64.b64encode(save({"half": values, "single": values.astype(np.float32)})).decode()
    script = """const { tensors } = m.parseSafetensors(Uint8Array.from(atob(given), c => c.charCodeAt(0)).buffer);
      return [tensors.half, tensors.single].map(({ data }) => [...data].map(String));"""
    half, single = bundle.run("nets/decoder.js", script, given)
    assert half == single and single[2:4] == ["1", "-2.5"] and single[-1] == "Infinity"


def test_an_atlas_gives_the_nearest_of_what_the_server_decoded(bundle: Bundle) -> None:
    model = build("vae", VAEConfig(encoder_hidden=(4,), decoder_hidden=(4,)), seed=1).eval()
    shown = Frame(model, Plane(np.zeros(2), np.eye(2)), np.array([[4.9, -1.0]]), np.zeros(1, np.uint8), (), None, cells=11)  # 5 beyond 4.9
    z = [[-5, -5], [0, 0], [1.2, -3.4], [5, 4], [40, -40]]
    script = """const decoder = new m.AtlasDecoder(Uint8Array.from(atob(given.bytes), c => c.charCodeAt(0)).buffer);
      return given.z.map(([a, b]) => Array.from(decoder.decode(a, b)));"""
    found = np.array(bundle.run("nets/decoder.js", script, {"bytes": base64.b64encode(shown.atlas()).decode(), "z": z}))
    cells = np.clip(np.rint(np.array(z)), -5, 5).astype(np.float32)  # one every 1.0
    with torch.no_grad():
        decoded = model.decode(torch.from_numpy(cells)).flatten(1).numpy()
    assert np.abs(found - decoded).max() <= 0.5 / 255 + 1e-6 and np.ptp(decoded, axis=0).max() > 0.05


@pytest.mark.parametrize("count", [0, 1, 7, 3000])
def test_the_nearest_code_is_that_of_an_exhaustive_search(bundle: Bundle, count: int) -> None:
    generator = np.random.default_rng(count)
    codes, queries = generator.normal(0, 1, (count, 2)), generator.normal(0, 3, (200, 2))
    script = """const index = new m.NearestIndex(given[0].map(c => c[0]), given[0].map(c => c[1]));
      return given[1].map(([x, y]) => { const { index: i, distance } = index.find(x, y); return [i, i < 0 ? 0 : distance]; });"""
    found = np.array(bundle.run("nets/nearest.js", script, [codes.tolist(), queries.tolist()]))
    if not count:
        assert (found[:, 0] == -1).all()
        return
    distances = np.sqrt(np.square(queries[:, None] - codes[None]).sum(-1))
    assert (found[:, 0] == distances.argmin(1)).all()
    np.testing.assert_allclose(found[:, 1], distances.min(1))


def test_of_codes_at_one_place_the_lowest_number_is_named_and_the_others_are_counted(bundle: Bundle) -> None:
    xs, ys, rows = [0.5, 0.5, 0.5, 0.502, 0.6], [1, 1, 1, 1, 1], [9, 4, 7, 1, 0]
    script = """const { NearestIndex } = await import('/nets/nearest.js'), floats = (of) => Float64Array.from(of);
      const [x, y, row] = given.map(floats), data = [{ name: 'Bag' }], codes = { x, y, row, owner: row.map(() => 0) };
      const figure = { codes, index: new NearestIndex(x, y, row), data };
      return [[0.5, 1], [0.6, 1], [0.7, 1], [0.5, 1.1]].map((z) => m.nearest(z, figure, 'code'));"""
    assert bundle.run("map/controls.js", script, [xs, ys, rows]) == [
        "Nearest code: Bag (test image 4), right here with 3 more",
        "Nearest code: Bag (test image 0), right here",
        "Nearest code: Bag (test image 0), 0.10 away",
        "Nearest code: Bag (test image 4), 0.10 away",
    ]


def test_the_panel_counts_the_codes_at_one_place(bundle: Bundle) -> None:
    script = """const { readPoint } = await import('/nets/reading.js'), codes = Float32Array.from([0, 0, 0, 0, 0.001, 0, 3, 3]);
      const facts = { classes: [{ name: 'Bag', colour: 'red', text: 'white' }] };
      return [[[0, 0], 1], [[0, 0], null], [[3, 3], 3], [[2, 3], null]].map(([z, row]) => {
        const said = m.nearest(facts, readPoint(codes, [0, 0, 0, 0], Float32Array.from(z), row), 0);
        return said.replace(/<[^>]*>/g, '').replace(/.*Bag/, ''); });"""
    assert bundle.run("map/sentences.js", script) == [
        "This is its code. Right here are 2 more codes.",
        "Its code is less than 0.01 away. Right here are 2 more codes.",
        "This is its code.",
        "Its code is 1.00 away.",
    ]


def test_a_vote_of_few_among_many_codes_at_one_place_is_said_to_mean_little(bundle: Bundle) -> None:
    script = """const { readPoint } = await import('/nets/reading.js'), facts = { classes: [{ name: 'Bag' }], gap: 1 };
      return given.map((count) => m.neighbours(facts, readPoint(new Float32Array(2 * count), Array(count).fill(0), [0, 0], 0))
        .includes('means little'));"""
    assert bundle.run("map/sentences.js", script, [8, 40]) == [False, True]


def test_a_code_larger_than_the_map_is_first_of_all_a_place_on_it(bundle: Bundle) -> None:
    """On a plane of two of the numbers the first four of a code are others, often all 0."""
    script = """const facts = { plane: { rest: { title: 'The other 3 numbers' } }, keeps_to_prior: false }, code = [0, 0, 0.5, 0, -1.5];
      const read = (html) => new DOMParser().parseFromString(html, 'text/html');
      return given.map(([z, names, at]) => read(m.where(facts, { z: z ?? code }, false, { names, at }))).map(({ body }) =>
        [body.querySelector('.lm-big'), body.querySelector('.lm-soft')].map((one) => one.textContent));"""
    seen = [(None, ["z₃", "z₅"], [0.5, -1.5]), (None, ["u₁", "u₂"], [1, -0.25]), ([1, -2], ["z₁", "z₂"], [1, -2]), ([1], ["z₁"], [1, 0])]
    own, principal, two, one = bundle.run("map/sentences.js", script, seen)
    assert own == ["z₃ = 0.50, z₅ = −1.50", "The two of the code’s 5 numbers that the map shows. See also The other 3 numbers."]
    assert principal[0] == "u₁ = 1.00, u₂ = −0.25"
    assert principal[1] == "Its place on the map. The code itself has 5 numbers, z = (0.00, 0.00, 0.50, 0.00, …)."
    assert (two[0], one[0]) == ("z = (1.00, −2.00)", "z = 1.00")


# --- names, frames, curves -------------------------------------------------------------------------------------------------


def test_no_name_covers_another_nor_what_is_to_be_seen(bundle: Bundle) -> None:
    generator = np.random.default_rng(2)
    for count in (1, 5, 10):
        chips = [{"x": x, "y": y, "width": 40, "height": 20} for x, y in generator.uniform([100, 100], [200, 160], (count, 2)).tolist()]
        obstacle = {"x": 150, "y": 130, "width": 24, "height": 24}
        frame = {"left": 0, "top": 0, "width": 400, "height": 300}
        aside = bundle.run("map/layers/names.js", "return m.placed(given[0], [given[1]], given[2]);", [chips, obstacle, frame])
        boxes = [(c["x"] + dx, c["y"] + dy, 40, 20) for c, (dx, dy) in zip(chips, aside, strict=True)] + [(150, 130, 24, 24)]
        for i, (x, y, w, h) in enumerate(boxes):
            assert all(abs(x - a) * 2 >= w + c or abs(y - b) * 2 >= h + d for a, b, c, d in boxes[:i])


def test_a_shelf_keeps_what_was_asked_for_last_and_gives_up_what_is_on_its_way(bundle: Bundle) -> None:
    script = """const made = [], shelf = new m.Shelf(2), make = (name) => shelf.get(name, async () => made.push(name));
      for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await make(name);
      const log = [], slow = (signal) => new Promise((_, fail) => signal.addEventListener('abort', () => fail(log.push('stopped'))));
      shelf.get('slow', slow).catch(() => {}); shelf.giveUp(new Set(['a'])); return [made, log];"""
    assert bundle.run("map/frames.js", script) == [["a", "b", "c", "b"], ["stopped"]]


def test_one_value_that_is_far_off_does_not_flatten_the_curves(bundle: Bundle) -> None:
    usual = [100 - i for i in range(20)]
    assert bundle.run("map/curves.js", "return m.reach(given);", [*usual, 3e9]) == [81, 100]
    assert bundle.run("map/curves.js", "return [m.reach(given), m.reach([]), m.reach([5])];", usual) == [[81, 100], [0, 1], [5, 5]]


def test_the_curves_make_room_for_where_a_comparable_model_ended(bundle: Bundle) -> None:
    body = """
        const elbo = { group: "elbo", values: [200, 150, 140] }, kl = { group: "kl", values: [0, 5, 7] };
        const { axis, ended } = m.Curves.prototype, curves = { reference: given };
        const panels = [{ series: [elbo], range: axis.call({ curves }, [elbo]) }, { series: [kl], range: axis.call({ curves }, [kl]) }];
        return [panels.map(({ range }) => range), ended.call({ curves, panels }), ended.call({ curves, panels: panels.slice(1) })];
    """
    (upper, lower), ended, alone = bundle.run("map/curves.js", body, {"group": "elbo", "nats": 128.1, "name": "main"})
    assert upper[0] < 128.1 and upper[1] > 200 and lower[0] > -1
    assert ended == [{"group": "elbo", "nats": 128.1, "name": "main", "yref": "y"}]
    assert alone == [], "its curve is not drawn"
    (upper, _), ended, _ = bundle.run("map/curves.js", body, None)
    assert upper[0] > 135 and ended == []
    _, ended, _ = bundle.run("map/curves.js", body, {"group": "kl", "nats": 6.0, "name": "main"})
    assert [one["yref"] for one in ended] == ["y2"]
    _, ended, _ = bundle.run("map/curves.js", body, {"group": "elbo", "nats": -1e6, "name": "main"})
    assert ended == [], "beyond the axis"


# --- tools -----------------------------------------------------------------------------------------------------------------

PHOTO = {"width": 400, "height": 300}


def boxes(bundle: Bundle, script: str) -> Any:
    return bundle.run("tools/box_geometry.js", f"return {script};", PHOTO)


def test_a_colour_is_read_as_figures_and_as_browsers_have_it(bundle: Bundle) -> None:
    given = ["#1d91c0", "rgb(29, 145, 192)", "rgba(29, 145, 192, 0.5)", "#ffffff", "rgb(13, 18, 27)"]
    read, light = bundle.run("map/layers/colours.js", "return [given.map(m.rgb), given.map(m.isLight)]", given)
    assert read == [[29, 145, 192]] * 3 + [[255, 255, 255], [13, 18, 27]]
    assert light == [False, False, False, True, False], "luma 115.7, as ITU-R BT.601 weighs it"


def test_an_axis_is_not_full_of_what_two_values_of_one_epoch_differ_by(bundle: Bundle) -> None:
    script = """const axis = (...values) => m.Curves.prototype.axis.call({ curves: {} }, [{ group: 'elbo', values }]);
      return given.map((values) => axis(...values));"""
    curves = [[174.812], [174.812, 174.816], [0, 0], [100, 190], [0.4, 12], [-3, 7]]
    one, two, zero, whole, kl, density = bundle.run("map/curves.js", script, curves)
    assert one[1] - one[0] > 1 and two[1] - two[0] > 1 and one[0] < 174.8 < one[1] and two[0] < 174.8 < two[1]
    assert zero[0] == kl[0] == 0 < zero[1] and density[0] < -3, "what is never negative begins at 0, a density goes below"
    assert whole == pytest.approx([94.6, 195.4]), "a run's own range is what it was"


def test_a_box_stays_inside_its_photo(bundle: Bundle) -> None:
    assert boxes(bundle, "m.inside([500, -20, 10, 90], given)") == [10, 0, 300, 90]
    assert boxes(bundle, "m.moved([10, 10, 60, 70], -50, 999, undefined, given)") == [0, 340, 50, 400]
    assert boxes(bundle, "m.moved([10, 10, 60, 70], 5, -3, undefined, given)") == [15, 7, 65, 67]


def test_a_corner_moves_its_two_sides_and_no_box_becomes_too_small(bundle: Bundle) -> None:
    assert boxes(bundle, "m.moved([10, 10, 60, 70], 5, 5, [2, 3], given)") == [10, 10, 65, 75]
    assert boxes(bundle, "m.moved([10, 10, 60, 70], 99, 99, [0, 1], given)") == [56, 66, 60, 70]
    assert boxes(bundle, "m.moved([10, 10, 60, 70], 999, 999, [2, 3], given)") == [10, 10, 300, 400]
    assert boxes(bundle, "m.moved([10, 10, 60, 70], -99, -99, [2, 3], given)") == [10, 10, 14, 14]


def test_a_new_box_is_as_large_as_the_others_usually_are(bundle: Bundle) -> None:
    assert boxes(bundle, "m.usual([150, 200], [[0, 0, 10, 20], [0, 0, 30, 40], [0, 0, 90, 90]], given)") == [135, 180, 165, 220]
    assert boxes(bundle, "m.usual([0, 0], [], given)") == [0, 0, 75, 75]


COUNT_LISTENERS = """() => {
  const live = window.live = new Set(), { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (type, f, options) {
    if (!(this instanceof AbortSignal)) {
      const entry = `${this.constructor.name}.${type}`, key = { entry };
      live.add(key);
      if (options?.signal) add.call(options.signal, 'abort', () => live.delete(key));
    }
    return add.call(this, type, f, options);
  };
  const { observe, disconnect } = ResizeObserver.prototype;
  ResizeObserver.prototype.observe = function (...given) { live.add(this); return observe.apply(this, given); };
  ResizeObserver.prototype.disconnect = function () { live.delete(this); return disconnect.call(this); };
}"""

TOOLS = {
    "wipe": {"pictures": [{"title": "a", "uri": ""}, {"title": "b", "uri": ""}], "height": 100, "sides": ["a", "b"]},
    "canvas": {"key": "sheet", "side": 280},
    "copy-link": {"missing": "Your own pictures are not in the link."},
    "cover": {"image": "", "side": 28, "ready": {"Nothing": "A" * 131}, "cover": {"value": "A" * 131, "number": 0}},
    "boxes": {"key": "photo", "photo": "", "height": 30, "width": 40, "boxes": [[1, 2, 9, 8], [1, 12, 9, 20]], "version": 0, "limit": 9},
}


@pytest.mark.parametrize("part", TOOLS)
def test_no_listener_outlives_a_tool(bundle: Bundle, part: str) -> None:
    bundle.page.evaluate(COUNT_LISTENERS)
    script = """const parentElement = document.body.appendChild(document.createElement('div')), before = live.size;
      const data = { ...given.data, part: given.part }, end = await m.mount({ parentElement, data, setStateValue() {} });
      const listening = [...live], newer = m.mount({ parentElement, data, setStateValue() {} });
      end(); await newer; // of a mount that a newer one overtook, which may still be waiting for its module
      const still = listening.slice(before).every(one => live.has(one)), handled = [...parentElement.querySelectorAll('*')].filter(one =>
        Object.keys(HTMLElement.prototype).some(name => name.startsWith('on') && one[name])).length;
      const last = await m.mount({ parentElement, data, setStateValue() {} }); last(); parentElement.remove();
      return [listening.length > before && still, handled, [...live].map(one => one.entry ?? 'observer').slice(before)];"""
    assert bundle.run("mount.js", script, {"part": part, "data": TOOLS[part]}) == [True, 0, []]


def test_a_coordinate_has_a_proper_minus_sign_and_none_before_zero(bundle: Bundle) -> None:
    said = bundle.run("map/controls.js", "return given.map(m.format)", [-1.5, -0.004, -0.006, 0, 2])
    assert said == ["\u22121.50", "0.00", "\u22120.01", "0.00", "2.00"]


# --- what a map draws without Plotly ----------------------------------------------------------------------------------------


def test_round_numbers_at_an_axis(bundle: Bundle) -> None:
    for low, high, most in ((-3.2, 4.1, 8), (0, 1, 10), (-0.0031, 0.0007, 5), (-200, 312.5, 7), (0.2, 0.21, 3)):
        script = "const { at, step } = m.ticks(...given); return [at, step, at.map(v => m.said(v, step))];"
        at, step, said = bundle.run("map/axes.js", script, [low, high, most])
        power = 10 ** np.floor(np.log10(step) + 1e-9)
        assert round(step / power, 6) in (1, 2, 5) and 1 <= len(at) <= most + 1
        assert np.allclose(np.diff(at), step) and at[0] - step < low <= at[0] + 1e-12 and at[-1] - 1e-12 <= high < at[-1] + step
        assert np.allclose([float(text.replace("−", "-")) for text in said], at, atol=step / 1e6)
    assert bundle.run("map/axes.js", "return [-0.5, 0, 0.5, 1].map(v => m.said(v, 0.5))") == ["−0.5", "0", "0.5", "1"]


def test_no_number_at_an_axis_loses_its_minus_at_the_edge(bundle: Bundle) -> None:
    script = """const axes = new m.Axes(document.createElement('div')), begin = axes.under.begin.bind(axes.under);
      const texts = [], [xr, yr] = given, { Viewport } = await import('/map/viewport.js'), { LINEAR } = await import('/map/scale.js');
      axes.under.begin = (viewport) => Object.assign(begin(viewport), { fillText(text, x) {
        const { width } = this.measureText(text), left = this.textAlign === 'right' ? x - width : x - width / 2;
        texts.push([text, left, left + width]);
      } });
      const v = Object.assign(new Viewport(), { width: 358, height: 336, margin: { l: 34, r: 6, t: 6, b: 28 }, scale: LINEAR, xr, yr });
      axes.paint(v, [{ range: xr }, { range: yr }], [], { ink: '#000', line: '#00ff00', font: '12px sans-serif' });
      return texts;"""
    for x, y in ([-0.667, -0.636], [-0.338, -0.307]), ([-2.51238, -2.51189], [-1.31624, -1.31575]), ([-3, 3], [-3, 3]):
        texts = bundle.run("map/axes.js", script, [x, y])
        assert len(texts) >= 6 and any(text.startswith("−") for text, *_ in texts)
        for text, left, right in texts:
            assert left >= 0 and right <= 358, text


def test_axes_and_rings_are_drawn_where_the_viewport_has_them(bundle: Bundle) -> None:
    script = """const map = document.createElement('div'), plot = map.appendChild(document.createElement('div'));
      const { Viewport } = await import('/map/viewport.js'), { SPREAD, LINEAR } = await import('/map/scale.js');
      const axes = new m.Axes(plot), line = { width: 2, color: '#ff0000', dash: 'dot' };
      const seen = ({ element: { width, height }, element }) => {
        const sheet = new OffscreenCanvas(width, height).getContext('2d'); sheet.drawImage(element, 0, 0);
        return sheet.getImageData(0, 0, width, height);
      };
      const circle = { type: 'circle', x0: -1, x1: 1, y0: -1, y1: 1, line };
      const read = (scale, xr) => {
        const v = Object.assign(new Viewport(), { width: 320, height: 320, margin: { l: 10, r: 10, t: 10, b: 10 }, scale, xr, yr: xr });
        axes.paint(v, [{ range: xr, ...scale.ticks(xr, 0.1) }, { range: xr, ...scale.ticks(xr, 0.1) }], [scale.circle(circle)],
          { ink: '#000', line: '#00ff00', font: '12px sans-serif' });
        const { data, width } = seen(axes.over), found = [];
        for (let i = 3; i < data.length; i += 4) if (data[i] > 128) found.push([(i >> 2) % width, Math.floor((i >> 2) / width)]);
        const [xs, ys] = [0, 1].map(k => found.map(p => p[k])), low = v.toPixel([-1, 1]), high = v.toPixel([1, -1]);
        const lines = seen(axes.under).data.slice(4 * 160 * width);
        const columns = Array.from({ length: width }, (_, x) => x).filter(x => lines[4 * x + 1] > 100 && lines[4 * x + 3] > 100);
        return { drawn: [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)], box: [low[0], high[0], low[1], high[1]],
          columns, zero: v.toPixel([0, 0])[0], one: v.toPixel([1, 0])[0] };
      };
      return [read(LINEAR, [-2, 2]), read(SPREAD, [0, 1])];"""
    for seen in bundle.run("map/axes.js", script):
        assert np.allclose(seen["drawn"], seen["box"], atol=2.5)
        for place in (seen["zero"], seen["one"]):
            assert min(abs(column - place) for column in seen["columns"]) <= 1.5, "a line at 0 and one at 1"
