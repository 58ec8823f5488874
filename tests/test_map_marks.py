"""What a tool has marked is on the map's picture, where it belongs and named in words; what a page would not say is not believed."""

import base64
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from bundle import Bundle
from test_map_picture import LOOK, SVG, outline, picture, pixels

from core import checkpoints, figures, latent, markers
from core.close_up import CloseUp
from core.map_marks import HEAD_PX, Stroke, drawn, head
from core.map_picture import LEFT, SIDE, TOP
from core.map_png import png
from core.map_svg import svg
from core.portrait import Window
from core.scale import SPREAD
from pages.browser.map import view_name
from pages.exploring import marked, picturing
from pages.exploring.marked import NOTHING
from pages.exploring.picturing import Shown
from pages.session import caches

NAME = "vae-mnist-2d"
CODES = checkpoints.load(NAME).latents
SELECTED = (CODES.mu[:, 0] > 0) & (CODES.mu[:, 0] < 0.5)


def said(**more: Any) -> dict[str, Any]:
    return {"view": NAME, "picked": None, "side": None, "marks": [], **more}


def read(**more: Any) -> marked.Marked:
    return marked.read(said(**more), caches.map_view(NAME), NAME)


def texts(text: bytes) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(text).iter(f"{SVG}text")]


# --- a selection ---------------------------------------------------------------------------------------------------------------


def test_what_is_selected_is_bright_and_all_else_is_dimmed() -> None:
    made = picture(("points",), lit=(4, 9), picked=SELECTED)
    paths = [
        path
        for path in ElementTree.fromstring(svg(made)).iter(f"{SVG}path")
        if path.get("stroke-linecap") == "round" and path.get("opacity")
    ]
    bright = {path.get("stroke"): path.get("d", "").count("M") for path in paths if float(path.get("opacity") or 0) > 0.5}
    dim = sum(path.get("d", "").count("M") for path in paths if float(path.get("opacity") or 0) < 0.1)
    seen = (np.abs(CODES.mu - (0.1, 0.2)) <= 2).all(1)
    wanted = {figures.class_colour(label): int((seen & SELECTED & (CODES.label == label)).sum()) for label in (4, 9)}
    assert bright == wanted and min(wanted.values()) > 10 and dim == seen.sum() - sum(wanted.values())
    assert f"Selected: {SELECTED.sum():,} of 10,000 test images. All others are dimmed." in texts(svg(made))
    assert picture(("points",)).height < made.height, "the legend has a line more"


def test_the_page_says_by_bits_which_images_are_selected(bundle: Bundle) -> None:
    rows = [5, 0, 3, 9, 8, 1, 2, 4, 7, 6]
    on = [1, 0, 1, 1, 0, 0, 0, 0, 0, 1]
    script = "return m.bits({ codes: { row: given.rows } }, Uint8Array.from(given.on));"
    there = bundle.run("map/pictured.js", script, {"rows": rows, "on": on})
    bits = marked._picked(there, 10)
    assert bits is not None and np.flatnonzero(bits).tolist() == [3, 5, 6, 9]


# --- lines -----------------------------------------------------------------------------------------------------------------------


def circles(text: bytes) -> list[tuple[float, float, float]]:
    found = ElementTree.fromstring(text).iter(f"{SVG}circle")
    return [(float(one.get("cx") or 0), float(one.get("cy") or 0), float(one.get("r") or 0)) for one in found]


def test_a_path_is_there_with_its_points_and_its_steps() -> None:
    line = [-1.0, -1.0, 0.0, 0.5, 1.0, 0.5]
    path = {"kind": "path", "way": "change", "by": "pixels", "lines": [line], "stops": [-1.0, -1.0, 1.0, 0.5], "steps": line}
    (mark,) = read(marks=[path]).marks
    window = Window(0.5, 0.5, 0.5)
    made = picture((), window, scale=SPREAD, marks=[mark])
    text = svg(made)
    drawn_lines = [outline(one.get("d", "")) for one in ElementTree.fromstring(text).iter(f"{SVG}path") if one.get("stroke-linejoin")]
    wanted = made.pixels(np.array(line).reshape(-1, 2))
    for seam_or_line in drawn_lines[:2]:
        for point in wanted:
            assert np.abs(seam_or_line - point).max(1).min() < 0.06
    assert len(drawn_lines[0]) > 20, "it is bent between its points"
    middle = made.pixels(np.array([[-0.5, -0.25]]))[0]
    assert np.abs(drawn_lines[0] - middle).max(1).min() < 20
    at = circles(text)
    assert [(x, y) for x, y, r in at if r > 10] == [pytest.approx(tuple(wanted[i]), abs=0.06) for i in (0, 2)]
    assert [(x, y) for x, y, r in at if r == 4.5][:3] == [pytest.approx(tuple(point), abs=0.06) for point in wanted]
    words = texts(text)
    assert "Path: of least change, through 2 points, in 3 steps (small dots), equal in pixels." in words
    assert {"1", "2"} <= set(words), "its points have their numbers"


