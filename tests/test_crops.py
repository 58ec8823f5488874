"""A picture that one digit fills, cut at its ink or near it, is one digit, dark on light and light on dark."""

import numpy as np
import pytest
from drawn_pages import STROKES, found_right, normalized_in, trace, write
from PIL import Image, ImageDraw

from core.data import photo
from core.data.crops import filling_digit_is_lighter
from core.data.pasting import paste_back
from core.data.polarity import ink_is_dark
from core.data.surround import page_alone


def cut_out(label: int, pen: float, margin: float, side: int) -> np.ndarray:
    """The ink of a digit in [0, 1], its picture's longer side so many pixels, the margin a share of the digit's longer side."""
    canvas = Image.new("L", (1600, 1600))
    for points in STROKES[label]:
        trace(ImageDraw.Draw(canvas), np.array(points) * 800 + 400, pen * 800)
    box = canvas.getbbox()
    assert box is not None, "every digit has strokes"
    left, top, right, bottom = box
    room = round(margin * max(right - left, bottom - top))
    cut = canvas.crop((left - room, top - room, right + room, bottom + room))
    scale = side / max(cut.size)
    size = (max(1, round(cut.width * scale)), max(1, round(cut.height * scale)))
    return np.asarray(cut.resize(size, Image.Resampling.BOX), np.float32) / 255


def pictured(ink: np.ndarray, dark_ink: bool) -> np.ndarray:
    """A grey picture, white = 1, with a little noise."""
    grey = 0.85 - 0.7 * ink + np.random.default_rng(0).normal(0, 0.01, ink.shape)
    return np.clip(grey if dark_ink else 1 - grey, 0, 1).astype(np.float32)


def alike(a: np.ndarray, b: np.ndarray) -> float:
    """The correlation of two digits (1, 28, 28), the centre of mass of one rounded to the next pixel or not."""
    shifts = [(0, down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return max(float(np.corrcoef(np.roll(a, shift, (0, 1, 2)).ravel(), b.ravel())[0, 1]) for shift in shifts)


@pytest.mark.parametrize("dark_ink", [True, False], ids=["dark ink", "chalk"])
@pytest.mark.parametrize("margin", [0, 0.02, 0.1])
@pytest.mark.parametrize(
    ("side", "labels"),
    [
        (40, range(10)),
        (100, range(10)),
        pytest.param(400, (0, 2, 4, 7), marks=pytest.mark.slow),
        pytest.param(1200, (1, 8), marks=pytest.mark.slow),
    ],
)
def test_a_digit_cut_at_its_ink_is_one_digit(side, labels, margin, dark_ink):
    for label in labels:
        for pen in (0.05, 0.1, 0.2):
            ink = cut_out(label, pen, margin, side)
            grey = pictured(ink, dark_ink)
            assert ink_is_dark(grey) is dark_ink, (label, pen)
            digits = photo.find_digits(1 - grey if dark_ink else grey)
            assert len(digits) == 1, (label, pen, len(digits))
            whole = normalized_in(ink).x
            assert alike(digits[0].x, whole) > 0.85, (label, pen, alike(digits[0].x, whole))
            inverted = photo.find_digits(grey if dark_ink else 1 - grey)
            assert len(inverted) == 1 and alike(inverted[0].x, whole) > 0.85, (label, pen)


def test_a_wiped_crop_is_bare_paper():
    grey = pictured(cut_out(8, 0.15, 0, 120), True)
    digits = photo.find_digits(1 - grey)
    wiped = paste_back(1 - grey, digits, [np.zeros((28, 28))])
    np.testing.assert_allclose(wiped, 0.15, atol=0.1)


def framed() -> np.ndarray:
    ink = np.asarray(write([[3, 7, 5]] * 3)[0], np.float32) / 255
    ink[5:9, 5:-5] = ink[-9:-5, 5:-5] = ink[5:-5, 5:9] = ink[5:-5, -9:-5] = 1
    return ink


def squared() -> np.ndarray:
    ink = np.zeros((200, 200), np.float32)
    ink[10::45] = ink[11::45] = ink[:, 10::45] = ink[:, 11::45] = 1
    return ink


@pytest.mark.parametrize(
    "picture",
    [
        np.asarray(write([[3, 7, 5]])[0], np.float32) / 255,
        framed(),
        squared(),
        np.pad(np.ones((100, 140), np.float32), 15),
        np.linspace(0, 1, 200 * 300, dtype=np.float32).reshape(200, 300),
        np.random.default_rng(0).random((200, 200), np.float32),
        np.ones((1, 1), np.float32),
    ],
    ids=["three digits", "a frame round digits", "squares", "a sheet", "a gradient", "noise", "one pixel"],
)
def test_what_no_single_digit_fills(picture):
    for either in (picture, 1 - picture):
        assert filling_digit_is_lighter(either) is None
        assert filling_digit_is_lighter(page_alone(either)) is None


def test_digits_in_a_frame_stay_digits():
    _, boxes = write([[3, 7, 5]] * 3)
    assert found_right(photo.find_digits(0.8 * framed()), boxes)
