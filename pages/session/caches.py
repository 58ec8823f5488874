"""Every cache of the pages, each bounded. What a cache returns is shared between sessions and never changed."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import astuple, dataclass, replace
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from core import (
    checkpoints,
    completion,
    copies,
    dimensions,
    enlarging,
    export,
    figures,
    findings,
    generation,
    latent,
    portrait,
    quality,
    reconstruction,
)
from core.checkpoints import Checkpoint, Stamp
from core.copies import Known
from core.data import datasets
from core.data.datasets import Split
from core.dimensions import Dimensions
from core.enlarging import Comparison
from core.family import Family, beta_family, between_rate_and_distortion
from core.fields import NEIGHBOURS
from core.findings import Found
from core.frame import Frame, of_checkpoint
from core.generation import JUDGED, Drawn, Judged, Request
from core.methods import ENLARGERS
from core.portrait import Entry, Portrait, Window
from core.posterior import GridPosterior
from core.reconstruction import Principal
from core.rest import Rest, of_plane
from core.training import comparable
from pages.images import pictures
from pages.web.assets import Asset

T = TypeVar("T")
MAX_DIMENSIONS = 64  # of a model's codes, and so of PCA
PCA_IMAGES = 60_000  # to fit PCA on: MNIST's, and a quarter of EMNIST's
GAUGE_IMAGES = 1_000  # test images to compare one image's loss with


@dataclass(frozen=True)
class MapView:
    """A checkpoint ready for the live map, computed once."""

    checkpoint: Checkpoint
    frame: Frame
    figure: Asset
    decoder: Asset | None  # None: the browser previews from the atlas, `frame.why_not_live` says why
    atlas: Asset | None
    codes: Asset
    code_decoder: Asset | None  # of whole codes and any class; None where `decoder` is just that, or there is none
    gap: float  # beyond this distance from the nearest code, no code is near
    vote_gap: float  # and beyond this one from the tenth, a vote of the ten nearest means little
    rest: Rest | None  # what the plane leaves out of codes of more than two numbers


def map_view(name: str, label: int | None = None, shown: tuple[int, int] | None = None) -> MapView:
    """The checkpoint ready for the live map, a conditional one to draw that class; shown: the two numbers of a larger code that are the
    map's axes, None: its usual plane. CheckpointError when it cannot be used."""
    root = checkpoints.home(name)
    given = name, str(root), checkpoints.stamp(name, root), label
    return _map_view(*given) if shown is None else _plane_view(*given, shown)


def told_by_each(name: str) -> Dimensions:
    """What each of the numbers of a checkpoint's codes says; CheckpointError when it cannot be used."""
    root = checkpoints.home(name)
    return _told_by_each(name, str(root), checkpoints.stamp(name, root))


def encoder(name: str) -> Asset | None:
    """A checkpoint's encoder for the browser; None where that cannot run it: core.export.why_not_encoded."""
    root = checkpoints.home(name)
    return _encoder(name, str(root), checkpoints.stamp(name, root))


@dataclass(frozen=True)
class Pictured:
    """A checkpoint's portrait, and its pictures for the browser."""

    portrait: Portrait
    map: Asset
    grid: Asset


def entry(name: str, stamp: Stamp) -> Entry:
    """What a list says of a checkpoint with this stamp; CheckpointError when its card cannot be read."""
    return _entry(name, str(checkpoints.home(name)), stamp)


def pictured(name: str, stamp: Stamp) -> Pictured:
    """Its portrait; CheckpointError when it cannot be used. The model itself is let go."""
    return _pictured(name, str(checkpoints.home(name)), stamp)


def map_within(name: str, stamp: Stamp, window: Window) -> Asset:
    """The picture of its map that shows another part of it."""
    return _map_within(name, str(checkpoints.home(name)), stamp, astuple(window))


@dataclass(frozen=True)
class FamilyView:
    """The models that differ in β alone, ready for the dial."""

    family: Family
    codes: Asset
    decoders: tuple[Asset, ...]
    figure: Asset  # between rate and distortion, with other models


def family_view() -> FamilyView:
    """The family; CheckpointError where it cannot be used."""
    return _family_view(str(checkpoints.SHIPPED_ROOT))


def shipped_cards() -> dict[str, dict[str, Any]]:
    """The cards of the models that come with the explorer, which stay as they are."""
    return _shipped_cards(str(checkpoints.SHIPPED_ROOT))


def test_images(dataset: str) -> np.ndarray:
    """Test images uint8 (N, 28, 28); DatasetError when they are not on disk or damaged."""
    return test_split(dataset).images


def test_images_file(dataset: str) -> Asset:
    """The same for the browser: their pixels, one image after the other."""
    return _test_images_file(dataset, str(datasets.data_root()))


