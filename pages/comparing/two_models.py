"""Two models: live maps with one cursor, one image through both, their figures, and what differs between them."""

import streamlit as st

from core import checkpoints, latent, reconstruction
from core.checkpoints import Checkpoint, CheckpointError
from core.portrait import Portrait
from core.shape import SHAPE
from pages.browser import map as browser_map
from pages.collection import comparing
from pages.comparing import linking, presets, refined, switches
from pages.images import gallery, source
from pages.reconstructing import rows
from pages.session import caches, link, state, switched, words
from pages.session.caches import MapView
from pages.session.properties.compare import DIAL_Z, told_key, usual_pair
from pages.session.properties.shared import SCALES, dataset_of, first_dataset, told_names, usual_drawn
from pages.web import errors

KEY = "pair"
IMAGE = "compare_image"  # begins its widgets' keys
LINKS = {"image": "Same image", "point": "Same point"}


def show() -> None:
    """The choice of the two, their maps, one image through both, and their figures."""
    available = checkpoints.in_order(checkpoints.available())
    if len(available) < 2:
        st.info("There are fewer than two models here. Train one, or bring one on the Models page.", icon=":material/compare:")
        return
    names = _choose(available)
    try:
        opened, stamps = [checkpoints.opened(name) for name in names], checkpoints.stamps()
        if names[0] == names[1]:
            refined.show(opened[0], IMAGE)
            return
        maps(*names)
        presets.say(names)
        made = [caches.pictured(name, stamps[name]).portrait for name in names]
    except CheckpointError as error:
        st.error(link.plain(errors.words(error)), icon=":material/error:")
        return
    _one_image(opened)
    figures(made)
    state.address("compare")


def _choose(available: list[str]) -> list[str]:
    """The two models, by a preset or one by one."""
    session = st.session_state
    pair = session.get("models_pair")
    if not isinstance(pair, list) or not all(name in available for name in pair):
        session.models_pair = pair = usual_pair()
    session.pair_first, session.pair_second = pair
    offered = [title for title, preset in presets.PRESETS.items() if all(name in available for name in preset.models)]
    session.pair_preset = presets.of(pair)
    with st.container(key="compare-choice"):
        st.selectbox("Try", offered, None, key="pair_preset", placeholder="A pair to begin with", on_change=_preset)
        for key, title in (("pair_first", "First model"), ("pair_second", "Second model")):
            st.selectbox(title, available, key=key, format_func=words.title_of, on_change=_picked)
    return list(session.models_pair)


def _preset() -> None:
    if title := st.session_state.pair_preset:
        preset = presets.PRESETS[title]
        st.session_state.models_pair = list(preset.models)
        if preset.image is not None:
            source.show_test_image(IMAGE, first_dataset(dataset_of({"checkpoint": preset.models[0]})), preset.image)


def _picked() -> None:
    st.session_state.models_pair = [st.session_state.pair_first, st.session_state.pair_second]


@st.fragment
def maps(first: str, second: str) -> None:
    """The two maps: the part that runs again when a point is kept."""
    session = st.session_state
    try:
        opened = [checkpoints.opened(name) for name in (first, second)]
        row = st.container(horizontal=True, vertical_alignment="center", key="compare-switches")
        with row:
            same_images = linking.of_the_same_images(*opened)
            session.setdefault("models_link", "image")
            session.models_only_link = "point"  # of different images; what was chosen of others stays chosen
            by = st.segmented_control(
                "Both maps show the", list(LINKS), required=True, format_func=LINKS.__getitem__,
                key="models_link" if same_images else "models_only_link", disabled=not same_images, persist_state="session",
                label_visibility="collapsed",
            )  # fmt: skip
            session.pair_one_scale = session.get("models_scale", "own") == SCALES[0]
            one_scale = st.toggle("One scale", key="pair_one_scale", on_change=_scaled)
            layers = switches.layers("pair_layers")
            labels = [
                switches.draw_as(words.title_of(one.name), told_names(one), usual_drawn(one, told_names(one)), told_key("models", one.name))
                for one in opened
            ]
        views = [caches.map_view(one.name, label) for one, label in zip(opened, labels, strict=True)]
    except CheckpointError as error:
        st.error(link.plain(errors.words(error)), icon=":material/error:")
        return
    if not same_images:
        st.caption("These models were measured on different images, so the maps share the point.")
    z, numbers = session.get("models_z", DIAL_Z), session.get("models_z_numbers", (0, 0))
    kept = [
        (linking.snapped(views[0], z) if by == "image" else z, numbers[0]),
        (linking.across(str(by), views[0], views[1], z), numbers[1]),
    ]
    titles = [words.title_of(name) for name in (first, second)]
    spread = switches.spread({title: latent.why_not_spread(one.model) for title, one in zip(titles, opened, strict=True)})
    callbacks = {"pick": lambda: _keep(views, str(by), 0), "pick_other": lambda: _keep(views, str(by), 1), **switched.hears(KEY)}
    browser_map.pair(
        views, titles, kept, str(by), one_scale, layers, callbacks, KEY, spread, switched.said(),
        more_help=browser_map.PAIR_HELP if same_images else browser_map.SCALE_HELP,
    )  # fmt: skip
    state.address("compare")


def _scaled() -> None:
    st.session_state.models_scale = SCALES[not st.session_state.pair_one_scale]


def _keep(views: list[MapView], by: str, side: int) -> None:
    """Somebody kept a point on one of the maps: the session has it as the first one's."""
    heard = linking.heard(KEY, "models_z_numbers", side)
    if heard is None:
        return
    (z,) = heard
    st.session_state.models_z = DIAL_Z if z is None else linking.across(by, views[1], views[0], z) if side else z


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
