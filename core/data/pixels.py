"""The pixels that Pillow decodes, of any mode, as the brightness of an upright picture."""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.data.containers import Source
from core.data.exif import UPRIGHT, orientation_of
from core.data.formats import damaged

MAX_WORKING_PIXELS = 1 << 24  # larger pictures are reduced, as 4096 x 4096 still shows every pen stroke of a page
STRIP_PIXELS = 1 << 20  # turned to grey at a time, which bounds the memory for it


def brightness(kind: str, source: Source) -> tuple[np.ndarray, tuple[str, ...]]:
    """The brightness of a picture, upright, float32 (H, W) in [0, 1], white = 1; and what is to be said of it."""
    with Image.open(io.BytesIO(source.data), formats=(kind,)) as image:
        if image.size != source.size:
            raise damaged(kind)
        if (factor := reduction(source.size)) > 1:  # only JPEG listens: it then decodes brightness alone, at a half or a quarter
            image.draft("L", (source.size[0] // factor or 1, source.size[1] // factor or 1))
        image.load()
        orientation = source.orientation if kind != "WEBP" else orientation_of(image.info.get("exif", b""))  # libwebp finds it
        span = _span(image, source.bits)
        grey = _grey(image, span)
    notes = [span.note] if span.note else []
    if source.cut:
        notes.append(_fill_what_is_missing(kind, source, grey))
    return np.ascontiguousarray(UPRIGHT.get(orientation, np.asarray)(grey)), tuple(notes)


def _fill_what_is_missing(kind: str, source: Source, grey: np.ndarray) -> str:
    """Make paper, in place, of what a cut file lacks of grey (H, W); returns the sentence for it, or raises UploadError if that is all."""
    missing = np.zeros(grey.shape, bool)
    if source.rows is not None:
        missing[source.rows * len(grey) // source.size[1] :] = True
    elif abs(grey[-1, -1] - 0.5) < 0.01:  # a JPEG's blocks without data are grey, from one of them on to the last
        bare = np.abs(grey - grey[-1, -1]) < 1e-6
        last = np.flatnonzero(~bare.all(1))
        first = int(last[-1]) + 1 if len(last) else 0
        missing[first:] = True
        for side in (4, 8, 16):  # rows of a block, which ends the data in its middle
            band = slice(max(0, first - 1) // side * side, first)
            columns = np.flatnonzero(~bare[band].all(0))
            missing[band, (int(columns[-1]) + 1 if len(columns) else 0) :] = True
    if missing.all():
        raise damaged(kind, "cut off before its first pixels")
    if not missing.any():
        return "The file's end is missing, but all of the picture was there."
    grey[missing] = np.median(grey[~missing])
    return "The file is cut off: what is missing of the picture is shown as empty paper."


def reduction(size: tuple[int, int]) -> int:
    """The smallest whole factor that leaves at most MAX_WORKING_PIXELS."""
    factor = 1
    while -(-size[0] // factor) * -(-size[1] // factor) > MAX_WORKING_PIXELS:
        factor += 1
    return factor


def _strips(image: Image.Image, factor: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """(the first row, the rows from there) of about STRIP_PIXELS each, all but the last a multiple of `factor` high."""
    width, height = image.size
    rows = factor * max(1, STRIP_PIXELS // (factor * width))
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _grey(image: Image.Image, span: "_Span") -> np.ndarray:
    factor = reduction(image.size)
    ground = _ground(image, span)
    grey = np.empty((-(-image.height // factor), -(-image.width // factor)), np.float32)
    for top, strip in _strips(image, factor):
        part, alpha = _strip_grey(strip, span)
        if alpha is not None:
            part = part * alpha + ground * (1 - alpha)
        if factor > 1:
            part = np.clip(np.asarray(Image.fromarray(part).reduce(factor)), 0, 1)  # a mean may round to just above 1
        grey[top // factor : top // factor + len(part)] = part
    return grey


@dataclass(frozen=True)
class _Span:
    """The values of black and white in a grey picture of more than 8 bits, and what is to be said of them."""

    black: float
    white: float
    note: str = ""


def _span(image: Image.Image, bits: int) -> _Span:
    """Whole numbers go from 0 to what their bits hold, floats from 0 to 1, 255 or 65535; others, and those that use less than a quarter
    of that, are stretched: 10 to 14 bits often come in files of 16."""
    if not image.mode.startswith(("I", "F")):
        return _Span(0.0, 255.0)
    low, high = math.inf, -math.inf
    for _, strip in _strips(image):
        values = np.asarray(strip)
        finite = np.isfinite(values) if image.mode == "F" else np.True_
        low = min(low, float(values.min(initial=np.inf, where=finite))) if image.mode == "F" else min(low, float(values.min()))
        high = max(high, float(values.max(initial=-np.inf, where=finite))) if image.mode == "F" else max(high, float(values.max()))
    if not high > 0 and not low < 0:  # nothing, or all of it black
        return _Span(0.0, 1.0)
    usual = (1.0, 255.0, 65535.0) if image.mode == "F" else (2.0**bits - 1,)
    black = min(low, 0.0)
    for white in usual:
        if black == 0 and high <= white and (high > white / 4 or white == 1):
            return _Span(0.0, white)
    if image.mode != "F" and black == 0 and (depth := next((b for b in (8, 10, 12, 14) if high < 2**b), 0)):
        note = f"Its brightest value is {high:,.0f} of {usual[0]:,.0f}: it was taken for a picture of {depth} bits and stretched."
        return _Span(0.0, 2.0**depth - 1, note)
    return _Span(black, high, f"Its values, {low:,.3g} to {high:,.3g}, are not in a usual range: they were stretched from black to white.")


def _ground(image: Image.Image, span: _Span) -> float:
    """What to lay a transparent picture on: white, or black under light ink, and around a dark picture that shows light ink itself."""
    counts, seen, rows, columns = np.zeros(256), 0, np.zeros(image.height, bool), np.zeros(image.width, bool)
    for top, strip in _strips(image):
        grey, alpha = _strip_grey(strip, span)
        if alpha is None:
            return 1.0
        counts += np.bincount((grey * 255).astype(np.uint8).ravel(), alpha.ravel(), 256)
        visible = alpha > 0.5
        seen += int(visible.sum())
        rows[top : top + len(grey)] = visible.any(1)
        columns |= visible.any(0)
    light, dark = counts[128:].sum(), counts[:128].sum()
    box = math.prod(int(np.ptp(np.flatnonzero(line))) + 1 for line in (rows, columns)) if seen else 0
    is_sheet = seen > 0.5 * box and min(light, dark) > 0.02 * (light + dark)  # it has ink and a ground of its own
    return float(light > dark) if is_sheet else float(light <= dark)


def _strip_grey(strip: Image.Image, span: _Span) -> tuple[np.ndarray, np.ndarray | None]:
    """The brightness of some rows, float32 (h, W) in [0, 1], what is no number white; and how opaque they are, None if all are."""
    if strip.mode.startswith(("I", "F")):
        values = np.asarray(strip)
        with np.errstate(invalid="ignore"):  # infinite minus infinite
            grey = np.clip((values.astype(np.float32) - np.float32(span.black)) / np.float32(span.white - span.black or 1), 0, 1)
        grey = np.nan_to_num(grey, copy=False, nan=1.0)
        return grey, (values != strip.info["transparency"]).astype(np.float32) if "transparency" in strip.info else None
    if strip.mode == "La":
        strip = strip.convert("LA")
    if strip.mode in ("LA", "PA", "RGBA", "RGBa") or "transparency" in strip.info:
        both = np.asarray(strip.convert("RGBA").convert("LA"), np.float32) / np.float32(255)
        return both[..., 0], both[..., 1]
    if strip.mode == "LAB":
        strip = strip.getchannel("L")
    if strip.mode in ("P", "CMYK"):
        strip = strip.convert("RGB")
    return np.asarray(strip.convert("L"), np.float32) / np.float32(255), None
