"""Many files: each read as one digit, as several, or as a picture; denoised in the background, with a table and a zip of the results."""

from typing import Any

import streamlit as st

from core.checkpoints import Checkpoint
from core.data.formats import MAX_BYTES
from core.data.zips import MAX_FILES
from core.words import plural
from pages.denoising import batch, methods
from pages.denoising.batch import KINDS, MAX_DIGITS, MAX_RESULT, Outcome
from pages.images.from_upload import FILE_TYPES
from pages.session import background
from pages.web.assets import digest

SLOT = "denoise_files"
MAX_MB = 64  # of one upload; a zip's files may unpack to more
NO_PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/%3E"  # for nothing the table says "None"
LIMITS = (
    f"Images of up to {MAX_BYTES >> 20} MB, or zips of them up to {MAX_MB} MB; {MAX_FILES} images and {MAX_DIGITS:,} "
    f"digits in one go, {MAX_RESULT >> 20} MB of results. Colours become grey. Nothing is kept when the session ends."
)


def show(checkpoint: Checkpoint | None) -> None:
    """Files, what they are, the method; then the work, the table and the zip."""
    controls, results = st.columns([0.3, 0.7], gap="medium")
    with controls:
        files = st.file_uploader(
            "Images, or zips of images", (*FILE_TYPES, "zip"), accept_multiple_files=True, key="denoise_files_upload",
            max_upload_size=MAX_MB,
        )  # fmt: skip
        st.caption(LIMITS)
        kind = str(st.radio("They show", list(KINDS), format_func=KINDS.__getitem__, key="denoise_files_kind", persist_state="session"))
        method = methods.pick_one(f"denoise_files_{kind}", kind == "picture", checkpoint)
        given = [(file.name, file.getvalue()) for file in files[: MAX_FILES + 1]]  # one more: the reader says so
        token = f"{[digest(name.encode() + data) for name, data in given]} {kind} {method}"
        if st.button("Denoise them", type="primary", icon=":material/auto_fix_high:", width="stretch", disabled=not given):
            background.start(SLOT, token, lambda work: batch.run(work, given, kind, method))
    with results:
        if not given and SLOT in st.session_state:  # the visitor comes back from another page, where the files were let go
            st.caption("From the files you uploaded last:")
            token = st.session_state[SLOT].token
        elif not given:
            st.info("Upload several images, or a zip of them: scans, photos, or digits of 28 × 28 pixels.", icon=":material/upload_file:")
            return
        outcome = background.outcome(SLOT, token)
        if outcome is not None:
            show_outcome(outcome)
        elif not background.has(SLOT, token):
            st.info(f"{plural(len(given), 'file is', 'files are')} ready. Press **Denoise them**.", icon=":material/auto_fix_high:")


def show_outcome(outcome: Outcome) -> None:
    """The table, and the zip."""
    done = sum(bool(row.result) for row in outcome.rows)
    problems = sum(bool(row.problem) for row in outcome.rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{done} denoised**" + (f", {problems} with a problem" if problems else ""), width="stretch")
        if done:
            st.download_button(
                "Download (zip)", outcome.archive, "denoised.zip", "application/zip", icon=":material/download:", on_click="ignore"
            )
    image = st.column_config.ImageColumn
    columns: dict[str, Any] = {
        "before": image("Before", width="small"), "after": image("After", width="small"), "file": "File",
        "result": "Name in the zip", "note": st.column_config.TextColumn("Note", width="medium"),
        "problem": st.column_config.TextColumn("Problem", width="large"),
    }  # fmt: skip
    shown = {name: [getattr(row, name) or NO_PICTURE for row in outcome.rows] for name in ("before", "after")}
    shown |= {"file": [row.file for row in outcome.rows], "result": [row.result or "–" for row in outcome.rows]}
    for name in ("note", "problem"):
        if any(texts := [getattr(row, name) for row in outcome.rows]):
            shown[name] = texts
    st.dataframe(shown, column_config=columns, row_height=64, hide_index=True, key="denoise_files_table")
