"""Pictures that one digit fills, cut at its ink or near it: which of their two levels is the digit's."""

import math

import numpy as np
from PIL import Image
from scipy import ndimage

from core.data.surround import between_two

SIDE = 200  # pixels, at most, where this is looked at
LEAST_SIDE = 29  # pixels; smaller ones come out of data sets, with noise and with garments in them
LEAST_PARTED = 0.7  # of the variance, that two levels explain: a photo with a page and a desk, or a texture, has more than two
LEAST_SPAN = 0.5  # of the picture's longer side, that the digit is long
BROADEST = 0.45  # of its longer side, that its strokes are broad
MOST_CORNERS = 2  # of the picture, that the digit covers: what covers more of them is the ground
MOST_HOLES = 2  # in it; a page with digits on it has more
MOST_CONTACTS = 6  # separate stretches of the picture's border on it; a table has more
MOST_RECTANGULAR = 0.93  # of the rectangle round it, that it fills with its holes; a sheet of paper fills more
LARGEST_SPECK = 0.05  # of its longer side, what else there is of its level; larger things in it make it a frame
MOST_SPECKS = 0.1  # of its level's pixels


def filling_digit_is_lighter(picture: np.ndarray) -> bool | None:
    """Whether the digit that fills a picture (H, W), with nothing round it, is lighter than its ground; None where no single digit does.

    A digit cut at its ink touches all four edges and parts its ground into pieces; no share of the pixels tells the two apart.
    """
    if max(picture.shape) < LEAST_SIDE:
        return None
    small = np.asarray(Image.fromarray(np.ascontiguousarray(picture, np.float32)).reduce(math.ceil(max(picture.shape) / SIDE)))
    smooth = ndimage.gaussian_filter(small, 0.7, mode="nearest")
    light = smooth > between_two(smooth)
    if light.all() or not light.any() or smooth[light].mean() - smooth[~light].mean() < 0.1:
        return None
    within = sum(float(smooth[side].var()) * side.mean() for side in (light, ~light))
    if within > (1 - LEAST_PARTED) * float(smooth.var()):
        return None
    fits = [_is_one_digit(side) for side in (light, ~light)]
    return fits[0] if any(fits) and not all(fits) else None


def _is_one_digit(side: np.ndarray) -> bool:
    """Whether one of a picture's two levels, bool (H, W), may be a digit that fills the picture."""
    labels, _ = ndimage.label(side, np.ones((3, 3)))
    spans = [max(place.stop - place.start for place in places) for places in ndimage.find_objects(labels)]
    order = np.argsort(spans)
    span = spans[order[-1]]
    if span < LEAST_SPAN * max(side.shape) or (len(order) > 1 and spans[order[-2]] > LARGEST_SPECK * span):
        return False
    main = labels == order[-1] + 1
    if main.sum() < (1 - MOST_SPECKS) * side.sum():
        return False
    border = np.concatenate([main[0], main[1:, -1], main[-1, -2::-1], main[-2:0:-1, 0]])  # once round
    corners = sum(bool(main[row, column]) for row in (0, -1) for column in (0, -1))
    contacts = int((border & ~np.roll(border, 1)).sum())
    if corners > MOST_CORNERS or contacts > MOST_CONTACTS:
        return False
    if corners and not all(edge.any() for edge in (main[0], main[-1], main[:, 0], main[:, -1])):
        return False  # a shadow, or the desk beside a page
    filled = ndimage.binary_fill_holes(main)
    holes, count = ndimage.label(filled & ~main)
    if count and filled.sum() > MOST_RECTANGULAR * _bounding_area(filled):
        return False  # a sheet with something on it
    large = sum(max(place.stop - place.start for place in places) > LARGEST_SPECK * span for places in ndimage.find_objects(holes))
    if large > MOST_HOLES:
        return False
    return 2 * float(ndimage.distance_transform_edt(np.pad(main, 1)).max()) <= BROADEST * span


def _bounding_area(mask: np.ndarray) -> int:
    """The pixels of the smallest rectangle round a mask (H, W)."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int((rows[-1] + 1 - rows[0]) * (columns[-1] + 1 - columns[0]))
