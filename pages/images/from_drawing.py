"""A digit that the visitor draws."""

import base64

import numpy as np
import streamlit as st

from core.data.photo import whole_drawing
from core.data.uploads import UploadError, read_image
from pages.browser import tools
from pages.images.picked import Picked
from pages.images.pictures import data_uri, grey

SHEET_PX = 280


def choose(key: str) -> Picked | None:
    """The sheet, and what its strokes become."""
    tools.draw_canvas(lambda: _drew(key), f"{key}_sheet", SHEET_PX)
    x = st.session_state.get(f"{key}_drawing")
    if x is None:
        st.caption("Draw a digit with the mouse, a finger or a pen. It is scaled and centred as MNIST's digits are.")
        return None
    _show_normalised(key, x[0])
    return Picked(x[0], "Your drawing")


def _show_normalised(key: str, x: np.ndarray) -> None:
    """A drawing's strokes, and what they become: MNIST's size and place."""
    sheet = st.session_state.get(f"{key}_sheet")
    png = tools.read_drawing(sheet.drawing) if sheet is not None else None
    before = None if png is None else "data:image/png;base64," + base64.b64encode(png).decode()
    after = data_uri(grey(x))
    drawn = _small(before, "your strokes") + "<span>→</span>" if before else ""
    both = drawn + _small(after, "what the models see")
    st.html(f'<div class="pictures pair" data-testid="normalised">{both}</div>')


def _small(uri: str, caption: str) -> str:
    return f'<figure><img src="{uri}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'


def _drew(key: str) -> None:
    """Keep the drawing in the session, where it outlives the component."""
    png = tools.read_drawing(st.session_state[f"{key}_sheet"].drawing)
    try:
        digit = whole_drawing(read_image(png)) if png else None
    except UploadError:  # the browser's own PNG can be read; whoever sends another sees no picture
        digit = None
    st.session_state[f"{key}_drawing"] = digit.x if digit else None
