"""What the page says of a comparison: the ways' names, their figures, what they mean, and what could not be done."""

import numpy as np
import streamlit as st

from core import enlarging
from core.enlarging import Comparison
from core.methods import ENLARGERS
from core.words import decibels, number
from pages.images.gallery import Figure
from pages.session import link

FACTORS = {2: "×2, from 14 × 14", 4: "×4, from 7 × 7"}
SHORT_TITLES = {  # where the registry's are too long for a caption
    "nearest": "Nearest",
    "lesson-upscaler": "Course network",
    "upscaler-x2": "Our model",
    "upscaler-x4": "Our model",
}


def title(method: str) -> str:
    """A method's name for a caption."""
    return SHORT_TITLES.get(method, ENLARGERS[method].title)


def factor_control(key: str) -> int:
    """How much smaller: 2 or 4, along each side."""
    return st.segmented_control(
        "How much is lost", list(FACTORS), default=2, required=True, format_func=FACTORS.__getitem__, key=key, persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip


def figures_of(comparison: Comparison, name: str) -> tuple[Figure, ...]:
    """PSNR and SSIM of a method, means where there are several pictures; the best of all methods is marked."""
    psnr, ssim = ({method: float(getattr(made, kind).mean()) for method, made in comparison.by.items()} for kind in ("psnr_db", "ssim"))
    return (
        Figure("PSNR", decibels(psnr[name]), psnr[name] == max(psnr.values())),
        Figure("SSIM", number(ssim[name], 3), ssim[name] == max(ssim.values())),
    )


def verdict(comparison: Comparison, factor: int) -> str:
    """What the figures say of our model beside the best rule, in a sentence."""
    psnr = {name: float(made.psnr_db.mean()) for name, made in comparison.by.items()}
    model = psnr.pop(enlarging.model_for(factor), None)
    rules = {name: value for name, value in psnr.items() if not ENLARGERS[name].is_model}
    if model is None or not rules:
        return ""
    best = max(rules, key=rules.__getitem__)
    if not np.isfinite([model, rules[best]]).all():
        return "There is hardly anything to enlarge here: some results match the original exactly, so their PSNR is infinite."
    gain = model - rules[best]
    times = f"a mean squared error {10 ** (abs(gain) / 10):.1f} times smaller"
    if gain >= 0:
        return f"**Our model gains {decibels(gain)}** over the best rule ({title(best)}): {times}."
    return f"**Here a rule is better**: {title(best)} by {decibels(-gain)}, {times}. The model knows nothing but handwritten digits."


def say_problems(comparison: Comparison) -> None:
    """What could not be done."""
    for name, problem in comparison.failed.items():
        st.warning(link.plain(f"{title(name)} is left out. {problem}"), icon=":material/extension_off:")
