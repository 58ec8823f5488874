"""The sidebar that every page shares: which checkpoint, what it is, and what computes here."""

from pathlib import Path

import streamlit as st

from core import checkpoints
from core.checkpoints import Checkpoint, CheckpointError
from core.shape import Shape
from core.training.config import choose_device, device_title
from pages.session import figures, link, model_loss, state, words
from pages.session import model_card as whole_card
from pages.session.properties.shared import default_checkpoint

ROOM = (Path(__file__).parent / "sidebar.js").read_text(encoding="utf-8")


def chosen_model(shape: Shape | None = None) -> Checkpoint | None:
    """The picker and the chosen model's card; the model, or None after a sentence that says why there is none (see open_chosen)."""
    with st.sidebar:
        checkpoint_picker()
    checkpoint = open_chosen(shape)
    if checkpoint is not None:
        with st.sidebar:
            model_card(checkpoint)
    return checkpoint


def checkpoint_picker() -> None:
    """Choose among the available checkpoints; the choice is st.session_state.checkpoint."""
    names = checkpoints.in_order(checkpoints.available())
    if names:
        place = state.index_of(names)
        st.session_state.checkpoint_choice = None if place is None else names[place]
        index = None if place is None else 0  # a value and another default would be one too many
        st.selectbox(
            "Model", names, index, words.title_of, key="checkpoint_choice", on_change=_chosen,
            help="The models that come with the explorer, then those trained or added here.",
        )  # fmt: skip
        if place is not None and (said := words.in_a_line(names[place])):
            st.caption(link.plain(said))


def _chosen() -> None:
    if st.session_state.checkpoint_choice:
        st.session_state.checkpoint = st.session_state.checkpoint_choice


def open_chosen(shape: Shape | None = None) -> Checkpoint | None:
    """The chosen checkpoint; where it cannot be used, also for images of the page's shape, a sentence, and the default in its place."""
    name, default = st.session_state.checkpoint, default_checkpoint()
    if gone := st.session_state.pop("gone", None):
        instead = f" Showing {link.plain(words.title_of(str(name)))} instead." if name else ""
        st.warning(f"The model {link.quote(gone)} is no longer here.{instead}", icon=":material/link_off:")
    if name is None:
        st.info(words.NO_MODEL, icon=":material/model_training:")
        return None
    checkpoint = _opened(str(name), shape)
    if checkpoint is not None or default in (None, name):
        return checkpoint
    st.info(f"Showing {link.plain(words.title_of(str(default)))} instead; choose another in the sidebar.", icon=":material/swap_horiz:")
    return _opened(str(default), shape)


def opened_again(name: str) -> Checkpoint:
    """The checkpoint, in a fragment; where it changed on disk since the page was drawn, the page is drawn again, and says so."""
    try:
        return checkpoints.opened(name)
    except CheckpointError:
        st.rerun()


def _opened(name: str, shape: Shape | None) -> Checkpoint | None:
    """The checkpoint of that name, or why it cannot be used, said on the page."""
    try:
        checkpoint = checkpoints.opened(name)
    except CheckpointError as error:
        st.error(link.plain(f"The model {name} cannot be used. {error}"), icon=":material/error:")
        return None
    if shape and (why := checkpoint.why_not_for(shape)):
        st.warning(link.plain(f"This page's images do not fit the model: {why}"), icon=":material/aspect_ratio:")
        return None
    return checkpoint


def model_card(checkpoint: Checkpoint) -> None:
    """The card in brief; whole, and how to read its loss, on request."""
    for figure in figures.leading(checkpoint.model, checkpoint.card):
        st.markdown(f"**{figure.title} {figure.value}** · {figure.words}", help=figure.help)
    with st.expander("How it was trained and measured"):
        whole_card.show(checkpoint.model, checkpoint.card)
    model_loss.show(checkpoint.name, checkpoint.model, checkpoint.card)


def leave_room() -> None:
    """Keep the sidebar closed where the window is narrow, until it is asked for; see sidebar.js."""
    st.html(f"<script>{ROOM}</script>", unsafe_allow_javascript=True)


def device_badge() -> None:
    """The best device of this machine."""
    device = choose_device()
    title = "CPU, no GPU" if device.type == "cpu" else device_title(device)
    st.badge(
        title,
        icon=":material/memory:" if device.type == "cpu" else ":material/bolt:",
        color="blue" if device.type == "cpu" else "green",
        help="The device that training uses here. The pages compute on the CPU, the live map in your browser.",
    )
