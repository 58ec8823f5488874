"""Explore's tool *Paths* part by part, in a page of a real browser without a server: its words in a link, presses, film and course."""

import base64
import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from bundle import Bundle

from core import morphs

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

GENERATOR = np.random.default_rng(8)

# A space of 100 test images, whose codes are (n, -n), on a map where a unit is ten pixels.
SPACE = """const viewport = { limit: 9, toPixel: ([x, y]) => [10 * x, -10 * y], xr: [0, 1] };
  const ofImage = (row) => ({ code: [row, -row], point: [row, -row], row }), ofPoint = (z) => ({ code: z, point: z, row: null });
  const facts = { keeps_to_prior: true }, space = { count: 100, dimensions: 2, flat: true, facts, map: { viewport }, ofImage, ofPoint };"""


def test_a_path_in_the_link_is_the_same_path_again(bundle: Bundle) -> None:
    script = f"""{SPACE} const word = 'sphere,13,pixels;7;0.25:-1.5;0', {{ waypoints, ...chosen }} = m.read(word, space);
      return [m.said(chosen, waypoints), waypoints.map(({{ row, point }}) => row ?? point), m.said(chosen, [])]"""
    assert bundle.run("paths/waypoints.js", script) == ["sphere,13,pixels;7;0.25:-1.5;0", [7, [0.25, -1.5], 0], ""]


def test_of_larger_codes_the_link_has_the_whole_of_what_is_no_test_image(bundle: Bundle) -> None:
    script = f"""{SPACE} Object.assign(space, {{ dimensions: 4, ofCode: (code) => ({{ code, point: code.slice(0, 2), row: null }}) }});
      const {{ waypoints, ...chosen }} = m.read('straight,9,z;7;0.25:-1.5:0:3;1:2:3;1:2:3:99', space);
      return [waypoints.map((one) => one.code), m.said(chosen, waypoints)]"""
    found = bundle.run("paths/waypoints.js", script)
    assert found == [[[7, -7], [0.25, -1.5, 0, 3]], "straight,9,z;7;0.25:-1.5:0:3"]


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("", []),
        ("straight,9,z", []),
        ("zigzag,99,miles;1;2", [1, 2]),
        ("constructor,4,z;1;x;100;-3;1e9:0;1:2:3;:;NaN:1;2", [1, 2]),
        (";;;;", []),
        ("straight,9,z;" + ";".join("1" * 60), [1] * 24),
    ],
)
def test_what_a_link_says_and_cannot_be_is_left_out(bundle: Bundle, word: str, kept: list[Any]) -> None:
    script = f"""{SPACE} const {{ waypoints, ...chosen }} = m.read(given, space);
      return [chosen, waypoints.map((one) => one.row ?? one.point)]"""
    assert bundle.run("paths/waypoints.js", script, word) == [{"kind": "straight", "steps": 9, "by": "z"}, kept]


def test_a_drawn_line_keeps_its_shape_with_few_points(bundle: Bundle) -> None:
    corner = [[x, 0] for x in range(0, 100, 3)] + [[99, y] for y in range(3, 80, 3)]
    assert bundle.run("paths/waypoints.js", "return m.simplified(given, 1)", corner) == [0, 33, 59]
    angles = np.linspace(0, 2 * np.pi, 400)
    loop = np.stack([100 * np.cos(angles), 100 * np.sin(angles)], -1)
    few = bundle.run("paths/waypoints.js", "return m.fewPoints(given, 24)", loop.tolist())
    assert few[0] == 0 and few[-1] == 399 and 8 <= len(few) <= 24
    sampled = np.linspace(0, 1, 50)[:, None]
    drawn = np.concatenate([(1 - sampled) * loop[a] + sampled * loop[b] for a, b in pairwise(few)])
    assert np.abs(np.linalg.norm(drawn, axis=1) - 100).max() < 6


PRESSING = f"""{SPACE} const said = [], lent = [], input = {{ borrow: (one) => (lent.push(one), () => lent.pop()) }};
  const map = {{ viewport, snap: (z) => z.map(Math.round), input }}, says = (what) => (...words) => said.push([what, ...words]);
  const tool = {{ space, waypoints: [ofPoint([1, 1]), ofPoint([5, 5])], add: says('add'), move: says('move'), drawing: says('drawing'),
    moved: (i, z = null) => said.push(['moved', i, z]), drew: says('drew') }};
  const pressing = new m.Pressing(map, tool), mouse = {{ pointerType: 'mouse' }};"""


