"""The methods that the Denoise page offers: choosing among them, and their answers, each computed once in a session."""

import time
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import metrics, restore
from core.checkpoints import Checkpoint
from core.data.datasets import DATASETS
from core.methods import METHODS
from core.words import sentence
from pages.session import background, caches, link, words
from pages.session.properties.denoise import FIRST_METHODS, WITH_CODES, methods
from pages.web.assets import digest

KEPT = 64  # answers in a session's memory
COLLAPSED = "Its codes have collapsed: whatever it is given, it draws the same image."
SLOW_S = 0.4  # what takes longer shows how far it is
Scores = tuple[float, float | None]  # PSNR in dB, and SSIM; a tiny picture has none


@dataclass(frozen=True)
class Chosen:
    """A method with all that it is told."""

    name: str
    strength: float | None = None  # of a classical filter
    checkpoint: str = ""  # of a method with codes

    @property
    def title(self) -> str:
        """Its name for people."""
        return title(self.name)

    @property
    def options(self) -> dict:
        """What core.restore is called with."""
        return {"method": self.name, "strength": self.strength} | ({"checkpoint": self.checkpoint} if self.checkpoint else {})


def title(name: str) -> str:
    """A method's name for people."""
    return METHODS[name].title


def summary(name: str, checkpoint: Checkpoint | None) -> str:
    """What a method is, with the model that the visitor chose."""
    if checkpoint is None:
        return METHODS[name].summary()
    data = DATASETS.get(checkpoint.dataset_name)
    learnt = f", which knows {data.name}" if data else ""
    said = METHODS[name].summary(f"the chosen model ({words.title_of(checkpoint.name)}{learnt})")
    return f"{said} {COLLAPSED}" if name in WITH_CODES and words.has_collapsed(checkpoint) else said


def offered(any_size: bool, checkpoint: Checkpoint | None) -> list[str]:
    """The methods that can be used here, in order: those for pictures of any size, or those for digits of 28 x 28 too."""
    return methods(any_size, checkpoint is not None)


def pick_many(checkpoint: Checkpoint | None) -> list[Chosen]:
    """Several methods to compare."""
    options = offered(False, checkpoint)
    first = [name for name in FIRST_METHODS if name in options]
    names = st.pills(
        "Methods", options, selection_mode="multi", default=first, format_func=title, key="denoise_methods", persist_state="session",
    )  # fmt: skip
    with st.expander("Filter strength", icon=":material/tune:"):
        strengths = {name: ask_strength("denoise", name) for name in options if METHODS[name].strength}
    return [_chosen(name, strengths.get(name), checkpoint) for name in options if name in names]


def pick_one(key: str, any_size: bool, checkpoint: Checkpoint | None) -> Chosen:
    """One method, with what it is underneath."""
    name = str(st.selectbox("Method", offered(any_size, checkpoint), format_func=title, key=f"{key}_method", persist_state="session"))
    st.caption(link.plain(summary(name, checkpoint)))
    return _chosen(name, ask_strength(key, name) if METHODS[name].strength else None, checkpoint)


def ask_strength(key: str, name: str) -> float:
    """The slider of a classical filter."""
    kind = METHODS[name].strength
    assert kind is not None
    label, told, slider_key = f"{title(name)}: strength", sentence(kind.words), f"{key}_strength_of-{name}"
    if kind.whole:
        low, high, default = int(kind.low), int(kind.high), int(kind.default)
        return float(st.slider(label, low, high, default, key=slider_key, help=told, persist_state="session"))
    return st.slider(label, kind.low, kind.high, kind.default, 0.01, key=slider_key, help=told, persist_state="session")


def _chosen(name: str, strength: float | None, checkpoint: Checkpoint | None) -> Chosen:
    return Chosen(name, strength, checkpoint.name if checkpoint and name in WITH_CODES else "")


def answers(digits: np.ndarray, method: Chosen, checkpoint: Checkpoint | None) -> np.ndarray:
    """What a method makes of digits, float32 (N, 28, 28), with a progress bar where it takes long; RestoreError."""
    model = checkpoint.model if checkpoint and method.checkpoint else None  # another one when its files changed
    bar, began = st.empty(), time.monotonic()

    def on_progress(share: float) -> None:
        if (seconds := time.monotonic() - began) > SLOW_S:
            bar.progress(share, f"{method.title}{background.time_left(share, seconds)}")

    def make() -> np.ndarray:
        return restore.denoise_batch(digits[:, None], **method.options, on_progress=on_progress)[:, 0]

    try:
        return caches.of_session("denoise_answers", (digest(digits.tobytes()), digits.shape, method, model), make, KEPT)
    finally:
        bar.empty()


def psnr_and_ssim(x_hat: np.ndarray, x: np.ndarray | None) -> Scores | None:
    """PSNR in dB and SSIM of a picture (H, W) against the clean one; None when no clean one is known, or for a tiny one's SSIM."""
    return None if x is None else metrics.psnr_and_ssim(x_hat, x)
