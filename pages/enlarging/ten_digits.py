"""A test image of each class, small and enlarged, with the means of their figures."""

import streamlit as st

from core import checkpoints, enlarging, metrics
from core.checkpoints import CheckpointError
from core.data.datasets import DatasetError, on_disk
from core.words import decibels, number
from pages.enlarging.comparing import factor_control, figures_of, say_problems, title
from pages.images.gallery import Strip, table
from pages.session import caches, link, state

DATASET = "mnist"  # what the models were trained on


@st.fragment
def show() -> None:
    """A test image of each class, and the means."""
    dataset = DATASET if on_disk(DATASET, "test") else "digits"  # which need no download
    try:
        digits = caches.one_of_each(dataset)
    except DatasetError as error:
        st.error(link.plain(str(error)), icon=":material/error:")
        return
    factor = factor_control("sr_factor_ten")
    state.address("super-resolution")
    comparison = caches.enlarged(digits, factor)
    say_problems(comparison)
    shown = [name for name in ("bicubic", enlarging.model_for(factor)) if name in comparison.by]
    table(
        [
            Strip("Small", comparison.small, f"{comparison.small.shape[2]} × {comparison.small.shape[1]} pixels"),
            *(Strip(title(name), comparison.by[name].images, figures=figures_of(comparison, name)) for name in shown),
            Strip("Original", digits, "the target"),
        ],
        [str(label) for label in range(len(digits))],
        "ten",
    )
    if dataset != DATASET:
        st.info(
            "These are scikit-learn's digits. MNIST, which the models learnt from, can be downloaded under *One digit*.",
            icon=":material/database:",
        )
    st.caption(" ".join(["PSNR and SSIM are the means of these ten.", *measured(factor)]))


def measured(factor: int) -> list[str]:
    """What the model's card says of all test images; nothing where there is no card."""
    try:
        card = checkpoints.opened_restorer(enlarging.model_for(factor)).card
    except CheckpointError:
        return []
    psnr, ssim = metrics.from_card(card, "psnr_db"), metrics.from_card(card, "ssim")
    if psnr is None or ssim is None:
        return []
    return [f"Over all of MNIST's test images our model reaches {decibels(psnr)} and {number(ssim, 3)}."]
