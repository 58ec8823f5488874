"""Every cache of the pages, each bounded. What a cache returns is shared between sessions and never changed."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import streamlit as st

from core import checkpoints, figures, latent
from core.checkpoints import Checkpoint
from core.data import datasets
from core.export import NotExportable, decoder_bytes
from core.latent import Plane
from pages.components.assets import Asset

ATLAS_CELLS = 32  # a side, of the decoded grid that stands in for a decoder the browser cannot run


@dataclass(frozen=True)
class MapView:
    """What the live map needs of a checkpoint, computed once."""

    checkpoint: Checkpoint
    classes: tuple[str, ...]
    plane: Plane  # the slice of the latent space that is shown: all of it for two dimensions
    points: np.ndarray  # float32 (N, 2): where the codes lie on it
    label: int | None  # the class that a conditional model's decoder is told
    bound: float  # the sliders' range is -bound to bound
    figure: Asset
    decoder: Asset | None  # None: the browser previews from the atlas, `why_not_live` says why
    atlas: Asset | None = None
    why_not_live: str = ""
    note: str = ""  # on codes that do not have two dimensions
    description: str = field(default="", repr=False)


def open_checkpoint(name: str) -> Checkpoint:
    """The checkpoint, read from disk once for each version of its files; CheckpointError when it cannot be used."""
    return _open_checkpoint(name, str(checkpoints.CHECKPOINTS), _stamp(name))


def map_view(name: str, label: int | None = None) -> MapView:
    """The checkpoint ready for the live map, a conditional one to draw that class; CheckpointError when it cannot be used."""
    return _map_view(name, str(checkpoints.CHECKPOINTS), _stamp(name), label)


def test_images(dataset: str) -> np.ndarray:
    """Test images uint8 (N, 28, 28); DatasetError when they are not on disk or damaged."""
    return _test_images(dataset, str(datasets.data_root()))


@st.cache_resource(max_entries=8, show_spinner=False)
def _open_checkpoint(name: str, root: str, stamp: tuple[int, ...]) -> Checkpoint:
    return checkpoints.load(name, Path(root))


@st.cache_resource(max_entries=8, show_spinner=False)
def _map_view(name: str, root: str, stamp: tuple[int, ...], label: int | None) -> MapView:
    checkpoint = _open_checkpoint(name, root, stamp)
    model, codes, labels = checkpoint.model, checkpoint.latents.mu, checkpoint.latents.label
    plane = latent.map_plane(codes, model.has_prior)
    points = plane.points(codes)
    classes = class_names(checkpoint)
    middles = latent.class_medians(points, labels)
    figure = figures.latent_map(points, labels, classes, middles, prior=model.has_prior).to_json(engine="json")
    bound = max(3.5, float(np.ceil(2 * np.abs(points).max()) / 2))
    decoder, atlas, why = None, None, ""
    try:
        decoder = Asset("decoder.safetensors", decoder_bytes(model, None if codes.shape[1] == 2 else plane, label))
    except NotExportable as error:
        why = str(error)
        cells = latent.decode_grid(model, (-bound, -bound), (bound, bound), ATLAS_CELLS, plane, label)
        atlas = Asset("atlas.bin", np.rint(cells * 255).astype(np.uint8).tobytes())
    words = _describe(len(codes), middles, classes)
    return MapView(
        checkpoint,
        classes,
        plane,
        points,
        label,
        bound,
        Asset("figure.json", figure.encode()),
        decoder,
        atlas,
        why,
        dimension_note(codes.shape[1]),
        words,
    )


@st.cache_resource(max_entries=2, show_spinner="Reading the test images …")
def _test_images(dataset: str, root: str) -> np.ndarray:
    return datasets.load(dataset, "test").images


def dataset_name(checkpoint: Checkpoint) -> str:
    """The data set that the checkpoint's card names; "" when it names none."""
    dataset = checkpoint.card.get("dataset")
    name = dataset.get("name") if isinstance(dataset, dict) else None
    return name if isinstance(name, str) else ""


def class_names(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Names of the classes that the checkpoint's codes are labelled with; none where the data set is not known."""
    name = dataset_name(checkpoint)
    return datasets.DATASETS[name].classes if name in datasets.DATASETS else ()


def dimension_note(dimensions: int) -> str:
    """What the map is when the codes do not have two dimensions; "" when they do."""
    if dimensions == 1:
        return "The code is one number, from left to right; the height only tells the dots apart."
    if dimensions == 2:
        return ""
    return (
        f"The codes have {dimensions} dimensions; the map is the plane through them along which they differ most. The decoder draws the "
        "points of that plane, and a dot is where its code falls on it."
    )


def _describe(count: int, middles: dict[int, tuple[float, ...]], classes: tuple[str, ...]) -> str:
    """The map in words, for those who cannot see it."""
    places = [f"{figures.class_name(classes, c)} around ({z1:.1f}, {z2:.1f})" for c, (z1, z2) in middles.items()]
    return f"Latent map: scatter of {count:,} test codes, coloured by class. The classes' middles: {'; '.join(places)}."


def _stamp(name: str) -> tuple[int, ...]:
    """Changes when the checkpoint's files do; a name that is not available never becomes a path."""
    if name not in checkpoints.available():
        return ()
    folder = checkpoints.CHECKPOINTS / name
    return tuple(f.stat().st_mtime_ns for f in sorted(folder.iterdir()) if f.is_file())
