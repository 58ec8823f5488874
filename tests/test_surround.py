"""A page with something darker or lighter round it: its ink is found the right way round, its light is evened."""

import math

import numpy as np
import pytest
from drawn_pages import found_right, write
from scipy import ndimage

from core.data import photo
from core.data.median import median_around
from core.data.page import flatten_light
from core.data.polarity import ink_is_dark

SLOW = pytest.mark.slow


def sides(kind: str, height: int, width: int, share: float) -> np.ndarray:
    """Where the surround is, bool (H, W), about so many shares of the longer side wide."""
    rim = share * max(height, width)
    y, x = np.mgrid[0:height, 0:width]
    far = {
        "all": (rim,) * 4,
        "uneven": (rim, 0.4 * rim, 1.1 * rim, 0.7 * rim),
        "one": (0, rim, 0, 0),
        "two": (rim, rim, 0, 0),
        "three": (rim, rim, rim, 0),
    }
    if kind in far:
        top, left, bottom, right = far[kind]
        return (y < top) | (x < left) | (y >= height - bottom) | (x >= width - right)
    down, across = y - height / 2, x - width / 2
    if kind == "slanted":
        turn = math.radians(4)
        down, across = down * math.cos(turn) - across * math.sin(turn), down * math.sin(turn) + across * math.cos(turn)
        return (np.abs(down) > height / 2 - rim) | (np.abs(across) > width / 2 - rim)
    corner = 0.1 * min(height, width)  # rounded
    beyond = [np.maximum(np.abs(v) - (side / 2 - rim - corner), 0) for v, side in ((down, height), (across, width))]
    return np.hypot(*beyond) > corner


def surrounded(kind: str, share: float, dark_ink: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A grey picture (H, W), white = 1, its ink, its surround, and the digits' boxes."""
    canvas, boxes = write([[3, 7, 0], [5, 1, 8]], 60, 100, 20)
    ink = np.asarray(canvas, np.float32) / 255
    room = round(share * max(ink.shape) / max(1 - 2 * share, 0.3) * 1.6)
    ink = np.pad(ink, room)
    surround = sides(kind, ink.shape[0], ink.shape[1], share)
    ink[surround] = 0
    grey = np.where(surround, 0.12, 0.85 - 0.65 * ink)
    grey = ndimage.gaussian_filter(grey, 0.6) + np.random.default_rng(0).normal(0, 0.01, ink.shape)
    return np.clip(grey if dark_ink else 1 - grey, 0, 1).astype(np.float32), ink, surround, boxes + room


@pytest.mark.parametrize("dark_ink", [True, False], ids=["dark ink", "chalk"])
@pytest.mark.parametrize("share", [0.02, *(pytest.param(share, marks=SLOW) for share in (0.06, 0.15, 0.3))])
@pytest.mark.parametrize("kind", ["all", "uneven", "slanted", *(pytest.param(k, marks=SLOW) for k in ("one", "two", "three", "rounded"))])
def test_what_touches_the_edge_says_nothing_about_the_ink(kind, share, dark_ink):
    grey, ink, surround, boxes = surrounded(kind, share, dark_ink)
    assert ink_is_dark(grey) is dark_ink
    picture = 1 - grey if dark_ink else grey
    digits = photo.find_digits(picture)
    assert found_right(digits, boxes), [d.box for d in digits]
    flat = flatten_light(picture)
    assert np.median(flat[ink > 0.95]) > 0.4
    paper = ~ndimage.binary_dilation(surround | (ink > 0), iterations=6)
    assert np.percentile(flat[paper], 90) < 0.1


@pytest.mark.parametrize("dark_ink", [True, False], ids=["dark ink", "chalk"])
def test_a_bold_0_or_8_and_a_blurred_stroke_are_no_page(dark_ink):
    bold = np.zeros((200, 300), np.float32)
    bold[40:160, 30:110], bold[80:120, 58:82] = 1, 0  # a 0
    bold[40:160, 180:260], bold[65:85, 210:230], bold[115:135, 210:230] = 1, 0, 0  # an 8
    for ink in (bold, bold[:, :140], bold[:, 150:], ndimage.gaussian_filter(bold, 6)):
        assert ink_is_dark(1 - ink if dark_ink else ink) is dark_ink


@pytest.mark.parametrize("dark_ink", [True, False], ids=["dark ink", "chalk"])
def test_an_inverted_picture_with_a_rim_is_turned_over(dark_ink):
    grey, _, _, boxes = surrounded("all", 0.3, dark_ink)
    assert found_right(photo.find_digits(grey if dark_ink else 1 - grey), boxes)


@pytest.mark.parametrize(("shape", "window"), [((9, 14), 3), ((40, 31), 11), ((6, 5), 13), ((1, 20), 5), ((1, 1), 3)])
def test_the_median_round_a_pixel_is_scipys(shape: tuple[int, int], window: int) -> None:
    grey = np.random.default_rng(window).random(shape, np.float32)
    np.testing.assert_array_equal(median_around(grey, window), ndimage.median_filter(grey, size=window, mode="nearest"))
