"""How strange the image is to the model: its -ELBO among those of the test images."""

import numpy as np
import streamlit as st

from core import figures, reconstruction, refine
from core.checkpoints import Checkpoint
from core.data.datasets import DATASETS, DatasetError, on_disk
from core.words import number
from pages.images import source
from pages.images.picked import Picked
from pages.reconstructing import KEY
from pages.session import caches, downloads, link

OTHER_DATASET = "fashion-mnist"  # to show a model of digits what it has not learnt
HELP = (
    "A **nat** is a unit of information, like a bit: 1 nat = 1.44 bits. The more nats an image takes, the less the model expected it. "
    "Exactly: each image is weighed as it is, in grey (−ELBO on Explore is of binarised pixels); a "
    "conditional model is not told the class, and the KL counts in full whatever the model's β."
)


def show(checkpoint: Checkpoint, picked: Picked) -> None:
    """The image's -ELBO among those of the test images."""
    st.header("How strange is this image to the model?", anchor=False)
    dataset = checkpoint.dataset_name
    if dataset not in DATASETS:
        st.info("The model's card does not say which data set it learnt from, so there is nothing to compare with.", icon=":material/help:")
        return
    if not on_disk(dataset, "test"):
        st.info(
            f"The answer needs the test images of {DATASETS[dataset].name}, which are not on this machine.",
            icon=":material/database:",
        )
        return
    try:
        reference = caches.test_losses_nats(checkpoint.name, dataset)
    except DatasetError as error:
        st.error(link.plain(str(error)), icon=":material/error:")
        return
    value = refine.negative_elbo_nats(checkpoint.model, picked.x)
    share = reconstruction.strangeness(value, reference)
    measure = "−ELBO" if "kl_nats" in checkpoint.model.LOSSES else "reconstruction loss"
    likelihood = checkpoint.model.config.likelihood
    low, high = np.quantile(reference, [0.25, 0.75])
    said, chart = st.columns([0.36, 0.64], gap="large", vertical_alignment="center")
    with said:
        st.markdown(f"**{verdict(share, len(reference), DATASETS[dataset].name)}**")
        density = " For a density the figure can be negative; only the comparison counts." * (likelihood != "bernoulli")
        st.markdown(
            f"To describe it the model needs **{number(value, 1)} nats** ({measure}); half of the test images need {number(low, 0)} to "
            f"{number(high, 0)}.{density}",
            help=HELP,
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
        st.button(f"Show it clothes ({name})", icon=":material/apparel:", on_click=source.show_test_images, args=(KEY, OTHER_DATASET))
    else:
        with st.popover("Show it clothes instead", icon=":material/apparel:"):
            st.markdown(f"{name} is not on this machine. Any other picture will do too: upload one above.")
            downloads.offer(OTHER_DATASET)
