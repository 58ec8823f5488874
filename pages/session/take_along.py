"""Take it along: one button that offers what a page shows as files. Nothing is made before somebody asks for it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import streamlit as st

from core import sheets
from core.checkpoints import Checkpoint
from core.data.datasets import DATASETS
from core.models import Model, entry_of
from core.portrait import Portrait
from core.sheets import Sheet
from core.words import plural
from pages.session import words

Columns = Mapping[str, Sequence[object] | np.ndarray]


class File(NamedTuple):
    """One more file."""

    label: str  # of its button
    ending: str  # of its name
    mime: str
    make: Callable[[], bytes]
    words: str = ""  # under the button


def offer(
    key: str,
    stem: str,
    sheet: Callable[[], Sheet] | None = None,
    frames: Callable[[], np.ndarray] | None = None,
    columns: Callable[[], Columns] | None = None,
    and_back: bool = False,
    files: Sequence[File] = (),
    sheet_words: str = "",
    table_title: str = "Table (CSV)",
    table_words: str = "",
    endings: tuple[str, str] = ("", ""),
) -> None:
    """The button, and under it a file for each that is given: a sheet (PNG, A4, A3), a GIF of images (N, H, W) in [0, 1] (`and_back`: it
    plays backwards, too), a table (CSV); before them what else there is. `stem`: the files' name without its ending; `endings`: what the
    sheet's and the table's have behind that; `sheet_words`: what the sheet shows; `table_title`, `table_words`: the table's button
    and what it has.

    They are called when somebody clicks, in another thread, which has no st.session_state: what they need is in them.
    """
    with st.popover("Take it along", icon=":material/download:", key=f"take-{key}"):
        for file in files:
            _button(f"{key}{file.ending}", file.label, f"{stem}{file.ending}", file.mime, file.make)
            if file.words:
                st.caption(file.words)
        if sheet is not None:
            if sheet_words:
                st.caption(sheet_words)
            _button(f"{key}-png", "Picture (PNG)", f"{stem}{endings[0]}.png", "image/png", lambda: sheets.png(sheet()))
            for paper in sheets.PAPERS_MM:
                name = f"{stem}{endings[0]}-{paper.lower()}.png"
                _button(f"{key}-{paper}", f"{paper} sheet to print (PNG)", name, "image/png", _printed(sheet, paper))
        if frames is not None:
            _button(f"{key}-gif", "Animation (GIF)", f"{stem}.gif", "image/gif", lambda: sheets.gif(frames(), and_back=and_back))
        if columns is not None:
            _button(f"{key}-csv", table_title, f"{stem}{endings[1]}.csv", "text/csv", lambda: sheets.table(columns()))
            if table_words:
                st.caption(table_words)


def _printed(sheet: Callable[[], Sheet], paper: str) -> Callable[[], bytes]:
    return lambda: sheets.printed(sheet(), paper)


def _button(key: str, label: str, name: str, mime: str, make: Callable[[], bytes]) -> None:
    st.download_button(label, make, name, mime, key=f"take-{key}", on_click="ignore", width="stretch")


def sheet_of(
    checkpoint: Checkpoint,
    title: str,
    images: Sequence[np.ndarray] | np.ndarray,
    columns: int,
    *,
    captions: Sequence[str] = (),
    rows: Sequence[str] = (),
    heads: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Sheet:
    """A sheet of what a model drew, which says the model, today's date, and whose data it learnt from. `notes`: further lines, figures."""
    made_by = described(checkpoint.name, checkpoint.model, checkpoint.dataset_name)
    return Sheet(title, images, columns, captions, rows, heads, (made_by, *notes), credit_of(checkpoint.dataset_name))


def grid_of(made: Portrait) -> Sheet:
    """The sheet of what a model draws over its map."""
    rows, columns, *shape = made.grid.shape
    model, dataset = made.model, made.entry.dataset
    images = made.grid.reshape(rows * columns, *shape) / 255
    notes = described(made.entry.name, model, dataset), made.grid_words
    return Sheet("Decoded grid", images, columns, rows=made.told, notes=notes, credit=credit_of(dataset))


def described(name: str, model: Model, dataset: str) -> str:
    """A line on a model: its name, kind, size and data, and today's date."""
    return f"{what(name, model, dataset)} · {date.today().isoformat()}"


def what(name: str, model: Model, dataset: str) -> str:
    """The same without a date."""
    numbers = plural(model.config.latent_dim, "number")
    data = [f"learnt from {DATASETS[dataset].name}"] if dataset in DATASETS else []
    return " · ".join([words.title_of(name), entry_of(model).title, f"{numbers} per image", *data])


def credit_of(dataset: str) -> str:
    """Whose data they are and on what terms, in plain text; "" for unknown ones."""
    known = DATASETS.get(dataset)
    return f"{known.name} ({known.source}): {known.authors}. Licence: {known.licence}." if known and known.source else ""
