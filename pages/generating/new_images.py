"""New images: from the prior, from the aggregated posterior, around a class or around a test image."""

from dataclasses import replace

import numpy as np
import streamlit as st

from core import latent
from core.checkpoints import Checkpoint
from core.data.datasets import DATASETS, DatasetError, on_disk, to_ink
from core.figures import class_name
from core.frame import class_names
from core.generation import MOST_TEMPERATURE, WAYS, Request
from pages.generating import by_image, judging, taking
from pages.images import gallery
from pages.images.picked import WIDTH_PX, another
from pages.session import caches, words
from pages.session.properties.generate import MOST_NEW, USUAL_NEW
from pages.session.properties.shared import MAX_SEED, told_names

NO_PRIOR = (
    "This model has no prior: nothing in its training says where codes should be. In its place: a normal distribution with the mean and "
    "covariance of all test codes, which its codes need not look like."
)
PRIOR = "Codes drawn from the model’s prior, the standard normal distribution."
UNUSED_PRIOR = (
    "Codes drawn from the prior, the standard normal distribution. Nothing drew this model’s own codes towards it in training, so most of "
    "these land where the decoder has learned nothing."
)
POSTERIOR = "A random test image’s code, plus noise as wide as that image’s own posterior."
NO_POSTERIOR = (
    "A random test image’s code, plus a little noise. This model gives each image a single code without noise of its own, so the noise is "
    "that of a kernel density estimate (Scott’s rule)."
)

COLLAPSED = (
    "This model’s codes have collapsed (posterior collapse): it draws much the same image of every code, so all of these look alike."
)


def show(checkpoint: Checkpoint) -> None:
    """The controls, the images with what is said of each, and how good the model is."""
    request = ask(checkpoint)
    st.markdown(said(checkpoint, request))
    if request.row is not None:
        show_start(checkpoint, request)
    by_image.show(checkpoint, request)
    with st.container(horizontal=True):
        taking.offer(checkpoint, request, said(checkpoint, request))
        taking.send(checkpoint, request)
    judging.show(checkpoint, request)


def ask(checkpoint: Checkpoint) -> Request:
    """Which images are wanted."""
    name, model, labels = checkpoint.name, checkpoint.model, checkpoint.latents.label
    titles = {"prior": "From the prior" if model.has_prior else "Like all codes", "codes": "From the aggregated posterior"}
    titles |= {"class": "Around a class", "image": "Around an image"}
    way = st.segmented_control(
        "Where codes are drawn", WAYS, default="prior", required=True, format_func=titles.__getitem__, key="generate_way",
        persist_state="session",
    )  # fmt: skip
    label = row = told = None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if way == "class":
            label = st.selectbox(
                "Class", sorted(set(labels.tolist())), format_func=lambda label: class_name(class_names(checkpoint.dataset_name), label),
                key=f"generate_class-{name}", persist_state="session", width=WIDTH_PX,
            )  # fmt: skip
        if way == "image":
            row = st.number_input(
                f"Test image, of {len(labels):,}", 0, len(labels) - 1, 0, key=f"generate_row-{name}", persist_state="session",
                width=WIDTH_PX,
            )  # fmt: skip
            another("generate_other_row", f"generate_row-{name}", len(labels))
        if model.conditional and way != "class":
            told = st.selectbox(
                "Draw as", range(len(told_names(checkpoint))), index=None, format_func=told_names(checkpoint).__getitem__,
                placeholder="any class" if way == "prior" else "its own class", key=f"generate_told-{name}", persist_state="session",
                width=WIDTH_PX, help="The class that the model is told.",
            )  # fmt: skip
        temperature = st.slider(
            "Temperature", 0.0, MOST_TEMPERATURE, 1.0, 0.05, key="generate_temperature", persist_state="session", width=220,
            help="The spread of what is random is multiplied by it. 1 is as the model has it.",
        )  # fmt: skip
        count = st.number_input("How many", 1, MOST_NEW, USUAL_NEW, key="generate_count", persist_state="session", width=WIDTH_PX)
        seed = st.number_input(
            "Seed",
            0,
            MAX_SEED,
            0,
            key="generate_seed",
            persist_state="session",
            width=WIDTH_PX,
            help="The same seed draws the same images.",
        )
        another("generate_again", "generate_seed", MAX_SEED + 1, "Draw again")
    return Request(str(way), count, seed, temperature, label, row, told)


def said(checkpoint: Checkpoint, request: Request) -> str:
    """What is drawn, in words that are true of this model, and what to make of it where its codes say nothing."""
    alike = not checkpoint.model.conditional and words.has_collapsed(checkpoint)
    return f"{drawn_from(checkpoint, request)}{f' {COLLAPSED}' * alike}"


def drawn_from(checkpoint: Checkpoint, request: Request) -> str:
    """Where the codes come from."""
    model, data = checkpoint.model, words.dataset_of(checkpoint)
    if request.way == "prior":
        return NO_PRIOR if not model.has_prior else PRIOR if latent.keeps_to_prior(model) else UNUSED_PRIOR
    if request.way == "codes":
        return POSTERIOR if checkpoint.latents.logvar is not None else NO_POSTERIOR
    label = request.label if request.row is None else int(checkpoint.latents.label[request.row])
    name = class_name(class_names(checkpoint.dataset_name), int(label or 0))
    if request.way == "class":
        return f"Codes drawn from a normal distribution with the mean and covariance of the codes of all test images of class **{name}**."
    noise = (
        "its own posterior" if checkpoint.latents.logvar is not None else "Scott’s rule says; this model gives codes no noise of their own"
    )
    return f"The code of test image {request.row:,}, a {data.noun} of class **{name}**, plus noise as wide as {noise}."


def show_start(checkpoint: Checkpoint, request: Request) -> None:
    """The test image that it starts from, where it is on this machine, and what the model draws of its code without noise."""
    decoded = caches.drawn(checkpoint.name, replace(request, count=1, seed=0, temperature=0.0)).images[0]
    seen = test_image(checkpoint, int(request.row or 0))
    shown = [("test image", seen)] if seen is not None else []
    titles, images = zip(*shown, ("its code, without noise", decoded), strict=True)
    gallery.strip(np.stack(images), titles, "start", many=True)


def test_image(checkpoint: Checkpoint, row: int) -> np.ndarray | None:
    """The test image (H, W) in [0, 1] whose code is in that row; None where it is not on this machine."""
    dataset = checkpoint.dataset_name
    if dataset not in DATASETS or not on_disk(dataset, "test"):
        return None
    try:
        images = caches.test_images(dataset)
    except DatasetError:  # by_image says so
        return None
    fits = len(images) == len(checkpoint.latents.mu) and not checkpoint.why_not_for((1, *images.shape[1:]))
    return to_ink(images[row]) if fits else None
