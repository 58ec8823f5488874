"""The pages of tests/image_tools_app.py: what Python has understood of each tool stands under it."""

import io
import sys

import numpy as np
import streamlit as st
from PIL import Image

from pages.browser.tools import MAX_BOXES, box_editor, draw_canvas, read_boxes, read_drawing, wipe

home = next(module for name, module in sys.modules.items() if name.endswith("image_tools_app"))
state = st.session_state
st.set_page_config(layout="wide")


def wipe_page() -> None:
    """Four pictures, or two others."""
    st.title("Compare", anchor=False)
    pictures = home.comparison()
    if st.toggle("Only two"):
        pictures = {title: pictures[title] for title in ("Noisy", "Clean")}
    wipe(pictures, "wipe")


def drew() -> None:
    """A drawing came."""
    png = read_drawing(state["sheet"].drawing)
    state.ink = int((np.array(Image.open(io.BytesIO(png)).convert("L")) < 128).sum()) if png else None
    state.drawings = state.get("drawings", 0) + 1


def draw_page() -> None:
    """A sheet, and how many of its pixels are dark."""
    st.title("Draw", anchor=False)
    draw_canvas(drew, "sheet")
    st.text(f"ink {state.get('ink')}, drawings {state.get('drawings', 0)}, now {bool(read_drawing(state['sheet'].drawing))}")
    st.button("Run again")


def edited() -> None:
    """Boxes came."""
    state.boxes = read_boxes(state["editor"].boxes, (home.HEIGHT, home.WIDTH), state.get("version", 0))
    state.edits = state.get("edits", 0) + 1


def anew() -> None:
    """Forget what was edited."""
    state.version = state.get("version", 0) + 1


def boxes_page() -> None:
    """A photo; another one; the same anew; the same with one box less than there may be."""
    st.title("Digits of a photo", anchor=False)
    uri, boxes = home.photo(6 if st.toggle("Another photo") else 0)
    if st.toggle("Nearly full", on_change=anew):
        boxes = [(15.0 * row, 20.0 * column, 15.0 * row + 12, 20.0 * column + 12) for row in range(10) for column in range(20)]
        boxes = boxes[: MAX_BOXES - 1]
    st.button("Start anew", on_click=anew)
    box_editor(uri, (home.HEIGHT, home.WIDTH), boxes, edited, "editor", state.get("version", 0))
    st.text(f"boxes {state.get('boxes')}, edits {state.get('edits', 0)}")
    st.button("Run again")


pages = [st.Page(wipe_page, url_path="wipe", default=True), st.Page(draw_page, url_path="draw"), st.Page(boxes_page, url_path="boxes")]
page = st.navigation(pages, position="hidden")
st.page_link(pages[0], label="To Compare")
st.page_link(pages[1], label="To Draw")
st.page_link(pages[2], label="To Boxes")
page.run()
