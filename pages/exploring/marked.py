"""What the page says that an open tool has marked on the map (pages/browser/map/pictured.js), checked, for the map as a picture."""

import base64
import binascii
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import latent
from core.close_up import CloseUp
from core.latent import Z_LIMIT
from core.map_marks import Mark
from core.words import plural
from pages.exploring import readout
from pages.images.pictures import grey
from pages.session import caches
from pages.session.caches import MapView

MOST_MARKS, MOST_LINES, MOST_POINTS, MOST_LETTERS = 8, 4, 2_000, 60
WAYS = {"straight": "straight", "sphere": "along the prior’s sphere", "change": "of least change", "codes": "by real codes"}
SPACINGS = {"z": "in the code", "pixels": "in pixels"}


class StrangeError(ValueError):
    """The page would not have said this."""


@dataclass(frozen=True, eq=False)
class Marked:
    """All of it."""

    picked: np.ndarray | None = None  # bool (N,): which codes are selected; None: it is not about that
    marks: Sequence[Mark] = ()
    images: CloseUp | None = None


NOTHING = Marked()


def read(said: object, view: MapView, name: str) -> Marked:
    """What is marked on a map; `name`: what the page calls it. Nothing where the page speaks of another one, or makes no sense."""
    if not isinstance(said, Mapping) or said.get("view") != name:
        return NOTHING
    try:
        marks = tuple(_mark(one) for one in _list(said.get("marks", []), MOST_MARKS))
        return Marked(_picked(said.get("picked"), len(view.frame.points)), marks, _images(said.get("side"), view))
    except (StrangeError, binascii.Error):
        return NOTHING


def _picked(said: object, count: int) -> np.ndarray | None:
    """A bit for each test image, base64."""
    if said is None:
        return None
    if not isinstance(said, str) or len(said) > 4 * count:
        raise StrangeError
    bits = np.unpackbits(np.frombuffer(base64.b64decode(said, validate=True), np.uint8), bitorder="little")
    if len(bits) < count:
        raise StrangeError
    return bits[:count].astype(bool)


def _images(share: object, view: MapView) -> CloseUp | None:
    """share: an image's longer side, of the map's width; None: dots are dots."""
    if share is None:
        return None
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise StrangeError
    checkpoint = view.checkpoint
    there = readout.test_images(checkpoint)[0] is not None

    def ink(rows: np.ndarray) -> np.ndarray:
        if there:
            return caches.test_images(checkpoint.dataset_name)[rows]
        codes, labels = checkpoint.latents, checkpoint.latents.label[rows]
        own = labels if checkpoint.model.conditional else None
        return grey(latent.decode(checkpoint.model, codes.mu[rows], own))

    what = "its test image" if there else "what the decoder makes of it"
    return CloseUp(float(share), ink, f"Close up, each code is drawn as {what}, in its class’s colour.")


def _mark(said: object) -> Mark:
    if not isinstance(said, Mapping) or not isinstance(said.get("kind"), str) or said["kind"] not in KINDS:
        raise StrangeError
    return KINDS[said["kind"]](said)


def _path(said: Mapping[str, Any]) -> Mark:
    stops, steps = _points(said.get("stops", [])), _points(said.get("steps", []))
    way, by = WAYS.get(_text(said.get("way"))), SPACINGS.get(_text(said.get("by")))
    if way is None or by is None:
        raise StrangeError
    words = f"Path: {way}, through {plural(len(stops), 'point')}."
    if len(steps):
        words = f"Path: {way}, through {plural(len(stops), 'point')}, in {len(steps)} steps (small dots), equal {by}."
    return Mark(words, _lines(said), stops=stops, steps=steps)


def _step(said: Mapping[str, Any]) -> Mark:
    """The step between two named selections."""
    a, b = (_text(one) for one in _list(said.get("names"), 2, 2))
    words, spot = f"Arrow: from the mean code of {a} to that of {b}.", _spot(said)
    if spot:
        words += " Line and dot: so many times this step, from the kept point."
    return Mark(words, _lines(said), arrow=True, spot=spot)


def _pair(said: Mapping[str, Any]) -> Mark:
    return Mark("Line: between two test images that look alike.", _lines(said), spot=_spot(said))


def _refined(said: Mapping[str, Any]) -> Mark:
    return Mark("Line: the way of a code while it was refined.", _lines(said), spot=_spot(said))


def _drawing(said: Mapping[str, Any]) -> Mark:
    outlines = _lines(said)
    around = ", with 1 and 2 (dashed) standard deviations of its posterior" if outlines else ""
    return Mark(f"A drawing: where its code lies{around}.", outlines=outlines, spot=_spot(said))


KINDS = {"path": _path, "step": _step, "pair": _pair, "refined": _refined, "drawing": _drawing}


# --- what they are made of -------------------------------------------------------------------------------------------------------


def _list(said: object, most: int, least: int = 0) -> Sequence[Any]:
    if not isinstance(said, list) or not least <= len(said) <= most:
        raise StrangeError
    return said


def _text(said: object) -> str:
    if not isinstance(said, str) or len(said) > MOST_LETTERS:
        raise StrangeError
    return "".join(letter for letter in said if letter.isprintable())


def _points(said: object) -> np.ndarray:
    """[x, y, x, y, ...] -> (K, 2)."""
    numbers = _list(said, 2 * MOST_POINTS)
    if len(numbers) % 2 or not all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in numbers):
        raise StrangeError
    points = np.array(numbers, np.float64).reshape(-1, 2)
    if len(points) and np.abs(points).max() > 10 * Z_LIMIT:
        raise StrangeError
    return points


def _lines(said: Mapping[str, Any]) -> Sequence[np.ndarray]:
    lines = [_points(one) for one in _list(said.get("lines", []), MOST_LINES)]
    if any(len(line) < 2 for line in lines):
        raise StrangeError
    return lines


def _spot(said: Mapping[str, Any]) -> tuple[float, float] | None:
    if said.get("spot") is None:
        return None
    x, y = _points(_list(said["spot"], 2, 2))[0].tolist()
    return x, y
