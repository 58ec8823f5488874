"""A digit's ink in MNIST's form: 28 x 28, its longer side 20 pixels, its centre of mass in the middle, its strokes as wide as MNIST's."""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from scipy import ndimage

from core.data.grouping import MOST_PARTS
from core.data.mnist_form import CENTRE, in_mnists_form
from core.data.page import Page, resized
from core.data.parts import Box, Part
from core.shape import SIDE

WHOLE: Box = (0, 0, SIDE, SIDE)  # of an image of 28 x 28
INNER = 20  # the ink's longer side in it
STROKE = (2.2, 3.6)  # pixels: MNIST's strokes between their 10th and their 90th percentile
FINE_SIDE = 100  # pixels of the longer side of a digit while its strokes are measured
MOST_GROWTH = 25  # of these, that a stroke gains or loses at each side


@dataclass(frozen=True)
class Digit:
    """A digit of a photo in MNIST's form, and where it lay: pixel (row, column) of x covers the photo from
    (top + row / scale, left + column / scale)."""

    box: Box
    x: np.ndarray = field(repr=False)  # float32 (1, 28, 28) in [0, 1]
    crop: np.ndarray = field(repr=False)  # float32, the box cut out of the evenly lit photo
    mask: np.ndarray = field(repr=False)  # float32, as the crop: how much of each pixel's ink is this digit's, [0, 1]
    scale: float  # pixels of x per pixel of the photo
    top: float  # of the frame of x in the photo, pixels; may lie outside
    left: float
    darkness: float  # of its strokes in the crop, (0, 1]


def is_in_form(image: np.ndarray) -> bool:
    """Whether an image (H, W) is one of 28 x 28 in MNIST's form, which all here leave as it is."""
    return image.shape == (SIDE, SIDE) and bool(in_mnists_form(image[None])[0])


def untouched(image: np.ndarray) -> Digit:
    """The digit that an image of 28 x 28 in MNIST's form is."""
    return Digit(WHOLE, image[None].copy(), image.copy(), np.ones_like(image), 1.0, 0.0, 0.0, float(image.max()))


def made_small(image: np.ndarray) -> np.ndarray:
    """An image (H, W) in [0, 1] in the middle of 28 x 28, its pixels averaged: float32 (1, 28, 28)."""
    factor = SIDE / max(image.shape)
    height, width = (max(1, round(side * factor)) for side in image.shape)
    small = np.asarray(Image.fromarray(np.ascontiguousarray(image, np.float32)).resize((width, height), Image.Resampling.BOX))
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    return np.pad(small, ((top, SIDE - height - top), (left, SIDE - width - left))).clip(0, 1)[None]


def cut(page: Page, labels: np.ndarray, group: list[Part], within: Box | None = None) -> Digit | None:
    """The digit that these parts are, cut from the full photo."""
    if not group:
        return None
    group = sorted(group, key=lambda part: -part.area)[:MOST_PARTS]
    boxes = np.array([part.box for part in group])
    low, high = boxes.min(0).tolist(), boxes.max(0).tolist()
    whole = Part(tuple(label for part in group for label in part.labels), (low[0], low[1], high[2], high[3]), 0)
    f, (height, width) = page.factor, page.image.shape
    tall, wide = labels.shape
    top, left, bottom, right = whole.box
    top, left, bottom, right = max(0, top - 1), max(0, left - 1), min(tall, bottom + 1), min(wide, right + 1)
    box = (top * f, left * f, min(height, bottom * f), min(width, right * f))
    around = labels[top:bottom, left:right]
    own = np.isin(around, whole.labels)
    soft = ndimage.binary_dilation(own, iterations=2) & ((around == 0) | own)  # the soft edge of its strokes
    mask = resized(soft, (box[2] - box[0], box[3] - box[1]), (0, 0, (box[2] - box[0]) / f, (box[3] - box[1]) / f)).clip(0, 1)
    crop = page.flat(box)
    if within:
        rows, columns = np.arange(box[0], box[2])[:, None], np.arange(box[1], box[3])
        mask = mask * ((rows >= within[0]) & (rows < within[2]) & (columns >= within[1]) & (columns < within[3]))
    if not (crop * mask).max() > 0:
        return None
    return normalized(crop, mask, box[:2])


