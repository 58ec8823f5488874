"""A model's portrait: what a small picture of it shows, made once and kept without its weights.

Beside it, what a list of many models needs: a checkpoint's entry, read from its card alone.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import torch

from core import checkpoints, latent
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DATASETS
from core.figures import CLASS_COLOURS
from core.frame import Frame, of_checkpoint
from core.models import MODELS, Model, rebuild
from core.words import plural

SIDE_PX = 720  # of the map's picture: several times what a card shows of it
GRID_PX = 640  # of the grid's picture, at least: pixels of the model, each a square of several, stay crisp in any size
CELLS = 8  # a side, of the decoded grid
STYLES = 10  # in a row of a conditional model's grid
MOST_ROWS = 10  # of it: classes
SHOWN = 0.99  # of the codes, along each axis: a few far outliers would make all others small
ROOM = 1.08  # around them
LEAST_SIGMAS = 2.5  # of the prior that a map with its rings shows to each side: collapsed codes are then a spot, as they should be
SPREAD = 0.05, 0.95  # of the codes: from where to where the styles of a conditional model go
COLOURS = len(CLASS_COLOURS)
DOT_PX = 2.5, 9.0  # the radius of a dot: of many, of few


@dataclass(frozen=True)
class Entry:
    """A checkpoint in a list: what its card says it is. The words are a stranger's, but short."""

    name: str
    title: str
    description: str
    kind: str  # a key of MODELS; "" when not known
    dataset: str  # a key of DATASETS; "" when not known


@dataclass(frozen=True)
class Window:
    """The square of the map that a picture shows, in latent units."""

    x: float
    y: float
    half: float  # from its middle to its side

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the map is in the picture: from the left and from the top, as shares of its side."""
        return (x - self.x + self.half) / (2 * self.half), (self.y + self.half - y) / (2 * self.half)

    def corners(self, cells: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """The middles of the lowest left and the highest right of cells x cells that fill it; a decoded image stands for its cell's."""
        reach = self.half * (1 - 1 / cells)
        return (self.x - reach, self.y - reach), (self.x + reach, self.y + reach)

    def around(self, other: "Window") -> "Window":
        """The smallest window, about the same middle as both together have, that shows what both show."""
        left, right = min(self.x - self.half, other.x - other.half), max(self.x + self.half, other.x + other.half)
        low, high = min(self.y - self.half, other.y - other.half), max(self.y + self.half, other.y + other.half)
        return Window((left + right) / 2, (low + high) / 2, max(right - left, high - low) / 2)


@dataclass(frozen=True, eq=False)
class Portrait:
    """What pictures and words of a model are made from; not to be changed."""

    entry: Entry
    card: dict[str, Any]
    model: Model  # its shapes alone: on the meta device, without weights
    points: np.ndarray  # float32 (N, 2): where the test codes lie on the map
    labels: np.ndarray  # uint8 (N,)
    classes: tuple[str, ...]
    middles: dict[int, tuple[float, ...]]  # of the classes
    rings: bool  # whether the map shows the prior's
    window: Window  # where the codes lie
    grid: np.ndarray  # uint8 (rows, columns, H, W): what is decoded there
    megabytes: float  # of its files

    @property
    def told(self) -> tuple[str, ...]:
        """The classes that the rows of a conditional model's grid are told; none of another model."""
        return self.classes[: len(self.grid)] if self.model.conditional else ()

    @property
    def map_words(self) -> str:
        """What one sees on the map."""
        count, classes = plural(len(self.points), "test code"), plural(len(self.middles), "class", "classes")
        dimensions = self.model.config.latent_dim
        plane = f" on a plane through {dimensions} dimensions" if dimensions > 2 else ""
        return f"Map of {count} in {classes}{plane}, a colour for each class{', with the rings of the prior' * self.rings}."

    @property
    def grid_words(self) -> str:
        """What one sees on the decoded grid."""
        rows, columns = self.grid.shape[:2]
        if self.model.conditional:
            return f"{rows} rows of decoded images, one for each class that the model is told; from left to right the style changes."
        if self.model.config.latent_dim == 1:
            return f"{rows * columns} decoded images along the code's one number, row by row."
        return f"{rows} by {columns} decoded images, evenly spaced over the map."


def entry(name: str) -> Entry:
    """What the card says; CheckpointError when it cannot be read."""
    return entry_of(name, checkpoints.card_of(name))


def entry_of(name: str, card: dict[str, Any]) -> Entry:
    """The entry of a checkpoint with this card, which may be a stranger's."""
    model, dataset = card.get("model"), card.get("dataset")
    return Entry(
        name,
        _text(card.get("title"))[: checkpoints.MAX_TITLE] or name,
        _text(card.get("description"))[: checkpoints.MAX_DESCRIPTION],
        _known(model, MODELS),
        _known(dataset, DATASETS),
    )


def _text(value: Any) -> str:
    return " ".join(value.encode(errors="replace").decode().split()) if isinstance(value, str) else ""


