"""Reconstruct: an image, its code, and what is drawn from it; PCA beside it; noise in the code; how strange the image is to the model."""

import numpy as np
import streamlit as st

from core import checkpoints, figures, latent, reconstruction
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DATASETS, DatasetError, on_disk
from core.models import entry_of
from core.models.restoration import LessonAutoencoder
from pages.exploring.panel import number
from pages.images import source as image_source
from pages.images.bottleneck import Row, show_image, show_rows, show_strip
from pages.images.source import Picked
from pages.session import caches, downloads, link, sidebar, state, words
from pages.web import errors

KEY = "reconstruct"  # of the widgets that choose the image
NEIGHBOURS = 8
MOST_NOISE, NOISE_WITHOUT_OWN = 2.0, 0.3  # of the slider: its end, and where it begins for a model without noise of its own
MOST_MODELS = 12  # that one image is shown through
OTHER_DATASET = "fashion-mnist"  # to show a model of digits what it has not learnt


def main() -> None:
    """The page."""
    state.begin()
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
        picked = image_source.choose(KEY, checkpoint, checkpoint.dataset_name)
        if picked is not None:
            show_image(picked.x, picked.title)
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
    same = picked.dataset == checkpoint.dataset_name
    return picked.label if checkpoint.model.conditional and same else None


# --- the rows ------------------------------------------------------------------------------------------------------------------


def through_bottlenecks(checkpoint: Checkpoint, picked: Picked, label: int | None) -> None:
    """The model, PCA of the same size, the lesson's network."""
    x, problems = picked.x, []
    dimensions = checkpoint.model.config.latent_dim
    size = f"{dimensions} number{'s' * (dimensions > 1)}"
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
        model = caches.lesson().model
        if isinstance(model, LessonAutoencoder):
            code = "8 images of 4 × 4 pixels, together 128 numbers"
            rows.append(Row("Course autoencoder (AI for Beginners)", code, reconstruction.by_lesson(model, x)))
    except CheckpointError:
        problems.append("The convolutional autoencoder of the course AI for Beginners is left out: it is not in checkpoints/restorers.")
    show_rows(x, rows)
    for problem in problems:
        st.caption(link.plain(problem))


# --- noise in the code -----------------------------------------------------------------------------------------------------------


@st.fragment
def noise_in_the_code(name: str, picked: Picked, label: int | None) -> None:
    """Neighbours of the code, decoded."""
    try:
        checkpoint = caches.open_checkpoint(name)
    except CheckpointError:  # it changed on disk since the page was drawn: draw it again, and say so
        st.rerun()
    st.header("Noise in the code", anchor=False)
    own = reconstruction.posterior_noise(checkpoint.latents.mu, checkpoint.latents.logvar)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        start = NOISE_WITHOUT_OWN if own is None else float(np.clip(round(own, 2), 0.01, MOST_NOISE))
        sigma = st.slider(
            "Noise σ", 0.0, MOST_NOISE, start, 0.01, key=f"{KEY}_sigma-{name}", persist_state="session", width=320,
            help="In units of the standard deviation of each code coordinate over the test images.",
        )  # fmt: skip
        st.button("Again", icon=":material/casino:", key=f"{KEY}_again", on_click=other_noise)
    z = reconstruction.by_model(checkpoint.model, picked.x, label).code
    seed = st.session_state.get(f"{KEY}_noise", 0)
    codes = reconstruction.noisy_codes(z, sigma, checkpoint.latents.mu.std(0), NEIGHBOURS, seed)
    images = latent.decode(checkpoint.model, np.concatenate([z[None], codes]), label)
    show_strip(images, ["no noise", *(f"neighbour {i + 1}" for i in range(NEIGHBOURS))], "neighbours")
    noun = words.dataset_of(checkpoint).noun
    st.caption(f"{noise_words(own)} How far can you go before a neighbour is another {noun}, or none at all?")


def noise_words(own: float | None) -> str:
    """What noise the model was trained with; `own` is reconstruction.posterior_noise."""
    if own is None:
        return NOT_TRAINED_WITH_NOISE
    if not np.isfinite(own):
        return "The codes of this model are little more than noise (its posterior has collapsed), so all of them decode into much the same."
    return (
        f"This model was trained with noise in its codes, typically σ = {own:.2g} (the median over the test images of its posterior's "
        "standard deviation). Within that, neighbours should look alike; farther out, nothing was promised."
    )


