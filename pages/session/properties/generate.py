"""What Generate's address can say."""

from core import checkpoints, latent
from core.checkpoints import CheckpointError
from core.generation import MOST_TEMPERATURE, WAYS
from core.models.conditional_vae import NOT_TOLD
from pages.images import cover
from pages.session import link
from pages.session.link import Property, Table, UnusableError, Values, one_of, whole
from pages.session.properties.shared import (
    CHECKPOINT,
    MAX_SEED,
    SHARED_KINDS,
    dataset_of,
    drawable,
    image,
    labels,
    read_drawn,
    where,
    write_drawn,
)

GENERATING = {
    "new": "New {nouns}",
    "told": "Told what to draw",
    "morph": "Morphs",
    "arithmetic": "Arithmetic",
    "complete": "Complete it",
}  # the tabs of Generate; {nouns}: what the model draws


FIRST_COVER = "bottom"
FIRST_COMPLETED = {"mnist": 172}  # of the first 200 test images, the one whose answers the classifier tells apart best under that cover
FIRST_STYLED = {"mnist": 141}  # of the first 200, the one whose style a classifier reads best in every class
MORPH_ENDS = {"samples": "Two samples", "images": "Two test images"}
MORPH_PATHS = {"straight": "Straight", "sphere": "Along the prior’s sphere"}
TERMS = {"images": "Single test images", "classes": "Whole classes"}  # what is added and subtracted
FIRST_TERMS = {"a": (171, 9), "b": (60, 4), "c": (46, 1)}  # of MNIST: a slanted 7, an upright 7 and a 1; and classes
LEAST_STEPS, MOST_STEPS, USUAL_STEPS = 3, 12, 9  # of a morph
TOLD_MODEL = "cvae-mnist-2d"  # the shipped model that can be told what to draw
MOST_NEW, USUAL_NEW = 100, 24  # images at a time


def first_style(values: Values) -> tuple[float, float]:
    """The point of the style that a first visitor sees: that of the first test image."""
    try:
        checkpoint = checkpoints.opened(str(values["checkpoint"]))
    except CheckpointError:
        return 0.0, 0.0
    mu = checkpoint.latents.mu
    z1, z2 = latent.map_plane(mu, checkpoint.model.has_prior).points(mu[:1])[0].tolist()
    return round(z1, 4), round(z2, 4)


def is_asked(values: Values) -> bool:
    """Whether the model is told a class that the way does not give already."""
    return values["tab"] == "new" and values["way"] != "class" and bool(drawable(values))


def test_codes(values: Values) -> int:
    """How many test images the model has codes of."""
    try:
        return len(checkpoints.opened(str(values["checkpoint"])).latents.mu)
    except CheckpointError:
        return 0


def completes(values: Values) -> bool:
    """Whether the page completes an image that others can see too."""
    return where(tab="complete", complete_kind=SHARED_KINDS)(values)


def read_cover(text: str, values: Values) -> str:
    """A cover by its name, or as text; see images/cover.py."""
    if text in cover.READY:
        return cover.write(cover.READY[text])
    if cover.read(text) is None:
        raise UnusableError(", which is not a cover.")
    return text


def write_cover(text: str) -> str:
    """Its name, where it has one."""
    return next((name for name, ready in cover.READY.items() if cover.write(ready) == text), text)


def morph_end(end: str, first: int) -> Property:
    """The seed of a sample, or the number of a test image, at one end of a morph."""
    sampled = where(between="samples")
    return Property(
        "the end of the morph", whole(0, lambda values: MAX_SEED if sampled(values) else test_codes(values) - 1),
        lambda values: f"morph_{end}" if sampled(values) else f"morph_{end}_row-{values['checkpoint']}", first, str,
        when=where(tab="morph"),
    )  # fmt: skip


def first_row(values: Values, row: int) -> int:
    """A test image that the model has a code of: that one, else the last."""
    return min(row, test_codes(values) - 1)


def first_label(values: Values, label: int) -> int:
    """A class that the model has codes of: that one, else the first."""
    here = [int(name) for name in labels(values)]
    return label if label in here else next(iter(here), 0)


