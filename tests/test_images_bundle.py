"""Codes as their test images, without a server: when, which, and what is painted of them."""

import numpy as np
import pytest
from bundle import Bundle
from view import COPY

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

IMAGES, CLOSE_UP = "map/layers/images.js", "map/close_up.js"


def test_dots_become_images_where_there_is_room_and_do_not_flicker(bundle: Bundle) -> None:
    steps = [10, 23, 24, 20, 19, 23, 24, 49, 50, 41, 39, 84, 60, 10]
    script = "let times = 0; return given.map((apart) => (times = m.timesFor(apart, 50, times)));"
    assert bundle.run(IMAGES, script, steps) == [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 1, 3, 2, 0]
    many = bundle.run(IMAGES, "return [[100, 3600, 0], [100, 1300, 1], [100, 1500, 1], [24, 900, 0]].map((given) => m.timesFor(...given))")
    assert many == [0, 1, 0, 1], "however large the screen, not more than it can draw in a frame"


def test_how_far_apart_dots_lie_is_told_where_there_are_any(bundle: Bundle) -> None:
    def apart(dots: np.ndarray) -> float:
        box = {"left": 30, "top": 6, "width": 960 - 56, "height": 480 - 56}  # and 28 px around it: 10 x 5 squares of 96 px
        given = [box, [{"x": x + 2, "y": y - 22} for x, y in dots.tolist()]]
        told: float = bundle.run(IMAGES, "return m.apart(given[1], given[0])", given)
        return told

    spread = np.random.default_rng(0).uniform(0, 1, (2_000, 2)) * [960, 480]
    assert apart(spread) == pytest.approx(np.sqrt(960 * 480 / 2_000), rel=1e-6)
    assert apart(spread / 5) == pytest.approx(96 * np.sqrt(2 / 2_000)), "the same in a corner: the empty rest makes no room"
    assert apart(spread[:1]) == pytest.approx(96)


FIGURE = """
  const { Viewport } = await import('/map/viewport.js'), viewport = new Viewport();
  Object.assign(viewport, { width: 300, height: 240, margin: { l: 20, r: 0, t: 0, b: 40 }, xr: [-1, 1], yr: [-1, 1] });
  const trace = (color, x, y, rows) => ({ marker: { color }, x, y, customdata: rows });
  const data = [trace('#ff0000', [0, 0.5, 9], [0, 0.5, 0], [7, 8, 9]), trace('#0000ff', [-0.5], [-0.5], [3])];
  const figure = { data };
"""


def test_which_codes_are_in_view_and_lit(bundle: Bundle) -> None:
    script = f"{FIGURE} return [m.inView(viewport, figure, [true, false], null), m.inView(viewport, figure, [true, true], [0, 1, 0, 1])]"
    by_class, picked = bundle.run(IMAGES, script)
    assert [(dot["row"], dot["trace"]) for dot in by_class] == [(7, 0), (8, 0), (3, 1)], "what is far outside is not there"
    assert [(dot["x"], dot["y"]) for dot in by_class] == [(160, 100), (230, 50), (90, 150)]
    assert [dot["lit"] for dot in by_class] == [True, True, False]
    assert [bool(dot["lit"]) for dot in picked] == [False, True, True]


def test_more_than_can_be_images_are_not_gathered(bundle: Bundle) -> None:
    script = f"""{FIGURE} const some = Array.from({{ length: given }}, () => 0.5); data[0] = trace('#ff0000', some, some, some);
      return [[true, true], [false, true]].map((lit) => m.inView(viewport, figure, lit, null)?.length);"""
    assert bundle.run(IMAGES, script, 1406) == [None, 1407]
    assert bundle.run(IMAGES, script, 1407) == [None, 1408], "what is dimmed stays a dot and does not count"


