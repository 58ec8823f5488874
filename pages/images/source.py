"""Where a page's image comes from: a test image, an upload, a drawing, or a model's own invention. Always 28 x 28, ink = 1.

The choices are widgets whose names begin with the page's key; they stay while the visitor is on other pages.
"""

import base64
import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from core import figures, latent
from core.checkpoints import Checkpoint, CheckpointError
from core.data import datasets
from core.data.datasets import DATASETS, DatasetError, on_disk
from core.data.photo import find_digits, is_in_form, whole_drawing
from core.data.uploads import MAX_BYTES, MAX_PIXELS, MAX_WORKING_PIXELS, UploadError, read_files, read_image
from core.frame import class_names
from pages.browser import tools
from pages.images.pictures import data_uri, grey
from pages.session import caches, downloads, link, state

KINDS = {"test": "Test image", "upload": "Upload", "draw": "Draw", "generate": "Generate"}
FILE_TYPES = ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif")
LIMITS = (
    f"PNG, JPEG, WebP, BMP, TIFF or GIF (its first frame), up to {MAX_BYTES >> 20} MB and "
    f"{MAX_PIXELS / 1e6:g} megapixels; above {MAX_WORKING_PIXELS / 1e6:.0f} megapixels it is reduced. Colours become grey. "
    "It stays in this session's memory alone, and is gone when the session ends."
)
MAX_DIGITS = 60  # of one upload, to choose from
WHOLE = "Whole picture"
AS_A_DIGIT, AS_IT_IS = "As a digit", "As it is"
IN_FORM = "It is already in MNIST's form, so it is shown to the models as it is."
NORMALISED = "Normalised: set on black, its ink brought to 20 pixels and centred, as MNIST's digits are."
NOT_NORMALISED = "As it is: nothing was moved or evened out. Right for what is no digit."
MADE_SMALL = "As it is, made small: right for what is no digit."
SHEET_PX = 280
WIDTH_PX = 136  # of the small controls: two fit beside each other in a narrow column
SIDE = 28


@dataclass(frozen=True)
class Picked:
    """The image that was chosen."""

    x: np.ndarray  # float32 (28, 28) in [0, 1]
    title: str  # plain words for it; may repeat a stranger's file name
    dataset: str = ""  # that it is from, or that the model which drew it learnt from; "" for an image of the visitor's own
    label: int | None = None  # its class there, or the class that a conditional model was asked to draw


def choose(key: str = "source", checkpoint: Checkpoint | None = None, wanted: str = "mnist") -> Picked | None:
    """Draw the controls and return the image, or None where there is none yet (the page says why, and what to do).

    checkpoint: the model that generates, by default the one chosen for Explore. wanted: the data set that is shown first.
    """
    with st.container():  # directly in a column its options would not wrap
        kind = st.segmented_control(
            "Image", list(KINDS), default="test", required=True, format_func=KINDS.__getitem__, key=f"{key}_kind",
            persist_state="session", label_visibility="collapsed",
        )  # fmt: skip
    if kind == "upload":
        return _upload(key)
    if kind == "draw":
        return _drawing(key)
    if kind == "generate":
        return _generated(key, checkpoint)
    return _test_image(key, wanted)


# --- test images ---------------------------------------------------------------------------------------------------------------


def show_test_images(key: str, dataset: str) -> None:
    """For a button's callback: from now on show test images of that data set."""
    st.session_state.update({f"{key}_kind": "test", f"{key}_dataset": dataset})


def _test_image(key: str, wanted: str) -> Picked | None:
    names = list(DATASETS)
    first = wanted if wanted in DATASETS and on_disk(wanted, "test") else "digits"
    dataset = st.selectbox(
        "Data set", names, index=names.index(first), format_func=lambda name: DATASETS[name].title, key=f"{key}_dataset",
        persist_state="session",
    )  # fmt: skip
    if not on_disk(dataset, "test"):
        st.info(f"**{DATASETS[dataset].name} is not on this machine.** Download it, or choose another.", icon=":material/database:")
        downloads.offer(dataset)
        return None
    try:
        split = caches.test_split(dataset)
    except DatasetError as error:
        st.error(link.plain(str(error)), icon=":material/error:")
        return None
    classes = DATASETS[dataset].classes
    with st.container(horizontal=True, vertical_alignment="bottom"):
        only = st.selectbox(
            "Class", range(len(classes)), index=None, format_func=classes.__getitem__, placeholder="any", key=f"{key}_class-{dataset}",
            persist_state="session", width=WIDTH_PX,
        )  # fmt: skip
        rows = np.arange(len(split.labels)) if only is None else np.flatnonzero(split.labels == only)
        if not len(rows):
            st.info("These images have none of this class. Choose another.", icon=":material/search_off:")
            return None
        number_key = f"{key}_number-{dataset}-{only}"
        number = st.number_input(
            f"Number, of {len(rows):,}", 0, len(rows) - 1, 0, key=number_key, persist_state="session", width=WIDTH_PX,
        )  # fmt: skip
        st.button("Another one", icon=":material/casino:", key=f"{key}_another", on_click=_roll, args=(number_key, len(rows)))
    if dataset != wanted and wanted in DATASETS and not on_disk(wanted, "test"):
        with st.container(border=True):
            here, there = DATASETS[dataset].name, DATASETS[wanted].name
            st.markdown(f"These are **{here}**. {there}, which the model learnt from, is not on this machine.")
            downloads.offer(wanted)
    row = int(rows[number])
    label = int(split.labels[row])
    title = f"{DATASETS[dataset].name}, test image {row:,}: {classes[label]}"
    return Picked(datasets.to_ink(split.images[row]), title, dataset, label)


