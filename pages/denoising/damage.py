"""Damage done on purpose: which of the corruptions, how strong, and the seed that its random numbers come from."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.data.corruptions import CORRUPTIONS, damaged
from core.words import sentence
from pages.session.properties.denoise import NO_DAMAGE
from pages.session.properties.shared import MAX_SEED


@dataclass(frozen=True)
class Damage:
    """A corruption's name, or "" for none, with its strength and seed."""

    name: str = ""
    strength: float = 0.0
    seed: int = 0


def ask(key: str, none_first: bool) -> Damage:
    """What the visitor wants; `none_first`: no damage unless they choose one."""
    options = [NO_DAMAGE, *CORRUPTIONS] if none_first else [*CORRUPTIONS, NO_DAMAGE]
    name = st.selectbox("Damage", options, format_func=_title, key=f"{key}_damage-{none_first}", persist_state="session")
    if name == NO_DAMAGE:
        return Damage()
    kind, slider_key = CORRUPTIONS[name], f"{key}_strength-{name}"
    st.caption(kind.summary)
    words = sentence(kind.strength)
    strength: float
    if kind.whole:
        low, high, default = int(kind.low), int(kind.high), int(kind.default)
        strength = st.slider("Strength", low, high, default, key=slider_key, help=words, persist_state="session")
    else:
        strength = st.slider("Strength", kind.low, kind.high, kind.default, 0.05, key=slider_key, help=words, persist_state="session")
    seed = st.number_input(
        "Seed", 0, MAX_SEED, 0, key=f"{key}_damage_seed", help="The same seed does the same damage.", persist_state="session"
    )
    return Damage(str(name), float(strength), int(seed))


def _title(name: str) -> str:
    return CORRUPTIONS[name].title if name in CORRUPTIONS else "No damage"


def apply(image: np.ndarray, hurt: Damage) -> np.ndarray:
    """The picture (H, W) in [0, 1] with that damage."""
    return damaged(image, hurt.name, hurt.strength, hurt.seed) if hurt.name else image
