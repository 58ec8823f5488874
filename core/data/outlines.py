"""Outlines drawn round digits (circles, boxes, tables, the edge of a sheet): ink that encloses other ink."""

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

LEAST_SHARE = 0.06  # of a hole's longer side: what is smaller in it is dirt
LEAST_OPEN_SHARE = 0.25  # the same where an outline has gaps, of its shorter side; less is enough for several parts
ROOM = 1.3  # an outline with gaps is so many times as long and as wide as what it encloses
AS_LARGE = (0.9, 1.4)  # the sides of an empty outline as shares of those of the holes with something in them
MOST_PARTS = 400  # that are compared with each other


def outlines(labels: np.ndarray, boxes: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Which parts of the ink are outlines, bool (N,): labels (H, W) from 1, boxes (N, 4), drawn (N,): may a part be a digit?

    An outline encloses a drawn part and may have gaps; an empty box beside full ones is one too, a 0 with a dot or a slash in it is not.
    """
    found = np.zeros(len(boxes), bool)
    around, holes, hole_of = _holes(labels, boxes)
    full = np.zeros(len(holes), bool)
    for part in np.flatnonzero(drawn & (hole_of >= 0)).tolist():
        hole = int(hole_of[part])
        if not full[hole] and _side(boxes[part]) >= LEAST_SHARE * _side(holes[hole]):
            full[hole] = not _is_slashed_zero(labels, boxes, int(around[hole]), part)
    found[around[full]] = True
    ratios = _lengths(boxes)[:, None] / _lengths(holes[full])
    found |= ((ratios >= AS_LARGE[0]) & (ratios <= AS_LARGE[1])).all(-1).any(-1)
    for part, inside in _within(boxes, drawn & ~found):
        inside = [other for other in inside if not _is_slashed_zero(labels, boxes, part, other)]
        found[part] |= bool(inside) and _encloses(labels, boxes[part], part, boxes[inside])
    return found


def _lengths(boxes: np.ndarray) -> np.ndarray:
    """Heights and widths of boxes (..., 4): (..., 2)."""
    return boxes[..., 2:] - boxes[..., :2]


def _side(box: np.ndarray) -> int:
    return int(_lengths(box).max())


def _holes(labels: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the ink's holes the part round each (M,) and the boxes (M, 4), and the hole that each part lies in, (N,); -1: in none.

    What is right above the topmost pixel of a hole is the part round it; likewise for a part and the hole that it lies in.
    """
    ink = np.pad(labels, 1)
    paper, count = ndimage.label(ink == 0)  # not over corners, as ink is joined over them
    around: list[int] = []
    holes: list[tuple[int, int, int, int]] = []
    number = np.full(count + 1, -1)
    for region, (rows, columns) in enumerate(ndimage.find_objects(paper), 1):
        if region != paper[0, 0]:
            number[region] = len(holes)
            column = columns.start + int(np.argmax(paper[rows.start, columns] == region))
            around.append(int(ink[rows.start - 1, column]) - 1)
            holes.append((rows.start - 1, columns.start - 1, rows.stop - 1, columns.stop - 1))
    hole_of = np.full(len(boxes), -1)
    for part, (top, left, _, right) in enumerate(boxes + 1):
        hole_of[part] = number[paper[top - 1, left + int(np.argmax(ink[top, left:right] == part + 1))]]
    return np.array(around, int), np.array(holes, int).reshape(-1, 4), hole_of


def _is_slashed_zero(labels: np.ndarray, boxes: np.ndarray, around: int, inside: int) -> bool:
    """Whether an upright outline holds a straight stroke aslant."""
    height, width = _lengths(boxes[around])
    if width > 0.8 * height:
        return False
    top, left, bottom, right = boxes[inside]
    points = np.argwhere(labels[top:bottom, left:right] == inside + 1).astype(float)
    if len(points) < 3:
        return False
    spread, axes = np.linalg.eigh(np.cov(points.T))
    steep = abs(axes[0, 1])  # of the stroke's direction, the part that is up or down
    return bool(spread[0] < 0.05 * spread[1] and 0.3 < steep < 0.95)


def _within(boxes: np.ndarray, drawn: np.ndarray) -> list[tuple[int, list[int]]]:
    """The parts whose boxes have room for those of drawn ones, and which these are; of the largest MOST_PARTS."""
    sides = _lengths(boxes).max(-1, initial=0)
    some = np.argsort(-sides, kind="stable")[:MOST_PARTS]
    inner = some[drawn[some]]
    outer, inner_boxes = boxes[some][:, None], boxes[inner][None]
    fits = (outer[..., :2] <= inner_boxes[..., :2]).all(-1) & (outer[..., 2:] >= inner_boxes[..., 2:]).all(-1)
    fits &= (_lengths(outer) >= ROOM * _lengths(inner_boxes)).all(-1)
    share = _lengths(inner_boxes).max(-1) / _lengths(outer).min(-1)
    fits &= (share >= LEAST_OPEN_SHARE) | ((fits & (share >= LEAST_SHARE)).sum(-1, keepdims=True) > 1)
    return [(int(part), inner[row].tolist()) for part, row in zip(some, fits, strict=True) if row.any()]


def _encloses(labels: np.ndarray, box: np.ndarray, part: int, inside: np.ndarray) -> bool:
    """Whether the middle of one of the boxes inside lies in the convex hull of a part."""
    top, left, bottom, right = box
    points = np.argwhere(labels[top:bottom, left:right] == part + 1) + np.array([top, left])
    try:
        hull = ConvexHull(points)
    except QhullError:  # a straight line has none
        return False
    middles = (inside[:, :2] + inside[:, 2:]) / 2
    return bool((middles @ hull.equations[:, :2].T + hull.equations[:, 2] <= 0).all(-1).any())
