"""Which models the gallery shows: by data set, by kind, by words."""

from collections.abc import Iterable

import streamlit as st

from core.data.datasets import DATASETS
from core.models import MODELS
from core.portrait import Entry
from pages.collection import chosen
from pages.session.properties.models import MAX_SEARCH, OTHER


def show(entries: list[Entry]) -> list[Entry]:
    """The choices, and the entries that fit them."""
    with st.container(key="model-filters", horizontal=True, vertical_alignment="top"):
        words = st.text_input(
            "Search", max_chars=MAX_SEARCH, key="models_search", persist_state="session", placeholder="a name, a word …", width=240
        )
        data = _choice("Data set", (e.dataset for e in entries), DATASETS, dataset_name, "models_data")
        kinds = _choice("Kind", (e.kind for e in entries), MODELS, chosen.kind_title, "models_kinds")
    return [e for e in entries if fits(e, words or "", data, kinds)]


def fits(entry: Entry, words: str, data: list[str], kinds: list[str]) -> bool:
    """Whether all the words are somewhere in the entry, and data set and kind are among those chosen; none chosen: any."""
    text = " ".join([entry.name, entry.title, entry.description, chosen.kind_title(entry.kind), dataset_name(entry.dataset)]).casefold()
    return (
        all(word in text for word in words.casefold().split())
        and (not data or (entry.dataset or OTHER) in data)
        and (not kinds or (entry.kind or OTHER) in kinds)
    )


def _choice(label: str, there: Iterable[str], known: Iterable[str], title, key: str) -> list[str]:
    """Those that there are, and those that are chosen though there are none, as a link may wish."""
    wanted = {name or OTHER for name in there} | set(st.session_state.get(key) or [])
    options = [name for name in (*known, OTHER) if name in wanted]
    return st.pills(label, options, selection_mode="multi", format_func=title, key=key, persist_state="session")


def dataset_name(name: str) -> str:
    """A data set in words."""
    return DATASETS[name].name if name in DATASETS else "Another data set"


def nothing_fits() -> None:
    """What to do where no model fits."""
    st.info("No model fits these filters.", icon=":material/filter_alt_off:")
    st.button("Show all models", on_click=clear)


def clear() -> None:
    """Take all filters away."""
    st.session_state.update(models_data=[], models_kinds=[], models_search="")
