"""A whole picture, at its own resolution: denoised tile by tile in the background, compared under a wipe, and to be downloaded."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import restore
from core.checkpoints import Checkpoint
from core.data.page import flatten_light
from core.methods import METHODS, TRAINED_ON
from core.words import decibels, number
from pages.browser.tools import wipe
from pages.denoising import damage, methods
from pages.denoising.damage import Damage
from pages.denoising.methods import Chosen, Scores
from pages.images import given_picture
from pages.images.pictures import change_uri, legend, photo_uri, png
from pages.session import background, caches
from pages.session.background import Work

SLOT = "denoise_picture"
PREVIEW_PX = 760  # of the picture's width, at most, before it is denoised
DETAIL_PX = 140  # side of the detail, in the picture's pixels
TRAINED_ON = (
    f"It was trained on **{TRAINED_ON}**. It works on pictures of any size, tile by tile, on paper of any shade: the lighting is "
    "evened out first and put back afterwards. Where it would change strokes more than the paper's noise explains, they stay as they are."
)
TAKES_INK = ("mask", "block", "scratches", "blur", "jpeg", "low-resolution")  # damage that a careful network would leave


@dataclass(frozen=True)
class Outcome:
    """What was given to the method and what came of it, ink (H, W) in [0, 1]."""

    clean: np.ndarray | None  # known when damage was added here
    given: np.ndarray
    denoised: np.ndarray
    before: Scores | None  # of the given one, and of the denoised one, against the clean one
    after: Scores | None


def show(checkpoint: Checkpoint | None) -> None:
    """Controls, then the work, then its result."""
    controls, results = st.columns([0.3, 0.7], gap="medium")
    with controls:
        chosen = given_picture.ask(checkpoint)
    if chosen is None:
        return
    given, image = chosen
    with controls:
        flatten = st.toggle(
            "Even out the lighting", False, key="denoise_flatten", persist_state="session",
            help="Removes shadows and gradients for good; the paper becomes white. When off, the picture keeps its paper and its lighting.",
        )  # fmt: skip
        hurt = damage.ask("denoise_picture", none_first=True)
        method = methods.pick_one("denoise_picture", True, checkpoint)
        if METHODS[method.name].is_model:
            st.caption(TRAINED_ON)
        token = f"{given.token} {flatten} {hurt} {method}"
        if st.button("Denoise it", type="primary", icon=":material/auto_fix_high:", width="stretch"):
            background.start(SLOT, token, lambda work: run(work, image, flatten, hurt, method))
    with results:
        outcome = background.outcome(SLOT, token)
        if outcome is not None:
            show_outcome(outcome, token, given.dark_ink)
            return
        height, width = image.shape
        uri = caches.of_session("denoise_photo_uri", given.token, lambda: photo_uri(image, given.dark_ink), 2)
        with st.container(width=min(width, PREVIEW_PX)):  # which gives way on a phone; an image of a fixed width does not
            st.image(uri, caption=f"{width:,} × {height:,} pixels", width="stretch", alt="The picture before it is denoised")


def run(work: Work, image: np.ndarray, flatten: bool, hurt: Damage, method: Chosen) -> Outcome:
    """Even out the light, damage, denoise."""
    work.step(0.0, f"{method.title}, {image.shape[1]:,} × {image.shape[0]:,} pixels")
    clean = flatten_light(image) if flatten else image
    given = damage.apply(clean, hurt)
    careful = hurt.name not in TAKES_INK
    denoised = restore.denoise_page(given, **method.options, careful=careful, on_progress=work.step, should_stop=work.should_stop)
    work.step(1.0, "Measuring")
    known = clean if hurt.name else None
    scores = [methods.psnr_and_ssim(picture, known) for picture in (given, denoised)]
    return Outcome(known, given, denoised, *scores)


def show_outcome(outcome: Outcome, token: str, dark_ink: bool = True) -> None:
    """The wipe, the figures, a detail and the download."""
    shown = {"Before": outcome.given, "Denoised": outcome.denoised}
    if outcome.clean is not None:
        shown = {"Clean": outcome.clean, "Damaged": outcome.given, "Denoised": outcome.denoised}
    detail = st.segmented_control(
        "Show", ["Whole", "Detail"], default="Whole", required=True, key="denoise_detail", label_visibility="collapsed"
    )
    if detail == "Detail":
        shown = cut(shown)
    before = next(title for title in ("Damaged", "Before") if title in shown)
    uris = caches.of_session(
        "denoise_uris", (token, detail, *(p.shape for p in shown.values()), *_corner(outcome.given)),
        lambda: {title: photo_uri(picture, dark_ink) for title, picture in shown.items()}
        | {"Changed": change_uri(shown[before], shown["Denoised"])},
        4,
    )  # fmt: skip
    wipe(uris, f"denoise_picture_wipe-{len(uris)}", height_px=460, sides=(before, "Denoised"))
    st.html(legend("removed"))
    show_figures(outcome)
    st.download_button(
        "Download (PNG)",
        lambda: png(outcome.denoised, paper=dark_ink),
        "denoised.png",
        "image/png",
        icon=":material/download:",
        on_click="ignore",
    )


def cut(pictures: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same detail of each, where two sliders say."""
    across, down = st.columns(2)
    across.slider("Across", 0, 100, 50, 5, format="%d %%", key="denoise_across")
    down.slider("Down", 0, 100, 50, 5, format="%d %%", key="denoise_down")
    top, left = _corner(next(iter(pictures.values())))
    return {title: picture[top : top + DETAIL_PX, left : left + DETAIL_PX] for title, picture in pictures.items()}


def _corner(picture: np.ndarray) -> tuple[int, int]:
    """Row and column where the detail begins."""
    state = st.session_state
    shares = (state.get("denoise_down", 50) / 100, state.get("denoise_across", 50) / 100)
    top, left = (round(share * max(0, side - DETAIL_PX)) for share, side in zip(shares, picture.shape, strict=True))
    return top, left


def show_figures(outcome: Outcome) -> None:
    """PSNR and SSIM, or why there are none."""
    if outcome.before is None or outcome.after is None:
        st.caption("PSNR and SSIM are *unknown*: there is no clean version to compare with. Add damage to measure.")
        return
    st.markdown(
        f"PSNR **{number(outcome.before[0], 1)} → {decibels(outcome.after[0])}** · SSIM **{number(outcome.before[1], 3)} → "
        f"{number(outcome.after[1], 3)}**  \n"
        ":gray[Against the picture before the damage was added, whose own noise counts as part of it.]"
    )
