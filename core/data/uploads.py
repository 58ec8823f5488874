"""Uploaded bytes as images: six formats in any mode, and zips of them. What cannot be read becomes a sentence for its owner.

An upload is a stranger's. So each format's container is walked first (containers.py): sizes are checked before anything is decoded,
Pillow gets only what it needs to decode the first frame, and none of its global settings is touched.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from core.data.containers import WALKS
from core.data.formats import UploadError, damaged, format_of
from core.data.photo import find_digits as find_digits  # with read_image and UploadError the contract of this module
from core.data.pixels import brightness
from core.data.polarity import ink_is_dark
from core.data.zips import MAX_FILES, ZIP_MAGIC, Budget, members_of

MAX_TITLE = 80  # characters


@dataclass(frozen=True)
class Picture:
    """A picture as core works on it, which way round it was, and what is to be said of how it was read."""

    image: np.ndarray  # float32 (H, W) in [0, 1], ink = 1
    dark_ink: bool  # on light paper
    notes: tuple[str, ...] = ()  # sentences


@dataclass(frozen=True)
class Upload:
    """One uploaded file: its image, float32 (H, W) in [0, 1] with ink = 1, or what was wrong with it."""

    title: str  # plain and short, made safe for showing; never used as a path
    image: np.ndarray | None
    problem: str  # a sentence or two; "" when there is an image
    dark_ink: bool = True  # on light paper
    notes: tuple[str, ...] = ()  # what is to be said of how it was read, sentences


def read_image(data: bytes) -> np.ndarray:
    """The first frame of a PNG, JPEG, WebP, BMP, TIFF or GIF: float32 (H, W) in [0, 1], ink = 1 on background 0.

    `read_grey`'s, or 1 minus that where `ink_is_dark`. Raises UploadError, and nothing else, when it cannot be read.
    """
    return read_picture(data).image


def read_picture(data: bytes) -> Picture:
    """`read_image`'s image, whether its ink was dark, and what is to be said of it. Raises UploadError, and nothing else."""
    grey, notes = read_grey(data)
    if dark := ink_is_dark(grey):
        np.subtract(1, grey, out=grey)
    return Picture(grey, dark, notes)


def read_grey(data: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    """The same as it is, white = 1 whatever the ink's colour, and what is to be said of how it was read.

    Upright by its EXIF orientation; colours as ITU-R 601 luma; what is transparent is paper, white or, under light ink, black; grey
    samples are exact: v/255 or v/65535, unless they use a part of that range only, which is then stretched. Of a PNG or JPEG whose end is
    missing what there is. More than MAX_WORKING_PIXELS are reduced by block means, by the smallest whole factor that fits (2 for a photo
    of 50 megapixels). Raises UploadError, and nothing else, when it cannot be read.
    """
    kind = format_of(data)
    with _only_upload_errors(kind):
        return brightness(kind, WALKS[kind](data))


def stored_size(data: bytes) -> tuple[int, int]:
    """(height, width) of the picture in a file, upright, before any reduction; nothing is decoded.

    Of a WebP as stored, since its orientation only its decoder finds. Raises UploadError, and nothing else, when there is none to be read.
    """
    kind = format_of(data)
    with _only_upload_errors(kind):
        source = WALKS[kind](data)
    width, height = source.size
    return (width, height) if source.orientation >= 5 else (height, width)  # 5 to 8 lie on their side


@contextmanager
def _only_upload_errors(kind: str) -> Iterator[None]:
    """Whatever fails becomes an UploadError."""
    try:
        yield
    except UploadError:
        raise
    except MemoryError as error:
        raise UploadError(f"There is not enough memory for this {kind} file. Make it smaller and upload it again.") from error
    except Exception as error:  # on damaged bytes struct and Pillow raise a dozen kinds, some of them nowhere documented
        raise damaged(kind) from error


def read_files(files: Iterable[tuple[str, bytes]]) -> Iterator[Upload]:
    """Each image of (name, bytes) in turn, zips opened; what is wrong with a file becomes its `problem`, never an exception.

    Lazy: one image is in memory at a time. After MAX_FILES images, and after MAX_UNPACKED bytes out of zips, a last Upload says
    that the rest was left out. In a zip folders, dot files and __MACOSX are skipped, and zips are not opened.
    """
    budget = Budget()
    for name, data in files:
        members = members_of(name, data, budget) if data.startswith(ZIP_MAGIC) else iter([(name, data, "")])
        for member, content, problem in members:
            if budget.files == 0:
                yield Upload(_title(member), None, f"There are more than {MAX_FILES} images; the rest were left out. Upload them next.")
                return
            budget.files -= 1
            yield _read(member, content, problem)


def _read(name: str, data: bytes, problem: str) -> Upload:
    """An Upload of one file; in a function of its own so that no name keeps its image alive."""
    if problem:
        return Upload(_title(name), None, problem)
    try:
        picture = read_picture(data)
        return Upload(_title(name), picture.image, "", picture.dark_ink, picture.notes)
    except UploadError as error:
        return Upload(_title(name), None, str(error))


def _title(name: str) -> str:
    """The last part of a name, without control, bidi and other invisible characters, cut to MAX_TITLE in its middle."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = " ".join("".join(" " if c.isspace() else c for c in last if c.isspace() or unicodedata.category(c)[0] != "C").split())
    if len(shown) > MAX_TITLE:
        shown = f"{shown[: MAX_TITLE // 2]}…{shown[len(shown) - MAX_TITLE // 2 + 1 :]}"
    return shown or "unnamed"
