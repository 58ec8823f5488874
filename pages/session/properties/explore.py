"""What Explore's address can say."""

import re
from dataclasses import replace

from core import checkpoints
from core.checkpoints import CheckpointError
from core.fields import FIELDS
from core.frame import plane_word, read_plane
from core.latent import Z_LIMIT
from pages.browser.map import BENCH
from pages.session import link
from pages.session.link import UNSET, Property, Table, UnusableError, Values, one_of, several_of
from pages.session.properties.shared import (
    CHECKPOINT,
    LAYERS_SHOWN,
    MAX_SEED,
    SHAPES,
    SPREAD,
    can_spread,
    drawable,
    first_drawn,
    labels,
    read_drawn,
    write_drawn,
)
from pages.web import errors

NO_BACKGROUND = "none"
OF_THE_IMAGE = "image"
NUMBER = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,4})?")
BACKGROUNDS = (NO_BACKGROUND, *FIELDS)
PAIRS_OPEN, PAIRS_SEED = "explore_pairs", "explore_pairs_seed"  # the session's keys


def dimensions(values: Values) -> int:
    """Of the codes of the model of these values; 0 where it cannot be used."""
    try:
        return checkpoints.opened(str(values["checkpoint"])).model.config.latent_dim
    except CheckpointError:
        return 0


def axes(text: str, values: Values) -> tuple[int, int] | None:
    """Which two numbers of a larger code are the map's axes."""
    try:
        return read_plane(text, dimensions(values))
    except LookupError as error:
        raise UnusableError(f". {errors.words(error)}") from None


def read_rest(text: str, values: Values) -> str:
    """Where the map's plane lies: the other numbers of its codes, as many as there are, "" where one is as usual; or "image": those of the
    kept test image. The browser says what they mean."""
    parts = text.split(",")
    if text != OF_THE_IMAGE and (
        len(parts) != dimensions(values) - 2
        or not all(part == "" or (NUMBER.fullmatch(part) and abs(float(part)) <= Z_LIMIT) for part in parts)
    ):
        raise UnusableError(f", which are not {dimensions(values) - 2} numbers with commas between them.")
    return text


def rest_key(values: Values) -> str:
    """Where the session has that: of each plane."""
    return f"rest-{values['checkpoint']}-{plane_word(values['plane'])}"


def view_key(values: Values) -> str:
    """Where the session has what the map shows: of each model, of each plane of it, and of the spread map by itself, whose axes are
    others."""
    spread, plane = bool(values["spread"]) and can_spread(values), plane_word(values["plane"])
    return f"view-{values['checkpoint']}{plane and f'-{plane}'}{'-spread' * spread}"


TABLE: Table = {
    "checkpoint": replace(CHECKPOINT, always=True),
    "plane": Property(
        "the plane", axes, lambda values: f"plane-{values['checkpoint']}", None, plane_word,
        when=lambda values: dimensions(values) > 2, instead="Showing the usual one instead.",
    ),
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
    "present": Property("the presentation", link.read_flag, "present", False, lambda on: str(int(on))),
    "shapes": SHAPES,
    "spread": replace(SPREAD, when=can_spread),
    "view": Property(
        "the view", link.read_view, view_key, UNSET, instead="Showing the usual one instead."
    ),
    "classes": Property(
        "classes", several_of(labels, "classes", ()), lambda values: f"classes-{values['checkpoint']}", [], ",".join,
    ),
    "tool": Property("the tool", link.tool_of(BENCH), "tool", ""),
    "closeup": Property("images close up", link.read_flag, "closeup", True, lambda on: str(int(on))),
    "all": Property("the codes of the training images", link.read_flag, "all", False, lambda on: str(int(on))),
    "pairs": Property("the pairs' seed", link.whole(0, MAX_SEED), PAIRS_SEED, UNSET, said=PAIRS_OPEN, instead="Showing none."),
    "rest": Property(
        "the other numbers of the code", read_rest, rest_key, "", when=lambda values: dimensions(values) > 2,
        instead="Showing the usual ones instead.",
    ),
}  # fmt: skip
