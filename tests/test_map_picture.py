"""The map as SVG and PNG: dots, rings and the decoded grid are where they belong, and both pictures show the same."""

import io
import re
from collections.abc import Callable
from itertools import combinations
from statistics import NormalDist
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from bundle import Bundle
from PIL import Image
from playwright.sync_api import Browser
from visit import visit

from core import checkpoints, figures, latent, markers
from core.chips import placed
from core.data.datasets import DATASETS
from core.frame import of_checkpoint
from core.map_picture import CELLS, CHIP_PX, CREDIT_PX, HEIGHT, LED_PX, LEFT, SIDE, TOP, WIDTH, MapPicture, chip_width
from core.map_png import png
from core.map_svg import svg
from core.portrait import Window
from core.scale import LINEAR, SPREAD, Scale
from core.sheets import printed
from pages.exploring import fields, picturing, taking
from pages.exploring.picturing import Shown
from pages.session import caches, take_along
from pages.session.words import title_of

NAME = "vae-mnist-2d"
SVG = "{http://www.w3.org/2000/svg}"
ALL = ("points", "names", "prior")
LOOK = ("",) * 9  # in the words of the link
SPREAD_LOOK = ("", "", "1", *LOOK[3:])


def picture(layers: tuple[str, ...] = ALL, window: Window | None = None, **more: object) -> MapPicture:
    frame = of_checkpoint(checkpoints.opened(NAME))
    return MapPicture(frame, window or Window(0.1, 0.2, 2.0), layers, title="A <title> & more", **more)  # type: ignore[arg-type]


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_every_code_in_the_window_is_a_dot_of_its_class_at_its_place() -> None:
    made = picture()
    tree = ElementTree.fromstring(svg(made))
    paths = {path.get("stroke"): path.get("d", "") for path in tree.iter(f"{SVG}path") if path.get("stroke-linecap") == "round"}
    points, labels = made.frame.points, made.frame.labels
    for label in range(10):
        own = points[labels == label]
        shown = own[(np.abs(own[:, 0] - 0.1) <= 2) & (np.abs(own[:, 1] - 0.2) <= 2)]
        found = np.array([[float(v) for v in pair] for pair in re.findall(r"M([\d.]+),([\d.]+)h0", paths[figures.class_colour(label)])])
        assert np.allclose(found[:, 0], LEFT + SIDE * (shown[:, 0] - 0.1 + 2) / 4, atol=0.06)
        assert np.allclose(found[:, 1], TOP + SIDE * (2.2 - shown[:, 1]) / 4, atol=0.06)
    assert tree.findtext(f"{SVG}title") == "A <title> & more"


def outline(path: str) -> np.ndarray:
    """The points (N, 2) of an SVG path of M, L and Z."""
    return np.array([[float(v) for v in pair.split(",")] for pair in re.findall(r"[-\d.]+,[-\d.]+", path)])


def rings_of(text: bytes) -> list[np.ndarray]:
    return [outline(ring.get("d", "")) for ring in ElementTree.fromstring(text).iter(f"{SVG}path") if ring.get("stroke-dasharray")]


def test_rings_are_standard_deviations_and_only_where_they_are_on() -> None:
    rings, middle = rings_of(svg(picture())), (LEFT + SIDE * 1.9 / 4, TOP + SIDE * 2.2 / 4)
    for ring, sigmas in zip(rings, (1, 2, 3), strict=True):
        assert np.linalg.norm(ring - middle, axis=1) == pytest.approx(sigmas * SIDE / 4, abs=0.01)
    assert b"stroke-dasharray" not in svg(picture(("points",)))


def test_the_decoded_grid_is_what_the_model_decodes_in_the_middle_of_each_cell() -> None:
    made = picture(("manifold",))
    assert made.decoded is not None
    cell = made.decoded.reshape(CELLS, 28, CELLS, 28)[5, :, 15]  # sixth row from the top
    z = np.array([[0.1 - 2 + 4 * 15.5 / CELLS, 0.2 + 2 - 4 * 5.5 / CELLS]], np.float32)
    assert np.abs(cell - 255.0 * latent.decode(made.frame.model, z)[0].reshape(28, 28)).max() <= 0.6
    place = pixels(png(made))[TOP : TOP + SIDE, LEFT : LEFT + SIDE]
    side = SIDE / CELLS
    assert place[round(5.5 * side) - 15 : round(5.5 * side) + 15, round(15.5 * side) - 15 : round(15.5 * side) + 15].max() > 130, (
        "light ink, as on the page"
    )
    assert (place[2, 2] < 40).all()


