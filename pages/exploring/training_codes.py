"""The codes of a model's training images, for Explore's map: GET /training-codes/<checkpoint>/<stamp>. The first who asks has them
computed, in a thread of its own; whoever asks meanwhile hears how far it is."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from core import checkpoints, export, training_codes
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DATASETS, DatasetError, data_root, on_disk
from core.frame import plane_word, read_plane
from core.kept import Kept
from core.pace import Pace
from core.shape import SHAPE
from core.words import duration
from pages.session import caches
from pages.session.caches import MapView
from pages.web import assets, errors
from pages.web.assets import CACHE_FOR_A_YEAR, Asset, digest

MAX_KEPT = 4  # models; 4 MB of 60,000 codes of 16 numbers
MAX_PLANES = 16  # of them; 0.7 MB each
AGAIN_S = 5.0  # what failed is tried again then
UNASKED_S = 20.0  # pages ask every half second: then all have gone, and the work ends

Shown = tuple[int, int] | None  # the map's axes, see core.frame.Frame
_turn = threading.BoundedSemaphore(1)  # it is work for the whole processor
_lock = threading.Lock()
_jobs: "OrderedDict[tuple[str, ...], Job]" = OrderedDict()
_files: Kept[tuple[str, ...], Asset] = Kept(MAX_PLANES)


class LeftError(Exception):
    """Nobody waits any more."""


@dataclass
class Job:
    """The codes of one model: to come, or here. Written by its thread, read by requests."""

    share: float = 0.0  # done, in [0, 1]
    codes: tuple[np.ndarray, np.ndarray] | None = None
    error: str = ""
    asked: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    pace: Pace | None = None  # None: it waits for its turn

    def step(self, share: float) -> None:
        """So much is done; LeftError where nobody waits."""
        self.share = share
        if time.monotonic() - self.asked > UNASKED_S:
            raise LeftError

    def told(self) -> dict[str, Any]:
        """How far it is, for those who wait."""
        left = self.pace.seconds_left(time.monotonic(), self.share, 1.0) if self.pace and self.share else float("inf")
        return {"share": self.share, "left": duration(left, short=True) if np.isfinite(left) else ""}


def facts(view: MapView) -> dict[str, Any] | None:
    """What the map has to know: where the codes are and how many, or why there are none; None where no such data set can be had."""
    checkpoint, dataset = view.checkpoint, view.checkpoint.dataset_name
    if dataset not in DATASETS or checkpoint.why_not_for(SHAPE):
        return None
    try:
        if on_disk(dataset, "train"):
            return {"address": address(checkpoint, view.frame.shown), "count": caches.training_count(dataset), "why_not": ""}
        why_not = f"The training images are not on this machine ({DATASETS[dataset].name} is not downloaded)."
    except DatasetError as error:
        why_not = errors.words(error)
    return {"address": None, "count": 0, "why_not": why_not}


def address(checkpoint: Checkpoint, shown: Shown) -> str:
    """Where the browser finds them: an address whose content never changes."""
    named = "-".join(filter(None, (stamp(checkpoint), plane_word(shown))))
    return f"{assets.prefix()}/training-codes/{checkpoint.name}/{named}"


def stamp(checkpoint: Checkpoint) -> str:
    """A short word for a model as it is now."""
    return digest(repr(checkpoints.stamp(checkpoint.name, checkpoints.home(checkpoint.name))).encode())


def known(view: MapView) -> tuple[np.ndarray, np.ndarray] | None:
    """Where the codes lie on a map, (N, 2), and their labels, (N,); None as long as nobody has had them computed."""
    with _lock:
        job = _jobs.get((view.checkpoint.name, stamp(view.checkpoint), str(data_root())))
    if job is None or job.codes is None:
        return None
    mu, labels = job.codes
    return view.frame.plane.points(mu), labels


def respond(request: Request) -> Response:
    """The response to GET /training-codes/{name}/{stamp}: a safetensors file with points (N, 2) on the map and labels (N,); 202 and
    {"share", "left"} while they are computed; or a sentence, with 404 for what there is not."""
    name, stamp = request.path_params["name"], request.path_params["stamp"]
    try:
        checkpoint = checkpoints.opened(name)
        shown = read_plane(stamp.partition("-")[2], checkpoint.latents.mu.shape[1])
        if address(checkpoint, shown) != f"{assets.prefix()}/training-codes/{name}/{stamp}":
            raise LookupError("There is nothing at this address. Reload the page to get the current ones.")
        job = _job(checkpoint, stamp.partition("-")[0])
        if job.error:
            raise LookupError(job.error)
        if job.codes is None:
            return JSONResponse(job.told(), 202, {"Cache-Control": "no-store"})
        mu, labels = job.codes
        found = _files.get((name, stamp, str(data_root())), lambda: _on_the_map(caches.map_view(name, None, shown), mu, labels))
    except (CheckpointError, DatasetError, LookupError) as error:
        return PlainTextResponse(errors.words(error), 404, {"Cache-Control": "no-store"})
    return assets.sent(found, request, {"Cache-Control": CACHE_FOR_A_YEAR, "Vary": "Accept-Encoding"})


def _on_the_map(view: MapView, mu: np.ndarray, labels: np.ndarray) -> Asset:
    points = np.ascontiguousarray(view.frame.plane.points(mu), np.float32)
    return Asset("training-codes.safetensors", export.arrays_bytes({"points": points, "labels": labels.astype(np.float32)}), level=1)


def _job(checkpoint: Checkpoint, stamp: str) -> Job:
    """The model's job, begun if there is none; the least recently asked for is dropped where there are too many."""
    key = checkpoint.name, stamp, str(data_root())
    with _lock:
        job = _jobs.get(key)
        if job is None or (job.error and time.monotonic() - job.ended > AGAIN_S):
            job = _jobs[key] = Job()
            threading.Thread(target=_run, args=(key, job, checkpoint), daemon=True, name=f"training-codes-{checkpoint.name}").start()
        job.asked = time.monotonic()
        _jobs.move_to_end(key)
        for old in [other for other, one in _jobs.items() if one.codes is not None][:-MAX_KEPT]:
            del _jobs[old]
    return job


def _run(key: tuple[str, ...], job: Job, checkpoint: Checkpoint) -> None:
    try:
        while not _turn.acquire(timeout=0.2):
            job.step(0.0)
        try:
            job.pace = Pace(time.monotonic(), 0.0)
            job.codes = training_codes.encode(checkpoint, job.step)
        finally:
            _turn.release()
    except LeftError:
        with _lock:
            _jobs.pop(key, None)
    except DatasetError as error:
        job.error = errors.words(error)
    except Exception as error:  # who waits must hear of it
        job.error = f"The training images could not be encoded ({type(error).__name__})."
    finally:
        job.ended = time.monotonic()
