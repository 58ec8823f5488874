"""Images as a GIF, made in the browser and read by Pillow."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from bundle import Bundle
from PIL import Image, ImageSequence

from core import sheets

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bundle")]

GREYS = 32
RANDOM = np.random.default_rng(0)


def made(bundle: Bundle, images: np.ndarray, options: dict[str, Any] | None = None) -> Image.Image:
    """The GIF of images (N, H, W), opened."""
    given = {"images": images.reshape(len(images), -1).tolist(), "shape": images.shape[1:], "options": options or {}}
    script = """const bytes = m.gif(given.images.map((image) => Float32Array.from(image)), given.shape, given.options);
      let text = ''; for (const byte of bytes) text += String.fromCharCode(byte); return btoa(text);"""
    return Image.open(io.BytesIO(base64.b64decode(bundle.run("tools/gif.js", script, given))))


def frames(picture: Image.Image) -> np.ndarray:
    """All that it shows, grey levels (N, H, W)."""
    return np.stack([np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(picture)])


@pytest.mark.parametrize(
    "images",
    [
        RANDOM.random((3, 28, 28)),  # noise: as many codes as there can be, several times over
        np.zeros((1, 28, 28)),  # one colour: the longest runs
        np.linspace(0, 1, 5 * 28 * 28).reshape(5, 28, 28),
        RANDOM.integers(0, 2, (2, 8, 8)).astype(float),
        RANDOM.random((1, 7, 300)),  # not square, and not enlarged
        np.ones((1, 1, 1)),
    ],
    ids=["noise", "black", "shades", "small", "wide", "one pixel"],
)
def test_pillow_reads_every_pixel_as_it_was(bundle: Bundle, images: np.ndarray) -> None:
    factor = max(1, round(280 / max(images.shape[1:])))
    levels = np.floor(images.astype(np.float32) * (GREYS - 1) + 0.5)
    wanted = np.floor(levels * 255 / (GREYS - 1) + 0.5).repeat(factor, 1).repeat(factor, 2)
    assert np.array_equal(frames(made(bundle, images)), wanted)


def test_it_is_the_one_that_python_makes(bundle: Bundle) -> None:
    images = RANDOM.random((4, 28, 28)).astype(np.float32)
    ours, theirs = made(bundle, images, {"ms": 70, "andBack": True}), Image.open(io.BytesIO(sheets.gif(images, 70, and_back=True)))
    assert (ours.size, ours.info["loop"], ours.info["duration"]) == (theirs.size, 0, 70) and len(frames(ours)) == 6
    assert np.array_equal(frames(ours), frames(theirs))


def test_ink_out_of_bounds_is_black_or_white_and_none_or_too_many_are_refused(bundle: Bundle) -> None:
    assert np.unique(frames(made(bundle, np.array([[[-1.0, 2.0]]])))).tolist() == [0, 255]
    script = "try { m.gif(Array(given).fill(new Float32Array(1)), [1, 1]); return '' } catch (error) { return error.message }"
    assert [bool(bundle.run("tools/gif.js", script, count)) for count in (0, 1, 240, 241)] == [True, False, False, True]


@pytest.mark.parametrize("length", [1, 496, 24_975, 24_976, 24_977, 50_000])
def test_the_code_that_ends_the_data_is_as_long_as_a_reader_expects(bundle: Bundle, length: int) -> None:
    """24,976 equal pixels are 223 codes, after which the next one is longer, though nothing but the end is to come."""
    for indices in (np.zeros(length, np.int64), RANDOM.integers(0, GREYS, length)):
        assert read(bundle.run("tools/gif.js", "return [...m.compressed(Uint8Array.from(given))]", indices.tolist())) == indices.tolist()


def read(data: list[int]) -> list[int]:
    """What the compressed bytes say, by the rules of GIF89a's appendix F; they must end with the code for it, and nothing after."""
    bits = int.from_bytes(bytes(data), "little")
    clear, end, at, length = GREYS, GREYS + 1, 0, 6
    table: list[list[int]] = []
    out: list[int] = []
    before: list[int] | None = None
    while True:
        code = bits >> at & ((1 << length) - 1)
        at += length
        if code == clear:
            table, length, before = [[i] for i in range(GREYS)] + [[], []], 6, None
            continue
        if code == end:
            assert 0 <= 8 * len(data) - at < 8
            return out
        if before is not None and len(table) < 4096:
            table.append([*before, (table[code] if code < len(table) else before)[0]])
            length += len(table) == 1 << length and length < 12
        before = table[code]
        out += before
