"""A photo of a page: the light that lies on it, and where its ink is."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from core.data.crops import filling_digit_is_lighter
from core.data.lines import ruled_lines
from core.data.median import median_around
from core.data.mnist_form import TINY, plane_of_light
from core.data.parts import Box, small_outlines
from core.data.surround import page_alone
from core.shape import SIDE

WORKING_SIDE = 1600  # pixels, at most, where digits are looked for
LIGHT_SIDE = 400  # pixels, at most, where the paper's light is measured
WIDEST_INK = 0.16  # of the longer side: what is broader is light or shadow
NOISE_SIGMAS = 5.0  # ink stands out of the paper's noise by so much


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
    image = plain(image)
    page, whole = Page(image), (0, 0, *image.shape)
    seen = page.ink_mask()
    levels = ndimage.gaussian_filter(page.ink, 0.8)[seen]
    darkness = float(np.clip(np.percentile(levels, 75), 0.02, 1)) if len(levels) else 1.0
    rows, columns = (np.arange(side) // page.factor for side in image.shape)
    return EvenLight(page.flat(whole), np.clip(page.paper(whole), 0.02, 1), page.inverted, seen[rows][:, columns], darkness)


def flatten_light(image: np.ndarray) -> np.ndarray:
    """`even_light`'s ink alone, float32 (H, W)."""
    image = plain(image)
    return Page(image).flat((0, 0, *image.shape))


class Page:
    """A photo and the light on its paper, measured at reduced size."""

    def __init__(self, image: np.ndarray):
        self.image = image
        self.factor = math.ceil(max(image.shape) / WORKING_SIDE)
        self.small = _reduced(image, self.factor)
        self.filled, self.inverted = _seen(self.small) if image.shape != (SIDE, SIDE) else (False, False)
        self.close = self.filled or max(self.small.shape) <= TINY  # more than half of it may be ink
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
        return resized(self.light, size, (min(top, tall - 1e-3), min(left, wide - 1e-3), min(bottom, tall), min(right, wide)))

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
            around = ndimage.binary_dilation(small_outlines(mask), iterations=2)
            mask, faint = mask & ~around, faint & ~around
        if not self.filled:  # a straight stroke in it would be taken for a line
            mask &= ~ruled_lines(faint, smooth)
        labels, count = ndimage.label(mask, np.ones((3, 3)))
        strong = np.zeros(count + 1, bool)
        strong[np.unique(labels[(smooth > high) & mask])] = True
        strong[0] = False
        return strong[labels]


def plain(image: np.ndarray) -> np.ndarray:
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


def resized(image: np.ndarray, size: tuple[int, int], box: tuple[float, float, float, float], resample=Image.Resampling.BILINEAR):
    """A box (top, left, bottom, right), in fractions of pixels, of a float32 image as (height, width) = size."""
    top, left, bottom, right = box
    picture = Image.fromarray(np.ascontiguousarray(image, np.float32))
    return np.asarray(picture.resize(size[::-1], resample, box=(left, top, right, bottom)))


def _reduced(image: np.ndarray, factor: int) -> np.ndarray:
    """Means of blocks of factor x factor pixels; those at the far edges may be smaller."""
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).reduce(factor)) if factor > 1 else image


def _seen(small: np.ndarray) -> tuple[bool, bool]:
    """Whether one digit fills a picture, with nothing round it; and whether strokes are darker than their ground though ink should be 1."""
    if (lighter := filling_digit_is_lighter(small)) is not None:
        return True, not lighter
    page = page_alone(small)
    lighter = filling_digit_is_lighter(page)
    return False, _inverted(page) if lighter is None else not lighter


def _inverted(page: np.ndarray) -> bool:
    """Whether strokes on a page, with nothing round it, are darker than their surroundings: what stands out of the median says it."""
    coarse = ndimage.gaussian_filter(page, 0.7)
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
    few = median_around(image[::step, ::step], max(3, window // step | 1))
    return resized(few, image.shape, (0, 0, *few.shape))


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
