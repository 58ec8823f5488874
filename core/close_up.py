"""Codes close up on a picture of the map: each as its image, in its class's colour, as pages/browser/map/layers/images.js draws them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from core.colours import rgb
from core.markers import pieces

MARK, LEAST_MARK_PX, EDGE_PX = 0.11, 4.0, 1.5  # a shape's radius, of an image's side and at least; the ground's edge round it
GROUND = {False: (255, 255, 255), True: (0, 0, 0)}  # by whether it is dark


@dataclass(frozen=True, eq=False)
class CloseUp:
    """How the images are drawn."""

    share: float  # an image's longer side, of the map's width on the page
    ink: Callable[[np.ndarray], np.ndarray]  # rows (K,) of the codes -> uint8 (K, H, W)
    words: str  # in the legend


def size_of(images: np.ndarray, wanted: float) -> tuple[int, int]:
    """How high and wide images (K, H, W) are drawn: so many whole times their own size that their longer side is about `wanted` pixels."""
    _, height, width = images.shape
    times = max(1, round(wanted / max(height, width)))
    return times * height, times * width


def painted(
    images: np.ndarray, middles: np.ndarray, colours: Sequence[str], corners: Sequence[np.ndarray | None] | None, side: int, wanted: float,
    dark: bool,
) -> np.ndarray:  # fmt: skip
    """Images uint8 (K, H, W) with their middles (K, 2) in pixels of a square map of such a side, their longer side about `wanted`, each in
    its colour, as opaque as there is ink, the first lowest: uint8 (side, side, 4). corners: of a shape in each one's upper right corner."""
    height, width = size_of(images, wanted)
    page = Image.new("RGBA", (side, side))
    for i, (x, y) in enumerate(middles.tolist()):
        ink = Image.fromarray(images[i]).resize((width, height), Image.Resampling.NEAREST)
        left, top = round(x - width / 2), round(y - height / 2)
        one = Image.new("RGBA", (width, height), (*rgb(colours[i]), 0))
        one.putalpha(ink)
        _over(page, one, left, top)
        if corners is not None:
            _mark(page, left + width, top, max(LEAST_MARK_PX * side / 1_120, MARK * width), corners[i], rgb(colours[i]), dark)
    return np.asarray(page)


def _over(page: Image.Image, one: Image.Image, left: int, top: int) -> None:
    """Lay an image over the page; what is beyond its edges is cut off."""
    across, down = max(0, -left), max(0, -top)
    right, bottom = min(one.width, page.width - left), min(one.height, page.height - top)
    if right > across and bottom > down:
        page.alpha_composite(one, (left + across, top + down), (across, down, right, bottom))


def _mark(page: Image.Image, right: int, top: int, radius: float, corners: np.ndarray | None, colour: tuple[int, ...], dark: bool) -> None:
    """A class's shape in an upper right corner, with an edge of the ground round it."""
    pen, x, y, edge = ImageDraw.Draw(page), right - radius, top + radius, EDGE_PX * page.width / 1_120
    for grown, fill in ((edge, GROUND[dark]), (0.0, colour)):
        if corners is None:
            reach = radius + grown
            pen.ellipse((x - reach, y - reach, x + reach, y + reach), (*fill, 255))
            continue
        for piece in pieces(corners):
            around = [tuple(corner) for corner in ((x, y) + piece * (radius + grown)).tolist()]
            pen.polygon(around, (*fill, 255))
