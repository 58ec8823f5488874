"""From a photo of handwritten digits to MNIST's form and back: even the light, find the digits, normalise, paste back.

Digits are looked for at WORKING_SIDE pixels and cut from the full resolution, so a photo of any size takes about the same time.
Images here are float (H, W) in [0, 1], ink = 1; values that are not finite count as background. An image of 28 x 28 is one digit: it
passes untouched where it is in MNIST's form already, and is normalised like any other where it is not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from scipy import ndimage

from core.data.crops import digit_is_lighter, filling_digit_is_lighter
from core.data.lines import ruled_lines
from core.data.mnist_form import CENTRE, SIDE, TINY, in_mnists_form, plane_of_light
from core.data.outlines import outlines
from core.data.surround import page_alone

Box = tuple[int, int, int, int]  # top, left, bottom, right in pixels, half open

WHOLE: Box = (0, 0, SIDE, SIDE)  # such an image, all of it
INNER = 20  # the ink's longer side in them
STROKE = (2.2, 3.6)  # pixels: MNIST's strokes between their 10th and their 90th percentile
WORKING_SIDE = 1600  # pixels, at most, where digits are looked for
LIGHT_SIDE = 400  # pixels, at most, where the paper's light is measured
WIDEST_INK = 0.16  # of the longer side: what is broader is light or shadow
FINE_SIDE = 100  # pixels of the longer side of a digit while its strokes are measured
MOST_GROWTH = 25  # of these, that a stroke gains or loses at each side
SMALLEST = 9  # pixels of the longer side of a digit at working size
MOST_PARTS = 400  # of a page; a page full of text has no more digits that anyone would look at
MOST_PAIRS = 2000  # of its parts that are measured
NOISE_SIGMAS = 5.0  # ink stands out of the paper's noise by so much


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


def find_digits(image: np.ndarray) -> list[Digit]:
    """The digits on a photo (H, W) in reading order; [] where there are none. Evidently inverted photos are turned over.

    An image of 28 x 28 is one digit. ValueError if image is not of two dimensions.
    """
    image = _plain(image)
    if image.shape == (SIDE, SIDE):
        digit = whole_drawing(image)
        return [digit] if digit else []
    page = _Page(image)
    if page.filled:
        digit = _all_ink(page)
        return [digit] if digit else []
    labels, parts = _components(page.ink_mask(outlined=False))
    parts = _digits_among(_merged(_strokes(labels, _without_outlines(labels, parts)), labels), labels)
    return [digit for part in _read_in_rows(parts) if (digit := _cut(page, labels, [part]))]


def digit_in_box(image: np.ndarray, box: Box) -> Digit | None:
    """All ink in a box (top, left, bottom, right) of a photo as one digit; None where there is none. Its box fits the ink.

    A box around all of a 28 x 28 image in MNIST's form leaves it untouched.
    """
    return digits_in_boxes(image, [box])[0]


def digits_in_boxes(image: np.ndarray, boxes: Sequence[Box]) -> list[Digit | None]:
    """`digit_in_box` of each box, the photo's light and ink measured once for all."""
    image = _plain(image)
    page = _Page(image)
    ink = page.ink_mask()
    return [_in_box(page, ink, box) for box in boxes]