def _known(described: Any, names: Any) -> str:
    """The name in {"name": ...} where it is one of these."""
    name = described.get("name") if isinstance(described, dict) else None
    return name if isinstance(name, str) and name in names else ""


def load(name: str) -> Portrait:
    """The portrait of a checkpoint, which is opened for it and let go; CheckpointError when it cannot be used."""
    return portrait_of(checkpoints.load(name), _megabytes(name))


def _megabytes(name: str) -> float:
    folder = checkpoints.home(name) / name
    try:
        return sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) / 1e6
    except OSError as error:
        raise CheckpointError(f"{name} was deleted just now.") from error


def portrait_of(checkpoint: Checkpoint, megabytes: float = 0.0) -> Portrait:
    """The portrait of an open checkpoint, which is left as it is."""
    frame = of_checkpoint(checkpoint)
    rings = latent.has_rings(checkpoint.model)
    seen = window_of(frame.points, LEAST_SIGMAS if rings else 0.0)
    with torch.device("meta"):  # shapes without memory
        shapes = rebuild(checkpoint.card["model"])
    return Portrait(
        entry_of(checkpoint.name, checkpoint.card),
        checkpoint.card,
        shapes,
        frame.points,
        frame.labels,
        frame.classes,
        frame.middles,
        rings,
        seen,
        np.rint(decoded(frame, checkpoint.latents.mu, seen) * 255).astype(np.uint8),
        megabytes,
    )


def window_of(points: np.ndarray, least: float = 0.0) -> Window:
    """The square around nearly all of the points (N, 2), from its middle to its side at least so long."""
    low, high = np.quantile(points, [(1 - SHOWN) / 2, (1 + SHOWN) / 2], axis=0)
    middle, half = (low + high) / 2, ROOM * float((high - low).max()) / 2
    return Window(float(middle[0]), float(middle[1]), max(half, least, 1e-3))  # all may lie on one spot


def decoded(frame: Frame, codes: np.ndarray, seen: Window) -> np.ndarray:
    """What the model draws where its codes (N, D) lie: (rows, columns, H, W) in [0, 1], rows from the top.

    Evenly over the window; of a code of one number along it, in reading order; of a conditional model a row for each class, with the
    first coordinate of the map growing from left to right.
    """
    model = frame.model
    if model.conditional:
        rows = min(getattr(model.config, "classes", MOST_ROWS), MOST_ROWS)
        line = _line(frame, seen, np.quantile(frame.points[:, 0], SPREAD), STYLES)
        images = latent.decode(model, np.tile(line, (rows, 1)), np.repeat(np.arange(rows), STYLES))
        return images.reshape(rows, STYLES, *images.shape[1:])
    if codes.shape[1] == 1:
        images = latent.decode(model, _line(frame, seen, (seen.x - seen.half, seen.x + seen.half), CELLS * CELLS))
        return images.reshape(CELLS, CELLS, *images.shape[1:])
    return latent.decode_grid(model, *seen.corners(CELLS), CELLS, frame.plane)


def _line(frame: Frame, seen: Window, ends: Any, count: int) -> np.ndarray:
    """Codes (count, D) from left to right across the middle of the map."""
    across = np.linspace(ends[0], ends[1], count)
    return frame.plane.codes(np.stack([across, np.full(count, seen.y)], axis=1))


def dots(points: np.ndarray, labels: np.ndarray, seen: Window, side: int = SIDE_PX) -> np.ndarray:
    """The map as a picture: uint8 (side, side), 0 where there is no dot, else 1 + the colour of the one on
    top, by its label. Points (N, 2)."""
    radius = float(np.clip(0.45 * side / len(points) ** 0.5, *DOT_PX))
    reach = ceil(radius)
    offsets = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1).T
    disc = offsets[(offsets**2).sum(1) <= radius**2]  # (K, 2)
    scale = side / (2 * seen.half)
    rows, columns = (seen.y + seen.half - points[:, 1]) * scale, (points[:, 0] - seen.x + seen.half) * scale
    inside = (np.abs(points - (seen.x, seen.y)) <= seen.half).all(1)
    centres = np.stack([rows, columns], axis=1)[inside].astype(int)  # (M, 2)
    touched = centres[:, None] + disc + reach  # (M, K, 2), in a picture with a margin
    picture = np.zeros((side + 2 * reach + 1,) * 2, np.uint8)
    picture[tuple(touched.reshape(-1, 2).T)] = np.repeat(1 + labels[inside] % COLOURS, len(disc))  # of those at one place, the last stays
    return picture[reach : reach + side, reach : reach + side]


def sheet(grid: np.ndarray) -> np.ndarray:
    """A decoded grid (rows, columns, H, W) as one picture, each pixel a square, at least GRID_PX wide: uint8."""
    rows, columns, height, width = grid.shape
    factor = max(1, ceil(GRID_PX / (columns * width)))
    whole = grid.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
    return whole.repeat(factor, axis=0).repeat(factor, axis=1)