def test_a_press_adds_a_point_or_moves_the_one_it_takes_hold_of(bundle: Bundle) -> None:
    script = f"""{PRESSING} pressing.choose('points'); const borrowed = lent.length;
      pressing.down([3.2, 2.9], mouse); pressing.up([3.2, 2.9], mouse);
      pressing.down([1.5, 1.4], mouse); pressing.move([2, 2.2], mouse); pressing.move(null, mouse); pressing.up(null, mouse);
      pressing.down([6.6, 5], mouse); pressing.up([6.6, 5], mouse); pressing.down([6.6, 5], {{}}); pressing.up([6.6, 5], {{}});
      pressing.down([1, 1], mouse); pressing.cancel(); pressing.up([1, 1], mouse); pressing.choose(null);
      return [borrowed, lent.length, said]"""
    borrowed, after, said = bundle.run("paths/pressing.js", script)
    assert (borrowed, after) == (1, 0), "the pointer is lent and given back"
    assert said[:3] == [["add", [3, 3]], ["move", 0, [2, 2.2]], ["moved", 0, [2, 2]]], "beside the map it is let go where it was last"
    assert said[3:] == [["add", [7, 5]], ["moved", 1, [7, 5]], ["moved", -1, None]], (
        "a finger reaches farther than a mouse; Esc moves nothing"
    )


def test_where_the_tool_is_out_of_sight_a_press_keeps_a_point(bundle: Bundle) -> None:
    script = f"""{PRESSING} tool.element = document.createElement('div'); map.keep = says('keep'); pressing.choose('points');
      pressing.down([1, 1], mouse); pressing.move([2, 2.2], mouse); pressing.up([2, 2.2], mouse);
      document.body.append(tool.element); pressing.down([3, 3], mouse); pressing.up([3, 3], mouse); tool.element.remove(); return said"""
    assert bundle.run("paths/pressing.js", script) == [["keep", [2, 2]], ["add", [3, 3]]]


def test_a_path_is_drawn_in_one_go_and_a_slip_is_none(bundle: Bundle) -> None:
    script = f"""{PRESSING} pressing.choose('draw'); pressing.down([0, 0], mouse);
      for (let x = 1; x <= 6; x++) pressing.move([x, 0], mouse);
      pressing.up([6, 0], mouse); pressing.down([0, 0], mouse); pressing.move([0.2, 0], mouse); pressing.up([0.2, 0], mouse); return said"""
    said = bundle.run("paths/pressing.js", script)
    assert [one for one in said if one[0] != "drawing"] == [["drew", [[0, 0], [6, 0]]], ["moved", -1, None]]


COURSE = """const image = ([x, y]) => Float32Array.of(x, 2 * y, Math.sin(3 * x) * Math.cos(2 * y), 0);
  const space = { image, dimensions: 2, flat: true, facts: {} }, { signal } = new AbortController();"""


def test_a_course_has_steps_equal_in_z_or_in_pixels_through_all_its_points(bundle: Bundle) -> None:
    waypoints = [[0.0, 0.0], [1.0, 0.2], [1.1, 1.4]]
    script = f"""{COURSE} const course = await m.lay(space, given.map((code) => ({{ code }})), 'straight', signal);
      const film = ['z', 'pixels'].map((by) => course.steps(7, by)), plain = (all) => all.map((one) => [...one]);
      return {{ zs: film.map(({{ zs }}) => plain(zs)), images: plain(film[1].images), far: [course.far.z.at(-1), course.far.pixels.at(-1)],
        codes: plain(course.codes), half: [...course.code(0.5, 'z')] }}"""
    found = bundle.run("paths/course.js", script, waypoints)
    for point in waypoints:
        assert np.abs(np.array(found["codes"]) - point).max(1).min() < 1e-9, "it leads through every point"

    def image(z: np.ndarray) -> np.ndarray:
        return np.stack([z[:, 0], 2 * z[:, 1], np.sin(3 * z[:, 0]) * np.cos(2 * z[:, 1])], -1)

    dense = np.concatenate([np.linspace(a, b, 3000) for a, b in pairwise(waypoints)])
    for by, chain, length in (("z", dense, found["far"][0]), ("pixels", image(dense), found["far"][1])):
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(chain, axis=0), axis=1))])
        assert length == pytest.approx(along[-1], rel=1e-3)
        steps = np.array(found["zs"][by == "pixels"])
        nearest = [along[np.linalg.norm(dense - z, axis=1).argmin()] for z in steps]
        assert nearest == pytest.approx(np.linspace(0, along[-1], 7), abs=2e-3 * along[-1])
    assert np.allclose(np.array(found["images"])[:, :3], image(np.array(found["zs"][1])), atol=1e-6)
    assert found["half"] == pytest.approx(found["zs"][0][3])


