"""Where the names of classes stand on a picture: each at its place, moved aside where one would cover another.

As pages/browser/map/layers/names.js does it on the page; a test compares the two.
"""

from collections.abc import Sequence

import numpy as np

Box = tuple[float, float, float, float]  # the middle, x and y, and width and height, in pixels
GAP = 3.0  # between two
REACH, STEP, DIRECTIONS = 240, 3, 24  # how far, how finely and in how many directions a free place is looked for


def _ways() -> np.ndarray:
    """Ways to move aside, the shortest first: (K, 2)."""
    radii, angles = np.arange(STEP, REACH + 1, STEP), 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    circles = radii[:, None, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (radii, DIRECTIONS, 2)
    return np.concatenate([np.zeros((1, 2)), circles.reshape(-1, 2)])


ASIDE = _ways()


def placed(boxes: Sequence[Box], taken: Sequence[Box], frame: tuple[float, float, float, float]) -> list[tuple[float, float]]:
    """How far each box is moved aside, so that none covers another or one of what is taken; frame (left, top, right, bottom): who is inside
    stays inside, if there is room."""
    others, found = list(taken), []
    left, top, right, bottom = frame
    for x, y, width, height in boxes:
        at = ASIDE + np.array([x, y])
        clear = np.ones(len(at), bool)
        for u, v, wide, high in others:
            clear &= (np.abs(at[:, 0] - u) * 2 >= wide + width + 2 * GAP) | (np.abs(at[:, 1] - v) * 2 >= high + height + 2 * GAP)
        half = np.array([width, height]) / 2
        within = ((at - half >= (left, top)) & (at + half <= (right, bottom))).all(1)
        inside = left <= x <= right and top <= y <= bottom
        free = next((np.flatnonzero(fits) for fits in ((clear & within) & inside, clear) if fits.any()), np.zeros(1, int))[0]
        dx, dy = ASIDE[free].tolist()
        others.append((x + dx, y + dy, width, height))
        found.append((dx, dy))
    return found
