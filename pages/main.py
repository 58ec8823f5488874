"""The entry that Streamlit runs for every page: the table of pages, and the sidebar they share."""

from pathlib import Path

import streamlit as st

from pages import browser
from pages.session import focus, sidebar

ICON = str(Path(__file__).parent / "session" / "icon.png")  # a file: an emoji or a symbol would be fetched from the network
SIDEBAR_PX = 250

st.set_page_config(page_title="Latent space explorer", page_icon=ICON, layout="wide", initial_sidebar_state=SIDEBAR_PX)
st.html(Path(__file__).parent / "style.css")

page = st.navigation(
    [
        st.Page("explore.py", title="Explore", icon=":material/scatter_plot:", default=True),
        st.Page("reconstruct.py", title="Reconstruct", icon=":material/compare:"),
        st.Page("denoise.py", title="Denoise", icon=":material/auto_fix_high:"),
        st.Page("super_resolution.py", title="Super-resolution", icon=":material/zoom_in:"),
        st.Page("generate.py", title="Generate", icon=":material/casino:"),
        st.Page("compare.py", title="Compare", icon=":material/balance:"),
        st.Page("train.py", title="Train", icon=":material/model_training:"),
        st.Page("models.py", title="Models", icon=":material/inventory_2:"),
        st.Page("lesson.py", title="Lesson", icon=":material/school:"),
    ]
)
with st.sidebar:
    sidebar.device_badge()
    sidebar.leave_room()
    focus.keep()
browser.outlast_the_server()
page.run()
