"""What a run is to do: what its config.json holds. Standard library only, so the settings of model and recipe stay JSON here;
core.training.config makes their dataclasses of them.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core import names
from core.training.fields import Check, checked, is_devices, is_epochs, is_number, is_object, is_text, maybe, within

FIELDS: dict[str, Check] = {  # what a page relies on
    "name": lambda value: not names.problem(value),
    "owner": is_text,
    "created": within(0, 1e12),
    "dataset": is_text,
    "model": lambda value: is_object(value) and is_text(value.get("name", "")) and is_object(value.get("config", {})),
    "recipe": lambda value: is_object(value) and maybe(is_epochs)(value.get("epochs")),
    "threads": within(0, 4096),
    "devices": is_devices,
    "preset": maybe(is_text),
    "minutes": maybe(lambda value: is_number(value) and value > 0),
}
NEEDED = {"name", "owner", "created"}


@dataclass(frozen=True)
class RunConfig:
    """A run's settings. The defaults stand for what an old or damaged file does not say."""

    id: str = ""  # the run directory's name, as it was made; its checkpoint has it too
    name: str = ""  # that was asked for
    owner: str = ""  # whose run it is; "" for one from the command line
    created: float = 0.0  # when it was started, Unix seconds
    dataset: str = ""
    model: dict[str, Any] | None = None  # its name and its config, as in a checkpoint's card
    recipe: dict[str, Any] | None = None  # a TrainingConfig
    threads: int = 0  # of the CPU; 0: torch's own choice
    devices: tuple[str, ...] = ("cpu",)  # it waits for any one of them; none: the command line, which does not wait
    preset: str | None = None  # that the form's settings began with
    minutes: float | None = None  # how long it may train, as the administrator set it; None: as long as it takes
    replace: bool = False  # the checkpoint of that name, if there is one

    @property
    def model_name(self) -> str:
        """Its key in MODELS; "" when not known."""
        return (self.model or {}).get("name", "")

    @property
    def model_settings(self) -> dict[str, Any]:
        """The model's config; empty when not known."""
        return (self.model or {}).get("config", {})

    @property
    def recipe_settings(self) -> dict[str, Any]:
        """The recipe; empty when not known."""
        return self.recipe or {}


def from_json(values: Mapping[str, Any]) -> RunConfig:
    """The config that these values describe, unchecked; what a later version of the program added is left out."""
    known = {field.name: values[field.name] for field in dataclasses.fields(RunConfig) if field.name in values}
    if isinstance(devices := known.get("devices"), list):
        known["devices"] = tuple(devices)
    return RunConfig(**known | {"replace": bool(known.get("replace"))})  # whatever stands there: it never made a run a damaged one


def to_json(config: RunConfig) -> dict[str, Any]:
    """What config.json holds."""
    return dataclasses.asdict(config) | {"devices": list(config.devices)}


def fault(config: RunConfig) -> str:
    """What is wrong with a config that is to be written: "" when nothing is."""
    return checked(to_json(config), FIELDS, NEEDED)[1]


def usable(found: Any) -> tuple[RunConfig, str]:
    """What is usable of a config.json's value, and what is wrong with it: "" when nothing is."""
    values, wrong = checked(found, FIELDS, NEEDED)
    return from_json(values), wrong
