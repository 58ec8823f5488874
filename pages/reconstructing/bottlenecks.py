"""The image through the model, through PCA of the same size, and through the course's network: a row each."""

import streamlit as st

from core import checkpoints, reconstruction
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DatasetError
from core.models import entry_of
from core.models.restoration import LessonAutoencoder
from core.words import plural
from pages.images.picked import Picked
from pages.reconstructing.rows import Row, draw
from pages.session import caches, link
from pages.web import errors

LESSON = "lesson-autoencoder"  # among the restorers


def show(checkpoint: Checkpoint, picked: Picked, label: int | None) -> None:
    """The model, PCA of the same size, the lesson's network."""
    x, problems = picked.x, []
    dimensions = checkpoint.model.config.latent_dim
    size = plural(dimensions, "number")
    informed = "" if label is None else ", told the class"
    rows = [
        Row(entry_of(checkpoint.model).title, f"{checkpoint.name} · {size}{informed}", reconstruction.by_model(checkpoint.model, x, label))
    ]
    try:
        principal, fitted_on = caches.principal(checkpoint.dataset_name)
        rows.append(Row("PCA", f"{size} too · fitted on {fitted_on}", reconstruction.by_pca(principal.first(dimensions), x)))
    except DatasetError as error:
        problems.append(f"PCA is left out. {errors.words(error)}")
    try:
        model = checkpoints.opened_restorer(LESSON).model
        if isinstance(model, LessonAutoencoder):
            code = "8 images of 4 × 4 pixels, 128 numbers in all"
            rows.append(Row("Course autoencoder (AI for Beginners)", code, reconstruction.by_lesson(model, x)))
    except CheckpointError:
        problems.append("The convolutional autoencoder of the course AI for Beginners is left out: it is not in checkpoints/restorers.")
    draw(x, rows)
    for problem in problems:
        st.caption(link.plain(problem))
