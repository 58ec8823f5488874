"""What was asked and could not be done: it is said until it is read, however often the page is drawn meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from pages.session import link

KEY = "refusals"


@contextmanager
def kept(place: str, error: type[Exception]) -> Iterator[None]:
    """Do what was asked; an error of that type becomes the sentence that `show` shows at this place, and success takes it away."""
    read(place)
    try:
        yield
    except error as problem:
        say(place, link.plain(str(problem)))


def say(place: str, problem: str) -> None:
    """Show this sentence, Markdown, at that place from now on."""
    st.session_state.setdefault(KEY, {})[place] = problem


def read(place: str) -> None:
    """It was read."""
    st.session_state.setdefault(KEY, {}).pop(place, None)


def show(place: str) -> None:
    """What was refused here and not yet read, with a button that takes it away."""
    problem = st.session_state.get(KEY, {}).get(place)
    if not problem:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.error(problem, icon=":material/error:", width="stretch")
        st.button("OK", key=f"read-{place}", on_click=read, args=(place,))
