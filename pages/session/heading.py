"""A page's title, and beside it the button that copies the page's link."""

import streamlit as st

from pages.browser import tools

OWN = "Your own pictures are not in the link."
GIVEN = {"upload": ("file", "upload"), "draw": ("drawing",)}  # a kind of image of one's own: where the session has it


def show(title: str, page: str) -> None:
    """Both."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(title, anchor=False, width="stretch")
        copy_link(page)


def copy_link(page: str) -> None:
    """The button alone; it says so where what is shown cannot be in the link."""
    tools.copy_link(left_out(page))


def left_out(page: str) -> str:
    """What the page shows and its link cannot hold, in a sentence: a picture of the visitor's own, or one that another page sent."""
    state = st.session_state
    if page == "reconstruct":
        return _given("reconstruct")
    if page == "generate":
        return _given({"complete": "complete", "told": "style"}.get(state.get("generate_tab", ""), ""))
    if page == "compare":
        return _given("compare_image") if state.get("compare_mode", "models") == "models" else ""
    if page == "denoise":
        photo = OWN * ("denoise_sample" not in state and state.get("denoise_given") is not None)
        files = OWN * (bool(state.get("denoise_files_upload")) or "denoise_files" in state)
        by_mode = {"digit": _given("denoise"), "photo": photo, "picture": photo, "files": files}
        return by_mode[state.get("denoise_mode", "digit")]
    if page == "super-resolution":
        by_tab = {"one": _given("sr_source"), "larger": OWN * (state.get("sr_given") is not None)}
        return by_tab.get(state.get("sr_tab", "one"), "")
    return ""


def _given(prefix: str) -> str:
    """The same of a single image, where one was given and is there."""
    state = st.session_state
    kind = state.get(f"{prefix}_kind", "test")
    if kind == "sent":  # from another page: images/sent.py
        return f"The image from {state['carried'].origin} is not in the link." if "carried" in state else ""
    return OWN * any(state.get(f"{prefix}_{name}") is not None for name in GIVEN.get(kind, ()))
