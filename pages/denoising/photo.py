"""A photo of digits: boxes over it that can be moved, each digit before and after, the photo with clean digits, and all as a zip."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from core.checkpoints import Checkpoint
from core.data import photo
from core.data.normalizing import Digit
from core.data.pasting import paste_back
from core.methods import TRAINED_ON
from core.restore import RestoreError
from core.words import joined, plural
from pages.browser.tools import MAX_BOXES, box_editor, read_boxes, wipe
from pages.denoising import methods, zipped
from pages.denoising.methods import Chosen
from pages.images import given_picture
from pages.images.given_picture import Given
from pages.images.pictures import data_uri, error_map, grey, legend, photo_uri, png
from pages.session import caches, link

EDITOR = "denoise_boxes_editor"
Box = tuple[int, int, int, int]
MOST_BOXED = 4  # times the photo's area that all boxes may cover together: each keeps its own cut-out


def show(checkpoint: Checkpoint | None) -> None:
    """The photo, its digits, and what the chosen method makes of them."""
    controls, results = st.columns([0.27, 0.73], gap="medium")
    with controls:
        chosen = given_picture.ask(checkpoint)
    if chosen is None:
        return
    given, image = chosen
    with controls:
        method = methods.pick_one("denoise_photo", False, checkpoint)
        st.caption(
            f"Each digit is cut out, centred and scaled to 28 × 28 pixels, the form that the models know: they were trained on "
            f"{TRAINED_ON}. At most {MAX_BOXES} boxes."
        )
    with results:
        marked = find(given, image)
        numbers, digits = list(marked), list(marked.values())
        if not digits:
            st.info("No digit is marked. Press **Add a box** and draw one around a digit.", icon=":material/crop_free:")
            return
        try:
            answers = methods.answers(np.concatenate([digit.x for digit in digits]), method, checkpoint)
        except RestoreError as error:
            st.error(link.plain(str(error)), icon=":material/error:")
            return
        st.markdown(f"**{plural(len(digits), 'digit')}, before and after**")
        show_digits(numbers, digits, answers, given.dark_ink)
        st.markdown("**The photo, with the denoised digits in place**")
        show_pasted(image, marked, answers, given, method)


def find(given: Given, image: np.ndarray) -> dict[int, Digit]:
    """The photo with the boxes found in it, to be edited; returns the digits in the boxes as they are now, by the boxes' numbers."""
    state, token = st.session_state, given.token
    found = caches.of_session("denoise_found", token, lambda: photo.find_digits(image), 2)[:MAX_BOXES]
    if state.get("denoise_boxes_of") != token:  # another photo
        state.update(denoise_boxes_of=token, denoise_boxes=None, denoise_version=state.get("denoise_version", 0) + 1)
    size = (image.shape[0], image.shape[1])

    def edited() -> None:
        if (boxes := read_boxes(state[EDITOR].boxes, size, state.denoise_version)) is not None:
            state.denoise_boxes = boxes

    uri = caches.of_session("denoise_photo_uri", token, lambda: photo_uri(image, given.dark_ink), 2)
    box_editor(uri, size, [digit.box for digit in found], edited, EDITOR, state.denoise_version)
    boxes = state.denoise_boxes
    if boxes is None:
        return dict(enumerate(found, 1))
    room, photo_px = MOST_BOXED, size[0] * size[1]
    kept = [box for box in boxes if (room := room - (box[2] - box[0]) * (box[3] - box[1]) / photo_px) > 0]
    if len(kept) < len(boxes):
        st.caption("The boxes cover the photo several times over, so the last ones are left out. Make them smaller.")
    digits = within(token, image, kept, found)
    empty = [str(number) for number, digit in digits.items() if digit is None]
    if empty:
        boxes, them = ("box", "it is") if len(empty) == 1 else ("boxes", "they are")
        st.caption(f"There is no ink in {boxes} {joined(empty)}: {them} left out.")
    return {number: digit for number, digit in digits.items() if digit is not None}


def within(token: str, image: np.ndarray, boxes: Sequence[Box], found: Sequence[Digit]) -> dict[int, Digit | None]:
    """The digit in each edited box, by its number from 1; None where there is no ink. A box that was not touched keeps what was found.

    The session remembers what is in the boxes that are there now, and of no others.
    """
    state = st.session_state
    remembered = state.denoise_within[1] if state.get("denoise_within", ("",))[0] == token else {}
    known: dict[Box, Digit | None] = remembered | {digit.box: digit for digit in found}
    new = [box for box in dict.fromkeys(boxes) if box not in known]
    if new:
        with st.spinner("Reading the boxes …"):
            known |= dict(zip(new, photo.digits_in_boxes(image, new), strict=True))
    state.denoise_within = (token, {box: known[box] for box in boxes})
    return {number: known[box] for number, box in enumerate(boxes, 1)}


def show_digits(numbers: Sequence[int], digits: Sequence[Digit], answers: np.ndarray, dark_ink: bool = True) -> None:
    """A card for each digit, with its box's number: before, after, and what was changed."""
    cards = "".join(
        f'<figure data-testid="digit-card"><b>{number}</b>{_image(photo_uri(digit.crop, dark_ink), f"Digit {number} on the photo", "crop")}'
        f"{_image(data_uri(grey(digit.x[0])), f'Digit {number} before')}{_image(data_uri(grey(x_hat)), f'Digit {number} after')}"
        f"{_image(data_uri(error_map(digit.x[0], x_hat)), f'Digit {number}: blue ink was removed, orange ink was invented')}"
        '<span></span><span class="soft">on paper</span><span class="soft">before</span><span class="soft">after</span>'
        '<span class="soft">changed</span></figure>'
        for number, digit, x_hat in zip(numbers, digits, answers, strict=True)
    )
    st.html(f'<div class="pictures digits" data-testid="digit-cards">{cards}</div>')
    st.html(legend("removed"))


def _image(uri: str, alt: str, kind: str = "") -> str:
    return f'<img src="{uri}" alt="{escape(alt)}" class="{kind}">'


def show_pasted(image: np.ndarray, marked: dict[int, Digit], answers: np.ndarray, given: Given, method: Chosen) -> None:
    """The photo before and after, and everything as a zip."""
    digits, key = list(marked.values()), (given.token, method)
    boxes = tuple(digit.box for digit in digits)
    after = caches.of_session("denoise_pasted", (*key, boxes), lambda: paste_back(image, digits, list(answers)), 1)
    uris = caches.of_session("denoise_pasted_uri", (*key, boxes), lambda: photo_uri(after, given.dark_ink), 2)
    before = caches.of_session("denoise_photo_uri", given.token, lambda: photo_uri(image, given.dark_ink), 2)
    wipe({"The photo": before, "Its digits denoised": uris}, "denoise_photo_wipe", height_px=380)
    st.download_button(
        "Download (zip)", lambda: pack(marked, answers, after, given.dark_ink), "denoised.zip", "application/zip",
        icon=":material/download:", on_click="ignore",
        help="The photo with the denoised digits, and each digit before and after, 28 × 28 pixels, as PNG.",
    )  # fmt: skip


def pack(marked: dict[int, Digit], answers: np.ndarray, after: np.ndarray, dark_ink: bool = True) -> bytes:
    """The zip: its names are the boxes' numbers."""
    members = {"photo-denoised.png": png(after, paper=dark_ink)}
    for (number, digit), x_hat in zip(marked.items(), answers, strict=True):
        members |= {f"{number:02d}-before.png": png(digit.x[0]), f"{number:02d}-digit.png": png(x_hat)}
    return zipped.pack(members)