def test_where_no_way_leads_there_is_no_course(bundle: Bundle) -> None:
    codes = np.concatenate([GENERATOR.normal(0, 0.1, (40, 2)), GENERATOR.normal(9, 0.1, (40, 2))])
    script = f"""{COURSE} space.codes = Float32Array.from(given.flat());
      const lay = (a, b) => m.lay(space, [{{ code: a }}, {{ code: b }}], 'codes', signal, () => {{}});
      return [await lay([0, 0], [9, 9]), (await lay([-0.1, 0], [0.1, 0.1])).codes.length > 100]"""
    assert bundle.run("paths/course.js", script, codes.tolist()) == [None, True]


def test_fading_is_that_of_morphs_and_distances_to_real_images_are_numpys(bundle: Bundle) -> None:
    first, last = GENERATOR.random((2, 196)).astype(np.float32)
    pixels = GENERATOR.integers(0, 256, (150, 196), np.uint8)
    script = """const [first, last] = given.ends.map((one) => Float32Array.from(one)), faded = m.crossFade(first, last, 5);
      const pixels = Uint8Array.from(atob(given.pixels), (c) => c.charCodeAt(0));
      return [faded.map((one) => [...one]), await m.fromReal(faded, pixels, new AbortController().signal)]"""
    given = {"ends": [first.tolist(), last.tolist()], "pixels": base64.b64encode(pixels.tobytes()).decode()}
    faded, far = bundle.run("paths/course.js", script, given)
    wanted = morphs.cross_fade(first.reshape(14, 14), last.reshape(14, 14), 5).reshape(5, 196)
    np.testing.assert_allclose(faded, wanted, atol=1e-6)
    real = np.linalg.norm(wanted[:, None] - pixels[None].astype(np.float32) / 255, axis=-1).min(1)
    np.testing.assert_allclose(far, real, rtol=1e-4)


def test_the_film_is_gone_through_by_key_and_says_which_step_is_meant(bundle: Bundle) -> None:
    script = """document.body.innerHTML = '<div></div><button></button>'; const [place, other] = document.body.children, said = [];
      const says = (what) => (step) => said.push([what, step]), { signal } = new AbortController();
      const strip = new m.Strip(place, says('look'), says('keep'), signal);
      const images = (n, v) => Array.from({ length: n }, () => Float32Array.of(v, v, v, v)), shape = { width: 2, height: 2 };
      strip.show(images(5, 1), images(5, 0.5), shape);
      const key = (name) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
      strip.frames[0].focus(); key('ArrowRight'); key('End'); key('ArrowRight'); const tabs = strip.frames.map((one) => one.tabIndex);
      strip.frames[4].click(); strip.mark(4); strip.show(images(9, 1), images(9, 0), shape);
      const kept = strip.frames.indexOf(document.activeElement);
      const lit = [...place.querySelectorAll('canvas')].map((c) => c.getContext('2d').getImageData(0, 0, 1, 1).data[0]);
      other.focus(); const last = said.at(-1); document.body.innerHTML = ''; return { said, tabs, kept, lit, last, shown: strip.shown }"""
    found = bundle.run("paths/strip.js", script)
    assert found["tabs"] == [-1, -1, -1, -1, 0], "one of them is in the order of Tab"
    assert [one for one in found["said"] if one[1] is not None][:4] == [["look", 0], ["look", 1], ["look", 4], ["keep", 4]]
    assert found["kept"] == 4 and found["shown"] == -1
    assert found["lit"] == [255] * 9 + [0] * 9 and found["last"] == ["look", None]


@pytest.mark.parametrize(("reduced", "most"), [("no-preference", None), ("reduce", 5)])
def test_play_walks_the_path_and_for_who_wants_no_motion_goes_from_step_to_step(bundle: Bundle, reduced: Any, most: int | None) -> None:
    bundle.page.emulate_media(reduced_motion=reduced)
    script = """const button = document.createElement('button'), shares = [], stop = new AbortController(); let ended = 0;
      const playing = new m.Playing(button, { show: (share) => shares.push(share), steps: () => 5, ended: () => ended++ }, stop.signal);
      const words = [button.textContent]; button.click(); words.push(button.textContent);
      await new Promise((done) => setTimeout(done, 1200));
      button.click(); words.push(button.textContent); const count = shares.length; await new Promise((done) => setTimeout(done, 100));
      return { words, shares, ended, still: shares.length === count }"""
    found = bundle.run("paths/playing.js", script)
    bundle.page.emulate_media(reduced_motion="no-preference")
    assert found["words"] == ["Play", "Pause", "Play"] and found["ended"] == 1 and found["still"]
    assert found["shares"][0] == 0 and found["shares"] == sorted(found["shares"])
    if most:
        assert set(found["shares"]) <= {0, 0.25, 0.5, 0.75, 1} and len(found["shares"]) == 2
    else:
        assert len(found["shares"]) > 8 and 0.1 < found["shares"][-1] < 0.5


