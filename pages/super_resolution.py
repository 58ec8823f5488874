"""Super-resolution: digits made small and enlarged again, by rules and by networks; noise, to see strokes where there are none."""

from collections.abc import Callable

import streamlit as st

from pages.enlarging import noise, one_digit, ten_digits, whole_picture
from pages.session import exercise_words, exercises, heading, state
from pages.session.properties.super_resolution import ENLARGING

SHOW: dict[str, Callable[[], None]] = {"one": one_digit.show, "ten": ten_digits.show, "noise": noise.show, "larger": whole_picture.show}


def main() -> None:
    """The page."""
    state.begin("super-resolution")
    heading.show("Super-resolution", "super-resolution")
    state.say_problems()
    st.markdown(
        "Most pixels of a digit are thrown away. Rules can only smooth what is left; a network that knows digits fills in the rest."
    )
    tab = st.segmented_control(
        "What to enlarge", list(SHOW), default="one", required=True, format_func=ENLARGING.__getitem__, key="sr_tab",
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    SHOW[str(tab)]()
    state.address("super-resolution")
    exercises.show("super-resolution", exercise_words.SUPER_RESOLUTION)
    st.expander("What am I looking at?", icon=":material/school:").markdown(WHAT_IT_IS)


WHAT_IT_IS = """
**The small picture** is made by averaging: each square of 2 × 2 or 4 × 4 pixels becomes one pixel, its mean. The models were trained on \
pictures made in just this way, with the original as the answer.

- **Nearest** repeats each pixel. **Bicubic** and **Lanczos** draw a smooth curve through the surrounding pixels. These are rules: they \
know nothing of digits.
- **The course network** (×2) is that of the course *AI for Beginners*, which this explorer follows. It is an *autoencoder*: it squeezes \
the picture into 8 × 4 × 4 numbers first, and what does not fit is lost. It does worse than bicubic.
- **Our model** adds what is missing to a smooth enlargement: *residual* blocks of convolutions at the size of the small picture, and a \
*sub-pixel convolution* that arranges channels into pixels.

**PSNR** (*peak signal-to-noise ratio*) is the mean squared error on a scale of decibels: 10 dB more means a tenth of the error. **SSIM** \
(*structural similarity*) compares brightness, contrast and pattern in small windows; 1 means identical. ★ marks the best of a row.
"""

main()
