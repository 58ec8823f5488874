"""Ruled paper: where its lines run in a mask of ink, and nothing that crosses them. A curved page bends them."""

import numpy as np
from scipy import ndimage

SLOPES = np.tan(np.radians(np.arange(-9, 9.01, 0.1)))
SLOPES_APART = 0.04  # the lines of a page are nearly parallel
STRIPS = ((0, 1), (0.3, 0.5), (0.5, 0.7))  # of the width: all, then where bent lines are straight; half a line crosses one of these
STEPS = 32  # over the page's width, in which a line is followed
LENGTH = 0.5  # of the page's side
MOST_BENT = 0.02  # the change of a line's slope from step to step; more is a stroke that leads off it
WIDTH, THINNEST = 0.006, 7  # as thick as a line may be, of the longer side, and pixels: a fine one with the blur of its edges
REACH, CLEARED = 2.5, 4.0  # pixels: how far off its middle a line's own points lie, and what is spent with it
BLOT = 3  # pixels, by which a line may be thicker here and there
DARKER = 1.4  # than the middle of a line: a stroke
MOST_MISSES = 12  # lines of points in a strip that turn out to be something else
MOST_LINES, MOST_COVERED = 160, 0.25  # one way; a page with more lines, or with more of it covered by thin ink, is a texture


