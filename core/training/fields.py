"""What is usable of a run's JSON files, which a hand or a crash may have left in any state. Standard library only."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

MAX_EPOCHS = 100_000
DEVICE = re.compile(r"cpu|mps|cuda:\d{1,3}")
Check = Callable[[object], bool]


def checked(found: object, fields: Mapping[str, Check], needed: set[str]) -> tuple[dict[str, Any], str]:
    """What is usable of a JSON file's value, and what is wrong with it: "" when nothing is."""
    if not isinstance(found, dict):
        return {}, "is missing or cannot be read"
    strange = sorted(name for name, right in fields.items() if name in found and not right(found[name]))
    missing = sorted(needed - found.keys())
    fault = f"has a strange {', '.join(strange)}" if strange else f"lacks {', '.join(missing)}" if missing else ""
    return {name: value for name, value in found.items() if name not in strange}, fault


def is_number(value: object) -> TypeGuard[float]:
    """A finite number that pages can compute with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def is_text(value: object) -> TypeGuard[str]:
    """A string."""
    return isinstance(value, str)


def is_flag(value: object) -> bool:
    """True or false."""
    return isinstance(value, bool)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """A JSON object."""
    return isinstance(value, dict)


def is_epochs(value: object) -> bool:
    """How many epochs a run is to take."""
    return isinstance(value, int) and within(1, MAX_EPOCHS)(value)


def is_devices(value: object) -> bool:
    """A list of names such as cpu and cuda:0."""
    return isinstance(value, list) and all(isinstance(device, str) and DEVICE.fullmatch(device) for device in value)


def within(low: float, high: float) -> Check:
    """A number in [low, high]."""
    return lambda value: is_number(value) and low <= value <= high


def maybe(right: Check) -> Check:
    """None, or what `right` accepts."""
    return lambda value: value is None or right(value)
