"""One model: its map and its drawings in large, its card in words, and all that can be done with it."""

import streamlit as st

from core.checkpoints import SHIPPED, CheckpointError, Stamp
from pages.collection import changing, chosen, tiles
from pages.images import portraits
from pages.session import caches, model_card, model_loss, refusals, take_along


def show(name: str, stamp: Stamp) -> None:
    """The model, or why it cannot be used."""
    try:
        shown = caches.pictured(name, stamp)
    except CheckpointError as error:
        changing.say_broken(name, error)
        return
    refusals.show(changing.place(name))
    made = shown.portrait
    st.caption(tiles.in_short(made))
    st.text(tiles.about(made.entry))
    with st.container(horizontal=True):
        chosen.open_in_explore(name, f"explore-{name}", primary=True)
        others = [picked for picked in st.session_state.get(chosen.PICKED, []) if picked != name]
        st.button("Compare", icon=":material/compare:", on_click=chosen.beside, args=([name, *others],))
        tiles.download(name, "Download (zip)")
        take_along.offer(f"grid-{name}", f"{name}-grid", lambda: take_along.grid_of(made))
        if changing.may_change(name, made.card.get("owner")):
            changing.ask_before_deleting(name)
    st.html(portraits.both(made, shown.map, shown.grid, large=True))
    if changing.may_change(name, made.card.get("owner")):
        changing.edit(name, made.card)
    elif name in SHIPPED:
        st.caption("It comes with the explorer and cannot be changed.")
    model_loss.show(name, made.model, made.card)
    model_card.show(made.model, made.card, made.megabytes)
