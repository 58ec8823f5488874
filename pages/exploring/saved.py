"""*Save this page*: the map of one model as a file of its own, and what that says of itself."""

from collections.abc import Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from core import export, latent, version
from core import figures as drawing
from core.data.datasets import DATASETS
from core.words import sentence
from pages.browser import saved
from pages.browser.map import FILE, LAYERS, saved_map
from pages.exploring import fields, saved_encoder
from pages.session import figures, take_along, words
from pages.session.caches import MapView

MOST_BYTES = 3_000_000  # of the file
LICENCE = Path(__file__).parents[2] / "LICENSE"
COLOURS = {
    "--st-primary-color": "primaryColor",
    "--st-background-color": "backgroundColor",
    "--st-secondary-background-color": "secondaryBackgroundColor",
    "--st-text-color": "textColor",
    "--st-border-color": "borderColor",
}
OFFERED = ("points", "names", "manifold", "prior")  # the layers that need no server
BACKGROUND = "background"  # the pill that shows it
LOOK = 5  # of the map's look, what a saved page has: zoom, classes, scale, shapes, images close up; and the last, the code's other numbers
NO_IMAGES = "The test images are not in this file. This is what the decoder makes of the code."


def page(
    view: MapView,
    facts: dict[str, Any],
    kept: Sequence[float] | None,
    layers: Sequence[str],
    look: Sequence[str],
    background: dict[str, Any] | None = None,
) -> bytes:
    """The file, with this point kept, these layers on, as far as they need no server, zoom and legend as they are, and the background
    that is on show (see fields.told). `facts`: the panel's. The encoder comes along in the most faithful way that leaves
    the file below MOST_BYTES."""
    told, titles, files = whole_map(view, facts, kept, layers, look, background)
    themes = {scheme: {name: str(st.get_option(f"theme.{scheme}.{key}")) for name, key in COLOURS.items()} for scheme in ("light", "dark")}

    def made(drawing: dict[str, Any] | None, more: dict[str, bytes], said: str) -> bytes:
        map_told = told | {"readout": told["readout"] | {"drawing": drawing}}
        title = words.title_of(view.checkpoint.name)
        return saved.html(title, lead(view), about(view, said), {"map": map_told, "titles": titles}, files | more, themes)

    name = f"{FILE}encoder"
    for small, said in saved_encoder.ways(view, facts):
        page = made({"encoder": name, "bytes": len(small.file), "why_not": ""}, {name: small.file}, said)
        if len(page) < MOST_BYTES:
            return page
    return made(None, {}, saved_encoder.left_out(facts))


def whole_map(
    view: MapView,
    facts: dict[str, Any],
    kept: Sequence[float] | None,
    layers: Sequence[str],
    look: Sequence[str],
    background: dict[str, Any] | None,
) -> tuple[dict[str, Any], dict[str, str], dict[str, bytes]]:
    """What the map is told, its layers' titles, and its files by the names that stand for their addresses; of the decoders the one of whole
    codes, where there is one, from which the page makes the map's own."""
    rings, whole = latent.has_rings(view.checkpoint.model), f"{FILE}code-decoder" if view.code_decoder else None
    titles = {layer: LAYERS[layer] for layer in OFFERED if layer != "prior" or rings}
    parts = {"figure": view.figure, "decoder": None if whole else view.decoder, "atlas": view.atlas, "code-decoder": view.code_decoder}
    files = {f"{FILE}{name}": asset.content for name, asset in parts.items() if asset}
    files[f"{FILE}codes"] = export.codes_bytes(view.checkpoint.latents.mu, None)
    panel = facts | {"codes": f"{FILE}codes", "decoder": whole, "training": None, "instead": NO_IMAGES}
    told = saved_map(view, panel, kept, [layer for layer in layers if layer in titles], of_the_file(look), note=_of_the_atlas(view))
    if whole:
        told |= {"decoder": whole, "plane": facts["plane"] | {"drawn": view.frame.label}}
    if background:
        files[f"{FILE}field"] = fields.asset(view.checkpoint, background["name"], view.frame.label, view.frame.shown).content
        titles[BACKGROUND] = background["title"]
        told |= {"field": background | {"address": f"{FILE}field"}, "layers": [*told["layers"], BACKGROUND]}
    return without_addresses(told), titles, files


def of_the_file(look: Sequence[str]) -> list[str]:
    """What of the map's look a saved page has."""
    return [word if i < LOOK or i == len(look) - 1 else "" for i, word in enumerate(look)]


def without_addresses(told: dict[str, Any]) -> dict[str, Any]:
    """The same without what only a server has: each of its addresses, which begin with a slash, is None."""
    cleaned: dict[str, Any] = {}
    for key, value in told.items():
        if isinstance(value, dict):
            cleaned[key] = without_addresses(value)
        else:
            cleaned[key] = None if isinstance(value, str) and value.startswith("/") else value
    return cleaned


def _of_the_atlas(view: MapView) -> str:
    """What to know where the file has pictures in place of a decoder; "" where it has the decoder."""
    if not view.atlas:
        return ""
    cells = view.frame.cells
    return f"{view.frame.why_not_live} This file has {cells} by {cells} images that the model has drawn, and shows the nearest of them."


def lead(view: MapView) -> str:
    """What the model is, in a paragraph."""
    said, frame = words.in_a_line(view.checkpoint.name), view.frame
    if view.checkpoint.model.conditional:
        told = "no class" if frame.label is None else f"the class {drawing.class_name(frame.classes, frame.label)}"
        said += f" In this file it is told {told}."
    return f'<p class="saved-lead">{escape(said.strip())}</p>' if said else ""


def about(view: MapView, drawing: str) -> str:
    """What can be drawn, its figures, whose data it learnt from, when and by what the page was made, and on what terms."""
    checkpoint, model = view.checkpoint, view.checkpoint.model
    described = take_along.what(checkpoint.name, model, checkpoint.dataset_name)
    shown = figures.of(model, checkpoint.card)
    rows = [f"<dt>{escape(f.title)} {escape(f.value)}</dt><dd>{escape(f'{sentence(f.words)} {f.protocol}')}</dd>" for f in shown]
    measured = f"<h2>How good it is</h2><dl>{''.join(rows)}</dl>" if rows else ""
    commit = version.commit("core", "pages")
    source = "" if commit == "unknown" else f", commit {commit[:12]}{'+' * commit.endswith('+')}"
    made = f"Saved on {date.today().isoformat()} from the Latent space explorer {version.version()}{source}. It needs no network."
    return (
        f"<h2>About this page</h2><p>{escape(described)}</p><p>{made}</p>{_credit(checkpoint.dataset_name)}{drawing}{measured}"
        f"<h2>Licence</h2>{_licence()}"
    )


def _credit(dataset: str) -> str:
    """Whose data the model learnt from, and on what terms."""
    known = DATASETS.get(dataset)
    if not known or not known.source:
        return ""
    link = f'<a href="{escape(known.source)}" rel="noopener">{escape(known.name)}</a>'
    return f"<p>The model learnt from {link}: {escape(known.authors)}. Licence of the data: {escape(known.licence)}.</p>"


def _licence() -> str:
    """The explorer's, whose modules the file has in it."""
    return (
        "<p>The program in this file is under the MIT licence: use it, change it, pass it on, with this notice.</p>"
        f"<details><summary>The MIT licence</summary><pre>{escape(LICENCE.read_text('utf-8'))}</pre></details>"
    )
