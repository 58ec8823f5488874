"""New images: their codes have the distribution that they are said to have."""

import numpy as np
import pytest
import torch
from scipy.stats import gaussian_kde
from torch import Tensor

from core import checkpoints, generation, latent, quality
from core.checkpoints import Checkpoint, Latents
from core.generation import Request, generate
from core.models import Classifier, Model, build
from core.models.autoencoder import AutoencoderConfig
from core.models.classifier import ClassifierConfig
from core.models.conditional_vae import ConditionalVAEConfig

MANY = 20_000
GENERATOR = np.random.default_rng(0)
MU = GENERATOR.multivariate_normal([3.0, -2.0], [[2.0, 1.0], [1.0, 1.0]], 300).astype(np.float32)
LOGVAR = np.log(np.square(GENERATOR.uniform(0.1, 0.5, (300, 2)))).astype(np.float32)
LABEL = (np.arange(300) % 3).astype(np.uint8)


def drawn(model: Model, request: Request, logvar: np.ndarray | None = LOGVAR) -> generation.Drawn:
    return generate(Checkpoint("test", model, {}, Latents(MU, logvar, LABEL)), request)


@pytest.fixture
def plain() -> Model:
    return build("ae", AutoencoderConfig(encoder_hidden=(8,), decoder_hidden=(8,)), 0).eval()


@pytest.fixture
def told() -> Model:
    return build("cvae", ConditionalVAEConfig(encoder_hidden=(8,), decoder_hidden=(8,), classes=3), 0).eval()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_prior_is_a_standard_normal_times_the_temperature(tiny_model: Model, temperature: float) -> None:
    z = drawn(tiny_model, Request("prior", MANY, temperature=temperature)).z
    assert z.mean(0) == pytest.approx([0, 0], abs=0.05) and np.cov(z.T) == pytest.approx(temperature**2 * np.eye(2), abs=0.1)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_without_a_prior_it_is_the_normal_distribution_of_the_codes(plain: Model, temperature: float) -> None:
    z = drawn(plain, Request("prior", 5_000, temperature=temperature)).z
    assert z.mean(0) == pytest.approx(MU.mean(0), abs=0.08)
    assert np.cov(z.T) == pytest.approx(temperature**2 * np.cov(MU.T), abs=0.1)


@pytest.mark.parametrize("temperature", [0.0, 1.0, 1.5])
def test_the_aggregated_posterior_is_a_mixture_of_the_posteriors(tiny_model: Model, temperature: float) -> None:
    """Its mean is that of the codes, its covariance theirs plus the mean of the posteriors'."""
    z = drawn(tiny_model, Request("codes", MANY, temperature=temperature)).z
    expected = np.cov(MU.T, bias=True) + temperature**2 * np.diag(np.exp(LOGVAR).mean(0))
    assert z.mean(0) == pytest.approx(MU.mean(0), abs=0.05) and np.cov(z.T) == pytest.approx(expected, abs=0.08)
    assert temperature or all(np.isclose(code, MU).all(1).any() for code in z[:50])


def test_a_model_without_a_posterior_gets_the_kernel_of_scipys_density_estimate() -> None:
    noise = generation.own_noise(Latents(MU, None, LABEL))
    assert noise.shape == MU.shape
    assert noise[0] ** 2 == pytest.approx(np.diag(gaussian_kde(MU.T).covariance), rel=1e-4)


def test_around_a_class_the_codes_are_that_class_s_normal_distribution(tiny_model: Model) -> None:
    z = drawn(tiny_model, Request("class", 5_000, label=1)).z
    own = MU[LABEL == 1]
    assert z.mean(0) == pytest.approx(own.mean(0), abs=0.08) and np.cov(z.T) == pytest.approx(np.cov(own.T), abs=0.1)


def test_around_an_image_the_codes_are_its_posterior(tiny_model: Model) -> None:
    z = drawn(tiny_model, Request("image", MANY, row=7)).z
    assert z.mean(0) == pytest.approx(MU[7], abs=0.02) and z.std(0) == pytest.approx(np.exp(0.5 * LOGVAR[7]), rel=0.03)


