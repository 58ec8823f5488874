"""What each number of a code says: against torch.distributions, and on the shipped model with units that it does not use."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from core import checkpoints, dimensions, quality


def test_the_kl_of_each_dimension_is_that_of_torch() -> None:
    generator = np.random.default_rng(0)
    mu, logvar = (generator.normal(size=(200, 5)).astype(np.float32) for _ in range(2))
    posterior = Normal(torch.from_numpy(mu).double(), torch.from_numpy(logvar).double().div(2).exp())
    expected = kl_divergence(posterior, Normal(0.0, 1.0)).mean(0).numpy()
    found = dimensions.of_codes(mu, logvar)
    assert found.kl_nats is not None
    np.testing.assert_allclose(found.kl_nats, expected, rtol=1e-6)
    np.testing.assert_allclose(found.variance, mu.var(0), rtol=1e-4)
    np.testing.assert_allclose(found.mean, mu.mean(0), rtol=1e-4, atol=1e-6)
    assert found.count == 5 and found.order.tolist() == sorted(range(5), key=lambda i: -expected[i])


def test_without_a_posterior_the_order_is_by_variance() -> None:
    codes = (np.random.default_rng(0).normal(size=(300, 4)) * [0.01, 2, 1, 3]).astype(np.float32)
    found = dimensions.of_codes(codes, None)
    assert found.kl_nats is None and found.order.tolist() == [3, 1, 2, 0]
    assert found.used.tolist() == [False, True, True, True]


def test_among_equals_the_first_number_comes_first() -> None:
    assert dimensions.of_codes(np.zeros((9, 3), np.float32), np.zeros((9, 3), np.float32)).order.tolist() == [0, 1, 2]


@pytest.mark.parametrize(("name", "used"), [("vae-mnist-16d", 12), ("vae-mnist-2d", 2), ("vae-mnist-2d-collapsed", 0)])
def test_used_are_the_active_units_that_the_benchmarks_count(name: str, used: int) -> None:
    latents = checkpoints.load(name).latents
    found = dimensions.of_codes(latents.mu, latents.logvar)
    assert found.used.sum() == quality.active_units(latents.mu) == used
    assert set(found.order[:used].tolist()) == set(np.flatnonzero(found.used).tolist()), "what is unused says least"
