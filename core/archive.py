"""A checkpoint as one zip file, to download and to upload again.

A zip that is uploaded is a stranger's: names in it never become paths, sizes are counted while unpacking, and what is in it
becomes a checkpoint only after it has been loaded.
"""

import io
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core import checkpoints, export, names
from core.checkpoints import CARD_FILE, LATENTS_FILE, MAX_BYTES, PICKLE_SUFFIXES, PICKLES_REFUSED, WEIGHTS_FILE, CheckpointError
from core.latent import Z_LIMIT
from core.models import Model
from core.onnx_recorder import NotRecordable

ENCODER_FILE, DECODER_FILE, README_FILE = "encoder.onnx", "decoder.onnx", "README.txt"
MAX_ZIP_BYTES = 128 << 20
MAX_UNPACKED_BYTES = 64 << 20  # of each file: many times what a model of these sizes needs
MAX_CHECKPOINTS = 500  # in a folder that strangers may upload to
MAX_MEMBERS = 1000
MEMBER_SIGNATURE = b"PK\1\2"  # begins each entry of a zip's list of files
ENCRYPTED_FLAGS = 0x41
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may need gigabytes to unpack
CHUNK = 1 << 20
DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, IndexError, OverflowError, RuntimeError)

CONDITIONAL = """
This model is told what the image shows: give encoder and decoder also "label", int64 (N,), where -1 stands for no label.
"""


class ArchiveError(CheckpointError):
    """A zip that cannot become a checkpoint; the message says why and what to do."""


def pack(name: str, root: Path | None = None) -> bytes:
    """A checkpoint as a zip: its three files, encoder.onnx, decoder.onnx, and a README.txt that says how to use each.

    The same checkpoint gives the same bytes. Where a model cannot be written as ONNX, README.txt says why.
    """
    model = checkpoints.load(name, root).model
    files = checkpoints.contents(name, root)
    readme = _readme(model)
    for file, write in ((ENCODER_FILE, export.encoder_onnx), (DECODER_FILE, export.decoder_onnx)):
        try:
            files[file] = write(model)
        except NotRecordable as reason:
            readme += f"\nThere is no {file} here: {reason}\n"
    return _zip({README_FILE: readme.encode(), **files})


def _readme(model: Model) -> str:
    """What README.txt says of the other files."""
    _, height, width = model.config.shape
    return f"""A trained autoencoder from the latent space explorer. To see it there, upload this zip as it is.

{CARD_FILE}            What it is, how it was trained, and how well it does.

{WEIGHTS_FILE}    Its weights, under their names in the explorer's source:
                         from safetensors.numpy import load_file
                         weights = load_file("{WEIGHTS_FILE}")

{LATENTS_FILE}  The codes of its test images, mu and (if it has one) logvar, and their labels:
                         codes = load_file("{LATENTS_FILE}")["mu"]

{ENCODER_FILE}         Images to codes. x is float32 (N, 1, {height}, {width}) in [0, 1], ink = 1 on 0:
                         from onnxruntime import InferenceSession
                         mu, *logvar = InferenceSession("{ENCODER_FILE}").run(None, {{"x": x}})

{DECODER_FILE}         Codes to images. z is float32 (N, D):
                         x_hat, = InferenceSession("{DECODER_FILE}").run(None, {{"z": z}})
""" + (CONDITIONAL if model.conditional else "")


