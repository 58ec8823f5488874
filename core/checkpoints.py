"""The registry of trained models: a checkpoint is a folder of model.safetensors, card.json and latents.safetensors.

Only safetensors and JSON are ever read. What cannot be used is refused with a CheckpointError that says why and what to do.
"""

import errno
import json
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from core import names
from core.kept import Kept
from core.models import Classifier, ConfigError, Model, Restorer, describe, rebuild, rebuild_classifier, rebuild_restorer
from core.places import CHECKPOINTS, SHIPPED_ROOT
from core.replacing import replacing
from core.shape import Shape
from core.shipped import SHIPPED

RESTORERS_ROOT, CLASSIFIERS_ROOT = SHIPPED_ROOT / "restorers", SHIPPED_ROOT / "classifiers"  # they come with the repository
WEIGHTS_FILE, CARD_FILE, LATENTS_FILE = "model.safetensors", "card.json", "latents.safetensors"
MAX_BYTES = {WEIGHTS_FILE: 512 << 20, CARD_FILE: 1 << 20, LATENTS_FILE: 64 << 20}
WEIGHT_TYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
CODE_TYPES = (np.float16, np.float32)
MAX_CODE = float(np.finfo(np.float16).max)  # codes are stored as float16
PICKLE_SUFFIXES = (".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt")
PICKLES_REFUSED = "Pickle files can run code when they are opened, so they are never read: save the weights with safetensors."
MAX_DEPTH = 32  # of a card: lists in lists
MAX_TITLE, MAX_DESCRIPTION = 120, 2000  # characters


M = TypeVar("M", Model, Restorer, Classifier)


class CheckpointError(Exception):
    """A checkpoint that is missing or cannot be used; the message says which file, why, and what to do."""


@dataclass(frozen=True)
class Latents:
    """q(z|x) of a data set's test images, and their classes."""

    mu: np.ndarray  # float32 (N, D)
    logvar: np.ndarray | None  # float32 (N, D); None for a model without a posterior
    label: np.ndarray  # uint8 (N,)


@dataclass(frozen=True)
class Checkpoint:
    """A trained model in evaluation mode, its card, and its codes of the test images."""

    name: str
    model: Model
    card: dict[str, Any]
    latents: Latents

    @property
    def dataset_name(self) -> str:
        """The data set that the card names; "" when it names none."""
        dataset = self.card.get("dataset")
        name = dataset.get("name") if isinstance(dataset, dict) else None
        return name if isinstance(name, str) else ""

    def why_not_for(self, shape: Shape) -> str:
        """Why images of that shape cannot be given to the model; "" when they can."""
        (_, height, width), (_, own_height, own_width) = shape, self.model.config.shape
        if (height, width) == (own_height, own_width):
            return ""
        return f"{self.name} is for images of {own_width} x {own_height} pixels, and these have {width} x {height}."


@dataclass(frozen=True)
class RestorerCheckpoint:
    """A trained network from image to image in evaluation mode, and its card."""

    name: str
    model: Restorer
    card: dict[str, Any]


@dataclass(frozen=True)
class ClassifierCheckpoint:
    """A trained classifier in evaluation mode, and its card."""

    name: str  # of its data set
    model: Classifier
    card: dict[str, Any]


Convolutional = TypeVar("Convolutional", RestorerCheckpoint, ClassifierCheckpoint)
Stamp = tuple[int, ...]  # of a checkpoint's files
Key = tuple[Path, str, Stamp]  # where it lies, its name, its stamp
_opened: Kept[Key, Checkpoint] = Kept(32)  # more than a page shows at once
_opened_restorers: Kept[Key, RestorerCheckpoint] = Kept(8)
_opened_classifiers: Kept[Key, ClassifierCheckpoint] = Kept(4)


def available(root: Path | None = None) -> list[str]:
    """Names of the checkpoints in root, in order, damaged ones too (`load` says what is wrong with one).

    Without a root: those that come with the explorer, and those of the folder CHECKPOINTS.
    """
    if root is None:
        return sorted({*available(CHECKPOINTS), *(name for name in available(SHIPPED_ROOT) if name in SHIPPED)})
    if not root.is_dir():
        return []
    return sorted(f.name for f in root.iterdir() if _is_one(f))


def _is_one(folder: Path) -> bool:
    return not folder.name.startswith(".") and ((folder / CARD_FILE).is_file() or (folder / WEIGHTS_FILE).is_file())


def _lists(root: Path, name: str) -> bool:
    """Whether `available(root)` lists the name, without a look into the other folders. Another name never becomes a path."""
    return root.is_dir() and any(f.name == name and _is_one(f) for f in root.iterdir())


