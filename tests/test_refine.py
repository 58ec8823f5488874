"""The climb to the best code of an image, against optima that are known without it."""

import math

import numpy as np
import pytest
import torch
from test_metrics import LinearGaussian
from tiny import TINY

from core.checkpoints import load
from core.models import build, objectives
from core.models.adversarial import AdversarialConfig
from core.models.conditional_vae import ConditionalVAE, ConditionalVAEConfig
from core.refine import MEASURED_SAMPLES, STEPS, fixed_normals, negative_elbo_nats, refine, refine_image


@pytest.fixture(scope="module")
def exact():
    """A model whose posteriors are known, 40 images that it drew, and those posteriors, which are what its encoder says."""
    model = LinearGaussian()
    x = model.draw(40)
    with torch.no_grad():
        return model, x, model.encode(x)


def test_the_climb_ends_at_the_posterior_that_bayes_rule_gives(exact):
    model, x, (mu, logvar) = exact
    found = refine(model, x, start=(mu + 0.5, logvar + 1))
    assert found.mu == pytest.approx(mu.numpy(), abs=0.02)
    assert found.logvar == pytest.approx(logvar.numpy(), abs=0.05)
    assert found.cost_after_nats == pytest.approx(-model.exact_log_density(x).numpy(), abs=0.01)
    assert (found.cost_before_nats > found.cost_after_nats + 0.2).all()


def test_a_start_that_cannot_be_improved_is_kept(exact):
    model, x, (mu, logvar) = exact
    found = refine(model, x, steps=2)  # so few steps end beside the optimum
    assert found.logvar is not None
    assert np.array_equal(found.mu, mu.numpy()) and np.array_equal(found.logvar, logvar.numpy())
    assert np.array_equal(found.cost_after_nats, found.cost_before_nats)
    assert (found.path == mu.numpy()).all()


def test_the_shipped_model_comes_within_a_third_of_a_nat_of_the_evidence_around_the_code():
    """-ELBO is at least -log p(x), by Bayes' rule on a fine grid, and a posterior with one peak is nearly a normal distribution."""
    model = load("vae-mnist-2d").model
    with torch.no_grad():
        x = model.decode(torch.tensor([[0.5, 1.0], [-1.5, 0.2], [1.2, -0.9]])).round()
        start = model.encode(x)
    found = refine(model, x)
    assert (found.cost_after_nats <= found.cost_before_nats).all() and found.cost_before_nats.sum() > found.cost_after_nats.sum() + 0.5
    assert found.path.shape == (STEPS + 1, 3, 2)
    assert np.array_equal(found.path[0], start[0].numpy()) and np.array_equal(found.path[-1], found.mu)
    assert found.logvar is not None
    for image, mu, logvar, cost in zip(x, found.mu, found.logvar, found.cost_after_nats, strict=True):
        across, up = (torch.linspace(-8, 8, 81) * math.exp(spread / 2) + middle for middle, spread in zip(mu, logvar, strict=True))
        z = torch.cartesian_prod(across, up)
        with torch.no_grad():
            likelihood = model.log_likelihood_nats(model.decode_logits(z), image.expand(len(z), -1, -1, -1))
        cell = (across[1] - across[0]) * (up[1] - up[0])
        evidence = torch.logsumexp((likelihood + objectives.standard_normal_log_density_nats(z)).double(), 0) + cell.double().log()
        assert -evidence - 0.01 < cost < -evidence + 0.35


