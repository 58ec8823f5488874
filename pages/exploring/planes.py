"""Which plane of larger codes Explore's map shows: that of the two directions along which they differ most, or any two of their numbers."""

from dataclasses import replace

import numpy as np
import streamlit as st

from core import latent
from core.checkpoints import Checkpoint
from core.frame import Frame
from core.rest import through, values
from core.words import subscript
from pages.session import caches
from pages.session.caches import MapView
from pages.session.properties.explore import OF_THE_IMAGE, rest_key

PRINCIPAL, OWN = "principal", "own"
TITLES = {PRINCIPAL: "Most variance (PCA)", OWN: "Two numbers"}
HELP = (
    "A map has room for two of a code's numbers. The usual plane lies along the two directions in which the codes differ most "
    "(principal component analysis); or choose any two of the numbers themselves."
)
PLANE, ACROSS, UP = "plane_choice", "plane_across", "plane_up"  # the widgets' keys; `plane-NAME` outlives them


def choose(checkpoint: Checkpoint, label: int | None) -> tuple[int, int] | None:
    """The selectors, where codes have more than two numbers; what they say: the map's axes, from 0, None: the usual plane."""
    if checkpoint.model.config.latent_dim <= 2:
        return None
    state, shown = st.session_state, shown_of(checkpoint)
    given = checkpoint, label
    state[PLANE] = OWN if shown else PRINCIPAL
    st.selectbox(
        "Plane", list(TITLES), key=PLANE, format_func=TITLES.__getitem__, on_change=change, args=given, help=HELP, width=280,
        filter_mode=None,
    )  # fmt: skip
    if shown:
        axis_of(ACROSS, "To the right", "→", shown[0], shown[1], given)
        axis_of(UP, "Upwards", "↑", shown[1], shown[0], given)
    return shown


def axis_of(key: str, title: str, sign: str, axis: int, other: int, given: tuple[Checkpoint, int | None]) -> None:
    """The selector of one axis: any number of the code but the other axis."""
    told = caches.told_by_each(given[0].name)
    st.session_state[key] = axis
    st.selectbox(
        title, [i for i in range(told.count) if i != other], key=key, label_visibility="collapsed", width=140, filter_mode=None,
        format_func=lambda i: f"{sign} z{subscript(i + 1)}{'' if told.used[i] else ' (unused)'}", on_change=change, args=given,
    )  # fmt: skip


def shown_of(checkpoint: Checkpoint) -> tuple[int, int] | None:
    """What the session has of a model."""
    shown: tuple[int, int] | None = st.session_state.get(f"plane-{checkpoint.name}")
    return shown


def change(checkpoint: Checkpoint, label: int | None) -> None:
    """Somebody has chosen another plane: it is the session's, and the kept point comes along."""
    state, before = st.session_state, shown_of(checkpoint)
    first, second, *_ = caches.told_by_each(checkpoint.name).order.tolist()
    shown = (state.get(ACROSS, first), state.get(UP, second)) if state[PLANE] == OWN else None
    if shown == before:
        return
    keys = [rest_key({"checkpoint": checkpoint.name, "plane": axes}) for axes in (before, shown)]
    state[f"plane-{checkpoint.name}"], old = shown, state.get(keys[0])
    state.pop(keys[1], None)
    if old == OF_THE_IMAGE:  # the map goes through the kept image's code, on any plane
        state[keys[1]] = old
    if state.point is not None:
        state.point = moved(checkpoint, state.point, *(caches.map_view(checkpoint.name, label, axes).frame for axes in (before, shown)))


def as_set(view: MapView, word: str, point: tuple[float, float] | None) -> MapView:
    """The same with its frame's plane where the sliders have it: `word` as the link has that, see properties.explore.read_rest. The files
    for the browser, which moves the plane by itself, are those of the plane as it lies without."""
    frame, rest, codes = view.frame, view.rest, view.checkpoint.latents.mu
    if rest is None or not word:
        return view
    if word == OF_THE_IMAGE:
        _, row = (None, None) if point is None else latent.code_at(frame.plane, codes, frame.points, point)
        if row is None:
            return view
        at = values(rest, frame.plane, codes[[row]])[0]
    else:
        at = np.array([home if part == "" else float(part) for part, home in zip(word.split(","), rest.home, strict=True)])
    plane = through(rest, frame.plane, at)
    return replace(view, frame=replace(frame, plane=plane, folded=plane))


def kept_code(view: MapView, word: str, point: tuple[float, float]) -> np.ndarray:
    """The code (D,) that a kept point stands for: a dot's own, unless the sliders have moved the plane away from it."""
    if word and word != OF_THE_IMAGE:
        return as_set(view, word, point).frame.plane.codes(np.array([point]))[0]
    return latent.code_at(view.frame.plane, view.checkpoint.latents.mu, view.frame.points, point)[0]


def moved(checkpoint: Checkpoint, point: tuple[float, float], before: Frame, after: Frame) -> tuple[float, float]:
    """Where the code that a point stands for on one map lies on another: of a dot its own code."""
    code, row = latent.code_at(before.plane, checkpoint.latents.mu, before.points, point)
    z1, z2 = (after.plane.feet(code[None])[0] if row is None else after.points[row]).tolist()
    return round(z1, 4), round(z2, 4)
