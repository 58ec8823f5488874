"""The metrics against models whose likelihood is known exactly, and against scikit-image."""

import math
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from tiny import linear
from torch import nn
from torch.distributions import LowRankMultivariateNormal

from core import metrics
from core.checkpoints import load
from core.models import build, objectives
from core.models.vae import VAE, VAEConfig


@pytest.fixture
def binary() -> torch.Tensor:
    """Binary images, (6, 1, 28, 28)."""
    return torch.bernoulli(torch.full((6, 1, 28, 28), 0.3), generator=torch.Generator().manual_seed(0))


class LinearGaussian(VAE):
    """p(x|z) = N(A z + b, sigma^2 I) with orthogonal columns in A, so that log p(x) and the posterior are known exactly."""

    sigma, gains = 0.5, (0.8, 2.0)

    def __init__(self) -> None:
        super().__init__(VAEConfig(latent_dim=2, encoder_hidden=(), decoder_hidden=()))
        columns, _ = torch.linalg.qr(torch.randn(784, 2, generator=torch.Generator().manual_seed(0)))
        gains = torch.tensor(self.gains)
        precision = gains.square() / self.sigma**2 + 1  # of the posterior, per dimension
        with torch.no_grad():
            linear(self.decoder, 0).weight.copy_(columns * gains)
            linear(self.decoder, 0).bias.copy_(torch.linspace(-1, 1, 784))
            linear(self.encoder, 0).weight[:2] = (columns * gains).T / (self.sigma**2 * precision[:, None])
            linear(self.encoder, 0).bias[:2] = -linear(self.encoder, 0).weight[:2] @ linear(self.decoder, 0).bias
            linear(self.encoder, 0).weight[2:] = 0
            linear(self.encoder, 0).bias[2:] = -precision.log()

    def log_likelihood_nats(self, logits, x):
        return objectives.gaussian_log_likelihood_nats(logits, x, self.sigma)

    def exact_log_density(self, x):
        weight, bias = linear(self.decoder, 0).weight, linear(self.decoder, 0).bias
        return LowRankMultivariateNormal(bias, weight, torch.full((784,), self.sigma**2)).log_prob(x.flatten(1)).detach()

    def draw(self, n):
        generator = torch.Generator().manual_seed(1)
        noise = self.sigma * torch.randn(n, 1, 28, 28, generator=generator)
        return (self.decode_logits(torch.randn(n, 2, generator=generator)) + noise).detach()


@torch.no_grad()
def ignore_z(model: VAE) -> VAE:
    """The model with a decoder that gives the same logits whatever z is."""
    nn.init.zeros_(linear(model.decoder, -1).weight)
    linear(model.decoder, -1).bias.copy_(torch.linspace(-3, 3, 784))
    return model


# --- likelihoods ----------------------------------------------------------------------------------------------------------


def test_nll_of_a_decoder_that_ignores_z_is_the_likelihood_itself(tiny_model, binary):
    p = torch.sigmoid(torch.linspace(-3, 3, 784)).double()
    x = binary.flatten(1).double()
    exact = -(x * p.log() + (1 - x) * (1 - p).log()).sum(1).mean().item()
    assert metrics.nll_nats(ignore_z(tiny_model), binary, points=4096) == pytest.approx(exact, rel=1e-5)


def test_nll_integrates_over_the_prior(binary):
    """One pixel whose logit is 2 z1 - 1 and the others even: p(x) is a one-dimensional integral."""
    model = build("vae", VAEConfig(encoder_hidden=(), decoder_hidden=()))
    with torch.no_grad():
        nn.init.zeros_(linear(model.decoder, 0).weight)
        nn.init.zeros_(linear(model.decoder, 0).bias)
        linear(model.decoder, 0).weight[100, 0], linear(model.decoder, 0).bias[100] = 2.0, -1.0
    on = quad(lambda z: norm.pdf(z) * expit(2 * z - 1), -12, 12)[0]
    share = binary.flatten(1)[:, 100].mean().item()
    exact = 783 * math.log(2) - share * math.log(on) - (1 - share) * math.log(1 - on)
    assert 0 < share < 1
    assert metrics.nll_nats(model, binary) == pytest.approx(exact, abs=1e-3)


