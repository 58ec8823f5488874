"""A model's card as people read it: what it is, how it was trained, how it was measured, how large it is, what it was made with."""

from html import escape
from typing import Any, NamedTuple

import streamlit as st

from core.data.datasets import DATASETS
from core.models import MODELS, ConfigError, Model
from core.models.config import from_json, settings
from core.training import presets
from core.training.config import TrainingConfig
from core.words import duration, number, operations, plural, sentence
from pages.session import figures

TOLD_APART = ("epochs", "seed", "latent_dim", "training_images")  # settings that have a row of their own
ALONE = {stage: f", its {stage} alone" for stage in ("decoder", "encoder")}  # what a second stage of core.training.second_stage trains
MOST_TEXT = 300  # characters of a stranger's


class Row(NamedTuple):
    """A name, what is said of it, and what is said softly; plain text, in lines."""

    name: str
    said: str
    softly: str = ""


Rows = list[Row]


def show(model: Model, card: dict[str, Any], megabytes: float | None = None) -> None:
    """All of it; of the model its shapes are enough. The JSON it comes from is in the download."""
    parts = {
        "What it is": what_it_is(model, card),
        "How it was trained": how_trained(model, card),
        "How it was measured": how_measured(model, card),
        "Size": size(model, card, megabytes),
        "Made with": made_with(card),
    }
    sections = (f"<section><h2>{title}</h2><dl>{''.join(map(_row, rows))}</dl></section>" for title, rows in parts.items() if rows)
    st.html(f'<div class="model-card" data-testid="model-card">{"".join(sections)}</div>')


def _row(row: Row) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in row.said.splitlines())
    soft = "".join(f'<p class="soft">{_line(line)}</p>' for line in row.softly.splitlines())
    return f"<div><dt>{escape(row.name)}</dt><dd>{lines}{soft}</dd></div>"


def _line(line: str) -> str:
    """As HTML; the address of a data set's page, and no other, becomes a link."""
    if line in {data.source for data in DATASETS.values()} - {""}:
        return f'<a href="{escape(line)}" target="_blank" rel="noopener">{escape(line)}</a>'
    return escape(line)


def what_it_is(model: Model, card: dict[str, Any]) -> Rows:
    """Its kind, its code, its data set."""
    (kind,) = (entry for entry in MODELS.values() if entry.module is type(model))
    _, height, width = model.config.shape
    rows = [
        Row("Kind", kind.title, kind.summary),
        Row("Code", f"{plural(model.config.latent_dim, 'number')} for an image of {width} × {height} pixels"),
    ]
    told, name = part(card, "dataset"), _text(part(card, "dataset").get("name"))
    if name:
        data = DATASETS.get(name)
        counts = [
            f"{plural(count, 'image')} to {what}"
            for key, what in (("training_images", "learn from"), ("test_images", "be measured on"))
            if isinstance(count := told.get(key), int)
        ]
        whose = [f"{data.authors}. Licence: {data.licence}.", data.source] if data else []
        rows.append(Row("Data set", data.title if data else name, "\n".join(filter(None, [", ".join(counts), *whose]))))
    return rows


def how_trained(model: Model, card: dict[str, Any]) -> Rows:
    """Epochs, time and device; what is not as usual."""
    rows: Rows = []
    images = [Row("Images", how)] if (how := _text(card.get("preprocessing"))) else []
    if model.linear:
        return [Row("Training", "None: its weights are computed from the images."), *images]
    before = _took(part(card, "began_with"))
    if took := _took(card):
        early = "\nStopped before its end." if card.get("finished") is False else ""
        alone = ALONE.get(_text(card.get("stage")), "")
        rows.append(Row("Training", f"First part: {before}\nSecond part{alone}: {took}{early}" if before else f"{took}{early}"))
    if encoder := _text(card.get("encoder")):
        rows.append(Row("Encoder", sentence(encoder)))
    rows.append(Row("Settings, second part" if before else "Settings", "\n".join(unusual(model, card))))
    if isinstance(seed := card.get("seed"), int):
        rows.append(Row("Seed", str(seed)))
    return rows + images


def _took(told: dict[str, Any]) -> str:
    """ "28 epochs in 17 minutes on a CPU, 1 thread"; "" where the card does not say."""
    epochs, seconds = _number(told.get("epochs")), _number(told.get("training_seconds"))
    if epochs is None:
        return ""
    time = f" in {duration(seconds)}" if seconds is not None else ""
    where = f" on {_device(device)}" if (device := _text(told.get("device"))) else ""
    return f"{plural(round(epochs, 1) if epochs % 1 else int(epochs), 'epoch')}{time}{where}"


def unusual(model: Model, card: dict[str, Any]) -> list[str]:
    """The settings that are not the usual ones, a line for each."""
    try:
        recipe = from_json(TrainingConfig, card.get("recipe"))
    except ConfigError:
        return ["The card does not say with which settings."]
    name = next(name for name, entry in MODELS.items() if entry.module is type(model))
    asked = {**settings(type(model.config)), **settings(TrainingConfig)}
    usual = presets.usual(name, None, 0)
    differs = presets.changed(vars(model.config) | vars(recipe), usual)
    said = [f"{asked[key].name}: {asked[key].said(value)} (usually {asked[key].said(usual[key])})"
            for key, value in differs.items() if key in asked and key not in TOLD_APART]  # fmt: skip
    return said or ["All as usual."]


def how_measured(model: Model, card: dict[str, Any]) -> Rows:
    """Each figure, what it means, and its protocol."""
    return [Row(f"{f.title} {f.value}", sentence(f.words), f.protocol) for f in figures.of(model, card)]


def size(model: Model, card: dict[str, Any], megabytes: float | None) -> Rows:
    """Weights, arithmetic, files."""
    stored = _text(card.get("stored_weights"))
    flop = model.decoder_flop()
    rows = [Row("Weights", f"{sum(p.numel() for p in model.parameters()):,}{f', stored as {stored}' if stored else ''}")]
    if flop:
        rows.append(Row("To draw an image", f"{operations(flop)} floating-point operations"))
    if megabytes is not None:
        rows.append(Row("Files", f"{number(megabytes, 1)} MB"))
    return rows


def made_with(card: dict[str, Any]) -> Rows:
    """Versions of the software."""
    versions = part(card, "versions")
    said = [f"{names} {_text(versions[key])}" for key, names in (("python", "Python"), ("torch", "PyTorch"), ("numpy", "NumPy"))
            if _text(versions.get(key))]  # fmt: skip
    commit = _text(card.get("commit"))
    rows = [Row("Software", ", ".join(said))] if said else []
    return rows + ([Row("Commit", commit[:12] + ("+, with changes" if commit.endswith("+") else ""))] if commit else [])


def part(card: dict[str, Any], name: str) -> dict[str, Any]:
    """An object in the card; an empty one where there is none."""
    found = card.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    """A stranger's text: short, and such as can be sent."""
    return value.encode(errors="replace").decode()[:MOST_TEXT] if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12
    return float(value) if fits else None


def _device(said: str) -> str:
    """ "a CPU, 1 thread" from "cpu: 1 thread"; "a GPU, NVIDIA H100" from "cuda: NVIDIA H100"."""
    kind, _, which = said.partition(": ")
    known = {"cpu": "a CPU", "cuda": "a GPU", "mps": "an Apple GPU"}.get(kind)
    return ", ".join(filter(None, [known, which])) if known else said
