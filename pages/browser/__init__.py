"""What runs in the browser: one bundle of ES modules, one stylesheet, one component that mounts any part of it.

`map/` and `tools/` have the Python that mounts their parts. The modules are served as files that import each other; Streamlit itself
gets a loader.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from plotly.offline import get_plotlyjs

from pages.web.assets import Asset, digest, prefix, publish

FOLDER = Path(__file__).parent

# Several lines, because a single one could be taken for a file's path.
LOADER = """
export default async function (component) {
  const { mount } = await import(new URL(component.data.module, location.origin).href);
  return mount(component);
}
"""


@cache
def shared_assets() -> dict[str, Asset]:
    """The bundle's modules in one folder, by their path in it, and plotly.min.js as the plotly package ships it."""
    sources = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in sorted(FOLDER.rglob("*.js"))}
    bundle = digest(b"\0".join(sources.values()))
    modules = {name: Asset(name, content, bundle) for name, content in sources.items()}
    return modules | {"plotly.min.js": Asset("plotly.min.js", get_plotlyjs().encode())}


def address(asset: Asset) -> str:
    """Where the browser finds an asset, from the server's root; publishes it."""
    return f"{prefix()}/{publish(asset)}"


@cache
def _component() -> Callable[..., Any]:
    css = "\n".join(path.read_text(encoding="utf-8") for path in (FOLDER / "style.css", *sorted(FOLDER.glob("*/*.css"))))
    return st.components.v2.component("live", css=css, html='<div class="live"></div>', js=LOADER, isolate_styles=False)


def mount(part: str, key: str, data: dict[str, Any], width: str = "stretch", **callbacks: Callable[[], None]) -> None:
    """Mount a part of the bundle (a name in mount.js) with what it needs to know; the callbacks are Streamlit's on_..._change."""
    files = {name: address(asset) for name, asset in shared_assets().items()}  # all: they import each other
    known = {"part": part, "module": files["mount.js"], "plotly": files["plotly.min.js"]}
    _hear(key, _component()(key=key, data=known | data, width=width, **callbacks), callbacks)


def outlast_the_server() -> None:
    """Mount, on every page, what has it run anew once the server is back, whose session knows nothing of it: again.js. It shows nothing."""
    mount("again", "again", {}, on_again_change=nothing)


def nothing() -> None:
    """For what the browser says and nobody hears."""


def _hear(key: str, said: Mapping[str, Any], callbacks: Mapping[str, Callable[[], None]]) -> None:
    """In a session that is new to an open page (the server was started again, or had forgotten the visitor), a part's first words are what
    it said to the one before, and Streamlit calls nobody for them: `heed` does, at the run that begins now."""
    state = st.session_state
    known: set[str] = state.setdefault("parts", set())
    if key in known:
        return
    known.add(key)
    unheard = [
        hear
        for name, hear in callbacks.items()
        if hear is not nothing and said.get(name.removeprefix("on_").removesuffix("_change")) is not None
    ]
    if unheard:
        state.unheard = unheard
        st.rerun()


def heed() -> None:
    """Call who is to hear of what parts have said, where Streamlit did not."""
    for hear in st.session_state.pop("unheard", ()):
        hear()
