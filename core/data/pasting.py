"""Other digits in place of those on a photo, in its ink and its light."""

import math

import numpy as np
from PIL import Image
from scipy import ndimage

from core.data.normalizing import WHOLE, Digit
from core.data.page import Page, plain, resized
from core.shape import SIDE


def paste_back(photo: np.ndarray, digits: list[Digit], results: list[np.ndarray]) -> np.ndarray:
    """The photo (H, W), ink = 1, with each digit's ink replaced by a result (28, 28) in [0, 1]: float32 in [0, 1].

    The result is enlarged smoothly, laid where its digit lay, as dark as it was and lit as the paper there; what falls off the
    photo is lost. Paper without old or new ink keeps its pixels.
    """
    out = plain(photo)
    if out.shape == (SIDE, SIDE) and [(digit.box, digit.scale) for digit in digits] == [(WHOLE, 1.0)]:  # it was untouched
        return plain(np.reshape(results[0], (SIDE, SIDE))).copy()
    out = out.copy()
    page = Page(out.copy())
    for digit in digits:
        _erase(out, page, digit)
    for digit, result in zip(digits, results, strict=True):
        _ink(out, page, digit, np.asarray(result, np.float32).reshape(SIDE, SIDE))
    return out


def _erase(out: np.ndarray, page: Page, digit: Digit) -> None:
    """Cover a digit's own ink with the paper's light, in place."""
    top, left, bottom, right = digit.box
    if digit.mask.shape != out[top:bottom, left:right].shape:
        raise ValueError("This digit comes from another photo: its box does not fit here.")
    old = np.clip(digit.crop * digit.mask / (0.4 * digit.darkness), 0, 1)
    grown = ndimage.gaussian_filter(ndimage.maximum_filter(old, 1 + 2 * page.factor), 0.5 * page.factor)
    cover = np.minimum(grown, digit.mask)
    paper = 1 - page.paper(digit.box)
    part = out[top:bottom, left:right]
    part += cover * ((1 - paper if page.inverted else paper) - part)


def _ink(out: np.ndarray, page: Page, digit: Digit, result: np.ndarray) -> None:
    """Write a result where the digit lay, in place."""
    side = SIDE / digit.scale
    top, left = max(0, math.floor(digit.top)), max(0, math.floor(digit.left))
    bottom, right = min(out.shape[0], math.ceil(digit.top + side)), min(out.shape[1], math.ceil(digit.left + side))
    if top >= bottom or left >= right:
        return
    clean = np.pad(np.nan_to_num(result).clip(0, 1), 2)  # the photo's whole pixels reach a little beyond the result
    edges = [2 + (edge - start) * digit.scale for edge, start in zip((top, left, bottom, right), (digit.top, digit.left) * 2, strict=True)]
    beyond = max(0, math.ceil(digit.scale))
    clean, edges = np.pad(clean, beyond), [edge + beyond for edge in edges]
    large = resized(clean, (bottom - top, right - left), tuple(edges), Image.Resampling.BICUBIC)
    swallowed = digit.darkness * large.clip(0, 1)  # of the paper's light
    part = out[top:bottom, left:right]
    part += -part * swallowed if page.inverted else (1 - part) * swallowed
