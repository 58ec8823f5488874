"""A test image of a data set, by its class and number."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from core.data import datasets
from core.data.datasets import DATASETS, DatasetError, on_disk
from pages.images.picked import WIDTH_PX, Picked, another
from pages.session import caches, downloads, link
from pages.session.properties.shared import NO_FIRST, first_dataset, first_number


def choose(key: str, wanted: str, first: Mapping[str, int] = NO_FIRST) -> Picked | None:
    """Data set, class and number. wanted: the data set that is shown first, where it is here; first: see first_number."""
    names = list(DATASETS)
    dataset = st.selectbox(
        "Data set", names, index=names.index(first_dataset(wanted)), format_func=lambda name: DATASETS[name].title, key=f"{key}_dataset",
        persist_state="session",
    )  # fmt: skip
    st.caption(DATASETS[dataset].credit)
    if not on_disk(dataset, "test"):
        st.info(f"**{DATASETS[dataset].name} is not on this machine.** Download it, or choose another.", icon=":material/database:")
        downloads.offer(dataset)
        return None
    try:
        split = caches.test_split(dataset)
    except DatasetError as error:
        st.error(link.plain(str(error)), icon=":material/error:")
        return None
    classes = DATASETS[dataset].classes
    with st.container(horizontal=True, vertical_alignment="bottom"):
        only = st.selectbox(
            "Class", range(len(classes)), index=None, format_func=classes.__getitem__, placeholder="any", key=f"{key}_class-{dataset}",
            persist_state="session", width=WIDTH_PX,
        )  # fmt: skip
        rows = np.arange(len(split.labels)) if only is None else np.flatnonzero(split.labels == only)
        if not len(rows):
            st.info("None of these images are of this class. Choose another.", icon=":material/search_off:")
            return None
        number_key = f"{key}_number-{dataset}-{only}"
        too_few = say_too_few(number_key, len(rows))
        number = st.number_input(
            f"Number, of {len(rows):,}", 0, len(rows) - 1, min(first_number(first, dataset, only), len(rows) - 1), key=number_key,
            persist_state="session", width=WIDTH_PX,
        )  # fmt: skip
        another(f"{key}_another", number_key, len(rows))
    if too_few:
        st.warning(too_few, icon=":material/link_off:")
    if dataset != wanted and wanted in DATASETS and not on_disk(wanted, "test"):
        with st.container(border=True):
            here, there = DATASETS[dataset].name, DATASETS[wanted].name
            st.markdown(f"These are **{here}**. {there}, which the model learnt from, is not on this machine.")
            downloads.offer(wanted)
    row = int(rows[number])
    label = int(split.labels[row])
    title = f"{DATASETS[dataset].name}, test image {row:,}: {classes[label]}"
    return Picked(datasets.to_ink(split.images[row]), title, dataset, label)


def say_too_few(key: str, count: int) -> str:
    """A sentence where a link asks for an image beyond the last one; the first is then shown in its place."""
    asked = st.session_state.get(key) or 0
    if asked < count:
        return ""
    st.session_state[key] = 0
    return f"The link asks for image {asked:,}, but the last one is {count - 1:,}. Showing the first one instead."