def test_an_arrow_ends_in_a_head_and_says_between_what() -> None:
    step = {"kind": "step", "names": ["A", "round <ones>"], "lines": [[0, 0, 1, 0], [-1, 0.5, 1, 0.5]], "spot": [0.25, 0.5]}
    (mark,) = read(marks=[step]).marks
    made = picture((), marks=[mark])
    assert any("Arrow: from the mean code of A to that of round <ones>." in one for one in texts(svg(made)))
    strokes = [piece for piece in drawn(mark, made.pixels, made.dark) if isinstance(piece, Stroke)]
    (tip,) = made.pixels(np.array([[1.0, 0.0]]))
    heads = [stroke.points for stroke in strokes if len(stroke.points) == 3]
    assert len(heads) == 2 and all(np.allclose(points[1], tip) for points in heads)
    back = heads[0][[0, 2]] - tip
    assert (
        np.linalg.norm(back, axis=1) == pytest.approx(HEAD_PX) and (back[:, 0] < 0).all() and back[:, 1].sum() == pytest.approx(0, abs=1e-9)
    )
    aslant = head(np.array([[0.0, 0.0], [30.0, 40.0]]))[[0, 2]] - (30, 40)
    assert aslant @ (0.6, 0.8) == pytest.approx(-HEAD_PX * np.cos(0.45)) and np.linalg.norm(aslant, axis=1) == pytest.approx(HEAD_PX)


def test_lines_are_light_over_the_decoded_grid() -> None:
    (mark,) = read(marks=[{"kind": "pair", "lines": [[-1.5, 0.2, 1.5, 0.2]], "spot": [1.5, 0.2]}]).marks
    light, dark = (pixels(png(picture(layers, marks=[mark]))) for layers in (("points",), ("points", "manifold")))
    row, columns = TOP + SIDE // 2, slice(LEFT + SIDE // 4, LEFT + SIDE // 2)
    assert (light[row, columns] < 60).all() and (dark[row, columns] > 180).all()


def test_of_a_drawing_the_outlines_are_closed_and_the_wider_one_is_dashed() -> None:
    near, far = [0.1, 0, 0, 0.1, -0.1, 0, 0, -0.1], [0.2, 0, 0, 0.2, -0.2, 0, 0, -0.2]
    (mark,) = read(marks=[{"kind": "drawing", "lines": [near, far], "spot": [0, 0]}]).marks
    made = picture((), marks=[mark])
    one, two = [piece for piece in drawn(mark, made.pixels, False) if isinstance(piece, Stroke)]
    assert (one.points[0] == one.points[-1]).all() and not one.dashed and two.dashed
    assert np.ptp(two.points[:, 0]) == pytest.approx(2 * np.ptp(one.points[:, 0]))


# --- close up ----------------------------------------------------------------------------------------------------------------------


def square(rows: np.ndarray) -> np.ndarray:
    """Images of a frame round a hole."""
    images = np.zeros((len(rows), 28, 28), np.uint8)
    images[:, 4:24, 4:24] = 255
    images[:, 10:18, 10:18] = 0
    return images


@pytest.mark.parametrize("shaped", [False, True])
def test_close_up_each_code_is_its_image_in_its_classs_colour(shaped: bool) -> None:
    row = int(np.argmax(CODES.mu[:, 0]))  # nothing is near
    x, y = CODES.mu[row].tolist()
    made = picture(("points",), Window(x, y, 0.2), images=CloseUp(0.1, square, "Close up."), shaped=shaped)
    drawn_there = pixels(png(made))
    middle_x, middle_y = LEFT + SIDE // 2, TOP + SIDE // 2
    assert (drawn_there[middle_y, middle_x] > 240).all(), "the hole"
    colour = figures.class_colour(int(CODES.label[row]))
    ink = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    for right in (-28, 28):  # 112 pixels wide: 4 times its own size
        assert drawn_there[middle_y, middle_x + right].tolist() == ink
    assert (drawn_there[middle_y, middle_x + 60] > 240).all()
    corner = drawn_there[middle_y - 56 + 12, middle_x + 56 - 12].tolist()
    if markers.corners_of(int(CODES.label[row])) is None or shaped:
        assert (corner == ink) == shaped
    assert "Close up." in texts(svg(made))
    assert svg(made).count(b"<image") == 1 and made.dots(int(CODES.label[row])).any() and not len(made.groups[int(CODES.label[row])][1])


