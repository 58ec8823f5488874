"""A background of a map as a picture: what lies between the middles of a field's cells, in the colours of the page.

The same as pages/browser/map/field.js and layers/palettes.js; a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.colours import rgb
from core.fields import FARTHEST, LOGARITHMIC, NOTHING

# Light to dark, told apart under every common colour vision deficiency. ColorBrewer's YlGnBu (Harrower & Brewer 2003).
YELLOW_TO_BLUE = ("#ffffd9", "#edf8b1", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#253494", "#081d58")
RAMP_ALPHA = 225
VEIL = {False: (203, 208, 216), True: (52, 58, 68)}  # by whether the ground is dark
VEIL_ALPHA = 235
EMPTY, THIN = np.log2(0.01), np.log2(0.04)  # of the codes lie where it is emptier: nobody comes there, and few do
FAINT, STRONG, LEAST = 0.04, 0.6, 0.3  # opacity of a class's colour, from a share of LEAST to all
BORDER = {False: (13, 18, 27, 130), True: (255, 255, 255, 130)}  # where one class gives way to another
UNNAMED = "#808a94"  # a class that the map does not show, and classes in the legend


@dataclass(frozen=True, eq=False)
class Field:
    """A field of a map."""

    name: str  # a key of core.fields.FIELDS
    kind: str  # how it is drawn: "veil", "classes" or "ramp"
    title: str
    words: tuple[str, str]  # what the ends of its scale mean; "": numbers
    bound: float  # the square goes from -bound to bound
    low: float  # what the levels 0 and NOTHING - 1 mean
    high: float
    levels: np.ndarray  # uint8 (channels, cells, cells), rows from the top

    @property
    def ends(self) -> tuple[str, str]:
        """What the ends of its scale mean, in words."""
        if self.words[0]:
            return self.words
        low, high = (2.0**v if self.name in LOGARITHMIC else v for v in (self.low, self.high))
        if self.name == "rarity":
            return _times(low), _times(high)
        return f"{_short(low)} or less", f"{_short(high)} or more"


def _short(value: float) -> str:
    """Two significant digits."""
    return f"{float(f'{value:.2g}'):,g}".replace("-", "−")


def _times(bits: float) -> str:
    if _short(2 ** abs(bits)) == "1":
        return "as frequent"
    return f"{_short(2**-bits)} times as frequent" if bits < 0 else f"{_short(2**bits)} times rarer"


def read(data: bytes, name: str, kind: str, title: str, words: tuple[str, str]) -> Field:
    """What `core.fields.field_bytes` wrote."""
    bound, low, high = np.frombuffer(data, "<f4", 3).tolist()
    channels, cells = np.frombuffer(data, "<u4", 2, 12).tolist()
    return Field(name, kind, title, words, bound, low, high, np.frombuffer(data, np.uint8, offset=20).reshape(channels, cells, cells))


def shares(field: Field, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of the scale, between the middles of cells, at the points with these first coordinates (N,) and second ones (M,): (channels, M, N),
    NaN where there is nothing to say. Of neighbours the last channel is how near they are."""
    cells = field.levels.shape[1]

    def along(v: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        at = np.clip(np.nan_to_num(v, nan=0.0, posinf=cells, neginf=0.0) - 0.5, 0, cells - 1)
        first = np.floor(at).astype(int)
        return first, np.minimum(first + 1, cells - 1), at - first

    across, down = (x + field.bound) / (2 * field.bound) * cells, (field.bound - y) / (2 * field.bound) * cells
    left, right, u = along(across)
    top, below, v = along(down)
    known, total = np.zeros((len(y), len(x))), np.zeros((len(field.levels), len(y), len(x)))
    for rows, up in ((top, 1 - v), (below, v)):
        for columns, beside in ((left, 1 - u), (right, u)):
            corner = field.levels[:, rows[:, None], columns]
            weight = np.outer(up, beside) * (corner[0] != NOTHING)
            known += weight
            total += weight * corner
    there = np.outer((down >= 0) & (down <= cells), (across >= 0) & (across <= cells)) & (known >= 0.5)
    return np.where(there, total / np.where(there, known, 1) / (NOTHING - 1), np.nan)


def painted(field: Field, x: np.ndarray, y: np.ndarray, colours: Mapping[int, str], dark: bool) -> np.ndarray:
    """The field at these points, from the left and from the top, as a picture: uint8 (M, N, 4). colours: of the classes, "#rrggbb"; dark:
    the ground."""
    found = shares(field, x, y)
    there = ~np.isnan(found[0])
    found, near_bits = np.nan_to_num(found), np.zeros(there.shape)
    if field.name == "neighbours":
        found, near_bits = found[:-1], np.log2(FARTHEST) * (1 - found[-1])
    winner = found.argmax(0)  # (M, N)
    image = np.zeros((*winner.shape, 4))
    for label in range(len(found)):
        own = there & (winner == label)
        image[own] = colour(field, found[label][own], dark, colours.get(label, UNNAMED))
    border = np.zeros_like(there)
    border[1:] |= there[1:] & there[:-1] & (winner[1:] != winner[:-1])
    border[:, 1:] |= there[:, 1:] & there[:, :-1] & (winner[:, 1:] != winner[:, :-1])
    image[border] = BORDER[dark]
    image[..., 3] *= 1 - emptiness(near_bits)  # nobody near, no vote
    return np.rint(image).astype(np.uint8)


def colour(field: Field, share: np.ndarray, dark: bool, of_class: str = UNNAMED) -> np.ndarray:
    """The colour (N, 4), 0 to 255, of shares (N,) of a field's scale."""
    if field.kind == "ramp":
        along = np.clip(1 - share if dark else share, 0, 1) * (len(YELLOW_TO_BLUE) - 1)
        stops = np.array([rgb(stop) for stop in YELLOW_TO_BLUE])
        channels = [np.interp(along, np.arange(len(stops)), stops[:, i]) for i in range(3)]
        return np.stack([*channels, np.full(share.shape, RAMP_ALPHA)], axis=-1)
    if field.kind == "veil":
        rest, alpha = VEIL[dark], VEIL_ALPHA * emptiness(field.low + share * (field.high - field.low))
    else:
        rest, alpha = rgb(of_class), 255 * (FAINT + (STRONG - FAINT) * np.clip((share - LEAST) / (1 - LEAST), 0, 1))
    return np.stack([*(np.full(share.shape, float(v)) for v in rest), alpha], axis=-1)


def emptiness(bits: np.ndarray) -> np.ndarray:
    """How empty it is, 0 to 1, where log2 of the share of all codes that lie where it is no fuller is that many bits."""
    t = np.clip((THIN - bits) / (THIN - EMPTY), 0, 1)
    return t * t * (3 - 2 * t)


def bar(field: Field, steps: int, dark: bool) -> np.ndarray:
    """The legend's bar, from what is least remarkable to what is most: uint8 (steps, 4)."""
    t = np.linspace(0, 1, steps)
    along = 1 - t if field.kind == "veil" else LEAST + t * (1 - LEAST) if field.kind == "classes" else t
    return np.rint(colour(field, along, dark)).astype(np.uint8)
