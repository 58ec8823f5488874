"""What is switched above two maps: their layers, and the class that a conditional model draws; and whether both can be spread evenly."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.models.conditional_vae import NOT_TOLD
from pages.browser.map import LAYERS
from pages.session import link
from pages.session.words import UNTOLD

DRAW_WIDTH_PX = 190


def layers(key: str) -> list[str]:
    """The layers of both maps."""
    return st.pills(
        "Layers", list(LAYERS), selection_mode="multi", default=["points", "names"], format_func=LAYERS.__getitem__, key=key,
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip


def draw_as(whose: str, classes: Sequence[str], usual: int, key: str) -> int | None:
    """Which class a conditional model is told, None where it is told none; of another model, which has no classes to be told, None."""
    if not classes:
        return None
    st.session_state.setdefault(key, usual)
    label = st.selectbox(
        link.plain(f"{whose}: draw as"), [*range(len(classes)), NOT_TOLD],
        format_func=lambda label: f"Draw as {UNTOLD if label == NOT_TOLD else classes[label]}",
        key=key, persist_state="session", label_visibility="collapsed", width=DRAW_WIDTH_PX,
    )  # fmt: skip
    return None if label == NOT_TOLD else label


def spread(why_not: Mapping[str, str]) -> bool | str:
    """Whether maps can be spread evenly together, so that they are still beside each other; which of them cannot, and why. `why_not`: by
    their titles, "" where one can."""
    return next((f"{link.plain(title)}: {why}" for title, why in why_not.items() if why), True)
