"""Shapes beside colours, on the maps of Compare and Train (Explore's are part of its look): what the session has, what the browser says."""

from collections.abc import Callable

import streamlit as st

from pages.session import link
from pages.session.properties.shared import SHAPES

KEY, NUMBER = str(SHAPES.key), "shapes_number"


def said() -> tuple[str, int]:
    """Whether they are shown, in the words of an address, and the number that it came with from the browser (0: from Python)."""
    return "1" * bool(st.session_state.get(KEY)), st.session_state.get(NUMBER, 0)


def hears(key: str) -> Callable[[], None]:
    """What is called when somebody switches them on a map that is mounted under that key."""

    def keep() -> None:
        checked = link.check_said(st.session_state[key].shapes)
        if checked is not None:
            word, st.session_state[NUMBER] = checked
            st.session_state[KEY] = word == "1"

    return keep
