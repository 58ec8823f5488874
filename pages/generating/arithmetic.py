"""Arithmetic: one code minus another plus a third. If a step of the code means the same everywhere, the result shows it."""

import numpy as np
import streamlit as st

from core import figures, latent, morphs
from core.checkpoints import Checkpoint
from core.figures import class_name
from core.frame import class_names
from pages.generating import by_image, telling
from pages.images import gallery
from pages.images.gallery import Picture
from pages.images.picked import WIDTH_PX, another
from pages.session import caches, link, sidebar, state, words
from pages.session.properties.generate import FIRST_TERMS, TERMS

KEY = "arithmetic"
SIGNS = {"a": "", "b": "− ", "c": "+ "}
DOTS = 3_000  # of the map


@st.fragment
def show(checkpoint: Checkpoint) -> None:
    """The terms, the sum, and where they lie."""
    checkpoint = sidebar.opened_again(checkpoint.name)
    st.markdown(
        "Codes are numbers, so they can be added. **A − B** is the step from B to A, and the sum takes the same step from C. If a step "
        "means the same everywhere, the result is to C what A is to B."
    )
    names, terms = ask_terms(checkpoint)
    told = telling.ask_told(checkpoint, KEY, "This model is told the class, so what is added and subtracted is style.")
    codes = np.stack([*terms, morphs.analogy(*terms)]).astype(np.float32)
    with st.container(key="generate-sum"):  # beside each other where there is room
        with st.container():
            show_sum(checkpoint, names, codes, told)
        with st.container():
            show_map(checkpoint, codes)
    state.address("generate")


def ask_terms(checkpoint: Checkpoint) -> tuple[list[str], list[np.ndarray]]:
    """Words for each of the three terms, and its code (D,)."""
    mu, labels, classes = checkpoint.latents.mu, checkpoint.latents.label, class_names(checkpoint.dataset_name)
    kind = st.segmented_control(
        "Terms", list(TERMS), default="images", required=True, format_func=TERMS.__getitem__, key=f"{KEY}_terms", persist_state="session",
        help="Of a whole class the mean of all its test images’ codes is taken.",
    )  # fmt: skip
    here, names, codes = sorted(set(labels.tolist())), [], []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for term, (row, label) in FIRST_TERMS.items():
            title = f"{SIGNS[term]}{term.upper()}"
            if kind == "images":
                key = f"{KEY}_{term}_row-{checkpoint.name}"
                with st.container(horizontal=True, vertical_alignment="bottom", width="content"):  # the two stay beside each other
                    row = st.number_input(title, 0, len(mu) - 1, min(row, len(mu) - 1), key=key, persist_state="session", width=WIDTH_PX)
                    another(f"{KEY}_other_{term}", key, len(mu), "Another")
                names.append(f"{class_name(classes, int(labels[row]))} (test image {row:,})")
                codes.append(mu[row])
            else:
                label = st.selectbox(
                    title, here, here.index(label) if label in here else 0, format_func=lambda label: class_name(classes, label),
                    key=f"{KEY}_{term}_class-{checkpoint.name}", persist_state="session", width=WIDTH_PX,
                )  # fmt: skip
                names.append(f"{class_name(classes, label)} (mean of {int((labels == label).sum()):,} codes)")
                codes.append(mu[labels == label].mean(0))
    return names, codes


def show_sum(checkpoint: Checkpoint, names: list[str], codes: np.ndarray, told: int | None) -> None:
    """The terms and the result, decoded, with what a classifier says of each; codes (4, D)."""
    images = latent.decode(checkpoint.model, codes, told)
    said, why_none = by_image.verdicts(checkpoint, images)
    titles = [f"{sign}{name}" for sign, name in zip(SIGNS.values(), names, strict=True)]
    pictures = [Picture(title, image, note) for title, image, note in zip([*titles, "= A − B + C"], images, said, strict=True)]
    gallery.row(pictures, "sum", 148, 130)
    heard = "under each, what a classifier says of it" if not why_none else f"what each shows is not said: {link.plain(why_none)}"
    st.caption(f"All are decoded from their codes; {heard.removesuffix('.')}.")
    st.markdown(outcome(checkpoint, codes))


def outcome(checkpoint: Checkpoint, codes: np.ndarray) -> str:
    """What to expect of this model, in sentences."""
    dimensions, noun = codes.shape[1], words.dataset_of(checkpoint).noun
    if checkpoint.model.conditional:
        return f"The class is told, so only style is added here. Does the last {noun} have C’s style, changed as B’s is to A’s?"
    rows, _ = latent.nearest(checkpoint.latents.mu, codes[-1], 10)
    vote = latent.vote(checkpoint.latents.label[rows])
    where = f"Its ten nearest codes vote for **{class_name(class_names(checkpoint.dataset_name), vote.label)}**."
    if words.has_collapsed(checkpoint):
        return "**The codes of this model have collapsed**: whatever is added, it draws the same image."
    if checkpoint.model.linear:
        return (
            f"{where} This model works in straight lines: the same step is the same change of pixels everywhere, whatever C shows. Where "
            "that does not fit, two images lie on top of each other."
        )
    few = (
        f"**Do not expect too much of {dimensions} numbers.** They have to say class and style at once, so the same step changes the "
        "style in one place and the class in the next: try other images for C."
        if dimensions < 8
        else f"With {dimensions} numbers there is room for style beside class, so such sums come out more often than on a map of two."
    )
    return f"{where} {few}"


def show_map(checkpoint: Checkpoint, codes: np.ndarray) -> None:
    """The two steps over the map: they are parallel, and as long."""
    if codes.shape[1] == 1:
        return
    frame = caches.map_view(checkpoint.name).frame
    places = {name: (float(x), float(y)) for name, (x, y) in zip(("A", "B", "C", "A − B + C"), frame.plane.points(codes), strict=True)}
    every = max(1, len(frame.points) // DOTS)
    figure = figures.latent_places(
        frame.points[::every], frame.labels[::every], frame.classes, frame.middles, places, arrows=(("B", "A"), ("C", "A − B + C"))
    )
    st.plotly_chart(figure, key=f"{KEY}_map", config={"displayModeBar": False})
    st.caption(f"The step from B to A, and the same step from C. {frame.still_note}")
