"""The beta dial: one slider through models that differ in the weight of the KL divergence alone."""

import streamlit as st

from core.checkpoints import CheckpointError
from core.family import Family
from core.rate_distortion import PEERS
from pages.browser.dial import beta_dial
from pages.exploring import readout
from pages.images import pictures
from pages.session import caches, link, state
from pages.session.properties.compare import DIAL, DIAL_HOME, DIAL_Z

KEY = "beta_dial"

WORDS = (
    "One network, one training set, one order of images, one seed: only **β** differs, the weight of the KL divergence in the loss. "
    "**Drag the dial** and watch what a little more of it does."
)

WHAT_IT_IS = """
A variational autoencoder pays twice: for what a code says (*rate*: the KL divergence between an image's cloud of codes and the prior) and
for what the drawing gets wrong (*distortion*). Their sum is the −ELBO. **β** is the price of the first.

- **β = 0**: codes cost nothing. They spread far beyond the prior's rings, and each image's cloud shrinks to a point. Codes drawn from the
  prior land in a small part of this map: it is hardly more than a plain autoencoder.
- **β = 1**: the usual VAE. What it minimises is the −ELBO itself.
- **β = 10**: codes cost so much that they say little. Digits that look alike share a place, and each is drawn like its neighbours.
- **A rate of 0** means that the code is not used at all: the decoder draws the same image everywhere (*posterior collapse*). The
  collapsed model, trained with β = 100, is at the upper left of the figure.

**Between two trained models** nothing was trained: the dots move in a straight line from where one model puts an image to where the next
one does, and the pictures of the two are cross-faded. Only at the labelled positions do you see real models. The maps were turned or
mirrored, which changes nothing in a VAE, so that they lie as alike as they can.

**The figure.** Each dot is a shipped model of handwritten digits: its rate, from the codes of all test images, and its distortion, the
rest of the −ELBO on its card (grey images). Autoencoders without a posterior have no rate, so they are not in it, and the conditional
VAE is told the digit. Of the dotted lines only the sum is known (on binarised images), so the model lies somewhere on its line: {peers}.
"""


def show() -> None:
    """The dial and its words."""
    try:
        view = caches.family_view()
    except CheckpointError as error:
        st.error(f"The dial cannot be shown: {link.plain(str(error))}", icon=":material/error:")
        return
    st.markdown(WORDS)
    dials = list(state.words("compare", *DIAL).values()), st.session_state.get("dial_number", 0)
    originals, why_not = examples(view.family)
    beta_dial(view, originals, (DIAL_HOME, DIAL_Z), dials, keep, KEY)
    if why_not:
        st.caption(f"{why_not} The row shows only what the models make of the codes.")
    peers = "; ".join(f"{peer.title}: {peer.source}" for peer in PEERS)
    st.expander("What am I looking at?", icon=":material/school:").markdown(WHAT_IT_IS.format(peers=peers))


def examples(family: Family) -> tuple[list[str], str]:
    """A test image of each class as a data URI, "" where they are not here, and why not."""
    images, why_not = readout.test_images(family.members[0])
    if images is None:
        return [""] * len(family.examples), why_not
    return [pictures.data_uri(image) for image in caches.test_images(family.members[0].dataset_name)[family.examples]], ""


def keep() -> None:
    """Somebody turned the dial, kept a point, or chose in the legend."""
    checked = link.check_said(st.session_state[KEY].dial)
    if checked is not None:
        said, st.session_state.dial_number = checked
        state.take("compare", dict(zip(DIAL, said, strict=False)) if isinstance(said, list) else None, *DIAL)
