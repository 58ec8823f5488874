"""What a live map shows of a model, of a checkpoint or of an epoch of a run: the figure, the decoder or its stand-in, and the words."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core import export, figures, latent
from core.checkpoints import Checkpoint
from core.data.datasets import DATASETS
from core.latent import Plane
from core.models import ConfigError, Model, rebuild
from core.training import snapshot
from core.training.run_config import RunConfig
from core.training.snapshot import SnapshotError, read_subset
from core.words import number, subscript

MIN_BOUND = 3.5  # of the sliders
CHECKPOINT_CELLS, EPOCH_CELLS = 32, 16  # a side, of the atlas; every epoch has one
BESIDE_THE_PLANE = " Most codes lie off the plane: when you keep a dot, its own code is decoded."


@dataclass(frozen=True, eq=False)
class Frame:
    """What a live map shows of a model; not to be changed."""

    model: Model  # of an epoch its decoder alone has weights
    plane: Plane  # the slice of the latent space that is shown: all of it for two dimensions
    points: np.ndarray  # float32 (N, 2): where the codes lie on it
    labels: np.ndarray  # uint8 (N,)
    classes: tuple[str, ...]
    label: int | None  # the class that a conditional model's decoder is told
    cells: int  # a side, of the atlas
    images: np.ndarray | None = None  # int32 (N,): which test image each point is; None: point n is test image n
    folded: Plane | None = None  # becomes part of the decoder's first layer; None: that takes points as they are
    shown: tuple[int, int] | None = None  # the two numbers of a code that are the plane's axes, from 0; None: its principal directions
    share: float | None = None  # of the codes' variance that lies along the plane, where it is known and the codes have more

    @cached_property
    def bound(self) -> float:
        """The sliders and the atlas go from -bound to bound."""
        return bound(float(np.abs(self.points).max()))

    @cached_property
    def middles(self) -> dict[int, tuple[float, ...]]:
        """The classes' middles on the map."""
        return latent.class_medians(self.points, self.labels)

    @property
    def why_not_live(self) -> str:
        """Why the browser cannot run the decoder, so that the atlas stands in for it; "" when it can."""
        return export.why_not_live(self.model)

    def figure(self) -> bytes:
        """The scatter, as Plotly's JSON."""
        rings = latent.has_rings(self.model)
        drawn = figures.latent_map(self.points, self.labels, self.classes, self.middles, self.images, rings)
        return str(drawn.to_json(engine="json")).encode()

    def decoder(self) -> bytes:
        """The decoder of points on the map, as a safetensors file; NotExportable where there is a `why_not_live`."""
        return export.decoder_bytes(self.model, self.folded, self.label)

    def atlas(self) -> bytes:
        """What stands in for the decoder: `bound` as a little-endian float32, H and W as uint32, then the grid that is
        decoded all over it, uint8 (cells, cells, H, W), rows from the top."""
        low, high = (-self.bound, -self.bound), (self.bound, self.bound)
        cells = latent.decode_grid(self.model, low, high, self.cells, self.plane, self.label)
        head = np.array(self.bound, "<f4").tobytes() + np.array(cells.shape[2:], "<u4").tobytes()
        return head + np.rint(cells * 255).astype(np.uint8).tobytes()

    @property
    def note(self) -> str:
        """What to know of the map where codes do not have two dimensions."""
        dimensions = len(self.plane.origin)
        return dimension_note(dimensions, self.shown, self.share, not self.model.has_prior) + BESIDE_THE_PLANE * (dimensions > 2)

    @property
    def still_note(self) -> str:
        """The same of a map that is only looked at: nothing is pointed at or kept there."""
        return dimension_note(len(self.plane.origin), self.shown, self.share, not self.model.has_prior, live=False)

    @cached_property
    def description(self) -> str:
        """The map in words, for those who cannot see it."""
        places = [
            f"{figures.class_name(self.classes, c)} around ({number(z1, 1)}, {number(z2, 1)})" for c, (z1, z2) in self.middles.items()
        ]
        count = f"{len(self.points):,}"
        return f"Latent map: scatter of {count} test codes, coloured by class. The classes' middles: {'; '.join(places)}."