def test_every_kind_of_path_says_what_it_is_or_why_it_is_not_offered(bundle: Bundle) -> None:
    script = """const space = (dimensions, prior) => ({ dimensions, flat: dimensions === 2, facts: { keeps_to_prior: prior } });
      const offered = (model) => Object.entries(m.KINDS).filter(([, one]) => !one.missing(model) && one.says(model).length > 30);
      return [[2, true], [2, false], [1, true], [16, true]].map((of) => offered(space(...of)).map(([name]) => name))"""
    found = bundle.run("paths/kinds.js", script)
    assert found == [
        ["straight", "sphere", "change", "codes"],
        ["straight", "change", "codes"],
        ["straight"],
        ["straight", "sphere", "codes"],
    ]


def test_the_lattice_is_measured_once_for_a_decoder_and_for_each_class_it_is_told(bundle: Bundle) -> None:
    script = f"""{COURSE} let decoded = 0; Object.assign(space, {{ decoder: {{}}, image: (z) => (decoded++, image(z)),
        map: {{ figure: {{ extents: {{ most: {{ left: -1, right: 1, bottom: -1, top: 1 }} }} }} }} }});
      const at = (...codes) => codes.map((code) => ({{ code }})), counts = [], shares = [];
      const paths = [[null, [0, 0], [1, 1]], [null, [0.02, 0], [0.99, 1]], [3, [0, 0], [1, 1]], [null, [0, 0], [4, 1]]];
      for (const [drawn, ...points] of paths) {{
        space.facts = {{ drawn }}; const before = decoded;
        await m.lay(space, at(...points), 'change', signal, (share) => shares.push(share)); counts.push(decoded - before);
      }} return [counts, Math.max(...shares)]"""
    counts, share = bundle.run("paths/course.js", script)
    first, again, told, wider = counts
    assert first > 9000 and again < 700 and told > 9000 and wider > 2000, json.dumps(counts)
    assert 0.9 < share < 1


def test_the_window_of_the_least_change_is_about_the_points_and_stays_when_one_moves_a_little(bundle: Bundle) -> None:
    script = "const most = { left: -45, right: 45, bottom: -30, top: 30 }; return given.map((codes) => m.windowOf(most, codes))"
    near, moved, far, same = bundle.run(
        "paths/kinds.js", script, [[[1, 1], [3, 2]], [[1, 1.02], [3, 2]], [[-60, 0], [60, 5]], [[1, 1], [1, 1]]]
    )
    for window, span, middle in ((near, 2, (2, 1.5)), (far, 120, (0, 2.5)), (same, 0, (1, 1))):
        sides = [high - low for low, high in window]
        assert sides[0] == pytest.approx(sides[1]) and sides[0] > 0 and 2 * span <= sides[0] <= 4 * max(span, 1e-3)
        for (low, high), at in zip(window, middle, strict=True):
            assert abs((low + high) / 2 - at) <= sides[0] / 16 + 1e-9
    assert near == moved


def test_the_least_change_is_never_more_than_that_of_the_straight_way(bundle: Bundle) -> None:
    """A decoder that turns far more often than the lattice has places: what is shortest over those is no shorter way."""
    script = f"""{COURSE} const fine = ([x, y]) => Float32Array.of(x, y, Math.sin(40 * x) * Math.sin(37 * y), 0);
      Object.assign(space, {{ image: fine, map: {{ figure: {{ extents: {{ most: {{ left: -8, right: 8, bottom: -8, top: 8 }} }} }} }} }});
      const lay = (kind, points) => m.lay(space, points, kind, signal, () => {{}});
      const long = async (...of) => (await lay(...of)).far.pixels.at(-1);
      const found = []; space.decoder = {{}};
      for (const points of given) {{
        const ends = points.map((code) => ({{ code }}));
        found.push([await long('straight', ends), await long('change', ends)]);
      }} return found"""
    pairs = GENERATOR.uniform(-7, 7, (6, 2, 2)).tolist()
    for straight, least in bundle.run("paths/course.js", script, pairs):
        assert least <= straight * (1 + 1e-6)
