"""What of an image is covered: bool (28, 28), and the same as text, six pixels a letter, for the browser (covering.js) and the link."""

import base64
import re

import numpy as np

from core.shape import SIDE

LETTERS = -(-SIDE * SIDE // 6)


def _half(rows: slice = slice(None), columns: slice = slice(None)) -> np.ndarray:
    cover = np.zeros((SIDE, SIDE), bool)
    cover[rows, columns] = True
    return cover


HALF = SIDE // 2
READY = {  # covers by their names in a link
    "left": _half(columns=slice(HALF)),
    "right": _half(columns=slice(HALF, None)),
    "top": _half(rows=slice(HALF)),
    "bottom": _half(rows=slice(HALF, None)),
    "middle": _half(slice(HALF // 2, SIDE - HALF // 2), slice(HALF // 2, SIDE - HALF // 2)),
    "none": _half(slice(0)),
}
TITLES = {"left": "Left half", "right": "Right half", "top": "Top half", "bottom": "Bottom half", "middle": "Middle", "none": "Nothing"}


def write(cover: np.ndarray) -> str:
    """A cover as LETTERS letters, base64url (RFC 4648) of its bits."""
    return base64.urlsafe_b64encode(np.packbits(cover).tobytes()).decode().rstrip("=")


def read(text: object) -> np.ndarray | None:
    """The same the other way round; None where it is anything else."""
    if not isinstance(text, str) or not re.fullmatch(rf"[A-Za-z0-9_-]{{{LETTERS}}}", text):
        return None
    content = base64.urlsafe_b64decode(text + "=" * (-LETTERS % 4))
    return np.unpackbits(np.frombuffer(content, np.uint8), count=SIDE * SIDE).reshape(SIDE, SIDE).astype(bool)
