"""Numbers, decibels, durations, plurals and lists as people read them, for pages, cards and the command line. Standard library only."""

import math
from collections.abc import Sequence

UNITS = (  # up to so many seconds: a unit, its seconds, its short name and the digits after the point behind that
    (90, "second", 1, "s", 0),
    (90 * 60, "minute", 60, "min", 0),
    (36 * 3600, "hour", 3600, "h", 1),
    (math.inf, "day", 86_400, "days", 1),
)


def number(value: float | None, digits: int = 2) -> str:
    """ "−1.50": so many digits after the point, a proper minus sign, but none before zero; "∞"; None is "unknown"."""
    if value is None or math.isnan(value):
        return "unknown"
    text = "∞" if math.isinf(value) else f"{abs(value):.{digits}f}"
    return f"−{text}" if value < 0 and text.strip("0.") else text


def operations(flop: int) -> str:
    """How many floating-point operations: "1.19 million", and all of few, "3,136"."""
    return f"{number(flop / 1e6)} million" if flop >= 100_000 else f"{flop:,}"


def decibels(psnr_db: float | None) -> str:
    """ "28.4 dB"; of two equal pictures "∞ dB"."""
    return f"{number(psnr_db, 1)} dB"


def duration(seconds: float, short: bool = False) -> str:
    """ "26 seconds", "3 minutes", "5 hours", "2 days"; short: "26 s", "3 min", "1.5 h", "2.1 days". At least a second."""
    if not math.isfinite(seconds):
        return "an unknown time"
    seconds = max(1.0, seconds)
    _, name, length, symbol, digits = next(unit for unit in UNITS if seconds < unit[0])
    return f"{seconds / length:.{digits}f} {symbol}" if short else plural(round(seconds / length), name)


def plural(count: float, one: str, many: str = "") -> str:
    """ "1 digit", "2 digits", "1,200 runs go"; many: the word for several, where it is not that for one with an s."""
    return f"{f'{count:,}' if isinstance(count, int) else f'{count:g}'} {one if count == 1 else many or f'{one}s'}"


def joined(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def subscript(number: int) -> str:
    """ "₁₆"."""
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def sentence(words: str) -> str:
    """ "Sigma, in pixels." from "sigma, in pixels"."""
    return f"{words[:1].upper()}{words[1:]}."
