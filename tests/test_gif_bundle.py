"""Images as a GIF, made in the browser and read by Pillow."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from bundle import Bundle
from PIL import Image

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
    shown = []
    for number in range(picture.n_frames):
        picture.seek(number)
        shown.append(np.asarray(picture.convert("L")))
    return np.stack(shown)


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
    assert (ours.size, ours.n_frames, ours.info["loop"], ours.info["duration"]) == (theirs.size, 6, 0, 70)
    assert np.array_equal(frames(ours), frames(theirs))


def test_ink_out_of_bounds_is_black_or_white_and_none_or_too_many_are_refused(bundle: Bundle) -> None:
    assert np.unique(frames(made(bundle, np.array([[[-1.0, 2.0]]])))).tolist() == [0, 255]
    script = "try { m.gif(Array(given).fill(new Float32Array(1)), [1, 1]); return '' } catch (error) { return error.message }"
    assert [bool(bundle.run("tools/gif.js", script, count)) for count in (0, 1, 240, 241)] == [True, False, False, True]
