"""Who works by keyboard keeps the focus; see focus.js."""

from pathlib import Path

import streamlit as st

SCRIPT = (Path(__file__).parent / "focus.js").read_text(encoding="utf-8")


def keep() -> None:
    """From now on, on every page."""
    st.html(f"<script>{SCRIPT}</script>", unsafe_allow_javascript=True)
