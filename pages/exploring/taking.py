"""What Explore offers to take along: the page itself, the map as a picture, the decoded grid, the codes."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from core import figures, latent, map_picture, portrait, sheets
from core.map_picture import MapPicture
from core.portrait import LEAST_SIGMAS, ROOM, Window, window_of
from core.sheets import Sheet
from pages.exploring import saved
from pages.session import take_along, words
from pages.session.caches import MapView
from pages.session.take_along import File

SAVED_WORDS = "One file that works without the network: map, decoder, layers and sliders."
POSTER_CELLS = 22  # a side: on A3 an image's pixel is then five dots wide


def offer(view: MapView, facts: dict[str, Any], look: Sequence[str], background: dict[str, Any] | None) -> None:
    """The button. `facts`: the panel's; `look`: zoom and legend as the link has them, and what else of the map."""
    checkpoint, frame = view.checkpoint, view.frame
    kept, layers = st.session_state.point, list(st.session_state.layers)
    labels = checkpoint.latents.label

    def picture() -> MapPicture:
        return map_of(view, layers, look)

    files = [
        File("Save this page (HTML)", ".html", "text/html", lambda: saved.page(view, facts, kept, layers, look, background), SAVED_WORDS),
        File("Map as a drawing (SVG)", "-map.svg", "image/svg+xml", lambda: map_picture.svg(picture())),
        File("Map as a picture (PNG)", "-map.png", "image/png", lambda: map_picture.png(picture())),
    ]
    if not checkpoint.model.conditional and checkpoint.model.config.latent_dim > 1:
        make = partial(_poster, view)
        files.append(File("Poster of the decoded grid (A3, PNG)", "-poster.png", "image/png", make))
    take_along.offer(
        "explore", checkpoint.name, lambda: take_along.grid_of(portrait.portrait_of(checkpoint)), sheet_words="Some of the decoded grid:",
        columns=lambda: {
            "image": range(len(labels)), "class": [figures.class_name(frame.classes, label) for label in labels.tolist()],
            "z": checkpoint.latents.mu,
        },
        files=files,
    )  # fmt: skip


def _poster(view: MapView) -> bytes:
    return sheets.printed(poster(view), "A3")


def map_of(view: MapView, layers: Sequence[str], look: Sequence[str]) -> MapPicture:
    """The map as a picture, with these layers and legend; zoomed as on the page, where that is not spread evenly."""
    checkpoint = view.checkpoint
    zoom, lit, spread, *_, rest = look
    if spread:  # its zoom is in percentiles, and the picture has the codes' own numbers
        zoom = ""
    note = take_along.described(checkpoint.name, checkpoint.model, checkpoint.dataset_name) + axes_of(view, rest)
    classes = [int(label) for label in lit.split(",") if label]
    title, credit = words.title_of(checkpoint.name), take_along.credit_of(checkpoint.dataset_name)
    return MapPicture(view.frame, window(view, zoom), layers, classes, title, note, credit)


def axes_of(view: MapView, rest: str) -> str:
    """What else to know of a picture of larger codes: which of their numbers are the axes, and whether the plane was moved."""
    shown = view.frame.shown
    named = f" Its axes are z{shown[0] + 1} and z{shown[1] + 1}." if shown else ""
    return named + " The plane goes through a code that was chosen on the page." * bool(rest)


def window(view: MapView, zoom: str = "") -> Window:
    """The square of the map that is shown: in the words of the link all of it, or the middle and the width; else most of the codes."""
    points, rings = view.frame.points, latent.has_rings(view.checkpoint.model)
    if zoom.count(",") == 2:
        x, y, across = map(float, zoom.split(","))
        return Window(x, y, across / 2)
    if zoom == "all":
        low, high = points.min(0), points.max(0)
        x, y = ((low + high) / 2).tolist()
        return Window(x, y, max(ROOM * float((high - low).max()) / 2, LEAST_SIGMAS))
    return window_of(points, LEAST_SIGMAS if rings else 0.0)


def poster(view: MapView) -> Sheet:
    """The decoded grid over most of the codes as a single picture, for a wall."""
    checkpoint, frame, seen = view.checkpoint, view.frame, window(view)
    low, high = seen.corners(POSTER_CELLS)
    whole = latent.manifold_grid(frame.model, low, high, POSTER_CELLS, frame.plane)
    axes = ("left to right", "bottom to top")
    spans = [f"{axis} from {first:.2f} to {last:.2f}" for axis, first, last in zip(axes, low, high, strict=True)]
    how = f"{POSTER_CELLS} by {POSTER_CELLS} codes, evenly spaced over the map, decoded: {', '.join(spans)}."
    return take_along.sheet_of(checkpoint, words.title_of(checkpoint.name), np.asarray([whole]), 1, notes=(how,))
