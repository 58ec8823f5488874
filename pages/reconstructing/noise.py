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
LEAST_SAID = 0.001  # of a standard deviation: a smaller one is as good as none
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
    with st.container(horizontal=True, vertical_alignment="bottom"):
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
    said = STRAIGHT if checkpoint.model.linear else noise_words(own)
    question = "" if own == np.inf else how_far(words.dataset_of(checkpoint).noun, told=label is not None)
    st.caption(" ".join(filter(None, [said, question])))


def noise_words(own: float | None) -> str:
    """What noise the model was trained with; `own` is reconstruction.posterior_noise."""
    if own is None:
        return NOT_TRAINED_WITH_NOISE
    if not np.isfinite(own):
        return (
            "The codes of this model are little more than noise (its posterior has collapsed), so they all decode to much the same image."
        )
    typical = f"σ\u00a0=\u00a0{own:.2g}" if own >= LEAST_SAID else f"σ below {LEAST_SAID:g}"
    return (
        f"This model was trained with noise in its codes, typically {typical} (the median over the test images of its posterior's "
        "standard deviation). Within that, neighbours should look alike; farther out, there is no such promise."
    )


def how_far(noun: str, told: bool) -> str:
    """What to look for. told: the model was told the class, so its neighbours all have it."""
    other = "drawn in quite another style, or is none" if told else f"another {noun}, or none"
    return f"How far can you go before a neighbour is {other} at all?"


def other_noise() -> None:
    """Other neighbours."""
    st.session_state[f"{KEY}_noise"] = st.session_state.get(f"{KEY}_noise", 0) + 1
