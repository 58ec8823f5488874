"""A run's epochs on disk, for the live map and the time machine: where the same test images lie, and the decoder of that moment."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file

from core.latent import Plane
from core.models import ConfigError, Model, rebuild
from core.replacing import replacing
from core.training.fields import MAX_EPOCHS
from core.training.folder import EPOCHS_FOLDER, SUBSET

MAX_BYTES = 256 << 20  # of a run's snapshots; beyond it every second one goes, and so on
DECODER = "decoder"  # begins the names of all weights that decoding needs


class SnapshotError(Exception):
    """A snapshot that is missing or cannot be used; the message says which."""


@dataclass(frozen=True)
class Snapshot:
    """What a run looked like after an epoch."""

    epoch: int
    points: np.ndarray  # float32 (N, 2): the subset's codes on the plane
    plane: Plane
    model: Model  # its decoder alone has weights; the encoder is on torch's meta device


def epochs(folder: Path) -> list[int]:
    """The epochs that a run has snapshots of, in order."""
    try:
        found = list((folder / EPOCHS_FOLDER).iterdir())
    except OSError:
        return []
    numbered = [(int(path.stem), path) for path in found if path.stem.isdecimal() and len(path.stem) <= len(str(MAX_EPOCHS))]
    return sorted(number for number, path in numbered if path == _path(folder, number) and number <= MAX_EPOCHS)


def write(folder: Path, epoch: int, model: Model, plane: Plane, points: np.ndarray) -> None:
    """Write the snapshot of an epoch into the run's folder, whole or not at all, as float16; thin out what is too much."""
    (folder / EPOCHS_FOLDER).mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().half().cpu().contiguous() for name, tensor in model.state_dict().items() if name.startswith(DECODER)}
    tensors["points"] = torch.from_numpy(points.astype(np.float16))
    tensors |= {"origin": torch.from_numpy(plane.origin.copy()), "axes": torch.from_numpy(plane.axes.copy())}
    with replacing(_path(folder, epoch)) as beside:
        save_file(tensors, beside, {"epoch": json.dumps(epoch)})
        size = beside.stat().st_size
    _thin(folder, MAX_BYTES // size)


def forget_after(folder: Path, epoch: int) -> None:
    """Remove the snapshots of later epochs: the run goes on from this one."""
    for later in epochs(folder):
        if later > epoch:
            _path(folder, later).unlink(missing_ok=True)


def read(folder: Path, epoch: int, description: Any) -> Snapshot:
    """The snapshot of an epoch; `description` is the run's model (name and config). SnapshotError when it cannot be used."""
    try:
        with safe_open(_path(folder, epoch), "pt") as file:
            tensors = {name: file.get_tensor(name).float().clone() for name in file.keys()}  # noqa: SIM118 (not a dict)
        with torch.device("meta"):
            model = rebuild(description)
        decoder = {name: tensor for name, tensor in tensors.items() if name.startswith(DECODER)}
        left = model.load_state_dict(decoder, strict=False, assign=True)
        if wrong := [*left.unexpected_keys, *(name for name in left.missing_keys if name.startswith(DECODER))]:
            raise SnapshotError(_unusable(epoch, f"{wrong[0]} does not fit the model"))
        points, plane = tensors["points"].numpy(), Plane(tensors["origin"].numpy(), tensors["axes"].numpy())
        dimensions = model.config.latent_dim
        if points.ndim != 2 or points.shape[1] != 2 or plane.origin.shape != (dimensions,) or plane.axes.shape != (2, dimensions):
            raise SnapshotError(_unusable(epoch, "its points do not fit the model"))
        if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
            raise SnapshotError(_unusable(epoch, "it holds numbers that are not finite"))
    except FileNotFoundError as error:
        raise SnapshotError(f"There is no snapshot of epoch {epoch} (any more).") from error
    except OSError as error:
        raise SnapshotError(_unusable(epoch, f"it could not be read: {error.strerror or 'the disk refuses'}")) from error
    except ConfigError as error:
        raise SnapshotError(_unusable(epoch, str(error))) from error
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise SnapshotError(_unusable(epoch, "its file is damaged, or does not fit the model")) from error
    return Snapshot(epoch, points, plane, model.eval())


def _unusable(epoch: int, why: str) -> str:
    return f"The snapshot of epoch {epoch} cannot be used ({why})."


def write_subset(folder: Path, rows: np.ndarray, labels: np.ndarray) -> None:
    """Write which test images are followed from epoch to epoch: their rows in the test set, int32 (N,), and their labels (N,)."""
    with replacing(folder / SUBSET) as beside:
        save_arrays({"row": rows, "label": labels.astype(np.uint8)}, beside)


def read_subset(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Rows in the test set and labels of the images that are followed, both (N,); SnapshotError when they cannot be used."""
    try:
        arrays = load_arrays(folder / SUBSET)
        rows, labels = arrays["row"], arrays["label"]
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise SnapshotError("The list of the run's test images is missing or damaged.") from error
    if rows.ndim != 1 or rows.shape != labels.shape or rows.dtype != np.int32 or labels.dtype != np.uint8:
        raise SnapshotError("The list of the run's test images is damaged.")
    return rows, labels


def _path(folder: Path, epoch: int) -> Path:
    return folder / EPOCHS_FOLDER / f"{epoch:05d}.safetensors"


def _thin(folder: Path, allowed: int) -> None:
    """Keep the last epoch and every n-th, n the smallest power of two that leaves no more than `allowed`."""
    present = epochs(folder)
    stride = 1
    while present[-1] / stride > max(allowed, 2):
        stride *= 2
    for epoch in present[:-1]:
        if epoch % stride:
            _path(folder, epoch).unlink(missing_ok=True)
