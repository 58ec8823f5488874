"""What the server refines, for a model whose decoder the browser cannot run: GET /refined/<checkpoint>?row=17, the row of a test image."""

import base64
import math
import threading
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from core import checkpoints, latent, refine
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import to_ink
from core.export import why_not_live
from core.words import duration
from pages.exploring import readout
from pages.images.pictures import grey
from pages.session import caches
from pages.web import errors
from pages.web.buckets import Buckets
from pages.web.client import household

PER_MINUTE, BURST = 20, 10  # of one client
WAIT_S = 10.0  # for one's turn: a climb is seconds of work for the whole processor
BUSY = "The server is busy with other codes. Try again in a few seconds."

buckets = Buckets(BURST, PER_MINUTE)
working = threading.BoundedSemaphore(1)


def respond(request: Request) -> Response:
    """The response to GET /refined/{name}: JSON, or a sentence with 404 for a model or an image that there is not, 400 for a bad row, 429
    for too many, 503 where others are first."""
    try:
        checkpoint = checkpoints.opened(request.path_params["name"])
        if not why_not_live(checkpoint.model):
            raise LookupError("The browser refines for this model.")
        images, why_not = readout.test_images(checkpoint)
        if not images:
            raise LookupError(why_not)
        row = _row(request.query_params.get("row", ""), len(checkpoint.latents.mu))
    except (CheckpointError, LookupError) as error:
        return PlainTextResponse(errors.words(error), 404)
    except ValueError as error:
        return PlainTextResponse(errors.words(error), 400)
    if wait := buckets.wait_s(household(request.client.host if request.client else "")):
        return _later(429, f"These were many codes in a minute. Wait {duration(math.ceil(wait), short=True)}.", math.ceil(wait))
    if not working.acquire(timeout=WAIT_S):
        return _later(503, BUSY, 3)
    try:
        return JSONResponse(_refined(checkpoint, row), headers={"Cache-Control": "no-store"})
    finally:
        working.release()


def _later(status: int, said: str, seconds: int) -> Response:
    return PlainTextResponse(said, status, {"Retry-After": str(seconds)})


def _row(text: str, count: int) -> int:
    if not (text.isdecimal() and len(text) <= 7 and int(text) < count):
        raise ValueError(f"row must be that of a test image: a number below {count}.")
    return int(text)


def _refined(checkpoint: Checkpoint, row: int) -> dict[str, Any]:
    """What nets/refine.js gives in the browser, and `x_hat`, what is drawn from the refined code: base64 of grey levels."""
    codes, model = checkpoint.latents, checkpoint.model
    label = int(codes.label[row]) if model.conditional else None
    logvar = None if codes.logvar is None else codes.logvar[row]
    found = refine.refine_image(model, to_ink(caches.test_images(checkpoint.dataset_name)[row]), label, (codes.mu[row], logvar))
    x_hat = latent.decode(model, found.mu, label)[0]
    return {
        "path": np.round(found.path[:, 0].astype(float), 5).tolist(),
        "before": float(found.cost_before_nats[0]),
        "after": float(found.cost_after_nats[0]),
        "x_hat": base64.b64encode(grey(x_hat).tobytes()).decode(),
    }