def _in_box(page: "_Page", ink: np.ndarray, box: Box) -> Digit | None:
    height, width = page.image.shape
    top, left, bottom, right = max(0, box[0]), max(0, box[1]), min(height, box[2]), min(width, box[3])
    if (top, left, bottom, right) == WHOLE and is_in_form(page.image):
        return _untouched(page.image)
    if top >= bottom or left >= right:
        return None
    f = page.factor
    inside = np.zeros_like(ink)
    inside[top // f : -(-bottom // f), left // f : -(-right // f)] = True
    labels, parts = _components(ink & inside)
    if not parts:
        return None
    largest = max(part.side for part in parts)
    kept = [part for part in parts if part.side >= min(0.2 * largest, SMALLEST)]
    return _cut(page, labels, kept, (top, left, bottom, right))


def whole_drawing(image: np.ndarray) -> Digit | None:
    """All ink of an image (H, W) as one digit, as a drawing canvas needs it; None if it is empty."""
    image = _plain(image)
    if is_in_form(image):
        return _untouched(image)
    return _all_ink(_Page(image))


def _all_ink(page: "_Page") -> Digit | None:
    labels, parts = _components(page.ink_mask())
    largest = max((part.side for part in parts), default=0)
    return _cut(page, labels, [part for part in parts if part.side >= min(0.1 * largest, SMALLEST)])


def is_in_form(image: np.ndarray) -> bool:
    """Whether an image (H, W) is one of 28 x 28 in MNIST's form, which all here leave as it is."""
    return image.shape == (SIDE, SIDE) and bool(in_mnists_form(image[None])[0])


@dataclass(frozen=True)
class EvenLight:
    """A photo as if lit evenly, and the light that was taken out of it; all (H, W)."""

    ink: np.ndarray  # float32 in [0, 1]: the share of the paper's light that is swallowed, paper 0
    light: np.ndarray  # float32 in (0, 1]: the paper's
    inverted: bool  # whether the photo had ink = 0
    strokes: np.ndarray  # bool: where a pen was
    darkness: float  # of what a pen drew, (0, 1]

    def put_back(self, ink: np.ndarray) -> np.ndarray:
        """Ink (H, W) on this paper in this light, as the photo was: float32 (H, W) in [0, 1]."""
        grey = self.light * (1 - ink)
        return grey if self.inverted else 1 - grey


def even_light(image: np.ndarray) -> EvenLight:
    """A photo (H, W) as if lit evenly: shadows and gradients go, so does an evident inversion; the ink is not darkened."""
    image = _plain(image)
    page, whole = _Page(image), (0, 0, *image.shape)
    seen = page.ink_mask()
    levels = ndimage.gaussian_filter(page.ink, 0.8)[seen]
    darkness = float(np.clip(np.percentile(levels, 75), 0.02, 1)) if len(levels) else 1.0
    rows, columns = (np.arange(side) // page.factor for side in image.shape)
    return EvenLight(page.flat(whole), np.clip(page.paper(whole), 0.02, 1), page.inverted, seen[rows][:, columns], darkness)


def flatten_light(image: np.ndarray) -> np.ndarray:
    """`even_light`'s ink alone, float32 (H, W)."""
    image = _plain(image)
    return _Page(image).flat((0, 0, *image.shape))


def normalize_digit(ink: np.ndarray, box: Box, mask: np.ndarray | None = None) -> Digit:
    """The ink in a box of an evenly lit photo (H, W) in MNIST's form (LeCun et al. 1998).

    The longer side of the ink becomes 20 pixels, greys come from averaging, and the centre of mass moves, by whole pixels, to row
    and column 14 of 28 x 28. Strokes thinner or thicker than MNIST's are brought to its range first. mask (h, w) in [0, 1]: which
    of the box's ink belongs to the digit. ValueError where there is no ink.
    """
    top, left, bottom, right = box
    crop = np.ascontiguousarray(_plain(ink)[max(0, top) : bottom, max(0, left) : right])
    return _normalized(crop, np.ones_like(crop) if mask is None else mask, (max(0, top), max(0, left)))


def made_small(image: np.ndarray) -> np.ndarray:
    """An image (H, W) in [0, 1] in the middle of 28 x 28, its pixels averaged: float32 (1, 28, 28)."""
    factor = SIDE / max(image.shape)
    height, width = (max(1, round(side * factor)) for side in image.shape)
    small = np.asarray(Image.fromarray(np.ascontiguousarray(image, np.float32)).resize((width, height), Image.Resampling.BOX))
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    return np.pad(small, ((top, SIDE - height - top), (left, SIDE - width - left))).clip(0, 1)[None]


def paste_back(photo: np.ndarray, digits: list[Digit], results: list[np.ndarray]) -> np.ndarray:
    """The photo (H, W), ink = 1, with each digit's ink replaced by a result (28, 28) in [0, 1]: float32 in [0, 1].

    The result is enlarged smoothly, laid where its digit lay, as dark as it was and lit as the paper there; what falls off the
    photo is lost. Paper without old or new ink keeps its pixels.
    """
    out = _plain(photo)
    if out.shape == (SIDE, SIDE) and [(digit.box, digit.scale) for digit in digits] == [(WHOLE, 1.0)]:  # it was untouched
        return _plain(np.reshape(results[0], (SIDE, SIDE))).copy()
    out = out.copy()
    page = _Page(out.copy())
    for digit in digits:
        _erase(out, page, digit)
    for digit, result in zip(digits, results, strict=True):
        _ink(out, page, digit, np.asarray(result, np.float32).reshape(SIDE, SIDE))
    return out


def _plain(image: np.ndarray) -> np.ndarray:
    """float32 (H, W) within [0, 1], without NaN and infinities; the caller's array is never written to."""
    image = np.asarray(image, np.float32)
    if image.ndim != 2:
        raise ValueError(f"An image of shape (H, W) is needed, not {image.shape}.")
    if not image.size:
        raise ValueError("An image without pixels has no digits to find.")
    finite = np.isfinite(image)
    if not finite.all():
        image = np.where(finite, image, 0)
    return image if image.min() >= 0 and image.max() <= 1 else image.clip(0, 1)


def _untouched(image: np.ndarray) -> Digit:
    return Digit(WHOLE, image[None].copy(), image.copy(), np.ones_like(image), 1.0, 0.0, 0.0, float(image.max()))


def _resized(image: np.ndarray, size: tuple[int, int], box: tuple[float, float, float, float], resample=Image.Resampling.BILINEAR):
    """A box (top, left, bottom, right), in fractions of pixels, of a float32 image as (height, width) = size."""
    top, left, bottom, right = box
    picture = Image.fromarray(np.ascontiguousarray(image, np.float32))
    return np.asarray(picture.resize(size[::-1], resample, box=(left, top, right, bottom)))


# --- light ----------------------------------------------------------------------------------------------------------------


class _Page:
    """A photo and the light on its paper, measured at reduced size."""

    def __init__(self, image: np.ndarray):
        self.image = image
        self.factor = math.ceil(max(image.shape) / WORKING_SIDE)
        self.small = _reduced(image, self.factor)
        lighter = digit_is_lighter(self.small) if image.shape != (SIDE, SIDE) else None
        self.filled = lighter is not None and filling_digit_is_lighter(self.small) is lighter  # by one digit, with nothing round it
        self.close = self.filled or max(self.small.shape) <= TINY  # more than half of it may be ink
        self.inverted = image.shape != (SIDE, SIDE) and (_inverted(self.small) if lighter is None else not lighter)
        if self.inverted:
            self.small = 1 - self.small
        self.light_factor = math.ceil(max(self.small.shape) / LIGHT_SIDE)
        self.light = _light(self.small, self.light_factor, self.close)
        self.ink = self._even(self.small, self._light_in((0, 0, *self.small.shape), self.small.shape, self.light_factor))
        if not self.close:
            self.light = self.light * (1 - float(np.median(self.ink[::2, ::2])))  # the paper's middle, not its brightest grain, is 0
            self.ink = self._even(self.small, self._light_in((0, 0, *self.small.shape), self.small.shape, self.light_factor))

    def _light_in(self, box: Box, size: tuple[int, int], factor: int) -> np.ndarray:
        top, left, bottom, right = (edge / factor for edge in box)
        tall, wide = self.light.shape
        return _resized(self.light, size, (min(top, tall - 1e-3), min(left, wide - 1e-3), min(bottom, tall), min(right, wide)))

    @staticmethod
    def _even(ink: np.ndarray, light: np.ndarray) -> np.ndarray:
        return np.clip(1 - (1 - ink) / np.maximum(light, 0.02), -1, 1)

    def paper(self, box: Box) -> np.ndarray:
        """How light the paper is in a box of the full photo, (h, w)."""
        return self._light_in(box, (box[2] - box[0], box[3] - box[1]), self.factor * self.light_factor)

    def flat(self, box: Box) -> np.ndarray:
        """A box of the full photo in even light, (h, w) in [0, 1]."""
        top, left, bottom, right = box
        part = self.image[top:bottom, left:right]
        return self._even(1 - part if self.inverted else part, self.paper(box)).clip(0, 1)

    def ink_mask(self, outlined: bool = True) -> np.ndarray:
        """Where there is ink at working size, without ruled lines; outlined=False: nor circles and boxes round other ink."""
        smooth = ndimage.gaussian_filter(self.ink, 0.8)
        light = self._light_in((0, 0, *self.small.shape), self.small.shape, self.light_factor)
        paper = smooth - smooth.min() <= np.ptp(smooth) / 2 if self.close else np.s_[::2, ::2]
        grain, sensor = (1.4826 * float(np.median(np.abs(rest[paper]))) for rest in (smooth, smooth * light))  # MAD of a normal's sigma
        weakest = NOISE_SIGMAS * np.maximum(np.maximum(grain, sensor / np.maximum(light, 0.02)), 0.008)  # a dark corner is noisier
        seen = smooth > weakest
        if not seen.any():
            return seen
        steepness = ndimage.gaussian_gradient_magnitude(self.ink, 1.0)[seen] ** 2
        halfway = float(np.average(smooth[seen], weights=steepness + 1e-12))  # between paper and ink (Kittler et al. 1985)
        low, high = np.maximum(weakest, 0.6 * halfway), np.maximum(1.2 * weakest, halfway)
        mask = smooth > low
        faint = smooth > 0.55 * weakest  # a line shows in noise that hides its single pixels
        if not outlined:  # first, or the sides of boxes in a row would be taken for lines and their other sides for digits
            around = ndimage.binary_dilation(_small_outlines(mask), iterations=2)
            mask, faint = mask & ~around, faint & ~around
        if not self.filled:  # a straight stroke in it would be taken for a line
            mask &= ~ruled_lines(faint, smooth)
        labels, count = ndimage.label(mask, np.ones((3, 3)))
        strong = np.zeros(count + 1, bool)
        strong[np.unique(labels[(smooth > high) & mask])] = True
        strong[0] = False
        return strong[labels]


def _reduced(image: np.ndarray, factor: int) -> np.ndarray:
    """Means of blocks of factor x factor pixels; those at the far edges may be smaller."""
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).reduce(factor)) if factor > 1 else image