LAYER = f"""{FIGURE}
  const map = document.body.appendChild(document.createElement('div')), plot = map.appendChild(document.createElement('div'));
  const layer = new m.ImageLayer(plot), asked = [], closeUp = {{ on: true, offer() {{}}, want() {{ asked.push('want'); }} }};
  const ink = (row) => {{ asked.push(row); return Uint8Array.from({{ length: 16 }}, (_, i) => (i === 5 ? 255 : i === 6 ? 128 : 0)); }};
  const usual = {{ figure, lit: [true, true], on: new Set(['points']), decoder: {{ width: 4, height: 4 }}, closeUp }};
  const use = (more) => layer.use({{ ...usual, ...more }});
  const pixel = (x, y, c = layer.picture.element) => [...{COPY}.getImageData(x, y, 1, 1).data];
  const shown = () => [!layer.picture.hidden, map.classList.contains('lm-close-up'), closeUp.side];
"""


def test_images_stand_at_their_codes_in_their_classes_colours_on_nothing(bundle: Bundle) -> None:
    script = f"""{LAYER} use(); layer.look({{ viewport }}); const before = [shown(), [...asked]];
      closeUp.ink = ink; asked.length = 0; use(); await layer.settled();
      const [x, y] = [160 - 20, 100], at = [pixel(x - 2, y - 2), pixel(x + 1, y - 2), pixel(x - 6, y - 6)];
      const drawn = shown(), rows = [...asked]; layer.look({{ viewport }}); await layer.settled();
      map.remove(); return [before, drawn, rows, at, asked.length - rows.length];"""
    before, drawn, rows, at, again = bundle.run(IMAGES, script)
    assert before == [[False, False, 0], ["want", "want"]] or before == [[False, False, 0], ["want"]], (
        "as long as there are none, dots stay"
    )
    assert drawn == [True, True, 8] and sorted(rows) == [3, 7, 8], "twice their size, and only those in view"
    assert at[0] == [255, 0, 0, 255] and at[2] == [0, 0, 0, 0]
    assert at[1] == pytest.approx([255, 0, 0, 128], abs=2), "as opaque as there is ink"
    assert again == 0, "each is brought once"


def test_over_decoded_images_without_points_or_switched_off_dots_stay_dots(bundle: Bundle) -> None:
    script = f"""{LAYER} closeUp.ink = ink; use(); layer.look({{ viewport }}); const seen = [shown()];
      use({{ on: new Set(['points', 'manifold']) }}); seen.push(shown());
      use({{ on: new Set(['names']) }}); seen.push(shown());
      closeUp.on = false; use(); seen.push(shown()); closeUp.on = true; use(); seen.push(shown());
      layer.stop(); map.remove(); return seen.map(([first]) => first);"""
    assert bundle.run(IMAGES, script) == [True, False, False, False, True]


def test_what_is_not_selected_stays_a_dim_dot(bundle: Bundle) -> None:
    script = f"""{LAYER} closeUp.ink = ink; use({{ lit: [true, false] }}); layer.look({{ viewport }}); await layer.settled();
      const dim = pixel(90 - 20, 150); map.remove(); return [dim, asked];"""
    dim, asked = bundle.run(IMAGES, script)
    assert dim[3] == pytest.approx(0.12 * 255, abs=2) and dim[2] > 240 and 3 not in asked


def test_the_atlas_is_bounded_and_what_was_drawn_longest_ago_goes(bundle: Bundle) -> None:
    script = f"""{LAYER} closeUp.ink = ink; use(); layer.look({{ viewport }}); await layer.settled();
      const dot = (row) => ({{ x: 160, y: 100, row, trace: 0, lit: true }});
      for (let row = 100; row < 100 + 56 * 56; row++) layer.make(dot(row));
      const known = [7, 100, 100 + 56 * 56 - 1].map((row) => layer.stampKnown(dot(row)));
      const {{ width, height }} = layer.atlas; map.remove(); return [known, width, height];"""
    assert bundle.run(IMAGES, script) == [[False, True, True], 56 * 4, 56 * 4]


SWITCH = """const root = document.createElement('div'); root.innerHTML = '<div class="lm-tools"></div>';
  const told = [], facts = { images: 'i', codes: 'c', decoder: null, conditional: false, ...given };
  const readout = { facts, loading: Promise.resolve(), labels: [4, 5], of: (_, row) => [row, row],
    pixels: async () => Uint8Array.from({ length: 8 }, (_, i) => i) };
  const image = ([z], label) => Float32Array.of(z / 2, label === null ? 0 : label / 10, 0, 1);
  const decoder = { width: 2, height: 2, exact: given.exact ?? true, image };
  const map = { root, layers: {}, data: { readout: facts }, decoder, readout, refresh: () => told.push('drawn'),
    look: { changed: () => told.push('said') } };
  const closeUp = new m.CloseUp(map, new AbortController().signal), tick = () => new Promise((done) => setTimeout(done, 30));
  closeUp.offer();
"""


