"""The Explore page as a Streamlit app is usually built: st.plotly_chart, st.slider, a decode on the server, st.image.

Run from the project's root: PYTHONPATH=. streamlit run benchmarks/rival/app.py. It shows the same codes and
model as ours, and says the same of a point.
"""

import gc
import os

import numpy as np
import plotly.express as px
import plotly.graph_objects as go
import streamlit as st
import torch
from PIL import Image

from benchmarks.rival import panel
from core import checkpoints, latent
from core.checkpoints import Checkpoint
from core.data import datasets
from pages.session.properties.shared import default_checkpoint

SIDE_PX = 252


@st.cache_resource
def open_checkpoint() -> Checkpoint:
    """The model that ours shows by default."""
    return checkpoints.load(default_checkpoint() or "")


@st.cache_resource
def test_images() -> np.ndarray | None:
    """The test images, where they are on this machine."""
    return datasets.load("mnist", "test").images if datasets.on_disk("mnist", "test") else None


@st.cache_resource
def scatter() -> go.Figure:
    """10,000 codes coloured by digit, drawn with WebGL."""
    codes = open_checkpoint().latents
    figure = px.scatter(x=codes.mu[:, 0], y=codes.mu[:, 1], color=codes.label.astype(str), render_mode="webgl", labels={"color": "digit"})
    return figure.update_traces(marker_size=4).update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0})


@st.cache_resource
def freeze() -> None:
    """Our app's start-up trick, lent to the rival when RIVAL_FREEZE is set, to show what the rest of the difference is."""
    gc.collect()
    gc.freeze()


def picked() -> None:
    """A click on a dot moves the sliders to its code."""
    if points := st.session_state.chart.selection.points:
        st.session_state.update(z1=float(points[0]["x"]), z2=float(points[0]["y"]))


st.set_page_config(page_title="Latent space", layout="wide")
st.title("Explore the latent space")
checkpoint = open_checkpoint()
bound = float(np.ceil(np.abs(checkpoint.latents.mu).max()))
if "z1" not in st.session_state:
    st.session_state.update(zip(("z1", "z2"), checkpoint.latents.mu[0].tolist(), strict=True))

map_column, image_column, panel_column = st.columns([0.5, 0.22, 0.28])
with map_column:
    st.plotly_chart(scatter(), on_select=picked, selection_mode="points", key="chart", height=560, width="stretch")
with image_column:
    z = st.slider("z1", -bound, bound, step=0.01, key="z1"), st.slider("z2", -bound, bound, step=0.01, key="z2")
    with torch.no_grad():
        x_hat = checkpoint.model.decode(torch.tensor([z]))[0, 0].numpy()
    st.image(Image.fromarray((x_hat * 255).astype(np.uint8)).resize((SIDE_PX, SIDE_PX), Image.Resampling.NEAREST))
with panel_column:
    codes, images = checkpoint.latents, test_images()
    plane = latent.map_plane(codes.mu, checkpoint.model.has_prior)
    reading = latent.read_point(codes.mu, codes.label, *latent.code_at(plane, codes.mu, codes.mu, z))
    panel.show(checkpoint, reading, images)
if os.environ.get("RIVAL_FREEZE"):
    freeze()
