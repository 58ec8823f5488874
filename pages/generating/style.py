"""Style transfer: the code that a conditional model gives an image of a known class, drawn as every class."""

import numpy as np
import streamlit as st

from core import checkpoints, latent, quality, reconstruction
from core.checkpoints import Checkpoint
from core.data.datasets import DATASETS
from core.shape import SHAPE
from core.words import number
from pages.generating import by_image
from pages.images import gallery, source
from pages.images.gallery import Picture
from pages.images.picked import WIDTH_PX, Picked
from pages.session import link, words
from pages.session.properties.generate import FIRST_STYLED
from pages.session.properties.shared import told_names

KEY = "style"


def show(checkpoint: Checkpoint) -> None:
    """The image, its class, and its style in every class."""
    noun = words.dataset_of(checkpoint).noun
    st.header(f"The style of one {noun}, in every class", anchor=False)
    if why := checkpoint.why_not_for(SHAPE):
        st.info(link.plain(f"This model’s images do not fit here: {why}"), icon=":material/aspect_ratio:")
        return
    controls, results = st.columns([0.32, 0.68], gap="large")
    with controls:
        picked = source.choose(KEY, checkpoint, checkpoint.dataset_name, FIRST_STYLED)
        if picked is None:
            return
        gallery.one(picked.x, picked.title, "The image", "style-of")
        label = ask_label(checkpoint, picked)
    with results:
        show_transferred(checkpoint, picked, label)


def ask_label(checkpoint: Checkpoint, picked: Picked) -> int:
    """The class that the encoder is told: the image's own where it is known, else the visitor says it, after the classifier's guess."""
    known = picked.label_for(checkpoint)
    if known is not None:
        return known
    names, guess = told_names(checkpoint), None
    judge, _ = by_image.classifier_for(checkpoint)
    if judge:
        guess = quality.class_probabilities(checkpoints.opened_classifier(judge).model, picked.x[None])[0]
    label = st.selectbox(
        "It shows", range(len(names)), 0 if guess is None else int(guess.argmax()), format_func=names.__getitem__, width=WIDTH_PX,
        key=f"{KEY}_shows-{checkpoint.name}-{picked.fingerprint[:16]}",
        help="The encoder is told the class, too, so that the code says only how it is written.",
    )  # fmt: skip
    if guess is None:
        st.caption("No classifier here knows such images: choose what it shows.")
    else:
        st.caption(f"A classifier says: {by_image.verdict(guess, names)}. If that is wrong, choose what it is.")
    return int(label)


def show_transferred(checkpoint: Checkpoint, picked: Picked, label: int) -> None:
    """The same code drawn as each class, under each what a classifier says."""
    names, z = told_names(checkpoint), reconstruction.by_model(checkpoint.model, picked.x, label).code
    images = latent.decode(checkpoint.model, np.tile(z, (len(names), 1)), np.arange(len(names)))
    said, why_none = by_image.verdicts(checkpoint, images)
    pictures = [
        Picture(f"{name} (what it is)" if i == label else name, image, note)
        for i, (name, image, note) in enumerate(zip(names, images, said, strict=True))
    ]
    gallery.row(pictures, "transferred", 116, 84)
    where = ", ".join(number(float(v), 2) for v in z)
    learnt = f" learnt from {DATASETS[checkpoint.dataset_name].name}" if checkpoint.dataset_name in DATASETS else ""
    st.caption(
        f"One code, z = ({where}): what the encoder makes of the image when it is told that it shows **{names[label]}**. The decoder draws "
        f"it as each class. Style is what is left when the class is known: slant, width and weight, as far as {len(z)} numbers can say. "
        f"What the model{learnt} has never seen, a shaky line say, is lost."
    )
    st.caption("Under each: what a classifier says." if not why_none else f"What each shows is not said: {link.plain(why_none)}")
