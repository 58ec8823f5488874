"""The encoder of a saved page: the ways to bring it along, and what each changes, in words."""

import math
from collections.abc import Iterator
from typing import Any

from core import small_encoder
from core.small_encoder import Moved, SmallEncoder
from pages.session.caches import MapView

NOTHING = 0.001  # of a distance between codes: the map has no room for it
HOW = {
    "computed": "Its encoder is not in it: it is Bayes’ rule, and the page computes it from the decoder when the sheet comes out.",
    "exact": "Its encoder is the explorer’s, with all its digits, so a drawing lands where it does there.",
    "rounded": "To keep the file small, each weight of its encoder is rounded to one of 255 levels, 8 bits.",
}


def ways(view: MapView, facts: dict[str, Any]) -> Iterator[tuple[SmallEncoder, str]]:
    """The ways, the most faithful first, each with HTML that says what it changes; none where the browser cannot encode such images."""
    model = view.checkpoint.model
    if facts["drawing"]["why_not"]:
        return
    for small in small_encoder.ways(model):
        changed = "" if small.how == "exact" else _far(small_encoder.moved(model, small, view.checkpoint.latents.mu, view.frame.label))
        yield small, _section(f"You can draw a digit in this file and see where it lands. {HOW[small.how]}{changed}")


def left_out(facts: dict[str, Any]) -> str:
    """Why one cannot draw in the file, as HTML."""
    why = facts["drawing"]["why_not"] or "With its encoder, this file would be larger than 3 MB."
    return _section(f"Left out: drawing a digit of your own. {why}")


def _section(words: str) -> str:
    return f"<h2>Drawing</h2><p>{words}</p>"


def _far(moved: Moved) -> str:
    """How far codes move, each figure rounded upwards."""
    if moved.distance.largest < NOTHING:
        return f" Tried on {moved.images:,} images that the model drew, no code is as much as {NOTHING} from the explorer’s."
    half, largest = _up(moved.distance.half, 3), _up(moved.distance.largest, 3)
    own = f", or {_up(moved.sigmas.largest, 2)} standard deviations of its own cloud" if moved.sigmas else ""
    tried = f" Tried on {moved.images:,} images that the model drew, half of the codes move by at most {half} from the explorer’s"
    return f"{tried}, none by more than {largest}{own}."


def _up(value: float, digits: int) -> str:
    return f"{math.ceil(value * 10**digits) / 10**digits:.{digits}f}"
