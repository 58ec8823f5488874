"""What one switch turns on all maps of Compare, or of Train (Explore's is part of a look): what the session has and the browser says."""

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from pages.browser.map import Switched
from pages.session import link
from pages.session.properties.shared import SHAPES, SPREAD

SWITCHES = {"shapes": SHAPES, "spread": SPREAD}  # as the browser calls them


def said() -> Switched:
    """Whether each is on, in the words of an address, and the number that it came with from the browser (0: from Python)."""
    state = st.session_state
    return {name: ("1" * bool(state.get(str(entry.key))), state.get(_number(name), 0)) for name, entry in SWITCHES.items()}


def hears(key: str) -> Mapping[str, Callable[[], None]]:
    """What is called when somebody turns one on a map that is mounted under that key, by their names."""
    return {name: partial(_keep, key, name) for name in SWITCHES}


def _keep(key: str, name: str) -> None:
    checked = link.check_said(st.session_state[key].get(name))
    if checked is not None:
        word, st.session_state[_number(name)] = checked
        st.session_state[str(SWITCHES[name].key)] = word == "1"


def _number(name: str) -> str:
    return f"{name}_number"
