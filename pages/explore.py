"""Explore: the live latent map. Move, click, slide; beside it, what the kept point means."""

import streamlit as st

from core import checkpoints, latent
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DATASETS, on_disk
from core.models.conditional_vae import NOT_TOLD
from pages.browser.map import LAYERS, latent_map, marked
from pages.exploring import backgrounds, pairs, planes, readout, taking
from pages.images import sent
from pages.images.picked import Picked
from pages.session import caches, downloads, exercise_words, exercises, heading, link, sidebar, words
from pages.session import state as session
from pages.session.properties.shared import told_names, usual_drawn

MAP_KEY = "map"
LOOK = ("view", "classes", "spread", "shapes", "closeup", "all", "present", "tool", "rest")  # of the link, as the browser has it


def main() -> None:
    """The page."""
    session.begin("explore")
    heading.show("Explore the latent space", "explore")
    session.say_problems()
    checkpoint = sidebar.chosen_model()
    if checkpoint is None:
        return
    explore(checkpoint.name)
    pairs.show(checkpoint.name)
    exercises.show("explore", exercise_words.of_map(checkpoint))
    st.expander("What am I looking at?", icon=":material/school:").markdown(words.what_it_is(checkpoint))


@st.fragment
def explore(name: str) -> None:
    """Layers and map, and all that the panel needs: the part that runs again on a choice."""
    state = st.session_state
    try:
        opened = checkpoints.opened(name)
        with st.container(horizontal=True, key="explore-layers"):
            state.layers = choose_layers(latent.has_rings(opened.model))
            label = chosen_label(opened)
            view = caches.map_view(name, label, planes.choose(opened, label))
            background = backgrounds.choose(view)
    except CheckpointError:  # it changed on disk since the page was drawn: draw it again, and say so
        st.rerun()
    if not state.point_given:
        state.point = starting_point(view)
    dataset = view.checkpoint.dataset_name
    facts = readout.facts(view, *readout.test_images(view.checkpoint))
    look = list(session.words("explore", *LOOK).values()), state.get("look_number", 0)
    session.address("explore")  # before the map is there: later it would cover, in the address, a point kept meanwhile
    with st.container(key="map-and-panel"):  # where the offer stands is readout.css's: under the panel, which the map brings along
        kept = state.point, state.point_number
        latent_map(view, facts, kept, state.layers, not state.point_given, keep_pick, MAP_KEY, look, keep_look, background, keep_alone)
        offer_images(dataset)
    with st.container(horizontal=True):
        taking.offer(planes.as_set(view, look[0][-1], state.point), facts, look[0], background, marked(MAP_KEY))
        if state.point is not None:
            sent.menu("explore", "Explore", {"The kept point": at_the_point(view, look[0][-1])})
    sent.say_kept()


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
    """The browser tells, late, of the point that is kept there: it goes into the session, where it outlives the component."""
    checked = link.check_pick(st.session_state[MAP_KEY].pick)
    if checked is not None:
        st.session_state.update(point=checked[0], point_number=checked[1], point_given=True)


def keep_look() -> None:
    """Somebody zoomed, or chose in the legend."""
    checked = link.check_said(st.session_state[MAP_KEY].look)
    if checked is not None:
        said, st.session_state.look_number = checked
        session.take("explore", dict(zip(LOOK, said, strict=False)) if isinstance(said, list) else None, *LOOK)


def keep_alone() -> None:
    """Layers were switched on the map while the server did not answer."""
    checked = link.check_said(st.session_state[MAP_KEY].alone)
    if checked is not None:
        session.take_layers(checked[0])


def chosen_label(checkpoint: Checkpoint) -> int | None:
    """For a conditional model: which class its decoder is to draw; None where it is not told."""
    if not checkpoint.model.conditional:
        return None
    names = told_names(checkpoint)
    labels = [*range(len(names)), NOT_TOLD]
    label = st.selectbox(
        "Draw as", labels, labels.index(usual_drawn(checkpoint, names)), key=f"draw_as-{checkpoint.name}",
        format_func=lambda label: words.UNTOLD if label == NOT_TOLD else names[label],
        help="This model is told what to draw; the code says how to draw it.", width=280, filter_mode=None,
    )  # fmt: skip
    return None if label == NOT_TOLD else label


def starting_point(view: caches.MapView) -> tuple[float, float]:
    """Where the first test image's code lies: a first visitor finds a point already chosen."""
    z1, z2 = view.frame.points[0].tolist()
    return round(z1, 4), round(z2, 4)


def at_the_point(view: caches.MapView, rest: str) -> Picked:
    """What the model draws at the kept point; rest: where the map's plane lies, in the link's words."""
    checkpoint, frame, (z1, z2) = view.checkpoint, view.frame, st.session_state.point
    x = latent.decode(checkpoint.model, planes.kept_code(view, rest, (z1, z2))[None], frame.label)[0]
    return Picked(x, f"Drawn by {checkpoint.name} at ({z1:g}, {z2:g})", checkpoint.dataset_name, frame.label)


def offer_images(dataset: str) -> None:
    """Where the data set's test images are not here: bring them, for the panel."""
    if dataset not in DATASETS:
        return
    name, wanted = DATASETS[dataset].name, st.session_state.get("all", False) and not on_disk(dataset, "train")
    if on_disk(dataset, "test") and not wanted:
        return
    with st.container(border=True, key="images-offer"):
        if on_disk(dataset, "test"):
            st.markdown(f"**The training images are not on this machine.** To see their codes, too, download {name}.")
        else:
            st.markdown(
                "**The test images are not on this machine.** The map works without them. "
                f"To see each image beside its reconstruction{', and the codes of the training images' * wanted}, download {name}."
            )
        downloads.offer(dataset)


main()