# --- spread evenly ---------------------------------------------------------------------------------------------------------------

NORMAL = NormalDist()
WHOLE = Window(0.5, 0.5, 0.5)


def test_spread_evenly_each_dot_lies_at_its_percentiles() -> None:
    made = picture(("points", "prior"), WHOLE, scale=SPREAD)
    text = svg(made)
    paths = {path.get("stroke"): path.get("d", "") for path in ElementTree.fromstring(text).iter(f"{SVG}path")}
    for label in range(10):
        own = made.frame.points[made.frame.labels == label].tolist()
        found = np.array([[float(v) for v in pair] for pair in re.findall(r"M([\d.]+),([\d.]+)h0", paths[figures.class_colour(label)])])
        wanted = [(LEFT + SIDE * NORMAL.cdf(x), TOP + SIDE * (1 - NORMAL.cdf(y))) for x, y in own]
        assert found == pytest.approx(np.array(wanted), abs=0.06)
    for ring, sigmas in zip(rings_of(text), (1, 2, 3), strict=True):
        right = ring[ring[:, 0].argmax()]
        assert right == pytest.approx([LEFT + SIDE * NORMAL.cdf(sigmas), TOP + SIDE / 2], abs=0.1)
    assert re.findall(r">([^<]*σ)</text>", text.decode())[:6] == ["−2σ", "−1σ", "−0.5σ", "0.5σ", "1σ", "2σ"]


def test_the_grid_of_a_spread_map_is_spaced_by_the_percentiles() -> None:
    made = picture(("manifold",), WHOLE, scale=SPREAD)
    assert made.decoded is not None
    grid = made.decoded.reshape(CELLS, 28, CELLS, 28)
    for row, column in ((0, 0), (5, 15), (19, 7)):
        z = np.array([[NORMAL.inv_cdf((column + 0.5) / CELLS), NORMAL.inv_cdf(1 - (row + 0.5) / CELLS)]], np.float32)
        assert np.abs(grid[row, :, column] - 255.0 * latent.decode(made.frame.model, z)[0]).max() <= 0.6
    beyond = picture(("manifold",), Window(0.5, 0.5, 1.0), scale=SPREAD).decoded  # where there are no percentiles
    assert beyond is not None
    empty = beyond.reshape(CELLS, 28, CELLS, 28).max((1, 3)) == 0
    assert not empty[5:15, 5:15].any() and empty[:5].all() and empty[15:].all() and empty[:, :5].all() and empty[:, 15:].all()


# --- shapes, and what is kept -----------------------------------------------------------------------------------------------------


def test_each_class_has_its_shape_on_the_map_and_in_the_legend() -> None:
    made = picture(("points",), shaped=True)
    tree = ElementTree.fromstring(svg(made))
    paths = {path.get("fill"): path.get("d", "") for path in tree.iter(f"{SVG}path") if path.get("opacity")}
    square = re.findall(r"M[^M]*", paths[figures.class_colour(3)])
    assert len(square) == len(made.dots(3)) and all(dot.count(",") == 4 for dot in square)
    first = outline(square[0])
    assert first[0] - made.dots(3)[0] == pytest.approx([made.radius, made.radius], abs=0.06)
    assert len(re.findall("M", paths[figures.class_colour(0)])) == 2 * len(made.dots(0)), "an hourglass is two triangles"
    in_the_legend = [path.get("fill") for path in tree.iter(f"{SVG}path") if "M" in path.get("d", "") and path.get("opacity") is None]
    assert {figures.class_colour(label) for label in range(9)} <= set(in_the_legend)
    assert len(set(paths) - {"none"}) == 9 and "stroke-linecap" in svg(made).decode(), "one class stays round"


def test_dots_that_overlap_leave_no_hole_in_one_another() -> None:
    for label in range(10):
        corners = markers.corners_of(label)
        if corners is not None:
            areas = [x @ np.roll(y, -1) - y @ np.roll(x, -1) for x, y in (piece.T for piece in markers.pieces(corners))]
            assert min(np.abs(areas)) > 0.5 and len({area > 0 for area in areas}) == 1


