"""The dots of a map's classes: round, or each class in a shape of its own beside its colour. No other core module is imported here.

The shapes are those of pages/browser/map/shapes.js; a test compares the two.
"""

import math

import numpy as np

TRIANGLE, CROSS, ARM, X, DIAMOND = 2 / math.sqrt(3), 1.2, 0.4, 0.8 / math.sqrt(2), 1.3
STAR = (
    (0.225, -0.309), (0.951, -0.309), (0.363, 0.118), (0.588, 0.809), (0, 0.382),
    (-0.588, 0.809), (-0.363, 0.118), (-0.951, -0.309), (-0.225, -0.309), (0, -1),
)  # fmt: skip
LARGER = 1.6  # a dot that has a shape, than one that has only a colour


def quarters(*corners: tuple[float, float]) -> list[tuple[float, float]]:
    """Corners of a quarter, turned four times."""
    return [((x, y), (-y, x), (-x, -y), (y, -x))[turns] for turns in range(4) for x, y in corners]


# By label, as corners in units of a dot's radius, x to the right and y down; the circle has none.
SHAPES: tuple[tuple[str, list[tuple[float, float]] | None], ...] = (
    ("hourglass", [(1, 1), (-1, 1), (1, -1), (-1, -1)]),
    ("bowtie", [(1, 1), (1, -1), (-1, 1), (-1, -1)]),
    ("triangle-up", [(-TRIANGLE, 0.5), (TRIANGLE, 0.5), (0, -1)]),
    ("square", quarters((1, 1))),
    ("x", quarters((X, 2 * X), (0, X), (-X, 2 * X))),
    ("star", [(1.4 * x, 1.4 * y) for x, y in STAR]),
    ("diamond", quarters((DIAMOND, 0))),
    ("triangle-down", [(-TRIANGLE, -0.5), (TRIANGLE, -0.5), (0, 1)]),
    ("cross", quarters((ARM, CROSS), (-ARM, CROSS), (-ARM, ARM))),
    ("circle", None),
)


def corners_of(label: int) -> np.ndarray | None:
    """The corners (K, 2) of a class's shape; None: it is round."""
    corners = SHAPES[label % len(SHAPES)][1]
    return None if corners is None else np.array(corners, np.float64)


def pieces(corners: np.ndarray) -> list[np.ndarray]:
    """A shape's outline (K, 2) as outlines that do not cross themselves and go round the same way: dots that overlap then leave no hole in
    one another (a path's fill rule is "nonzero")."""
    x, y = corners.T
    if abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) > 1e-9:  # twice its area
        return [corners]
    a, b, c, d = corners  # two triangles that meet in the middle
    middle = np.zeros(2)
    return [np.array([middle, a, b]), np.array([middle, d, c])]


def reach_of(corners: np.ndarray | None) -> float:
    """How far a shape goes from its middle along an axis, in radii."""
    return 1.0 if corners is None else float(np.abs(corners).max())
