"""Digits made small and enlarged: against the same written down in another way."""

import numpy as np
import pytest

from core import checkpoints, enlarging


def test_shrinking_is_the_mean_of_squares() -> None:
    x = np.random.default_rng(0).random((3, 28, 28)).astype(np.float32)
    np.testing.assert_allclose(enlarging.shrink(x, 4), x.reshape(3, 7, 4, 7, 4).mean((2, 4)), rtol=1e-5)


@pytest.mark.parametrize(("kind", "deviation"), [("uniform", 12**-0.5), ("gaussian", 0.24)])
def test_noise_has_its_mean_and_its_deviation(kind: str, deviation: float) -> None:
    noise = enlarging.noise(kind, 500, 7, 0)
    assert noise.shape == (500, 7, 7) and noise.dtype == np.float32 and noise.min() >= 0 and noise.max() <= 1
    assert noise.mean() == pytest.approx(0.5, abs=0.01) and noise.std() == pytest.approx(deviation, abs=0.01)


def test_our_model_comes_last_and_only_ways_that_can():
    assert enlarging.methods_for(2) == ["nearest", "bicubic", "lanczos", "lesson-upscaler", "upscaler-x2"]
    assert enlarging.methods_for(4) == ["nearest", "bicubic", "lanczos", "upscaler-x4"]


def test_a_way_that_cannot_says_why_and_the_others_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "RESTORERS_ROOT", tmp_path)
    originals = np.random.default_rng(0).random((2, 28, 28), dtype=np.float32)
    comparison = enlarging.compare(originals, 4)
    assert list(comparison.by) == ["nearest", "bicubic", "lanczos"] and list(comparison.failed) == ["upscaler-x4"]
    assert "upscaler-x4" in comparison.failed["upscaler-x4"]
    assert comparison.small.shape == (2, 7, 7) and comparison.by["nearest"].images.shape == (2, 28, 28)
    error = np.square(comparison.by["nearest"].images - originals).mean((1, 2))
    assert comparison.by["nearest"].psnr_db == pytest.approx(-10 * np.log10(error), rel=1e-4)
