"""What Explore's map shows, as pictures: the map as it stands, and the decoded grid as a sheet and as a poster."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import field_picture, figures, latent, portrait
from core.field_picture import Field
from core.map_picture import MapPicture, middles
from core.portrait import LEAST_SIGMAS, ROOM, Window, window_of
from core.scale import LINEAR, SPREAD, Scale
from core.sheets import Sheet
from core.words import number, subscript
from pages.exploring import fields, training_codes
from pages.exploring.marked import NOTHING, Marked
from pages.session import take_along
from pages.session.caches import MapView

ALL = 5  # where the look has whether the training images' codes are shown
POSTER_ROWS, POSTER_COLUMNS = 26, 22  # on A3 an image's pixel is then five dots wide, and the sheet is full
PERCENTILES = "the prior’s percentiles, u = Φ(z) (Kingma & Welling 2014, figure 4)"


@dataclass(frozen=True)
class Shown:
    """What a visitor sees of the map. look: in the words of the link, see pages/explore.py's LOOK; background: see fields.told."""

    view: MapView
    layers: Sequence[str]
    look: Sequence[str]
    kept: tuple[float, float] | None = None
    background: dict[str, Any] | None = None
    marked: Marked = NOTHING  # by an open tool

    @property
    def scale(self) -> Scale:
        """The axes'."""
        return SPREAD if self.look[2] and latent.can_spread(self.view.checkpoint.model) else LINEAR

    def window(self, zoom: str = "") -> Window:
        """The square of the map that is shown, in the axes' units. zoom: in the words of the link all of it, or the middle and the width;
        "": most of the codes."""
        if zoom.count(",") == 2:
            x, y, across = map(float, zoom.split(","))
            return Window(x, y, across / 2)
        if self.scale is SPREAD:
            return Window(0.5, 0.5, 0.5)
        points, rings = self.view.frame.points, latent.has_rings(self.view.checkpoint.model)
        if zoom == "all":
            low, high = points.min(0), points.max(0)
            x, y = ((low + high) / 2).tolist()
            return Window(x, y, max(ROOM * float((high - low).max()) / 2, LEAST_SIGMAS))
        return window_of(points, LEAST_SIGMAS if rings else 0.0)

    def decoded(self, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The decoded grid over most of the codes, (rows, columns, H, W), and the coordinates of its columns and rows. With more rows than
        columns it goes on above and below, by steps of one size; of a map that is spread evenly each image still has an equal share."""
        frame, seen = self.view.frame, self.window()
        tall = seen if self.scale is SPREAD else Window(seen.x, seen.y, seen.half * rows / columns)
        across, down = middles(seen, self.scale, columns)[0], middles(tall, self.scale, rows)[1]
        return latent.decode_at(frame.model, across, down, frame.plane, frame.label), across, down


def map_of(shown: Shown) -> MapPicture:
    """The map as a picture: zoomed as on the page, with these layers, classes, axes and shapes, and the point that is kept."""
    view, (zoom, lit, _, shapes, *_) = shown.view, shown.look
    checkpoint = view.checkpoint
    made_by = take_along.described(checkpoint.name, checkpoint.model, checkpoint.dataset_name)
    kept = [] if shown.kept is None else [f"Kept: ({', '.join(number(v, 2) for v in shown.kept)})."]
    told = [_told(view)] if "manifold" in shown.layers and checkpoint.model.conditional else []
    spread = [f"Spread evenly by {PERCENTILES}, marked in standard deviations, σ."] if shown.scale is SPREAD else []
    crowd = training_codes.known(view) if shown.look[ALL] else None
    small = ["Small dots: the codes of the training images."] if crowd else []
    return MapPicture(
        view.frame,
        shown.window(zoom),
        shown.layers,
        [int(label) for label in lit.split(",") if label],
        "Latent map",
        (made_by, " ".join([axes_of(shown), *spread, *told, *small, *kept])),
        take_along.credit_of(checkpoint.dataset_name),
        shown.scale,
        bool(shapes),
        shown.kept,
        field_of(shown),
        crowd,
        shown.marked.picked,
        shown.marked.marks,
        shown.marked.images,
    )


def field_of(shown: Shown) -> Field | None:
    """The background. Where the map's plane was moved, only those that say where codes fall on it are true, as on the page."""
    told, view = shown.background, shown.view
    if told is None or (shown.look[-1] and told["name"] not in fields.FALLEN):
        return None
    data = fields.asset(view.checkpoint, told["name"], view.frame.label, view.frame.shown).content
    name, (low, high) = told["name"], told["ends"]
    return field_picture.read(data, name, told["kind"], told["title"] + ", nats" * (name == "loss"), (low, high))


def axes_of(shown: Shown) -> str:
    """What the axes of a picture are, of larger codes also which plane it is and whether that was moved."""
    frame = shown.view.frame
    dimensions = len(frame.plane.origin)
    if dimensions == 1:
        return "The code is one number, from left to right; the height only keeps the dots apart."
    if frame.shown or dimensions == 2:
        across, up = (f"z{subscript(axis + 1)}" for axis in frame.shown or (0, 1))
        said = f"Axes: {across} to the right, {up} upwards."
    else:
        said = f"Axes: the two directions along which the codes’ {dimensions} numbers differ most (PCA)."
    if frame.share is not None:
        said += f" The plane holds {100 * frame.share:.0f} % of the codes’ variance."
    return said + " The plane goes through a code that was chosen on the page." * bool(shown.look[-1])


def _told(view: MapView) -> str:
    """Which class a conditional model was told to draw."""
    frame = view.frame
    return "Decoded without a class." if frame.label is None else f"Decoded as the class {figures.class_name(frame.classes, frame.label)}."


def grid(shown: Shown) -> Sheet:
    """Some of the decoded grid; of a conditional model a row for each class, of a code of one number along it."""
    checkpoint = shown.view.checkpoint
    if checkpoint.model.conditional or checkpoint.model.config.latent_dim == 1:
        return take_along.grid_of(portrait.portrait_of(checkpoint))
    images, across, down = shown.decoded(portrait.CELLS, portrait.CELLS)
    how = how_spaced(shown, across, down)
    flat = images.reshape(-1, *images.shape[2:])
    return take_along.sheet_of(checkpoint, "Decoded grid", flat, portrait.CELLS, notes=(how,))


def poster(shown: Shown) -> Sheet:
    """The decoded grid over most of the codes as a single picture, for a wall."""
    checkpoint = shown.view.checkpoint
    images, across, down = shown.decoded(POSTER_ROWS, POSTER_COLUMNS)
    notes = [how_spaced(shown, across, down), *([_told(shown.view)] if checkpoint.model.conditional else [])]
    whole = latent.one_picture(images)
    return take_along.sheet_of(checkpoint, "Latent map, decoded", np.asarray([whole]), 1, notes=notes)


def how_spaced(shown: Shown, across: np.ndarray, down: np.ndarray) -> str:
    """How the codes of a decoded grid are spaced, and from where to where they go."""
    over = f"spaced evenly by {PERCENTILES}" if shown.scale is SPREAD else "evenly spaced over the map"
    spans = (("left to right", across[0], across[-1]), ("bottom to top", down[-1], down[0]))
    ends = ", ".join(f"{way} from {number(first)} to {number(last)}" for way, first, last in spans)
    plane = f" {axes_of(shown)}" if len(shown.view.frame.plane.origin) > 2 else ""
    return f"{len(across)} by {len(down)} codes, {over}, decoded: {ends}.{plane}"
