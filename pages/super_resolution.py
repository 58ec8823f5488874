"""Super-resolution: digits made small and enlarged again, by rules and by networks; noise, to see strokes where there are none."""

import numpy as np
import streamlit as st

from core import enlarging, metrics, restore
from core.data.datasets import DatasetError, on_disk
from core.enlarging import Comparison
from pages.browser.tools import wipe
from pages.enlarging import whole_picture
from pages.enlarging.titles import title
from pages.images import source as image_source
from pages.images.gallery import Figure, Picture, Strip, row, table, uri
from pages.images.pictures import error_map
from pages.session import caches, link, state

FACTORS = {2: "×2, from 14 × 14", 4: "×4, from 7 × 7"}
NOISES = {"uniform": "Uniform, 0 to 1", "gaussian": "Gaussian, around grey"}
DRAWS = 6  # pictures of noise at a time
DATASET = "mnist"  # what the models were trained on
WIPES = "<style>.st-key-sr_wipe .it-row, .st-key-sr_wipe_larger .it-row { display: none; }</style>"  # the divider is enough
KEPT = 16  # comparisons of single digits, in a session


def main() -> None:
    """The page."""
    state.begin()
    st.title("Super-resolution", anchor=False)
    st.markdown(
        "Most pixels of a digit are thrown away. Rules can only smooth what is left; a network that knows digits fills in the rest."
    )
    st.html(WIPES)
    one, ten, noise, larger = st.tabs(["One digit", "Ten digits", "Noise", "A larger picture"])
    with one:
        enlarge_one()
    with ten:
        enlarge_ten()
    with noise:
        feed_noise()
    with larger:
        enlarge_larger()
    st.expander("What am I looking at?", icon=":material/school:").markdown(WHAT_IT_IS)