@pytest.mark.parametrize("name", ["vae-mnist-2d", "beta-10-mnist-2d"])
def test_an_images_own_elbo_is_the_integral_over_the_encoders_cloud(name: str):
    """By Gauss-Hermite quadrature, 40 x 40 nodes (Abramowitz & Stegun 25.4.46), which draws nothing."""
    model = load(name).model
    with torch.no_grad():
        x = model.decode(torch.tensor([[0.5, 1.0]]))
        mu, logvar = model.encode(x)
        assert logvar is not None
        nodes, weights = np.polynomial.hermite_e.hermegauss(40)
        eps = torch.cartesian_prod(*[torch.from_numpy(nodes).float()] * 2)
        z = mu + torch.exp(0.5 * logvar) * eps
        nats = -model.log_likelihood_nats(model.decode_logits(z), x.expand(len(z), -1, -1, -1)).double()
        posterior = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
        kl = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum()
    exact = float((nats.numpy() * np.outer(weights, weights).ravel()).sum() / (2 * math.pi) + kl.item())
    assert negative_elbo_nats(model, x[0, 0].numpy()) == pytest.approx(exact, abs=0.1)


def test_an_images_own_elbo_is_what_a_climb_of_it_begins_with():
    model = load("vae-mnist-2d").model
    with torch.no_grad():
        image = model.decode(torch.tensor([[0.5, 1.0]]))[0, 0].numpy()
    assert negative_elbo_nats(model, image) == pytest.approx(float(refine_image(model, image).cost_before_nats[0]), abs=1e-4)


def test_a_model_without_a_posterior_climbs_to_the_picture_nearest_to_the_image():
    config = AdversarialConfig(encoder_hidden=(24,), decoder_hidden=(16,), discriminator_hidden=(8,), likelihood="gaussian")
    model = build("aae", config, seed=1)
    with torch.no_grad():
        goal = torch.tensor([[0.7, -0.4], [-0.3, 0.2]])
        x = model.decode(goal)
    found = refine(model, x)
    assert found.logvar is None
    assert found.mu == pytest.approx(goal.numpy(), abs=0.02)
    exact = -model.log_likelihood_nats(model.decode_logits(goal), x)
    assert found.cost_after_nats == pytest.approx(exact.detach().numpy(), abs=0.01)


def test_the_cost_is_that_of_the_label_that_was_told_and_of_the_weight_of_the_kl():
    config = ConditionalVAEConfig(encoder_hidden=(24,), decoder_hidden=(16,), beta=3.0)
    model = build("cvae", config, seed=1)
    assert isinstance(model, ConditionalVAE)
    with torch.no_grad():
        x = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        label = torch.tensor([3, 8])
        mu, logvar = model.encode(x, label)
        draws = mu + torch.exp(logvar / 2) * fixed_normals(MEASURED_SAMPLES, 2, seed=1).unsqueeze(1)  # (S, B, D)
        costs = [-model.log_likelihood_nats(model.decode_logits(z, label), x) + 3 * objectives.kl_nats(mu, logvar) for z in draws]
    found = refine(model, x, label, beta=3.0, steps=5)
    assert found.cost_before_nats == pytest.approx(torch.stack(costs).mean(0).numpy(), abs=1e-3)
    assert refine(model, x, beta=3.0, steps=5).cost_before_nats != pytest.approx(found.cost_before_nats, abs=1e-2)


def test_the_same_image_climbs_the_same_way_alone_and_among_many_and_in_inference_mode(monkeypatch):
    monkeypatch.setattr("core.refine.BATCH", 2)
    shares: list[float] = []
    model = build("vae", TINY, seed=1)
    x = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        alone, together = refine(model, x[2:].clone(), steps=20), refine(model, x, steps=20, on_step=shares.append)
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == pytest.approx(1)
    assert together.path.shape == (21, 3, 2) and together.cost_after_nats.shape == (3,)
    assert together.path[:, 2] == pytest.approx(alone.path[:, 0], abs=1e-4)
    assert together.cost_after_nats[2] == pytest.approx(alone.cost_after_nats[0], abs=1e-3)


def test_the_draws_come_in_opposite_pairs_with_mean_0_and_variance_1():
    eps = fixed_normals(8, 3, seed=0)
    assert eps.shape == (8, 3) and torch.equal(eps[:4], -eps[4:])
    assert eps.square().mean(0).numpy() == pytest.approx(1, abs=1e-5)
