"""What Compare's address can say."""

from dataclasses import replace

from core import checkpoints
from core.data.datasets import DATASETS
from core.models.conditional_vae import NOT_TOLD
from core.shipped import BETAS
from pages.session import link
from pages.session.link import UNSET, Property, Table, UnusableError, Values, one_of, several_of, whole
from pages.session.properties.shared import (
    LARGEST,
    SCALES,
    SHAPES,
    SPREAD,
    can_spread,
    dataset_of,
    drawable,
    first_drawn,
    image,
    read_run,
    where,
    write_drawn,
)
from pages.session.properties.train import can_spread_run, run_classes

PAIR = "ae-mnist-2d", "beta-1-mnist-2d"  # beside each other on a first visit
LINKS = ("image", "point")  # what two maps share
COMPARING = {"models": "Two models", "dial": "The beta dial", "runs": "Two runs"}  # the modes of Compare
DIAL = ("dial", "z", "classes", "scale", "shapes")  # of the link: where the beta dial stands and what it shows, in this order
DIAL_HOME, DIAL_Z = float(list(BETAS).index("1")), (0.0, 0.0)  # where a first visitor finds it: the usual VAE, the prior's centre


def usual_pair() -> list[str]:
    """Two models that are here: those of a first visit."""
    names = checkpoints.in_order(checkpoints.available())
    return [*[name for name in PAIR if name in names], *[name for name in names if name not in PAIR]][:2]


def read_pair(text: str, values: Values) -> list[str]:
    """Two models that are here; the names never become paths."""
    names, here = text.split(","), checkpoints.available()
    if len(names) != 2 or not all(name in here for name in names):
        raise UnusableError(", which are not two models that are here.")
    return names


def has_two(values: Values) -> bool:
    """Whether two different models are compared: the same one twice is the model before and after refining."""
    return values["mode"] == "models" and values["models"][:1] != values["models"][1:]


def told_key(mode: str, name: str) -> str:
    """Where the session has the class that this model, or run, is to draw."""
    return f"compare_{mode}_as-{name}"


def drawn_as(side: int) -> Property:
    """The class that the first (0) or the second (1) of two conditional models, or runs, is told to draw."""

    def name(values: Values) -> str:
        return str(values["models"][side] if values["mode"] == "models" else values[("first", "second")[side]])

    def classes(values: Values) -> tuple[str, ...]:
        if values["mode"] == "runs":
            return run_classes({"run": values[("first", "second")[side]]})
        return drawable({"checkpoint": name(values)}) if has_two(values) else ()

    def read(text: str, values: Values) -> int:
        return NOT_TOLD if text == "none" else whole(0, len(classes(values)) - 1)(text, values)

    def usual(values: Values) -> int:
        return 0 if values["mode"] != "models" else first_drawn({"checkpoint": name(values)})

    return Property(
        "the class to draw as", read, lambda values: told_key(values["mode"], name(values)), usual, write_drawn,
        when=lambda values: bool(classes(values)),
    )  # fmt: skip


def can_spread_both(values: Values) -> bool:
    """Whether both maps can be spread evenly, so that they are still beside each other."""
    if values["mode"] == "models":
        return bool(values["models"]) and all(can_spread({"checkpoint": name}) for name in values["models"])
    return values["mode"] == "runs" and all(can_spread_run({"run": values[side]}) for side in ("first", "second"))


def dataset_of_first(values: Values) -> str:
    """The data set that the first of the two models learnt from."""
    return dataset_of({"checkpoint": values["models"][0]}) if values["models"] else ""


TABLE: Table = {
    "mode": Property("what to compare", one_of(COMPARING), "compare_mode", next(iter(COMPARING))),
    "models": Property(
        "the models", read_pair, "models_pair", lambda values: usual_pair(), ",".join, when=where(mode="models"),
        instead="Showing others instead.",
    ),
    **image("compare_image", dataset_of_first, mode="models"),
    "link": Property("what links the maps", one_of(LINKS), "models_link", LINKS[0], when=has_two),
    "dial": Property(
        "the dial's position", lambda text, values: link.decimal(0, len(BETAS) - 1, text), "dial_at", DIAL_HOME, link.write_decimal,
        when=where(mode="dial"),
    ),
    "first": Property("the first run", read_run, "compare_first", UNSET, str, when=where(mode="runs"), instead=""),
    "second": Property("the second run", read_run, "compare_second", UNSET, str, when=where(mode="runs"), instead=""),
    "first_as": drawn_as(0),
    "second_as": drawn_as(1),
    "epoch": Property(
        "the epoch", whole(0, LARGEST), "compare_epoch", UNSET, when=where(mode="runs"), instead="Showing the newest one instead."
    ),
    "z": Property(
        "the point", link.read_some_point, lambda values: f"{values['mode']}_z", DIAL_Z, link.write_point,
        when=lambda values: values["mode"] != "models" or has_two(values),
    ),
    "classes": Property(
        "classes", several_of([str(label) for label in range(len(DATASETS["mnist"].classes))], "classes", ()), "dial_classes", [], ",".join,
        when=where(mode="dial"), instead="Showing all of them instead.",
    ),
    "scale": Property(
        "the scale", one_of(SCALES), lambda values: f"{values['mode']}_scale", "own",
        when=lambda values: values["mode"] == "dial" or has_two(values),
    ),
    "shapes": SHAPES,
    "spread": replace(SPREAD, when=can_spread_both),
}  # fmt: skip