def home(name: str) -> Path:
    """The folder that a name of `available()` is looked up in: a shipped model comes before another of its name."""
    return SHIPPED_ROOT if name in SHIPPED and _lists(SHIPPED_ROOT, name) else CHECKPOINTS


def hidden() -> list[str]:
    """Names of checkpoints in CHECKPOINTS that cannot be opened there, because a shipped model has that name."""
    return [name for name in available(CHECKPOINTS) if not home(name).samefile(CHECKPOINTS)]


def taken() -> set[str]:
    """Names that no new model can have, in small letters: those of the models, and of whatever else lies in their folder."""
    return {*SHIPPED, *(entry.name.lower() for entry in (CHECKPOINTS.iterdir() if CHECKPOINTS.is_dir() else ()))}


def load(name: str, root: Path | None = None) -> Checkpoint:
    """The checkpoint of that name (a name that `available` lists, never a path); CheckpointError when it cannot be used."""
    return load_folder(_folder(name, root))


def card_of(name: str, root: Path | None = None) -> dict[str, Any]:
    """The card alone of a checkpoint that `available` lists, without building its model; CheckpointError when it cannot be read."""
    return _read_card(_folder(name, root))


def load_folder(folder: Path) -> Checkpoint:
    """The checkpoint in a folder, wherever it lies; CheckpointError when it cannot be used."""
    card = _read_card(folder)
    model = _rebuilt(rebuild, card, folder)
    return Checkpoint(folder.name, model.eval(), card, _read_latents(folder, model.config.latent_dim))


def load_restorer(name: str, root: Path | None = None) -> RestorerCheckpoint:
    """The restorer of that name in root, by default RESTORERS_ROOT (one that `available` lists there, never a path);
    CheckpointError when it cannot be used."""
    folder = _folder(name, root or RESTORERS_ROOT)
    card = _read_card(folder)
    model = _rebuilt(rebuild_restorer, card, folder)
    return RestorerCheckpoint(name, model.eval(), card)


def classifiers(root: Path | None = None) -> list[str]:
    """Names of the classifiers' checkpoints, in order, each that of its data set, in root, by default CLASSIFIERS_ROOT."""
    return available(root or CLASSIFIERS_ROOT)


def load_classifier(name: str, root: Path | None = None) -> ClassifierCheckpoint:
    """The classifier of that name (one that `classifiers` lists, never a path); CheckpointError when it cannot be used."""
    folder = _folder(name, root or CLASSIFIERS_ROOT)
    card = _read_card(folder)
    return ClassifierCheckpoint(name, _rebuilt(rebuild_classifier, card, folder).eval(), card)


def opened(name: str) -> Checkpoint:
    """As `load`, but read once for each version of its files, and shared by all who ask: not to be changed."""
    root = home(name)
    return _opened.get((root, name, stamp(name, root)), lambda: load(name))


def opened_restorer(name: str) -> RestorerCheckpoint:
    """As `load_restorer` from RESTORERS_ROOT, otherwise as `opened`; laid out as its convolutions are fastest."""
    return _opened_convolutional(name, RESTORERS_ROOT, load_restorer, _opened_restorers)


def opened_classifier(name: str) -> ClassifierCheckpoint:
    """As `load_classifier` from CLASSIFIERS_ROOT, otherwise as `opened_restorer`."""
    return _opened_convolutional(name, CLASSIFIERS_ROOT, load_classifier, _opened_classifiers)


def _opened_convolutional(
    name: str, root: Path, load: Callable[[str, Path], Convolutional], kept: Kept[Key, Convolutional]
) -> Convolutional:
    def read() -> Convolutional:
        found = load(name, root)
        found.model.requires_grad_(False).to(memory_format=torch.channels_last)
        return found

    return kept.get((root, name, stamp(name, root)), read)


def stamp(name: str, root: Path) -> Stamp:
    """Changes when the checkpoint's files do; empty where there is none. A name that is not available never becomes a path."""
    return _stamp(root / name) if _lists(root, name) else ()


def stamps() -> dict[str, Stamp]:
    """The stamps of all that is available, in order."""
    shipped = {name for name in available(SHIPPED_ROOT) if name in SHIPPED}
    return {name: _stamp((SHIPPED_ROOT if name in shipped else CHECKPOINTS) / name) for name in available()}


def _stamp(folder: Path) -> Stamp:
    try:
        return tuple(f.stat().st_mtime_ns for f in sorted(folder.iterdir()) if f.is_file())
    except OSError:  # it was deleted just now
        return ()