@pytest.mark.parametrize("way", generation.WAYS)
def test_a_larger_count_begins_with_the_same_images_and_a_seed_is_repeated(told: Model, way: str) -> None:
    few, many = (drawn(told, Request(way, count, seed=3, label=2, row=1)) for count in (4, 9))
    assert np.array_equal(few.z, many.z[:4]) and few.told is not None and many.told is not None
    assert np.array_equal(few.told, many.told[:4]) and few.images == pytest.approx(many.images[:4], abs=1e-6)
    assert not np.isclose(few.z, drawn(told, Request(way, 4, seed=4, label=2, row=1)).z).any()


def test_a_conditional_model_is_told_the_class_that_the_code_comes_from_or_the_one_that_is_asked_for(told: Model) -> None:
    at_random = drawn(told, Request("prior", 600)).told
    assert at_random is not None and (np.bincount(at_random, minlength=3) > 150).all()
    found = drawn(told, Request("codes", 50, temperature=0.0))
    assert found.told is not None
    rows = [np.isclose(code, MU).all(1).argmax() for code in found.z]
    assert np.array_equal(found.told, LABEL[rows])
    for request in (Request("class", 5, label=2), Request("image", 5, row=2), Request("prior", 5, told=2), Request("codes", 5, told=2)):
        of_class = drawn(told, request)
        assert of_class.told is not None and (of_class.told == 2).all()
        assert of_class.images == pytest.approx(latent.decode(told, of_class.z, 2), abs=1e-6)


def test_a_model_without_labels_is_told_nothing() -> None:
    opened = checkpoints.load("vae-mnist-2d")
    found = generate(opened, Request("prior", 2))
    assert found.told is None and found.images == pytest.approx(latent.decode(opened.model, found.z), abs=1e-6)


class OfTheFirstPixel(Classifier):
    """Sure of class 0 where the first pixel holds more than so much ink, else unsure between all four."""

    def __init__(self, ink: float = 0.5) -> None:
        super().__init__(ClassifierConfig(1, 4))
        self.ink = ink

    def forward(self, x: Tensor) -> Tensor:
        full = (x[:, 0, 0, 0] > self.ink).float().unsqueeze(1)
        return full * torch.tensor([[9.0, 0.0, 0.0, 0.0]])


def test_a_model_is_judged_by_draws_of_the_same_kind_whatever_the_seed_on_show(tiny_model: Model) -> None:
    opened = Checkpoint("test", tiny_model, {}, Latents(MU, LOGVAR, LABEL))
    expected = generate(opened, Request("codes", 400))
    ink = float(np.quantile(expected.images[:, 0, 0], 0.4))
    sure = expected.images[:, 0, 0] > ink
    judge = OfTheFirstPixel(ink)
    found, again = (generation.judge(opened, judge, Request("codes", count, seed), 400) for count, seed in ((3, 1), (9, 2)))
    assert np.array_equal(found.z, again.z)
    assert np.array_equal(found.z, expected.z) and found.verdict.confident == sure.mean() and 0 < sure.mean() < 1
    assert np.array_equal(found.confidence > 0.9, sure)
    assert found.confident_between == quality.share_interval(int(sure.sum()), 400)
    assert len(found.doubtful) == generation.DOUBTFUL and (found.confidence[found.doubtful] == found.confidence.min()).all()
    assert np.array_equal(found.doubtful_images, expected.images[found.doubtful])
    assert found.verdict.right is None and found.right_between is None


def test_around_a_class_it_is_judged_by_how_many_are_of_it(tiny_model: Model) -> None:
    opened = Checkpoint("test", tiny_model, {}, Latents(MU, LOGVAR, LABEL))
    of_class, of_image = (
        generation.judge(opened, OfTheFirstPixel(), request, 200) for request in (Request("class", 1, label=0), Request("image", 1, row=3))
    )
    for found in (of_class, of_image):  # the image is of class 0, too
        assert found.verdict.right == (found.named == 0).mean() and found.right_between is not None
    other = generation.judge(opened, OfTheFirstPixel(), Request("class", 1, label=2), 200)
    assert other.verdict.right == (other.named == 2).mean()


def test_a_conditional_model_is_judged_by_how_often_it_draws_what_it_was_told(told: Model) -> None:
    opened = Checkpoint("test", told, {}, Latents(MU, LOGVAR, LABEL))
    found, expected = generation.judge(opened, OfTheFirstPixel(), Request("prior", 1), 200), generate(opened, Request("prior", 200))
    assert found.verdict.right == (found.named == expected.told).mean()
    assert generation.meant(opened, Request("image", 1, row=0, told=2)) == 2
