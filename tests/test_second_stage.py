"""The second stage: the exact posterior on a grid, and the two trainings that use a model of their own images."""

import copy
from functools import partial

import numpy as np
import pytest
import torch

from core import metrics
from core.checkpoints import load_folder
from core.data.datasets import load
from core.models import build
from core.models.autoencoder import AutoencoderConfig
from core.models.vae import VAEConfig
from core.posterior import GridPosterior
from core.training import second_stage
from core.training.__main__ import main as train

SMALL = ["--encoder-hidden", "64", "--decoder-hidden", "48", "48"]


@pytest.fixture(scope="module")
def model():
    built = build("vae", VAEConfig(encoder_hidden=(16,), decoder_hidden=(24, 24)), 3).eval()
    with torch.no_grad():
        for weight in built.decoder.parameters():
            weight.mul_(2.5)  # so that codes differ in what they decode into
    return built.requires_grad_(False)


@pytest.fixture(scope="module")
def images(model):
    generator = torch.Generator().manual_seed(0)
    return torch.bernoulli(model.decode(torch.randn(6, 2, generator=generator)), generator=generator)


def test_the_evidence_is_what_the_integral_over_the_prior_says(model, images):
    grid = GridPosterior(model, 128)
    evidence = torch.logsumexp(grid.log_likelihood_nats(images), 1) - np.log(128**2)
    assert -evidence.mean().item() == pytest.approx(metrics.nll_nats(model, images), abs=0.02)


def test_bfloat16_does_not_round_the_evidence(model, images):
    grid = GridPosterior(model, 32)
    exact = grid.log_likelihood_nats(images)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(grid.log_likelihood_nats(images), exact, atol=1e-3, rtol=0)


def test_draws_have_the_moments_of_the_posterior(model, images):
    """Against a sum over a fine even grid with the prior's density as weight: another grid, another formula."""
    grid, generator = GridPosterior(model, 64), torch.Generator().manual_seed(1)
    many = images[:1].expand(8000, -1, -1, -1)
    z, evidence = grid.draw(many, generator)
    axis = torch.linspace(-5, 5, 401)
    points = torch.cartesian_prod(axis, axis)
    log_p = torch.cat(
        [model.log_likelihood_nats(model.decode_logits(p), images[:1].expand(len(p), -1, -1, -1)) for p in points.split(4096)]
    )
    weight = torch.softmax((log_p - 0.5 * points.square().sum(1)).double(), 0)
    mean = (weight[:, None] * points).sum(0)
    deviation = ((weight[:, None] * (points - mean).square()).sum(0)).sqrt()
    assert ((z.mean(0) - mean) / deviation).abs().max() < 0.06  # of a deviation; chance gives 0.01
    torch.testing.assert_close((z.std(0) / deviation).float(), torch.ones(2), atol=0.05, rtol=0)
    assert evidence.std() < 1e-4  # the same image each time


def test_only_a_model_with_such_a_posterior_is_taken():
    for name, config in (("vae", VAEConfig(latent_dim=3)), ("vae", VAEConfig(likelihood="gaussian")), ("ae", AutoencoderConfig())):
        with pytest.raises(ValueError, match="two latent dimensions"):
            GridPosterior(build(name, config, 0))


@pytest.fixture(scope="module")
def first_stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stages") / "first"
    assert train(["--dataset", "digits", *SMALL, "--epochs", "12", "--batch-size", "64", "--out", str(folder)]) == 0
    return folder


def figures(folder):
    return {name: entry["value"] for name, entry in load_folder(folder).card["metrics"].items()}


def weights(folder, network):
    return getattr(load_folder(folder).model, network).state_dict()


def same(a, b):
    return all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.slow
