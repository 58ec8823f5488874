"""What Explore's address can say."""

from dataclasses import replace

from core.fields import FIELDS
from pages.session import link
from pages.session.link import UNSET, Property, Table, one_of, several_of
from pages.session.properties.shared import CHECKPOINT, LAYERS_SHOWN, drawable, first_drawn, labels, read_drawn, write_drawn

NO_BACKGROUND = "none"
BACKGROUNDS = (NO_BACKGROUND, *FIELDS)

TABLE: Table = {
    "checkpoint": replace(CHECKPOINT, always=True),
    "z": Property(
        "the point", link.read_point, "point", UNSET, link.write_point, said="point_given",
        instead="Showing the starting point instead.",
    ),
    "layers": LAYERS_SHOWN,
    "background": Property("the background", one_of(BACKGROUNDS), "background", NO_BACKGROUND),
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
