"""The gallery: a card for each model, with its small map, what it draws there, what it is, and what can be done with it."""

from html import escape

import streamlit as st

from core import archive
from core.checkpoints import SHIPPED, CheckpointError, Stamp
from core.models import MODELS
from core.portrait import Entry, Portrait
from core.words import plural
from pages.collection import changing, chosen, filters
from pages.images import portraits
from pages.session import caches, figures, link
from pages.session.properties.models import MOST_COMPARED

AT_ONCE = 24  # cards; more on request


def show(entries: list[Entry], stamps: dict[str, Stamp]) -> None:
    """The cards, one after the other: what is made already is seen while the rest is being made."""
    shown = st.session_state.setdefault("models_at_once", AT_ONCE)
    with st.container(key="model-gallery"):
        for entry in entries[:shown]:
            with st.container(border=True, key=f"model-{entry.name}"):
                tile(entry, stamps[entry.name])
    if len(entries) > shown:
        st.button(f"Show more ({plural(len(entries) - shown, 'model')})", on_click=more, icon=":material/expand_more:")


def more() -> None:
    """Show some more cards."""
    st.session_state.models_at_once += AT_ONCE


def tile(entry: Entry, stamp: Stamp) -> None:
    """A card."""
    try:
        shown = caches.pictured(entry.name, stamp)
    except CheckpointError as error:
        broken(entry, error)
        return
    made = shown.portrait
    words = f'<h2>{escape(entry.title)}</h2><p class="soft">{escape(in_short(made))}</p><p class="about">{escape(about(entry))}</p>'
    st.html(f'<div class="tile">{portraits.both(made, shown.map, shown.grid)}{words}{figures_html(made)}</div>')
    hidden = f":small[ ({link.plain(entry.name)})]"  # for those who hear the buttons one after the other; see style.css
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen.open_in_explore(entry.name, f"explore-{entry.name}", f"Open in Explore{hidden}")
        st.button(f"Details{hidden}", key=f"details-{entry.name}", on_click=chosen.one, args=(entry.name,))
        download(entry.name, f":small[Download {link.plain(entry.name)}]")
    compare_box(entry.name)


def broken(entry: Entry, error: CheckpointError) -> None:
    """In its place: why a model cannot be used."""
    st.html(f'<div class="tile"><h2>{escape(entry.title)}</h2></div>')
    changing.say_broken(entry.name, error)


def about(entry: Entry) -> str:
    """A sentence or two: the card's description, else what its kind is."""
    return entry.description or MODELS[entry.kind].summary


def in_short(made: Portrait) -> str:
    """The name that it has in other pages' lists, where that is not its title; its data set, its kind, the size of its code."""
    entry = made.entry
    name = [] if entry.name in SHIPPED else [entry.name]
    size = f"{plural(made.model.config.latent_dim, 'number')} per image"
    return " · ".join([*name, filters.dataset_name(entry.dataset), MODELS[entry.kind].title, size])


def figures_html(made: Portrait) -> str:
    """The figures that say most, and what they do not say."""
    shown = figures.leading(made.model, made.card)
    cells = (f'<div title="{escape(figure.words)}"><dt>{figure.title}</dt><dd>{figure.value}</dd></div>' for figure in shown)
    aside = figures.own_scale(made.model) if any(figure.name.endswith("_nats") for figure in shown) else ""
    return f"<dl>{''.join(cells)}</dl>" + f'<p class="soft">{escape(aside)}</p>' * bool(aside)


def download(name: str, label: str) -> None:
    """The button that packs and sends the model."""
    st.download_button(
        label, lambda: archive.pack(name), f"{name}.zip", "application/zip", icon=":material/download:", on_click="ignore",
        key=f"download-{name}",
        help="A zip: weights (safetensors), card (JSON), codes of the test images, and encoder and decoder as ONNX, which other programs "
        "can read. Preparing it takes a few seconds.",
    )  # fmt: skip


def compare_box(name: str) -> None:
    """A tick puts the model among those to compare. Its name is heard; *Compare* alone is seen, by style.css."""
    now = st.session_state.get(chosen.PICKED, [])
    st.session_state[f"pick-{name}"] = name in now
    full = len(now) >= MOST_COMPARED and name not in now
    st.checkbox(f"Compare ({link.plain(name)})", key=f"pick-{name}", on_change=chosen.pick, args=(name,), disabled=full)


def picked() -> None:
    """The models that are ticked, and the button that shows them beside each other: over the page, which ends with room for it."""
    names = st.session_state.get(chosen.PICKED, [])
    if not names:
        return
    room = st.container(key="models-picked-room")
    with room.container(key="models-picked", horizontal=True, vertical_alignment="center"):
        if len(names) == 1:
            st.markdown("Tick one more model to compare it with.")
        else:
            st.button(f"Compare {len(names)} models", type="primary", icon=":material/compare:", on_click=chosen.beside, args=(names,))
            chosen.open_in_compare(names)
        st.button("Untick all" if len(names) > 1 else "Untick it", on_click=st.session_state.__setitem__, args=(chosen.PICKED, []))
