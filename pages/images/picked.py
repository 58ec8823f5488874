"""The image that a page is about: where it is from, and the button for another one."""

import hashlib
import random
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.checkpoints import Checkpoint

WIDTH_PX = 136  # of the small controls: two fit beside each other in a narrow column


@dataclass(frozen=True)
class Picked:
    """The image that was chosen."""

    x: np.ndarray  # float32 (28, 28) in [0, 1]
    title: str  # plain words for it; may repeat a stranger's file name
    dataset: str = ""  # that it is from, or that the model which drew it learnt from; "" for an image of the visitor's own
    label: int | None = None  # its class there, or the class that a conditional model was asked to draw

    @property
    def fingerprint(self) -> str:
        """Another one for other pixels."""
        return hashlib.sha256(self.x.tobytes()).hexdigest()

    def label_for(self, checkpoint: Checkpoint) -> int | None:
        """The class that a conditional model is told: the image's, where it is one of the classes that the model knows."""
        same = self.dataset == checkpoint.dataset_name
        return self.label if checkpoint.model.conditional and same else None


def another(name: str, key: str, count: int, title: str = "Another one") -> None:
    """The button that puts another number below `count`, drawn at random, into the widget with that key."""
    st.button(title, icon=":material/casino:", key=name, on_click=_roll, args=(key, count))


def _roll(key: str, count: int) -> None:
    present = st.session_state.get(key)
    st.session_state[key] = random.choice([n for n in (random.randrange(count) for _ in range(8)) if n != present] or [0])
