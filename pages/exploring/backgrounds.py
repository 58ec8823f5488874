"""The background of Explore's map: one at a time, chosen beside the layers; for this model, those that are true of it."""

from typing import Any

import streamlit as st

from pages.exploring import fields
from pages.session.caches import MapView
from pages.session.properties.explore import NO_BACKGROUND

CHOICE = "background_choice"  # the widget's key; `background` outlives a model that has no such background


def choose(view: MapView) -> dict[str, Any] | None:
    """The selector, and what the map has to know of the chosen background."""
    state = st.session_state
    wanted = state.setdefault("background", NO_BACKGROUND)
    missing = {field: why for field in fields.WORDS if (why := fields.why_not(view.checkpoint, field))}
    shown = NO_BACKGROUND if wanted in missing else wanted
    state[CHOICE] = shown
    st.selectbox(
        "Background", [NO_BACKGROUND, *(field for field in fields.WORDS if field not in missing)], key=CHOICE, on_change=keep,
        format_func=lambda field: "None" if field == NO_BACKGROUND else fields.WORDS[field].title, help=about(missing), width=330,
        filter_mode=None,  # six are read at a glance, and a phone's keyboard would lie over the map
    )  # fmt: skip
    if wanted in missing:
        st.caption(f"*{fields.WORDS[wanted].title}* is not for this model: {missing[wanted]}")
    return fields.told(view, shown)


def keep() -> None:
    """Somebody has chosen a background."""
    st.session_state.background = st.session_state[CHOICE]


def about(missing: dict[str, str]) -> str:
    """What the selector is for, and what it does not offer."""
    reasons = [f"\n\n*{fields.WORDS[field].title}* is not for this model: {why}" for field, why in missing.items()]
    return "What to lay under the dots, computed for the whole map." + "".join(reasons)
