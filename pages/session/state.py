"""What one visitor looks at, in st.session_state: checkpoint, point, point_given, commit, layers and query. It begins with the URL."""

import streamlit as st

from core import checkpoints
from pages.session import link

DEFAULT = "vae-mnist-2d"
LAYER_PILLS = {True: "layer_pills", False: "layer_pills_without_rings"}  # the widget's key, by whether the model has rings to show


def default_checkpoint() -> str | None:
    """The shipped checkpoint, else the first there is, else None."""
    names = checkpoints.available()
    return DEFAULT if DEFAULT in names else next(iter(names), None)


def begin() -> None:
    """What the URL asked for becomes this session's view, the first time, and when Back or an edited
    address asks for another; what it asked for in vain, `link_problems`."""
    _leave_deleted()
    begun, query = "point" in st.session_state, {name: st.query_params[name] for name in link.PARAMETERS if name in st.query_params}
    if begun and query in ({}, st.session_state.get("query")):  # another page's link drops the query; this session wrote the other
        return
    asked = link.parse(st.query_params)
    problems = list(asked.problems)
    names, default = checkpoints.available(), default_checkpoint()
    if asked.checkpoint is not None and asked.checkpoint not in names:
        shown = link.quote(asked.checkpoint)
        problems.append(f"The link asks for the model {shown}, which is not here. Showing {default} instead." if default else "")
    st.session_state.update(
        checkpoint=asked.checkpoint if asked.checkpoint in names else default,
        layers=list(asked.layers),
        point=asked.z,
        point_given=asked.point_given,
        commit=st.session_state.get("commit", 0),  # the browser takes no answer older than its last commit
        query=query,
    )
    for pills in LAYER_PILLS.values():
        st.session_state.pop(pills, None)  # they begin again with these layers
    st.session_state.link_problems = [problem for problem in problems if problem]


def _leave_deleted() -> None:
    """A model that was deleted, here or by somebody else, gives way to the default; `gone` says which it was."""
    name = st.session_state.get("checkpoint")
    if name is not None and name not in checkpoints.available():
        choose(default_checkpoint())
        st.session_state.gone = name


def index_of(names: list[str]) -> int | None:
    """The present checkpoint's place among these names."""
    chosen = st.session_state.get("checkpoint")
    return names.index(chosen) if chosen in names else None


def choose(name: str | None) -> None:
    """Look at this checkpoint from now on, from its starting point."""
    st.session_state.update(checkpoint=name, point=None, point_given=False)
