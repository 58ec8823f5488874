"""28 x 28 pixels: what is in MNIST's form passes, all of MNIST among it, and everything else is brought there."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from drawn_pages import digit_in_box
from PIL import Image
from scipy import ndimage

from core.data import datasets, photo
from core.data.mnist_form import in_mnists_form, plane_of_light
from core.data.pasting import paste_back

DATA = Path(os.environ.get("LATENT_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


def three() -> np.ndarray:
    """A thick 3 in MNIST's form, float32 (28, 28)."""
    image = np.zeros((28, 28), np.float32)
    for top in (4, 12, 21):
        image[top : top + 3, 8:20] = 1
    image[4:24, 17:20] = 1
    return moved(image, *(round(14 - middle) for middle in ndimage.center_of_mass(image)))


def moved(image: np.ndarray, down: int, right: int) -> np.ndarray:
    return np.roll(image, (down, right), (0, 1))


def enlarged(image: np.ndarray, side: int) -> np.ndarray:
    """Its ink, the longer side `side` pixels, in the middle."""
    rows, columns = (np.nonzero(image.any(axis))[0] for axis in (1, 0))
    crop = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (round(length * side / max(crop.shape)) for length in crop.shape)
    small = np.asarray(Image.fromarray(crop).resize((width, height), Image.Resampling.BOX))
    out = np.zeros((28, 28), np.float32)
    top, left = (28 - height) // 2, (28 - width) // 2
    out[top : top + height, left : left + width] = small
    return out


def on_paper(image: np.ndarray, level: float | np.ndarray, noise: float = 0.0) -> np.ndarray:
    """Ink on grey paper, ink = 1."""
    light = level * (1 - 0.75 * image) + np.random.default_rng(0).normal(0, noise, image.shape)
    return np.clip(1 - light, 0, 1).astype(np.float32)


OTHERS = {
    "grey paper": on_paper(three(), 0.5),
    "grey paper with grain": on_paper(three(), 0.5, 0.03),
    "a slope of light": on_paper(three(), np.linspace(0.9, 0.5, 28)[None]),
    "4 pixels off": moved(three(), -4, -3),
    "2 pixels off": moved(three(), 0, 2),
    "filling the frame": enlarged(three(), 28),
    "filling a grey frame": on_paper(enlarged(three(), 28), 0.6, 0.01),
    "small, in a corner": moved(enlarged(three(), 10), -8, -8),
    "faint": 0.4 * three(),
}


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_image_of_mnist_passes(split, monkeypatch):
    monkeypatch.setattr(datasets, "data_root", lambda: DATA)
    if not datasets.on_disk("mnist", split):
        pytest.skip(f"MNIST is not in {DATA}")
    images = datasets.load("mnist", split).images
    for start in range(0, len(images), 5_000):
        assert in_mnists_form(images[start : start + 5_000].astype(np.float32) / 255).all()


def test_what_is_in_form_passes_untouched():
    image = three()
    for digit in (photo.find_digits(image)[0], photo.whole_drawing(image), digit_in_box(image, (0, 0, 28, 28))):
        assert digit is not None and digit.box == (0, 0, 28, 28)
        np.testing.assert_array_equal(digit.x[0], image)


@pytest.mark.parametrize("strength", [0.1, 0.3, 0.5])
def test_mnist_under_heavy_noise_is_left_to_the_denoisers(strength):
    noise = np.random.default_rng(0).normal(0, strength, (28, 28))
    damaged = np.clip(three() + noise, 0, 1).astype(np.float32)
    np.testing.assert_array_equal(photo.find_digits(damaged)[0].x[0], damaged)


@pytest.mark.parametrize("kind", OTHERS)
def test_everything_else_is_normalised(kind):
    image = OTHERS[kind]
    assert not in_mnists_form(image[None])[0]
    for digit in (photo.find_digits(image)[0], photo.whole_drawing(image), digit_in_box(image, (0, 0, 28, 28))):
        assert digit is not None
        x = digit.x[0]
        assert np.median(x) == 0 and x.max() == 1
        ink = np.argwhere(x > 0.1)
        assert 18 <= (np.ptp(ink, axis=0) + 1).max() <= 20
        np.testing.assert_allclose(ndimage.center_of_mass(x), 14, atol=0.51)
        likeness = [np.corrcoef(moved(x, *by).ravel(), three().ravel())[0, 1] for by in itertools.product((-1, 0, 1), repeat=2)]
        assert max(likeness) > 0.7


@pytest.mark.parametrize("level", [1.0, 0.6])
def test_strokes_of_one_pixel_survive(level):
    image = np.zeros((28, 28), np.float32)
    image[6, 9:19] = 1
    image[np.arange(7, 22), np.linspace(18, 12, 15).round().astype(int)] = 1
    (digit,) = photo.find_digits(on_paper(image, level))
    rows = np.nonzero((digit.x[0] > 0.5).any(1))[0]
    assert np.ptp(rows) + 1 >= 18 and (digit.x[0] > 0.5)[rows[0] : rows[-1]].any(1).all(), "one stroke without a gap"


def test_a_normalised_digit_goes_back_where_it_was():
    image = OTHERS["4 pixels off"]
    digits = photo.find_digits(image)
    pasted = paste_back(image, digits, [digits[0].x[0]])
    np.testing.assert_allclose(ndimage.center_of_mass(pasted), ndimage.center_of_mass(image), atol=0.5)
    assert paste_back(image, digits, [np.zeros((28, 28))]).max() < 0.2


def test_an_untouched_image_takes_its_result_without_nan():
    image = three()
    result = image.copy()
    result[0, :3] = np.nan, np.inf, -np.inf
    np.testing.assert_array_equal(paste_back(image, photo.find_digits(image), [result]), image)


def test_nothing_is_no_digit():
    for level in (0.0, 0.4, 1.0):
        assert photo.find_digits(np.full((28, 28), level)) == []


def test_the_light_is_a_plane_under_the_ink():
    light = np.linspace(0.9, 0.5, 28)[None] * np.linspace(1, 0.95, 28)[:, None]
    found = plane_of_light(light * (1 - 0.75 * three()))
    np.testing.assert_allclose(found, light, atol=0.02)
