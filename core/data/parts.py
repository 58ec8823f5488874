"""Connected ink on a page, and what its shape tells."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from core.data.outlines import outlines

Box = tuple[int, int, int, int]  # top, left, bottom, right in pixels, half open
SMALLEST = 9  # pixels of the longer side of a digit at working size


@dataclass(frozen=True)
class Part:
    """Connected ink at working size, or several pieces of it that make a digit."""

    labels: tuple[int, ...]
    box: Box
    area: int

    @property
    def height(self) -> int:
        """Of its box, pixels."""
        return self.box[2] - self.box[0]

    @property
    def width(self) -> int:
        """Of its box, pixels."""
        return self.box[3] - self.box[1]

    @property
    def side(self) -> int:
        """The longer one of its box."""
        return max(self.height, self.width)

    def __add__(self, other: "Part") -> "Part":
        (a, b, c, d), (e, f, g, h) = self.box, other.box
        return Part(self.labels + other.labels, (min(a, e), min(b, f), max(c, g), max(d, h)), self.area + other.area)


def components(mask: np.ndarray) -> tuple[np.ndarray, list[Part]]:
    """Labels (H, W) from 1 and the parts of a mask, neighbours over corners included."""
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    areas = np.bincount(labels.ravel())
    parts = []
    for label, where in enumerate(ndimage.find_objects(labels), 1):
        rows, columns = where
        parts.append(Part((label,), (rows.start, columns.start, rows.stop, columns.stop), int(areas[label])))
    return labels, parts


def _are_outlines(labels: np.ndarray, parts: list[Part]) -> list[bool]:
    """Which parts enclose others that may be digits."""
    drawn = np.array([part.side >= SMALLEST and not is_blob(part, labels) for part in parts], bool)
    return outlines(labels, np.array([part.box for part in parts]).reshape(-1, 4), drawn).tolist()


def small_outlines(mask: np.ndarray) -> np.ndarray:
    """Those of a mask's parts that enclose others and are smaller than tables and ruled paper are: bool (H, W)."""
    labels, parts = components(mask)
    some = zip(parts, _are_outlines(labels, parts), strict=True)
    return np.isin(labels, [part.labels[0] for part, is_one in some if is_one and part.side < 0.5 * max(mask.shape)])


def without_outlines(labels: np.ndarray, parts: list[Part]) -> list[Part]:
    """The parts that enclose no other that may be a digit."""
    return [part for part, is_one in zip(parts, _are_outlines(labels, parts), strict=True) if not is_one]


def is_blob(part: Part, labels: np.ndarray) -> bool:
    """Whether ink is as broad as it is long: a stain, a hole for a binder, a shadow."""
    if part.area < 0.2 * part.height**2:  # less than the disc that makes it one
        return False
    top, left, bottom, right = part.box
    piece = np.pad(np.isin(labels[top:bottom, left:right], part.labels), 1)
    return 2 * float(ndimage.distance_transform_edt(piece).max()) > 0.55 * part.height
