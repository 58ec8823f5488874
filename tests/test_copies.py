"""The nearest known image, beside scikit-learn's."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from core import copies

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (700, 6, 5)).astype(np.uint8)
KNOWN = copies.prepare(IMAGES, np.arange(700) % 10)


def by_sklearn(images: np.ndarray, neighbours: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Row and root mean square difference of the last of so many neighbours."""
    finder = NearestNeighbors(n_neighbors=neighbours, algorithm="brute").fit(IMAGES.reshape(700, -1) / 255)
    distance, row = finder.kneighbors(images.reshape(len(images), -1))
    return row[:, -1], distance[:, -1] / 30**0.5


@pytest.mark.parametrize("at_once", [64, 699, 4096])
def test_the_nearest_is_scikit_learns(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(copies, "AT_ONCE", at_once)
    known = copies.prepare(IMAGES, np.arange(700) % 10)
    drawn = GENERATOR.random((40, 6, 5))
    row, distance = copies.nearest(known, drawn)
    expected = by_sklearn(drawn)
    assert np.array_equal(row, expected[0]) and distance == pytest.approx(expected[1], rel=1e-4)


def test_a_copy_is_found_and_lies_at_no_distance() -> None:
    row, distance = copies.nearest(KNOWN, IMAGES[[3, 699]] / 255)
    assert row.tolist() == [3, 699] and distance == pytest.approx([0, 0], abs=1e-6)


def test_an_image_can_be_kept_from_finding_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "AT_ONCE", 100)
    rows = np.array([0, 99, 100, 699])
    row, distance = copies.nearest(KNOWN, IMAGES[rows] / 255, rows)
    expected = by_sklearn(IMAGES[rows] / 255, 2)
    assert np.array_equal(row, expected[0]) and distance == pytest.approx(expected[1], rel=1e-4)


def test_a_pixel_that_differs_by_everything_is_weighed_among_all() -> None:
    blank = copies.prepare(np.zeros((1, 6, 5), np.uint8), np.zeros(1))
    one = np.zeros((1, 6, 5))
    one[0, 2, 2] = 1
    assert copies.nearest(blank, one)[1] == pytest.approx([(1 / 30) ** 0.5])


def test_the_yardstick_measures_real_images_among_others_or_among_themselves() -> None:
    other = GENERATOR.integers(0, 256, (50, 6, 5)).astype(np.uint8)
    assert copies.yardstick(KNOWN, False, other) == pytest.approx(by_sklearn(other / 255)[1], rel=1e-4)
    itself = copies.yardstick(KNOWN, True, IMAGES, 100)
    assert len(itself) == 100 and itself[-1] == pytest.approx(by_sklearn(IMAGES[-1:] / 255, 2)[1][0], rel=1e-4)


def test_no_more_than_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_KNOWN", 10)
    known = copies.prepare(IMAGES, np.arange(700) % 10)
    assert len(known.images) == len(known.labels) == len(known.squares) == 10
