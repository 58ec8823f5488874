"""What lies round a page (the lid of a scanner, a desk, a frame) and says nothing about the ink on it."""

import math

import numpy as np
from PIL import Image
from scipy import ndimage

from core.data.median import median_around

SIDE = 200  # pixels, at most, where a page is looked for
STROKE = 0.12  # of the longer side: strokes less than half as thick go
MOST_BORDER = 0.4  # of the picture's border, that a page may reach
LEAST_BREADTH = 0.2  # of the shorter side, that a page is wide between its ink: a stroke is not
LEAST_CONTRAST = 0.1
LEAST_STEP = 0.5  # of the contrast of page and surround, at the page's edge; light falls off slowly
LEAST_INK = 0.25  # of that contrast, that something on the page has
LEAST_PAGE, LEAST_MARKS = 0.4, 3  # of the picture; with fewer marks than that on it, a smaller "page" may be a bold 0 or 8
MOST_INK = 0.25  # of a page: a blurred stroke's own edges are more of it
MOST_HOLES = 0.1  # of the page, that is neither page nor a stroke on it: more is the inside of a bold 0
EDGE = 0.02  # of the longer side, at the page's edge, which is neither


def page_alone(grey: np.ndarray) -> np.ndarray:
    """A picture (H, W) with what surrounds its page painted over as the page goes on, at most SIDE pixels large.

    Where no surround is seen, or nothing on the page within it, the picture is only made smaller. Either may be the lighter one.
    """
    small = np.asarray(Image.fromarray(np.ascontiguousarray(grey, np.float32)).reduce(math.ceil(max(grey.shape) / SIDE)))
    if min(small.shape) < 20:
        return small
    without_strokes = median_around(small, max(3, int(STROKE * max(small.shape)) | 1))
    level = between_two(without_strokes)
    light = without_strokes > level
    if light.all() or not light.any() or without_strokes[light].mean() - without_strokes[~light].mean() < LEAST_CONTRAST:
        return small
    side = light if _border(light).mean() < 0.5 else ~light
    if _border(side).mean() >= MOST_BORDER:
        return small
    labels, count = ndimage.label(side)
    paper = labels == 1 + np.argmax(np.bincount(labels.ravel(), minlength=count + 1)[1:])
    if 2 * ndimage.distance_transform_edt(np.pad(paper, 1)).max() < LEAST_BREADTH * min(small.shape):
        return small
    whole = ndimage.binary_fill_holes(paper)
    reach = max(1, round(EDGE * max(small.shape)))
    page, beyond = ndimage.binary_erosion(whole, iterations=reach, border_value=1), ndimage.binary_dilation(whole, iterations=reach)
    around = ndimage.binary_dilation(beyond, iterations=reach) & ~beyond
    if not page.any() or not around.any():
        return small
    contrast = float(without_strokes[light].mean() - without_strokes[~light].mean())
    inner = page & ~ndimage.binary_erosion(page, iterations=reach, border_value=1)
    if abs(float(without_strokes[inner].mean() - without_strokes[around].mean())) < LEAST_STEP * contrast:
        return small
    marks = page & (np.abs(ndimage.gaussian_filter(small, 0.7) - without_strokes) > LEAST_INK * contrast)
    if not marks.any() or (whole.mean() < LEAST_PAGE and _count_inside(marks, page) < LEAST_MARKS):
        return small
    if (whole & ~paper).sum() > MOST_HOLES * whole.sum() or marks.sum() > MOST_INK * whole.sum():
        return small
    rows, columns = ndimage.distance_transform_edt(~page, return_distances=False, return_indices=True)
    return np.where(page, small, without_strokes[rows, columns])


def _count_inside(marks: np.ndarray, page: np.ndarray) -> int:
    """How many marks there are on a page that do not reach its edge, as what is left of a stroke's own edge does."""
    labels, count = ndimage.label(marks)
    return count - len(np.setdiff1d(labels[marks & ndimage.binary_dilation(~page, iterations=2)], 0))


def _border(mask: np.ndarray) -> np.ndarray:
    return np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])


def between_two(grey: np.ndarray) -> float:
    """The level that parts a picture's greys into two groups of the largest contrast (Otsu 1979)."""
    counts, edges = np.histogram(grey, 64)
    middles = (edges[:-1] + edges[1:]) / 2
    below, mass = counts.cumsum(), (counts * middles).cumsum()
    above = below[-1] - below
    apart = np.where((below > 0) & (above > 0), mass / np.maximum(below, 1) - (mass[-1] - mass) / np.maximum(above, 1), 0)
    return float(edges[1 + np.argmax(below * above * apart**2)])