def found(name: str, way: str) -> Found:
    """The test images that a search of core.findings finds for a checkpoint; CheckpointError when it cannot be used, DatasetError when the
    images are not on disk or damaged."""
    root = checkpoints.home(name)
    return _found(name, str(root), checkpoints.stamp(name, root), way, str(datasets.data_root()))


def test_split(dataset: str) -> Split:
    """Test images and their labels; DatasetError when they are not on disk or damaged."""
    return _test_split(dataset, str(datasets.data_root()))


def training_count(dataset: str) -> int:
    """How many training images a data set has; DatasetError when they are not on disk or damaged."""
    return _training_count(dataset, str(datasets.data_root()))


def principal(dataset: str) -> tuple[Principal, str]:
    """PCA of a data set, all MAX_DIMENSIONS of it, and the words for what it was fitted on; DatasetError where that is damaged.

    Fitted on the training images, where they are not on disk on the test images, where nothing is on scikit-learn's digits.
    """
    known = dataset in datasets.DATASETS
    found = next((split for split in ("train", "test") if known and datasets.on_disk(dataset, split)), None)
    name, split = (dataset, found) if found else ("digits", "train")
    return _principal(name, split, str(datasets.data_root()))


def test_losses_nats(name: str, dataset: str) -> np.ndarray:
    """-ELBO of each of the first GAUGE_IMAGES test images of a data set under a checkpoint, ascending: (N,), nats.

    DatasetError when they are not on disk or damaged.
    """
    root = checkpoints.home(name)
    return _test_losses_nats(name, str(root), checkpoints.stamp(name, root), dataset, str(datasets.data_root()))


def one_of_each(dataset: str) -> np.ndarray:
    """The first test image of each class, float32 (classes, 28, 28) in [0, 1]; DatasetError when they are not on disk or damaged."""
    split = test_split(dataset)
    _, first = np.unique(split.labels, return_index=True)
    return datasets.to_ink(split.images[first])


def enlarged(originals: np.ndarray, factor: int) -> Comparison:
    """Test images (N, 28, 28) in [0, 1] made small and enlarged in every way; see core.enlarging.compare."""
    return _enlarged(originals, factor, enlargers_stamp())


def enlargers_stamp() -> tuple[tuple[int, ...], ...]:
    """Changes when the networks that enlarge do, or come, or go."""
    return tuple(checkpoints.stamp(name, checkpoints.RESTORERS_ROOT) for name, way in ENLARGERS.items() if way.is_model)


def tabulated(name: str, label: int | None) -> GridPosterior | None:
    """A checkpoint's decoder on a grid, a conditional one told that label; see core.completion.tabulated."""
    root = checkpoints.home(name)
    return _tabulated(name, str(root), checkpoints.stamp(name, root), label)


def drawn(name: str, request: Request) -> Drawn:
    """The new images that are asked for; CheckpointError when the model cannot be used."""
    root = checkpoints.home(name)
    return _drawn(name, str(root), checkpoints.stamp(name, root), request)


def classified(name: str, request: Request, classifier: str) -> np.ndarray:
    """How probable the classifier of that name finds each class of them, (N, classes)."""
    root = checkpoints.home(name)
    return _classified(name, str(root), checkpoints.stamp(name, root), request, classifier, classifier_stamp(classifier))


def judged(name: str, request: Request, classifier: str) -> Judged:
    """What it says of many images that are drawn like them; the request's own seed and count make no difference."""
    root, like = checkpoints.home(name), replace(request, seed=0, count=JUDGED)
    return _judged(name, str(root), checkpoints.stamp(name, root), like, classifier, classifier_stamp(classifier))


def nearest_known(name: str, request: Request, dataset: str) -> tuple[np.ndarray, np.ndarray]:
    """For each of them the row of the known image that is nearest, and how far that is: see core.copies.nearest."""
    root, split = checkpoints.home(name), known_split(dataset)
    return _nearest_known(name, str(root), checkpoints.stamp(name, root), request, dataset, split, str(datasets.data_root()))


def known(dataset: str) -> Known:
    """The images of a data set that are on disk, as core.copies has them; DatasetError when they are damaged."""
    return _known(dataset, known_split(dataset), str(datasets.data_root()))


def usual_distances(dataset: str) -> np.ndarray:
    """How far some of its test images are from the nearest of them: see core.copies.yardstick."""
    return _usual_distances(dataset, known_split(dataset), str(datasets.data_root()))


def known_split(dataset: str) -> str:
    """Which of a data set's images are looked among: the training images, where they are not on disk the test images."""
    return "train" if datasets.on_disk(dataset, "train") else "test"


def classifier_stamp(name: str) -> Stamp:
    """Changes when the classifier does."""
    return checkpoints.stamp(name, checkpoints.CLASSIFIERS_ROOT)


