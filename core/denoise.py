"""Denoise a picture from the command line: python -m core.denoise IN OUT.png [--method M] [--strength S] [--digits]

IN is a PNG, JPEG, WebP, BMP, TIFF or GIF of any size; OUT is a grey PNG of the same size, dark on light if IN was, on paper of the same
shade and in the same light. More than 17 megapixels are reduced, by the smallest whole factor that leaves no more. stderr says so, and
whatever else there is to know of how IN was read. The networks were trained on handwritten digits alone (MNIST, light ink on black):
pictures of anything else may come out much as they went in.
"""

import argparse
import io
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.formats import MAX_BYTES
from core.data.pasting import paste_back
from core.data.photo import find_digits
from core.data.pixels import MAX_WORKING_PIXELS
from core.data.uploads import Picture, UploadError, stored_size
from core.data.uploads import read_picture as read
from core.methods import METHODS
from core.replacing import replacing
from core.restore import RestoreError, denoise_batch, denoise_page
from core.watch import OnProgress
from core.words import duration

PATIENCE_S = 1.0  # what takes longer says how long it will take
EVERY_S = 0.5  # between two such lines


def png(picture: Picture) -> bytes:
    """A PNG of 8-bit grey, its ink as dark or as light as it came."""
    pixels = np.rint(255 * (1 - picture.image if picture.dark_ink else picture.image)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def denoise_digits(photo: np.ndarray, method: str, strength: float | None = None, on_progress: OnProgress | None = None) -> np.ndarray:
    """A photo (H, W), ink = 1, with each digit on it denoised at 28 x 28 and put back; RestoreError when no digit is found."""
    digits = find_digits(photo)
    if not digits:
        raise RestoreError("No digit was found in the picture. Leave out --digits to denoise the whole picture.")
    x = np.stack([digit.x for digit in digits])  # (B, 1, 28, 28)
    return paste_back(photo, digits, list(denoise_batch(x, method, strength, on_progress=on_progress)[:, 0]))


class Said:
    """Progress on stderr, with the time left, of what takes longer than PATIENCE_S."""

    def __init__(self) -> None:
        self.start = time.monotonic()
        self.last = self.start + PATIENCE_S - EVERY_S
        self.any = False

    def __call__(self, share: float) -> None:
        """A share in [0, 1] is done."""
        now = time.monotonic()
        if (self.any or 0 < share < 1) and now - self.last >= EVERY_S:
            self.last, self.any = now, True
            left = (now - self.start) * (1 - share) / share
            print(f"\r{share:4.0%}, {duration(left, short=True)} left   ", end="", file=sys.stderr, flush=True)

    def finish(self) -> None:
        """End the line."""
        if self.any:
            print(file=sys.stderr)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    methods = "\n".join(f"  {name:16} {kind.summary()}{'' if kind.any_size else ' 28 x 28 only.'}" for name, kind in METHODS.items())
    strengths = "\n".join(
        f"  {name:16} {known.low:g} to {known.high:g}, {known.default:g} unless told: {known.words}"
        for name, kind in METHODS.items()
        if (known := kind.strength)
    )
    p = argparse.ArgumentParser(
        prog="python -m core.denoise",
        description=__doc__,
        epilog=f"methods:\n{methods}\n\nstrengths:\n{strengths}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("source", metavar="IN", type=Path, help="the picture's file")
    p.add_argument("target", metavar="OUT", type=Path, help="a .png file; an existing one is replaced")
    p.add_argument("--method", choices=METHODS, default="denoiser", help="how; see below (denoiser)")
    p.add_argument("--strength", type=float, help="of a method that has one; see below")
    p.add_argument("--digits", action="store_true", help="find the digits, denoise each at 28 x 28 and put it back; the rest stays")
    return p


def main(arguments: list[str] | None = None) -> int:
    """Denoise as asked; 0 when OUT was written, 1 with a sentence on stderr when not, 130 after Ctrl-C."""
    options = parser().parse_args(arguments)
    try:
        _denoise(options)
    except (UploadError, RestoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except MemoryError:
        print("error: There is not enough memory for this picture. Make it smaller, or close other programs.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; nothing was written.", file=sys.stderr)
        return 130
    return 0


def _denoise(options: argparse.Namespace) -> None:
    _check_target(options.target)
    data = _bytes(options.source)
    picture = read(data)
    for note in picture.notes:
        print(note, file=sys.stderr)
    _tell_reduction(stored_size(data), picture.image.shape)
    said = Said()
    try:
        if options.digits:
            image = denoise_digits(picture.image, options.method, options.strength, said)
        else:
            image = denoise_page(picture.image, options.method, options.strength, on_progress=said)
    finally:
        said.finish()
    _write(options.target, png(Picture(image, picture.dark_ink)))


def _tell_reduction(stored: tuple[int, int], shape: tuple[int, ...]) -> None:
    """A sentence on stderr where the picture, (height, width), was read smaller than it was stored."""
    before, after = (f"{width:,} x {height:,}" for height, width in (stored, shape))
    if math.prod(stored) > math.prod(shape):
        most = f"{MAX_WORKING_PIXELS / 1e6:.0f} megapixels"
        print(f"The picture has {before} pixels, more than {most}: it was scaled down to {after}.", file=sys.stderr)


def _check_target(target: Path) -> None:
    """Before the work: whether its answer can be written."""
    if target.suffix.lower() != ".png":
        raise RestoreError(f"{target} should be a PNG: give OUT a name that ends in .png.")
    if target.is_dir():
        raise RestoreError(f"{target} is a folder. Give OUT a file's name.")
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise RestoreError(f"{target.parent} is not a folder that you may write to. Choose another place for OUT.")


def _bytes(source: Path) -> bytes:
    """A file's content, one byte more than is read at most."""
    try:
        with source.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise UploadError(f"There is no file {source}. Check its name and folder.") from error
    except OSError as error:
        raise UploadError(f"{source} could not be read ({error.strerror or error}). Is it a file that you may read?") from error


def _write(target: Path, content: bytes) -> None:
    """The whole file or nothing: an interrupted write leaves what was there."""
    try:
        with replacing(target) as beside:
            beside.write_bytes(content)
    except OSError as error:
        raise RestoreError(f"{target} could not be written ({error.strerror or error}). Is the disk full, or read-only?") from error


if __name__ == "__main__":
    sys.exit(main())
