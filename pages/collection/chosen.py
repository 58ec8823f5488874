"""What the Models page shows of its models: all of them, one, or several beside each other; and what leads from one to another."""

import streamlit as st

from core import checkpoints
from core.checkpoints import CheckpointError, Stamp
from core.models import MODELS
from core.portrait import Entry
from pages.session import caches, state
from pages.session.properties.models import MOST_COMPARED

SHOWN, COMPARED, PICKED = "models_shown", "models_compared", "models_picked"  # in the session


def in_order() -> dict[str, Stamp]:
    """The models by name, with their stamps: those that come with the explorer first, in their order."""
    stamps = checkpoints.stamps()
    return {name: stamps[name] for name in checkpoints.in_order(stamps)}


def entry(name: str, stamp: Stamp) -> Entry:
    """What a list says of a model, also of one whose card cannot be read."""
    try:
        return caches.entry(name, stamp)
    except CheckpointError:
        return Entry(name, name, "", "", "")


def kind_title(kind: str) -> str:
    """A kind of model in words."""
    return MODELS[kind].title if kind in MODELS else "Another kind"


def forget_deleted(available: dict[str, Stamp]) -> str:
    """Leave what is no longer here; the name of the model that was shown alone, and is gone, else ""."""
    session = st.session_state
    for key in (COMPARED, PICKED):
        if key in session:
            session[key] = [name for name in session[key] if name in available]
    shown = session.get(SHOWN)
    if shown is None or shown in available:
        return ""
    del session[SHOWN]
    return str(shown)


def all_models() -> None:
    """Show the gallery."""
    session = st.session_state
    session.pop(SHOWN, None)
    session[PICKED] = session.pop(COMPARED, None) or session.get(PICKED, [])


def one(name: str) -> None:
    """Show this model alone."""
    st.session_state[SHOWN] = name
    st.session_state.pop(COMPARED, None)


def beside(names: list[str]) -> None:
    """Show these beside each other."""
    st.session_state[COMPARED] = names[:MOST_COMPARED]
    st.session_state.pop(SHOWN, None)


def pick(name: str) -> None:
    """The box on a model's card was ticked, or the tick taken away."""
    others = [picked for picked in st.session_state.get(PICKED, []) if picked != name]
    st.session_state[PICKED] = [*others, name] if st.session_state[f"pick-{name}"] else others


def back() -> None:
    """The button that leads to the gallery."""
    st.button("All models", icon=":material/arrow_back:", on_click=all_models)


def open_in_compare(names: list[str]) -> None:
    """The button that shows two models as live maps with one cursor; nothing where there are not two."""
    if len(names) == 2 and st.button("Open live in Compare", icon=":material/balance:", key="open-in-compare"):
        st.session_state.update(models_pair=list(names), compare_mode="models")
        st.session_state.pop("models_z", None)  # of another pair
        st.switch_page("compare.py")


def open_in_explore(name: str, key: str, label: str = "Open in Explore", primary: bool = False) -> None:
    """The button that shows the model's live map."""
    if st.button(label, icon=":material/scatter_plot:", key=key, type="primary" if primary else "secondary"):
        state.choose(name)
        st.switch_page("explore.py")
