"""What the server decodes of a map's point, for a model whose decoder the browser cannot run: GET /points/<checkpoint>?z=0.5,-1&label=3,
and of another plane than the usual one /points/<checkpoint>/3,7?..."""

import base64
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from core import checkpoints, latent, reconstruction
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import to_ink
from core.export import why_not_live
from core.frame import read_plane
from core.latent import Z_LIMIT
from pages.exploring import readout
from pages.images.pictures import grey
from pages.session import caches
from pages.session.caches import MapView
from pages.web import errors


def respond(request: Request) -> Response:
    """The response to GET /points/{name} and /points/{name}/{plane}: JSON, or a sentence with 404 for a model or a plane, or 400 for a
    point, that there is not."""
    query = request.query_params
    try:
        z, name = _point(query.get("z", "")), request.path_params["name"]
        model = checkpoints.opened(name).model
        label = _label(query.get("label", ""), getattr(model.config, "classes", 0) if model.conditional else 0)
        if not why_not_live(model):
            raise LookupError("The browser decodes for this model.")
        shown = read_plane(request.path_params.get("plane", ""), model.config.latent_dim)
        return JSONResponse(_read(caches.map_view(name, label, shown), z), headers={"Cache-Control": "no-store"})
    except (CheckpointError, LookupError) as error:
        return PlainTextResponse(errors.words(error), 404)
    except ValueError as error:
        return PlainTextResponse(errors.words(error), 400)


def _point(text: str) -> tuple[float, float]:
    """ "0.5,-1" -> (0.5, -1.0); ValueError for anything else."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != 2 or not all(abs(v) <= Z_LIMIT for v in values):
        raise ValueError(f"z must be two numbers from {-Z_LIMIT:g} to {Z_LIMIT:g} with a comma between them.")
    return values[0], values[1]


def _label(text: str, classes: int) -> int | None:
    """The class to draw; "" is none."""
    if text and not (text.isdecimal() and len(text) <= 3 and int(text) < classes):
        raise ValueError(f"label must be a class of the model: a number below {classes}." if classes else "This model is told no label.")
    return int(text) if text else None


def _read(view: MapView, point: tuple[float, float]) -> dict[str, Any]:
    """`drawn`: what the map shows at the point; on a dot also `x_hat`, the reconstruction, told the image's own class, and where the test
    image is here `losses`, in nats. Pictures: base64 of grey levels, a byte a pixel.
    """
    checkpoint, frame = view.checkpoint, view.frame
    codes, model = checkpoint.latents, checkpoint.model
    code, row = latent.code_at(frame.plane, codes.mu, frame.points, point)
    answer: dict[str, Any] = {"drawn": _levels(latent.decode(model, code[None], frame.label)[0])}
    if row is None:
        return answer
    label = int(codes.label[row]) if model.conditional else None
    image = _image(checkpoint, row)
    if image is None:
        return answer | {"x_hat": _levels(latent.decode(model, code[None], label)[0])}
    logvar = None if codes.logvar is None else codes.logvar[row]
    made = reconstruction.describe(model, code, logvar, image, label)
    return answer | {"x_hat": _levels(made.x_hat), "losses": {"reconstruction": made.reconstruction_nats, "kl": made.kl_nats}}


def _image(checkpoint: Checkpoint, row: int) -> np.ndarray | None:
    """The test image of a row, (H, W) in [0, 1], where the images that the codes belong to are here."""
    images, _ = readout.test_images(checkpoint)
    return to_ink(caches.test_images(checkpoint.dataset_name)[row]) if images else None


def _levels(image: np.ndarray) -> str:
    return base64.b64encode(grey(image).tobytes()).decode()
