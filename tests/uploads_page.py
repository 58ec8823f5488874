"""The page of uploads_app.py: an uploader that can be left, as one leaves a page."""

import streamlit as st

if st.checkbox("Show the uploader", value=True):
    st.markdown(f"{len(st.file_uploader('Files', accept_multiple_files=True))} files are here")
