"""Ruled paper: where its lines run in a mask of ink, and nothing that crosses them."""

import numpy as np
from scipy import ndimage

LINE_SLOPES = np.tan(np.radians(np.arange(-9, 9.01, 0.1)))
LINE_LENGTH = 0.5  # of the page's side
LINE_WIDTH = 0.006
MOST_MISSES = 12  # lines of points that turn out to be something else
MOST_LINES, MOST_COVERED = 60, 0.25  # a page with more lines, or with more of it covered by thin ink, is a texture


def ruled_lines(mask: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """Where ruled lines, and nothing that crosses them, are in a mask (H, W): bool (H, W)."""
    return _lines_along(mask, ink) | _lines_along(mask.T, ink.T).T


def _lines_along(mask: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """The long thin lines from left to right, up to 9 degrees aslant."""
    height, width = mask.shape
    found = np.zeros_like(mask)
    if min(mask.shape) < 40:
        return found
    thickest = max(5, round(LINE_WIDTH * max(mask.shape)))
    thin = mask & ~_opened(mask, thickest + 1)
    step = max(1, width // 400)
    ys, xs = np.nonzero(thin[:, ::step])
    xs = xs * step
    columns = len(range(0, width, step))
    if len(ys) > MOST_COVERED * columns * height:
        return found
    slopes = LINE_SLOPES
    misses = lines = 0
    while misses < MOST_MISSES and lines < MOST_LINES:
        slope, offset, points = _strongest_line(ys, xs, slopes, height, width)
        if points < LINE_LENGTH * columns:
            break
        near = np.abs(ys - (offset + slope * xs)) <= 2.5
        if _covered(np.unique(xs[near] // step), columns) < LINE_LENGTH * columns:
            misses += 1  # the flat strokes of a row of digits
        else:
            lines += 1
            slopes = slopes[np.abs(slopes - slope) < 0.04]  # the lines of a page are nearly parallel
            _mark_line(found, mask, thin, ink, slope, offset)
            near = np.abs(ys - (offset + slope * xs)) <= 4
        ys, xs = ys[~near], xs[~near]
    grown = ndimage.maximum_filter1d((mask & ~found).view(np.uint8), 2 * thickest + 1, axis=0)
    return found & (ndimage.minimum_filter1d(grown, 2 * thickest + 1, axis=0) == 0)  # ink above and below: a stroke crosses


def _opened(mask: np.ndarray, length: int) -> np.ndarray:
    """The vertical runs of a mask that are at least so long."""
    kept = ndimage.minimum_filter1d(mask.view(np.uint8), length, axis=0, mode="constant")
    return ndimage.maximum_filter1d(kept, length, axis=0, mode="constant", origin=-1 if length % 2 == 0 else 0).view(bool)


def _strongest_line(ys, xs, slopes, height, width) -> tuple[float, float, int]:
    """Slope, row at column 0, and number of points within a row or two of the line that most points lie on (Duda & Hart 1972)."""
    best = (0.0, 0.0, 0)
    if not len(ys):
        return best
    for slope in slopes:
        rows = (ys - slope * xs + width).astype(np.intp)  # + width: not negative, |slope| < 1
        counts = np.bincount(rows)
        counts = counts[:-1] + counts[1:] if len(counts) > 1 else counts
        row = int(counts.argmax())
        if counts[row] > best[2]:
            best = (float(slope), float(row + 0.5 - width), int(counts[row]))
    return best


def _covered(columns: np.ndarray, total: int) -> int:
    """How many columns lie in unbroken stretches of at least a twentieth of the page."""
    if not len(columns):
        return 0
    stretches = np.split(columns, np.nonzero(np.diff(columns) > 3 + 0.01 * total)[0] + 1)
    return sum(int(s[-1] - s[0] + 1) for s in stretches if s[-1] - s[0] + 1 >= 0.05 * total)


def _mark_line(found, mask, thin, ink, slope: float, offset: float) -> None:
    """Add a line's pixels: thin, near it, and not darker than it is; a pen's stroke along the line is darker or broader."""
    height, width = mask.shape
    x = np.arange(width)
    middle = np.rint(offset + slope * x).astype(int)
    for shift in range(-4, 5):
        y = middle + shift
        ok = (y >= 0) & (y < height)
        at = (y[ok], x[ok])
        if shift == -4:
            line = np.clip(middle, 0, height - 1), x
            level = float(np.median(ink[line][thin[line]])) if thin[line].any() else 1.0
        found[at] |= thin[at] & (ink[at] < 1.7 * level)
