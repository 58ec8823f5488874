"""Explore: the live latent map. Move, click, slide; beside it, what the kept point means."""

import base64

import numpy as np
import streamlit as st

from core import latent
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DATASETS, DatasetError, on_disk
from pages.components import caches, downloads, link, panel, session, sidebar
from pages.components.latent_map import LAYERS, latent_map
from pages.components.pictures import grey
from pages.web import errors

MAP_KEY = "map"


def main() -> None:
    """The page."""
    session.begin()
    st.title("Explore the latent space", anchor=False)
    for problem in st.session_state.pop("link_problems", ()):
        st.warning(problem, icon=":material/link_off:")
    with st.sidebar:
        sidebar.checkpoint_picker()
    checkpoint = sidebar.open_chosen()
    if checkpoint is None:
        return
    with st.sidebar:
        sidebar.model_card(checkpoint)
    explore(checkpoint.name)
    st.expander("What am I looking at?", icon=":material/school:").markdown(WHAT_IT_IS)


@st.fragment
def explore(name: str) -> None:
    """Layers, map and panel: the part that runs again on a commit."""
    state = st.session_state
    try:
        view = caches.map_view(name, chosen_label(caches.open_checkpoint(name)))
    except CheckpointError:  # it changed on disk since the page was drawn: draw it again, and say so
        st.rerun()
    if not state.point_given:
        state.point = starting_point(view)
    state.setdefault("layer_pills", state.layers)
    state.layers = st.pills(
        "Layers", list(LAYERS), selection_mode="multi", format_func=LAYERS.__getitem__, key="layer_pills", label_visibility="collapsed"
    )
    with st.container(key="map-and-panel"):  # where the two stand is latent_map.css's: it follows the room that there is
        decoded = server_decode(view, state.point) if view.atlas and state.point else None
        latent_map(view, state.point, state.commit, state.layers, not state.point_given, decoded, keep_pick, MAP_KEY)
        with st.container(key="panel"):
            show_panel(view)
    link.write(name, state.point, state.point_given, state.layers)


def keep_pick() -> None:
    """The browser committed a point: keep it in the session, where it outlives the component."""
    checked = link.check_pick(st.session_state[MAP_KEY].pick)
    if checked is not None:
        st.session_state.update(point=checked[0], commit=checked[1], point_given=True)


def chosen_label(checkpoint: Checkpoint) -> int | None:
    """For a conditional model: which class its decoder is to draw; None where it is not told."""
    if not checkpoint.model.conditional:
        return None
    names = caches.class_names(checkpoint) or tuple(map(str, range(getattr(checkpoint.model.config, "classes", 0))))
    return st.selectbox(
        "Draw as", range(len(names)), index=None, format_func=names.__getitem__, placeholder="not told", key=f"draw_as-{checkpoint.name}",
        help="A conditional model is told what to draw; the code then says how. Nothing: it is not told.",
    )  # fmt: skip


def starting_point(view: caches.MapView) -> tuple[float, float]:
    """Where the first test image's code lies: a first visitor finds a point already chosen."""
    z1, z2 = view.points[0].tolist()
    return round(z1, 4), round(z2, 4)


def server_decode(view: caches.MapView, z: tuple[float, float]) -> str:
    """The decoder's own answer for a map that previews from an atlas."""
    x_hat = latent.decode(view.checkpoint.model, view.plane.codes(np.array([z])), view.label)[0]
    return base64.b64encode(grey(x_hat).tobytes()).decode()


def show_panel(view: caches.MapView) -> None:
    """What the kept point means; and, where the data set's images are not here, the offer to bring them."""
    checkpoint, z = view.checkpoint, st.session_state.point
    codes = checkpoint.latents
    reading = latent.read_point(view.points, codes.label, z) if z else None
    dataset_name = caches.dataset_name(checkpoint)
    images, why_not = test_images(dataset_name, len(codes.mu))
    image = panel.read_image(checkpoint, reading.nearest, images) if images is not None and reading and reading.on_code else None
    panel.show(checkpoint, view.classes, reading, image, f"{why_not} Shown is what the decoder makes of the code alone.")
    if images is None and dataset_name in DATASETS and not on_disk(dataset_name, "test"):
        with st.container(border=True):
            st.markdown(
                "**The test images are not on this machine.** The map needs none: it comes with the model. "
                f"To see each digit beside its reconstruction, bring {DATASETS[dataset_name].name}."
            )
            downloads.offer(dataset_name)


def test_images(dataset: str, expected: int) -> tuple[np.ndarray | None, str]:
    """The test images that the codes belong to, or None and why they cannot be shown."""
    if dataset not in DATASETS:
        return None, "The model's card does not say which data set its codes come from."
    if not on_disk(dataset, "test"):
        return None, f"The test image is not on this machine ({DATASETS[dataset].name} is not downloaded)."
    try:
        images = caches.test_images(dataset)
    except DatasetError as error:
        return None, errors.words(error)
    if len(images) != expected:
        return None, f"The {dataset} on this machine has {len(images):,} test images, and the model was measured on {expected:,}."
    return images, ""


WHAT_IT_IS = """
An **autoencoder** is two networks that learn together. The **encoder** squeezes an image of 784 pixels into a few numbers, its **code** \
(a *latent vector* z). The **decoder** has only those numbers to draw the image again. Nobody told it what a 4 is: it was given images \
without labels, and the only goal was to lose little (*self-supervised learning*).

This one is **variational** (a *VAE*): the encoder answers with a small cloud instead of a point, a normal distribution with mean \
*z_mean* and log variance *z_log_var*, and all clouds together are drawn towards one round cloud, the **prior**. That is why the space \
between the digits decodes into something that looks like digits too. Its loss is *reconstruction + KL divergence*.

- **Every dot** is the code of one test image, an image that was never trained on. Its colour is its label, which the model never saw.
- **The space between the dots** can be decoded as well: move there and watch one digit turn into another.
- **Try this**: find the border between the 4s and the 9s; walk out beyond the last ring, where nothing was learnt; switch on the \
*decoded grid* and zoom in.
"""

main()
