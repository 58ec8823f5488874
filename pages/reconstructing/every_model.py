"""The same image through every model in checkpoints/."""

import numpy as np
import streamlit as st

from core import checkpoints, reconstruction
from core.checkpoints import CheckpointError
from core.words import number
from pages.images import gallery
from pages.images.picked import Picked
from pages.reconstructing import KEY
from pages.session import link, words
from pages.web import errors

MOST_MODELS = 30  # that one image is shown through


def show(picked: Picked) -> None:
    """The same image through the models in checkpoints/, the best first; nothing is computed while this is closed."""
    part = st.expander("The same image through every model", icon=":material/view_module:", key=f"{KEY}_every", on_change="rerun")
    if not part.open:
        return
    made, problems = [], []
    names = checkpoints.in_order(checkpoints.available())
    for name in names[:MOST_MODELS]:
        try:
            checkpoint = checkpoints.opened(name)
        except CheckpointError as error:
            problems.append(f"{name} is left out. {errors.words(error)}")
            continue
        if why := checkpoint.why_not_for((1, *picked.x.shape)):
            problems.append(f"{name} is left out. {why}")
            continue
        drawn = reconstruction.by_model(checkpoint.model, picked.x, picked.label_for(checkpoint))
        loss = drawn.scores.loss_nats
        made.append((loss, f"{words.title_of(name)} · {number(loss, 1)} nats", drawn.x_hat))
    made.sort(key=lambda entry: entry[0])
    with part:
        x = picked.x
        gallery.strip(
            np.stack([x, *(x_hat for _, _, x_hat in made)]), ["the image", *(caption for _, caption, _ in made)], "every-model", many=True
        )
        if len(names) > MOST_MODELS:
            problems.append(f"These are the first {MOST_MODELS} of {len(names)} models.")
        for problem in problems:
            st.caption(link.plain(problem))
