"""Two to four models beside each other: their maps, what they draw, their figures, and where their settings differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from html import escape
from typing import Any

import streamlit as st

from core.checkpoints import CheckpointError, Stamp
from core.models.config import ConfigError, from_json
from core.portrait import Portrait, Window
from core.training.config import TrainingConfig
from core.words import joined, number, operations
from pages.collection import changing, chosen, filters, tiles
from pages.images import portraits
from pages.session import caches, figures, model_card, words
from pages.session.caches import Pictured
from pages.session.figures import Figure
from pages.session.properties.models import MOST_COMPARED
from pages.session.recipe import NOT_ITS_OWN, in_effect

DENSITIES = "Nats of a density and of probabilities do not compare: no better or worse."
ALIKE = 3.0  # times as large as the smallest, at most: maps that one scale shows well


@dataclass(frozen=True)
class Row:
    """A line of the table: what it is about, a soft line, and a cell for each model, with a word behind the best."""

    title: str
    cells: list[str]
    note: str = ""
    best: tuple[int, ...] = ()


def show(available: dict[str, Stamp]) -> None:
    """The models, chosen here too."""
    names = st.multiselect(
        "Models", list(available), key=chosen.COMPARED, max_selections=MOST_COMPARED, persist_state="session", format_func=words.title_of,
        placeholder=f"Choose 2 to {MOST_COMPARED} models",
    )  # fmt: skip
    shown = list(filter(None, (_pictured(name, available[name]) for name in names)))
    if len(shown) < 2:
        st.info("Choose one more model above to see them beside each other.", icon=":material/compare:")
    if not shown:
        return
    made = [one.portrait for one in shown]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        one_scale = len(shown) > 1 and st.toggle(
            "Maps on one scale", fit_one_scale(made), key=f"models_scale-{','.join(names)}", persist_state="session",
            help="All maps then show the same part of the latent space, so sizes can be compared. Otherwise each fills its picture.",
        )  # fmt: skip
        chosen.open_in_compare([p.entry.name for p in made])
    side_by_side(shown, available, reduce(Window.around, (p.window for p in made)) if one_scale else None)
    table("Figures", made, measured(made))
    table("What differs", made, differences(made))


def _pictured(name: str, stamp: Stamp) -> Pictured | None:
    """A model ready to be shown, or why it cannot be used, said here."""
    try:
        return caches.pictured(name, stamp)
    except CheckpointError as error:
        changing.say_broken(name, error)
        return None


def fit_one_scale(made: list[Portrait]) -> bool:
    """Whether one scale shows all maps well: all keep to the prior, whose width is 1, or they are about as large as each other."""
    halves = [p.window.half for p in made]
    return all(p.rings for p in made) or reduce(Window.around, (p.window for p in made)).half <= ALIKE * min(halves)


def side_by_side(shown: list[Pictured], stamps: dict[str, Stamp], window: Window | None) -> None:
    """A column for each model; window: the part of the latent space that all maps show, else each its own."""
    with st.container(key="model-columns"):
        for one in shown:
            with st.container(key=f"column-{one.portrait.entry.name}"):
                column(one, stamps[one.portrait.entry.name], window)


def column(shown: Pictured, stamp: Stamp, window: Window | None) -> None:
    """One model: title, map, what it draws."""
    made, name = shown.portrait, shown.portrait.entry.name
    seen = window or made.window
    picture = caches.map_within(name, stamp, window) if window else shown.map
    heading = f'<h2>{escape(made.entry.title)}</h2><p class="soft">{escape(tiles.in_short(made))}</p>'
    large = '<div class="portrait large alone">'
    dimensions = made.model.config.latent_dim
    plane = f", a plane through {dimensions} dimensions" if dimensions > 2 else ""
    words = f'<p class="soft">{number(2 * seen.half, 1)} units wide{plane}. Below, what is decoded where its own codes lie.</p>'
    pictures = (
        f"{large}{portraits.map_html(made, picture, seen, large=True)}</div>{words}{large}{portraits.grid_html(made, shown.grid)}</div>"
    )
    st.html(f'<div class="tile">{heading}{pictures}</div>')
    with st.container(horizontal=True):
        chosen.open_in_explore(name, f"explore-{name}", f"Open in Explore:small[ ({name})]")
        st.button(f"Details:small[ ({name})]", key=f"details-{name}", on_click=chosen.one, args=(name,))


def measured(made: list[Portrait]) -> list[Row]:
    """The figures that any of them has; the best is marked where all were measured in one way on the same images."""
    of_each = [{figure.name: figure for figure in figures.of(p.model, p.card)} for p in made]
    names = list(dict.fromkeys(name for known in of_each for name in known))
    return [_measured(name, [known.get(name) for known in of_each], made) for name in names]


def _measured(name: str, found: list[Figure | None], made: list[Portrait]) -> Row:
    there = [figure for figure in found if figure]
    cells = [figure.value if figure else NOT_ITS_OWN for figure in found]
    why_not = incomparable(there, [p for p, figure in zip(made, found, strict=True) if figure])
    best: tuple[int, ...] = ()
    if len(there) > 1 and not why_not:
        extreme = (min if there[0].better == "lower" else max)(figure.number for figure in there)
        best = tuple(place for place, figure in enumerate(found) if figure and figure.value == _value_of(extreme, there))
    note = there[0].words if not why_not else f"{there[0].words.removesuffix('; lower is better')}. {why_not}"
    if why_not == DENSITIES:
        cells = [f"{cell}, of a density" if figure and is_density(p) else cell for cell, figure, p in zip(cells, found, made, strict=True)]
    return Row(there[0].title, cells, note, best if len(best) < len(there) else ())


def _value_of(extreme: float, figures: list[Figure]) -> str:
    """The best value as it is shown: two that read the same are equally good."""
    return next(figure.value for figure in figures if figure.number == extreme)


def incomparable(found: list[Figure], made: list[Portrait]) -> str:
    """Why these figures say nothing of which model is better; "" when they do."""
    if len({p.entry.dataset for p in made}) > 1:
        return "Different data sets: no better or worse."
    losses = {(p.model.config.likelihood, p.model.config.likelihood == "bernoulli" or p.model.config.sigma) for p in made}
    if any(figure.name.endswith("_nats") for figure in found) and len(losses) > 1:
        return DENSITIES if len({is_density(p) for p in made}) > 1 else "Different reconstruction losses: no better or worse."
    if len({figure.protocol for figure in found}) > 1:
        return "Measured in different ways: no better or worse."
    return ""


def is_density(made: Portrait) -> bool:
    """Whether the model's nats are of a density of grey pixels, else of probabilities of ink."""
    return made.model.config.likelihood != "bernoulli"


