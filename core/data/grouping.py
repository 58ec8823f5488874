"""The strokes on a page put together to digits, in reading order."""

import numpy as np
from scipy import ndimage

from core.data.parts import SMALLEST, Part, is_blob

MOST_PARTS = 400  # of a page; a page full of text has no more digits that anyone would look at
MOST_PAIRS = 2000  # of its parts that are measured


def strokes(labels: np.ndarray, parts: list[Part]) -> list[Part]:
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


def _usual_height(parts: list[Part]) -> float:
    """The height that half of the ink belongs to: a few large digits outweigh many crumbs."""
    if not parts:
        return 0.0
    heights, weights = np.array([p.height for p in parts]), np.array([p.area for p in parts])
    order = np.argsort(heights)
    total = weights[order].cumsum()
    return float(heights[order][np.searchsorted(total, total[-1] / 2)])


def merged(parts: list[Part], labels: np.ndarray) -> list[Part]:
    """Pieces of one digit put together, nearest first: a hat above its 5, the two strokes of a 4, a line that broke."""
    usual = _usual_height(parts)
    parts = sorted((part for part in parts if part.side >= 0.06 * usual), key=lambda part: -part.area)[:MOST_PARTS]
    outlines = [_outline(part, labels) for part in parts]
    near = ((_gap(parts, outlines, i, j, usual), i, j) for i, j in _beside(parts, usual))
    home = list(range(len(parts)))  # which entry of joined each part is in now
    joined: list[Part] = list(parts)
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


def _beside(parts: list[Part], usual: float) -> list[tuple[int, int]]:
    """The pairs of parts that may be one digit's by size and the distance of their boxes; the nearest MOST_PAIRS."""
    boxes = np.array([part.box for part in parts]).reshape(-1, 4)
    first, second = np.triu_indices(len(parts), 1)
    a, b = boxes[first], boxes[second]
    apart = np.maximum(a[:, :2], b[:, :2]) - np.minimum(a[:, 2:], b[:, 2:])  # rows, columns; negative where they overlap
    candidates = np.nonzero(_may_join(a, b, usual) & (apart.max(1) < 0.3 * usual))[0]
    candidates = candidates[np.argsort(apart[candidates].max(1), kind="stable")][:MOST_PAIRS]
    return list(zip(first[candidates].tolist(), second[candidates].tolist(), strict=True))


def _outline(part: Part, labels: np.ndarray) -> np.ndarray:
    """Up to 300 points (N, 2) along a part's border, in pixels."""
    top, left, bottom, right = part.box
    piece = np.pad(np.isin(labels[top:bottom, left:right], part.labels), 1)
    points = np.argwhere(piece & ~ndimage.binary_erosion(piece))
    return points[:: -(-len(points) // 300)] + np.array([top - 1, left - 1])


def _gap(parts: list[Part], outlines: list[np.ndarray], i: int, j: int, usual: float) -> float:
    """How far apart two parts are, as a share of what is allowed: more above one another than side by side, where neighbours are."""
    a, b = parts[i], parts[j]
    steps = outlines[i][:, None] - outlines[j][None]
    distance = float(np.sqrt(np.square(steps).sum(-1).min()))
    common = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    above = common > 0.5 * min(a.width, b.width)
    return distance / ((0.27 if above else 0.13) * usual)


def digits_among(parts: list[Part], labels: np.ndarray) -> list[Part]:
    """The merged parts that have a digit's size and are drawn, not filled."""
    usual = _usual_height(parts)
    some = [part for part in parts if _has_usual_size(part, usual) and not is_blob(part, labels)]
    return [part for part in some if not _dwarfs(part, [other for other in some if other is not part], labels.size)]


def _has_usual_size(part: Part, usual: float) -> bool:
    """Whether a part is about as tall as most are; a bare stroke that differs more is a piece of a line."""
    least, most = (0.65, 1.4) if part.width < 0.2 * part.height else (0.4, 2.5)
    return max(least * usual, SMALLEST) <= part.height <= most * usual and part.width <= 2 * part.height


def _dwarfs(part: Part, others: list[Part], pixels: int) -> bool:
    """Whether a part that covers a tenth of the photo's pixels, or more, lies round another or is twice as tall as the others are."""
    if not others or part.height * part.width < 0.1 * pixels:
        return False
    (top, left, bottom, right), heights = part.box, [other.height for other in others]
    middles = [((a + c) / 2, (b + d) / 2) for a, b, c, d in (other.box for other in others if other.area < part.area)]
    return part.height > 2 * float(np.median(heights)) or any(top < y < bottom and left < x < right for y, x in middles)


ROW_SLOPES = sorted(np.tan(np.radians(np.arange(-10, 10.1, 0.5))), key=abs)


def read_in_rows(parts: list[Part]) -> list[Part]:
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
