"""The axes of a map: coordinates of codes as they are, or the prior's percentiles, where equal areas hold equal shares of the prior.

The same as pages/browser/map/scale.js, for pictures; a test compares the two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

import numpy as np
import torch

Ticks = list[tuple[float, str]]  # where on the axis, in its own units, and what is written there
STEPS = (1, 0.5, 0.1, 0.05, 0.01)  # between labels of the percentiles, in standard deviations
FARTHEST = 6  # of these labels


@dataclass(frozen=True)
class Scale:
    """One of the two, for each axis by itself."""

    to: Callable[[np.ndarray], np.ndarray]  # coordinates of codes, of any shape -> the axes'
    back: Callable[[np.ndarray], np.ndarray]
    ticks: Callable[[float, float, float], Ticks]  # from low to high, each at least so far apart from the next
    ends: tuple[float, float]  # of an axis: beyond them there is nothing


def phi(z: np.ndarray) -> np.ndarray:
    """u = Φ(z), the share of a standard normal distribution below z, [0, 1]."""
    return torch.special.ndtr(torch.from_numpy(np.asarray(z, np.float64))).numpy()


def quantile(u: np.ndarray) -> np.ndarray:
    """z = Φ⁻¹(u): infinite for 0 and 1."""
    return torch.special.ndtri(torch.from_numpy(np.asarray(u, np.float64))).numpy()


def round_numbers(low: float, high: float, apart: float) -> Ticks:
    """Round numbers, evenly apart: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(apart))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= apart * (1 - 1e-9))
    digits = max(0, ceil(-log10(step) - 1e-9))
    values = (number * step for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1))
    return [(value, f"{value:.{digits}f}".replace("-", "−") if abs(value) > step / 2 else "0") for value in values]


def sigmas(low: float, high: float, apart: float) -> Ticks:
    """Percentiles of whole standard deviations, and of finer ones where there is room."""

    def between(a: float, b: float) -> float:
        return float(phi(np.array(b)) - phi(np.array(a)))

    def divided(a: float, b: float, level: int) -> list[float]:
        if between(-np.inf, b) < low or between(-np.inf, a) > high or level == len(STEPS):
            return [a]
        edges = [a + i * STEPS[level] for i in range(round((b - a) / STEPS[level]) + 1)]
        parts = list(pairwise(edges))
        if not all(between(*part) >= apart for part in parts):
            return [a]
        return [v for part in parts for v in divided(*part, level + 1)]

    most = 1
    while most < FARTHEST and between(most, most + 1) >= apart:
        most += 1
    found = {round(v, 2) + 0.0 for i in range(-most, most) for v in divided(i, i + 1, 1)} | {float(most)}
    places = [(float(phi(np.array(z))), f"{z:g}σ".replace("-", "−") if z else "0") for z in sorted(found)]
    return [(u, text) for u, text in places if low <= u <= high]


def _as_they_are(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float64)


LINEAR = Scale(_as_they_are, _as_they_are, round_numbers, (-np.inf, np.inf))
SPREAD = Scale(phi, quantile, sigmas, (0.0, 1.0))  # (Kingma & Welling 2014, figure 4)


def evenly(scale: Scale, low: float, high: float, cells: int) -> np.ndarray:
    """The middles of so many cells of a stretch of an axis, as coordinates of codes: (cells,), not finite where the axis has none."""
    middles = low + (np.arange(cells) + 0.5) / cells * (high - low)
    first, last = scale.ends
    return scale.back(np.where((middles > first) & (middles < last), middles, np.nan))