def test_nll_averages_likelihoods_and_not_their_logarithms():
    """About a third of the prior decodes to white, nearly for certain, and half to black: -log p(white) is about 1 nat."""
    model = build("vae", VAEConfig(encoder_hidden=(), decoder_hidden=()))
    with torch.no_grad():
        nn.init.zeros_(linear(model.decoder, 0).bias)
        linear(model.decoder, 0).weight.copy_(torch.tensor([20.0, 0.0]).expand(784, 2))
    exact = -math.log(quad(lambda z: norm.pdf(z) * expit(20 * z) ** 784, -1, 12, points=[0, 0.5, 1])[0])
    assert metrics.nll_nats(model, torch.ones(2, 1, 28, 28)) == pytest.approx(exact, abs=0.01)


def test_the_sum_of_exponentials_is_torch_s_own():
    x = torch.randn(50, 1024, generator=torch.Generator().manual_seed(0)) * torch.logspace(-3, 3, 50).unsqueeze(1) - 500
    x[0], x[1, 1:] = -1e4, -1e30  # all alike; one alone
    expected = x.double().logsumexp(1)
    assert torch.allclose(metrics._log_sum_exp_(x).double(), expected, rtol=1e-6, atol=0)


def test_the_elbo_of_grey_images_encodes_them_once_and_is_the_same(tiny_model, binary, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    terms = [tiny_model.terms_nats(binary, generator=generator) for _ in range(3)]
    encode = Mock(wraps=tiny_model.encode)
    monkeypatch.setattr(tiny_model, "encode", encode)
    elbo = metrics.elbo_per_image_nats(tiny_model, binary, 3, torch.Generator().manual_seed(0))
    assert torch.allclose(elbo, sum(log_likelihood - kl for log_likelihood, kl in terms) / 3) and encode.call_count == 1
    metrics.elbo_per_image_nats(tiny_model, binary, 3, generator, binarize=True)
    assert encode.call_count == 4


def test_nll_refuses_a_gaussian_likelihood(binary):
    with pytest.raises(ValueError, match="Bernoulli likelihood"):
        metrics.nll_nats(build("vae", VAEConfig(likelihood="gaussian", encoder_hidden=(), decoder_hidden=())), binary)


def test_nll_is_below_the_negative_elbo(trained, digits):
    model = trained.average_model()
    x = torch.from_numpy(digits[1].images).gt(127).float().unsqueeze(1)
    nll, negative_elbo = metrics.nll_nats(model, x, points=16_384), metrics.negative_elbo_nats(model, x, binarize=False)
    assert 0 < nll < negative_elbo < nll + 50


@pytest.mark.parametrize("samples", [1, 7])
def test_the_iwae_bound_with_the_exact_posterior_is_the_log_likelihood(samples):
    model = LinearGaussian()
    x = model.draw(8)
    torch.testing.assert_close(metrics.iwae_bound_nats(model, x, samples), model.exact_log_density(x), atol=2e-2, rtol=0)


def test_the_elbo_with_the_exact_posterior_is_the_log_likelihood_on_average():
    model = LinearGaussian()
    x = model.draw(8)
    elbo = metrics.elbo_per_image_nats(model, x, 4000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(elbo, model.exact_log_density(x), atol=0.1, rtol=0)


def test_elbo_below_iwae_below_exact_log_likelihood():
    """With a posterior that is too wide and in the wrong place."""
    model = LinearGaussian()
    x = model.draw(50)
    with torch.no_grad():
        linear(model.encoder, 0).bias[:2] += 0.3
        linear(model.encoder, 0).bias[2:] += 1.0
    exact = model.exact_log_density(x).mean()
    elbo = metrics.elbo_per_image_nats(model, x, 200, torch.Generator().manual_seed(0)).mean()
    iwae_5, iwae_50 = (metrics.iwae_bound_nats(model, x, samples).mean() for samples in (5, 50))
    assert elbo + 0.1 < iwae_5 < iwae_50 < exact
    assert exact - iwae_50 < 0.1 < 1 < exact - elbo


def test_the_iwae_bound_with_one_sample_is_an_elbo_on_average(tiny_model, binary):
    bound = metrics.iwae_bound_nats(tiny_model, binary.repeat(1000, 1, 1, 1), samples=1).mean()
    elbo = metrics.elbo_per_image_nats(tiny_model, binary, 1000, torch.Generator().manual_seed(0)).mean()
    torch.testing.assert_close(bound, elbo, atol=0.4, rtol=0)


def test_negative_elbo_of_a_model_that_ignores_z_and_x(tiny_model):
    """The KL vanishes, and what is left of grey images is the cross-entropy: over more than one batch."""
    model = ignore_z(tiny_model)
    nn.init.zeros_(linear(model.encoder, -1).weight)
    nn.init.zeros_(linear(model.encoder, -1).bias)
    x = torch.rand(1003, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    p = torch.sigmoid(torch.linspace(-3, 3, 784)).double()
    exact = -(x.flatten(1) * p.log() + (1 - x.flatten(1)) * (1 - p).log()).sum(1).mean().item()
    assert metrics.negative_elbo_nats(model, x, samples=2, binarize=False) == pytest.approx(exact, rel=1e-5)
    binarised = metrics.negative_elbo_nats(model, x, samples=2)
    assert binarised != pytest.approx(exact, rel=1e-6)
    assert binarised == pytest.approx(exact, rel=1e-2)  # the same in expectation


def test_negative_elbo_is_repeatable_and_leaves_the_global_generator_alone(tiny_model, binary):
    before = torch.get_rng_state()
    first, again, other = (metrics.negative_elbo_nats(tiny_model, binary, seed=seed) for seed in (0, 0, 1))
    assert first == again != other
    assert torch.equal(torch.get_rng_state(), before)


# --- images ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pairs(digits) -> tuple[torch.Tensor, torch.Tensor]:
    """Digits and noisy copies of them, from slightly to heavily so; (8, 1, 28, 28) twice."""
    x = torch.from_numpy(digits[0].images[:8]).float().unsqueeze(1) / 255
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0)) * torch.linspace(0.01, 0.8, 8).reshape(8, 1, 1, 1)
    return (x + noise).clamp(0, 1), x


def test_psnr_is_that_of_scikit_image(pairs):
    expected = [peak_signal_noise_ratio(x[0].numpy(), x_hat[0].numpy(), data_range=1) for x_hat, x in zip(*pairs, strict=True)]
    np.testing.assert_allclose(metrics.psnr_db(*pairs), expected, rtol=1e-5)


def test_psnr_of_a_known_error():
    x = torch.full((1, 1, 4, 4), 0.5)
    assert metrics.psnr_db(x + 0.1, x).item() == pytest.approx(20.0, abs=1e-4)
    assert metrics.psnr_db(x, x).item() == math.inf


def similarities(x_hat: torch.Tensor, x: torch.Tensor) -> list[float]:
    """scikit-image's SSIM of each image."""
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1}
    return [structural_similarity(b[0].numpy(), a[0].numpy(), **options) for a, b in zip(x_hat, x, strict=True)]


