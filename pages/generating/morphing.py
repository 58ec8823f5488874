"""Morphs: from one code to another in steps, each decoded, beside what fading the pixels alone makes of the same two images."""

import numpy as np
import streamlit as st

from core import figures, latent, morphs
from core.checkpoints import Checkpoint
from core.figures import class_name
from pages.browser import tools
from pages.generating import telling
from pages.images import gallery
from pages.images.gallery import Strip
from pages.images.picked import WIDTH_PX, another
from pages.session import caches, sidebar, state, take_along, words
from pages.session.properties.generate import LEAST_STEPS, MORPH_ENDS, MORPH_PATHS, MOST_STEPS, USUAL_STEPS
from pages.session.properties.shared import MAX_SEED

KEY = "morph"
DOTS = 3_000  # of the map
PLAYED = 40  # frames of the animation


@st.fragment
def show(checkpoint: Checkpoint) -> None:
    """The controls and what lies between the two ends."""
    checkpoint = sidebar.opened_again(checkpoint.name)
    start, end = ask_ends(checkpoint)
    told = telling.ask_told(checkpoint, KEY, "This model is told the class, so a morph goes from style to style.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        path = st.segmented_control(
            "Path", list(MORPH_PATHS), default="straight", required=True, format_func=MORPH_PATHS.__getitem__, key=f"{KEY}_path",
            persist_state="session",
        )  # fmt: skip
        steps = st.slider("Steps", LEAST_STEPS, MOST_STEPS, USUAL_STEPS, key=f"{KEY}_steps", persist_state="session", width=220)
    codes = morphs.PATHS[str(path)](start, end, steps)
    show_steps(checkpoint, codes, told)
    frames = latent.decode(checkpoint.model, morphs.PATHS[str(path)](start, end, PLAYED), told)
    played, way = st.columns([0.26, 0.74], gap="medium")
    with played:
        tools.player([gallery.uri(image) for image in frames], "The morph", f"{KEY}_player")
    with way:
        show_map(checkpoint, codes)
    take_along.offer(KEY, f"{checkpoint.name}-morph", frames=lambda: frames, columns=lambda: {"z": codes}, and_back=True)
    state.address("generate")


def ask_ends(checkpoint: Checkpoint) -> np.ndarray:
    """The codes (2, D) of the two ends."""
    mu = checkpoint.latents.mu
    kind = st.segmented_control(
        "Between", list(MORPH_ENDS), default="samples", required=True, format_func=MORPH_ENDS.__getitem__, key=f"{KEY}_ends",
        persist_state="session",
    )  # fmt: skip
    sampled, numbers = kind == "samples", []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for end, first in (("from", 0), ("to", 1)):
            most, key = (MAX_SEED, f"{KEY}_{end}") if sampled else (len(mu) - 1, f"{KEY}_{end}_row-{checkpoint.name}")
            title = f"{end.capitalize()} {'seed' if sampled else 'test image'}"
            numbers.append(st.number_input(title, 0, most, first, key=key, persist_state="session", width=WIDTH_PX))
            another(f"{KEY}_other_{end}", key, most + 1)
    if sampled:
        return np.concatenate([latent.random_codes(checkpoint.model, mu, 1, np.random.default_rng(seed)) for seed in numbers])
    return mu[numbers]


def show_steps(checkpoint: Checkpoint, codes: np.ndarray, told: int | None) -> None:
    """The decoded steps (S, D), and the same two ends faded into each other."""
    images = latent.decode(checkpoint.model, codes, told)
    faded = morphs.cross_fade(images[0], images[-1], len(images))
    shares = [f"{100 * share:.0f} %" for share in np.linspace(0, 1, len(images))]
    gallery.table([Strip("Through the codes", images), Strip("Pixels faded", faded)], shares, "morph", side_px=84, heads=shares)
    if words.has_collapsed(checkpoint):
        st.caption("**The codes of this model have collapsed**: it draws much the same image of every code, so there is nothing to morph.")
        return
    st.caption(
        f"Both rows begin and end with the same images. Halfway, the lower one is two {words.dataset_of(checkpoint).noun}s on top of each "
        f"other. What is the upper one? {length_words(codes, latent.keeps_to_prior(checkpoint.model))}"
    )


def length_words(codes: np.ndarray, keeps_to_prior: bool) -> str:
    """How near to the middle of the prior the way comes, and whether that matters; nothing of a model whose codes keep to none."""
    nearest, dimensions = float(np.linalg.norm(codes, axis=1).min()), codes.shape[1]
    if not keeps_to_prior:
        return ""
    begin = f"The way comes as near as {nearest:.2f} to the prior’s centre"
    if dimensions < 8:
        return f"{begin}; with so few numbers in a code many codes lie there, so a straight way crosses no gap."
    return (
        f"{begin}; in {dimensions} dimensions nearly all of the prior is about {float(np.sqrt(dimensions)):.1f} away from it, so a way "
        "along the sphere stays where the decoder has learned (White 2016)."
    )


def show_map(checkpoint: Checkpoint, codes: np.ndarray) -> None:
    """The way over the map."""
    if codes.shape[1] == 1:
        return
    mu, labels, frame = checkpoint.latents.mu, checkpoint.latents.label, caches.map_view(checkpoint.name).frame
    every = max(1, len(frame.points) // DOTS)
    way = frame.plane.points(codes)
    figure = figures.latent_path(frame.points[::every], frame.labels[::every], frame.classes, frame.middles, way, ("from", "to"))
    st.plotly_chart(figure, key=f"{KEY}_map", config={"displayModeBar": False})
    if not checkpoint.model.conditional:
        names = [class_name(frame.classes, latent.read_point(mu, labels, z).vote.label) for z in (codes[0], codes[-1])]
        st.caption(
            f"The ten codes nearest to the start vote for class {names[0]}, those nearest to the end for class {names[1]}. "
            f"{frame.still_note}"
        )
