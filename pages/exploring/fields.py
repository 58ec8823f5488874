"""The backgrounds of Explore's map: which a model has, what is said of each, and their values: GET /fields/<checkpoint>/<stamp>/<field>."""

import threading
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core import checkpoints, latent
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DatasetError, data_root
from core.fields import Ground, field_bytes
from core.frame import plane_word, read_plane
from core.kept import Kept
from pages.exploring import readout
from pages.session import caches
from pages.session.caches import MapView
from pages.session.judge import classifier_for
from pages.session.properties.explore import NO_BACKGROUND
from pages.web import assets, errors
from pages.web.assets import CACHE_FOR_A_YEAR, Asset, digest

WAIT_S = 30.0  # for one's turn: a field is seconds of work for the whole processor
BUSY = "The server is busy with other maps."
NO_LABEL = "x"
FORMAT = 2  # of a field's bytes: browsers keep them for a year
MAX_KEPT = 64  # fields; 0.2 MB each, or 0.8 with many classes

Shown = tuple[int, int] | None  # the map's axes, see core.frame.Frame

working = threading.BoundedSemaphore(1)
_kept: Kept[tuple[str, str], Asset] = Kept(MAX_KEPT)  # a whole class may choose the same one at once


class BusyError(Exception):
    """Others are first."""


@dataclass(frozen=True)
class Words:
    """What is said of a field."""

    title: str
    kind: str  # how it is drawn: "veil", "classes" or "ramp"; see field.js
    sentence: str
    low: str = ""  # what the ends of its legend mean
    high: str = ""


WORDS = {
    "codes": Words(
        "Where test codes are", "veil",
        "No test image’s code comes near what is veiled: there the decoder invents. The clear part is the smallest that holds 99\u00a0% of "
        "the test codes, each spread as wide as the encoder is unsure (the <i>aggregated posterior</i>).",
        "most crowded", "nobody",
    ),
    "neighbours": Words(
        "10-NN regions", "classes",
        "The class that most of the ten nearest test codes{all} have (a <i>10-nearest-neighbour vote</i>); the stronger the colour, the "
        "more of them agree. A line is where another class wins. The colour fades where the tenth is farther away than from 96\u00a0% of "
        "the codes themselves, and is gone at 99\u00a0%: codes are too thin there (<i>k-NN density</i>) for a vote to mean anything.",
        "3 of 10", "all agree",
    ),
    "classifier": Words(
        "What a classifier says", "classes",
        "What a classifier that never saw this model takes each decoded picture for; the stronger the colour, the surer it is. "
        "A line is where it changes its mind.",
        "unsure", "sure",
    ),
    "sensitivity": Words(
        "Decoder sensitivity", "ramp",
        "How much the picture changes for a small step (the <i>Frobenius norm of the decoder’s Jacobian</i>). Ridges part what the decoder "
        "draws differently.",
    ),
    "loss": Words(
        "Reconstruction loss", "ramp",
        "How badly test images near by are drawn: the mean of the losses (<i>−log p(x|z)</i>, in nats) of the ten whose codes are "
        "nearest{all}. Where no code is near, there is no colour.",
    ),
    "rarity": Words(
        "Rarity", "ramp",
        "How much rarer test codes are here than random draws from the prior (<i>log₂ of prior over aggregated posterior</i>). "
        "High: a hole, from which new images come all the same.",
    ),
}  # fmt: skip


FALLEN = {  # of larger codes, what such a field is of
    "codes": " Most of these codes lie off the map’s plane: this is where they fall on it.",
    "rarity": " Codes and draws are compared where they fall on the map’s plane.",
}


def why_not(checkpoint: Checkpoint, field: str) -> str:
    """Why a model's map has no such background; "" where it has."""
    if field == "classifier":
        return classifier_for(checkpoint)[1]
    if field == "loss":
        return readout.test_images(checkpoint)[1]
    if field == "rarity" and not latent.keeps_to_prior(checkpoint.model):
        return "nothing drew the codes of this model towards a prior, so there is none to compare them with."
    return ""


