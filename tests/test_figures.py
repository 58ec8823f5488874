"""Figures: where the words at a walk's ends and at places stand, and how long a unit is."""

import numpy as np
import pytest

from core import figures


@pytest.mark.parametrize("end", [(0.1, 0.1), (-0.1, 0.1), (0.1, -0.1), (-0.1, -0.1)])
def test_the_words_at_both_ends_of_a_walk_stand_apart_however_short_it_is(end: tuple[float, float]) -> None:
    """In front of its start and behind its end, in pixels with y downwards: never on the same side of it."""
    figure = figures.latent_path(np.zeros((1, 2)), np.zeros(1, np.uint8), ("0",), {}, np.array([(0.0, 0.0), end]), ("a", "b"))
    start, stop = [note for note in figure.layout.annotations if note.text in ("<b>a</b>", "<b>b</b>")]
    towards = np.sign(end) * (1, -1)
    assert np.array_equal(np.sign((stop.ax, stop.ay)), towards) and np.array_equal(np.sign((start.ax, start.ay)), -towards)


def test_the_words_at_places_stand_on_the_side_where_each_place_is() -> None:
    places = {"left": (-2.0, 0.0), "below": (-0.1, -0.2), "right": (2.0, 0.0), "above": (0.1, 0.2)}
    figure = figures.latent_places(np.zeros((1, 2), np.float32), np.zeros(1, np.uint8), ("0",), {}, places)
    sides = {note.text[3:-4]: (round(note.ax), round(note.ay)) for note in figure.layout.annotations if note.text}
    assert {name: sides[name] for name in places} == {"left": (-52, 0), "below": (0, 44), "right": (52, 0), "above": (0, -44)}


def test_the_words_at_places_in_one_spot_stand_apart() -> None:
    figure = figures.latent_places(
        np.zeros((1, 2), np.float32), np.zeros(1, np.uint8), ("0",), {}, dict.fromkeys(("a", "b", "c"), (0.0, 0.0))
    )
    assert len({(round(note.ax), round(note.ay)) for note in figure.layout.annotations if note.text != "<b>0</b>"}) == 3


@pytest.mark.parametrize("y", [-3.0, 3.0])
def test_the_words_at_a_place_on_the_map_s_edge_are_above_and_below_within_it(y: float) -> None:
    points = np.random.default_rng(0).uniform(-3, 3, (500, 2)).astype(np.float32)
    places = {"truth": (0.0, 0.0), "answer 1": (0.1, y), "answer 2": (-0.1, y)}
    figure = figures.latent_places(points, np.zeros(500, np.uint8), ("0",), {}, places)
    bottom, top = figure.layout.yaxis.range
    unit = (figure.layout.height - figures.MAP_MARGIN_PX["t"] - figures.MAP_MARGIN_PX["b"]) / (top - bottom)  # pixels
    for note in figure.layout.annotations:
        from_bottom = (note.y - bottom) * unit - note.ay
        assert 12 < from_bottom < (top - bottom) * unit - 12  # half of the box's height


def test_the_scale_of_how_sure_lies_below_the_map_and_takes_none_of_its_width() -> None:
    codes = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    labels, middles = np.arange(30) % 2, {0: (0.0, 0.0), 1: (1.0, 1.0)}
    figure = figures.confidence_map(codes, labels, ("0", "1"), middles, codes[:5], np.full(5, 90.0), ["sure"] * 5, prior=True)
    scale = figure.data[-1].marker.colorbar
    assert scale.orientation == "h" and scale.y < 0


def test_a_unit_is_as_long_up_as_across_wherever_codes_are_shown() -> None:
    """As on every map: else a step's length and its direction would not be what they seem."""
    ground = np.zeros((5, 2), np.float32), np.zeros(5, np.uint8), ("0",), {0: (0.0, 0.0)}
    codes = np.array([(0.0, 0.0), (1.0, 0.2)], np.float32)
    path = figures.latent_path(*ground, codes, ("from", "to"))
    places = figures.latent_places(*ground, {"A": (0.0, 0.0), "B": (1.0, 0.2)})
    confidence = figures.confidence_map(*ground, codes, np.full(2, 90.0), ["sure"] * 2, prior=True)
    assert {figure.layout.yaxis.scaleanchor for figure in (path, places, confidence)} == {"x"}


def test_places_of_codes_that_lie_in_a_line_are_not_squeezed_into_a_sliver() -> None:
    """As codes that have collapsed do: they differ by next to nothing."""
    points = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32) * (0.001, 0.02)
    figure = figures.latent_places(points, np.zeros(500, np.uint8), ("0",), {}, {"a": (0.0, 0.0), "b": (0.0, 0.1)})
    across, up = np.diff(figure.layout.xaxis.range), np.diff(figure.layout.yaxis.range)
    assert across > 0.7 * up


def test_small_dots_that_belong_to_places_are_on_the_map_however_far_they_spread() -> None:
    """As draws of the posterior do where codes have collapsed: it is nearly the prior, and the codes lie in one spot."""
    random = np.random.default_rng(0)
    points, cloud = random.normal(size=(500, 2)) * 0.001, random.normal(size=(120, 2))
    figure = figures.latent_places(points, np.zeros(500, np.uint8), ("0",), {}, {"a": (0.0, 0.0), "b": (0.0, 0.1)}, cloud)
    for axis, values in ((figure.layout.xaxis, cloud[:, 0]), (figure.layout.yaxis, cloud[:, 1])):
        assert axis.range[0] < values.min() and values.max() < axis.range[1]


def test_the_words_at_a_place_on_the_right_edge_are_within_the_map_of_a_phone() -> None:
    points = np.random.default_rng(0).uniform(-3, 3, (500, 2)).astype(np.float32)
    figure = figures.latent_places(points, np.zeros(500, np.uint8), ("0",), {}, {"answer 1": (0.0, 0.0), "the truth": (3.0, 0.0)})
    left, right = figure.layout.xaxis.range
    unit = 320 / (right - left)  # pixels, of a plot on a screen of 390
    (note,) = (note for note in figure.layout.annotations if "truth" in note.text)
    assert (right - note.x) * unit > note.ax + 25  # more than half of the box's width