def ruled_lines(mask: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """Where ruled lines, and nothing that crosses them, are in a mask (H, W): bool (H, W)."""
    if min(mask.shape) < 40:
        return np.zeros_like(mask)
    thickest = max(THINNEST, round(WIDTH * max(mask.shape)))
    across, down = _lines_along(mask, ink, thickest), _lines_along(mask.T, ink.T, thickest).T
    near = 2 * thickest + 1
    crossings = mask & ndimage.maximum_filter1d(across, near, axis=1) & ndimage.maximum_filter1d(down, near, axis=0)
    rest = (mask & ~across & ~down & ~crossings).view(np.uint8)
    kept = _closed(rest, thickest), _closed(rest.T, thickest).T
    return (across & ~kept[0]) | (down & ~kept[1]) | (crossings & ~(kept[0] | kept[1]))


def _lines_along(mask: np.ndarray, ink: np.ndarray, thickest: int) -> np.ndarray:
    """The long thin lines from left to right, up to 9 degrees aslant, with what crosses them."""
    height, width = mask.shape
    found = np.zeros_like(mask)
    thin, nearly_thin = mask & ~_opened(mask, thickest + 1), mask & ~_opened(mask, thickest + BLOT + 1)
    step = max(1, width // 400)
    ys, xs = np.nonzero(thin[:, ::step])
    xs = xs * step
    columns = len(range(0, width, step))
    if len(ys) > MOST_COVERED * columns * height:
        return found
    lines = 0
    for start, end in STRIPS:
        inside = (xs >= start * width) & (xs < end * width)
        votes, misses, found_before = _Votes(ys[inside], xs[inside], height, width), 0, lines
        while misses < MOST_MISSES and lines < MOST_LINES:
            slope, offset, points = _strongest_line(votes)
            if points < LENGTH * columns * (end - start):
                break
            ways = offset + slope * np.arange(width), _followed(ys, xs, width, (start, end), slope, offset)
            covered = [_covered(np.unique(xs[np.abs(ys - way[xs]) <= REACH] // step), columns) for way in ways]
            middle = ways[int(np.argmax(covered))]
            if max(covered) < LENGTH * columns:
                misses += 1  # the flat strokes of a row of digits
                votes.remove(np.abs(votes.ys - offset - slope * votes.xs) <= REACH)
                continue
            if lines == found_before:
                votes.keep_slopes_near(slope)
            lines += 1
            _mark_line(found, nearly_thin, ink, middle)
            votes.remove(np.abs(votes.ys - middle[votes.xs]) <= CLEARED)
            far = np.abs(ys - middle[xs]) > CLEARED
            ys, xs = ys[far], xs[far]
    return found


def _opened(mask: np.ndarray, length: int) -> np.ndarray:
    """The vertical runs of a mask that are at least so long."""
    kept = ndimage.minimum_filter1d(mask.view(np.uint8), length, axis=0, mode="constant")
    return ndimage.maximum_filter1d(kept, length, axis=0, mode="constant", origin=-1 if length % 2 == 0 else 0).view(bool)


def _closed(ink: np.ndarray, thickest: int) -> np.ndarray:
    """Where ink is close above and below: there a stroke crosses a line."""
    grown = ndimage.maximum_filter1d(ink, 2 * thickest + 1, axis=0)
    return ndimage.minimum_filter1d(grown, 2 * thickest + 1, axis=0) > 0


class _Votes:
    """How many points lie on each straight line, by slope and row at column 0 (Duda & Hart 1972); points can be taken back."""

    def __init__(self, ys: np.ndarray, xs: np.ndarray, height: int, width: int):
        self.ys, self.xs, self.width = ys, xs, width  # rows begin at -width: |slope| < 1
        self.slopes = SLOPES
        self.counts = np.zeros((len(SLOPES), height + 2 * width), np.int32)
        self._add(ys, xs, 1)

    def _add(self, ys: np.ndarray, xs: np.ndarray, sign: int) -> None:
        for row, slope in zip(self.counts, self.slopes, strict=True):
            row += sign * np.bincount((ys - slope * xs + self.width).astype(np.intp), minlength=len(row))

    def remove(self, gone: np.ndarray) -> None:
        self._add(self.ys[gone], self.xs[gone], -1)
        self.ys, self.xs = self.ys[~gone], self.xs[~gone]

    def keep_slopes_near(self, slope: float) -> None:
        kept = np.abs(self.slopes - slope) < SLOPES_APART
        self.slopes, self.counts = self.slopes[kept], self.counts[kept]


def _strongest_line(votes: _Votes) -> tuple[float, float, int]:
    """Slope, row at column 0, and number of points within a row or two of the line that most points lie on."""
    pairs = votes.counts[:, :-1] + votes.counts[:, 1:]
    best, row = np.unravel_index(int(pairs.argmax()), pairs.shape)
    return float(votes.slopes[best]), float(row + 0.5 - votes.width), int(pairs[best, row])


def _followed(ys: np.ndarray, xs: np.ndarray, width: int, strip: tuple[float, float], slope: float, offset: float) -> np.ndarray:
    """The row of a line at each column, (W,): begun in the middle of a strip, followed from there to both sides as it bends."""
    edges = np.linspace(0, width, STEPS + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    near = np.abs(ys - offset - slope * xs) <= width / 10  # a bend leads no farther
    order = np.argsort(xs[near], kind="stable")
    ys, xs = ys[near][order], xs[near][order]

    def fitted(first: int, last: int, at: int, trend: float, row: float) -> tuple[float, float]:
        """Slope, and row at the middle of a step, of the points of some steps that lie near such a line."""
        some = slice(*np.searchsorted(xs, (edges[max(first, 0)], edges[min(last + 1, STEPS)])))
        x, y = xs[some] - middles[at], ys[some]
        own = np.abs(y - row - trend * x) <= CLEARED
        if own.any() and np.ptp(x[own]) > 0:
            trend, row = np.polyfit(x[own], y[own], 1).tolist()
        return trend, row

    start = int(sum(strip) / 2 * STEPS)
    seed = slope, offset + slope * middles[start]
    for _ in range(2):  # the strongest line may run aslant through a thick one
        seed = fitted(start - 3, start + 3, start, *seed)
    rows = np.empty(STEPS)
    for way, end in ((1, STEPS), (-1, -1)):
        trend, row = seed
        for step in range(start, end, way):
            behind = step - 2 * way  # a straight piece of three steps
            bent, rows[step] = fitted(min(step, behind), max(step, behind), step, trend, row)
            rows[step] = np.clip(rows[step], row - REACH / 2, row + REACH / 2)
            trend = float(np.clip(bent, trend - MOST_BENT, trend + MOST_BENT))
            row = rows[step] + trend * way * width / STEPS
    return np.interp(np.arange(width), middles, rows)


def _covered(columns: np.ndarray, total: int) -> int:
    """How many columns lie in unbroken stretches of at least a twentieth of the page."""
    if not len(columns):
        return 0
    stretches = np.split(columns, np.nonzero(np.diff(columns) > 3 + 0.01 * total)[0] + 1)
    return sum(int(s[-1] - s[0] + 1) for s in stretches if s[-1] - s[0] + 1 >= 0.05 * total)


def _mark_line(found: np.ndarray, thin: np.ndarray, ink: np.ndarray, middle: np.ndarray) -> None:
    """Add a line's pixels: nearly thin, near it, and not darker than it is; a pen's stroke along the line is darker or broader."""
    height, width = thin.shape
    rows = np.rint(middle).astype(int) + np.arange(-5, 6)[:, None]  # (11, W)
    inside, rows = (rows >= 0) & (rows < height), rows.clip(0, height - 1)
    own = thin[rows, np.arange(width)] & inside
    darkness = np.where(own, ink[rows, np.arange(width)], 0)
    core = darkness[3:8].max(0)
    level = float(np.median(core[core > 0])) if core.any() else 1.0
    row, column = np.nonzero(own & (darkness < DARKER * level))
    found[rows[row, column], column] = True