def other_noise() -> None:
    """Other neighbours."""
    st.session_state[f"{KEY}_noise"] = st.session_state.get(f"{KEY}_noise", 0) + 1


# --- the gauge -------------------------------------------------------------------------------------------------------------------


def how_strange(checkpoint: Checkpoint, picked: Picked) -> None:
    """The image's -ELBO among those of the test images."""
    st.header("How strange is this image to the model?", anchor=False)
    dataset = checkpoint.dataset_name
    if dataset not in DATASETS:
        st.info("The model's card does not say which data set it learnt from, so there is nothing to compare with.", icon=":material/help:")
        return
    if not on_disk(dataset, "test"):
        st.info(
            f"To answer this, the test images of {DATASETS[dataset].name} are needed, and they are not on this machine.",
            icon=":material/database:",
        )
        return
    try:
        reference = caches.test_losses_nats(checkpoint.name, dataset)
    except DatasetError as error:
        st.error(link.plain(str(error)), icon=":material/error:")
        return
    value = float(reconstruction.negative_elbo_each_nats(checkpoint.model, picked.x[None])[0])
    share = reconstruction.strangeness(value, reference)
    measure = "−ELBO" if "kl_nats" in checkpoint.model.LOSSES else "reconstruction loss"
    likelihood = checkpoint.model.config.likelihood
    low, high = np.quantile(reference, [0.25, 0.75])
    words, chart = st.columns([0.36, 0.64], gap="large", vertical_alignment="center")
    with words:
        st.markdown(f"**{verdict(share, len(reference), DATASETS[dataset].name)}**")
        density = " Of a density the figure can be negative; only the comparison counts." * (likelihood != "bernoulli")
        st.markdown(
            f"To describe it the model needs **{number(value, 1)} nats** ({measure}); half of the test images need {number(low, 0)} to "
            f"{number(high, 0)}.{density}",
            help=GAUGE_HELP,
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
        return f"Stranger than all {count:,} {name} test images it was compared with."
    if share <= 0.5 / count:
        return f"Less strange than all {count:,} {name} test images it was compared with."
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
            st.markdown(f"{name} is not on this machine. Any other picture will do too: upload one above.")
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
        x = picked.x
        show_strip(
            np.stack([x, *(x_hat for _, _, x_hat in made)]), ["the image", *(words for _, words, _ in made)], "every-model", many=True
        )
        if len(names) > MOST_MODELS:
            problems.append(f"These are the first {MOST_MODELS} of {len(names)} models.")
        for problem in problems:
            st.caption(link.plain(problem))


NOT_TRAINED_WITH_NOISE = (
    "This model was trained without noise in its codes: nothing taught it that codes near each other should look alike."
)

GAUGE_HELP = (
    "A **nat** is a unit of information, like a bit: 1 nat = 1.44 bits. The more nats an image takes, the less the model expected it. "
    "Exactly: each image is weighed as it is, in grey (−ELBO on Explore is of binarised pixels); a "
    "conditional model is not told the class."
)

WHAT_IT_IS = """
The **encoder** turns 784 pixels into a few numbers, the **code**; the **decoder** draws the image again from them alone. What the code \
does not hold is lost.

- **Lossy**: a few numbers cannot hold 784 pixels. What goes first is what the loss cares least about: hooks, gaps, the exact edge.
- **Data-specific**: the model keeps what tells *its* images apart. A shoe that has to pass through a code made for digits comes out as \
something like a digit. The gauge shows it: the shoe takes many more nats than a digit does.
- **The gauge can be fooled**: it measures how costly an image is to describe. A thin stroke or an almost empty sheet is cheap, even if \
the model has never seen one. Far to the right is strange; far to the left is not "more typical".
- **The course autoencoder** is the convolutional network of the course *AI for Beginners*, which this explorer follows. Its code has \
128 numbers, so it loses less.
- **PCA** (*principal component analysis*) is the best that can be done with straight lines: its code is a weighted sum of pixels and its \
drawing a weighted sum of images. Here it has as many numbers as the model.

**Cross-entropy** says how surprising the image's pixels are if each pixel of the drawing is a probability of ink: summed over the \
pixels, in *nats* (1 nat = 1.44 bits). Here it is the same yardstick for all, also for a model that was trained with another loss. A grey \
pixel costs something even where it is drawn exactly. PCA draws no probabilities, so for this figure its pixels are kept between 0.1 % and \
99.9 %. **MSE** is the mean squared error, **PSNR** the same in decibels (more is better), **SSIM** compares patterns (1 means identical).
"""

main()
