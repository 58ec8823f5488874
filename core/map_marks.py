"""What a tool has marked on a map, for its picture: a path, an arrow, the way of a code, a drawing. Of what lines, discs and numbers it
consists, which map_svg.py and map_png.py draw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import atan2, cos, sin

import numpy as np

LINE_PX, EDGE_PX = 3.0, 7.5  # of a line, and of the light or dark seam under it
STOP, STEP, SPOT = 13.0, 4.5, 8.0  # the radii of points with a number, of steps between them, and of the point on show
MOST_NUMBERED = 9  # of more points none has a number, as on the page
HEAD_PX, HEAD_ANGLE = 16.0, 0.45  # of an arrow
PIECES = 24  # of a straight line, which is bent on a map that is spread evenly
DASH = 5.0
ACCENT = "#2a45df"
COLOURS = {False: ("#0d121b", "#ffffff"), True: ("#f2f4f8", "#10141b")}  # of lines, and of the seam, by whether the ground is dark
NO_POINTS = np.zeros((0, 2))


@dataclass(frozen=True, eq=False)
class Mark:
    """One, in coordinates of the latent map."""

    words: str  # in the legend
    lines: Sequence[np.ndarray] = ()  # each (K, 2)
    arrow: bool = False  # whether the first line ends in an arrow's head
    outlines: Sequence[np.ndarray] = ()  # each (K, 2), closed; all but the first are dashed
    stops: np.ndarray = field(default_factory=lambda: NO_POINTS)  # (K, 2): points with their numbers, from 1
    steps: np.ndarray = field(default_factory=lambda: NO_POINTS)  # (K, 2): points between them
    spot: tuple[float, float] | None = None  # the point on show


@dataclass(frozen=True, eq=False)
class Stroke:
    """A line (K, 2) in pixels."""

    points: np.ndarray
    colour: str
    wide: float
    dashed: bool = False


@dataclass(frozen=True)
class Disc:
    """With an edge round it, all in pixels."""

    x: float
    y: float
    radius: float
    fill: str
    edge: str
    wide: float = 2.5


@dataclass(frozen=True)
class Number:
    """In the middle of a point."""

    x: float
    y: float
    text: str
    colour: str


Piece = Stroke | Disc | Number
Pixels = Callable[[np.ndarray], np.ndarray]  # points (K, 2) of a latent map -> where they are on the picture


def drawn(mark: Mark, pixels: Pixels, dark: bool) -> list[Piece]:
    """What a mark consists of, the lowest first."""
    ink, seam = COLOURS[dark]
    lines = [pixels(_bent(line)) for line in mark.lines]
    if mark.arrow and lines:
        lines.append(head(lines[0]))
    strokes = [Stroke(line, colour, wide) for colour, wide in ((seam, EDGE_PX), (ink, LINE_PX)) for line in lines]
    closed = [pixels(np.concatenate([outline, outline[:1]])) for outline in mark.outlines]
    strokes += [Stroke(line, ink, LINE_PX / 1.5, dashed=i > 0) for i, line in enumerate(closed)]
    steps = [Disc(x, y, STEP, ink, seam, 1.5) for x, y in pixels(mark.steps).tolist()]
    few, stops = len(mark.stops) <= MOST_NUMBERED, pixels(mark.stops).tolist()
    points: list[Piece] = []
    for i, (x, y) in enumerate(stops, 1):
        points += [Disc(x, y, STOP if few else STOP / 2, seam, ink), *([Number(x, y, str(i), ink)] if few else [])]
    spot = [] if mark.spot is None else [Disc(x, y, SPOT, ACCENT, seam) for x, y in pixels(np.array([mark.spot])).tolist()]
    return [*strokes, *steps, *points, *spot]


def sample(mark: Mark, x: float, y: float, wide: float) -> list[Piece]:
    """The same in small, for the legend on white: from x on so wide, in the middle of a line at y."""
    ink, seam = COLOURS[False]
    line = np.array([[x, y], [x + wide, y]])
    pieces: list[Piece] = []
    if mark.outlines:
        turn = 2 * np.pi * np.arange(25) / 24
        pieces.append(Stroke(np.stack([x + wide / 2 * (1 + np.cos(turn)), y + 8 * np.sin(turn)], 1), ink, LINE_PX / 1.5))
    elif mark.lines:
        pieces += [Stroke(one, ink, LINE_PX) for one in (line, *([head(line)] if mark.arrow else []))]
    pieces += [Disc(at, y, STEP, ink, seam, 1.5) for at in (x + wide / 2,) if len(mark.steps)]
    pieces += [Disc(at, y, 6.0, seam, ink) for at in (x, x + wide) if len(mark.stops)]
    return pieces if mark.spot is None else [*pieces, Disc(x + wide / 2, y, 6.0, ACCENT, seam)]


def _bent(line: np.ndarray) -> np.ndarray:
    """A line with few points, with more between them."""
    parts = max(1, PIECES // max(1, len(line) - 1))
    between = [a + (b - a) * np.arange(parts)[:, None] / parts for a, b in pairwise(line)]
    return np.concatenate([*between, line[-1:]])


def head(line: np.ndarray) -> np.ndarray:
    """The two short lines at the end of an arrow (K, 2) in pixels, as one: (3, 2)."""
    (ax, ay), (bx, by) = line[-2].tolist(), line[-1].tolist()
    angle = atan2(by - ay, bx - ax)
    ends = [(bx - HEAD_PX * cos(angle + turn), by - HEAD_PX * sin(angle + turn)) for turn in (HEAD_ANGLE, -HEAD_ANGLE)]
    return np.array([ends[0], (bx, by), ends[1]])
