"""The linear autoencoder is principal component analysis."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from tiny import linear

from core import checkpoints, export, latent
from core.data.datasets import Split, to_unit_images
from core.models import Model, build
from core.models.linear import EDGE, LinearConfig
from core.training.card import write_checkpoint
from core.training.config import TrainingConfig
from core.training.loop import Trainer

RECIPE = TrainingConfig(dataset="digits", epochs=2, batch_size=50, binarize=False, device="cpu", precision="float32")


def fitted(images: np.ndarray, dimensions: int = 2) -> Model:
    model = build("pca", LinearConfig(latent_dim=dimensions)).eval()
    model.fit(images)
    return model


@pytest.mark.parametrize("dimensions", [1, 2, 7])
def test_its_codes_and_images_are_those_of_scikit_learn(digits: tuple[Split, Split], dimensions: int) -> None:
    train, test = digits
    reference = PCA(dimensions, svd_solver="full").fit(train.images.reshape(len(train.images), -1) / 255)
    model = fitted(train.images, dimensions)
    pixels = test.images.reshape(len(test.images), -1) / 255
    expected = reference.transform(pixels)
    codes, logvar = latent.encode(model, to_unit_images(test.images))
    assert logvar is None
    turn = np.sign((codes * expected).sum(0))  # either end of an axis may be its positive one
    np.testing.assert_allclose(codes * turn * np.sqrt(reference.explained_variance_), expected, atol=1e-4)
    drawn = latent.decode(model, codes).reshape(len(codes), -1)
    np.testing.assert_allclose(drawn, reference.inverse_transform(expected).clip(EDGE, 1 - EDGE), atol=1e-5)


def test_each_coordinate_of_the_training_codes_has_mean_0_and_variance_1(digits: tuple[Split, Split]) -> None:
    codes, _ = latent.encode(fitted(digits[0].images, 3), to_unit_images(digits[0].images))
    np.testing.assert_allclose(codes.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(np.cov(codes.T), np.eye(3), atol=1e-4)


def test_the_axes_do_not_depend_on_the_order_of_the_images(digits: tuple[Split, Split]) -> None:
    images = digits[0].images
    first, second = fitted(images, 4), fitted(images[::-1], 4)
    torch.testing.assert_close(first.state_dict(), second.state_dict(), atol=1e-4, rtol=1e-3)


def test_no_small_change_of_the_decoder_lowers_the_squared_error(digits: tuple[Split, Split]) -> None:
    model, x = fitted(digits[0].images), to_unit_images(digits[0].images).flatten(1)

    def squared_error() -> float:
        return (linear(model.decoder, 0)(linear(model.encoder, 0)(x)) - x).square().sum(1).mean().item()

    best, generator = squared_error(), torch.Generator().manual_seed(0)
    for network in (model.encoder, model.decoder):
        weight = linear(network, 0).weight.data
        for _ in range(5):
            change = 0.01 * torch.randn(weight.shape, generator=generator) * weight.std()
            weight += change
            assert squared_error() > best
            weight -= change


def test_what_it_draws_stays_between_black_and_white() -> None:
    model = fitted(np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8))
    z = torch.tensor([[0.0, 0.0], [1e4, -1e4]])
    drawn = model.decode(z)
    assert drawn.min() == pytest.approx(EDGE) and drawn.max() == pytest.approx(1 - EDGE)
    torch.testing.assert_close(torch.sigmoid(model.decode_logits(z)), drawn)


def test_images_that_do_not_differ_have_code_0() -> None:
    model = fitted(np.full((20, 28, 28), 51, np.uint8))
    assert model.encode(torch.rand(3, 1, 28, 28))[0].abs().max() == 0
    torch.testing.assert_close(model.decode(torch.ones(1, 2)), torch.full((1, 1, 28, 28), 0.2))


def test_training_only_measures_it_and_goes_on_after_a_stop(digits: tuple[Split, Split], tmp_path) -> None:
    def a_trainer() -> Trainer:
        return Trainer(RECIPE, "pca", LinearConfig(), digits[0].images)

    losses: list[float] = []
    trainer = a_trainer()
    trainer.run(on_epoch=lambda trainer, found: losses.append(found["reconstruction_nats"]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert trainer.average_model().state_dict().keys() == fitted(digits[0].images).state_dict().keys()
    torch.testing.assert_close(trainer.average_model().state_dict(), fitted(digits[0].images).state_dict())
    stopped = a_trainer()
    stopped.run(should_stop=lambda: stopped.step == 3)
    stopped.save_state(tmp_path)
    resumed = a_trainer()
    resumed.restore(tmp_path)
    assert resumed.step == 3 and resumed.run()


def test_it_is_kept_opened_and_sent_to_the_browser_like_any_model(digits: tuple[Split, Split], tmp_path) -> None:
    trainer = Trainer(dataclasses.replace(RECIPE, epochs=1), "pca", LinearConfig(), digits[0].images)
    trainer.run()
    card = write_checkpoint(trainer, tmp_path / "straight", *digits)
    assert "negative_elbo_grey_nats" not in card["metrics"] and card["metrics"]["psnr_db"]["value"] > 5
    opened = checkpoints.load("straight", tmp_path)
    z = opened.latents.mu[:5]
    np.testing.assert_allclose(latent.decode(opened.model, z), latent.decode(fitted(digits[0].images), z), atol=2e-3)
    assert export.why_not_live(opened.model) == "" and b'"output":"clip"' in export.decoder_bytes(opened.model)
