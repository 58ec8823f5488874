"""Explore in AppTest: the page, and what its live map is given."""

from typing import Any

from mounted import mounted
from streamlit.testing.v1 import AppTest
from visit import visit

from core import checkpoints

CODES = checkpoints.load("vae-mnist-2d").latents  # of the model that it opens with


def run(script: str = "explore.py", **query: str) -> AppTest:
    """The page (or the one that has it in it), once, with these query parameters; it must not raise."""
    return visit(script, query)


def map_data(app: AppTest) -> dict[str, Any]:
    """What the live map is given."""
    (data,) = mounted(app, "map")
    return data