def differences(made: list[Portrait]) -> list[Row]:
    """Kind, data and settings, as far as they differ; then time and size, which always say something."""
    said = [facts(p) for p in made]
    sizes = _size(made[0]) if made else {}
    names = [*dict.fromkeys(name for known in said for name in known if name not in sizes), *sizes]
    rows = [Row(name, [known.get(name, NOT_ITS_OWN) for known in said]) for name in names]
    return [row for row in rows if len(set(row.cells)) > 1]


def facts(made: Portrait) -> dict[str, str]:
    """What a model is and how it was trained, by names for people; of two trainings both, where they differ."""
    said = {"Kind": chosen.kind_title(made.entry.kind), "Data set": filters.dataset_name(made.entry.dataset)}
    last = in_effect(type(made.model), made.model.config, _recipe(made.card))
    before = model_card.part(made.card, "began_with")
    first = in_effect(type(made.model), made.model.config, _recipe(before)) if before else last
    stage = str(made.card.get("stage"))
    alone = {"Epochs": f" of its {stage} alone"} if stage in model_card.ALONE else {}
    both = {
        name: words if first.get(name, words) == words else f"{first[name]}, then {words}{alone.get(name, '')}"
        for name, words in last.items()
    }
    return said | both | _size(made)


def _recipe(told: Mapping[str, Any]) -> TrainingConfig | None:
    """The settings of a training; None where the card does not say."""
    try:
        return from_json(TrainingConfig, told.get("recipe"))
    except ConfigError:
        return None


def _size(made: Portrait) -> dict[str, str]:
    return {
        "Weights": f"{sum(p.numel() for p in made.model.parameters()):,}",
        "To draw an image": f"{operations(made.model.decoder_flop())} operations",
    }


def table(title: str, made: list[Portrait], rows: list[Row]) -> None:
    """Draw a table: a column for each model."""
    st.header(title, anchor=False)
    if not rows:
        st.markdown("Nothing." if len(made) > 1 else "There is nothing to compare it with yet.")
        return
    titles = [words.title_of(p.entry.name) for p in made]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in titles)
    body = "".join(_line(row) for row in rows)
    names = escape(f"{title} of {joined(titles)}")
    st.html(
        f'<div class="side-by-side" role="region" aria-label="{names}" tabindex="0"><table><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _line(row: Row) -> str:
    word = "better" if len(row.cells) == 2 else "best"
    note = f'<span class="soft">{escape(row.note)}</span>' if row.note else ""
    cells = "".join(f"<td>{escape(cell)}{f' <b>{word}</b>' if place in row.best else ''}</td>" for place, cell in enumerate(row.cells))
    return f'<tr><th scope="row">{escape(row.title)}{note}</th>{cells}</tr>'
