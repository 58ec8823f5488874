"""An image that is sent to another page: it is that page's image, or on Explore its code is the kept point. One at a time, per session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core import checkpoints, reconstruction
from core.checkpoints import Checkpoint, CheckpointError
from core.latent import Z_LIMIT
from core.models.conditional_vae import NOT_TOLD
from core.shape import SHAPE, SIDE
from pages.images.picked import Picked
from pages.session import caches, link

KIND = "sent"  # of a page's image
CARRIED, KEPT = "carried", "carried_point"  # in the session: the image; the point that its code became


@dataclass(frozen=True)
class Sent:
    """The image, and the page that it was sent from, by its title."""

    picked: Picked
    origin: str


@dataclass(frozen=True)
class Target:
    """Where an image can be sent: the page's title, words for the button, its script, and what it then shows."""

    title: str
    words: str
    script: str
    shows: Mapping[str, Any]


TARGETS = (
    Target("Explore", "Explore: show it on the map", "explore.py", {}),
    Target("Reconstruct", "Reconstruct", "reconstruct.py", {"reconstruct_kind": KIND}),
    Target("Denoise", "Denoise", "denoise.py", {"denoise_kind": KIND, "denoise_mode": "digit"}),
    Target("Super-resolution", "Super-resolution", "super_resolution.py", {"sr_source_kind": KIND, "sr_tab": "one"}),
    Target("Compare", "Compare", "compare.py", {"compare_image_kind": KIND, "compare_mode": "models"}),
    Target("Generate", "Generate: complete it", "generate.py", {"complete_kind": KIND, "generate_tab": "complete"}),
)


def menu(key: str, origin: str, images: Mapping[str, Picked]) -> None:
    """The button that sends one of the images, by what they are called here, to another page; nothing where they are not 28 x 28."""
    fitting = {name: picked for name, picked in images.items() if picked.x.shape == (SIDE, SIDE)}
    if not fitting:
        return
    with st.popover("Send to …", icon=":material/send:", key=f"send-{key}"):
        name = next(iter(fitting))
        if len(fitting) > 1:
            name = str(st.selectbox("Which image", list(fitting), key=f"send-{key}-which"))
        for target in TARGETS:
            if target.title != origin and st.button(target.words, key=f"send-{key}-{target.title}", width="stretch"):
                send(Sent(fitting[name], origin), target)


def send(sent: Sent, target: Target) -> None:
    """The target is shown with the image, or a sentence says why it cannot be."""
    if target.title == "Explore":
        try:
            keep(sent)
        except (CheckpointError, ValueError) as error:
            st.warning(link.plain(str(error)), icon=":material/error:")
            return
    else:
        st.session_state[CARRIED] = sent
        st.session_state.update(target.shows)
    st.switch_page(target.script)


def keep(sent: Sent) -> None:
    """The image's code, by the chosen model, is Explore's kept point. CheckpointError or ValueError where that cannot be, in a sentence."""
    name = st.session_state.get("checkpoint")
    if name is None:
        raise ValueError("There is no model to find its code with.")
    checkpoint = checkpoints.opened(name)
    if why := checkpoint.why_not_for(SHAPE):
        raise ValueError(why)
    point = place(checkpoint, sent.picked)
    if max(map(abs, point)) > Z_LIMIT:
        raise ValueError("Its code lies beyond the map.")
    st.session_state.update({"point": point, "point_given": True, KEPT: (name, point, sent)})
    if checkpoint.model.conditional:  # it is drawn as what its code was found as
        label = sent.picked.label_for(checkpoint)
        st.session_state[f"draw_as-{name}"] = NOT_TOLD if label is None else label


def place(checkpoint: Checkpoint, picked: Picked) -> tuple[float, float]:
    """Where on the checkpoint's map the image's code lies."""
    code = reconstruction.by_model(checkpoint.model, picked.x, picked.label_for(checkpoint)).code
    z1, z2 = caches.map_view(checkpoint.name).frame.plane.feet(np.asarray(code)[None])[0].tolist()
    return round(z1, 4), round(z2, 4)


def choose() -> Picked | None:
    """The image that was sent here, and where from; None, with a word, where none was."""
    sent = st.session_state.get(CARRIED)
    if sent is None:
        st.info("No image was sent here yet: use “Send to …” on another page.", icon=":material/send:")
        return None
    st.caption(link.plain(f"Sent from {sent.origin}: {sent.picked.title}"))
    return sent.picked


def say_kept() -> None:
    """On Explore: which image's code the kept point is, as long as it is."""
    name, point, sent = st.session_state.get(KEPT, (None, None, None))
    if sent is not None and name == st.session_state.checkpoint and point == st.session_state.point:
        st.caption(link.plain(f"The kept point is the code of an image sent from {sent.origin}: {sent.picked.title}"))