def normalized(crop: np.ndarray, mask: np.ndarray, corner: tuple[int, int] = (0, 0)) -> Digit:
    """The ink of a crop (h, w) of an evenly lit photo, whose top left pixel is the photo's `corner`, in MNIST's form (LeCun et al. 1998).

    The longer side of the ink becomes 20 pixels, greys come from averaging, and the centre of mass moves, by whole pixels, to row
    and column 14 of 28 x 28. Strokes thinner or thicker than MNIST's are brought to its range first. mask (h, w) in [0, 1]: which
    of the crop's ink belongs to the digit. ValueError where there is no ink.
    """
    own = crop * mask
    if not own.size or not own.max() > 0:
        raise ValueError("There is no ink in this crop.")
    height, width = crop.shape
    fine = FINE_SIDE / max(height, width)  # fine pixels per pixel of the photo
    margin = MOST_GROWTH + 1
    tall, wide = max(1, round(height * fine)), max(1, round(width * fine))
    resample = Image.Resampling.BOX if fine < 1 else Image.Resampling.BICUBIC
    ink = np.pad(resized(own, (tall, wide), (0, 0, height, width), resample).clip(0, 1), margin)
    darkness = float(np.percentile(ink[ink > 0.5 * ink.max()], 60))
    ink = _with_strokes_like_mnist(np.clip((ink / darkness - 0.25) / 0.5, 0, 1))
    ink, margin = np.pad(ink, FINE_SIDE // 2), margin + FINE_SIDE // 2  # a 1 needs room to both sides for a square around it
    first, last = _bounds(ink > 0.3)
    side = float((last - first).max())
    top, left = (first + last - side) / 2  # of the square around the ink
    inner = resized(ink, (INNER, INNER), (top, left, top + side, left + side), Image.Resampling.BOX)
    inner = inner.clip(0, 1) / max(inner.max(), 1e-6)
    rows, columns = (float((inner.sum(1 - axis) * np.arange(INNER)).sum() / inner.sum()) for axis in (0, 1))
    down, right = (int(np.clip(round(CENTRE - mass), 0, SIDE - INNER)) for mass in (rows, columns))
    x = np.zeros((1, SIDE, SIDE), np.float32)
    x[0, down : down + INNER, right : right + INNER] = inner
    scale = INNER / side * fine
    frame_top = corner[0] + (top - margin) / fine - down / scale
    frame_left = corner[1] + (left - margin) / fine - right / scale
    box = (corner[0], corner[1], corner[0] + height, corner[1] + width)
    return Digit(box, x, crop, np.asarray(mask, np.float32), scale, frame_top, frame_left, darkness)


def _bounds(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First row and column of a mask's pixels, and the ones behind the last, (2,) each."""
    points = np.argwhere(mask)
    return points.min(0), points.max(0) + 1


def _with_strokes_like_mnist(ink: np.ndarray) -> np.ndarray:
    """Ink (H, W) in [0, 1] grown or thinned so that its strokes will be as wide as MNIST's once its longer side is 20 pixels."""
    solid = ink > 0.5
    if not solid.any():
        solid = ink >= ink.max()
        ink = ink / ink.max()
    first, last = _bounds(solid)
    length = int((last - first).max())
    width = 4 * float(ndimage.distance_transform_edt(solid)[solid].mean())  # the mean depth of a long stroke is a quarter of it
    wanted = float(np.clip(INNER * width / length, *STROKE))
    grow = round((wanted * length / INNER - width) / (1 - wanted / INNER) / 2)  # at each side; the length grows too
    if not grow:
        return ink
    reach = min(abs(grow), MOST_GROWTH)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = y**2 + x**2 <= (reach + 0.3) ** 2
    changed = (ndimage.maximum_filter if grow > 0 else ndimage.minimum_filter)(ink, footprint=disc, mode="constant")
    return changed if changed.max() > 0.5 else ink
