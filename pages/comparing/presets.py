"""Pairs of models worth a look, and what to look at."""

from typing import NamedTuple

import streamlit as st


class Preset(NamedTuple):
    """Two models, what to look at in them, and the test image that they begin with, where it matters."""

    models: tuple[str, str]
    words: str
    image: int | None = None


USUAL = "beta-1-mnist-2d"
PRESETS = {
    "Plain or variational": Preset(
        ("ae-mnist-2d", USUAL),
        "The plain autoencoder puts its codes wherever it likes: in rays, some of them fifty units long, with empty room between. The "
        "VAE pays for codes far from the prior, so nearly all lie within three units of the middle, and side by side. Point between the"
        " dots of both.",
    ),
    "PCA or an autoencoder": Preset(
        ("pca-mnist-2d", "ae-mnist-2d"),
        "Both keep two numbers of each image. PCA can only add up two fixed pictures, so it draws grey averages and its classes lie "
        "over each other; the autoencoder bends, and draws digits.",
    ),
    "PCA or variational": Preset(
        ("pca-mnist-2d", USUAL),
        "From PCA’s two numbers fewer than half of the test images are recognised, from the VAE’s four in five (10-NN, below): straight"
        " lines cannot keep ten classes apart on a plane.",
    ),
    "β of 0.1 or 10": Preset(
        ("beta-0.1-mnist-2d", "beta-10-mnist-2d"),
        "Only β differs, the price of a code. At 0.1 codes are cheap and spread far beyond the prior; at 10 they are pressed together "
        "and say less, so 4 and 9 share a place. *One scale* shows how much.",
    ),
    "The lesson's VAE, or a right one": Preset(
        ("lesson-vae-mnist-2d", USUAL),
        "The course’s VAE takes one output as a log variance in its loss and as a log standard deviation in its noise, and draws that "
        "noise only once. It learns all the same, but −ELBO and 10-NN are worse. Its layers and its training differ, too, so not all of"
        " that is due to the two mistakes.",
    ),
    "Collapsed or sound": Preset(
        ("vae-mnist-2d-collapsed", USUAL),
        "With β = 100 saying anything costs too much: every image gets the same code (*posterior collapse*), and wherever you point the"
        " decoder draws the same blur, the mean of all digits.",
    ),
    "Overfitted or sound": Preset(
        ("vae-mnist-2d-overfitted", USUAL),
        "It saw the same 500 images 120 times and knows them by heart. It draws crisp digits, but often not the test image: −ELBO is far"
        " worse, and its classes mix.",
    ),
    "Digits or clothes": Preset(
        (USUAL, "vae-fashion-2d"),
        "The same network and settings, other images. Shoes lie together, and so do pullovers, coats and shirts, which look alike on a "
        "small grey picture.",
    ),
    "Before and after refining": Preset(
        (USUAL, USUAL),
        "The encoder answers every image in one go; a climb looks for the best code of this one. What the climb gains is the encoder’s "
        "*amortization gap*.",
        image=33,
    ),
}


def of(models: list[str]) -> str | None:
    """The preset of these two; None of others."""
    return next((title for title, preset in PRESETS.items() if list(preset.models) == models), None)


def say(models: list[str]) -> None:
    """What to look at, where there is something known of these two."""
    if title := of(models):
        st.markdown(f"**What to look at.** {PRESETS[title].words}")
