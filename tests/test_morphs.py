"""Paths from one code to another, against scipy's great circles and polar coordinates; and codes added and subtracted."""

import numpy as np
import pytest
from scipy.spatial import geometric_slerp

from core.morphs import PATHS, analogy, cross_fade, spherical, straight

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("dimensions", [2, 3, 16])
def test_between_codes_of_one_length_it_is_the_great_circle(dimensions: int) -> None:
    a, b = GENERATOR.standard_normal((2, dimensions))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    assert np.allclose(spherical(3 * a, 3 * b, 11), 3 * geometric_slerp(a, b, np.linspace(0, 1, 11)), atol=1e-9)


def test_in_the_plane_it_turns_the_angle_and_stretches_the_length_evenly() -> None:
    start, end = np.array([2.0, 0.1]), np.array([-0.5, 1.0])
    path = spherical(start, end, 9)
    as_complex = path @ [1, 1j]
    first, last = start @ [1, 1j], end @ [1, 1j]
    assert np.allclose(np.angle(as_complex), np.linspace(np.angle(first), np.angle(last), 9))
    assert np.allclose(np.abs(as_complex), np.linspace(abs(first), abs(last), 9))


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("dimensions", [1, 2, 16])
def test_every_path_begins_and_ends_where_it_should(name: str, dimensions: int) -> None:
    a, b = GENERATOR.standard_normal((2, dimensions))
    path = PATHS[name](a, b, 7)
    assert path.shape == (7, dimensions) and np.allclose(path[0], a) and np.allclose(path[-1], b)


def test_odd_pairs_have_a_path_too() -> None:
    zero, one = np.zeros(3), np.array([1.0, 2.0, -1.0])
    assert np.allclose(spherical(zero, one, 5), straight(zero, one, 5)), "the origin has no direction"
    assert np.allclose(spherical(one, one, 5), one), "no way at all"
    opposite = spherical(one, -one, 5)
    assert np.allclose(np.linalg.norm(opposite, axis=1), np.linalg.norm(one)), "around the origin, not through it"
    assert np.allclose(opposite[-1], -one)


def test_a_cross_fade_mixes_pixels() -> None:
    a, b = GENERATOR.random((2, 28, 28)).astype(np.float32)
    faded = cross_fade(a, b, 5)
    assert np.allclose(faded[0], a) and np.allclose(faded[-1], b) and np.allclose(faded[2], (a + b) / 2)


def test_the_fourth_corner_closes_a_parallelogram() -> None:
    """Its diagonals halve each other (Euclid I.34)."""
    a, b, c = np.random.default_rng(0).normal(size=(3, 5))
    np.testing.assert_allclose((b + analogy(a, b, c)) / 2, (a + c) / 2, atol=1e-12)
