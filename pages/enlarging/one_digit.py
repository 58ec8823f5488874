"""One digit from any source, small and enlarged in every way."""

import numpy as np
import streamlit as st

from core import enlarging
from core.enlarging import Comparison
from pages.browser.tools import wipe
from pages.enlarging.comparing import factor_control, figures_of, say_problems, title, verdict
from pages.images import sent, source
from pages.images.gallery import Picture, row, uri
from pages.images.pictures import error_map, legend
from pages.session import caches, link

KEPT = 16  # comparisons, in a session


def show() -> None:
    """A digit from any source, small and enlarged in every way."""
    controls, shrinking = st.columns([0.58, 0.42], gap="medium")
    with controls:
        chosen = source.choose("sr_source")
    with shrinking:
        factor = factor_control("sr_factor")
        st.caption(f"Each square of {factor} × {factor} pixels becomes one pixel, its mean: that is how the networks were trained.")
    if chosen is None:
        return
    st.caption(link.plain(chosen.title))
    sent.menu("sr", "Super-resolution", {"The image": chosen})
    x = chosen.x
    key = (x.tobytes(), factor, caches.enlargers_stamp())
    show_one(caches.of_session("sr_enlarged", key, lambda: enlarging.compare(x[None], factor), KEPT), x, factor)


def show_one(comparison: Comparison, x: np.ndarray, factor: int) -> None:
    """The row with its figures, what they say, the wipe and the error map."""
    say_problems(comparison)
    height, width = comparison.small.shape[1:]
    first = Picture("Small", comparison.small[0], f"{width} × {height} pixels")
    last = Picture("Original", x, "the target")
    made = [Picture(title(name), enlarged.images[0], figures=figures_of(comparison, name)) for name, enlarged in comparison.by.items()]
    row([first, *made, last], "enlarged")
    st.markdown(verdict(comparison, factor))
    wiping, errors = st.columns([0.6, 0.4], gap="medium")
    with wiping, st.container(key="sr_wipe"):
        shown = {picture.title: uri(picture.image) for picture in (first, *made, last)}
        wipe(shown, "sr_wipe_tool", sides=(first.title, (made or [last])[-1].title))
    model = comparison.by.get(enlarging.model_for(factor))
    if model is not None:
        with errors:
            row([Picture("Error map of our model", error_map(x, model.images[0]))], "error-map", 280, 280)
            st.html(legend("left out"))
