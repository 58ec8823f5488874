"""One model twice: the encoder's code of an image on one map, on the other the code that a climb from there finds for this very image."""

import numpy as np
import streamlit as st

from core import latent, reconstruction
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DATASETS, on_disk
from core.refine import Refined
from core.shape import SHAPE
from pages.browser import map as browser_map
from pages.comparing import linking, presets, switches
from pages.images import gallery, source
from pages.images.picked import Picked
from pages.reconstructing import refining, rows
from pages.session import background, caches, link, state, switched, words
from pages.session.caches import MapView
from pages.web import errors

KEY = "refined_pair"
SLOT = "compare_refined"
PATIENCE_S = 3.0  # before there is a bar of progress: the models that ship are done by then
TITLES = "the encoder’s code", "the refined code"


def show(checkpoint: Checkpoint, image_key: str) -> None:
    """The maps with both codes of an image, and under them what is drawn from each. image_key begins the keys of its widgets."""
    above = st.container()  # the maps; which image they show is chosen below them
    st.header("One image, before and after", anchor=False)
    controls, results = st.columns([0.3, 0.7], gap="medium")
    with controls:
        picked = source.choose(image_key, checkpoint, checkpoint.dataset_name)
        if picked is not None:
            gallery.one(picked.x, picked.title, "The image", "compared-image")
    label = None if picked is None else picked.label_for(checkpoint)
    with results:
        found = None if picked is None else climbed(checkpoint, picked, label)
    try:
        view = caches.map_view(checkpoint.name, label)
    except CheckpointError as error:
        above.error(link.plain(errors.words(error)), icon=":material/error:")
        return
    with above:
        maps(view, found, image_key)
        presets.say([checkpoint.name] * 2)
    if picked is not None and found is not None:
        with results:
            beside(checkpoint, picked, label, found)
    state.address("compare")


def climbed(checkpoint: Checkpoint, picked: Picked, label: int | None) -> Refined | None:
    """The climb from the encoder's code; None while it goes on, or where it cannot be, with words."""
    if why := checkpoint.why_not_for(SHAPE):
        st.caption(link.plain(why))
        return None
    token = refining.token_of(checkpoint, picked, label)
    if not background.has(SLOT, token):
        background.start(SLOT, token, lambda work: refining.climb(work, checkpoint, picked, label))
    found: Refined | None = background.outcome(SLOT, token, PATIENCE_S)
    return found


def maps(view: MapView, found: Refined | None, image_key: str) -> None:
    """The two maps; on both the way from the one code to the other, once it is found."""
    checkpoint, title = view.checkpoint, words.title_of(view.checkpoint.name)
    with st.container(horizontal=True, vertical_alignment="center", key="compare-switches"):
        layers = switches.layers("pair_layers")
        if found is not None:
            st.markdown(gained(found, checkpoint), width="stretch")
    trail = None if found is None else np.round(view.frame.plane.feet(found.path[:, 0]).astype(float), 4).tolist()
    numbers = st.session_state.get("refined_numbers", (0, 0))
    ends = (trail[0], trail[-1]) if trail else (None, None)
    codes = (None, None) if found is None else (found.path[0, 0].tolist(), found.mu[0].tolist())
    on_test_images = checkpoint.dataset_name in DATASETS and on_disk(checkpoint.dataset_name, "test")
    browser_map.pair(
        [view, view], [f"{title}: {which}" for which in TITLES], list(zip(ends, numbers, strict=True)), "image", True, layers,
        {"pick": lambda: _take(view, 0, image_key), "pick_other": lambda: _take(view, 1, image_key), **switched.hears(KEY)},
        KEY, latent.why_not_spread(checkpoint.model) or True, switched.said(), trail, codes,
        browser_map.REFINED_HELP if on_test_images else "",
    )  # fmt: skip


def _take(view: MapView, side: int, image_key: str) -> None:
    """Somebody clicked a dot: its image is the one to refine."""
    dataset = view.checkpoint.dataset_name
    heard = linking.heard(KEY, "refined_numbers", side)
    if heard is None:
        return
    (z,) = heard
    if z is not None and dataset in DATASETS and on_disk(dataset, "test"):
        source.show_test_image(image_key, dataset, linking.nearest(view, z))


def gained(found: Refined, checkpoint: Checkpoint) -> str:
    """What the climb gained, and what of it the maps show, as Markdown."""
    if float(found.cost_before_nats[0] - found.cost_after_nats[0]) < refining.LEAST_NATS:
        return refining.NOTHING_BETTER
    dimensions = found.mu.shape[1]
    shadow = f" The line on the maps is its shadow: it went through all {dimensions} dimensions." if dimensions > 2 else ""
    return f"{refining.what(found, checkpoint)}{shadow}"


def beside(checkpoint: Checkpoint, picked: Picked, label: int | None, found: Refined) -> None:
    """What is drawn from each of the two codes, and what is wrong with it."""
    codes = found.path[0, 0], found.mu[0]
    made = [reconstruction.from_code(checkpoint.model, code, picked.x, label) for code in codes]
    rows.draw(picked.x, [rows.Row(title, "", one) for title, one in zip(("The encoder’s code", "The refined code"), made, strict=True)])
    st.caption(f"{words.why_refined(checkpoint.model)} {refining.how(checkpoint, label)}")