def _roll(key: str, count: int) -> None:
    """Another one of the images, at random."""
    present = st.session_state.get(key)
    st.session_state[key] = random.choice([n for n in (random.randrange(count) for _ in range(8)) if n != present] or [0])


# --- the visitor's own ---------------------------------------------------------------------------------------------------------


def _upload(key: str) -> Picked | None:
    file = st.file_uploader(
        "An image of a digit, or of anything else", FILE_TYPES, key=f"{key}_file", max_upload_size=MAX_BYTES >> 20, on_change=_forget,
        args=(key,), help="A photo of several digits is cut into them.",
    )  # fmt: skip
    kept = st.session_state.get(f"{key}_upload")
    if file is not None and (kept is None or kept["id"] != file.file_id):
        with st.spinner("Reading the image …"):
            kept = st.session_state[f"{key}_upload"] = {"id": file.file_id} | read_upload(file.name, file.getvalue())
    if kept is None:
        st.caption(LIMITS)
        return None
    if kept["problem"]:
        st.error(link.plain(kept["problem"]), icon=":material/error:")
        return None
    names, name = list(kept["images"]), next(iter(kept["images"]))
    if len(names) > 1:
        label = "Taken" if AS_IT_IS in names else "Digit"
        with st.container():
            name = st.pills(label, names, default=name, required=True, key=f"{key}_part-{kept['id']}", persist_state="session")
    st.caption(" ".join([words_for(name), *(link.plain(note) for note in kept["notes"])]))
    part = "" if len(names) == 1 or AS_IT_IS in names else f": {WHOLE.lower()}" if name == WHOLE else f": digit {name}"
    return Picked(kept["images"][name][0], f"{kept['title']}{part}")


def words_for(part: str) -> str:
    """What was done to a part of an upload, a sentence or two."""
    return {"Image": IN_FORM, AS_IT_IS: NOT_NORMALISED, WHOLE: MADE_SMALL}.get(part, NORMALISED)


def _forget(key: str) -> None:
    """The visitor took the file away (on another page it only seems to be gone: then nothing is forgotten)."""
    if st.session_state[f"{key}_file"] is None:
        st.session_state.pop(f"{key}_upload", None)


def read_upload(name: str, data: bytes) -> dict[str, Any]:
    """A file as {"title", "images": {name of the part: float32 (1, 28, 28)}, "problem": a sentence, or "", "notes": sentences}.

    Raises nothing. A picture larger than 28 x 28 has its digits as parts, and itself made small. One of 28 x 28 that is not in MNIST's
    form can be taken as a digit, or as it is.
    """
    upload = next(read_files([(name, data)]), None)
    if upload is None or upload.image is None:
        problem = upload.problem if upload else "There is no image in this file."
        return {"title": upload.title if upload else name, "images": {}, "problem": problem, "notes": ()}
    image, kept = upload.image, {"title": upload.title, "images": {}, "problem": "", "notes": upload.notes}
    if not image.max() > 0:
        return kept | {"problem": "This image is empty: all of its pixels are alike. Choose another."}
    if is_in_form(image):
        return kept | {"images": {"Image": image[None]}}
    digits = find_digits(image)[:MAX_DIGITS]
    if image.shape == (SIDE, SIDE):
        as_a_digit = {AS_A_DIGIT: digits[0].x} if digits else {}
        return kept | {"images": as_a_digit | {AS_IT_IS: image[None]}}
    return kept | {"images": {str(number): digit.x for number, digit in enumerate(digits, 1)} | {WHOLE: made_small(image)}}


