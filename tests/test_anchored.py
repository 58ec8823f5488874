"""The encoder that ends in anchors: Bayes' rule as weights."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from core import export
from core.checkpoints import load_folder
from core.models import ConfigError, build, describe, rebuild
from core.models.anchors import Anchors, anchor_grid, axis, newton, tables
from core.models.autoencoder import AutoencoderConfig
from core.models.conditional_vae import ConditionalVAEConfig
from core.models.lesson_vae import LessonVAEConfig
from core.models.vae import VAEConfig
from core.posterior import anchored
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
    grid = anchor_grid(12)
    logits, many = model.decode_logits(grid).flatten(1), x.flatten(1).unsqueeze(1)  # (K, P), (B, 1, P)
    p = torch.sigmoid(logits)
    prior = torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(grid)
    expected = (many * p.log() + (1 - many) * (1 - p).log()).sum(2) + prior
    torch.testing.assert_close(scores - scores.mean(1, keepdim=True), expected - expected.mean(1, keepdim=True), atol=2e-3, rtol=1e-4)


def test_the_decoder_stays_as_it_is(model):
    z = torch.randn(4, 2)
    torch.testing.assert_close(anchored(model, 12).decode_logits(z), model.decode_logits(z), atol=0, rtol=0)


def layer_that_scores(log_density, side):
    """The layer, whatever it is given."""
    layer = Anchors(1, side)
    with torch.no_grad():
        layer.scores.weight.zero_()
        layer.scores.bias.copy_(log_density(anchor_grid(side)))
    return lambda: layer(torch.zeros(1, 1)).detach()[0]


@pytest.mark.parametrize("sigma", [0.01, 0.05, 0.2], ids="sigma {}".format)
@pytest.mark.parametrize("at", [(0.013, -0.021), (-0.4, 0.55), (1.9, -2.5)], ids=str)
def test_the_cloud_is_the_gaussian_that_the_scores_describe(at, sigma):
    """Also one far narrower than the anchors' spacing, which is 0.06 in the middle and more farther out."""
    mu = torch.tensor(at)
    found = layer_that_scores(lambda z: (-0.5 * ((z - mu) / sigma) ** 2).sum(1), 64)()
    spacing = axis(64).diff()[torch.searchsorted(axis(64), mu) - 1]
    assert ((found[:2] - mu).abs() < 0.1 * sigma + 0.2 * spacing).all()
    assert ((0.5 * found[2:]).exp() / sigma).log().abs().max() < 0.25


def test_a_slanting_peak_is_found_too():
    precision = torch.tensor([[300.0, 180.0], [180.0, 200.0]])
    mu = torch.tensor([0.31, -0.17])
    found = layer_that_scores(lambda z: -0.5 * torch.einsum("ki,ij,kj->k", z - mu, precision, z - mu), 64)()
    assert (found[:2] - mu).abs().max() < 0.008
    torch.testing.assert_close((-found[2:]).exp(), precision.diagonal(), rtol=0.1, atol=0)  # the best diagonal Gaussian's precision


def test_of_two_peaks_it_takes_the_higher_one_and_not_their_middle():
    peaks = ((0.0, (-1.0, 0.0)), (0.5, (1.0, 0.0)))
    mu = layer_that_scores(lambda z: torch.stack([at - 200 * ((z - torch.tensor(m)) ** 2).sum(1) for at, m in peaks]).amax(0), 32)()[:2]
    assert (mu - torch.tensor([1.0, 0.0])).norm() < 0.05


def test_newton_finds_the_peak_of_a_quadratic_and_stays_near_where_there_is_none():
    rows, columns = torch.meshgrid(torch.arange(-1.0, 2), torch.arange(-1.0, 2), indexing="ij")
    quadratic = -2 * (rows - 0.3) ** 2 - 3 * (columns + 0.2) ** 2 - 1.5 * (rows - 0.3) * (columns + 0.2)
    step, curvature = newton(quadratic.reshape(1, 9))
    torch.testing.assert_close(step, torch.tensor([[0.3, -0.2]]))
    torch.testing.assert_close(curvature, torch.tensor([[4.0, 6.0]]))
    for strange in (torch.zeros(1, 9), rows.reshape(1, 9) * 50, (rows * columns).reshape(1, 9) * 50):
        step, curvature = newton(strange)
        assert step.abs().max() <= 0.5 and step.isfinite().all() and (curvature > 0).all()


def test_squares_stay_on_the_grid_and_are_around_their_anchor():
    side = 7
    near, parabolas = tables(side, torch.device("cpu"))
    rows, columns = np.divmod(near.numpy(), side)
    assert near.shape == (49, 9) and near.min() >= 0 and near.max() < 49
    assert all(point in some for point, some in enumerate(near.tolist()))
    assert (near[24] == torch.tensor([16, 17, 18, 23, 24, 25, 30, 31, 32])).all()
    assert (np.ptp(rows, 1) == 2).all() and (np.ptp(columns, 1) == 2).all()
    middle, slope, bend = parabolas.unflatten(1, (3, 2)).unbind(1)  # (49, 2) each
    for t, index in ((-1, 0), (0, 4), (1, 8)):
        torch.testing.assert_close(middle + slope * t + bend * t * t, anchor_grid(side)[near[:, index]])


def test_it_can_be_taken_away_as_onnx(model):
    pytest.importorskip("onnx")
    import onnx.reference

    made, x = anchored(model, 12), torch.rand(7, 1, 28, 28, generator=torch.Generator().manual_seed(2))
    found: Any = onnx.reference.ReferenceEvaluator(export.encoder_onnx(made)).run(None, {"x": x.numpy()})
    expected = [part.detach() for part in made.encode(x)]
    np.testing.assert_allclose(found[0], expected[0], atol=1e-4)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-3)


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
