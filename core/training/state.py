"""A run's resume state on disk: tensors as safetensors, with the facts about them as JSON in the same file's header."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from core.replacing import replacing

STATE_FILE = "resume.safetensors"


class StateError(Exception):
    """The resume state is missing or damaged; the message says what to do."""


def write_state(folder: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write both to folder/resume.safetensors: whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / STATE_FILE, durable=True) as beside:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, beside, {"facts": json.dumps(facts)})


def read_state(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the facts that `write_state` wrote; StateError when they are not there or not whole."""
    path = folder / STATE_FILE
    if not path.is_file():
        raise missing(folder)
    try:
        with safe_open(path, "pt") as file:
            facts = json.loads((file.metadata() or {})["facts"])
            if not isinstance(facts, dict):
                raise ValueError
            # clones: the tensors as they come are windows on the file, which may change under a run
            return {name: file.get_tensor(name).clone() for name in file.keys()}, facts  # noqa: SIM118 (not a dict)
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise damaged(folder, "it was cut short, or is another file") from error


def missing(folder: Path) -> StateError:
    """The error for a state that is not there."""
    return StateError(f"There is nothing to resume in {folder}: {STATE_FILE} is not there. Train without --resume.")


def damaged(folder: Path, what: object) -> StateError:
    """The error for a state that cannot be used."""
    return StateError(f"{folder / STATE_FILE} is damaged ({what}). Delete it and train again without --resume.")
