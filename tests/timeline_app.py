"""The app behind tests/test_timeline_browser.py: the live map of runs that learn as fast as a test asks.

Its page is tests/timeline_page.py. To see it: `streamlit run tests/timeline_app.py`, then /?run=a&auto=2, an epoch every two seconds.
"""

import time
from copy import deepcopy
from functools import cache
from typing import Any

import numpy as np
import streamlit as st
import torch
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core import checkpoints
from core.frame import EPOCH_CELLS, Frame
from core.latent import Plane
from core.models import Model, build

TOTAL = 12
ROWS = 1500
BOUND = 4.5  # of the sliders
OUTLIER = 3e9  # nats


class Run:
    """A run as the page sees it: how many of its epochs are there, and whether more will come."""

    def __init__(self, ready: int = TOTAL, every: int = 1, auto: float = 0, atlas: bool = False, outlier: bool = False) -> None:
        self.ready, self.every, self.auto, self.atlas, self.started = ready, every, auto, atlas, time.monotonic()
        self.outlier = outlier

    def timeline(self, name: str) -> dict[str, Any]:
        last = min(TOTAL, self.ready + int((time.monotonic() - self.started) / self.auto if self.auto else 0))
        epochs = [e for e in range(0, last + 1) if e % self.every == 0 or e == last]
        frames, live = f"/runs/{name}/1/{{epoch}}/{{file}}", not self.atlas
        lines = curves(last, self.outlier)
        return {"frames": frames, "live_decoder": live, "epochs": epochs, "running": last < TOTAL, "total": TOTAL, "curves": lines}


RUNS: dict[str, Run] = {}


def curves(last: int, outlier: bool = False) -> dict[str, Any]:
    """Curves of the usual shape, but for a value that there is not, one that is not finite and, if asked for, one that is far off."""
    epochs = np.arange(1, last + 1)
    total, kl = 136 + 60 * np.exp(-epochs / 2.5), 6.2 - 3.5 * np.exp(-epochs / 2)
    looks = [("−ELBO", "total", total, "#3f90da"), ("Reconstruction", "reconstruction", total - kl, "#e76300"), ("KL", "kl", kl, "#832db6")]
    series = []
    for name, group, test, colour in looks:
        for part, values in (("test", test), ("training", test * 0.985)):
            odd: dict[Any, Any] = {("kl", "training", 1): None, ("kl", "training", 3): "not finite"}
            odd |= {("total", "training", 7): OUTLIER, ("kl", "training", 7): OUTLIER} if outlier else {}
            numbers = [odd.get((group, part, e), float(v)) for e, v in zip(epochs.tolist(), values, strict=True)]
            series.append({"name": f"{name}, {part}", "group": group, "values": numbers, "dashed": part != "test", "colour": colour})
    return {"epoch": epochs.tolist(), "series": series if last else []}


def learnt(epoch: int) -> float:
    """How much of the training is done after an epoch, [0, 1]."""
    return 1 - (1 - epoch / TOTAL) ** 3


TRAINED = checkpoints.load("vae-mnist-2d")
UNTRAINED = build("vae", TRAINED.model.config, seed=3).eval()  # here, because requests are answered by several threads


@cache
def model(epoch: int) -> Model:
    """A model on the straight way from random weights to trained ones."""
    between, start, end, t = deepcopy(UNTRAINED), UNTRAINED.state_dict(), TRAINED.model.state_dict(), learnt(epoch)
    between.load_state_dict({name: torch.lerp(start[name].float(), end[name].float(), t) for name in end})
    return between


def codes(epoch: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes that grow out of a small cloud, and their labels."""
    latents, t = TRAINED.latents, learnt(epoch)
    start = np.random.default_rng(0).normal(0, 0.1, (ROWS, 2))
    return ((1 - t) * start + t * latents.mu[:ROWS]).astype(np.float32), latents.label[:ROWS]


@cache
def shown(epoch: int) -> Frame:
    """What the map shows after an epoch."""
    mu, labels = codes(epoch)
    classes, whole = tuple(str(c) for c in range(10)), Plane(np.zeros(2, np.float32), np.eye(2, dtype=np.float32))
    return Frame(model(epoch), whole, mu, labels, classes, None, EPOCH_CELLS)


@cache
def file(name: str, epoch: int) -> bytes:
    """What the route answers for one of FILES."""
    return FILES[name](shown(epoch))


FILES = {"figure.json": Frame.figure, "decoder.safetensors": Frame.decoder, "atlas.bin": Frame.atlas}


def frame(request: Request) -> Response:
    """/runs/{run}/{stamp}/{epoch}/{file}."""
    name = request.path_params["file"]
    if name not in FILES or request.path_params["run"] == "gone":
        return PlainTextResponse("There is no such run.", 404)
    return Response(file(name, int(request.path_params["epoch"])), headers={"Cache-Control": "public, max-age=31536000, immutable"})


def set_run(request: Request) -> Response:
    """/set/{run}?ready=5: as if the run had come so far."""
    RUNS[request.path_params["run"]].ready = int(request.query_params["ready"])
    return JSONResponse("ok")


def asset(request: Request) -> Response:
    """As in app.py."""
    from pages.web import assets

    return assets.respond(request)


def healthz(request: Request) -> Response:
    """As in app.py."""
    return JSONResponse("ok")


torch.set_num_threads(1)
app = st.App(
    "timeline_page.py",
    routes=[
        Route("/healthz", healthz),
        Route("/assets/{bundle}/{name:path}", asset),
        Route("/runs/{run}/{stamp}/{epoch}/{file}", frame),
        Route("/set/{run}", set_run),
    ],
)
