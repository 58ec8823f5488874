"""The map as SVG and PNG: dots, rings and the decoded grid are where they belong, and both pictures show the same."""

import io
import re
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser
from visit import visit

from core import checkpoints, figures, latent
from core.frame import of_checkpoint
from core.map_picture import CELLS, HEIGHT, LEFT, SIDE, TOP, WIDTH, MapPicture, png, svg, ticks
from core.portrait import Window
from pages.exploring import taking
from pages.session import caches

NAME = "vae-mnist-2d"
SVG = "{http://www.w3.org/2000/svg}"
ALL = ("points", "names", "prior")


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


def test_rings_are_standard_deviations_and_only_where_they_are_on() -> None:
    rings = [r for r in ElementTree.fromstring(svg(picture())).iter(f"{SVG}circle") if r.get("stroke-dasharray")]
    assert [float(r.get("r", 0)) for r in rings] == pytest.approx([SIDE / 4, SIDE / 2, 3 * SIDE / 4])
    assert float(rings[0].get("cx", 0)) == pytest.approx(LEFT + SIDE * 1.9 / 4) and float(rings[0].get("cy", 0)) == pytest.approx(
        TOP + SIDE * 2.2 / 4
    )
    assert b"stroke-dasharray" not in svg(picture(("points",)))


def test_the_decoded_grid_is_what_the_model_decodes_in_the_middle_of_each_cell() -> None:
    made = picture(("manifold",))
    small = made.decoded()
    assert small is not None
    cell = np.asarray(small).reshape(CELLS, 28, CELLS, 28)[5, :, 15]  # sixth row from the top
    z = np.array([[0.1 - 2 + 4 * 15.5 / CELLS, 0.2 + 2 - 4 * 5.5 / CELLS]], np.float32)
    assert np.abs(255 - cell - 255.0 * latent.decode(made.frame.model, z)[0].reshape(28, 28)).max() <= 0.6
    place = pixels(png(made))[TOP : TOP + SIDE, LEFT : LEFT + SIDE]
    side = SIDE / CELLS
    assert place[round(5.5 * side) - 15 : round(5.5 * side) + 15, round(15.5 * side) - 15 : round(15.5 * side) + 15].min() < 120


def test_classes_that_are_not_lit_are_dimmed() -> None:
    opacities = [
        p.get("opacity") for p in ElementTree.fromstring(svg(picture(("points",), lit=(3,)))).iter(f"{SVG}path") if p.get("opacity")
    ]
    assert [float(v or 0) > 0.5 for v in opacities] == [label == 3 for label in range(10)]


@pytest.mark.parametrize(("low", "high"), [(-1.9, 2.1), (0, 0.03), (-250, 80), (1, 1.0004)])
def test_numbers_at_the_axes_are_round_and_right(low: float, high: float) -> None:
    found = ticks(low, high, 9)
    assert 2 <= len(found) <= 10 and all(low - 1e-9 <= value <= high + 1e-9 for value, _ in found)
    assert [float(text.replace("−", "-")) for _, text in found] == pytest.approx([value for value, _ in found], abs=1e-9)


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("layers", [ALL, ("points", "manifold")])
def test_a_browser_draws_the_svg_as_the_png_is(chromium: Browser, layers: tuple[str, ...]) -> None:
    made = picture(layers)
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
    rings = [float(r.get("r", 0)) for r in tree.iter(f"{SVG}circle") if r.get("stroke-dasharray")]
    assert rings == pytest.approx([SIDE / 2, SIDE, 3 * SIDE / 2]), "two units wide"
    opacities = [float(p.get("opacity") or 0) for p in tree.iter(f"{SVG}path") if p.get("opacity")]
    assert [i for i, v in enumerate(opacities) if v > 0.5] == [2, 5]
    assert "MNIST" in text and "Licence" in text
    assert Image.open(io.BytesIO(made[f"{NAME}-map.png"]())).size == (WIDTH, HEIGHT)
    poster = Image.open(io.BytesIO(made[f"{NAME}-poster.png"]()))
    assert sorted(poster.size) == [3508, 4961] and poster.info["dpi"][0] == pytest.approx(300, abs=0.1)


@pytest.mark.parametrize("name", [NAME, "vae-mnist-16d", "conv-vae-mnist-2d", "vae-mnist-2d-collapsed"])
def test_the_poster_is_what_the_model_draws_there(name: str) -> None:
    view = caches.map_view(name)
    sheet = taking.poster(view)
    (whole,) = sheet.images
    cells, seen = taking.POSTER_CELLS, taking.window(view)
    tile = whole.reshape(cells, whole.shape[0] // cells, cells, -1)[0, :, cells - 1]  # the upper right one
    reach = seen.half * (1 - 1 / cells)
    z = view.frame.plane.codes(np.array([[seen.x + reach, seen.y + reach]], np.float32))
    assert np.allclose(tile, latent.decode(view.checkpoint.model, z)[0].reshape(tile.shape), atol=1e-4)


@pytest.mark.usefixtures("no_data")
def test_of_a_spread_map_the_picture_shows_most_of_the_codes_as_their_own_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(taking.take_along, "_button", lambda key, label, name, mime, make: made.setdefault(name, make))
    for query in ({}, {"spread": "1", "view": "0.5,0.5,0.3"}):  # that zoom is in percentiles
        made.clear()
        visit("explore.py", {"checkpoint": NAME, "layers": "points,prior"} | query)
        text = made[f"{NAME}-map.svg"]().decode()
        rings = [float(r.get("r", 0)) for r in ElementTree.fromstring(text).iter(f"{SVG}circle") if r.get("stroke-dasharray")]
        seen = taking.window(caches.map_view(NAME))
        assert rings[0] == pytest.approx(SIDE / (2 * seen.half), abs=0.01)