def _rebuilt(how: Callable[[Any], M], card: dict[str, Any], folder: Path) -> M:
    """The model that a card describes, with the folder's weights."""
    try:
        with torch.device("meta"):  # shapes without memory: the card may be a stranger's, and ask for gigabytes
            model = how(card.get("model"))
    except ConfigError as error:
        raise CheckpointError(f"{folder / CARD_FILE} describes a model that cannot be built: {error}") from error
    _load_weights(model, folder)
    return model


def contents(name: str, root: Path | None = None) -> dict[str, bytes]:
    """The files of a checkpoint as they are, by their names."""
    folder = _folder(name, root)
    return {file: _read_bytes(folder / file) for file in MAX_BYTES}


def save(folder: Path, model_name: str, model: Model | Restorer | Classifier, card: dict[str, Any], latents: Latents | None = None) -> None:
    """Write a checkpoint to folder, whole or not at all; an earlier one there is replaced, anything else is left alone.

    Floating-point weights are stored in the type they have, latents as float16; only a `Model` has any. The card gets the model's
    description.
    Raises CheckpointError where `check_target` does, and when a number is not finite as it would be stored.
    """
    check_target(folder)
    with np.errstate(over="ignore"):  # what float16 cannot hold becomes infinite, and is refused
        codes: dict[str, np.ndarray] = {}
        if latents is not None:
            codes = {"mu": latents.mu.astype(np.float16), "label": latents.label.astype(np.uint8)}
            if latents.logvar is not None:
                codes["logvar"] = latents.logvar.astype(np.float16)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    if not all(torch.isfinite(t).all() for t in weights.values()) or not all(np.isfinite(a).all() for a in codes.values()):
        raise CheckpointError(f"{folder} was not saved: its weights or codes are not finite numbers. Training diverged.")
    contents = {WEIGHTS_FILE: save_tensors(weights), CARD_FILE: _json_bytes({"model": describe(model_name, model), **card})}
    if codes:
        contents[LATENTS_FILE] = save_arrays({name: np.ascontiguousarray(array) for name, array in codes.items()})
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for file, content in contents.items():
            _write_durably(temporary / file, content)
        temporary.chmod(0o755)
        _replace_folder(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_target(folder: Path) -> None:
    """Raise CheckpointError unless `save` may write to folder: it is new, or empty, or an earlier checkpoint."""
    check_name(folder.name)
    if not folder.exists():
        parent = next(p for p in folder.absolute().parents if p.exists())
        if not parent.is_dir() or not os.access(parent, os.W_OK):
            raise CheckpointError(f"{folder} cannot be made: {parent} is not a folder that you may write to. Choose another.")
        return
    if others := _others(folder):
        raise CheckpointError(
            f"{folder} already exists and is not a checkpoint (it has {', '.join(others[:3])}); saving would replace it. "
            "Choose another folder."
        )


def check_name(name: str) -> None:
    """Raise CheckpointError unless a checkpoint may be given that name."""
    if problem := names.problem(name):
        raise CheckpointError(problem)


def place(source: Path, name: str, root: Path) -> str:
    """Rename the folder source to root/name, or to the first of name-2, name-3, ... that is free; returns the name it got."""
    check_name(name)
    return next(free for free in names.numbered(name) if free.lower() not in SHIPPED and _rename_to_free(source, root / free))


def rename(name: str, new: str, root: Path | None = None) -> str:
    """Give a checkpoint another name, never one that is taken; returns the new name."""
    folder = _own_folder(name, root or CHECKPOINTS)
    check_name(new)
    with _disk_errors(f"{name} was not renamed"):
        if new != name and (new.lower() in SHIPPED or not _rename_to_free(folder, folder.parent / new)):
            raise CheckpointError(f"The name {new} is already taken. Choose another name, or delete that first.")
    return new


def describe_card(name: str, title: str, description: str, root: Path | None = None) -> None:
    """Write a title and a description, or none, into a checkpoint's card; the rest stays. Untitled, it is called by its name."""
    _describe(_own_folder(name, root or CHECKPOINTS), title, description)


def describe_shipped() -> None:
    """Write the words of core/shipped.py into the cards of the models that come with the explorer."""
    for name, words in SHIPPED.items():
        _describe(SHIPPED_ROOT / name, words.title, words.description)


def in_order(names: Iterable[str]) -> list[str]:
    """The names as people are to find them: the shipped models in their own order, then all others in the alphabet's."""
    shipped = list(SHIPPED)
    return sorted(names, key=lambda name: (shipped.index(name) if name in SHIPPED else len(shipped), name))


def _describe(folder: Path, title: str, description: str) -> None:
    title, description = _plain(title, " "), _plain(description, "\n")
    if len(title) > MAX_TITLE or len(description) > MAX_DESCRIPTION:
        raise CheckpointError(
            f"A title has at most {MAX_TITLE} characters and a description at most {MAX_DESCRIPTION}; these have {len(title)} and "
            f"{len(description)}."
        )
    card = {name: value for name, value in _read_card(folder).items() if name not in ("title", "description")}
    card |= {name: words for name, words in (("title", title), ("description", description)) if words}
    content = _card_bytes(folder, card)
    with _disk_errors(f"{folder.name} could not be described"):
        _replace_card(folder, content)


def set_owner(folder: Path, owner: str) -> None:
    """Write into a checkpoint's card whose it is; nobody's where owner is empty."""
    card = {key: value for key, value in _read_card(folder).items() if key != "owner"} | ({"owner": owner} if owner else {})
    _replace_card(folder, _card_bytes(folder, card))


def _replace_card(folder: Path, content: bytes) -> None:
    """Written outside the checkpoint's folder: one that a crash left in it would count as somebody's file, and `delete` refuse."""
    with replacing(folder / CARD_FILE, durable=True, folder=folder.parent) as beside:
        beside.write_bytes(content)


def owner(name: str) -> str | None:
    """Whose a checkpoint is, also where its weights are damaged; None for nobody's, or where its card cannot be read."""
    try:
        found = card_of(name).get("owner")
    except CheckpointError:
        return None
    return found if isinstance(found, str) else None


def delete(name: str, root: Path | None = None) -> None:
    """Delete a checkpoint; it disappears from the list at once and whole."""
    folder = _own_folder(name, root or CHECKPOINTS)
    with _disk_errors(f"{name} was not deleted"):
        if others := _others(folder):
            raise CheckpointError(f"{folder} also holds {', '.join(others[:3])}, which deleting would lose. Move that away first.")
        aside = Path(tempfile.mkdtemp(prefix=f".{name}.deleted.", dir=folder.parent))
        try:
            folder.rename(aside / "old")
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _folder(name: str, root: Path | None) -> Path:
    within = root or home(name)
    if not _lists(within, name):
        known = ", ".join(available(root)) or "none; train one first"
        raise CheckpointError(f"There is no checkpoint named {name!r}. Available: {known}.")
    return within / name


def _own_folder(name: str, root: Path) -> Path:
    """The folder of a checkpoint that may be changed."""
    if name in SHIPPED:
        raise CheckpointError(f"{name} comes with the explorer and stays as it is. Download it and upload it again to have your own.")
    return _folder(name, root)


def _others(folder: Path) -> list[str]:
    """What a folder holds that is no part of a checkpoint."""
    return sorted(f.name for f in folder.iterdir() if f.name not in MAX_BYTES) if folder.is_dir() else ["a file"]


def _rename_to_free(source: Path, target: Path) -> bool:
    """Rename a folder unless something has that name already; says whether it did."""
    if os.path.lexists(target):
        return False
    try:
        source.rename(target)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):  # somebody else was faster
            return False
        raise
    return True


