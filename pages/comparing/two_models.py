"""Two models: live maps with one cursor, one image through both, their figures, and what differs between them."""

import numpy as np
import streamlit as st

from core import checkpoints, reconstruction
from core.checkpoints import Checkpoint, CheckpointError
from core.portrait import Portrait
from core.shape import SHAPE
from pages.browser import map as browser_map
from pages.browser.map import LAYERS
from pages.collection import comparing
from pages.images import gallery, source
from pages.reconstructing import rows
from pages.session import caches, link, state, words
from pages.session.caches import MapView
from pages.session.properties.compare import DIAL_Z, usual_pair
from pages.session.properties.shared import SCALES
from pages.web import errors

KEY = "pair"
IMAGE = "compare_image"  # begins its widgets' keys
PRESETS = {  # what to look at, and the two
    "Plain or variational": ("ae-mnist-2d", "beta-1-mnist-2d"),
    "PCA or an autoencoder": ("pca-mnist-2d", "ae-mnist-2d"),
    "PCA or variational": ("pca-mnist-2d", "beta-1-mnist-2d"),
    "β of 0.1 or 10": ("beta-0.1-mnist-2d", "beta-10-mnist-2d"),
    "The lesson's VAE, or a right one": ("lesson-vae-mnist-2d", "beta-1-mnist-2d"),
    "Collapsed or sound": ("vae-mnist-2d-collapsed", "beta-1-mnist-2d"),
    "Overfitted or sound": ("vae-mnist-2d-overfitted", "beta-1-mnist-2d"),
    "Digits or clothes": ("beta-1-mnist-2d", "vae-fashion-2d"),
}
LINKS = {"image": "Same image", "point": "Same point"}


def show() -> None:
    """The choice of the two, their maps, one image through both, and their figures."""
    available = checkpoints.in_order(checkpoints.available())
    if len(available) < 2:
        st.info("There are fewer than two models here. Train one, or bring one on the Models page.", icon=":material/compare:")
        return
    names = _choose(available)
    if names[0] == names[1]:
        st.warning("This is the same model twice. Choose another one.", icon=":material/content_copy:")
    maps(*names)
    try:
        opened, stamps = [checkpoints.opened(name) for name in names], checkpoints.stamps()
        made = [caches.pictured(name, stamps[name]).portrait for name in names]
    except CheckpointError as error:
        st.error(link.plain(errors.words(error)), icon=":material/error:")
        return
    _one_image(opened)
    figures(made)


def _choose(available: list[str]) -> list[str]:
    """The two models, by a preset or one by one."""
    session = st.session_state
    pair = session.get("models_pair")
    if not isinstance(pair, list) or not all(name in available for name in pair):
        session.models_pair = pair = usual_pair()
    session.pair_first, session.pair_second = pair
    offered = [title for title, names in PRESETS.items() if all(name in available for name in names)]
    session.pair_preset = next((title for title in offered if list(PRESETS[title]) == pair), None)
    st.pills("Try", offered, key="pair_preset", on_change=_preset)
    columns = st.columns(2)
    for column, key, title in zip(columns, ("pair_first", "pair_second"), ("First model", "Second model"), strict=True):
        column.selectbox(title, available, key=key, format_func=words.title_of, on_change=_picked)
    return list(session.models_pair)


def _preset() -> None:
    if title := st.session_state.pair_preset:
        st.session_state.models_pair = list(PRESETS[title])


def _picked() -> None:
    st.session_state.models_pair = [st.session_state.pair_first, st.session_state.pair_second]


