"""Denoise: one digit by every method, the digits of a photo, a whole picture, or many files; always beside what was given."""

from collections.abc import Callable

import streamlit as st

from core.checkpoints import Checkpoint
from core.shape import SHAPE
from pages.denoising import many_files, one_digit, whole_picture
from pages.denoising import photo as denoise_photo
from pages.session import exercise_words, exercises, heading, sidebar, state

MODES: dict[str, tuple[str, Callable[[Checkpoint | None], None]]] = {
    "digit": ("One digit", one_digit.show),
    "photo": ("A photo of digits", denoise_photo.show),
    "picture": ("A whole picture", whole_picture.show),
    "files": ("Many files", many_files.show),
}


def main() -> None:
    """The page."""
    state.begin("denoise")
    heading.show("Denoise", "denoise")
    state.say_problems()
    with st.sidebar:
        sidebar.checkpoint_picker()
    checkpoint = sidebar.open_chosen(SHAPE)
    mode = st.segmented_control(
        "What to denoise", list(MODES), default="digit", required=True, format_func=lambda name: MODES[name][0], key="denoise_mode",
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    MODES[str(mode)][1](checkpoint)
    state.address("denoise")
    exercises.show("denoise", exercise_words.DENOISE)
    st.expander("What am I looking at?", icon=":material/school:").markdown(WHAT_IT_IS)


WHAT_IT_IS = """
A **denoising autoencoder** is shown a damaged image and asked for the clean one. It cannot copy its input, so it has to learn what \
clean images look like. Nobody tells it what the damage is: it is *blind*.

- The **course autoencoder**, from the course *AI for Beginners* which this explorer follows, draws each digit again from a bottleneck of \
128 numbers. What does not fit through is lost: noise, and detail.
- The **U-Net** keeps the detail: *skip connections* carry it past the bottleneck. It is fully convolutional, so it takes any size. All \
it ever saw were handwritten digits of MNIST, light ink on black: of a face or a landscape it knows nothing.
- The **chosen model** (in the sidebar) was never taught to denoise. It can only draw what it has learnt, so whatever it is given comes \
back as that, maybe as another class. *Encode and decode* trusts the encoder, which noise misleads. *Search for the code* asks of each \
code how likely its drawing is to have become the given image by damage. Nobody says which damage, so it expects the usual: noise on every \
pixel (a squared error), and now and then a pixel that is lost.
- The **filters** know nothing of what is shown. They smooth, and see no difference between noise and a thin stroke.

**PSNR** (peak signal-to-noise ratio, in dB) says how far off the pixels are, **SSIM** (structural similarity, at most 1) how much of \
the structure is right. Both compare with a clean image. Where none is known they are *unknown*: an answer that looks clean may still \
have invented ink.
"""

main()