def _plain(text: str, line_break: str) -> str:
    """Text without control characters, halves of characters and changes of direction; line ends become line_break."""
    lines = ("".join(c for c in line if _printed(c)).strip() for line in text.expandtabs(1).splitlines())
    return line_break.join(lines).strip()


def _printed(character: str) -> bool:
    turns = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")  # Unicode's, with which text can look like another
    return unicodedata.category(character) not in ("Cc", "Cs") and unicodedata.bidirectional(character) not in turns


def _card_bytes(folder: Path, card: dict[str, Any]) -> bytes:
    """A card as it is written into folder, whose own it replaces; what is read as one line may grow much larger as many."""
    content = _json_bytes(card)
    if len(content) > MAX_BYTES[CARD_FILE]:
        raise CheckpointError(
            f"{folder / CARD_FILE} would become larger than {MAX_BYTES[CARD_FILE] >> 20} MB when it is written. Shorten it."
        )
    return content


def _json_bytes(card: dict[str, Any]) -> bytes:
    return (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode(errors="replace")  # JSON may hold half a character


@contextmanager
def _disk_errors(what: str) -> Iterator[None]:
    """Turns what the disk says into a sentence."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(f"{what} ({error.strerror}). Check its folder's permissions and the disk.") from error


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _replace_folder(source: Path, target: Path) -> None:
    """Rename source to target; what was at target steps aside first and comes back if that fails or is interrupted."""
    if not target.exists():
        source.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent)) / "old"
    try:
        target.rename(aside)
        source.rename(target)
    except BaseException:
        if aside.exists():
            aside.rename(target)
        raise
    finally:
        if target.exists():  # else what was there is still aside: keep it
            shutil.rmtree(aside.parent, ignore_errors=True)


def _read_bytes(path: Path) -> bytes:
    """A file of a checkpoint, within its size limit."""
    if not path.is_file():
        pickles = sorted(f.name for f in path.parent.glob("*") if f.suffix in PICKLE_SUFFIXES)
        if pickles:
            raise CheckpointError(f"{path.parent} has no {path.name} but {', '.join(pickles)}. {PICKLES_REFUSED}")
        raise CheckpointError(f"{path} is missing. Train the model again, or bring the whole folder from where it came.")
    try:
        if path.stat().st_size > MAX_BYTES[path.name]:
            raise CheckpointError(f"{path} is larger than {MAX_BYTES[path.name] >> 20} MB, so it is not read.")
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} could not be read ({error.strerror}). Check its permissions and the disk.") from error


def _damaged(path: Path, error: Exception) -> CheckpointError:
    """The error for a file that cannot be parsed; a card that somebody edited gets the line where reading stopped."""
    edited = isinstance(error, json.JSONDecodeError) and "\n" in error.doc.strip()
    where = f"; line {error.lineno} cannot be read" if isinstance(error, json.JSONDecodeError) and edited else ""
    return CheckpointError(
        f"{path} is not a whole {path.suffix[1:]} file (truncated, or another format{where}). Train the model again, or bring the file "
        "from where it came."
    )


def _read_card(folder: Path) -> dict[str, Any]:
    path = folder / CARD_FILE
    try:
        card = json.loads(_read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not isinstance(card, dict):
        raise CheckpointError(f"{path} must hold a JSON object, which begins with {{ and ends with }}; it holds something else.")
    if _deeper_than(card, MAX_DEPTH):
        raise CheckpointError(f"{path} is nested more than {MAX_DEPTH} levels deep, which no model's card needs, so it is not read.")
    return card


def _deeper_than(value: Any, levels: int) -> bool:
    """Whether a JSON value holds more than so many lists or objects in each other; without recursion, however deep it is."""
    layer = [value]
    for _ in range(levels + 1):
        holders = [v for v in layer if isinstance(v, list | dict)]
        if not holders:
            return False
        layer = [inner for v in holders for inner in (v.values() if isinstance(v, dict) else v)]
    return True


def _load_weights(model: Model | Restorer | Classifier, folder: Path) -> None:
    path = folder / WEIGHTS_FILE
    try:
        weights = load_tensors(_read_bytes(path))
    except (SafetensorError, ValueError, KeyError) as error:
        raise _damaged(path, error) from error
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise CheckpointError(
                f"{path} does not fit its card: {name} is {found.get(name, 'missing')} and should be "
                f"{expected.get(name, 'absent')}. The card and the weights come from different models."
            )
        if weights[name].dtype not in WEIGHT_TYPES:
            raise CheckpointError(f"{path} holds {name} as {weights[name].dtype}; weights must be floating-point numbers.")
    model.load_state_dict({name: tensor.float() for name, tensor in weights.items()}, assign=True)
    if not all(torch.isfinite(tensor).all() for tensor in model.state_dict().values()):
        raise CheckpointError(f"{path} holds weights that are not numbers: its training diverged. Train the model again.")


def _read_latents(folder: Path, latent_dim: int) -> Latents:
    path = folder / LATENTS_FILE
    try:
        arrays = load_arrays(_read_bytes(path))
    except (SafetensorError, ValueError, KeyError) as error:
        raise _damaged(path, error) from error
    mu, logvar, label = arrays.get("mu"), arrays.get("logvar"), arrays.get("label")
    if mu is None or label is None or label.ndim != 1 or mu.shape != (len(label), latent_dim) or not len(label):
        raise CheckpointError(f"{path} must hold mu (N, {latent_dim}) and label (N,), N at least 1. Train the model again.")
    if logvar is not None and logvar.shape != mu.shape:
        raise CheckpointError(f"{path} holds logvar {logvar.shape} beside mu {mu.shape}. Train the model again.")
    usable = all(codes.dtype in CODE_TYPES and (np.abs(codes) <= MAX_CODE).all() for codes in (mu, logvar) if codes is not None)
    if label.dtype != np.uint8 or not usable:
        raise CheckpointError(
            f"{path} holds codes that are not finite numbers up to {MAX_CODE:,.0f}, or labels that are not bytes. Train the model again."
        )
    return Latents(mu.astype(np.float32), None if logvar is None else logvar.astype(np.float32), label)