def test_each_stage_makes_its_network_better_and_keeps_the_other(first_stage, tmp_path):
    """The encoder's after the decoder's, which leaves it behind, and then both."""
    before = first_stage
    for stage, kept, better in (
        ("decoder", "encoder", "nll_nats"),
        ("encoder", "decoder", "negative_elbo_nats"),
        ("both", "", "negative_elbo_nats"),
    ):
        out = tmp_path / stage
        asked = [stage, "--begin-with", str(before), "--out", str(out), "--epochs", "12", "--batch-size", "64"]
        assert second_stage.main(asked) == 0
        for network in ("encoder", "decoder"):
            assert same(weights(out, network), weights(before, network)) == (network == kept)
        assert figures(out)[better] < figures(before)[better]
        card = load_folder(out).card
        assert card["stage"] == stage and card["began_with"]["epochs"] == 12
        assert ("half as they are" if stage == "both" else "third") in card["preprocessing"]
        assert not (tmp_path / ".runs" / stage).exists()
        before = out


def test_the_decoder_feels_only_the_images_as_they_are(model):
    x = torch.bernoulli(torch.rand(12, 1, 28, 28, generator=torch.Generator().manual_seed(5)))
    trained = copy.deepcopy(model).requires_grad_(True)
    loss, sums = second_stage.JointObjective(trained, 4)(x, x, None, torch.Generator().manual_seed(6), 1.0)
    loss.backward()
    found = [weight.grad.clone() for weight in trained.parameters()]
    trained.zero_grad()
    generator = torch.Generator().manual_seed(6)
    real, others = trained.training_terms(x[:6], generator=generator), trained.training_terms(x[6:], generator=generator)
    torch.testing.assert_close(sums, torch.cat([real, others], 1).sum(1))
    (real.sum() / 12).backward(retain_graph=True)
    for (name, weight), grad in zip(trained.named_parameters(), found, strict=True):
        if name.startswith("decoder"):
            torch.testing.assert_close(grad, weight.grad)
    (others.sum() / 12).backward()
    for (name, weight), grad in zip(trained.named_parameters(), found, strict=True):
        if name.startswith("encoder"):
            torch.testing.assert_close(grad, weight.grad)
    assert all(weight.requires_grad for weight in trained.decoder.parameters())


def _has_an_epoch(trainer):
    return trainer.step >= trainer.steps_per_epoch


@pytest.mark.slow
def test_an_interrupted_stage_goes_on_exactly(first_stage, tmp_path):
    begin = load_folder(first_stage)
    recipe = second_stage.TrainingConfig(dataset="digits", epochs=2, batch_size=128, kl_warmup_epochs=0.0, precision="float32")
    images = load("digits", "train").images[:640]  # five steps an epoch
    for stage in second_stage.STAGES.values():
        whole = stage(recipe, begin, images)
        whole.run()
        first = stage(recipe, begin, images)
        first.run(should_stop=partial(_has_an_epoch, first))
        first.save_state(tmp_path / stage.name)
        second = stage(recipe, begin, images)
        second.restore(tmp_path / stage.name)
        second.run()
        for a, b in zip(whole.average.parameters(), second.average.parameters(), strict=True):
            torch.testing.assert_close(a, b, atol=0, rtol=0)


def test_other_settings_are_not_resumed(first_stage, tmp_path, capsys):
    begin = load_folder(first_stage)
    recipe = second_stage.TrainingConfig(dataset="digits", epochs=1, batch_size=128)
    stage = second_stage.EncoderStage(recipe, begin, load("digits", "train").images)
    stage.save_state(tmp_path / ".runs" / "out")
    asked = ["encoder", "--begin-with", str(first_stage), "--out", str(tmp_path / "out"), "--epochs", "3"]
    assert second_stage.main(asked) == 1
    assert "add --resume" in capsys.readouterr().err
    assert second_stage.main([*asked, "--resume"]) == 1
    assert "other settings" in capsys.readouterr().err


def test_held_out_images_are_not_learnt_and_the_card_says_on_what_it_was_measured(first_stage, tmp_path):
    out = tmp_path / "chosen"
    asked = ["encoder", "--begin-with", str(first_stage), "--out", str(out), "--epochs", "1", "--batch-size", "64", "--held-out"]
    assert second_stage.main(asked) == 0
    card = load_folder(out).card
    count = len(load("digits", "train").images)
    assert card["dataset"]["training_images"] + card["dataset"]["test_images"] == count
    assert card["measured_on"] == "training images that were held out"
