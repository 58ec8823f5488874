"""The work on many files, in its thread: each is read as one digit, as several or as a picture, and denoised into a table and a zip."""

import csv
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core import restore
from core.data import formats, photo, zips
from core.data.normalizing import Digit
from core.data.pasting import paste_back
from core.data.uploads import Upload, read_files
from core.watch import RestoreStoppedError
from pages.denoising import zipped
from pages.denoising.methods import Chosen
from pages.images.pictures import data_uri, grey, png
from pages.session.background import Stopped, Work
from pages.web import errors

MAX_DIGITS = 2_000
MAX_RESULT = 256 << 20  # bytes of pictures in the zip
THUMBNAIL_PX = 84
KINDS = {"digit": "one digit each", "digits": "several digits each", "picture": "whole pictures"}


@dataclass(frozen=True)
class Row:
    """A line of the table: something denoised, or what was wrong with a file."""

    file: str
    result: str  # its name in the zip; "" where there is none
    before: str = ""  # data URIs
    after: str = ""
    note: str = ""  # what is to be said of how the file was read
    problem: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of all files."""

    rows: list[Row]
    archive: bytes


def run(work: Work, files: list[tuple[str, bytes]], kind: str, method: Chosen) -> Outcome:
    """Denoise every file; each kind of content has its way."""
    rows: list[Row] = []
    members: dict[str, bytes] = {}
    size = digits = 0
    count = about_how_many(files)
    for number, upload in enumerate(read_files(files), 1):
        try:
            work.step((number - 1) / max(count, number), f"Image {number} of {max(count, number)}")
            made, more = _one(work, f"{number:03d}", upload, kind, method, max(count, number))
        except (Stopped, RestoreStoppedError):
            if not rows:
                raise
            rows.append(Row(upload.title, "", problem="It was stopped here; this and the rest were left out."))
            break
        except restore.RestoreError as error:
            rows.append(Row(upload.title, "", problem=errors.words(error)))
            continue
        except MemoryError:
            rows.append(Row(upload.title, "", problem="There was not enough memory for it. Make it smaller."))
            continue
        size, digits = size + sum(map(len, more.values())), digits + len(made)
        if size > MAX_RESULT or digits > MAX_DIGITS:
            rows.append(Row(upload.title, "", problem="The results grew too large; this and the rest were left out. Upload them next."))
            break
        rows += made
        members |= more
    members["table.csv"] = _csv(rows)
    return Outcome(rows, zipped.pack(members))


def about_how_many(files: list[tuple[str, bytes]]) -> int:
    """Images in these files, with what else their zips hold, from the bytes alone."""
    entries = (data.count(zips.MEMBER_SIGNATURE) if data.startswith(formats.ZIP_MAGIC) else 1 for _, data in files)
    return min(sum(entries), zips.MAX_FILES)


def _one(work: Work, number: str, upload: Upload, kind: str, method: Chosen, count: int) -> tuple[list[Row], dict[str, bytes]]:
    """The rows and the zip's members of one of `count` images."""
    image = upload.image
    if image is None:
        return [Row(upload.title, "", problem=upload.problem)], {}

    def on_progress(done: float) -> None:
        work.step((int(number) - 1 + done) / count)

    if kind == "picture":
        denoised = restore.denoise_page(image, **method.options, on_progress=on_progress, should_stop=work.should_stop)
        name, (before, after) = f"{number}-picture.png", (1 - p if upload.dark_ink else p for p in (image, denoised))
        row = Row(upload.title, name, _thumbnail(before), _thumbnail(after), " ".join(upload.notes))
        return [row], {name: png(denoised, paper=upload.dark_ink)}
    digits, said = _digits(image, kind)
    if not digits:
        return [Row(upload.title, "", problem="No digit was found on it.")], {}
    note = " ".join([*upload.notes, said]).strip()
    x = np.stack([digit.x for digit in digits])  # (N, 1, 28, 28)
    x_hat = restore.denoise_batch(x, **method.options, on_progress=on_progress, should_stop=work.should_stop)[:, 0]
    names = [f"{number}-digit.png"] if kind == "digit" else [f"{number}-{place:02d}-digit.png" for place in range(1, len(digits) + 1)]
    rows = [
        Row(upload.title, name, _thumbnail(digit.x[0]), _thumbnail(answer), note)
        for name, digit, answer in zip(names, digits, x_hat, strict=True)
    ]
    members = {name: png(answer) for name, answer in zip(names, x_hat, strict=True)}
    if kind == "digits":
        members[f"{number}-photo.png"] = png(paste_back(image, digits, list(x_hat)), paper=upload.dark_ink)
    return rows, members


def _digits(image: np.ndarray, kind: str) -> tuple[list[Digit], str]:
    """The digits of an image, and what is to be said of them: all that are found, or the one that is to be there."""
    found = photo.find_digits(image)
    if kind == "digits" or len(found) == 1:  # found, and not just all ink: what encircles a digit goes
        return found, ""
    whole = photo.whole_drawing(image)
    several = f"{len(found)} digits were found here and taken as one. Choose “{KINDS['digits']}” to separate them." if found else ""
    return ([whole] if whole else []), several


def _thumbnail(image: np.ndarray) -> str:
    """A small picture for the table; a small one's pixels become squares."""
    times = max(1, THUMBNAIL_PX // max(image.shape))
    small = Image.fromarray(np.kron(grey(image), np.ones((times, times), np.uint8)))
    small.thumbnail((2 * THUMBNAIL_PX, 2 * THUMBNAIL_PX))
    return data_uri(np.asarray(small))


def _csv(rows: list[Row]) -> bytes:
    """The table for a spreadsheet, which must not take a file's name for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("file", "result", "note", "problem"))
    for row in rows:
        writer.writerow((f"'{row.file}" if row.file[:1] in "=+-@" else row.file, row.result, row.note, row.problem))
    return text.getvalue().encode()