@st.fragment
def maps(first: str, second: str) -> None:
    """The two maps: the part that runs again when a point is kept."""
    session = st.session_state
    try:
        views = [caches.map_view(name, _drawn(checkpoints.opened(name))) for name in (first, second)]
    except CheckpointError as error:
        st.error(link.plain(errors.words(error)), icon=":material/error:")
        return
    same_images = of_the_same_images(*views)
    left, right = st.columns([0.5, 0.5], vertical_alignment="bottom")
    session.setdefault("models_link", "image")
    with left:
        by = st.segmented_control(
            "Both maps show the", list(LINKS), required=True, format_func=LINKS.__getitem__, key="models_link", disabled=not same_images,
            persist_state="session",
            help="Same image: where you point at one of them, the other shows where it has the same test image. Same point: both decode "
            "the same numbers.",
        )  # fmt: skip
    with right:
        session.pair_one_scale = session.get("models_scale", "own") == SCALES[0]
        one_scale = st.toggle("One scale", key="pair_one_scale", on_change=_scaled, help="Both maps show the same part of the space.")
    if not same_images:
        by = "point"
        st.caption("These models were measured on different images, so the maps share the point.")
    layers = st.pills(
        "Layers", list(LAYERS), selection_mode="multi", default=["points", "names"], format_func=LAYERS.__getitem__, key="pair_layers",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    z, numbers = session.get("models_z", DIAL_Z), session.get("models_z_numbers", (0, 0))
    kept = [(snapped(views[0], z) if by == "image" else z, numbers[0]), (across(str(by), views[0], views[1], z), numbers[1])]
    titles = [words.title_of(name) for name in (first, second)]
    callbacks = {"pick": lambda: _keep(views, str(by), 0), "pick_other": lambda: _keep(views, str(by), 1)}
    browser_map.pair(views, titles, kept, str(by), one_scale, layers, callbacks, KEY)
    state.address("compare")


def _scaled() -> None:
    st.session_state.models_scale = SCALES[not st.session_state.pair_one_scale]


def _drawn(checkpoint: Checkpoint) -> int | None:
    """A conditional model is told the class of its first test image."""
    return int(checkpoint.latents.label[0]) if checkpoint.model.conditional else None


def of_the_same_images(one: MapView, other: MapView) -> bool:
    """Whether row n of both models' codes is the same test image."""
    labels = one.checkpoint.latents.label, other.checkpoint.latents.label
    return one.checkpoint.dataset_name == other.checkpoint.dataset_name and np.array_equal(*labels)


def nearest(view: MapView, z: tuple[float, float]) -> int:
    """The row of the code nearest to a point of the map."""
    return int(((view.frame.points - np.asarray(z)) ** 2).sum(1).argmin())


def snapped(view: MapView, z: tuple[float, float]) -> tuple[float, float]:
    """The code nearest to a point of the map."""
    return _place(view, nearest(view, z))


def across(by: str, one: MapView, other: MapView, z: tuple[float, float]) -> tuple[float, float]:
    """The point of the other map that goes with z on this one; as map/pair.js has it."""
    return _place(other, nearest(one, z)) if by == "image" else z


def _place(view: MapView, row: int) -> tuple[float, float]:
    x, y = view.frame.points[row].tolist()
    return round(x, 4), round(y, 4)


def _keep(views: list[MapView], by: str, side: int) -> None:
    """Somebody kept a point on one of the maps: the session has it as the first one's."""
    session = st.session_state
    checked = link.check_pick(session[KEY].pick_other if side else session[KEY].pick)
    if checked is None:
        return
    z, number = checked
    numbers = list(session.get("models_z_numbers", (0, 0)))
    numbers[side] = number
    session.models_z_numbers = tuple(numbers)
    session.models_z = DIAL_Z if z is None else across(by, views[1], views[0], z) if side else z


def _one_image(opened: list[Checkpoint]) -> None:
    """The same image through both."""
    st.header("One image through both", anchor=False)
    controls, results = st.columns([0.3, 0.7], gap="medium")
    with controls:
        picked = source.choose(IMAGE, opened[0], opened[0].dataset_name)
        if picked is None:
            return
        gallery.one(picked.x, picked.title, "The image", "compared-image")
    made = []
    with results:
        for checkpoint in opened:
            if why := checkpoint.why_not_for(SHAPE):
                st.caption(link.plain(f"{checkpoint.name} is left out. {why}"))
                continue
            drawn = reconstruction.by_model(checkpoint.model, picked.x, picked.label_for(checkpoint))
            made.append(rows.Row(words.title_of(checkpoint.name), "", drawn))
        if made:
            rows.draw(picked.x, made)


def figures(made: list[Portrait]) -> None:
    """What differs, and how good each is."""
    comparing.table("What differs", made, comparing.differences(made))
    comparing.table("Figures", made, comparing.measured(made))
