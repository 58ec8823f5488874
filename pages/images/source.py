"""Where a page's image comes from: a test image, an upload, a drawing, a model's own invention, or another page. Always 28 x 28, ink = 1.

The choices are widgets whose names begin with the page's key; they stay while the visitor is on other pages.
"""

from collections.abc import Mapping

import streamlit as st

from core.checkpoints import Checkpoint
from pages.images import from_dataset, from_drawing, from_model, from_upload, sent
from pages.images.picked import Picked
from pages.session.properties.shared import NO_FIRST

KINDS = {"test": "Test image", "upload": "Upload", "draw": "Draw", "generate": "Generate", sent.KIND: "Sent here"}


def choose(
    key: str = "source", checkpoint: Checkpoint | None = None, wanted: str = "mnist", first: Mapping[str, int] = NO_FIRST
) -> Picked | None:
    """Draw the controls and return the image, or None where there is none yet (the page says why, and what to do).

    checkpoint: the model that generates, by default the one chosen for Explore. wanted: the data set that is shown first, and first:
    which of its test images, see properties.shared.first_number.
    """
    kinds = [kind for kind in KINDS if kind != sent.KIND or sent.CARRIED in st.session_state]
    with st.container():  # directly in a column its options would not wrap
        kind = st.segmented_control(
            "Image", kinds, default="test", required=True, format_func=KINDS.__getitem__, key=f"{key}_kind",
            persist_state="session", label_visibility="collapsed",
        )  # fmt: skip
    if kind == "upload":
        return from_upload.choose(key)
    if kind == "draw":
        return from_drawing.choose(key)
    if kind == "generate":
        return from_model.choose(key, checkpoint)
    if kind == sent.KIND:
        return sent.choose()
    return from_dataset.choose(key, wanted, first)


def show_test_images(key: str, dataset: str) -> None:
    """For a button's callback: from now on show test images of that data set."""
    st.session_state.update({f"{key}_kind": "test", f"{key}_dataset": dataset})


def show_test_image(key: str, dataset: str, row: int) -> None:
    """The same for one of them."""
    show_test_images(key, dataset)
    st.session_state.update({f"{key}_class-{dataset}": None, f"{key}_number-{dataset}-{None}": row})
