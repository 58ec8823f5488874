"""An image of the visitor's own: one digit, one of many on a photo, or a picture made small."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from core.data import photo
from core.data.formats import MAX_BYTES, MAX_PIXELS
from core.data.normalizing import is_in_form, made_small
from core.data.pixels import MAX_WORKING_PIXELS
from core.data.uploads import read_files
from core.shape import SIDE
from pages.images.picked import Picked
from pages.session import link

FILE_TYPES = ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif")
LIMITS = (
    f"PNG, JPEG, WebP, BMP, TIFF or GIF (its first frame), up to {MAX_BYTES >> 20} MB and "
    f"{MAX_PIXELS / 1e6:g} megapixels; above {MAX_WORKING_PIXELS / 1e6:.0f} megapixels it is scaled down. Colours become grey. "
    "It stays only in this session's memory and is gone when the session ends."
)
MAX_DIGITS = 60  # of one upload, to choose from
WHOLE = "Whole picture"
AS_A_DIGIT, AS_IT_IS = "As a digit", "As it is"
IN_FORM = "It is already in MNIST's form, so it is shown to the models as it is."
NORMALISED = "Normalised: set on black, its ink scaled to 20 pixels and centred, as MNIST's digits are."
NOT_NORMALISED = "As it is: nothing was moved or evened out. Right for anything that is not a digit."
MADE_SMALL = "As it is, scaled down: right for anything that is not a digit."


@dataclass(frozen=True)
class Parts:
    """The parts of a file, or why there are none."""

    title: str  # the file's name, which a stranger chose
    images: Mapping[str, np.ndarray] = field(default_factory=dict)  # by the name of the part: float32 (1, 28, 28)
    problem: str = ""  # a sentence
    notes: Sequence[str] = ()  # sentences


def choose(key: str) -> Picked | None:
    """The file, and which of its digits."""
    file = st.file_uploader(
        "An image of a digit, or of anything else", FILE_TYPES, key=f"{key}_file", max_upload_size=MAX_BYTES >> 20, on_change=_forget,
        args=(key,), help="A photo of several digits is split into single ones.",
    )  # fmt: skip
    file_id, parts = st.session_state.get(f"{key}_upload", ("", None))
    if file is not None and file_id != file.file_id:
        with st.spinner("Reading the image …"):
            file_id, parts = st.session_state[f"{key}_upload"] = file.file_id, read_upload(file.name, file.getvalue())
    if parts is None:
        st.caption(LIMITS)
        return None
    if parts.problem:
        st.error(link.plain(parts.problem), icon=":material/error:")
        return None
    names, name = list(parts.images), next(iter(parts.images))
    if len(names) > 1:
        label = "Use it" if AS_IT_IS in names else "Digit"
        with st.container():
            name = st.pills(label, names, default=name, required=True, key=f"{key}_part-{file_id}", persist_state="session")
    st.caption(" ".join([words_for(name), *(link.plain(note) for note in parts.notes)]))
    part = "" if len(names) == 1 or AS_IT_IS in names else f": {WHOLE.lower()}" if name == WHOLE else f": digit {name}"
    return Picked(parts.images[name][0], f"{parts.title}{part}")


def of_before(forget: Callable[[], None]) -> None:
    """What stands in for the name of a file that the uploader let go of, as it does when the visitor turns to something else."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("The picture that you uploaded last.", width="content")
        st.button("Remove it", icon=":material/close:", type="tertiary", on_click=forget)


def words_for(part: str) -> str:
    """What was done to a part of an upload, a sentence or two."""
    return {"Image": IN_FORM, AS_IT_IS: NOT_NORMALISED, WHOLE: MADE_SMALL}.get(part, NORMALISED)


def _forget(key: str) -> None:
    """The visitor took the file away (on another page it only seems to be gone: then nothing is forgotten)."""
    if st.session_state[f"{key}_file"] is None:
        st.session_state.pop(f"{key}_upload", None)


def read_upload(name: str, data: bytes) -> Parts:
    """A file's parts; raises nothing.

    A picture larger than 28 x 28 has its digits as parts, and itself made small. One of 28 x 28 that is not in MNIST's form can be taken
    as a digit, or as it is.
    """
    upload = next(read_files([(name, data)]), None)
    if upload is None:
        return Parts(name, problem="There is no image in this file.")
    if upload.image is None:
        return Parts(upload.title, problem=upload.problem)
    image = upload.image
    if not image.max() > 0:
        return Parts(upload.title, problem="This image is empty: all of its pixels are the same. Choose another.")
    return Parts(upload.title, _parts(image), notes=upload.notes)


def _parts(image: np.ndarray) -> dict[str, np.ndarray]:
    """What of a picture (H, W) can be taken, by the name on its button: (1, 28, 28) each."""
    if is_in_form(image):
        return {"Image": image[None]}
    digits = photo.find_digits(image)[:MAX_DIGITS]
    if image.shape == (SIDE, SIDE):
        as_a_digit = {AS_A_DIGIT: digits[0].x} if digits else {}
        return as_a_digit | {AS_IT_IS: image[None]}
    return {str(number): digit.x for number, digit in enumerate(digits, 1)} | {WHOLE: made_small(image)}
