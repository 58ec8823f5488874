"""Noise in the code: its neighbours, decoded."""

import numpy as np
import streamlit as st

from core import latent, reconstruction
from pages.images import gallery
from pages.images.picked import Picked
from pages.reconstructing import KEY
from pages.session import sidebar, state, words
from pages.session.properties.reconstruct import MOST_NOISE, usual_noise

NEIGHBOURS = 8
NOT_TRAINED_WITH_NOISE = (
    "This model was trained without noise in its codes: nothing taught it that codes near each other should look alike."
)
STRAIGHT = "Nobody trained this model with noise, but it draws in straight lines: twice the noise changes the image twice as much."


@st.fragment
def show(name: str, picked: Picked, label: int | None) -> None:
    """Neighbours of the code, decoded."""
    checkpoint = sidebar.opened_again(name)
    st.header("Noise in the code", anchor=False)
    own = reconstruction.posterior_noise(checkpoint.latents.mu, checkpoint.latents.logvar)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        sigma = st.slider(
            "Noise σ", 0.0, MOST_NOISE, usual_noise(own), 0.01, key=f"{KEY}_sigma-{name}", persist_state="session", width=320,
            help="In units of the standard deviation of each code coordinate over the test images.",
        )  # fmt: skip
        st.button("Again", icon=":material/casino:", key=f"{KEY}_again", on_click=other_noise)
    state.address("reconstruct")
    z = reconstruction.by_model(checkpoint.model, picked.x, label).code
    seed = st.session_state.get(f"{KEY}_noise", 0)
    codes = reconstruction.noisy_codes(z, sigma, checkpoint.latents.mu.std(0), NEIGHBOURS, seed)
    images = latent.decode(checkpoint.model, np.concatenate([z[None], codes]), label)
    gallery.strip(images, ["no noise", *(f"neighbour {i + 1}" for i in range(NEIGHBOURS))], "neighbours")
    noun = words.dataset_of(checkpoint).noun
    said = STRAIGHT if checkpoint.model.linear else noise_words(own)
    st.caption(f"{said} How far can you go before a neighbour is another {noun}, or none at all?")


def noise_words(own: float | None) -> str:
    """What noise the model was trained with; `own` is reconstruction.posterior_noise."""
    if own is None:
        return NOT_TRAINED_WITH_NOISE
    if not np.isfinite(own):
        return (
            "The codes of this model are little more than noise (its posterior has collapsed), so they all decode to much the same image."
        )
    return (
        f"This model was trained with noise in its codes, typically σ = {own:.2g} (the median over the test images of its posterior's "
        "standard deviation). Within that, neighbours should look alike; farther out, there is no such promise."
    )


def other_noise() -> None:
    """Other neighbours."""
    st.session_state[f"{KEY}_noise"] = st.session_state.get(f"{KEY}_noise", 0) + 1
