"""Losses, PCA, noise and strangeness against formulas written down here in another way."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from core import latent, metrics, reconstruction
from core.data.datasets import Split, to_unit_images
from core.models import MODELS, build, build_restorer
from core.models.conditional_vae import ConditionalVAEConfig
from core.models.linear import LinearAutoencoder
from core.models.objectives import bernoulli_log_likelihood_nats
from core.models.restoration import LessonAutoencoder, LessonConfig


@pytest.fixture
def images(digits: tuple[Split, Split]) -> np.ndarray:
    return digits[0].images


@pytest.fixture
def x(digits: tuple[Split, Split]) -> torch.Tensor:
    return to_unit_images(digits[1].images[:1])


def test_loss_of_each_pixel_is_the_cross_entropy_and_adds_up_to_the_objective() -> None:
    generator = torch.Generator().manual_seed(0)
    logits, x = torch.randn(3, 1, 28, 28, generator=generator) * 3, torch.rand(3, 1, 28, 28, generator=generator)
    p, seen = torch.sigmoid(logits.double()), x.double()
    expected = -(seen * p.log() + (1 - seen) * (1 - p).log())
    loss = reconstruction.pixel_loss_nats(logits, x)
    torch.testing.assert_close(loss.double(), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(loss.flatten(1).sum(1), -bernoulli_log_likelihood_nats(logits, x))


def test_figures_of_a_model(tiny_model, x: torch.Tensor) -> None:
    made = reconstruction.by_model(tiny_model, x[0, 0].numpy())
    seen, x_hat = x[0, 0].double().numpy(), made.x_hat.astype(np.float64)
    mse = float(np.square(seen - x_hat).mean())
    similarity = structural_similarity(
        seen, x_hat, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, win_size=11
    )
    entropy = -(seen * np.log(x_hat) + (1 - seen) * np.log(1 - x_hat))
    assert made.scores.mse == pytest.approx(mse, rel=1e-4)
    assert made.scores.psnr_db == pytest.approx(10 * math.log10(1 / mse), rel=1e-4)
    assert made.scores.ssim == pytest.approx(similarity, abs=1e-4)
    assert made.scores.loss_nats == pytest.approx(entropy.sum(), rel=1e-4) == pytest.approx(made.pixel_nats.sum(), rel=1e-4)
    assert made.code == pytest.approx(latent.encode(tiny_model, x)[0][0])
    assert made.x_hat == pytest.approx(latent.decode(tiny_model, made.code[None])[0], abs=1e-6)


def test_a_code_in_place_of_the_encoders_is_decoded_and_weighed(tiny_model, x: torch.Tensor) -> None:
    image, code = x[0, 0].numpy(), np.array([0.4, -0.7], np.float32)
    made = reconstruction.from_code(tiny_model, code, image)
    assert made.x_hat == pytest.approx(latent.decode(tiny_model, code[None])[0], abs=1e-6) and made.code == pytest.approx(code)
    assert made.scores.mse == pytest.approx(float(np.square(image - made.x_hat).mean()), rel=1e-4)
    same, own = reconstruction.by_model(tiny_model, image), latent.encode(tiny_model, x)[0][0]
    assert reconstruction.from_code(tiny_model, own, image).scores == same.scores


def test_only_a_conditional_model_listens_to_the_class(tiny_model, x: torch.Tensor) -> None:
    told = build("cvae", ConditionalVAEConfig(encoder_hidden=(8,), decoder_hidden=(8,))).eval()
    image = x[0, 0].numpy()
    assert (reconstruction.by_model(told, image, 3).x_hat != reconstruction.by_model(told, image, 4).x_hat).any()
    assert (reconstruction.by_model(told, image, 3).x_hat != reconstruction.by_model(told, image).x_hat).any()
    assert (reconstruction.by_model(tiny_model, image, 3).x_hat == reconstruction.by_model(tiny_model, image).x_hat).all()


def test_posterior_noise_is_in_units_of_the_codes_spread() -> None:
    generator = np.random.default_rng(0)
    mu = generator.normal(size=(2000, 3)) * [1, 10, 1e-4]
    logvar = np.log(np.broadcast_to([0.02, 0.2, 1.0], mu.shape) ** 2)  # the third is collapsed: its noise is the prior's
    assert reconstruction.posterior_noise(mu, logvar) == pytest.approx(0.02, rel=0.05)
    assert reconstruction.posterior_noise(mu, None) is None
    assert reconstruction.posterior_noise(np.zeros((5, 2)), np.zeros((5, 2))) == np.inf


def test_the_lessons_network_has_a_code_of_small_images(x: torch.Tensor) -> None:
    model = build_restorer("lesson", LessonConfig()).eval()
    assert isinstance(model, LessonAutoencoder)
    made = reconstruction.by_lesson(model, x[0, 0].numpy())
    assert made.code.shape == (8, 4, 4) and made.code.min() >= 0
    torch.testing.assert_close(torch.from_numpy(made.x_hat), model.restore(x)[0, 0].detach())


# --- PCA -----------------------------------------------------------------------------------------------------------------------


def test_pca_is_the_singular_value_decomposition(images: np.ndarray, x: torch.Tensor) -> None:
    principal = reconstruction.pca(images, 5)
    pixels = images.reshape(len(images), -1) / 255
    mean = pixels.mean(0)
    directions = np.linalg.svd(pixels - mean)[2][:5]  # (5, 784)
    assert principal.mean == pytest.approx(mean, abs=1e-5)
    assert np.abs(principal.axes @ directions.T) == pytest.approx(np.eye(5), abs=1e-3)
    seen = x.flatten().numpy()
    expected = np.clip(mean + (seen - mean) @ directions.T @ directions, 0, 1)
    assert reconstruction.by_pca(principal, x[0, 0].numpy()).x_hat.ravel() == pytest.approx(expected, abs=1e-3)


def test_a_code_of_pca_is_that_of_the_linear_model_of_the_same_images(images: np.ndarray, x: torch.Tensor) -> None:
    model = build("pca", MODELS["pca"].config(latent_dim=3)).eval()
    assert isinstance(model, LinearAutoencoder)
    model.fit(images)
    principal, seen = reconstruction.pca(images, 3), to_unit_images(images)
    assert reconstruction.by_pca(principal, x[0, 0].numpy()).code == pytest.approx(model.encode(x)[0][0].numpy(), abs=2e-3)
    codes = principal.encode(seen)
    assert codes.mean(0) == pytest.approx(np.zeros(3), abs=1e-3) and codes.std(0, ddof=1) == pytest.approx(np.ones(3), rel=1e-3)


def test_the_first_components_are_the_smaller_pca_and_more_lose_less(images: np.ndarray) -> None:
    whole, seen = reconstruction.pca(images, 64), to_unit_images(images)
    smaller = reconstruction.pca(images, 3)
    assert np.abs((whole.first(3).axes * smaller.axes).sum(1)) == pytest.approx(np.ones(3), abs=1e-4)
    errors = [float((p.decode(p.encode(seen)) - seen).square().mean()) for p in (whole.first(n) for n in (1, 2, 8, 64))]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 0.2 * errors[0]


def test_pca_of_few_images_has_no_more_components_than_images(images: np.ndarray) -> None:
    principal = reconstruction.pca(images[:3], 64)
    assert principal.axes.shape == (3, 784) and np.isfinite(principal.axes).all()
    assert np.abs(principal.encode(to_unit_images(images))).max() < 100, "no axis of rounding errors is blown up"


def test_pca_is_weighed_within_its_floor(images: np.ndarray, x: torch.Tensor) -> None:
    made = reconstruction.by_pca(reconstruction.pca(images, 2), x[0, 0].numpy())
    p = np.clip(made.x_hat.astype(np.float64), reconstruction.PROBABILITY_FLOOR, 1 - reconstruction.PROBABILITY_FLOOR)
    seen = x[0, 0].double().numpy()
    assert made.scores.loss_nats == pytest.approx(-(seen * np.log(p) + (1 - seen) * np.log(1 - p)).sum(), rel=1e-4)
    assert made.scores.mse == pytest.approx(np.square(made.x_hat - seen).mean(), rel=1e-4)
    assert made.x_hat.min() >= 0 and made.x_hat.max() <= 1 and (made.x_hat == 0).any()


# --- noise and strangeness -------------------------------------------------------------------------------------------------------


def test_noise_has_the_scale_that_was_asked_for() -> None:
    z, scale = np.array([1.0, -2.0, 0.5]), np.array([0.5, 2.0, 0.0])
    codes = reconstruction.noisy_codes(z, 0.3, scale, 20_000, seed=1)
    assert codes.shape == (20_000, 3) and codes.dtype == np.float32
    assert codes.mean(0) == pytest.approx(z, abs=0.02)
    assert codes.std(0) == pytest.approx(0.3 * scale, rel=0.03)
    again = reconstruction.noisy_codes(z, 0.3, scale, 20_000, seed=1)
    assert (codes == again).all()
    assert (reconstruction.noisy_codes(z, 0.0, scale, 4, seed=0) == z.astype(np.float32)).all()


def test_twice_the_sigma_is_twice_the_way() -> None:
    z, scale = np.zeros(2), np.ones(2)
    one, two = (reconstruction.noisy_codes(z, sigma, scale, 5, seed=3) for sigma in (0.4, 0.8))
    assert two == pytest.approx(2 * one, rel=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_strange_is_what_the_elbo_says(name: str, digits: tuple[Split, Split]) -> None:
    model = build(name, MODELS[name].config(latent_dim=3, likelihood="bernoulli")).eval()
    x = to_unit_images(digits[1].images[:20])
    losses = reconstruction.negative_elbo_each_nats(model, x[:, 0].numpy())
    assert losses.shape == (20,)
    if "kl_nats" in model.LOSSES:
        elbo = metrics.elbo_per_image_nats(model, x, 200, torch.Generator().manual_seed(5))
        assert losses == pytest.approx(-elbo.numpy(), rel=0.01)
    else:
        alone = [reconstruction.by_model(model, image[0].numpy()).scores.loss_nats for image in x]
        assert losses == pytest.approx(np.array(alone), rel=1e-4)


def test_batches_do_not_matter_to_a_model_without_chance(digits: tuple[Split, Split], monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = build("ae", MODELS["ae"].config()).eval(), to_unit_images(digits[1].images)
    whole = reconstruction.negative_elbo_each_nats(model, x[:, 0].numpy())
    monkeypatch.setattr(reconstruction, "BATCH", 7)
    assert reconstruction.negative_elbo_each_nats(model, x[:, 0].numpy()) == pytest.approx(whole, rel=1e-5)


def test_strangeness_is_the_share_below() -> None:
    reference = np.array([1.0, 2.0, 2.0, 3.0])
    assert [reconstruction.strangeness(v, reference) for v in (0, 1, 1.5, 2, 2.5, 3, 9)] == [0, 0.125, 0.25, 0.5, 0.75, 0.875, 1]


@given(st.lists(st.integers(-5, 5), min_size=1), st.integers(-6, 6))
def test_strangeness_is_antisymmetric(values: list[int], value: int) -> None:
    reference = np.array(values, float)
    assert reconstruction.strangeness(value, reference) + reconstruction.strangeness(-value, -reference) == pytest.approx(1)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_a_code_describes_its_image_as_the_elbo_is_measured(kind: str, likelihood: str, x: torch.Tensor) -> None:
    """Against many samples drawn here in another way, each half within its own error; a model without a posterior has mu's loss alone."""
    hidden: dict[str, Any] = {} if kind in ("conv-vae", "pca") else {"encoder_hidden": (8,), "decoder_hidden": (8,)}
    model = build(kind, MODELS[kind].config(latent_dim=3, likelihood=likelihood, **hidden), seed=1).eval()
    mu, has_posterior = np.array([0.5, -1.0, 0.2], np.float32), "kl_nats" in model.LOSSES
    logvar = np.array([-1.0, -3.0, 0.1], np.float32) if has_posterior else None
    made = reconstruction.describe(model, mu, logvar, x[0, 0].numpy(), label=3)
    told = torch.tensor([3]) if model.conditional else None
    with torch.no_grad():
        torch.testing.assert_close(made.x_hat, model.decode(torch.from_numpy(mu)[None], told)[0, 0].numpy())
        count = 2_000 if has_posterior else 1
        z = torch.from_numpy(mu).expand(count, -1)
        if logvar is not None:
            z = torch.distributions.Normal(z[0], torch.from_numpy(np.exp(0.5 * logvar))).sample((count,))
        logits = model.decode_logits(z, None if told is None else told.expand(count))
        seen = x.expand(count, -1, -1, -1)
        if likelihood == "bernoulli" and has_posterior:
            seen = torch.bernoulli(seen)
        losses = -model.log_likelihood_nats(logits, seen)
    error = 5 * losses.std(correction=0).item() / reconstruction.DESCRIPTION_SAMPLES**0.5 + 1e-3
    assert made.reconstruction_nats == pytest.approx(losses.mean().item(), abs=error)
    if logvar is None:
        assert made.kl_nats is None
        return
    prior = torch.distributions.Normal(0.0, 1.0)
    posterior = torch.distributions.Normal(torch.from_numpy(mu), torch.from_numpy(np.exp(0.5 * logvar)))
    assert made.kl_nats == pytest.approx(torch.distributions.kl_divergence(posterior, prior).sum().item(), rel=1e-5)
