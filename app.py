"""The explorer as an ASGI application: `streamlit run app.py`. Serves the assets, answers /healthz, and warms up before the first visit."""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from pages.web.guard import Guard
from pages.web.identity import Identity
from pages.web.to_download import keep_while_running
from pages.web.uploads import Uploads, forgetting

COLLECT_S = 60.0
WAITING = anyio.CapacityLimiter(8)  # requests with a thread of the 40, of those that wait for others' work
TURN_S = 30.0  # that another one waits, without a thread; who may have left by then is not worked for


def healthz(request: Request) -> Response:
    """For whatever watches the server: it answers once the warm-up is over."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


def asset(request: Request) -> Response:
    """/assets/{bundle}/{name}; the module is looked up at each request, so that edited code is picked up."""
    from pages.web import assets

    return assets.respond(request)


def frame(request: Request) -> Response:
    """/runs/{run}/{stamp}/{epoch}/{file}: an epoch of a training run."""
    from pages.web import epochs

    return epochs.respond(request)


def point(request: Request) -> Response:
    """/points/{name} and /points/{name}/{plane}: what the server decodes of a point, where the browser cannot."""
    from pages.exploring import points

    return points.respond(request)


def refined(request: Request) -> Response:
    """/refined/{name}: a test image's best code, where the browser cannot find it."""
    from pages.exploring import refined

    return refined.respond(request)


def field(request: Request) -> Response:
    """/fields/{name}/{stamp}/{field}: a background of a model's map."""
    from pages.exploring import fields

    return fields.respond(request)


def found(request: Request) -> Response:
    """/found/{name}: test images that are worth looking at."""
    from pages.exploring import found

    return found.respond(request)


def training_code(request: Request) -> Response:
    """/training-codes/{name}/{stamp}: the codes of a model's training images, on its map."""
    from pages.exploring import training_codes

    return training_codes.respond(request)


def patient(respond: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    """A route whose work may have to wait for others': in a few of the threads, so that whoever waits there keeps nobody else waiting."""

    async def answer(request: Request) -> Response:
        who = object()
        try:
            with anyio.fail_after(TURN_S):
                await WAITING.acquire_on_behalf_of(who)
        except TimeoutError:
            return PlainTextResponse("The server is busy with other maps.", 503, {"Retry-After": "3", "Cache-Control": "no-store"})
        try:
            return await anyio.to_thread.run_sync(respond, request)
        finally:
            WAITING.release_on_behalf_of(who)

    return answer


async def api(scope: Scope, receive: Receive, send: Send) -> None:
    """/api/...: the HTTP interface, an ASGI application of its own."""
    from pages.web.api.routes import app

    await app(scope, receive, send)


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Import what is heavy, open the default model, then freeze: see warm_up."""
    warm_up()
    keep_while_running()
    async with forgetting(), collecting():
        yield


@asynccontextmanager
async def collecting() -> AsyncIterator[None]:
    """While the server runs: what only refers to itself is freed once a minute."""

    async def collect() -> None:
        while True:
            await anyio.sleep(COLLECT_S)
            gc.collect()

    async with anyio.create_task_group() as group:
        group.start_soon(collect)
        yield
        group.cancel_scope.cancel()


def warm_up() -> None:
    """Do once, before the first visitor, what every visitor would wait for.

    Frozen objects are no part of the garbage collections to come.
    """
    import pandas  # noqa: F401 (Streamlit imports it at the first widget)
    import plotly.graph_objects  # noqa: F401
    import sklearn.decomposition  # noqa: F401 (the Reconstruct page's PCA)
    import torch

    from pages import browser
    from pages.exploring import readout
    from pages.session import caches
    from pages.session.properties.shared import default_checkpoint
    from pages.web.api import routes  # noqa: F401

    # What a page computes is small: a second thread costs more than it brings, and much more when several people click at once.
    torch.set_num_threads(1)
    for shared in browser.shared_assets().values():
        browser.address(shared)
        _ = shared.compressed
    name = default_checkpoint()
    if name:
        try:
            view = caches.map_view(name)
            images, _ = readout.test_images(view.checkpoint)
            for file in (view.figure, view.decoder, view.codes, images):
                if file is not None:
                    browser.address(file)
                    _ = file.compressed
        except Exception as error:  # whatever is wrong with a model, the server starts, and the page says what it is
            print(f"The model {name} could not be opened in advance. {error}")
    gc.collect()
    gc.freeze()


base = (st.get_option("server.baseUrlPath") or "").strip("/")
prefix = f"/{base}" if base else ""
app = st.App(
    "pages/main.py",
    lifespan=lifespan,
    middleware=[Middleware(Guard), Middleware(Identity, path=f"{prefix}/"), Middleware(Uploads)],
    routes=[
        Route(f"{prefix}/healthz", healthz),
        Route(f"{prefix}/assets/{{bundle}}/{{name:path}}", asset),
        Route(f"{prefix}/runs/{{run}}/{{stamp}}/{{epoch}}/{{file}}", frame),
        Route(f"{prefix}/points/{{name}}", point),
        Route(f"{prefix}/points/{{name}}/{{plane}}", point),
        Route(f"{prefix}/refined/{{name}}", patient(refined)),
        Route(f"{prefix}/fields/{{name}}/{{stamp}}/{{field}}", patient(field)),
        Route(f"{prefix}/found/{{name}}", patient(found)),
        Route(f"{prefix}/training-codes/{{name}}/{{stamp}}", training_code),
        Mount(f"{prefix}/api", api),
    ],
)
