"""The image through the model, through PCA of the same size, and through the course's network: a row each."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from core import checkpoints, reconstruction
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DatasetError
from core.models import entry_of
from core.models.restoration import LessonAutoencoder
from core.words import decibels, number, plural
from pages.images.picked import Picked
from pages.images.pictures import error_map
from pages.reconstructing.rows import Row, draw
from pages.session import caches, link, take_along, words
from pages.web import errors

LESSON = "lesson-autoencoder"  # among the restorers


def show(checkpoint: Checkpoint, picked: Picked, label: int | None) -> dict[str, Picked]:
    """The model, PCA of the same size where it is not that, the lesson's network. What each drew, by what it is called."""
    x, problems = picked.x, []
    dimensions = checkpoint.model.config.latent_dim
    size = plural(dimensions, "number")
    informed = "" if label is None else ", told the class"
    kind, title = entry_of(checkpoint.model).title, words.title_of(checkpoint.name)
    note = f"{f'{title} · ' * (title != kind)}{size}{informed}"
    rows = [Row(kind, note, reconstruction.by_model(checkpoint.model, x, label))]
    if not checkpoint.model.linear:  # which would be the same once more
        try:
            principal, fitted_on = caches.principal(checkpoint.dataset_name)
            rows.append(Row("PCA", f"{size} too · fitted on {fitted_on}", reconstruction.by_pca(principal.first(dimensions), x)))
        except DatasetError as error:
            problems.append(f"PCA is left out. {errors.words(error)}")
    try:
        model = checkpoints.opened_restorer(LESSON).model
        if isinstance(model, LessonAutoencoder):
            code = "8 images of 4 × 4 pixels, 128 numbers in all · trained on MNIST"
            rows.append(Row("Course autoencoder (AI for Beginners)", code, reconstruction.by_lesson(model, x)))
    except CheckpointError:
        problems.append("The convolutional autoencoder of the course AI for Beginners is left out: it is not in checkpoints/restorers.")
    draw(x, rows)
    offer(checkpoint, picked, rows)
    for problem in problems:
        st.caption(link.plain(problem))
    return {f"Drawn by: {row.title}": replace(picked, x=row.made.x_hat, title=f"{picked.title}, drawn by: {row.title}") for row in rows}


def offer(checkpoint: Checkpoint, picked: Picked, rows: Sequence[Row]) -> None:
    """The rows as a sheet, their codes and figures as a table."""
    made = [row.made for row in rows]
    images = [image for one in made for image in (picked.x, one.x_hat, error_map(picked.x, one.x_hat))]
    said = [f"{number(one.scores.loss_nats, 1)} nats\n{decibels(one.scores.psnr_db)}, SSIM {number(one.scores.ssim, 3)}" for one in made]
    captions = [caption for figures in said for caption in ("", figures, "")]
    names = [f"{row.title}\n{row.note}" for row in rows]
    take_along.offer(
        "rows", f"{checkpoint.name}-reconstruction", lambda: take_along.sheet_of(
            checkpoint, "Reconstruction", images, 3, captions=captions, rows=names, heads=("image", "reconstruction", "error map"),
            notes=(picked.title, "Cross-entropy, PSNR and SSIM are of the whole image. Blue: ink left out; orange: ink invented."),
        ), columns=lambda: {
            "bottleneck": [row.title for row in rows], "cross_entropy_nats": [one.scores.loss_nats for one in made],
            "mse": [one.scores.mse for one in made], "psnr_db": [one.scores.psnr_db for one in made],
            "ssim": [one.scores.ssim for one in made],
            "code": [f"[{' '.join(f'{v:.6g}' for v in np.ravel(one.code).tolist())}]" for one in made],
        },
    )  # fmt: skip
