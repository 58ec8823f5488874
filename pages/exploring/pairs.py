"""Twenty pairs of test images and the ways between them: what courses set as homework, on the page and as a sheet to print."""

from collections.abc import Sequence
from functools import partial
from html import escape

import numpy as np
import streamlit as st

from core import checkpoints, pair_sheet, pairs
from core.checkpoints import Checkpoint, CheckpointError
from core.data.datasets import DatasetError
from core.figures import class_name
from core.frame import class_names
from core.pairs import Pair, Pairs
from pages.exploring import readout
from pages.images import gallery
from pages.images.picked import WIDTH_PX, another
from pages.session import caches, link, state, take_along, words
from pages.session.properties.explore import PAIRS_OPEN, PAIRS_SEED
from pages.session.properties.shared import MAX_SEED

TITLE = "Twenty pairs: through the codes, and through the pixels"
HOW = (
    "A and B are test images. Upper row: seven evenly spaced codes on the straight way from A’s code to B’s, decoded; 1 and 7 are the "
    "reconstructions. Lower row: the pixels of A and B mixed, from A alone to B alone."
)
TOLD = "This model is told the class: up to step 4 A’s, from step 5 on B’s, so a jump between them is the class changing, not the code."
ASK = "Cover the steps and predict them. Which of them look like a {}? Where does one class become the other, and through which others?"


@st.fragment
def show(name: str) -> None:
    """The part of the page; nothing is computed while it is closed."""
    part = st.expander("Twenty pairs for homework: through the codes, and through the pixels", icon=":material/compare:", key=PAIRS_OPEN,
                       on_change="rerun")  # fmt: skip
    if part.open:
        with part:
            show_pairs(name)
    state.address("explore")


def show_pairs(name: str) -> None:
    """The seed, the sheet to take, and the pairs; or why there are none."""
    try:
        checkpoint = checkpoints.opened(name)
        images, why_not = readout.test_images(checkpoint)
        if not images:
            st.info(f"{why_not} The pairs are made of test images.")
            return
        with st.container(horizontal=True, vertical_alignment="bottom"):
            seed = st.number_input("Seed", 0, MAX_SEED, 0, key=PAIRS_SEED, persist_state="session", width=WIDTH_PX)
            another("explore_pairs_other", PAIRS_SEED, MAX_SEED + 1, "Other pairs")
            latents, split = checkpoint.latents, caches.test_split(checkpoint.dataset_name)
            made = pairs.between(checkpoint.model, latents.mu, latents.label, split.images, int(seed))
            sheet = partial(printed, checkpoint, made, int(seed))
            st.download_button(
                "A4 sheet to print (PNG)", sheet, f"{name}-pairs-{seed}.png", "image/png", key="explore_pairs_sheet", on_click="ignore",
                icon=":material/download:",
            )  # fmt: skip
    except (CheckpointError, DatasetError) as error:
        st.warning(link.plain(str(error)), icon=":material/error:")
        return
    st.caption(" ".join(explained(checkpoint)))
    st.html(drawn(made, names_of(checkpoint)))


def names_of(checkpoint: Checkpoint) -> list[str]:
    """The classes' names, by label."""
    classes = class_names(checkpoint.dataset_name)
    return [class_name(classes, label) for label in range(int(checkpoint.latents.label.max()) + 1)]


def explained(checkpoint: Checkpoint) -> list[str]:
    """What the pairs show, in sentences, and what to ask of them."""
    told = [TOLD] if checkpoint.model.conditional else []
    return [HOW, *told, ASK.format(words.dataset_of(checkpoint).noun)]


def printed(checkpoint: Checkpoint, made: Pairs, seed: int) -> bytes:
    """The sheet as a PNG."""
    model = take_along.described(checkpoint.name, checkpoint.model, checkpoint.dataset_name)
    notes = [f"{model} · seed {seed}", *explained(checkpoint)]
    return pair_sheet.printed(made, names_of(checkpoint), TITLE, notes, take_along.credit_of(checkpoint.dataset_name))


# --- as HTML -------------------------------------------------------------------------------------------------------------------


def drawn(made: Pairs, names: Sequence[str]) -> str:
    """The pairs in two columns, or one where it is narrow."""
    kinds = (("One class", made.same), ("Two classes", made.different))
    return f'<div class="pictures ways" data-testid="pairs"><div>{"".join(_kind(*kind, names) for kind in kinds if kind[1])}</div></div>'


def _kind(title: str, some: Sequence[Pair], names: Sequence[str]) -> str:
    steps = "".join(f"<span>{step}</span>" for step in range(1, pairs.STEPS + 1))
    heads = f'<div class="way heads" aria-hidden="true"><span>A</span><div>{steps}</div><span>B</span></div>'
    mean = np.mean([pair.distance for pair in some])
    words = f'<div class="title">{title} <span class="soft">the codes are {mean:.2f} apart on average</span></div>'
    return f"<section>{words}{heads}{''.join(_pair(pair, names) for pair in some)}</section>"


def _pair(pair: Pair, names: Sequence[str]) -> str:
    """Both images at the sides, and between them both ways, each a single picture."""
    called = [f"{names[label]}, no. {row:,}" for label, row in zip(pair.labels, pair.rows, strict=True)]
    ends = [_end(side, image, name) for side, image, name in zip("AB", pair.images, called, strict=True)]
    ways = ((pair.decoded, "through the codes"), (pair.faded, "pixels mixed"))
    strips = "".join(
        f'<img src="{gallery.uri(np.concatenate(images, axis=1))}" alt="{escape(f"From {called[0]} to {called[1]}, {how}")}">'
        for images, how in ways
    )
    return f'<div class="way" title="The codes are {pair.distance:.2f} apart">{ends[0]}<div>{strips}</div>{ends[1]}</div>'


def _end(side: str, image: np.ndarray, name: str) -> str:
    said = escape(name).replace(", no. ", "<br>")
    return f'<figure><img src="{gallery.uri(image)}" alt="{side}: {escape(name)}"><figcaption>{said}</figcaption></figure>'