def of_session(slot: str, key: Hashable, make: Callable[[], T], entries: int) -> T:
    """What `make()` gives, kept while it is among the last `entries` of this slot, in this session alone.

    For what comes from a visitor's own pictures: it ends with the session.
    """
    kept = st.session_state.setdefault(slot, OrderedDict())
    if key not in kept:
        kept[key] = make()
    kept.move_to_end(key)
    while len(kept) > entries:
        kept.popitem(last=False)
    return kept[key]


@st.cache_resource(max_entries=8, show_spinner=False)
def _map_view(name: str, root: str, stamp: tuple[int, ...], label: int | None) -> MapView:
    checkpoint = checkpoints.opened(name)
    frame = of_checkpoint(checkpoint, label)
    model, codes, live = checkpoint.model, checkpoint.latents, not frame.why_not_live
    whole_codes = frame.folded is not None or model.conditional
    gap, vote_gap = latent.typical_gaps(codes.mu, (1, NEIGHBOURS))
    return MapView(
        checkpoint,
        *_drawn_on(frame),
        Asset("codes.safetensors", export.codes_bytes(codes.mu, codes.logvar)),
        Asset("code-decoder.safetensors", export.code_decoder_bytes(model)) if live and whole_codes else None,
        gap,
        vote_gap,
        _rest(frame, codes.mu),
    )


@st.cache_resource(max_entries=8, show_spinner=False)  # of 120 planes of 16 dimensions, those last looked at; 2 MB each, at most
def _plane_view(name: str, root: str, stamp: Stamp, label: int | None, shown: tuple[int, int]) -> MapView:
    usual = _map_view(name, root, stamp, label)
    frame, figure, decoder, atlas = _drawn_on(of_checkpoint(usual.checkpoint, label, shown))
    return replace(usual, frame=frame, figure=figure, decoder=decoder, atlas=atlas, rest=_rest(frame, usual.checkpoint.latents.mu))


def _rest(frame: Frame, mu: np.ndarray) -> Rest | None:
    return of_plane(mu, frame.plane, frame.shown) if mu.shape[1] > 2 else None