def _inverted(small: np.ndarray) -> bool:
    """Whether strokes on the page are darker than their surroundings though ink should be 1: what stands out of the median says it."""
    coarse = ndimage.gaussian_filter(page_alone(small), 0.7)
    window = max(3, int(0.3 * max(coarse.shape)) | 1)
    rest = coarse - _median(coarse, window)
    weakest = 0.25 * float(np.abs(rest).max())
    return _energy_inside(-rest, weakest) > 4 * _energy_inside(rest, weakest) + 1e-9


def _energy_inside(rest: np.ndarray, weakest: float) -> float:
    """The third power of what exceeds weakest, summed; what reaches the picture's edge is a table or a shadow and does not count."""
    labels, count = ndimage.label(rest > weakest)
    counts = np.ones(count + 1, bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        counts[edge] = False
    counts[0] = False
    return float((rest[counts[labels]] ** 3).sum())


def _median(image: np.ndarray, window: int) -> np.ndarray:
    """The median around each pixel, from every fourth pixel where the window is large: light has no detail."""
    step = max(1, window // 12)
    few = ndimage.median_filter(image[::step, ::step], size=max(3, window // step | 1), mode="nearest")
    return _resized(few, image.shape, (0, 0, *few.shape))


def _light(small: np.ndarray, factor: int, close: bool) -> np.ndarray:
    """How light the paper is, for blocks of factor x factor pixels: what stays when all that is narrow and dark is removed.

    A closing of the grey picture keeps gradients and the edges of broad shadows where they are; a blur would smear them. In a
    close view, where strokes may be as broad as those, it is a plane.
    """
    if close:
        return plane_of_light(1 - _reduced(small, factor))
    grey = 1 - _reduced(ndimage.gaussian_filter(small, 1.0), factor)
    window = max(3, int(WIDEST_INK * max(grey.shape)) | 1)
    grey = np.pad(grey, window, mode="edge")  # so that the window has an outer half too: without it a dark edge would seem bright
    closed = ndimage.grey_closing(grey, size=(window, window), mode="nearest")[window:-window, window:-window]
    return ndimage.gaussian_filter(closed, 2.0, mode="nearest")


# --- strokes to digits ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """Connected ink at working size, or several pieces of it that make a digit."""

    labels: tuple[int, ...]
    box: Box
    area: int

    @property
    def height(self) -> int:
        return self.box[2] - self.box[0]

    @property
    def width(self) -> int:
        return self.box[3] - self.box[1]

    @property
    def side(self) -> int:
        return max(self.height, self.width)

    def __add__(self, other: "_Part") -> "_Part":
        (a, b, c, d), (e, f, g, h) = self.box, other.box
        return _Part(self.labels + other.labels, (min(a, e), min(b, f), max(c, g), max(d, h)), self.area + other.area)


def _components(mask: np.ndarray) -> tuple[np.ndarray, list[_Part]]:
    """Labels (H, W) from 1 and the parts of a mask, neighbours over corners included."""
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    areas = np.bincount(labels.ravel())
    parts = []
    for label, where in enumerate(ndimage.find_objects(labels), 1):
        rows, columns = where
        parts.append(_Part((label,), (rows.start, columns.start, rows.stop, columns.stop), int(areas[label])))
    return labels, parts


def _are_outlines(labels: np.ndarray, parts: list[_Part]) -> list[bool]:
    """Which parts enclose others that may be digits."""
    drawn = np.array([part.side >= SMALLEST and not _is_blob(part, labels) for part in parts], bool)
    return outlines(labels, np.array([part.box for part in parts]).reshape(-1, 4), drawn).tolist()


def _small_outlines(mask: np.ndarray) -> np.ndarray:
    """Those of a mask's parts that enclose others and are smaller than tables and ruled paper are: bool (H, W)."""
    labels, parts = _components(mask)
    some = zip(parts, _are_outlines(labels, parts), strict=True)
    return np.isin(labels, [part.labels[0] for part, is_one in some if is_one and part.side < 0.5 * max(mask.shape)])


def _without_outlines(labels: np.ndarray, parts: list[_Part]) -> list[_Part]:
    """The parts that enclose no other that may be a digit."""
    return [part for part, is_one in zip(parts, _are_outlines(labels, parts), strict=True) if not is_one]


def _strokes(labels: np.ndarray, parts: list[_Part]) -> list[_Part]:
    """The parts that a pen may have made: no specks, and nothing that enters from the picture's edge like a table or a shadow."""
    height, width = labels.shape
    free, entering = [], []
    for part in parts:
        top, left, bottom, right = part.box
        piece = labels[top:bottom, left:right] == part.labels[0]
        edges = [(top == 0, piece[0]), (bottom == height, piece[-1]), (left == 0, piece[:, 0]), (right == width, piece[:, -1])]
        contact = max((line.mean() for touches, line in edges if touches), default=None)
        if contact is None:
            free.append(part)
        elif contact < 0.35 and sum(touches for touches, _ in edges) < 3:
            entering.append(part)
    if max((part.side for part in free), default=0) >= 0.4 * max((part.side for part in entering), default=0):
        return free
    return free + [part for part in entering if part.side <= 0.95 * max(height, width)]


def _usual_height(parts: list[_Part]) -> float:
    """The height that half of the ink belongs to: a few large digits outweigh many crumbs."""
    if not parts:
        return 0.0
    heights, weights = np.array([p.height for p in parts]), np.array([p.area for p in parts])
    order = np.argsort(heights)
    total = weights[order].cumsum()
    return float(heights[order][np.searchsorted(total, total[-1] / 2)])


def _merged(parts: list[_Part], labels: np.ndarray) -> list[_Part]:
    """Pieces of one digit put together, nearest first: a hat above its 5, the two strokes of a 4, a line that broke."""
    usual = _usual_height(parts)
    parts = sorted((part for part in parts if part.side >= 0.06 * usual), key=lambda part: -part.area)[:MOST_PARTS]
    outlines = [_outline(part, labels) for part in parts]
    near = ((_gap(parts, outlines, i, j, usual), i, j) for i, j in _beside(parts, usual))
    home = list(range(len(parts)))  # which entry of joined each part is in now
    joined: list[_Part] = list(parts)
    for gap, i, j in sorted(near):
        a, b = joined[home[i]], joined[home[j]]
        if gap < 1 and home[i] != home[j] and _may_join(np.array([a.box]), np.array([b.box]), usual)[0]:
            old, new = home[j], home[i]
            joined[new] = a + b
            home = [new if h == old else h for h in home]
    return [joined[h] for h in sorted(set(home))]


def _may_join(a: np.ndarray, b: np.ndarray, usual: float) -> np.ndarray:
    """Which boxes of a and b (N, 4) are one digit's by size, (N,): one is too small to be a digit, both together are not too large."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    lesser = np.minimum(a[:, 2] - a[:, 0], b[:, 2] - b[:, 0])
    return (lesser < 0.75 * usual) & (high[:, 2] - low[:, 0] < 1.45 * usual) & (high[:, 3] - low[:, 1] < 1.3 * usual)


def _beside(parts: list[_Part], usual: float) -> list[tuple[int, int]]:
    """The pairs of parts that may be one digit's by size and the distance of their boxes; the nearest MOST_PAIRS."""
    boxes = np.array([part.box for part in parts]).reshape(-1, 4)
    first, second = np.triu_indices(len(parts), 1)
    a, b = boxes[first], boxes[second]
    apart = np.maximum(a[:, :2], b[:, :2]) - np.minimum(a[:, 2:], b[:, 2:])  # rows, columns; negative where they overlap
    candidates = np.nonzero(_may_join(a, b, usual) & (apart.max(1) < 0.3 * usual))[0]
    candidates = candidates[np.argsort(apart[candidates].max(1), kind="stable")][:MOST_PAIRS]
    return list(zip(first[candidates].tolist(), second[candidates].tolist(), strict=True))


def _outline(part: _Part, labels: np.ndarray) -> np.ndarray:
    """Up to 300 points (N, 2) along a part's border, in pixels."""
    top, left, bottom, right = part.box
    piece = np.pad(np.isin(labels[top:bottom, left:right], part.labels), 1)
    points = np.argwhere(piece & ~ndimage.binary_erosion(piece))
    return points[:: -(-len(points) // 300)] + np.array([top - 1, left - 1])


def _gap(parts: list[_Part], outlines: list[np.ndarray], i: int, j: int, usual: float) -> float:
    """How far apart two parts are, as a share of what is allowed: more above one another than side by side, where neighbours are."""
    a, b = parts[i], parts[j]
    steps = outlines[i][:, None] - outlines[j][None]
    distance = float(np.sqrt(np.square(steps).sum(-1).min()))
    common = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    above = common > 0.5 * min(a.width, b.width)
    return distance / ((0.27 if above else 0.13) * usual)


def _digits_among(parts: list[_Part], labels: np.ndarray) -> list[_Part]:
    """The merged parts that have a digit's size and are drawn, not filled."""
    usual = _usual_height(parts)
    some = [part for part in parts if _has_usual_size(part, usual) and not _is_blob(part, labels)]
    return [part for part in some if not _dwarfs(part, [other for other in some if other is not part], labels.size)]


def _has_usual_size(part: _Part, usual: float) -> bool:
    """Whether a part is about as tall as most are; a bare stroke that differs more is a piece of a line."""
    least, most = (0.65, 1.4) if part.width < 0.2 * part.height else (0.4, 2.5)
    return max(least * usual, SMALLEST) <= part.height <= most * usual and part.width <= 2 * part.height


def _dwarfs(part: _Part, others: list[_Part], pixels: int) -> bool:
    """Whether a part that covers a tenth of the photo's pixels, or more, lies round another or is twice as tall as the others are."""
    if not others or part.height * part.width < 0.1 * pixels:
        return False
    (top, left, bottom, right), heights = part.box, [other.height for other in others]
    middles = [((a + c) / 2, (b + d) / 2) for a, b, c, d in (other.box for other in others if other.area < part.area)]
    return part.height > 2 * float(np.median(heights)) or any(top < y < bottom and left < x < right for y, x in middles)


def _is_blob(part: _Part, labels: np.ndarray) -> bool:
    """Whether ink is as broad as it is long: a stain, a hole for a binder, a shadow."""
    if part.area < 0.2 * part.height**2:  # less than the disc that makes it one
        return False
    top, left, bottom, right = part.box
    piece = np.pad(np.isin(labels[top:bottom, left:right], part.labels), 1)
    return 2 * float(ndimage.distance_transform_edt(piece).max()) > 0.55 * part.height


ROW_SLOPES = sorted(np.tan(np.radians(np.arange(-10, 10.1, 0.5))), key=abs)


def _read_in_rows(parts: list[_Part]) -> list[_Part]:
    """Rows from the top, each from the left. Rows may be aslant: the slope that leaves most paper between them is taken."""
    if not parts:
        return []
    boxes = np.array([part.box for part in parts], float)
    x = (boxes[:, 1] + boxes[:, 3]) / 2
    middle, half = (boxes[:, 0] + boxes[:, 2]) / 2, 0.3 * np.median(boxes[:, 2] - boxes[:, 0])
    rows = min((_rows(middle - slope * x, half) for slope in ROW_SLOPES), key=lambda found: round(found[1] / half, 1))[0]
    return [parts[i] for i in sorted(range(len(parts)), key=lambda i: (rows[i], x[i]))]


def _rows(middle: np.ndarray, half: float) -> tuple[np.ndarray, float]:
    """The row of each digit, from 0, where intervals of middle +- half overlap, and the height (pixels) that they cover together."""
    order = np.argsort(middle)
    steps = np.diff(middle[order])
    rows = np.empty(len(middle), int)
    rows[order] = np.concatenate([[0], np.cumsum(steps > 2 * half)])
    return rows, float(np.minimum(steps, 2 * half).sum())


# --- MNIST's form ---------------------------------------------------------------------------------------------------------


def _cut(page: _Page, labels: np.ndarray, group: list[_Part], within: Box | None = None) -> Digit | None:
    """The digit that these parts are, cut from the full photo."""
    if not group:
        return None
    group = sorted(group, key=lambda part: -part.area)[:MOST_PARTS]
    boxes = np.array([part.box for part in group])
    low, high = boxes.min(0).tolist(), boxes.max(0).tolist()
    whole = _Part(tuple(label for part in group for label in part.labels), (low[0], low[1], high[2], high[3]), 0)
    f, (height, width) = page.factor, page.image.shape
    tall, wide = labels.shape
    top, left, bottom, right = whole.box
    top, left, bottom, right = max(0, top - 1), max(0, left - 1), min(tall, bottom + 1), min(wide, right + 1)
    box = (top * f, left * f, min(height, bottom * f), min(width, right * f))
    around = labels[top:bottom, left:right]
    own = np.isin(around, whole.labels)
    soft = ndimage.binary_dilation(own, iterations=2) & ((around == 0) | own)  # the soft edge of its strokes
    mask = _resized(soft, (box[2] - box[0], box[3] - box[1]), (0, 0, (box[2] - box[0]) / f, (box[3] - box[1]) / f)).clip(0, 1)
    crop = page.flat(box)
    if within:
        rows, columns = np.arange(box[0], box[2])[:, None], np.arange(box[1], box[3])
        mask = mask * ((rows >= within[0]) & (rows < within[2]) & (columns >= within[1]) & (columns < within[3]))
    if not (crop * mask).max() > 0:
        return None
    return _normalized(crop, mask, box[:2])


def _normalized(crop: np.ndarray, mask: np.ndarray, corner: tuple[int, int]) -> Digit:
    """MNIST's form of the ink of a crop whose top left pixel is the photo's `corner`."""
    own = crop * mask
    if not own.size or not own.max() > 0:
        raise ValueError("There is no ink in this box.")
    height, width = crop.shape
    fine = FINE_SIDE / max(height, width)  # fine pixels per pixel of the photo
    margin = MOST_GROWTH + 1
    tall, wide = max(1, round(height * fine)), max(1, round(width * fine))
    resample = Image.Resampling.BOX if fine < 1 else Image.Resampling.BICUBIC
    ink = np.pad(_resized(own, (tall, wide), (0, 0, height, width), resample).clip(0, 1), margin)
    darkness = float(np.percentile(ink[ink > 0.5 * ink.max()], 60))
    ink = _with_strokes_like_mnist(np.clip((ink / darkness - 0.25) / 0.5, 0, 1))
    ink, margin = np.pad(ink, FINE_SIDE // 2), margin + FINE_SIDE // 2  # a 1 needs room to both sides for a square around it
    first, last = _bounds(ink > 0.3)
    side = float((last - first).max())
    top, left = (first + last - side) / 2  # of the square around the ink
    inner = _resized(ink, (INNER, INNER), (top, left, top + side, left + side), Image.Resampling.BOX)
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


# --- back into the photo --------------------------------------------------------------------------------------------------


def _erase(out: np.ndarray, page: _Page, digit: Digit) -> None:
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


def _ink(out: np.ndarray, page: _Page, digit: Digit, result: np.ndarray) -> None:
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
    large = _resized(clean, (bottom - top, right - left), tuple(edges), Image.Resampling.BICUBIC)
    swallowed = digit.darkness * large.clip(0, 1)  # of the paper's light
    part = out[top:bottom, left:right]
    part += -part * swallowed if page.inverted else (1 - part) * swallowed
