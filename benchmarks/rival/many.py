"""All codes of a model, those of the training images too, as Streamlit apps usually draw them: px.scatter with WebGL in st.plotly_chart.

Run from the project's root: PYTHONPATH=. streamlit run benchmarks/rival/many.py.
"""

import numpy as np
import plotly.express as px
import plotly.graph_objects as go
import streamlit as st

from core import checkpoints, training_codes
from pages.session.properties.shared import default_checkpoint


@st.cache_resource
def scatter() -> go.Figure:
    """Every code coloured by digit."""
    checkpoint = checkpoints.load(default_checkpoint() or "")
    codes, labels = training_codes.encode(checkpoint)
    mu, label = np.concatenate([checkpoint.latents.mu, codes]), np.concatenate([checkpoint.latents.label, labels])
    figure = px.scatter(x=mu[:, 0], y=mu[:, 1], color=label.astype(str), render_mode="webgl", labels={"color": "digit"})
    return figure.update_traces(marker_size=4).update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0}, dragmode="pan")


st.set_page_config(layout="wide")
st.plotly_chart(scatter(), key="chart", height=560, width="stretch")