@pytest.mark.parametrize(("scale", "window", "share"), [(LINEAR, Window(0.1, 0.2, 2.0), 0.6), (SPREAD, WHOLE, NORMAL.cdf(0.5))])
def test_the_kept_point_is_marked_where_it_is(scale: Scale, window: Window, share: float) -> None:
    made = picture(("points",), window, scale=scale, kept=(0.5, -0.2))
    assert made.mark is not None and made.mark[0] == pytest.approx(LEFT + SIDE * share)
    x, y = made.mark
    circles = [c for c in ElementTree.fromstring(svg(made)).iter(f"{SVG}circle") if float(c.get("cx", 0)) == pytest.approx(x, abs=0.06)]
    assert [float(c.get("cy", 0)) for c in circles] == pytest.approx([y] * 4, abs=0.06)
    assert (pixels(png(made))[round(y), round(x)] < 30).all()
    assert picture(kept=(9.0, 0.0)).mark is None, "it is not in view"


def test_classes_that_are_not_lit_are_dimmed() -> None:
    opacities = [
        p.get("opacity") for p in ElementTree.fromstring(svg(picture(("points",), lit=(3,)))).iter(f"{SVG}path") if p.get("opacity")
    ]
    assert [float(v or 0) > 0.5 for v in opacities] == [label == 3 for label in range(10)]


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize(
    ("layers", "more"),
    [(ALL, {}), (("points", "manifold"), {}), (ALL, {"shaped": True, "scale": SPREAD, "window": WHOLE, "kept": (0.5, 1.0), "lit": (1, 3)})],
)
def test_a_browser_draws_the_svg_as_the_png_is(chromium: Browser, layers: tuple[str, ...], more: dict[str, Any]) -> None:
    made = picture(layers, **more)
    page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.set_content(f"<body style='margin:0'>{svg(made).decode()}</body>")
    drawn = pixels(page.screenshot())
    page.close()
    own = pixels(png(made))
    assert drawn.shape == own.shape == (HEIGHT, WIDTH, 3)
    apart = np.abs(drawn - own)[TOP : TOP + SIDE, LEFT : LEFT + SIDE]
    assert apart.mean() < 4 and np.abs(drawn - np.roll(own, 9, 1))[TOP : TOP + SIDE, LEFT : LEFT + SIDE].mean() > 3 * apart.mean()


@pytest.mark.usefixtures("no_data")
def test_explore_offers_the_map_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(taking.take_along, "_button", lambda key, label, name, mime, make: made.setdefault(name, make))
    visit("explore.py", {"checkpoint": NAME, "layers": "points,prior", "view": "0.5,-0.5,2", "classes": "2,5"})
    text = made[f"{NAME}-map.svg"]().decode()
    tree = ElementTree.fromstring(text)
    across = [np.ptp(ring[:, 0]) / 2 for ring in rings_of(text.encode())]
    assert across == pytest.approx([SIDE / 2, SIDE, 3 * SIDE / 2], abs=0.1), "two units wide"
    opacities = [float(p.get("opacity") or 0) for p in tree.iter(f"{SVG}path") if p.get("opacity")]
    assert [i for i, v in enumerate(opacities) if v > 0.5] == [2, 5]
    assert "MNIST" in text and "Licence" in text
    assert Image.open(io.BytesIO(made[f"{NAME}-map.png"]())).size == (WIDTH, HEIGHT)
    poster = Image.open(io.BytesIO(made[f"{NAME}-poster.png"]()))
    assert sorted(poster.size) == [3508, 4961] and poster.info["dpi"][0] == pytest.approx(300, abs=0.1)


