"""The encoder that ends in anchors: Bayes' rule as weights."""

import json

import numpy as np
import pytest
import torch

from core.checkpoints import load_folder
from core.models import ConfigError, build, describe, rebuild
from core.models.anchors import REACH, Anchors, neighbourhoods, prior_grid
from core.models.autoencoder import AutoencoderConfig
from core.models.conditional_vae import ConditionalVAEConfig
from core.models.lesson_vae import LessonVAEConfig
from core.models.vae import VAEConfig
from core.posterior import GridPosterior, anchored
from core.training import anchored as command
from core.training.__main__ import main as train

SMALL = VAEConfig(encoder_hidden=(16,), decoder_hidden=(24, 24))


@pytest.fixture(scope="module")
def model():
    built = build("vae", SMALL, 3).eval().requires_grad_(False)
    for weight in built.decoder.parameters():
        weight.mul_(2.5)  # so that codes differ in what they decode into
    return built


def test_its_scores_are_the_joint_density_but_for_a_constant(model):
    x = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    made = anchored(model, 12)
    scores = made.get_submodule("encoder.1.scores")(made.encoder[0](x.flatten(1)))
    expected = GridPosterior(model, 12).log_likelihood_nats(x)  # by way of all pixels
    torch.testing.assert_close(scores - scores.mean(1, keepdim=True), expected - expected.mean(1, keepdim=True), atol=2e-3, rtol=1e-4)


def test_the_decoder_stays_as_it_is(model):
    z = torch.randn(4, 2)
    torch.testing.assert_close(anchored(model, 12).decode_logits(z), model.decode_logits(z), atol=0, rtol=0)


@pytest.mark.parametrize("at", [(0.013, -0.021), (-0.4, 0.55), (0.9, 0.1)])
def test_the_cloud_is_the_gaussian_that_the_scores_describe(at):
    side = 64
    layer, z = Anchors(1, side), prior_grid(side)
    spacing = (z[side * side // 2 + side // 2] - z[side * side // 2 + side // 2 + 1]).abs().max().item()
    mu, sigma = torch.tensor(at), torch.tensor([0.5, 0.7]) * spacing
    with torch.no_grad():
        layer.scores.weight.zero_()
        layer.scores.bias.copy_((-0.5 * ((z - mu) / sigma) ** 2).sum(1))
    found, logvar = layer(torch.zeros(1, 1)).chunk(2, 1)
    assert ((found[0] - mu).abs() < 0.25 * sigma).all()
    assert (((0.5 * logvar[0]).exp() / sigma - 1).abs() < 0.25).all()


def test_of_two_peaks_it_takes_the_higher_one_and_not_their_middle():
    layer, z = Anchors(1, 32), prior_grid(32)
    with torch.no_grad():
        layer.scores.weight.zero_()
        peaks = [height - 200 * ((z - torch.tensor(at)) ** 2).sum(1) for height, at in ((0.0, (-1.0, 0.0)), (0.5, (1.0, 0.0)))]
        layer.scores.bias.copy_(torch.maximum(*peaks))
    mu = layer(torch.zeros(1, 1))[0, :2].tolist()
    assert np.hypot(mu[0] - 1.0, mu[1]) < 0.05


def test_neighbourhoods_stay_on_the_grid_and_hold_their_point():
    side = 7
    near = neighbourhoods(side)
    rows, columns = np.divmod(near.numpy(), side)
    assert near.shape == (49, (2 * REACH + 1) ** 2) and near.min() >= 0 and near.max() < 49
    assert all(len(set(some)) == len(some) and point in some for point, some in enumerate(near.tolist()))
    assert (np.ptp(rows, 1) == 2 * REACH).all() and (np.ptp(columns, 1) == 2 * REACH).all()


def test_its_config_survives_json_and_others_refuse_anchors(model):
    made = anchored(model, 12)
    assert rebuild(json.loads(json.dumps(describe("vae", made)))).load_state_dict(made.state_dict())
    for config in (
        lambda: VAEConfig(anchors=12),
        lambda: VAEConfig(latent_dim=3, encoder_hidden=(8,), anchors=12),
        lambda: VAEConfig(encoder_hidden=(8,), anchors=2),
        lambda: VAEConfig(encoder_hidden=(8,), anchors=1000),
        lambda: LessonVAEConfig(anchors=12),
        lambda: ConditionalVAEConfig(encoder_hidden=(8,), anchors=12),
    ):
        with pytest.raises(ConfigError, match="anchors"):
            config()
    for name, wrong in (("vae", VAEConfig(likelihood="gaussian")), ("vae", VAEConfig(decoder_hidden=())), ("ae", AutoencoderConfig())):
        with pytest.raises(ValueError, match="plain VAE"):
            anchored(build(name, wrong), 12)


def test_the_command_writes_a_checkpoint_with_the_same_decoder_and_a_measured_encoder(tmp_path, capsys):
    first, out = tmp_path / "first", tmp_path / "out"
    sizes = ["--encoder-hidden", "64", "--decoder-hidden", "48", "48"]
    assert train(["--dataset", "digits", *sizes, "--epochs", "12", "--batch-size", "64", "--out", str(first)]) == 0
    assert command.main(["--begin-with", str(first), "--out", str(out), "--side", "24"]) == 0
    before, after = load_folder(first), load_folder(out)
    assert "24 x 24 anchors" in after.card["encoder"] and vars(after.model.config)["anchors"] == 24
    assert after.card["recipe"] == before.card["recipe"] and after.card["metrics"]["nll_nats"] == before.card["metrics"]["nll_nats"]
    assert after.card["metrics"]["negative_elbo_nats"] != before.card["metrics"]["negative_elbo_nats"]
    assert after.card["parameters"] == sum(weight.numel() for weight in after.model.parameters())
    mu, _ = after.model.encode(torch.zeros(3, 1, 28, 28))
    assert mu.shape == (3, 2)
    other = tmp_path / "ae"
    assert train(["--dataset", "digits", "--model", "ae", *sizes, "--epochs", "1", "--out", str(other)]) == 0
    assert command.main(["--begin-with", str(other), "--out", str(tmp_path / "no")]) == 1
    assert "plain VAE" in capsys.readouterr().err and not (tmp_path / "no").exists()
