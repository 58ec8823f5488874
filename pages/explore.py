"""Explore: the live latent map. Move, click, slide; beside it, what the kept point means."""

import base64

import numpy as np
import streamlit as st

from core import checkpoints, latent
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DATASETS, DatasetError, on_disk
from core.models.conditional_vae import NOT_TOLD
from pages.browser.map import LAYERS, latent_map
from pages.exploring import panel
from pages.exploring.panel import Shown
from pages.images.pictures import grey
from pages.session import caches, downloads, link, properties, sidebar, words
from pages.session import state as session
from pages.web import errors

MAP_KEY = "map"
LOOK = ("view", "classes")  # of the link: zoom and legend, which the browser has


def main() -> None:
    """The page."""
    session.begin("explore")
    st.title("Explore the latent space", anchor=False)
    session.say_problems()
    with st.sidebar:
        sidebar.checkpoint_picker()
    checkpoint = sidebar.open_chosen()
    if checkpoint is None:
        return
    with st.sidebar:
        sidebar.model_card(checkpoint)
    explore(checkpoint.name)
    st.expander("What am I looking at?", icon=":material/school:").markdown(words.what_it_is(checkpoint))


@st.fragment
def explore(name: str) -> None:
    """Layers, map and panel: the part that runs again on a commit."""
    state = st.session_state
    try:
        view = caches.map_view(name, chosen_label(checkpoints.opened(name)))
    except CheckpointError:  # it changed on disk since the page was drawn: draw it again, and say so
        st.rerun()
    if not state.point_given:
        state.point = starting_point(view)
    state.layers = choose_layers(latent.has_rings(view.checkpoint.model))
    with st.container(key="map-and-panel"):  # where the two stand is map.css's: it follows the room that there is
        decoded = server_decode(view, state.point) if state.point and (view.atlas or len(view.frame.plane.origin) > 2) else None
        look = session.words("explore", *LOOK), state.get("look_number", 0)
        latent_map(view, state.point, state.commit, state.layers, not state.point_given, decoded, keep_pick, MAP_KEY, look, keep_look)
        with st.container(key="panel"):
            show_panel(view)
    session.address("explore")


def choose_layers(rings: bool) -> list[str]:
    """The layers to show; that of the rings is offered, and forgotten, only where there are any."""
    offered = [layer for layer in LAYERS if layer != "prior" or rings]
    hidden = [layer for layer in st.session_state.layers if layer not in offered]
    key = session.LAYER_PILLS[rings]
    st.session_state.setdefault(key, [layer for layer in st.session_state.layers if layer in offered])
    return hidden + st.pills(
        "Layers", offered, selection_mode="multi", format_func=LAYERS.__getitem__, key=key, label_visibility="collapsed"
    )


def keep_pick() -> None:
    """The browser committed a point: keep it in the session, where it outlives the component."""
    checked = link.check_pick(st.session_state[MAP_KEY].pick)
    if checked is not None:
        st.session_state.update(point=checked[0], commit=checked[1], point_given=True)


def keep_look() -> None:
    """Somebody zoomed, or chose in the legend."""
    checked = link.check_said(st.session_state[MAP_KEY].look)
    if checked is not None:
        said, st.session_state.look_number = checked
        session.take("explore", said, *LOOK)


def chosen_label(checkpoint: Checkpoint) -> int | None:
    """For a conditional model: which class its decoder is to draw; None where it is not told."""
    if not checkpoint.model.conditional:
        return None
    names = properties.told_names(checkpoint)
    labels = [*range(len(names)), NOT_TOLD]
    label = st.selectbox(
        "Draw as", labels, labels.index(properties.usual_drawn(checkpoint, names)), key=f"draw_as-{checkpoint.name}",
        format_func=lambda label: words.UNTOLD if label == NOT_TOLD else names[label],
        help="This model is told what to draw; the code says how to draw it.",
    )  # fmt: skip
    return None if label == NOT_TOLD else label


def starting_point(view: caches.MapView) -> tuple[float, float]:
    """Where the first test image's code lies: a first visitor finds a point already chosen."""
    z1, z2 = view.frame.points[0].tolist()
    return round(z1, 4), round(z2, 4)


def server_decode(view: caches.MapView, z: tuple[float, float]) -> str:
    """The decoder's own answer, where the browser has none: for an atlas, and for a dot whose code lies beside the map's plane."""
    code, _ = latent.code_at(view.frame.plane, view.checkpoint.latents.mu, view.frame.points, z)
    x_hat = latent.decode(view.checkpoint.model, code[None], view.frame.label)[0]
    return base64.b64encode(grey(x_hat).tobytes()).decode()


def show_panel(view: caches.MapView) -> None:
    """What the kept point means; and, where the data set's images are not here, the offer to bring them."""
    checkpoint, frame, point = view.checkpoint, view.frame, st.session_state.point
    codes = checkpoint.latents
    reading = latent.read_point(codes.mu, codes.label, *latent.code_at(frame.plane, codes.mu, frame.points, point)) if point else None
    dataset_name = checkpoint.dataset_name
    images, why_not = test_images(dataset_name, len(codes.mu))
    if images is not None and (unfit := checkpoint.why_not_for((1, *images.shape[1:]))):
        images, why_not = None, unfit
    image = panel.read_image(checkpoint, reading.nearest, images) if images is not None and reading and reading.on_code else None
    instead = f"{why_not} This is what the decoder makes of the code."
    panel.show(Shown(checkpoint, frame.classes, reading, image, instead, view.gap, frame.label, not st.session_state.point_given))
    if images is None and dataset_name in DATASETS and not on_disk(dataset_name, "test"):
        with st.container(border=True):
            st.markdown(
                "**The test images are not on this machine.** The map works without them. "
                f"To see each image beside its reconstruction, download {DATASETS[dataset_name].name}."
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
        return (
            None,
            f"{DATASETS[dataset].name} on this machine has {len(images):,} test images, and the model was measured on {expected:,}.",
        )
    return images, ""


main()
