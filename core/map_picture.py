"""The map as a picture to keep: what is on it, and where. map_svg.py and map_png.py draw it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

import numpy as np

from core import close_up, field_picture, figures, latent, markers
from core.chips import placed
from core.close_up import CloseUp
from core.field_picture import Field
from core.frame import Frame
from core.map_marks import Disc, Mark, Piece, Stroke, drawn, sample
from core.portrait import Window
from core.scale import LINEAR, Scale, evenly
from core.sheets import wrapped

SIDE = 1_120  # of the map, in pixels
LEFT, TOP, RIGHT, BELOW = 72, 136, 24, 128  # room around it: numbers, title and notes; legend and credit
WIDTH, HEIGHT = LEFT + SIDE + RIGHT, TOP + SIDE + BELOW
CELLS = 20  # a side, of the decoded grid: a pixel of 28 x 28 is then a square of whole pixels
DOT, DIMMED, OVER_THE_GRID, OVER_COLOURS, BRIGHT = 6.0, 0.07, 0.5, 0.4, 0.75  # the dots' size, and opacities as on the live map
SMALL_SHAPED = 7.0  # across, of those that have a shape
SMALL, SMALL_DIMMED, SMALL_OVER, SMALL_BRIGHT = 3.0, 0.055, 0.35, 0.59  # those of the training images' codes
SELECTED, BESIDE_IMAGES = 0.85, 0.12  # the opacity of dots that are selected, and of those that are not images where others are
IMAGES_SIDE = 2 * SIDE  # in pixels, of what images close up are painted on
DIMMED_NAME, CHIP_PX, LED_PX = 0.3, 34.0, 25  # a name that stands farther from its class's middle has a line to it
KEPT, KEPT_MIDDLE = 14, 4  # the radii of the kept point's ring and of its middle
RING, FAINT, INK, SOFT = "#808a94", "#dde2ea", "#0d121b", "#5a5f66"
TITLE_PX, NOTE_PX, CREDIT_PX = 30, 15, 14
MOST_NOTES, NOTE_LINE_PX = 4, 20  # lines, and from one to the next
NARROWER = 0.84  # letters in the font by which lines are measured, than in the widest that a browser may have
APART = 1 / 9  # of the map's side between two numbers at an axis, at least
OUTLINE = 180  # points of a ring's
FIELD = SIDE // 2  # pixels of a background, along each side
ROWS_PX, ROW_PX, SAMPLE_PX, ROW_LETTERS_PX = 12, 26, 34, 16  # of marks in the legend: above them, each one's line, its sample, its letters
KEY_PX, BAR = 40, (LEFT + SIDE // 2 - 40, 240, 16)  # the height of a background's legend; its bar's left end, width and height


def middles(seen: Window, scale: Scale, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """The middles of cells x cells that fill what is seen of a map, in the units of its axes, from the left and from the top, as
    coordinates of codes: both (cells,), not finite where the axes have none."""
    across, up = (evenly(scale, middle - seen.half, middle + seen.half, cells) for middle in (seen.x, seen.y))
    return across, up[::-1]


@dataclass(frozen=True, eq=False)
class MapPicture:
    """What is on the picture."""

    frame: Frame
    window: Window  # the part of the map that is shown, in the axes' units
    layers: Collection[str]  # of "points", "names", "manifold" and "prior"
    lit: Collection[int] = ()  # the classes that are not dimmed; none: all
    title: str = ""
    notes: Sequence[str] = ()  # under the title
    credit: str = ""  # at the foot
    scale: Scale = LINEAR
    shaped: bool = False  # whether each class's dots have a shape of their own
    kept: tuple[float, float] | None = None  # the point that is marked
    background: Field | None = None
    crowd: tuple[np.ndarray, np.ndarray] | None = None  # more codes, as small dots: where they lie (M, 2), and their labels (M,)
    picked: np.ndarray | None = None  # bool (N,): which codes are selected, all others being dimmed
    marks: Sequence[Mark] = ()  # of an open tool
    images: CloseUp | None = None  # in place of dots

    @property
    def labels(self) -> list[int]:
        """The classes that there are, in order."""
        return np.unique(self.frame.labels).tolist()

    @property
    def dark(self) -> bool:
        """Whether the map's ground is: with the decoded grid it is that of an image without ink."""
        return "manifold" in self.layers

    @property
    def height(self) -> int:
        """Of the picture, in pixels."""
        return HEIGHT + KEY_PX * (self.background is not None) + ROW_PX * len(self.rows) + ROWS_PX * bool(self.rows)

    def opacity(self, label: int) -> float:
        """Of a class's dots."""
        if not self.is_lit(label):
            return DIMMED
        if self.background is not None and self.background.kind == "ramp":
            return OVER_COLOURS
        return OVER_THE_GRID if self.dark else BRIGHT

    def small_opacity(self, label: int) -> float:
        """Of a class's small dots."""
        if not self.is_lit(label) or self.picked is not None:
            return SMALL_DIMMED
        coloured = self.background is not None and self.background.kind != "veil"
        return SMALL_OVER if self.dark or coloured else SMALL_BRIGHT

    def is_lit(self, label: int) -> bool:
        """Whether a class is not dimmed."""
        return not self.lit or label in self.lit

    def corners(self, label: int, small: bool = False) -> np.ndarray | None:
        """The corners (K, 2) of a class's dots, or small dots, in pixels from their middle; None: they are round."""
        corners = markers.corners_of(label) if self.shaped else None
        return None if corners is None else corners * (self.small_radius if small else self.radius)

    @property
    def radius(self) -> float:
        """Of a dot, in pixels."""
        return DOT / 2 * (markers.LARGER if self.shaped else 1)

    @property
    def small_radius(self) -> float:
        """The same of a small dot."""
        return (SMALL_SHAPED if self.shaped else SMALL) / 2

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Where points (N, 2) of the latent map are on the picture: (N, 2)."""
        across, down = self.window.place(*self.scale.to(points).T)
        return np.stack([LEFT + SIDE * across, TOP + SIDE * down], axis=1)

    def dots(self, label: int, among: np.ndarray | None = None) -> np.ndarray:
        """Pixels of a class's dots, those that are shown: (N, 2). among: bool (N,), of these codes alone."""
        own = self.frame.labels == label
        return inside(self.pixels(self.frame.points[own if among is None else own & among]))

    @property
    def groups(self) -> list[tuple[int, np.ndarray, float]]:
        """The dots, the lowest first: their class, their pixels (N, 2), their opacity."""
        if "points" not in self.layers:
            return []
        if self.images is None and self.picked is None:
            return [(label, self.dots(label), self.opacity(label)) for label in self.labels]
        if self.images is not None:
            return [(label, self.dots(label, ~self.bright), BESIDE_IMAGES) for label in self.labels]
        dim, selected = (
            [(label, self.dots(label, among), opacity) for label in self.labels]
            for among, opacity in ((~self.bright, DIMMED), (self.bright, SELECTED))
        )
        return [group for group in (*dim, *selected) if len(group[1])]

    @cached_property
    def bright(self) -> np.ndarray:
        """bool (N,): the codes that are neither dimmed nor out of a selection."""
        lit = np.array([self.is_lit(int(label)) for label in self.frame.labels], bool)
        return lit if self.picked is None else lit & self.picked

    def small_dots(self, label: int) -> np.ndarray:
        """The same of its small dots."""
        if self.crowd is None or "points" not in self.layers:
            return np.zeros((0, 2))
        points, labels = self.crowd
        return inside(self.pixels(points[labels == label]))

    @cached_property
    def painted_images(self) -> np.ndarray | None:
        """Codes close up, as their images: uint8 (IMAGES_SIDE, IMAGES_SIDE, 4). None where dots are dots."""
        if self.images is None or "points" not in self.layers:
            return None
        over, at = IMAGES_SIDE / SIDE, self.pixels(self.frame.points) - (LEFT, TOP)
        reach = self.images.share * SIDE  # of an image; those that lie beside the map reach into it
        rows = np.flatnonzero(self.bright & ((at > -reach) & (at < SIDE + reach)).all(1))
        rows = rows[np.argsort(self.frame.labels[rows], kind="stable")]
        labels = self.frame.labels[rows].tolist()
        corners = [markers.corners_of(label) for label in labels] if self.shaped else None
        colours = [figures.class_colour(label) for label in labels]
        return close_up.painted(self.images.ink(rows), over * at[rows], colours, corners, IMAGES_SIDE, over * reach, self.dark)

    @property
    def marked(self) -> list[Piece]:
        """What an open tool has marked, in pixels, the lowest first."""
        return [piece for mark in self.marks for piece in drawn(mark, self.pixels, self.dark)]

    @cached_property
    def rows(self) -> list[tuple[int, list[Piece], str]]:
        """The legend of selection, images and marks: the letters' foot in pixels, a sample, and words."""
        first, x, y = TOP + SIDE + 112, LEFT + 7.0, -6.0
        said: list[tuple[list[Piece], str]] = []
        if self.picked is not None:
            dots = [Disc(x + SAMPLE_PX / 4, y, 6, INK, "#ffffff", 1), Disc(x + 3 * SAMPLE_PX / 4, y, 6, FAINT, "#ffffff", 1)]
            words = f"Selected: {int(self.picked.sum()):,} of {len(self.picked):,} test images. All others are dimmed."
            said.append(([*dots], words))
        if self.images is not None:
            square = np.array([[-9, -9], [9, -9], [9, 9], [-9, 9], [-9, -9]]) + np.array([x + SAMPLE_PX / 2, y])
            said.append(([Stroke(square, INK, 2)], self.images.words))
        said += [(sample(mark, x, y, SAMPLE_PX), mark.words) for mark in self.marks]
        room = round(NARROWER * (SIDE - SAMPLE_PX))
        lines = [(pieces, wrapped(words, ROW_LETTERS_PX, room, 1, spelt=False)) for pieces, words in said]
        return [(first + ROW_PX * i, lowered(pieces, first + ROW_PX * i), line) for i, (pieces, (line, *_)) in enumerate(lines)]

    @property
    def rings(self) -> list[np.ndarray]:
        """The prior's rings of 1 to 3 standard deviations, as closed outlines in pixels (OUTLINE, 2); none where they are not shown."""
        if "prior" not in self.layers or not latent.has_rings(self.frame.model):
            return []
        angles = np.arange(OUTLINE) * 2 * np.pi / OUTLINE
        circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        return [self.pixels(sigmas * circle) for sigmas in (1, 2, 3)]

    @property
    def edge(self) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom, in pixels, of all that the axes have; None where they have no ends."""
        first, last = self.scale.ends
        if not np.isfinite([first, last]).all():
            return None
        (left, top), (right, bottom) = self.window.place(first, last), self.window.place(last, first)
        return LEFT + SIDE * left, TOP + SIDE * top, LEFT + SIDE * right, TOP + SIDE * bottom

    @property
    def mark(self) -> tuple[float, float] | None:
        """Where the kept point is, in pixels; None where it is not shown."""
        shown = [] if self.kept is None else inside(self.pixels(np.array([self.kept]))).tolist()
        return (shown[0][0], shown[0][1]) if shown else None

    @property
    def names(self) -> dict[int, tuple[float, float, float, float]]:
        """Where classes' names stand, in pixels, those that are shown, and what each names: (x, y, x and y of the class's middle)."""
        middles = self.frame.middles.items() if "names" in self.layers else ()
        places = {label: inside(self.pixels(np.array([middle]))).tolist() for label, middle in middles}
        at = {label: (found[0][0], found[0][1]) for label, found in places.items() if found}
        boxes = [(x, y, chip_width(self.name(label)), CHIP_PX) for label, (x, y) in at.items()]
        ring = [] if self.mark is None else [(*self.mark, 3.0 * KEPT, 3.0 * KEPT)]
        aside = placed(boxes, ring, (LEFT, TOP, LEFT + SIDE, TOP + SIDE))
        return {label: (x + dx, y + dy, x, y) for (label, (x, y)), (dx, dy) in zip(at.items(), aside, strict=True)}

    def name(self, label: int) -> str:
        """What a class is called."""
        return figures.class_name(self.frame.classes, label)

    @cached_property
    def painted(self) -> np.ndarray | None:
        """The background: uint8 (FIELD, FIELD, 4); None where there is none."""
        if self.background is None:
            return None
        colours = {label: figures.class_colour(label) for label in self.labels}
        return field_picture.painted(self.background, *middles(self.window, self.scale, FIELD), colours, self.dark)

    @property
    def veiled(self) -> bool:
        """Whether the background lies over the decoded grid, not under it."""
        return self.background is not None and self.background.kind == "veil"

    @cached_property
    def decoded(self) -> np.ndarray | None:
        """The ink of the decoded grid: uint8 (CELLS side, CELLS side), as small as it was decoded, rows from the top; none where the axes
        have no points. None where the grid is not shown."""
        if not self.dark:
            return None
        frame = self.frame
        across, down = middles(self.window, self.scale, CELLS)
        columns, rows = (np.flatnonzero(np.isfinite(axis)) for axis in (across, down))
        _, height, width = frame.model.config.shape
        side = max(height, width)
        grid = np.zeros((CELLS, CELLS, side, side), np.float32)
        if len(columns) and len(rows):
            top, left = (side - height) // 2, (side - width) // 2
            drawn = latent.decode_at(frame.model, across[columns], down[rows], frame.plane, frame.label)
            grid[rows[:, None], columns, top : top + height, left : left + width] = drawn
        return np.rint(latent.one_picture(grid) * 255).astype(np.uint8)

    @property
    def lines(self) -> list[tuple[int, float, str]]:
        """Lines at the axes' numbers: the axis (0: x, 1: y), the pixel along it, the number."""
        seen, half = self.window, self.window.half
        found = []
        for axis, middle in enumerate((seen.x, seen.y)):
            for value, text in self.scale.ticks(middle - half, middle + half, 2 * half * APART):
                along = (value - middle + half) / (2 * half)
                found.append((axis, LEFT + SIDE * along if axis == 0 else TOP + SIDE * (1 - along), text))
        return found

    @property
    def said(self) -> list[tuple[int, int, str, str]]:
        """Title, notes and credit: the line's foot in pixels, its size, what it says, its colour. All are as long as they fit."""
        room = round(NARROWER * SIDE)
        title = [(42, TITLE_PX, line, INK) for line in wrapped(self.title, TITLE_PX, room, 1, spelt=False)]
        notes = [line for note in self.notes for line in wrapped(note, NOTE_PX, room, MOST_NOTES, spelt=False)][:MOST_NOTES]
        lines = wrapped(self.credit, CREDIT_PX, room, 2, spelt=False)[::-1]
        credit = [(self.height - 12 - 18 * i, CREDIT_PX, line, SOFT) for i, line in enumerate(lines)][::-1]
        return [*title, *((66 + NOTE_LINE_PX * i, NOTE_PX, line, SOFT) for i, line in enumerate(notes)), *credit]


def lowered(pieces: Sequence[Piece], down: float) -> list[Piece]:
    """The same so many pixels farther down."""
    return [
        replace(one, points=one.points + np.array([0, down])) if isinstance(one, Stroke) else replace(one, y=one.y + down) for one in pieces
    ]


def inside(pixels: np.ndarray) -> np.ndarray:
    """Those of pixels (N, 2) that are on the map."""
    return pixels[((pixels >= (LEFT, TOP)) & (pixels <= (LEFT + SIDE, TOP + SIDE))).all(1)]


def chip_width(name: str) -> float:
    """Of the chip with a class's name, in pixels."""
    return 20 + 12.5 * len(name)


ENTRIES = 6  # of the legend, in a line


def legend(picture: MapPicture) -> dict[int, tuple[int, int]]:
    """Where each class's dot stands in the legend, in pixels: in two lines at most."""
    labels = picture.labels
    each = max(1, ceil(len(labels) / 2)) if len(labels) > ENTRIES else max(1, len(labels))
    return {label: (LEFT + 8 + (i % each) * (SIDE // each), TOP + SIDE + 52 + 26 * (i // each)) for i, label in enumerate(labels)}