@pytest.mark.usefixtures("no_data")
def test_without_test_images_close_up_is_what_the_decoder_makes_of_the_codes() -> None:
    images = read(side=0.05).images
    assert images is not None and "what the decoder makes of it" in images.words
    rows = np.array([3, 77])
    made = latent.decode(caches.map_view(NAME).checkpoint.model, CODES.mu[rows])
    assert np.abs(images.ink(rows) - 255.0 * made.reshape(2, 28, 28)).max() <= 1


# --- what is believed --------------------------------------------------------------------------------------------------------------

GOOD = {"kind": "pair", "lines": [[0, 0, 1, 1]], "spot": [1, 1]}


STRANGE: list[Any] = [
    *("x", None, [], said(view="another")),
    *(said(picked=one) for one in ("!", "AA==", 3, "A" * 100_000)),
    *(said(side=one) for one in (0, 2, "1", True, float("nan"))),
    said(marks={}),
    said(marks=["x"]),
    said(marks=[GOOD] * 9),
    *(said(marks=[GOOD | {"kind": one}]) for one in ("none", ["pair"], "path", "step")),
    *(
        said(marks=[GOOD | {"lines": [one]}])
        for one in ([0, 0], [0, 0, 1], [0, 0, float("inf"), 1], [0, 0, 1e9, 1], ["0", 0, 1, 1], [0, 0] * 5000)
    ),
    *(said(marks=[GOOD | {"spot": one}]) for one in ([1], "1", [[1], 1])),
    *(said(marks=[GOOD | {"kind": "step", "names": one}]) for one in (["A"], ["A", 5], ["A", "x" * 100], "AB")),
    said(marks=[GOOD | {"kind": "path", "way": "none", "by": "z"}]),
]


@pytest.mark.parametrize("strange", STRANGE)
def test_what_the_page_would_not_say_marks_nothing(strange: object) -> None:
    assert marked.read(strange, caches.map_view(NAME), NAME) is NOTHING
    assert len(read(marks=[GOOD]).marks) == 1


def test_a_plane_of_larger_codes_has_a_name_of_its_own() -> None:
    view = caches.map_view("vae-mnist-16d", None, (2, 6))
    told = {"view": view_name(view), "marks": [GOOD]}
    assert len(marked.read(told, view, view_name(view)).marks) == 1
    usual = caches.map_view("vae-mnist-16d")
    assert marked.read(told, usual, view_name(usual)) is NOTHING
    made = picturing.map_of(Shown(view, ("points",), LOOK, marked=marked.read(told, view, view_name(view))))
    assert len(made.marks) == 1 and "z₃ to the right" in " ".join(made.notes)


# --- who tells it ------------------------------------------------------------------------------------------------------------------


def test_the_page_says_what_is_marked_once_and_that_nothing_is_any_more(bundle: Bundle) -> None:
    script = """const asked = {}, figure = { codes: { row: [1, 0] } }, line = { pictured: { kind: 'pair' } };
      const drawn = new Set([{}, line]), map = { ready: true, look: { heard: true }, view: "a", figure, data: {}, drawn,
        layers: { closeUp: { side: 28 } },
        viewport: { xr: [0, 1], box: { width: 280 } }, picked: { figure, on: Uint8Array.from([1, 0]) } };
      new m.Pictured(map, { ask: (name, news) => (asked[name] = news) });
      const said = [asked.marks(), asked.marks()];
      Object.assign(map, { picked: null }).drawn.clear(); map.layers.closeUp.side = 0;
      said.push(asked.marks(), asked.marks()); return said.map((one) => (one === undefined ? 'no news' : one));"""
    first, again, gone, still = bundle.run("map/pictured.js", script)
    assert first == {"view": "a", "picked": "Ag==", "side": 0.1, "marks": [{"kind": "pair"}]}, "the second row of two"
    assert (again, gone, still) == ("no news", None, "no news")


def test_bits_are_read_from_their_lowest() -> None:
    bits = read(picked=base64.b64encode(np.packbits(SELECTED, bitorder="little").tobytes()).decode()).picked
    assert bits is not None and (bits == SELECTED).all()
