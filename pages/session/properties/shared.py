"""What several pages' addresses can say: the model, what it is told to draw, an image, a run."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from core import checkpoints, jobs, latent
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DATASETS, on_disk
from core.frame import class_names
from core.models.conditional_vae import NOT_TOLD
from pages.browser.map import LAYERS
from pages.session import link, words
from pages.session.link import Property, UnusableError, Values, one_of, read_flag, several_of, told, whole

MAIN = next(iter(checkpoints.SHIPPED))  # the model that a first visitor sees
DEFAULT_LAYERS = ("points", "names")
SHARED_KINDS = ("test", "generate")  # of images; an upload or a drawing is the visitor's own, and no link speaks of it
MAX_SEED = 9_999  # of damage and of new images
MAX_INVENTED = 10_000  # seeds of a model's inventions
SCALES = ("same", "own")  # of their maps
LARGEST = 2**31 - 1
NO_FIRST: Mapping[str, int] = MappingProxyType({})


def where(**allowed: Any) -> Callable[[Values], bool]:
    """Whether those properties have one of these values; a list, or a single one."""
    return lambda values: all(values[name] in ([wish] if isinstance(wish, str) else wish) for name, wish in allowed.items())


def default_checkpoint() -> str | None:
    """The shipped checkpoint, else the first there is, else None."""
    names = checkpoints.available()
    return MAIN if MAIN in names else next(iter(names), None)


def read_checkpoint(text: str, values: Values) -> str:
    """A model that is here; the name never becomes a path."""
    if text not in checkpoints.available():
        raise UnusableError(", which is not here.")
    return text


CHECKPOINT = Property(
    "the model", read_checkpoint, "checkpoint", lambda values: default_checkpoint(), lambda name: name,
    instead=lambda values: f"Showing {link.plain(words.title_of(name))} instead." if (name := default_checkpoint()) else "",
)  # fmt: skip


SHAPES = Property("shapes of the classes", read_flag, "shapes", False, lambda on: str(int(on)))  # beside colours, on every page with maps
SPREAD = Property("the spread map", read_flag, "spread", False, lambda on: str(int(on)))  # where the codes keep to a prior, see core.latent
LAYERS_SHOWN = Property("layers", several_of(LAYERS, "layers", DEFAULT_LAYERS), "layers", list(DEFAULT_LAYERS), ",".join)


def told_names(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The names of the classes that a conditional model can be told; none of another model."""
    model = checkpoint.model
    if not model.conditional:
        return ()
    return class_names(checkpoint.dataset_name) or tuple(map(str, range(getattr(model.config, "classes", 0))))


def drawable(values: Values) -> tuple[str, ...]:
    """The same for the model of these values; none where it cannot be used."""
    try:
        return told_names(checkpoints.opened(str(values["checkpoint"])))
    except CheckpointError:
        return ()


def first_drawn(values: Values) -> int:
    """The class of the point that a first visitor finds."""
    if not (names := drawable(values)):
        return NOT_TOLD
    return usual_drawn(checkpoints.opened(str(values["checkpoint"])), names)


def usual_drawn(checkpoint: Checkpoint, names: Sequence[str]) -> int:
    """The label of the first test image, where the model can be told it."""
    first = int(checkpoint.latents.label[0])
    return first if first < len(names) else NOT_TOLD


def read_drawn(text: str, values: Values) -> int:
    """A label that the model can be told, or that it is told none."""
    return NOT_TOLD if text == "none" else whole(0, len(drawable(values)) - 1)(text, values)


def write_drawn(label: int) -> str:
    """The label, or that none is told."""
    return "none" if label == NOT_TOLD else str(label)


def can_spread(values: Values) -> bool:
    """Whether the map of the model of these values can be spread evenly."""
    try:
        return latent.can_spread(checkpoints.opened(str(values["checkpoint"])).model)
    except CheckpointError:
        return False


def labels(values: Values) -> list[str]:
    """The classes that a model's map shows, as numbers."""
    try:
        return [str(label) for label in np.unique(checkpoints.opened(str(values["checkpoint"])).latents.label)]
    except CheckpointError:
        return []


def first_dataset(wanted: str) -> str:
    """The data set that a page begins with: the wanted one where it is on this machine, else the one that needs no download."""
    return wanted if wanted in DATASETS and on_disk(wanted, "test") else "digits"


def dataset_of(values: Values) -> str:
    """The data set that the model learnt from; "" where that is unknown."""
    try:
        return checkpoints.opened(str(values["checkpoint"])).dataset_name
    except CheckpointError:
        return ""


def first_number(first: Mapping[str, int], dataset: str, only: int | None) -> int:
    """The number of the test image that a page shows first: by data set, as long as no class is chosen."""
    return first.get(dataset, 0) if only is None else 0


def image(
    prefix: str, wanted: str | Callable[[Values], str] = "mnist", named: str = "", first: Mapping[str, int] = NO_FIRST, **inside: Any
) -> dict[str, Property]:
    """Where the image comes from and which one it is; `prefix` of the widgets' keys, `wanted`: the data set shown first.

    `named`: what the properties' names begin with, where a page has others of these names. `first`: see first_number.
    """
    kind, data, only = f"{named}kind", f"{named}data", f"{named}class"
    tests, shared = where(**inside, **{kind: "test"}), where(**inside, **{kind: SHARED_KINDS})
    invented = where(**{kind: "generate"})
    return {
        kind: Property(
            "the kind of image", one_of(SHARED_KINDS), f"{prefix}_kind", "test", lambda kind: kind if kind in SHARED_KINDS else None,
            when=where(**inside),
        ),
        data: Property(
            "the data set", one_of(DATASETS), f"{prefix}_dataset", lambda values: first_dataset(told(wanted, values)), when=tests,
            always=lambda values: values[data] != told(wanted, values),  # which may be downloaded one day, and come first from then on
        ),
        only: Property(
            "the class", whole(0, lambda values: len(DATASETS[values[data]].classes) - 1),
            lambda values: f"{prefix}_class-{values[data]}", when=tests,
        ),
        f"{named}image": Property(  # how many there are, the page knows, and says where there are too few
            "the image", whole(0, lambda values: MAX_INVENTED if invented(values) else LARGEST),
            lambda values: f"{prefix}_seed" if invented(values) else f"{prefix}_number-{values[data]}-{values[only]}",
            lambda values: 0 if invented(values) else first_number(first, values[data], values[only]), when=shared,
        ),
    }  # fmt: skip


def read_run(text: str, values: Values) -> str:
    """A run that is here; the name never becomes a path."""
    if text not in {run.id for run in jobs.runs()}:
        raise UnusableError(", which is not here, or no longer.")
    return text