def made_small(image: np.ndarray) -> np.ndarray:
    """An image (H, W) in [0, 1] in the middle of 28 x 28, its pixels averaged: float32 (1, 28, 28)."""
    factor = SIDE / max(image.shape)
    height, width = (max(1, round(side * factor)) for side in image.shape)
    small = np.asarray(Image.fromarray(np.ascontiguousarray(image, np.float32)).resize((width, height), Image.Resampling.BOX))
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    return np.pad(small, ((top, SIDE - height - top), (left, SIDE - width - left))).clip(0, 1)[None]


def _drawing(key: str) -> Picked | None:
    tools.draw_canvas(lambda: _drew(key), f"{key}_sheet", SHEET_PX)
    x = st.session_state.get(f"{key}_drawing")
    if x is None:
        st.caption("Draw a digit with the mouse, a finger or a pen. It is brought to the size and place of MNIST's digits.")
        return None
    _show_normalised(key, x[0])
    return Picked(x[0], "Your drawing")


def _show_normalised(key: str, x: np.ndarray) -> None:
    """A drawing's strokes, and what they become: MNIST's size and place."""
    sheet = st.session_state.get(f"{key}_sheet")
    png = tools.read_drawing(sheet.drawing) if sheet is not None else None
    before = None if png is None else "data:image/png;base64," + base64.b64encode(png).decode()
    after = data_uri(grey(x))
    arrow = '<span style="opacity:.6;font-size:18px">→</span>'
    drawn = _small(before, "your strokes") + arrow if before else ""
    both = drawn + _small(after, "what the models see")
    st.html(f'<div data-testid="normalised" style="display:flex;gap:12px;align-items:center">{both}</div>')


def _small(uri: str, caption: str) -> str:
    return (
        f'<figure style="margin:0;text-align:center;font-size:12px"><img src="{uri}" alt="{caption}" style="width:84px;height:84px;'
        "image-rendering:pixelated;border-radius:6px;border:1px solid color-mix(in srgb,currentColor 15%,transparent);display:block;"
        f'margin:auto"><figcaption style="opacity:.8">{caption}</figcaption></figure>'
    )


def _drew(key: str) -> None:
    """Keep the drawing in the session, where it outlives the component."""
    png = tools.read_drawing(st.session_state[f"{key}_sheet"].drawing)
    try:
        digit = whole_drawing(read_image(png)) if png else None
    except UploadError:  # the browser's own PNG can be read; whoever sends another sees no picture
        digit = None
    st.session_state[f"{key}_drawing"] = digit.x if digit else None


# --- a model's invention -------------------------------------------------------------------------------------------------------


def _generated(key: str, checkpoint: Checkpoint | None) -> Picked | None:
    if checkpoint is None:
        name = st.session_state.get("checkpoint") or state.default_checkpoint()
        try:
            checkpoint = caches.open_checkpoint(str(name))
        except CheckpointError as error:
            st.error(link.plain(str(error)), icon=":material/error:")
            return None
    seed_key = f"{key}_seed"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input(
            "Seed", 0, 10_000, 0, key=seed_key, persist_state="session", width=WIDTH_PX, help="The same seed draws the same code."
        )
        st.button("Another one", icon=":material/casino:", key=f"{key}_draw", on_click=_roll, args=(seed_key, 10_000))
    x, label = invent(checkpoint, seed)
    told = "" if label is None else f", asked for {figures.class_name(class_names(checkpoint.dataset_name), label)}"
    title, dataset = f"Generated by {checkpoint.name}{told}", checkpoint.dataset_name
    return Picked(x[0], title, dataset, label)


def invent(checkpoint: Checkpoint, seed: int) -> tuple[np.ndarray, int | None]:
    """An image float32 (1, 28, 28) that a model decodes from a random code, and the class that a conditional one was asked for.

    The code is a draw from the prior; of a model without one, from a normal distribution with the test codes' mean and covariance.
    """
    generator, codes = np.random.default_rng(seed), checkpoint.latents.mu
    if checkpoint.model.has_prior:
        z = generator.standard_normal((1, codes.shape[1]))
    else:  # a sum of all deviations from the mean, each weighted at random, has their covariance
        spread = (codes - codes.mean(0)) / max(1, len(codes) - 1) ** 0.5
        z = codes.mean(0) + generator.standard_normal((1, len(codes))) @ spread
    label = int(generator.integers(getattr(checkpoint.model.config, "classes", 10))) if checkpoint.model.conditional else None
    return latent.decode(checkpoint.model, z, label), label
