"""Whether an image of 28 x 28 is in MNIST's form already, and the light on a picture so small.

The bounds are the extremes of MNIST's 70,000 images, measured, with a little room; tests/test_mnist_form.py holds every one of them to it.
"""

import numpy as np
from scipy import ndimage

from core.shape import SIDE

CENTRE = 14.0  # index of the row and column that MNIST's ink is balanced on (its mean is 13.99, 14.00); not 13.5
TINY = 64  # pixels of the longer side, up to which a picture is lit evenly or along a slope: it may be all one digit

GROUND, INK = 0.05, 0.1  # levels up to which a pixel is bare, and above which it has ink
LEAST_GROUND = 0.5  # share of bare pixels; MNIST's least is 0.55
LEAST_PEAK = 0.9  # the darkest ink; MNIST's least is 0.996
SIDES = (18, 20)  # pixels of the ink's longer side, MNIST's shortest and longest
OFF_CENTRE = 0.6  # pixels between the centre of mass and CENTRE; MNIST's most is 0.52

GRAIN = 0.045  # share of the ground's pixels that are specks of light; of an image without noise at most 0.03
BLACK = 0.02  # share of pixels that are 0 in spite of noise: paper that is grey has none


def in_mnists_form(images: np.ndarray) -> np.ndarray:
    """Which images (N, 28, 28) in [0, 1], ink = 1, are as MNIST's are: bool (N,).

    On black, their ink 18 to 20 pixels long, its centre of mass in the middle. Under heavy noise neither can be measured: such an image
    counts as one of MNIST's that was damaged, for cutting its ink out would damage it more.
    """
    images = np.asarray(images, np.float32)
    clean = ((images <= GROUND).mean((1, 2)) >= LEAST_GROUND) & (images.max((1, 2)) >= LEAST_PEAK)
    sides = _longer_side(images > INK)
    clean &= (sides >= SIDES[0]) & (sides <= SIDES[1]) & (_off_centre(images) <= OFF_CENTRE)
    return clean | _noisy_on_black(images)


def _noisy_on_black(images: np.ndarray) -> np.ndarray:
    """Which images (N, 28, 28) have specks all over a ground that is black between them, (N,)."""
    smooth = ndimage.gaussian_filter(images, (0, 1, 1))
    low = np.median(smooth, (1, 2), keepdims=True)
    bare = smooth < low + 0.3 * (smooth.max((1, 2), keepdims=True) - low)
    specks = images - ndimage.median_filter(images, (1, 3, 3)) > INK
    grain = (specks & bare).sum((1, 2)) > GRAIN * bare.sum((1, 2))
    return grain & ((images <= 0.02).mean((1, 2)) >= BLACK)


def _longer_side(ink: np.ndarray) -> np.ndarray:
    """Of the box around the ink of masks (N, H, W), in pixels, (N,)."""
    lines = [np.asarray(ink.any(axis)) for axis in (1, 2)]  # (N, W) and (N, H)
    return np.maximum(*(line.shape[1] - line[:, ::-1].argmax(1) - line.argmax(1) for line in lines))


def _off_centre(ink: np.ndarray) -> np.ndarray:
    """How far the centre of mass of images (N, 28, 28) is from CENTRE, along the axis where it is farther: pixels, (N,)."""
    mass, places = ink.sum((1, 2)) + 1e-9, np.arange(SIDE)
    return np.maximum(*(np.abs((ink.sum(axis) * places).sum(1) / mass - CENTRE) for axis in (1, 2)))


def plane_of_light(grey: np.ndarray) -> np.ndarray:
    """The light on the paper of a tiny picture, grey (H, W) with white = 1: a plane through what is no ink, the same shape."""
    height, width = grey.shape
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([np.ones(grey.size), y.ravel() / max(height, 2) - 0.5, x.ravel() / max(width, 2) - 0.5], 1)  # (H * W, 3)
    values = grey.ravel().astype(np.float64)
    paper = values > _between_two_classes(values)
    plane = np.full(grey.size, np.median(values[paper]) if paper.any() else values.max())
    for _ in range(5):
        rest = values - plane
        deviation = 1.4826 * np.median(np.abs(rest[paper])) if paper.any() else 0.0
        paper = np.abs(rest) <= max(3 * deviation, 0.02)
        if paper.sum() < max(12, 0.1 * grey.size):
            break
        plane = base @ np.linalg.lstsq(base[paper], values[paper], rcond=None)[0]
    return plane.reshape(grey.shape).clip(0, 1).astype(np.float32)


def _between_two_classes(values: np.ndarray) -> float:
    """The level that parts values into two classes which differ most.  (Otsu 1979)"""
    counts, edges = np.histogram(values, 64)
    middles = (edges[:-1] + edges[1:]) / 2
    below, above = counts.cumsum()[:-1], counts[::-1].cumsum()[::-1][1:]
    mean_below = (counts * middles).cumsum()[:-1] / np.maximum(below, 1)
    mean_above = (counts * middles)[::-1].cumsum()[::-1][1:] / np.maximum(above, 1)
    return float(edges[1 + np.argmax(below * above * (mean_above - mean_below) ** 2)])