def term(name: str) -> Property:
    """The number of a test image or a class that stands at that place of a sum of codes."""
    single, (row, label) = where(terms="images"), FIRST_TERMS[name]
    return Property(
        "the term of the sum",
        lambda text, values: whole(0, test_codes(values) - 1)(text, values) if single(values) else int(one_of(labels)(text, values)),
        lambda values: f"arithmetic_{name}_{'row' if single(values) else 'class'}-{values['checkpoint']}",
        lambda values: first_row(values, row) if single(values) else first_label(values, label), str, when=where(tab="arithmetic"),
    )  # fmt: skip


def told_as(key: str, tab: str) -> Property:
    """The class that a conditional model draws a tab's codes as."""
    return Property(
        "the class to draw as", whole(0, lambda values: len(drawable(values)) - 1), lambda values: f"{key}_told-{values['checkpoint']}", 0,
        str, when=lambda values: values["tab"] == tab and bool(drawable(values)),
    )  # fmt: skip


def tells(values: Values) -> bool:
    """Whether a conditional model is told what to draw."""
    return values["tab"] == "told" and bool(drawable(values))


TABLE: Table = {
    "checkpoint": CHECKPOINT,
    "tab": Property("the tab", one_of(GENERATING), "generate_tab", "new"),
    "way": Property("codes", one_of(WAYS), "generate_way", WAYS[0], when=where(tab="new")),
    "class": Property(
        "the class", lambda text, values: int(one_of(labels)(text, values)), lambda values: f"generate_class-{values['checkpoint']}",
        lambda values: int(next(iter(labels(values)), 0)), str, when=where(tab="new", way="class"),
    ),
    "image": Property(
        "the test image", whole(0, lambda values: test_codes(values) - 1), lambda values: f"generate_row-{values['checkpoint']}", 0, str,
        when=where(tab="new", way="image"),
    ),
    "draw_as": Property(
        "the class to draw as", whole(0, lambda values: len(drawable(values)) - 1),
        lambda values: f"generate_told-{values['checkpoint']}", None, lambda label: None if label is None else str(label), when=is_asked,
    ),
    "temperature": Property(
        "the temperature", lambda text, values: link.decimal(0, MOST_TEMPERATURE, text), "generate_temperature", 1.0, link.write_decimal,
        when=where(tab="new"),
    ),
    "count": Property("how many images", whole(1, MOST_NEW), "generate_count", USUAL_NEW, str, when=where(tab="new")),
    "seed": Property("the seed", whole(0, MAX_SEED), "generate_seed", 0, str, when=where(tab="new")),
    "style": Property(
        "the style", link.read_some_point, lambda values: f"told_style-{values['checkpoint']}", first_style, link.write_point, when=tells,
        instead="Showing the usual one instead.",
    ),
    "sheet": Property("the seed of the sheet", whole(0, MAX_SEED), "told_seed", 0, str, when=tells),
    **image("style", dataset_of, "style_", FIRST_STYLED, tab="told"),
    "between": Property("the ends", one_of(MORPH_ENDS), "morph_ends", "samples", when=where(tab="morph")),
    **{end: morph_end(end, first) for end, first in (("from", 0), ("to", 1))},
    "morph_as": told_as("morph", "morph"),
    "path": Property("the path", one_of(MORPH_PATHS), "morph_path", "straight", when=where(tab="morph")),
    "steps": Property("the steps", whole(LEAST_STEPS, MOST_STEPS), "morph_steps", USUAL_STEPS, str, when=where(tab="morph")),
    "terms": Property("the terms", one_of(TERMS), "arithmetic_terms", "images", when=where(tab="arithmetic")),
    **{name: term(name) for name in FIRST_TERMS},
    "arithmetic_as": told_as("arithmetic", "arithmetic"),
    **image("complete", dataset_of, "complete_", FIRST_COMPLETED, tab="complete"),
    "complete_as": Property(
        "the class to complete as", read_drawn, lambda values: f"complete_told-{values['checkpoint']}", NOT_TOLD, write_drawn,
        when=lambda values: completes(values) and bool(drawable(values)),
    ),
    "cover": Property("the cover", read_cover, "complete_cover", cover.write(cover.READY[FIRST_COVER]), write_cover, when=completes),
}  # fmt: skip