def _zip(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file, data in files.items():
            member = zipfile.ZipInfo(file, DATE)
            member.create_system, member.external_attr = 3, 0o644 << 16  # as on Linux, wherever this runs
            archive.writestr(member, data, zipfile.ZIP_DEFLATED, compresslevel=1)  # weights hardly shrink, however long one tries
    return content.getvalue()


def unpack(zipped: bytes | BinaryIO, name: str, root: Path | None = None, owner: str = "") -> str:
    """Make a checkpoint of a zip as `pack` makes them; returns its name: the one asked for, or name-2, ... where that is taken.

    Its card names `owner`, whoever it named before. Only model.safetensors, card.json and latents.safetensors are read, at the top
    or in one folder. Raises ArchiveError and leaves nothing behind when they are not a checkpoint that loads.
    """
    root = root or checkpoints.CHECKPOINTS
    data = zipped if isinstance(zipped, bytes) else zipped.read(MAX_ZIP_BYTES + 1)
    if len(data) > MAX_ZIP_BYTES:
        raise ArchiveError(f"The zip is larger than {MAX_ZIP_BYTES >> 20} MB, so it is not read. Without its .onnx files it is smaller.")
    with _own_errors(), _opened(data) as archive:
        checkpoints.check_name(name)
        members = _members(archive)
        root.mkdir(parents=True, exist_ok=True)
        if len(checkpoints.available(root)) >= MAX_CHECKPOINTS:
            raise ArchiveError(f"There are already {MAX_CHECKPOINTS} models here, which is the limit. Delete some first.")
        with tempfile.TemporaryDirectory(prefix=".upload.", dir=root) as temporary:  # the dot hides it from `available`
            folder = Path(temporary) / name
            folder.mkdir()
            for file, member in members.items():
                _extract(archive, member, folder / file)
            try:
                _check(folder)
                checkpoints.set_owner(folder, owner)
            except CheckpointError as error:
                raise ArchiveError(str(error).replace(f"{folder}{os.sep}", "The zip's ")) from error
            return checkpoints.place(folder, name, root)


def suggested_name(file_name: str) -> str:
    """A checkpoint's name from what a stranger called a zip: small letters, digits and hyphens are kept, and no reserved name."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in file_name.lower().removesuffix(".zip"))
    name = "-".join(part for part in kept.split("-") if part)[:48].strip("-")
    return "uploaded" if names.problem(name) else name


@contextmanager
def _own_errors() -> Iterator[None]:
    """Whatever a checkpoint or the disk complains of, as an ArchiveError."""
    try:
        yield
    except ArchiveError:
        raise
    except CheckpointError as error:
        raise ArchiveError(str(error)) from error
    except OSError as error:
        raise ArchiveError(f"The zip could not be unpacked ({error.strerror}). Check the disk and the folder's permissions.") from error


@contextmanager
def _zip_errors() -> Iterator[None]:
    """Whatever zipfile raises when it reads arbitrary bytes, as an ArchiveError."""
    try:
        yield
    except UNREADABLE as error:
        why = "Bad CRC-32: a file in it has changed" if "CRC-32" in str(error) else "cut short, damaged or another format"
        raise ArchiveError(f"The file is not a whole zip ({why}). Download it again.") from error


@contextmanager
def _opened(data: bytes) -> Iterator[zipfile.ZipFile]:
    if data.count(MEMBER_SIGNATURE) > MAX_MEMBERS:  # zipfile makes an object for each before anybody can ask how many
        raise ArchiveError(f"The zip holds more than {MAX_MEMBERS} files. Upload a zip of one checkpoint.")
    with _zip_errors():
        archive = zipfile.ZipFile(io.BytesIO(data))
    with archive:
        yield archive


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The entries of the three files, by the names that we know; all others are ignored."""
    members: dict[str, zipfile.ZipInfo] = {}
    folders = set()
    for member in archive.infolist():
        *folder, file = (part for part in member.filename.replace("\\", "/").split("/") if part != ".")  # some programs write ./
        if file not in MAX_BYTES or len(folder) > 1 or folder in ([""], [".."]):
            continue
        folders.add(tuple(folder))
        if file in members or len(folders) > 1:
            raise ArchiveError(f"The zip holds more than one checkpoint, or {file} twice. Upload a zip of one checkpoint.")
        members[file] = member
    if missing := [file for file in MAX_BYTES if file not in members]:
        raise ArchiveError(_missing(missing[0], archive.namelist()))
    return members


def _missing(file: str, names: list[str]) -> str:
    pickles = sorted(name[-40:] for name in names if name.endswith(PICKLE_SUFFIXES))
    if pickles:
        return f"The zip has no {file} but {', '.join(pickles[:3])}. {PICKLES_REFUSED}"
    return f"The zip has no {file}, at its top or in one folder. A checkpoint is {', '.join(MAX_BYTES)}: zip all three."


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    """Write a member to path, counting what really comes out: the size that a zip states may be a lie."""
    if member.flag_bits & ENCRYPTED_FLAGS:
        raise ArchiveError(f"The zip's {path.name} is encrypted. Zip it again without a password.")
    if member.compress_type not in METHODS:
        raise ArchiveError(f"The zip's {path.name} uses a compression that cannot be read here. Zip it again with the usual (Deflate).")
    limit = left = min(MAX_BYTES[path.name], MAX_UNPACKED_BYTES)
    with _zip_errors(), archive.open(member) as source, path.open("wb") as target:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise ArchiveError(f"The zip's {path.name} is larger than {limit >> 20} MB, so it is not read.")
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())


def _check(folder: Path) -> None:
    """Raise ArchiveError unless the folder is a checkpoint that loads, and whose codes a map can show.

    A model without a prior may spread its codes as it likes: one of the page's own presets takes them beyond the limit.
    """
    checkpoint = checkpoints.load_folder(folder)
    farthest = float(np.abs(checkpoint.latents.mu).max())
    if checkpoint.model.has_prior and farthest > Z_LIMIT:
        raise ArchiveError(
            f"The zip's {LATENTS_FILE} holds codes as far out as {farthest:,.1f}; a map goes from {-Z_LIMIT:g} to {Z_LIMIT:g}."
        )