def test_ssim_is_that_of_scikit_image(pairs):
    expected = similarities(*pairs)
    np.testing.assert_allclose(metrics.ssim(*pairs), expected, atol=1e-5)
    assert max(expected) - min(expected) > 0.3


def test_ssim_is_one_only_where_images_agree(pairs):
    x_hat, x = pairs
    torch.testing.assert_close(metrics.ssim(x, x), torch.ones(8))
    assert (metrics.ssim(x_hat, x) < 0.9999).all()


@pytest.mark.parametrize("tile", [metrics.SSIM_TILE, 23, 37, 1000])
@pytest.mark.parametrize(("height", "width"), [(431, 181), (11, 75), (90, 11)])
def test_ssim_in_tiles_is_the_same_and_looks_at_no_more_than_one(height, width, tile, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(3, 1, height, width, generator=generator)
    noise = torch.randn(x.shape, generator=generator) * torch.linspace(0.8, 0.01, height)[:, None]  # no two tiles are alike
    x_hat = (x + noise).clamp(0, 1)
    work = Mock(wraps=metrics._similarity_sum)
    monkeypatch.setattr(metrics, "SSIM_TILE", tile)
    monkeypatch.setattr(metrics, "_similarity_sum", work)
    np.testing.assert_allclose(metrics.ssim(x_hat, x), similarities(x_hat, x), atol=1e-5)
    seen = [a.numel() for (a, _), _ in work.call_args_list]
    assert max(seen) <= tile**2 and (len(seen) > 1) == (x.numel() > tile**2)


def test_ssim_of_images_smaller_than_its_window_is_refused():
    with pytest.raises(ValueError, match="11 x 11 pixels; these images have 10 x 30"):
        metrics.ssim(torch.zeros(1, 1, 10, 30), torch.zeros(1, 1, 10, 30))
    assert metrics.ssim(torch.zeros(1, 1, 11, 30), torch.zeros(1, 1, 11, 30)).item() == 1


# --- codes ----------------------------------------------------------------------------------------------------------------


def test_knn_accuracy_of_classes_far_apart_and_mixed_up():
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2
    codes = rng.normal(size=(200, 2)) + 20 * labels[:, None]
    assert metrics.knn_accuracy(codes, labels, codes[:50], labels[:50]) == 1.0
    assert metrics.knn_accuracy(codes, labels, codes[:50], 1 - labels[:50]) == 0.0
    half_wrong = np.where(np.arange(50) < 25, labels[:50], 1 - labels[:50])
    assert metrics.knn_accuracy(codes, labels, codes[:50], half_wrong) == 0.5


def test_knn_accuracy_asks_ten_neighbours():
    """Nine neighbours of a class and its opposite's ten a little farther off: ten votes say 9 to 1, nineteen would say 9 to 10."""
    codes = np.array([[0.1 * i] for i in range(9)] + [[1.0 + 0.1 * i] for i in range(10)])
    labels = np.array([0] * 9 + [1] * 10)
    assert metrics.knn_accuracy(codes, labels, np.array([[0.0]]), np.array([0])) == 1.0
    assert metrics.knn_accuracy(codes, labels, np.array([[0.0]]), np.array([0]), k=19) == 0.0


def test_knn_accuracy_with_fewer_codes_than_neighbours():
    assert metrics.knn_accuracy(np.zeros((3, 2)), np.array([4, 4, 4]), np.zeros((1, 2)), np.array([4])) == 1.0


def test_every_protocol_can_be_written_on_a_card():
    for protocol in metrics.PROTOCOLS.values():
        assert "{" not in protocol.format(samples=8, points=metrics.NLL_POINTS)


@pytest.mark.parametrize("value", [131.5, 0, -3.25])
def test_a_card_gives_its_figures(value):
    assert metrics.from_card({"metrics": {"nll_nats": {"value": value, "protocol": "..."}}}, "nll_nats") == value


STRANGE: list[Any] = [None, "131", math.nan, -math.inf, 10**400, [131.5], {}]


@pytest.mark.parametrize(
    "card",
    [{}, {"metrics": None}, {"metrics": [1]}, {"metrics": {}}, {"metrics": {"nll_nats": 131.5}}, {"metrics": {"nll_nats": {}}}]
    + [{"metrics": {"nll_nats": {"value": value}}} for value in STRANGE],
    ids=lambda card: repr(card)[:50],
)
def test_a_stranger_s_card_gives_figures_or_none(card):
    assert metrics.from_card(card, "nll_nats") is None


def test_a_card_of_our_own_gives_every_metric_of_the_protocols(checkpoint_root):
    card = load("tiny", checkpoint_root).card
    every = set(metrics.PROTOCOLS) - {"reconstruction_nats"}  # that is of models without a KL
    assert {name for name in metrics.PROTOCOLS if metrics.from_card(card, name) is not None} == every


def test_figures_of_one_picture_and_none_for_the_ssim_of_a_tiny_one(pairs):
    x_hat, x = pairs
    psnr_db, ssim = metrics.psnr_and_ssim(x_hat[0, 0].double().numpy(), x[0, 0].numpy())
    assert psnr_db == pytest.approx(metrics.psnr_db(x_hat, x)[0].item()) and ssim == pytest.approx(metrics.ssim(x_hat, x)[0].item())
    assert metrics.psnr_and_ssim(np.zeros((10, 30)), np.ones((10, 30))) == (0.0, None)
    assert metrics.psnr_and_ssim(np.ones((11, 11)), np.ones((11, 11))) == (math.inf, 1.0)


def test_codes_have_collapsed_where_their_kl_is_near_0():
    mu, logvar = np.zeros((50, 2), np.float32), np.zeros((50, 2), np.float32)
    assert metrics.has_collapsed(mu, logvar) and not metrics.has_collapsed(mu, None)
    mu[:, 0] = 0.4  # 0.08 nats each
    assert metrics.has_collapsed(mu, logvar)
    assert not metrics.has_collapsed(mu, logvar - 0.5)
    mu[:, 0] = 0.5  # 0.125
    assert not metrics.has_collapsed(mu, logvar)
