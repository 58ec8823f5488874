"""The course's VAE: its two mistakes are there, and no measure makes them too."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from core import metrics
from core.models import build, objectives
from core.models.lesson_vae import NOISE_ROWS, LessonVAE, LessonVAEConfig

CONFIG = LessonVAEConfig(encoder_hidden=(24,), decoder_hidden=(16,))


@pytest.fixture
def model() -> LessonVAE:
    made = build("lesson-vae", CONFIG, seed=1)
    assert isinstance(made, LessonVAE)
    return made.eval()


@pytest.fixture
def x() -> torch.Tensor:
    return torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def z_log(model: LessonVAE, x: torch.Tensor) -> torch.Tensor:
    """The encoder's second answer, as the course calls it."""
    return model.run_encoder(x, None)[:, 2:]


def test_it_has_the_sizes_of_the_course() -> None:
    shapes = [tuple(p.shape) for p in build("lesson-vae", LessonVAEConfig()).parameters() if p.dim() == 2]
    assert shapes == [(512, 784), (4, 512), (512, 2), (784, 512)] and LessonVAEConfig().activation == "relu"


def test_the_first_mistake_samples_with_one_meaning_of_z_log_and_punishes_another(model: LessonVAE, x: torch.Tensor) -> None:
    mu, logvar = model.encode(x)
    sampled_with, punished = Normal(mu, torch.exp(z_log(model, x))), Normal(mu, torch.exp(0.5 * z_log(model, x)))
    torch.testing.assert_close(torch.exp(0.5 * logvar), sampled_with.stddev)
    prior = Normal(0.0, 1.0)
    _, kl = model.training_terms(x)
    torch.testing.assert_close(kl, kl_divergence(punished, prior).sum(1))
    torch.testing.assert_close(objectives.kl_nats(mu, logvar), kl_divergence(sampled_with, prior).sum(1))
    assert (kl - objectives.kl_nats(mu, logvar)).abs().max() > 1e-3


def test_the_second_mistake_is_the_same_noise_in_every_batch(model: LessonVAE, x: torch.Tensor) -> None:
    seeds = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    first, second = (model.training_terms(x, generator=generator) for generator in seeds)
    assert torch.equal(first, second)
    mu, _ = model.encode(x)
    logits = model.decode_logits(mu + torch.exp(z_log(model, x)) * model.noise[:6])
    torch.testing.assert_close(first[0], -model.log_likelihood_nats(logits, x))
    assert model.training_terms(x[:1].expand(NOISE_ROWS + 1, -1, -1, -1))[0, [0, -1]].unique().numel() == 1  # it begins again


def test_what_is_measured_is_what_is_sampled_with_noise_of_its_own(model: LessonVAE, x: torch.Tensor) -> None:
    mu, logvar = model.encode(x[:1].expand(20_000, -1, -1, -1))
    z = model.reparameterize(mu, logvar, torch.Generator().manual_seed(0))
    torch.testing.assert_close(z.std(0), torch.exp(z_log(model, x[:1]))[0], rtol=0.03, atol=0.0)
    elbo, nll = metrics.negative_elbo_nats(model, x.round(), 64, binarize=False), metrics.nll_nats(model, x.round(), 4096)
    assert math.isfinite(nll) and elbo >= nll  # a bound, which the course's own loss need not be


def test_the_noise_is_kept_with_the_weights_and_drawn_by_the_seed(model: LessonVAE) -> None:
    again, other = build("lesson-vae", CONFIG, seed=1), build("lesson-vae", CONFIG, seed=2)
    assert torch.equal(model.state_dict()["noise"], again.state_dict()["noise"])
    assert not torch.equal(model.state_dict()["noise"], other.state_dict()["noise"])