def _drawn_on(frame: Frame) -> tuple[Frame, Asset, Asset | None, Asset | None]:
    """What is of a map's plane: the frame, its figure, and its decoder or the atlas in its place."""
    live = not frame.why_not_live
    return (
        frame,
        Asset("figure.json", frame.figure()),
        Asset("decoder.safetensors", frame.decoder()) if live else None,
        None if live else Asset("atlas.bin", frame.atlas()),
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _told_by_each(name: str, root: str, stamp: Stamp) -> Dimensions:
    latents = checkpoints.opened(name).latents
    return dimensions.of_codes(latents.mu, latents.logvar)


@st.cache_resource(max_entries=8, show_spinner=False)  # 8 MB each, at most
def _encoder(name: str, root: str, stamp: Stamp) -> Asset | None:
    model = checkpoints.opened(name).model
    return None if export.why_not_encoded(model) else Asset("encoder.safetensors", export.encoder_bytes(model), level=1)


@st.cache_resource(max_entries=1, show_spinner="Reading the family of models (only this once) …")
def _family_view(root: str) -> FamilyView:
    family = beta_family()
    decoders = [export.decoder_bytes(member.model) for member in family.members]
    shipped = (checkpoints.opened(name) for name in checkpoints.SHIPPED)
    drawn = figures.rate_distortion(*between_rate_and_distortion(family, shipped))
    arrays = {"codes": family.codes, "labels": family.labels.astype(np.float32)}
    return FamilyView(
        family,
        Asset("family.safetensors", export.arrays_bytes(arrays)),
        tuple(Asset("decoder.safetensors", decoder) for decoder in decoders),
        Asset("figure.json", str(drawn.to_json(engine="json")).encode()),
    )


@st.cache_resource(max_entries=1024, show_spinner=False)
def _entry(name: str, root: str, stamp: Stamp) -> Entry:
    return portrait.entry(name)


@st.cache_resource(max_entries=128, show_spinner=False)  # 0.2 MB each
def _pictured(name: str, root: str, stamp: Stamp) -> Pictured:
    made = portrait.load(name)
    return Pictured(made, _map_picture(made, made.window), Asset("grid.png", pictures.png_bytes(portrait.sheet(made.grid))))


@st.cache_resource(max_entries=64, show_spinner=False)
def _map_within(name: str, root: str, stamp: Stamp, window: tuple[float, float, float]) -> Asset:
    return _map_picture(_pictured(name, root, stamp).portrait, Window(*window))


def _map_picture(made: Portrait, window: Window) -> Asset:
    return Asset("map.png", pictures.indexed_png(portrait.dots(made.points, made.labels, window), figures.CLASS_COLOURS))


@st.cache_resource(max_entries=1, show_spinner=False)
def _shipped_cards(root: str) -> dict[str, dict[str, Any]]:
    return comparable.shipped_cards()


@st.cache_resource(max_entries=2, show_spinner=False)  # routes and the warm-up ask, too, where nothing can spin
def _test_split(dataset: str, root: str) -> Split:
    return datasets.load(dataset, "test")


@st.cache_resource(max_entries=2, show_spinner=False)
def _test_images_file(dataset: str, root: str) -> Asset:
    return Asset("images.bin", _test_split(dataset, root).images.tobytes(), level=6)


@st.cache_resource(max_entries=16, show_spinner=False)
def _training_count(dataset: str, root: str) -> int:
    return datasets.count(dataset, "train")


@st.cache_resource(max_entries=128, show_spinner=False)
def _found(name: str, root: str, stamp: Stamp, way: str, data: str) -> Found:
    checkpoint = checkpoints.opened(name)
    mu, labels = checkpoint.latents.mu, checkpoint.latents.label
    if way == "typical":
        return findings.typical(mu, labels)
    if way == "between":
        return findings.between(mu, labels)
    if way == "worst":
        return findings.worst(checkpoint.model, mu, labels, _test_split(checkpoint.dataset_name, data).images)
    return findings.alike_but_far(mu, *_most_alike(checkpoint.dataset_name, data))


@st.cache_resource(max_entries=4, show_spinner=False)
def _most_alike(dataset: str, root: str) -> tuple[np.ndarray, np.ndarray]:
    split = _test_split(dataset, root)
    return findings.most_alike(split.images, split.labels)


@st.cache_resource(max_entries=4, show_spinner="Finding the principal components (only this once) …")
def _principal(dataset: str, split: str, root: str) -> tuple[Principal, str]:
    images = datasets.load(dataset, split).images[:PCA_IMAGES]
    kind = "training" if split == "train" else "test"
    return reconstruction.pca(images, MAX_DIMENSIONS), f"{len(images):,} {kind} images of {datasets.DATASETS[dataset].name}"


@st.cache_resource(max_entries=16, show_spinner="Measuring the test images (only this once) …")
def _test_losses_nats(name: str, root: str, stamp: tuple[int, ...], dataset: str, data: str) -> np.ndarray:
    images = datasets.to_ink(_test_split(dataset, data).images[:GAUGE_IMAGES])
    return np.sort(reconstruction.negative_elbo_each_nats(checkpoints.opened(name).model, images))


@st.cache_resource(max_entries=4, show_spinner="Decoding the whole map (only this once) …")  # 29 MB each
def _tabulated(name: str, root: str, stamp: tuple[int, ...], label: int | None) -> GridPosterior | None:
    return completion.tabulated(checkpoints.opened(name).model, label)


@st.cache_resource(max_entries=16, show_spinner="Enlarging …")
def _enlarged(originals: np.ndarray, factor: int, stamp: tuple[tuple[int, ...], ...]) -> Comparison:
    return enlarging.compare(originals, factor)


@st.cache_resource(max_entries=32, show_spinner=False)  # 0.3 MB each, at most
def _drawn(name: str, root: str, stamp: Stamp, request: Request) -> Drawn:
    return generation.generate(checkpoints.opened(name), request)


@st.cache_resource(max_entries=128, show_spinner=False)
def _classified(name: str, root: str, stamp: Stamp, request: Request, classifier: str, its_stamp: Stamp) -> np.ndarray:
    return quality.class_probabilities(checkpoints.opened_classifier(classifier).model, _drawn(name, root, stamp, request).images)


@st.cache_resource(max_entries=64, show_spinner="Drawing and judging a thousand more (only this once) …")
def _judged(name: str, root: str, stamp: Stamp, request: Request, classifier: str, its_stamp: Stamp) -> Judged:
    return generation.judge(checkpoints.opened(name), checkpoints.opened_classifier(classifier).model, request)


@st.cache_resource(max_entries=2, show_spinner="Reading the images to compare with (only this once) …")  # 47 MB each, at most
def _known(dataset: str, split: str, root: str) -> Known:
    images = datasets.load(dataset, split)
    return copies.prepare(images.images, images.labels)


@st.cache_resource(max_entries=128, show_spinner=False)
def _nearest_known(
    name: str, root: str, stamp: Stamp, request: Request, dataset: str, split: str, data: str
) -> tuple[np.ndarray, np.ndarray]:
    return copies.nearest(_known(dataset, split, data), _drawn(name, root, stamp, request).images)


@st.cache_resource(max_entries=8, show_spinner=False)
def _usual_distances(dataset: str, split: str, data: str) -> np.ndarray:
    own = split == "test" or not datasets.on_disk(dataset, "test")
    among = _known(dataset, split, data)
    return copies.yardstick(among, own, among.images if own else _test_split(dataset, data).images)
