"""Backgrounds on pictures of the map: sampled and coloured as the page does it."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from bundle import Bundle

from core import field_picture
from core.colours import rgb
from core.field_picture import Field, read
from core.fields import NOTHING

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

BOUND, CELLS = 2.0, 8
COLOURS = {0: "#3f90da", 1: "#ffa90e", 2: "#bd1f01"}
KINDS = {"loss": ("ramp", 1), "codes": ("veil", 1), "neighbours": ("classes", 4)}


def made(name: str) -> tuple[Field, bytes]:
    kind, channels = KINDS[name]
    levels = np.random.default_rng(3).integers(0, NOTHING, (channels, CELLS, CELLS)).astype(np.uint8)
    if name == "neighbours":
        levels[-1] = NOTHING - 1  # all are near
    levels[:, 2, 3:6] = levels[:, 7, 0] = NOTHING
    data = np.array([BOUND, -10, 0], "<f4").tobytes() + np.array([channels, CELLS], "<u4").tobytes() + levels.tobytes()
    return read(data, name, kind, "A title", ("", "")), data


@pytest.mark.parametrize("name", KINDS)
def test_a_field_between_its_cells_is_that_of_the_page(name: str, bundle: Bundle) -> None:
    field, data = made(name)
    x, y = np.linspace(-2.3, 2.2, 37), np.linspace(2.2, -2.1, 29)
    given: dict[str, Any] = {"bytes": list(data), "words": {"name": name, "kind": KINDS[name][0]}, "x": x.tolist(), "y": y.tolist()}
    script = """const field = new m.Field(given.words, Uint8Array.from(given.bytes).buffer);
      return given.y.map((y) => given.x.map((x) => field.look([x, y]) ? [...field.found] : null));"""
    there = bundle.run("map/field.js", script, given)
    ours = field_picture.shares(field, x, y)
    assert [[cell is None for cell in row] for row in there] == np.isnan(ours[0]).tolist()
    known = ~np.isnan(ours[0])
    assert 0 < known.sum() < known.size
    wanted = np.array([cell for row in there for cell in row if cell is not None])
    assert pytest.approx(wanted, abs=1e-6) == ours[:, known].T


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", KINDS)
def test_its_colours_are_those_of_the_page(name: str, dark: bool, bundle: Bundle) -> None:
    field, _ = made(name)
    given = {"kind": field.kind, "low": field.low, "high": field.high}
    script = f"return [...m.scaleOf(given, {str(dark).lower()}, '#bd1f01', 255)]"
    wanted = np.array(bundle.run("map/layers/palettes.js", script, given)).reshape(256, 4)
    assert np.abs(field_picture.colour(field, np.arange(256) / 255, dark, "#bd1f01") - wanted).max() <= 0.51
    stops = bundle.run("map/layers/palettes.js", f"return m.gradient(given, {str(dark).lower()})", given)
    first = [float(v) for v in stops.split("rgb(")[1].split(")")[0].replace("/", " ").split()]
    assert field_picture.bar(field, 17, dark)[0] == pytest.approx([*first[:3], 255 * first[3]], abs=1)


def test_a_line_parts_the_regions_of_two_classes() -> None:
    field, _ = made("neighbours")
    x = np.linspace(-1.9, 1.9, 200)
    image, found = field_picture.painted(field, x, np.array([1.1]), COLOURS, False), field_picture.shares(field, x, np.array([1.1]))[:-1, 0]
    winners = np.where(np.isnan(found[0]), -1, np.nan_to_num(found).argmax(0)).tolist()
    border = [i + 1 for i, (a, b) in enumerate(pairwise(winners)) if a != b and min(a, b) >= 0]
    assert border and [i for i, pixel in enumerate(image[0].tolist()) if tuple(pixel) == field_picture.BORDER[False]] == border
    for i, winner in enumerate(winners):
        assert i in border or (image[0, i, 3] == 0 if winner < 0 else tuple(image[0, i, :3]) == rgb(COLOURS[winner]))


def test_a_vote_among_neighbours_far_away_fades_as_on_the_page(bundle: Bundle) -> None:
    field, _ = made("neighbours")
    far = np.linspace(0.2, 1, 9)
    levels = field.levels.copy()
    for share in far:
        levels[-1][levels[-1] != NOTHING] = np.rint(share * (NOTHING - 1))
        x, y = np.array([0.1, 1.1]), np.array([-0.6])
        here = field_picture.painted(replace(field, levels=levels), x, y, COLOURS, False)[..., 3]
        full = field_picture.painted(field, x, y, COLOURS, False)[..., 3]
        rest = bundle.run("map/layers/palettes.js", "return 1 - m.emptiness(given)", 10 * (float(np.rint(share * 254)) / 254 - 1))
        assert here == pytest.approx(full * rest, abs=1)


def test_the_ends_of_the_scale_are_those_of_the_page() -> None:
    ends = {"loss": (33.2, 181.0), "sensitivity": (1.0, 3.0), "rarity": (-1.0, 2.0)}
    said = {name: Field(name, "ramp", "", ("", ""), 1, low, high, np.zeros((1, 1, 1), np.uint8)).ends for name, (low, high) in ends.items()}
    assert said["loss"] == ("33 or less", "180 or more") and said["sensitivity"] == ("2 or less", "8 or more")
    assert said["rarity"] == ("2 times as frequent", "4 times rarer")
    assert Field("rarity", "ramp", "", ("", ""), 1, -1.0, 0.01, np.zeros((1, 1, 1), np.uint8)).ends == (
        "2 times as frequent",
        "as frequent",
    )
