"""Reconstruct: an image, its code, and what is drawn from it; PCA beside it; noise in the code; how strange the image is to the model."""

import numpy as np
import streamlit as st
import torch

from core import checkpoints, figures, latent, reconstruction
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DATASETS, DatasetError, on_disk
from core.models import MODELS
from core.models.restoration import LessonAutoencoder
from pages.components import caches, downloads, image_source, link, session, sidebar
from pages.components.bottleneck import Row, show_image, show_rows, show_strip
from pages.components.image_source import Picked
from pages.components.panel import number
from pages.web import errors

KEY = "reconstruct"  # of the widgets that choose the image
NEIGHBOURS = 8
MOST_MODELS = 12  # that one image is shown through
OTHER_DATASET = "fashion-mnist"  # to show a model of digits what it has not learnt


def main() -> None:
    """The page."""
    session.begin()
    st.title("Reconstruct", anchor=False)
    with st.sidebar:
        sidebar.checkpoint_picker()
    checkpoint = sidebar.open_chosen()
    if checkpoint is None:
        return
    with st.sidebar:
        sidebar.model_card(checkpoint)
    source, results = st.columns([0.3, 0.7], gap="medium")
    with source:
        picked = image_source.choose(KEY, checkpoint, caches.dataset_name(checkpoint))
        if picked is not None:
            show_image(picked.x[0, 0].numpy(), picked.title)
    if picked is not None:
        label = told(checkpoint, picked)
        with results:
            through_bottlenecks(checkpoint, picked, label)
        noise_in_the_code(checkpoint.name, picked, label)
        how_strange(checkpoint, picked)
        every_model(picked)
    st.expander("What am I looking at?", icon=":material/school:").markdown(WHAT_IT_IS)


def told(checkpoint: Checkpoint, picked: Picked) -> int | None:
    """The class that a conditional model is told: the image's, where it is one of the classes that the model knows."""
    same = picked.dataset == caches.dataset_name(checkpoint)
    return picked.label if checkpoint.model.conditional and same else None


# --- the rows ------------------------------------------------------------------------------------------------------------------


def through_bottlenecks(checkpoint: Checkpoint, picked: Picked, label: int | None) -> None:
    """The model, PCA of the same size, the lesson's network."""
    x, problems = picked.x, []
    dimensions = checkpoint.model.config.latent_dim
    size = f"{dimensions} number{'s' * (dimensions > 1)}"
    informed = "" if label is None else ", told the class"
    rows = [Row(title_of(checkpoint), f"{checkpoint.name} · {size}{informed}", reconstruction.by_model(checkpoint.model, x, label))]
    try:
        principal, fitted_on = caches.principal(caches.dataset_name(checkpoint))
        rows.append(Row("PCA", f"{size} too · fitted on {fitted_on}", reconstruction.by_pca(principal.first(dimensions), x)))
    except DatasetError as error:
        problems.append(f"PCA is left out. {errors.words(error)}")
    try:
        model = caches.lesson().model
        if isinstance(model, LessonAutoencoder):
            code = "8 images of 4 × 4 pixels, together 128 numbers"
            rows.append(Row("The lesson's convolutional autoencoder", code, reconstruction.by_lesson(model, x)))
    except CheckpointError:
        problems.append("The lesson's convolutional autoencoder is left out: it is not in checkpoints/restorers.")
    show_rows(x[0, 0].numpy(), rows)
    for problem in problems:
        st.caption(link.plain(problem))


def title_of(checkpoint: Checkpoint) -> str:
    """The kind of model, for people."""
    return next(entry.title for entry in MODELS.values() if entry.module is type(checkpoint.model))


# --- noise in the code -----------------------------------------------------------------------------------------------------------


