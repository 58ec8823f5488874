"""The best code of the given picture: the climb from the encoder's answer, what it gains, and its way over the map."""

import numpy as np
import streamlit as st

from core import checkpoints, figures, latent, refine
from core.checkpoints import Checkpoint, CheckpointError
from core.refine import MEASURED_SAMPLES, STEPS, Refined
from core.words import number
from pages.images import gallery
from pages.images.gallery import Figure, Picture
from pages.images.picked import Picked
from pages.images.pictures import error_map, legend
from pages.reconstructing import KEY
from pages.session import background, caches, link, words
from pages.session.background import Work

SLOT = f"{KEY}_refined"
LEAST_NATS = 0.05  # less is not worth a number; as pages/browser/map/refined.js has it
NOTHING_BETTER = f"**The climb found nothing better:** the encoder’s answer is already the best code near it, to within {LEAST_NATS} nats."
DOTS = 3_000  # of the map that are drawn under the walk
EVERY = 6  # steps from a dot of the walk to the next
REACH = 0.4  # of the map that is shown around it, at least, up and down


def show(checkpoint: Checkpoint, picked: Picked, label: int | None) -> None:
    """The button, and what came of it for this picture."""
    st.header("Refine the code", anchor=False)
    token = token_of(checkpoint, picked, label)
    if not background.has(SLOT, token):
        st.markdown(
            "Is there a better code for this very image than the encoder’s?"
            if "kl_nats" in checkpoint.model.LOSSES
            else "Is there a code whose picture is nearer to this very image?"
        )
        if not st.button("Refine the code", icon=":material/trending_up:", key=f"{KEY}_refine"):
            return
        background.start(SLOT, token, lambda work: climb(work, checkpoint, picked, label))
    found = background.outcome(SLOT, token)
    if found is not None:
        show_found(found, checkpoint, picked, label)


def token_of(checkpoint: Checkpoint, picked: Picked, label: int | None) -> str:
    """Which climb it is: another model, image or class is another one."""
    stamp = checkpoints.stamp(checkpoint.name, checkpoints.home(checkpoint.name))
    return f"{checkpoint.name} {stamp} {label} {picked.fingerprint}"


def climb(work: Work, checkpoint: Checkpoint, picked: Picked, label: int | None) -> Refined:
    """From the encoder's answer to this picture."""
    work.step(0.0, "Climbing")
    return refine.refine_image(checkpoint.model, picked.x, label, on_step=work.step)


def show_found(found: Refined, checkpoint: Checkpoint, picked: Picked, label: int | None) -> None:
    """The nats, the pictures before and after, and the walk."""
    model, x = checkpoint.model, picked.x
    gained = float(found.cost_before_nats[0] - found.cost_after_nats[0])
    exactly = how(checkpoint, label)
    if gained < LEAST_NATS:
        st.markdown(NOTHING_BETTER)
        st.caption(exactly)
        return
    before, after = latent.decode(model, np.concatenate([found.path[0], found.mu]), label)
    said, chart = st.columns(2, gap="large")
    with said:
        st.markdown(what(found, checkpoint))
        gallery.row(
            [
                Picture("Encoder’s code", before, figures=(_error(x, before),)),
                Picture("Refined code", after, figures=(_error(x, after),)),
                Picture("Error map, refined", error_map(x, after)),
            ],
            "refined",
        )
        st.html(legend("left out"))
        st.caption(f"{words.why_refined(model)} {exactly}")
    with chart:
        show_walk(found.path[:, 0], checkpoint)


def what(found: Refined, checkpoint: Checkpoint) -> str:
    """What the climb gained, as Markdown."""
    before, after = float(found.cost_before_nats[0]), float(found.cost_after_nats[0])
    digits = 2 if before - after < 1 else 1  # so that a small gain is seen in the costs, too
    nats, costs = number(before - after, digits), f"{number(before, digits)} → {number(after, digits)} nats"
    if found.logvar is None:
        return (
            f"The climb found a code whose picture is nearer to the image: it misses **{nats} nats** less than the encoder’s "
            f"({costs} of reconstruction loss)."
        )
    beta = getattr(checkpoint.model.config, "beta", 1.0)
    weighted = "−ELBO" if beta == 1 else f"−ELBO with the KL weighted by β = {beta:g}, as in training"
    return f"The encoder’s answer costs this image **{nats} nats** more than the best code near it ({costs}, {weighted})."


def how(checkpoint: Checkpoint, label: int | None) -> str:
    """How it was found, exactly."""
    model = checkpoint.model
    pixels = "grey pixels (cross-entropy)" if model.config.likelihood == "bernoulli" else "grey pixels"
    climbed = f"{STEPS} steps uphill (Adam) on the code z, in {pixels}."
    if "kl_nats" in model.LOSSES:
        climbed = (
            f"{STEPS} steps uphill (Adam) on the code’s mean and spread (mu, logvar); before and after are measured with the same "
            f"{MEASURED_SAMPLES} samples of z, in {pixels}."
        )
    told = (
        "" if not model.conditional else " The model was told the image’s class." if label is not None else " The model was told no class."
    )
    return f"{climbed}{told} Computed by the server."


def _error(x: np.ndarray, x_hat: np.ndarray) -> Figure:
    return Figure("MSE", number(float(np.square(x - x_hat).mean()), 4))


def show_walk(path: np.ndarray, checkpoint: Checkpoint) -> None:
    """The codes (S, D) that the climb came by, on the model's map."""
    try:
        frame = caches.map_view(checkpoint.name).frame
    except CheckpointError as error:  # it changed on disk since the page was drawn
        st.warning(link.plain(str(error)), icon=":material/error:")
        return
    points = frame.plane.feet(np.concatenate([path[:-1:EVERY], path[-1:]]))
    every = max(1, len(frame.points) // DOTS)
    figure = figures.latent_path(
        frame.points[::every],
        frame.labels[::every],
        frame.classes,
        frame.middles,
        points,
        ("the encoder’s answer", "refined"),
        REACH,
    )
    st.plotly_chart(figure, width="stretch", key=f"{KEY}_walk", config={"displayModeBar": False})
    st.caption(f"The walk on the map of **{link.plain(words.title_of(checkpoint.name))}**. {frame.still_note}")