@pytest.mark.parametrize(
    ("facts", "row", "ink"),
    [
        ({}, 1, [4, 5, 6, 7]),
        ({"images": None}, 1, [127.5, 0, 0, 255]),
        ({"images": None, "conditional": True}, 1, [127.5, 127.5, 0, 255]),
    ],
)
def test_images_are_the_test_sets_or_what_the_decoder_makes_of_their_codes(
    bundle: Bundle, facts: dict[str, object], row: int, ink: list[float]
) -> None:
    script = f"{SWITCH} closeUp.want(); closeUp.want(); await tick(); return [[...closeUp.ink({row})], told, closeUp.button.hidden]"
    assert bundle.run(CLOSE_UP, script, facts) == [ink, ["drawn"], False]


def test_nothing_is_offered_where_the_decoder_has_only_something_near(bundle: Bundle) -> None:
    script = f"{SWITCH} closeUp.want(); await tick(); return [closeUp.button.hidden, closeUp.ink]"
    assert bundle.run(CLOSE_UP, script, {"images": None, "exact": False}) == [True, None]
    assert bundle.run(CLOSE_UP, f"{SWITCH} return closeUp.button.hidden", {"exact": False}) is False, "test images are what they are"


def test_another_models_images_are_not_those_that_were_asked_for(bundle: Bundle) -> None:
    script = f"""{SWITCH} closeUp.want(); map.data = {{ readout: {{ ...facts, images: 'other' }} }}; closeUp.offer(); await tick();
      const old = closeUp.ink; closeUp.want(); await tick(); const waits = closeUp.ink; // for the panel, which has not heard yet
      readout.facts = map.data.readout; await tick(); return [old, waits, typeof closeUp.ink];"""
    assert bundle.run(CLOSE_UP, script, {}) == [None, None, "function"]


def test_the_switch_has_a_word_in_the_link(bundle: Bundle) -> None:
    script = f"""{SWITCH} const seen = [closeUp.word]; closeUp.button.click();
      seen.push(closeUp.word, closeUp.button.getAttribute('aria-checked'));
      closeUp.heed(''); seen.push(closeUp.on); closeUp.heed(undefined); seen.push(closeUp.on); closeUp.heed('0'); seen.push(closeUp.on);
      return [seen, told];"""
    assert bundle.run(CLOSE_UP, script, {}) == [["", "0", "false", True, True, False], ["drawn", "said"]]


def test_with_shapes_each_image_has_its_classs_in_a_corner(bundle: Bundle) -> None:
    """In the class's colour, with an edge of the ground; the rest of the image is as ever."""
    script = f"""{LAYER} closeUp.ink = ink; data[0].meta = 3; data[1].meta = 9; const seen = [];
      for (const more of [{{}}, {{ shaped: true }}, {{ shaped: true, dark: true }}]) {{
        use(more); layer.look({{ viewport }}); await layer.settled();
        const [right, top] = [160 - 20 + 4, 100 - 4], blue = [90 - 20 + 4, 150 - 4];
        const at = [[right - 4, top + 3], [right - 1, top + 5], [right, top], [blue[0] - 4, blue[1] + 3], [blue[0] - 1, blue[1] + 5]];
        seen.push(at.map((place) => pixel(...place)));
      }}
      map.remove(); return seen;"""
    plain, light, dark = bundle.run(IMAGES, script)
    red, blue, none = [255, 0, 0, 255], [0, 0, 255, 255], [0, 0, 0, 0]
    assert plain[2] == none and red not in plain[:2]
    assert light[0] == light[1] == red and light[3] == blue, "a square, a circle"
    assert light[4] != blue, "whose corner is empty"
    assert light[2] != none and light[2] != dark[2], "the edge is the ground"
    assert dark[:2] == light[:2]
