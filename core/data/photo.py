"""The handwritten digits on a photo, each in MNIST's form.

Digits are looked for at WORKING_SIDE pixels and cut from the full resolution, so a photo of any size takes about the same time.
Images here are float (H, W) in [0, 1], ink = 1; values that are not finite count as background. An image of 28 x 28 is one digit: it
passes untouched where it is in MNIST's form already, and is normalised like any other where it is not.
"""

from collections.abc import Sequence

import numpy as np

from core.data.grouping import digits_among, merged, read_in_rows, strokes
from core.data.normalizing import WHOLE, Digit, cut, is_in_form, untouched
from core.data.page import Page, plain
from core.data.parts import SMALLEST, Box, components, without_outlines
from core.shape import SIDE


def find_digits(image: np.ndarray) -> list[Digit]:
    """The digits on a photo (H, W) in reading order; [] where there are none. Evidently inverted photos are turned over.

    An image of 28 x 28 is one digit. ValueError if image is not of two dimensions.
    """
    image = plain(image)
    if image.shape == (SIDE, SIDE):
        digit = whole_drawing(image)
        return [digit] if digit else []
    page = Page(image)
    if page.filled:
        digit = _all_ink(page)
        return [digit] if digit else []
    labels, parts = components(page.ink_mask(outlined=False))
    parts = digits_among(merged(strokes(labels, without_outlines(labels, parts)), labels), labels)
    return [digit for part in read_in_rows(parts) if (digit := cut(page, labels, [part]))]


def digits_in_boxes(image: np.ndarray, boxes: Sequence[Box]) -> list[Digit | None]:
    """All ink in each box (top, left, bottom, right) of a photo as one digit, whose own box fits the ink; None where there is none.

    A box around all of a 28 x 28 image in MNIST's form leaves it untouched.
    """
    image = plain(image)
    page = Page(image)
    ink = page.ink_mask()
    return [_in_box(page, ink, box) for box in boxes]


def _in_box(page: "Page", ink: np.ndarray, box: Box) -> Digit | None:
    height, width = page.image.shape
    top, left, bottom, right = max(0, box[0]), max(0, box[1]), min(height, box[2]), min(width, box[3])
    if (top, left, bottom, right) == WHOLE and is_in_form(page.image):
        return untouched(page.image)
    if top >= bottom or left >= right:
        return None
    f = page.factor
    inside = np.zeros_like(ink)
    inside[top // f : -(-bottom // f), left // f : -(-right // f)] = True
    labels, parts = components(ink & inside)
    if not parts:
        return None
    largest = max(part.side for part in parts)
    kept = [part for part in parts if part.side >= min(0.2 * largest, SMALLEST)]
    return cut(page, labels, kept, (top, left, bottom, right))


def whole_drawing(image: np.ndarray) -> Digit | None:
    """All ink of an image (H, W) as one digit, as a drawing canvas needs it; None if it is empty."""
    image = plain(image)
    if is_in_form(image):
        return untouched(image)
    return _all_ink(Page(image))


def _all_ink(page: "Page") -> Digit | None:
    labels, parts = components(page.ink_mask())
    largest = max((part.side for part in parts), default=0)
    return cut(page, labels, [part for part in parts if part.side >= min(0.1 * largest, SMALLEST)])
