"""The page of tests/timeline_app.py: /?run=NAME&ready=EPOCHS&every=N&auto=SECONDS&atlas=1&outlier=1."""

import sys

import streamlit as st

from pages.browser.map import LAYERS, run_map
from pages.session import link

home = next(module for name, module in sys.modules.items() if name.endswith("timeline_app"))
state, query = st.session_state, st.query_params
state.setdefault("point", (0.5, 1.5))
state.setdefault("number", 0)

st.set_page_config(layout="wide")


def keep() -> None:
    """The browser committed a point."""
    checked = link.check_pick(state["map"].pick)
    if checked:
        state.point, state.number = checked


@st.fragment(run_every=0.5)
def watch() -> None:
    """Layers and map, again and again."""
    name = st.text_input("Run", query.get("run", "a"), label_visibility="collapsed")
    if name not in home.RUNS:
        given = {key: int(query.get(key, usual)) for key, usual in [("ready", 0), ("every", 1), ("auto", 0), ("atlas", 0), ("outlier", 0)]}
        home.RUNS[name] = home.Run(**given)
    layers = st.pills("Layers", list(LAYERS), selection_mode="multi", default=["points", "names"], format_func=LAYERS.__getitem__)
    description = f"Latent map: {home.ROWS:,} test codes."
    timeline = home.RUNS[name].timeline(name)
    run_map(timeline, name, home.BOUND, description, (state.point, state.number), layers, 2, "", keep, "map")
    st.text(f"kept {state.point}")


st.title("A run", anchor=False)
watch()
