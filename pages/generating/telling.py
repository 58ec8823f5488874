"""Told what to draw: a conditional model's classes, each in one style, chosen on a pad or drawn from the prior."""

import numpy as np
import streamlit as st

from core import checkpoints, latent, quality
from core.checkpoints import Checkpoint, CheckpointError
from core.words import joined
from pages.browser import address, tools
from pages.generating import style
from pages.images import gallery
from pages.images.gallery import Strip
from pages.images.picked import WIDTH_PX, another
from pages.session import caches, link, state, take_along, words
from pages.session.judge import classifier_for
from pages.session.properties.generate import TOLD_MODEL, first_style
from pages.session.properties.shared import MAX_SEED, told_names

KEY = "told"
STYLES = 10  # columns of the sheet
KEPT = 4  # sheets of a session
HELP = (
    '<span class="live-fine"><b>Move</b> over the pad to see a style, <b>click</b> to keep it. With the pad in focus the arrow keys move '
    'it (<kbd>Shift</kbd>: finer).</span><span class="live-coarse"><b>Slide a finger</b> over the pad to choose a style.</span>'
    " The numbers are the styles of the sheet below."
)


def show(checkpoint: Checkpoint) -> None:
    """The pad and the sheet; of another model, a way to one that can be told."""
    if not told_names(checkpoint):
        offer_conditional(checkpoint)
        return
    told(checkpoint.name)
    style.show(checkpoint)


def offer_conditional(checkpoint: Checkpoint) -> None:
    """Why this model cannot be told, and the button that opens one that can."""
    st.info(
        link.plain(
            f"This model ({words.title_of(checkpoint.name)}) was never told a class, so it cannot be asked for one. A conditional one can."
        ),
        icon=":material/record_voice_over:",
    )
    if TOLD_MODEL in checkpoints.available():
        st.button(f"Open the {words.title_of(TOLD_MODEL)}", icon=":material/open_in_new:", on_click=state.choose, args=(TOLD_MODEL,))


@st.fragment
def told(name: str) -> None:
    """The part that runs again when a style is chosen."""
    try:
        checkpoint = checkpoints.opened(name)
        view = caches.map_view(name)
    except CheckpointError:  # it changed on disk since the page was drawn: draw it again, and say so
        st.rerun()
    model, names, plane = checkpoint.model, told_names(checkpoint), view.frame.plane
    st.markdown(
        f"This model is told which class to draw, so its code only says *how*: slant, width, weight. Choose a style, and see "
        f"it as {said(names)}."
    )
    pad = st.container()  # which shows the styles of the sheet below
    st.header("A class a row, a style a column", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input(
            "Seed", 0, MAX_SEED, 0, key=f"{KEY}_seed", persist_state="session", width=WIDTH_PX,
            help="The same seed draws the same styles from the prior.",
        )  # fmt: skip
        another(f"{KEY}_again", f"{KEY}_seed", MAX_SEED + 1, "Other styles")
    codes = latent.random_codes(model, checkpoint.latents.mu, STYLES, np.random.default_rng(seed)).astype(np.float32)
    with pad:
        mount_pad(view, names, plane.points(codes))
    show_sheet(checkpoint, names, codes, seed)
    state.address("generate")


def ask_told(checkpoint: Checkpoint, key: str, why: str) -> int | None:
    """For a conditional model: the class that a tab's codes are drawn as; None for another model. `why`: it is asked."""
    names = told_names(checkpoint)
    if not names:
        return None
    label = st.selectbox(
        "Draw as", range(len(names)), format_func=names.__getitem__, key=f"{key}_told-{checkpoint.name}", persist_state="session",
        width=WIDTH_PX, help=why,
    )  # fmt: skip
    return int(label)


def said(names: tuple[str, ...]) -> str:
    """The classes in a few words."""
    return joined([*names]) if len(names) < 4 else f"{names[0]}, {names[1]} … {names[-1]}"


def mount_pad(view: caches.MapView, names: tuple[str, ...], marks: np.ndarray) -> None:
    """The pad, where the browser can run the decoder."""
    name, frame = view.checkpoint.name, view.frame
    if view.code_decoder is None:
        st.info(link.plain(f"{frame.why_not_live} So there is no pad, only the sheet."), icon=":material/speed:")
        return
    seen = caches.pictured(name, checkpoints.stamp(name, checkpoints.home(name)))
    kept = st.session_state.get(f"{KEY}_style-{name}", first_style({"checkpoint": name}))
    tools.style_pad(
        address(view.code_decoder),
        names,
        address(seen.map),
        seen.portrait.window,
        frame.plane,
        marks,
        (kept, st.session_state.get(f"{KEY}_number", 0)),
        HELP,
        lambda: keep(name),
        f"{KEY}_pad",
    )


def keep(name: str) -> None:
    """The browser tells of a style; what makes no sense is left as it was."""
    checked = link.check_pick(st.session_state[f"{KEY}_pad"].style)
    if checked is not None and checked[0] is not None:
        st.session_state[f"{KEY}_style-{name}"], st.session_state[f"{KEY}_number"] = checked


def show_sheet(checkpoint: Checkpoint, names: tuple[str, ...], codes: np.ndarray, seed: int) -> None:
    """A row for each class, a column for each style (N, D), drawn with that seed; how many a classifier knows; all of it as files."""
    count, stamp = len(codes), checkpoints.stamp(checkpoint.name, checkpoints.home(checkpoint.name))
    images, known = caches.of_session(f"{KEY}_sheet", (checkpoint.name, stamp, seed), lambda: drawn(checkpoint, names, codes), KEPT)
    rows = images.reshape(len(names), count, *images.shape[1:])
    strips = [Strip(name, row) for name, row in zip(names, rows, strict=True)]
    styles = [f"style {i + 1}" for i in range(count)]
    gallery.table(strips, styles, "told-sheet", side_px=76, heads=[str(i + 1) for i in range(count)])
    st.caption(f"{count} styles drawn from the prior; in each column all classes have the same code. Does the style really stay?")
    st.caption(link.plain(known))
    take_along.offer(
        f"{KEY}-sheet", f"{checkpoint.name}-told", lambda: take_along.sheet_of(
            checkpoint, "Told what to draw", images, count, rows=names, heads=styles, notes=(known,)
        ), columns=lambda: {"style": styles, **{f"z{i}": list(column) for i, column in enumerate(codes.T, 1)}},
    )  # fmt: skip


def drawn(checkpoint: Checkpoint, names: tuple[str, ...], codes: np.ndarray) -> tuple[np.ndarray, str]:
    """Every code (N, D) as every class (K * N, H, W), and how many show their class."""
    asked = np.repeat(np.arange(len(names)), len(codes))
    images = latent.decode(checkpoint.model, np.tile(codes, (len(names), 1)), asked)
    return images, as_told(checkpoint, images, asked)


def as_told(checkpoint: Checkpoint, images: np.ndarray, asked: np.ndarray) -> str:
    """Of how many images (N, H, W) a classifier names the class that was asked for, (N,), in a sentence."""
    judge, why_none = classifier_for(checkpoint)
    if not judge:
        return f"No classifier checks these images: {why_none}"
    right = quality.judge(checkpoints.opened_classifier(judge).model, images, asked).right
    assert right is not None  # it is told what was asked for
    return f"A classifier reads {round(right * len(images))} of the {len(images)} as the class that was asked for."
