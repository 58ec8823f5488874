"""The explorer as an ASGI application: `streamlit run app.py`. Serves the assets, answers /healthz, and warms up before the first visit."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.components.assets import Preload


def healthz(request: Request) -> Response:
    """For whatever watches the server: it answers once the warm-up is over."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


def asset(request: Request) -> Response:
    """/assets/{bundle}/{name}; the module is looked up at each request, so that edited code is picked up."""
    from pages.components import assets

    return assets.respond(request)


def preload_links(path: str, query: str) -> list[str]:
    """What the Explore page will fetch: Plotly and the map's modules always, the default model unless the link names one."""
    from pages.components import latent_map, session

    if path.removeprefix(prefix).strip("/") not in ("", "explore"):
        return []
    links = []
    for name, shared in latent_map.shared_assets().items():
        kind = "preload; as=script" if name == "plotly.min.js" else "modulepreload"
        links.append(f"<{latent_map.address(shared)}>; rel={kind}")
    default = session.default_checkpoint()
    if default in warm and "checkpoint=" not in query:
        links += [f"<{address}>; rel=preload; as=fetch; crossorigin=anonymous" for address in warm[default]]
    return links


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Import what is heavy, open the default model, then freeze: see warm_up."""
    warm_up()
    yield


def warm_up() -> None:
    """Do once, before the first visitor, what every visitor would wait for.

    Streamlit runs a full garbage collection after each script run; frozen objects are not part of it (171 ms -> 0 ms each).
    """
    import pandas  # noqa: F401 (Streamlit imports it at the first widget)
    import plotly.graph_objects  # noqa: F401
    import torch  # noqa: F401

    from core.checkpoints import CheckpointError
    from pages.components import caches, latent_map, session

    for shared in latent_map.shared_assets().values():
        latent_map.address(shared)
        _ = shared.compressed
    name = session.default_checkpoint()
    if name:
        try:
            view = caches.map_view(name)
            files = [file for file in (view.figure, view.decoder) if file is not None]
            warm[name] = [latent_map.address(file) for file in files]
            for file in files:
                _ = file.compressed
        except CheckpointError as error:
            print(f"The model {name} cannot be used. {error}")
    gc.collect()
    gc.freeze()


warm: dict[str, list[str]] = {}  # the default model's addresses, once it is open
base = (st.get_option("server.baseUrlPath") or "").strip("/")
prefix = f"/{base}" if base else ""
app = st.App(
    "pages/main.py",
    lifespan=lifespan,
    middleware=[Middleware(Preload, links=preload_links)],
    routes=[Route(f"{prefix}/healthz", healthz), Route(f"{prefix}/assets/{{bundle}}/{{name}}", asset)],
)