@st.fragment
def noise_in_the_code(name: str, picked: Picked, label: int | None) -> None:
    """The lesson's exercise: neighbours of the code, decoded."""
    try:
        checkpoint = caches.open_checkpoint(name)
    except CheckpointError:  # it changed on disk since the page was drawn: draw it again, and say so
        st.rerun()
    st.header("Noise in the code", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        sigma = st.slider(
            "Noise σ", 0.0, 2.0, 0.3, 0.05, key=f"{KEY}_sigma", persist_state="session", width=320,
            help="In units of how much each number of the code differs among the test images (its standard deviation).",
        )  # fmt: skip
        st.button("Again", icon=":material/casino:", key=f"{KEY}_again", on_click=other_noise)
    z = reconstruction.by_model(checkpoint.model, picked.x, label).code
    generator = torch.Generator().manual_seed(st.session_state.get(f"{KEY}_noise", 0))
    codes = reconstruction.noisy_codes(z, sigma, checkpoint.latents.mu.std(0), NEIGHBOURS, generator)
    images = latent.decode(checkpoint.model, np.concatenate([z[None], codes]), label)
    show_strip(images, ["no noise", *(f"neighbour {i + 1}" for i in range(NEIGHBOURS))], "neighbours")
    st.caption(
        "Look at how far you can go before a neighbour is another digit, or none. "
        + ("A VAE is trained with such noise: near codes look alike." if "kl_nats" in checkpoint.model.LOSSES else NOT_TRAINED_WITH_NOISE)
    )


def other_noise() -> None:
    """Other neighbours."""
    st.session_state[f"{KEY}_noise"] = st.session_state.get(f"{KEY}_noise", 0) + 1


# --- the gauge -------------------------------------------------------------------------------------------------------------------


def how_strange(checkpoint: Checkpoint, picked: Picked) -> None:
    """The image's -ELBO among those of the test images."""
    st.header("How strange is this image to the model?", anchor=False)
    dataset = caches.dataset_name(checkpoint)
    if dataset not in DATASETS:
        st.info("The model's card does not say which data set it learnt from, so there is nothing to compare with.", icon=":material/help:")
        return
    if not on_disk(dataset, "test"):
        st.info(
            f"This cannot be said without the test images of {DATASETS[dataset].name}, and they are not on this machine.",
            icon=":material/database:",
        )
        return
    try:
        reference = caches.test_losses_nats(checkpoint.name, dataset)
    except DatasetError as error:
        st.error(link.plain(str(error)), icon=":material/error:")
        return
    value = float(reconstruction.negative_elbo_each_nats(checkpoint.model, picked.x)[0])
    share = reconstruction.strangeness(value, reference)
    measure = "−ELBO" if "kl_nats" in checkpoint.model.LOSSES else "reconstruction loss"
    low, high = np.quantile(reference, [0.25, 0.75])
    words, chart = st.columns([0.36, 0.64], gap="large", vertical_alignment="center")
    with words:
        st.markdown(f"**{verdict(share, len(reference), DATASETS[dataset].name)}**")
        st.markdown(
            f"To describe it the model needs **{value:,.1f} nats** ({measure}); half of the test images need {number(low, 0)} to "
            f"{number(high, 0)}."
        )
        other_images(dataset)
    with chart:
        st.plotly_chart(
            figures.strangeness(reference, value, f"{measure} of {len(reference):,} test images, nats"),
            key=f"{KEY}_gauge",
            config={"displayModeBar": False},
        )


def verdict(share: float, count: int, name: str) -> str:
    """A percentile in words."""
    if share >= 1 - 0.5 / count:
        return f"Stranger than every one of {count:,} {name} test images."
    if share <= 0.5 / count:
        return f"Less strange than every one of {count:,} {name} test images."
    return f"Stranger than {100 * share:.1f} % of {count:,} {name} test images."


def other_images(dataset: str) -> None:
    """A way to images that the model has not learnt."""
    if dataset == OTHER_DATASET:
        return
    name = DATASETS[OTHER_DATASET].name
    if on_disk(OTHER_DATASET, "test"):
        st.button(f"Show it clothes ({name})", icon=":material/apparel:", on_click=image_source.show_test_images, args=(KEY, OTHER_DATASET))
    else:
        with st.popover("Show it clothes instead", icon=":material/apparel:"):
            st.markdown(f"{name} is not on this machine. Any other picture will do as well: upload one above.")
            downloads.offer(OTHER_DATASET)


# --- every model -----------------------------------------------------------------------------------------------------------------


def every_model(picked: Picked) -> None:
    """The same image through the models in checkpoints/, the best first; nothing is computed while this is closed."""
    part = st.expander("The same image through every model", icon=":material/view_module:", key=f"{KEY}_every", on_change="rerun")
    if not part.open:
        return
    made, problems = [], []
    names = checkpoints.available()
    for name in names[:MOST_MODELS]:
        try:
            checkpoint = caches.open_checkpoint(name)
        except CheckpointError as error:
            problems.append(f"{name} is left out. {errors.words(error)}")
            continue
        of = reconstruction.by_model(checkpoint.model, picked.x, told(checkpoint, picked))
        made.append((of.scores.loss_nats, f"{name} · {number(of.scores.loss_nats, 1)} nats", of.x_hat))
    made.sort(key=lambda entry: entry[0])
    with part:
        x = picked.x[0, 0].numpy()
        show_strip(
            np.stack([x, *(x_hat for _, _, x_hat in made)]), ["the image", *(words for _, words, _ in made)], "every-model", many=True
        )
        if len(names) > MOST_MODELS:
            problems.append(f"These are the first {MOST_MODELS} of {len(names)} models.")
        for problem in problems:
            st.caption(link.plain(problem))


NOT_TRAINED_WITH_NOISE = "Nothing taught this model what lies between its codes: near codes need not look alike."

WHAT_IT_IS = """
The **encoder** turns 784 pixels into a few numbers, the **code**; the **decoder** draws the image again from them alone. What the code \
does not hold is lost.

- **Lossy**: a few numbers cannot hold 784 pixels. What goes first is what the loss cares least about: hooks, gaps, the exact edge.
- **Data-specific**: the model keeps what tells *its* images apart. A shoe has to pass through a code made for digits, and comes out as \
something like a digit. The gauge says so: it needs many more nats than a digit does.
- **The gauge can be fooled**: it measures how costly an image is to describe. A thin stroke or an almost empty sheet is cheap, though it \
is no digit. Far to the right is strange; far to the left is not "more of a digit".
- **PCA** (*principal component analysis*) is the best that can be done with straight lines: its code is a weighted sum of pixels and its \
drawing a weighted sum of images. Here it has as many numbers as the model.

**Cross-entropy** is the loss of the lesson, summed over the pixels: how surprising the image's pixels are to the drawing, in *nats*. \
A grey pixel costs something even where it is drawn exactly. PCA draws no probabilities, so for this figure its pixels are kept between \
0.1 % and 99.9 %. **MSE** is the mean squared error, **PSNR** the same in decibels (more is better), **SSIM** compares patterns (1 is \
equality).
"""

main()
