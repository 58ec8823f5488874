"""A page's title, and beside it the button that copies the page's link."""

import streamlit as st

from pages.browser import tools
from pages.session.properties.super_resolution import TABS

OWN = {"upload": ("file", "upload"), "draw": ("drawing",)}  # a kind of image of one's own: where the session has it


def show(title: str, page: str) -> None:
    """Both."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(title, anchor=False, width="stretch")
        copy_link(page)


def copy_link(page: str) -> None:
    """The button alone; it says so where what is shown cannot be in the link."""
    tools.copy_link(_shows_own(page))


def _shows_own(page: str) -> bool:
    """Whether the picture on show is the visitor's own."""
    state = st.session_state
    if page == "reconstruct":
        return _has("reconstruct")
    if page == "generate":
        return _has({"complete": "complete", "told": "style"}.get(state.get("generate_tab", ""), ""))
    if page == "compare":
        return state.get("compare_mode", "models") == "models" and _has("compare_image")
    if page == "denoise":
        a_photo = "denoise_sample" not in state and state.get("denoise_given") is not None
        files = bool(state.get("denoise_files_upload")) or "denoise_files" in state
        by_mode = {"digit": _has("denoise"), "photo": a_photo, "picture": a_photo, "files": files}
        return by_mode[state.get("denoise_mode", "digit")]
    if page == "super-resolution":
        by_tab = {TABS["one"]: _has("sr_source"), TABS["larger"]: state.get("sr_given") is not None}
        return by_tab.get(state.get("sr_tab", TABS["one"]), False)
    return False


def _has(prefix: str) -> bool:
    """Whether an image of one's own was chosen and is there."""
    state = st.session_state
    if state.get(f"{prefix}_kind") == "sent":  # from another page: images/sent.py
        return "carried" in state
    return any(state.get(f"{prefix}_{name}") is not None for name in OWN.get(state.get(f"{prefix}_kind", "test"), ()))