def told(view: MapView, field: str) -> dict[str, Any] | None:
    """What the map has to know of a field; None for NO_BACKGROUND."""
    if field == NO_BACKGROUND:
        return None
    words, dimensions = WORDS[field], view.checkpoint.latents.mu.shape[1]
    return {
        "name": field,
        "kind": words.kind,
        "address": address(view.checkpoint, field, view.frame.label, view.frame.shown),
        "title": words.title,
        "sentence": words.sentence.format(all=f" in all {dimensions} dimensions" * (dimensions > 2))
        + FALLEN.get(field, "") * (dimensions > 2),
        "ends": [words.low, words.high],
    }


def address(checkpoint: Checkpoint, field: str, label: int | None, shown: Shown = None) -> str:
    """Where the browser finds it: an address whose content never changes. `label`: the class that the decoder is told; `shown`: the map's
    axes, see core.frame.Frame."""
    told = "-".join(filter(None, (_stamp(checkpoint), NO_LABEL if label is None else str(label), plane_word(shown))))
    return f"{assets.prefix()}/fields/{checkpoint.name}/{told}/{field}"


def _stamp(checkpoint: Checkpoint) -> str:
    judge = checkpoint.dataset_name
    return digest(
        repr((FORMAT, checkpoints.stamp(checkpoint.name, checkpoints.home(checkpoint.name)), caches.classifier_stamp(judge))).encode()
    )


def asset(checkpoint: Checkpoint, field: str, label: int | None, shown: Shown = None) -> Asset:
    """The bytes of core.fields.field_bytes, computed once; BusyError where that would have to wait for too long."""

    def compute() -> Asset:
        if not working.acquire(timeout=WAIT_S):
            raise BusyError(BUSY)
        try:
            return Asset("field.bin", field_bytes(field, _ground(checkpoint, field, label, shown)))
        finally:
            working.release()

    return _kept.get((address(checkpoint, field, label, shown), str(data_root())), compute)


def _ground(checkpoint: Checkpoint, field: str, label: int | None, shown: Shown) -> Ground:
    frame = caches.map_view(checkpoint.name, label, shown).frame
    images = caches.test_images(checkpoint.dataset_name) if field == "loss" else None
    judge = checkpoints.opened_classifier(checkpoint.dataset_name).model if field == "classifier" else None
    return Ground(frame, checkpoint.latents, images, judge)


def respond(request: Request) -> Response:
    """The response to GET /fields/{name}/{stamp}/{field}: see `asset`; or a sentence with 404 for what there is not, 503 where others are
    first."""
    name, stamp, field = (request.path_params[part] for part in ("name", "stamp", "field"))
    try:
        checkpoint = checkpoints.opened(name)
        label, shown = _told(stamp, checkpoint)
        if field not in WORDS or address(checkpoint, field, label, shown) != f"{assets.prefix()}/fields/{name}/{stamp}/{field}":
            raise LookupError("There is nothing at this address. Reload the page to get the current ones.")
        if why := why_not(checkpoint, field):
            raise LookupError(f"This background is not for this model: {why}")
        found = asset(checkpoint, field, label, shown)
    except BusyError as error:
        return PlainTextResponse(errors.words(error), 503, {"Retry-After": "3", "Cache-Control": "no-store"})
    except (CheckpointError, DatasetError, LookupError) as error:
        return PlainTextResponse(errors.words(error), 404, {"Cache-Control": "no-store"})
    return assets.sent(found, request, {"Cache-Control": CACHE_FOR_A_YEAR, "Vary": "Accept-Encoding"})


def _told(stamp: str, checkpoint: Checkpoint) -> tuple[int | None, Shown]:
    """The class and the axes that a stamp ends with; None for none, and for a class that the model cannot be told. LookupError for axes
    that it does not have."""
    _, text, axes, *_ = [*stamp.split("-"), "", ""]
    classes = getattr(checkpoint.model.config, "classes", 0) if checkpoint.model.conditional else 0
    label = int(text) if text.isdecimal() and len(text) <= 3 and int(text) < classes else None
    return label, read_plane(axes, checkpoint.latents.mu.shape[1])