def of_checkpoint(checkpoint: Checkpoint, label: int | None = None, shown: tuple[int, int] | None = None) -> Frame:
    """The map of a checkpoint's codes; label: the class that a conditional model is to draw. shown: of codes of more than two numbers, the
    two that are the map's axes, from 0; None: the plane along which the codes differ most."""
    model, codes = checkpoint.model, checkpoint.latents.mu
    plane = latent.axes_plane(codes, shown, model.has_prior) if shown else latent.map_plane(codes, model.has_prior)
    return Frame(
        model,
        plane,
        plane.points(codes),
        checkpoint.latents.label,
        class_names(checkpoint.dataset_name),
        label,
        CHECKPOINT_CELLS,
        folded=None if codes.shape[1] == 2 else plane,
        shown=shown,
        share=latent.share_of_variance(codes, plane) if codes.shape[1] > 2 else None,
    )


def of_epoch(folder: Path, config: RunConfig, epoch: int, label: int | None = None) -> Frame:
    """The map after an epoch of the run in a folder, whose config.json that is; label: as in `of_checkpoint`.

    Raises SnapshotError when the epoch cannot be shown, LookupError when the model is not told such a label.
    """
    read = snapshot.read(folder, epoch, config.model)
    if label is not None and not (read.model.conditional and label < getattr(read.model.config, "classes", 0)):
        raise LookupError("This model is told no such label.")
    images, labels = read_subset(folder)
    if len(images) != len(read.points):
        raise SnapshotError(f"The snapshot of epoch {epoch} does not fit the run's list of test images.")
    classes = class_names(config.dataset)
    return Frame(read.model, read.plane, read.points, labels, classes, label, EPOCH_CELLS, images, read.plane)


def bound(extent: float) -> float:
    """How far the sliders reach for codes up to that far out: in halves."""
    return max(MIN_BOUND, float(np.ceil(2 * extent) / 2))


def class_names(dataset: Any) -> tuple[str, ...]:
    """The names of a data set's classes; none where it is not known."""
    return DATASETS[dataset].classes if dataset in DATASETS else ()


def dimension_note(
    dimensions: int, shown: tuple[int, int] | None = None, share: float | None = None, at_mean: bool = False, live: bool = True
) -> str:
    """What the map is when the codes do not have two dimensions; "" when they do. shown, share: see Frame; at_mean: the plane goes through
    the codes' mean, not through the prior's centre; live: its points are decoded."""
    if dimensions == 1:
        return "The code is one number, from left to right; the height only keeps the dots apart."
    if dimensions == 2:
        return ""
    holds = "" if share is None else f" It holds {100 * share:.0f} % of their variance."
    if shown:
        i, j = (f"z{subscript(axis + 1)}" for axis in shown)
        others = "the codes’ mean" if at_mean else "0, the prior’s centre"
        what = f"the map shows two of them, {i} to the right and {j} upwards, with all others at {others}, to begin with."
    else:
        what = "the map is the plane through them along which they differ most (the first two principal directions, PCA)."
    drawn = " The decoder draws the points of that plane, and a dot is where its code falls on it."
    if not live:
        drawn = " A dot is where its code falls on it; most lie off it, so what looks near may be far apart."
    return f"The codes have {dimensions} dimensions; {what}{holds}{drawn}"


def plane_word(shown: tuple[int, int] | None) -> str:
    """The axes of a map in an address: "3,7" of z3 and z7, from 1 as their names are; "" of the principal directions."""
    return ",".join(str(axis + 1) for axis in shown or ())


def read_plane(word: str, dimensions: int) -> tuple[int, int] | None:
    """What `plane_word` wrote, of codes of so many dimensions; LookupError where there is no such plane."""
    if not word:
        return None
    known = {str(axis + 1): axis for axis in range(dimensions)}
    axes = [known.get(part) for part in word.split(",")]
    match axes:
        case [int(i), int(j)] if i != j and dimensions > 2:
            return i, j
    raise LookupError(f"A plane is two different numbers from 1 to {dimensions} with a comma between them.")


def why_not_live(description: Any) -> str:
    """Why the browser cannot decode for the model that a run's config.json describes; "" when it can."""
    return _of_described(export.why_not_live, description)


def why_not_spread(description: Any) -> str:
    """Why the maps of the run that a config.json describes cannot have the prior's percentiles for their axes; "" when they can."""
    return _of_described(latent.why_not_spread, description)


def _of_described(why_not: Callable[[Model], str], description: Any) -> str:
    try:
        with torch.device("meta"):  # shapes alone: this is asked at every look at a run
            return why_not(rebuild(description))
    except ConfigError:
        return "The run's model cannot be built."
