"""The view in the URL: which checkpoint, which point, which layers. Opening the link shows the same view."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.latent import Z_LIMIT
from pages.browser.map import LAYERS
from pages.web import errors

PARAMETERS = ("checkpoint", "z", "layers")  # of the Explore page's address
DEFAULT_LAYERS = ("points", "names")


@dataclass(frozen=True)
class Link:
    """What a URL asks for. `point_given`: it names a point, or (z None) says that none is kept."""

    checkpoint: str | None = None
    z: tuple[float, float] | None = None
    point_given: bool = False
    layers: tuple[str, ...] = DEFAULT_LAYERS
    problems: tuple[str, ...] = ()


def parse(query: Mapping[str, str]) -> Link:
    """Read a query string's values; what cannot be used becomes a sentence in `problems` and its default."""
    problems = []
    z, point_given = None, False
    if "z" in query:
        try:
            z, point_given = parse_point(query["z"]), True
        except ValueError as error:
            problems.append(f"{errors.words(error)} Showing the starting point instead.")
    layers: tuple[str, ...] = DEFAULT_LAYERS
    if "layers" in query:
        wanted = [layer for layer in query["layers"].split(",") if layer]
        layers = tuple(layer for layer in LAYERS if layer in wanted)
        if unknown := [quote(layer) for layer in wanted if layer not in LAYERS]:
            instead = "They are left out." if layers else "Showing the usual ones instead."
            problems.append(f"The link asks for layers that do not exist: {', '.join(unknown[:5])}. {instead}")
            layers = layers or DEFAULT_LAYERS
    return Link(query.get("checkpoint"), z, point_given, layers, tuple(problems))


def parse_point(text: str) -> tuple[float, float] | None:
    """ "0.5,-1.2" -> (0.5, -1.2); "" -> None; ValueError with a sentence for anything else."""
    if not text:
        return None
    shown = quote(text)
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != 2:
        raise ValueError(f"The link asks for the point {shown}, which is not two numbers with a comma between them.")
    if not all(math.isfinite(v) and abs(v) <= Z_LIMIT for v in values):
        raise ValueError(f"The link asks for the point {shown}; each coordinate must be from {-Z_LIMIT:g} to {Z_LIMIT:g}.")
    return values[0], values[1]


def check_pick(pick: object) -> tuple[tuple[float, float] | None, int] | None:
    """A commit as the browser sent it -> (the point or None, its number), or None when it makes no sense."""
    if not isinstance(pick, Mapping):
        return None
    z, number = pick.get("z"), pick.get("commit")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**53:
        return None
    if z is None:
        return None, number
    if not isinstance(z, Sequence) or len(z) != 2 or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in z):
        return None
    if not all(math.isfinite(v) and abs(v) <= Z_LIMIT for v in z):
        return None
    return (float(z[0]), float(z[1])), number


def write(checkpoint: str, z: tuple[float, float] | None, point_given: bool, layers: Sequence[str]) -> None:
    """Put the view into the browser's address bar."""
    query = {"checkpoint": checkpoint}
    if point_given:
        query["z"] = "" if z is None else ",".join(f"{v:.4f}".rstrip("0").rstrip(".") for v in z)
    if tuple(layers) != DEFAULT_LAYERS:
        query["layers"] = ",".join(layers)
    st.session_state.query = query
    if dict(st.query_params) != query:
        st.query_params.from_dict(query)


def quote(text: str) -> str:
    """A stranger's words inside a message: short, and as code, so that no Markdown in them comes to life."""
    short = text if len(text) <= 40 else f"{text[:40]}…"
    return f"`{''.join(c for c in short if c.isprintable() and c != '`') or ' '}`"


def plain(message: str) -> str:
    """A message that may repeat a stranger's words, without links, images, formulas or HTML, and without paths of this server."""
    return re.sub(r"([\\\[\]<>$`*_])", r"\\\1", errors.words(message)).replace("://", ":\u200b//").replace("www.", "www\u200b.")
