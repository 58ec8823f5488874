"""What Explore offers to take along: the page itself, the map as a picture, the decoded grid, the codes."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.map_png import png
from core.map_svg import svg
from core.sheets import printed
from pages.browser.map import view_name
from pages.exploring import code_table, marked, saved
from pages.exploring.picturing import Shown, grid, map_of, poster
from pages.session import take_along
from pages.session.caches import MapView
from pages.session.take_along import File

SAVED_WORDS = "One file that works without the network: map, decoder, encoder, layers and sliders."
MAP_WORDS = (
    "As it stands: axes, zoom, layers, background, classes, shapes, the kept point, and what an open tool has marked. "
    "A drawing stays sharp at any size."
)


def offer(view: MapView, facts: dict[str, Any], look: Sequence[str], background: dict[str, Any] | None, said: Any = None) -> None:
    """The button. `facts`: the panel's; `look`: zoom and legend as the link has them, and what else of the map; `said`: what the page says
    of an open tool's marks."""
    checkpoint = view.checkpoint
    kept, layers = st.session_state.point, list(st.session_state.layers)
    shown = Shown(view, layers, look, kept, background, marked.read(said, view, view_name(view)))
    files = [
        File("Save this page (HTML)", ".html", "text/html", lambda: saved.page(view, facts, kept, layers, look, background), SAVED_WORDS),
        File("Map as a drawing (SVG)", "-map.svg", "image/svg+xml", lambda: svg(map_of(shown))),
        File("Map as a picture (PNG)", "-map.png", "image/png", lambda: png(map_of(shown)), MAP_WORDS),
    ]
    if checkpoint.model.config.latent_dim > 1:
        files.append(File("Poster of the decoded grid (A3, PNG)", "-poster.png", "image/png", lambda: printed(poster(shown), "A3")))
    take_along.offer(
        "explore", checkpoint.name, partial(grid, shown), sheet_words="The decoded grid with fewer images:",
        columns=partial(code_table.columns, checkpoint), table_title="Table of all codes (CSV)", table_words=code_table.words(checkpoint),
        files=files, endings=("-grid", "-codes"),
    )  # fmt: skip