@pytest.mark.parametrize("name", [NAME, "vae-mnist-16d", "conv-vae-mnist-2d", "vae-mnist-2d-collapsed", "cvae-mnist-2d"])
def test_the_poster_is_what_the_model_draws_there(name: str) -> None:
    label = 3 if name.startswith("cvae") else None
    view = caches.map_view(name, label)
    shown = Shown(view, ALL, LOOK)
    sheet = picturing.poster(shown)
    (whole,) = sheet.images
    rows, columns, seen = picturing.POSTER_ROWS, picturing.POSTER_COLUMNS, shown.window()
    tile = whole.reshape(rows, whole.shape[0] // rows, columns, -1)[0, :, columns - 1]  # the upper right one
    step = 2 * seen.half / columns  # across and down alike
    z = view.frame.plane.codes(np.array([[seen.x + step * (columns - 1) / 2, seen.y + step * (rows - 1) / 2]], np.float32))
    assert np.allclose(tile, latent.decode(view.checkpoint.model, z, label)[0].reshape(tile.shape), atol=1e-4)
    assert ("Decoded as the class 3." in sheet.notes) == (label is not None)


@pytest.mark.parametrize("name", [NAME, "vae-mnist-16d", "cvae-mnist-2d"])
def test_the_poster_fills_its_sheet(name: str) -> None:
    page = np.asarray(Image.open(io.BytesIO(printed(picturing.poster(Shown(caches.map_view(name), ALL, LOOK)), "A3"))))
    top, bottom = np.flatnonzero((page == 190).mean(1) > 0.8)  # the line round the picture
    assert bottom - top == picturing.POSTER_ROWS * 28 * 5 + 1, "five dots a pixel"
    assert bottom > 0.84 * len(page), "what is left below is for the credit"


def test_the_poster_of_a_spread_map_is_figure_4_and_says_so() -> None:
    view = caches.map_view(NAME)
    sheet = picturing.poster(Shown(view, ALL, SPREAD_LOOK))
    (whole,) = sheet.images
    tile = whole.reshape(26, 28, 22, 28)[3, :, 20]
    z = np.array([[NORMAL.inv_cdf(20.5 / 22), NORMAL.inv_cdf(1 - 3.5 / 26)]], np.float32)
    assert np.allclose(tile, latent.decode(view.checkpoint.model, z)[0], atol=1e-4)
    words = " ".join([sheet.title, *sheet.notes, sheet.credit])
    assert "percentiles" in words and "Kingma & Welling 2014, figure 4" in words and "from −2.00 to 2.00" in words
    assert "MNIST" in words and "Licence" in words
    (small, *_) = picturing.grid(Shown(view, ALL, SPREAD_LOOK)).images
    z = np.array([[NORMAL.inv_cdf(0.5 / 8), NORMAL.inv_cdf(1 - 0.5 / 8)]], np.float32)
    assert np.allclose(small, latent.decode(view.checkpoint.model, z)[0], atol=1e-4), "so is the smaller one"


def test_the_grid_is_of_the_plane_that_is_chosen() -> None:
    view = caches.map_view("vae-mnist-16d", None, (2, 6))
    shown = Shown(view, ALL, LOOK)
    sheet = picturing.grid(shown)
    seen = shown.window()
    z = np.zeros((1, 16), np.float32)
    z[0, [2, 6]] = seen.x - seen.half * 7 / 8, seen.y + seen.half * 7 / 8
    assert np.allclose(sheet.images[0], latent.decode(view.checkpoint.model, z)[0], atol=1e-4)
    assert "z₃ to the right, z₇ upwards" in sheet.notes[-1]


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize("zoom", ["", "0.6,0.6,0.3"])
def test_explore_offers_a_spread_map_spread_and_in_shapes(zoom: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(taking.take_along, "_button", lambda key, label, name, mime, make: made.setdefault(name, make))
    visit("explore.py", {"checkpoint": NAME, "layers": "points,prior", "spread": "1", "shapes": "1", "z": "0.5,0.25", "view": zoom})
    text = made[f"{NAME}-map.svg"]().decode()
    x, y, half = (0.6, 0.6, 0.15) if zoom else (0.5, 0.5, 0.5)
    (right, down), width = rings_of(text.encode())[0].max(0), 2 * half
    assert right == pytest.approx(LEFT + SIDE * (NORMAL.cdf(1) - x + half) / width, abs=0.1)
    assert down == pytest.approx(TOP + SIDE * (y + half - NORMAL.cdf(-1)) / width, abs=0.1)
    kept = re.search(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="14"', text)
    assert kept and float(kept[1]) == pytest.approx(LEFT + SIDE * (NORMAL.cdf(0.5) - x + half) / width, abs=0.1)
    assert "percentiles" in text and "Kingma &amp; Welling 2014, figure 4" in text and "Kept: (0.50, 0.25)" in text
    assert text.count('stroke-linecap="round"') == 1, "all classes but the round one have a shape"


# --- what else is on the screen -----------------------------------------------------------------------------------------------


def test_the_model_is_named_once_on_the_poster_and_on_the_map() -> None:
    shown, name = Shown(caches.map_view(NAME), ("points",), LOOK), title_of(NAME)
    for made in (picturing.poster(shown), picturing.map_of(shown)):
        assert " ".join([made.title, *made.notes]).count(name) == 1


def test_a_background_is_on_the_picture_with_its_legend() -> None:
    view = caches.map_view(NAME)
    look = ["0,0,4", *LOOK[1:]]
    shown = Shown(view, ("points",), look, None, fields.told(view, "neighbours"))
    made = picturing.map_of(shown)
    text, plain = svg(made).decode(), pixels(png(picturing.map_of(Shown(view, (), look))))
    assert "10-NN regions" in text and "3 of 10" in text and "all agree" in text
    drawn = pixels(png(picturing.map_of(Shown(view, (), look, None, shown.background))))
    assert drawn.shape[0] == plain.shape[0] + 40
    x, y = 0.6, 0.3  # among the twos
    column, row = round(LEFT + SIDE * (x + 2) / 4), round(TOP + SIDE * (2 - y) / 4)
    red, green, blue = drawn[row, column]
    assert red > green + 60 and red > blue + 60, "in the colour of the class that most of its neighbours have"
    moved = Shown(
        caches.map_view("vae-mnist-16d"), (), [*LOOK[:8], "image"], None, fields.told(caches.map_view("vae-mnist-16d"), "neighbours")
    )
    assert picturing.field_of(moved) is None, "it was computed for the plane as it lies by itself"


def test_codes_of_the_training_images_are_small_dots_below_the_others() -> None:
    points = np.array([[0.1, 0.2], [1.1, 0.2], [9.0, 9.0]], np.float32)
    made = picture(("points",), crowd=(points, np.array([3, 3, 3])))
    small = [path for path in ElementTree.fromstring(svg(made)).iter(f"{SVG}path") if path.get("stroke-width") == "3"]
    assert [path.get("d") for path in small] == [
        f"M{LEFT + SIDE / 2:.1f},{TOP + SIDE / 2:.1f}h0M{LEFT + SIDE * 0.75:.1f},{TOP + SIDE / 2:.1f}h0"
    ]
    assert b"stroke-linecap" not in svg(picture((), crowd=(points, np.array([3, 3, 3]))))
    alone = pixels(png(picture(("points",), Window(20.0, 20.0, 2.0), crowd=(np.array([[20.0, 20.0]]), np.array([2])))))
    red, green, _ = alone[TOP + SIDE // 2, LEFT + SIDE // 2]
    assert red > green + 60


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "kmnist", "emnist-digits", "digits"])
def test_whose_data_they_are_and_on_what_terms_is_there_in_full(name: str) -> None:
    credit = take_along.credit_of(name)
    lines = [text for _, size, text, _ in picture(credit=credit).said if size == CREDIT_PX]
    assert " ".join(lines) == credit and DATASETS[name].licence in credit


def test_no_name_covers_another_or_the_kept_point() -> None:
    view = caches.map_view("pca-mnist-2d")
    made = MapPicture(view.frame, Window(0.0, -0.2, 3.0), ("names",), kept=(0.2, 0.3))
    assert made.mark is not None
    boxes = [(x, y, chip_width(made.name(label)), CHIP_PX) for label, (x, y, _, _) in made.names.items()] + [(*made.mark, 28.0, 28.0)]
    for (x, y, wide, high), (u, v, other_wide, other_high) in combinations(boxes, 2):
        assert 2 * abs(x - u) >= wide + other_wide or 2 * abs(y - v) >= high + other_high
    to = np.array([made.names[label][2:] for label in made.labels])
    assert to == pytest.approx(made.pixels(np.array([view.frame.middles[label] for label in made.labels])))
    text = svg(made).decode()
    moved = sum(np.hypot(x - u, y - v) > LED_PX for x, y, u, v in made.names.values())
    assert 1 <= moved == text.count('stroke-width="3"'), "a line leads from a name to its class"


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_names_are_moved_aside_as_on_the_page(bundle: Bundle) -> None:
    generator = np.random.default_rng(5)
    boxes = [(x, y, 30.0 + 5 * i, 34.0) for i, (x, y) in enumerate(generator.uniform(100, 260, (10, 2)).tolist())]
    given = {"boxes": [dict(zip(("x", "y", "width", "height"), box, strict=True)) for box in boxes]}
    script = "return m.placed(given.boxes, [{ x: 180, y: 170, width: 30, height: 30 }], { left: 60, top: 60, width: 240, height: 240 });"
    there = bundle.run("map/layers/names.js", script, given)
    assert placed(boxes, [(180, 170, 30, 30)], (60, 60, 300, 300)) == [pytest.approx(way, abs=1e-9) for way in there]
