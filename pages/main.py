"""The entry that Streamlit runs for every page: the table of pages, and the sidebar they share."""

import streamlit as st

from pages.components import sidebar

st.set_page_config(page_title="Latent space explorer", page_icon=":material/scatter_plot:", layout="wide")
st.html("<style>.stMainBlockContainer { padding: 2.6rem 2rem 2rem; } h1 { padding: 0 0 .25rem; }</style>")

page = st.navigation(
    [
        st.Page("explore.py", title="Explore", icon=":material/scatter_plot:", default=True),
    ]
)
with st.sidebar:
    sidebar.device_badge()
    sidebar.checkpoint_picker()
page.run()
