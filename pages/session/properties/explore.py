"""What Explore's address can say."""

from collections.abc import Sequence
from dataclasses import replace

from core import checkpoints
from core.checkpoints import Checkpoint
from core.models.conditional_vae import NOT_TOLD
from pages.session import link
from pages.session.link import UNSET, Property, Table, Values, several_of
from pages.session.properties.shared import CHECKPOINT, LAYERS_SHOWN, drawable, labels, read_drawn, write_drawn


def first_drawn(values: Values) -> int:
    """The class of the point that a first visitor finds."""
    if not (names := drawable(values)):
        return NOT_TOLD
    return usual_drawn(checkpoints.opened(str(values["checkpoint"])), names)


def usual_drawn(checkpoint: Checkpoint, names: Sequence[str]) -> int:
    """The label of the first test image, where the model can be told it."""
    first = int(checkpoint.latents.label[0])
    return first if first < len(names) else NOT_TOLD


TABLE: Table = {
    "checkpoint": replace(CHECKPOINT, always=True),
    "z": Property(
        "the point", link.read_point, "point", UNSET, link.write_point, said="point_given",
        instead="Showing the starting point instead.",
    ),
    "layers": LAYERS_SHOWN,
    "draw_as": Property(
        "the class to draw as", read_drawn, lambda values: f"draw_as-{values['checkpoint']}", first_drawn,
        write_drawn, when=lambda values: bool(drawable(values)),
    ),
    "view": Property(
        "the view", link.read_view, lambda values: f"view-{values['checkpoint']}", UNSET, instead="Showing the usual one instead."
    ),
    "classes": Property(
        "classes", several_of(labels, "classes", ()), lambda values: f"classes-{values['checkpoint']}", [], ",".join,
    ),
}  # fmt: skip