def factor_control(key: str) -> int:
    """How much smaller: 2 or 4, along each side."""
    return st.segmented_control(
        "How much is lost", list(FACTORS), default=2, required=True, format_func=FACTORS.__getitem__, key=key, persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip


# --- one digit --------------------------------------------------------------------------------------------------------------


def enlarge_one() -> None:
    """A digit from any source, small and enlarged in every way."""
    source, shrinking = st.columns([0.58, 0.42], gap="medium")
    with source:
        chosen = image_source.choose("sr_source")
    with shrinking:
        factor = factor_control("sr_factor")
        st.caption(f"Each square of {factor} × {factor} pixels becomes one pixel, its mean: that is how the networks were trained.")
    if chosen is None:
        return
    st.caption(link.plain(chosen.title))
    x = chosen.x
    key = (x.tobytes(), factor, caches.enlargers_stamp())
    show_one(caches.of_session("sr_enlarged", key, lambda: enlarging.compare(x[None], factor), KEPT), x, factor)


def show_one(comparison: Comparison, x: np.ndarray, factor: int) -> None:
    """The row with its figures, what they say, the wipe and the error map."""
    say_problems(comparison)
    height, width = comparison.small.shape[1:]
    first = Picture("Small", comparison.small[0], f"{width} × {height} pixels")
    last = Picture("Original", x, "the target")
    made = [Picture(title(name), of.images[0], figures=figures_of(comparison, name)) for name, of in comparison.by.items()]
    row([first, *made, last], "enlarged")
    st.markdown(verdict(comparison, factor))
    wiping, errors = st.columns([0.6, 0.4], gap="medium")
    with wiping, st.container(key="sr_wipe"):
        shown = {picture.title: uri(picture.image) for picture in (first, *made, last)}
        wipe(shown, "sr_wipe_tool", sides=(first.title, (made or [last])[-1].title))
    model = comparison.by.get(enlarging.model_for(factor))
    if model is not None:
        with errors:
            row([Picture("Error map of our model", error_map(x, model.images[0]))], "error-map", 280, 280)
            st.caption("Blue ink was left out, orange ink was invented.")


def figures_of(comparison: Comparison, name: str) -> tuple[Figure, ...]:
    """PSNR and SSIM of a method, means where there are several pictures; the best of all methods is marked."""
    psnr, ssim = ({method: float(getattr(of, kind).mean()) for method, of in comparison.by.items()} for kind in ("psnr_db", "ssim"))
    return (
        Figure("PSNR", decibels(psnr[name]), psnr[name] == max(psnr.values())),
        Figure("SSIM", f"{ssim[name]:.3f}", ssim[name] == max(ssim.values())),
    )


def decibels(value: float) -> str:
    """A PSNR as people read it; of two equal pictures it is infinite."""
    return f"{value:.1f} dB" if np.isfinite(value) else "∞ dB"


def verdict(comparison: Comparison, factor: int) -> str:
    """What the figures say of our model beside the best rule, in a sentence."""
    psnr = {name: float(of.psnr_db.mean()) for name, of in comparison.by.items()}
    model = psnr.pop(enlarging.model_for(factor), None)
    rules = {name: value for name, value in psnr.items() if not restore.ENLARGERS[name].is_model}
    if model is None or not rules:
        return ""
    best = max(rules, key=rules.__getitem__)
    if not np.isfinite([model, rules[best]]).all():
        return "There is hardly anything to enlarge here: some results match the original exactly, so their PSNR is infinite."
    gain = model - rules[best]
    times = f"a mean squared error {10 ** (abs(gain) / 10):.1f} times smaller"
    if gain >= 0:
        return f"**Our model gains {gain:.1f} dB** on the best rule ({title(best)}): {times}."
    return f"**Here a rule is better**: {title(best)} by {-gain:.1f} dB, {times}. The model knows nothing but handwritten digits."


def say_problems(comparison: Comparison) -> None:
    """What could not be done."""
    for name, problem in comparison.failed.items():
        st.warning(link.plain(f"{title(name)} is left out. {problem}"), icon=":material/extension_off:")


# --- ten digits -------------------------------------------------------------------------------------------------------------


@st.fragment
def enlarge_ten() -> None:
    """A test image of each class, and the means."""
    dataset = DATASET if on_disk(DATASET, "test") else "digits"  # which need no download
    try:
        digits = caches.one_of_each(dataset)
    except DatasetError as error:
        st.error(link.plain(str(error)), icon=":material/error:")
        return
    factor = factor_control("sr_factor_ten")
    comparison = caches.enlarged(digits, factor)
    say_problems(comparison)
    shown = [name for name in ("bicubic", enlarging.model_for(factor)) if name in comparison.by]
    table(
        [
            Strip("Small", comparison.small, f"{comparison.small.shape[2]} × {comparison.small.shape[1]} pixels"),
            *(Strip(title(name), comparison.by[name].images, figures=figures_of(comparison, name)) for name in shown),
            Strip("Original", digits, "the target"),
        ],
        [str(label) for label in range(len(digits))],
        "ten",
    )
    if dataset != DATASET:
        st.info(
            "These are scikit-learn's digits. MNIST, which the models learnt from, can be downloaded on the first tab.",
            icon=":material/database:",
        )
    st.caption(" ".join(["PSNR and SSIM are the means of these ten.", *measured(factor)]))


def measured(factor: int) -> list[str]:
    """What the model's card says of all test images; nothing where there is no card."""
    card = caches.restorer_card(enlarging.model_for(factor))
    psnr, ssim = metrics.from_card(card, "psnr_db"), metrics.from_card(card, "ssim")
    return [] if psnr is None or ssim is None else [f"Over all of MNIST's test images our model reaches {psnr:.1f} dB and {ssim:.3f}."]


# --- noise ------------------------------------------------------------------------------------------------------------------


@st.fragment
def feed_noise() -> None:
    """Pictures of noise through the model for x4."""
    st.markdown("There is no digit in 7 × 7 random pixels. The model for ×4 has never seen anything but digits. What does it draw?")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Noise", list(NOISES), default="uniform", required=True, format_func=NOISES.__getitem__, key="sr_noise", width="content",
            persist_state="session",
        )  # fmt: skip
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, key="sr_noise_seed", persist_state="session", width=140, help="The same seed draws the same noise."
        )
        st.button("Draw again", icon=":material/casino:", on_click=next_seed)
    noise = enlarging.noise(kind, DRAWS, 7, seed)
    try:
        strips = [Strip(title(name), enlarging.enlarge_all(noise, name, 4), "28 × 28 pixels") for name in ("bicubic", "upscaler-x4")]
    except restore.RestoreError as error:
        st.warning(link.plain(str(error)), icon=":material/extension_off:")
        return
    table([Strip("Noise", noise, "7 × 7 pixels"), *strips], [f"draw {i + 1}" for i in range(DRAWS)], "noise", side_px=140)
    st.markdown(
        "**Look for strokes.** Bicubic makes blots of the noise. The model makes lines and curves with clean edges, and none of them is "
        "really there: it draws what its training made likely, a *hallucination*. Nothing in the result tells you so."
    )


def next_seed() -> None:
    """Other noise."""
    st.session_state.sr_noise_seed = (st.session_state.sr_noise_seed + 1) % 2**31


# --- a larger picture -------------------------------------------------------------------------------------------------------


@st.fragment
def enlarge_larger() -> None:
    """Any picture, as it is, twice as large."""
    st.markdown(
        "A network made of convolutions alone fits a picture of any size. Ours for ×2 was trained on 60,000 handwritten digits and "
        "nothing else: it sharpens pen strokes, and makes everything look like pen strokes."
    )
    whole_picture.show()


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
