"""Every formula of the objectives against torch.distributions."""

import math

import pytest
import torch
from torch.distributions import Bernoulli, Independent, Laplace, Normal, kl_divergence

from core.models import objectives


@pytest.fixture
def gaussians() -> tuple[torch.Tensor, torch.Tensor]:
    """mu and logvar of eight Gaussians in three dimensions, from narrow to wide."""
    generator = torch.Generator().manual_seed(0)
    return 2 * torch.randn(8, 3, generator=generator), 3 * torch.randn(8, 3, generator=generator)


@pytest.fixture
def images() -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and grey images, (6, 1, 5, 4)."""
    generator = torch.Generator().manual_seed(1)
    return 4 * torch.randn(6, 1, 5, 4, generator=generator), torch.rand(6, 1, 5, 4, generator=generator)


def test_bernoulli_log_likelihood_of_binary_pixels(images):
    logits, x = images[0], images[1].round()
    expected = Independent(Bernoulli(logits=logits), 3).log_prob(x)
    torch.testing.assert_close(objectives.bernoulli_log_likelihood_nats(logits, x), expected)


def test_bernoulli_log_likelihood_of_grey_pixels_is_the_cross_entropy(images):
    logits, x = images
    p = torch.sigmoid(logits.double())
    expected = (x * p.log() + (1 - x) * (1 - p).log()).sum((1, 2, 3)).float()
    torch.testing.assert_close(objectives.bernoulli_log_likelihood_nats(logits, x), expected)


def test_bernoulli_log_likelihood_stays_finite_at_extreme_logits():
    logits, x = torch.tensor([[[[500.0, -500.0]]]]), torch.tensor([[[[0.0, 1.0]]]])
    torch.testing.assert_close(objectives.bernoulli_log_likelihood_nats(logits, x), torch.tensor([-1000.0]))


def test_bernoulli_log_likelihood_of_pairs(images):
    logits, x = images[0].flatten(1), images[1][:4].flatten(1).round()
    expected = torch.stack([Bernoulli(logits=logits).log_prob(image).sum(1) for image in x])
    for of_blank in (None, Bernoulli(logits=logits).log_prob(torch.zeros(20)).sum(1)):
        torch.testing.assert_close(objectives.bernoulli_of_pairs_nats(logits, x, of_blank), expected)


@pytest.mark.parametrize("sigma", [0.05, 1.0, 3.0])
def test_gaussian_log_likelihood(images, sigma):
    x_hat, x = torch.sigmoid(images[0]), images[1]
    expected = Independent(Normal(x_hat, sigma), 3).log_prob(x)
    torch.testing.assert_close(objectives.gaussian_log_likelihood_nats(x_hat, x, sigma), expected)


@pytest.mark.parametrize("scale", [0.05, 1.0, 3.0])
def test_laplace_log_likelihood(images, scale):
    x_hat, x = torch.sigmoid(images[0]), images[1]
    expected = Independent(Laplace(x_hat, scale), 3).log_prob(x)
    torch.testing.assert_close(objectives.laplace_log_likelihood_nats(x_hat, x, scale), expected)


def test_every_likelihood_by_name_is_one_of_decoded_logits(images):
    logits, x = images[0], images[1].round()
    distributions = {
        "bernoulli": Bernoulli(logits=logits),
        "gaussian": Normal(torch.sigmoid(logits), 0.3),
        "laplace": Laplace(torch.sigmoid(logits), 0.3),
    }
    assert distributions.keys() == objectives.LIKELIHOODS.keys()
    for name, distribution in distributions.items():
        torch.testing.assert_close(objectives.LIKELIHOODS[name](logits, x, 0.3), Independent(distribution, 3).log_prob(x))


def test_kl_of_each_dimension_and_of_all(gaussians):
    mu, logvar = gaussians
    expected = kl_divergence(Normal(mu, (0.5 * logvar).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(objectives.kl_per_dim_nats(mu, logvar), expected)
    torch.testing.assert_close(objectives.kl_nats(mu, logvar), expected.sum(1))


def test_kl_is_zero_at_the_prior_and_positive_elsewhere(gaussians):
    assert objectives.kl_nats(torch.zeros(1, 3), torch.zeros(1, 3)).item() == 0
    assert (objectives.kl_nats(*gaussians) > 0).all()


def test_elbo_weighs_the_kl_with_beta():
    log_likelihood, kl = torch.tensor([-100.0, -50.0]), torch.tensor([5.0, 2.0])
    assert objectives.elbo_nats(log_likelihood, kl).tolist() == [-105.0, -52.0]
    assert objectives.elbo_nats(log_likelihood, kl, 4.0).tolist() == [-120.0, -58.0]
    assert objectives.elbo_nats(log_likelihood, kl, torch.tensor(0.0)).tolist() == [-100.0, -50.0]


def test_densities_of_codes(gaussians):
    mu, logvar = gaussians
    z = torch.randn(8, 3, generator=torch.Generator().manual_seed(2))
    prior = Independent(Normal(torch.zeros(3), torch.ones(3)), 1)
    torch.testing.assert_close(objectives.standard_normal_log_density_nats(z), prior.log_prob(z))
    posterior = Independent(Normal(mu, (0.5 * logvar).exp()), 1)
    torch.testing.assert_close(objectives.diagonal_normal_log_density_nats(z, mu, logvar), posterior.log_prob(z))


def test_densities_sum_over_the_last_dimension_only():
    z = torch.zeros(4, 5, 2)
    expected = torch.full((4, 5), -math.log(2 * math.pi))
    torch.testing.assert_close(objectives.standard_normal_log_density_nats(z), expected)
    torch.testing.assert_close(objectives.diagonal_normal_log_density_nats(z, z, torch.zeros(2)), expected)


def test_the_adversarial_losses_are_log_probabilities_of_a_coin():
    real, fake = torch.linspace(-8, 8, 9), torch.linspace(5, -5, 9)
    real_or_not, fake_or_not = Bernoulli(logits=real), Bernoulli(logits=fake)
    expected = -real_or_not.log_prob(torch.ones(9)) - fake_or_not.log_prob(torch.zeros(9))
    torch.testing.assert_close(objectives.discriminator_loss_nats(real, fake), expected)
    torch.testing.assert_close(objectives.generator_loss_nats(fake), -fake_or_not.log_prob(torch.ones(9)))


def test_a_discriminator_that_guesses_costs_the_log_of_its_choices():
    guess = torch.zeros(1)
    assert objectives.discriminator_loss_nats(guess, guess).item() == pytest.approx(2 * math.log(2))
    assert objectives.generator_loss_nats(guess).item() == pytest.approx(math.log(2))


def test_the_adversarial_losses_stay_finite_at_extreme_logits():
    high, low = torch.tensor([500.0]), torch.tensor([-500.0])
    assert objectives.discriminator_loss_nats(low, high).item() == 1000
    assert objectives.generator_loss_nats(low).item() == 500
