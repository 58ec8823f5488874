"""What the configuration dataclasses share: words for their settings, checks, JSON. Bad values raise ConfigError with a sentence."""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from core.words import plural

MAX_LAYERS, MAX_UNITS, MAX_SIDE = 8, 4096, 128

C = TypeVar("C")


class ConfigError(ValueError):
    """A configuration value that cannot be used; the message says which, why and what would do."""


@dataclass(frozen=True)
class Setting:
    """A setting as people know it: its name, what it does, and, where it is chosen from a list, that list with names for people.

    A field annotated with one, `beta: Annotated[float, Setting(...)] = 1.0`, is asked for by the Train page and the command line.
    """

    title: str
    words: str
    choices: Mapping[str, str] | None = None
    zero: str = ""  # what 0 means, where it is no amount
    unit: str = ""  # what its number counts, in the singular
    share_of: str = ""  # or what it is a share of
    bound: str = ""  # what it is at most, whatever its number

    @property
    def name(self) -> str:
        """The title's first words."""
        return self.title.partition(",")[0]

    @property
    def label(self) -> str:
        """The title with the unit, over a field that takes a bare number."""
        unit = f"{self.unit}s" if self.unit else f"share of {self.share_of}" if self.share_of else ""
        return ", ".join(filter(None, [self.title, unit]))

    def said(self, value: Any) -> str:
        """A value of it as people read it: "4 epochs", "10 % of the steps", "BCE"."""
        if self.choices is not None:
            return self.choices.get(value, str(value)).partition(",")[0]  # BCE, MSE, L1
        if self.zero and value == 0:
            return self.zero
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, tuple):
            return ", ".join(map(str, value)) or "none"
        if self.share_of:
            return f"{100 * value:g} % of {self.share_of}"
        if self.unit:
            return ", ".join(filter(None, [plural(value, self.unit), self.bound]))
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def settings(kind: Any) -> dict[str, Setting]:
    """The settings of a configuration dataclass, in its order; fields that follow from something else (the classes) have none."""
    noted = {field.name: getattr(field.type, "__metadata__", ()) for field in dataclasses.fields(kind)}
    return {name: note for name, notes in noted.items() for note in notes if isinstance(note, Setting)}


def check_number(name: str, value: Any, low: float, high: float, whole: bool = False) -> None:
    """Raise ConfigError unless value is a finite number (an int if whole) in [low, high]."""
    fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not fits or not low <= value <= high:  # NaN is in no range
        kind = "a whole number" if whole else "a number"
        said = _written_out(value) if isinstance(value, float) else repr(value)
        raise ConfigError(f"{name} must be {kind} from {_written_out(low)} to {_written_out(high)}; it is {said}.")


def _written_out(value: float) -> str:
    """A number without an exponent, where it has a sensible size: "0.0000001", not "1e-07"."""
    return f"{value:.9f}".rstrip("0").rstrip(".") if value == 0 or 1e-9 <= abs(value) < 1e12 else f"{value:g}"


def check_one_of(name: str, value: Any, choices: Collection[str]) -> None:
    """Raise ConfigError unless value is one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}; it is {value!r}.")


def check_hidden(name: str, units: Any) -> None:
    """Raise ConfigError unless units is a tuple of at most MAX_LAYERS layer sizes of 1 to MAX_UNITS each."""
    if not isinstance(units, tuple) or len(units) > MAX_LAYERS:
        raise ConfigError(f"{name} must be a list of at most {MAX_LAYERS} layer sizes; it is {units!r}.")
    for size in units:
        check_number(f"each size in {name}", size, 1, MAX_UNITS, whole=True)


def check_shape(shape: Any) -> None:
    """Raise ConfigError unless shape is that of an image: (1, H, W) with sides of 1 to MAX_SIDE."""
    if not isinstance(shape, tuple) or len(shape) != 3 or shape[0] != 1:
        raise ConfigError(f"shape must be a list of three numbers, 1, height and width; it is {shape!r}.")
    for name, side in zip(("height", "width"), shape[1:], strict=True):
        check_number(f"the {name} in shape", side, 1, MAX_SIDE, whole=True)


def to_json(config: Any) -> dict[str, Any]:
    """A config dataclass as a JSON-ready dict (tuples become lists)."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in dataclasses.asdict(config).items()}


def from_json(kind: type[C], values: Any) -> C:
    """The config dataclass `kind` from a dict that may come from a stranger's file; unknown keys raise ConfigError."""
    if not isinstance(values, Mapping):
        raise ConfigError(f"{kind.__name__} must be a JSON object; it is {type(values).__name__}.")
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(str(key) for key in values if key not in known):
        raise ConfigError(f"{kind.__name__} has no setting named {', '.join(unknown)}; it knows {', '.join(sorted(known))}.")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})
