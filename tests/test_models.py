"""The VAE, its building blocks, its configuration and the registry of models."""

import dataclasses
import json
import math

import pytest
import torch
from conftest import TINY

from core.models import MODELS, ConfigError, Model, build, describe, rebuild
from core.models.config import MAX_LAYERS, MAX_UNITS, from_json, to_json
from core.models.networks import ACTIVATIONS, mlp
from core.models.vae import VAEConfig

# --- networks -------------------------------------------------------------------------------------------------------------


def test_mlp_has_an_activation_between_layers_and_none_after_the_last():
    kinds = [type(layer).__name__ for layer in mlp((3, 5, 4, 2), "tanh")]
    assert kinds == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_mlp_computes_its_layers_in_order(activation):
    network = mlp((3, 5, 2), activation)
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    function = {"silu": lambda h: h / (1 + torch.exp(-h)), "relu": lambda h: h.clamp(min=0), "tanh": torch.tanh}[activation]
    hidden = function(x @ network[0].weight.T + network[0].bias)
    torch.testing.assert_close(network(x), hidden @ network[2].weight.T + network[2].bias)


# --- configuration --------------------------------------------------------------------------------------------------------

REFUSED = {
    "latent_dim": [0, 65, -1, 2.0, "2", None, True, math.nan, math.inf, 10**400],
    "encoder_hidden": [(0,), (MAX_UNITS + 1,), (10,) * (MAX_LAYERS + 1), (1.5,), ("8",), (None,), 8, "88", None, {"a": 1}, [8]],
    "decoder_hidden": [(-1,), (True,), ((8,),)],
    "activation": ["sine", "", None, 3, ("silu",)],
    "likelihood": ["poisson", None],
    "sigma": [0.0, -1.0, 11.0, math.nan, math.inf, "0.1", None, True],
    "beta": [-0.1, 1001, math.nan, -math.inf, 10**400, None],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values], ids=lambda value: repr(value)[:20]
)
def test_a_value_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(ConfigError, match=name) as refusal:
        VAEConfig(**{name: value})
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    "config",
    [VAEConfig(latent_dim=1), VAEConfig(latent_dim=64), VAEConfig(encoder_hidden=(), decoder_hidden=()), VAEConfig(beta=0, sigma=1)],
)
def test_the_limits_themselves_are_accepted(config):
    assert build("vae", config).config == config


def test_a_config_survives_json():
    config = VAEConfig(3, (7, 5), (6,), "relu", "gaussian", 0.25, 4.0)
    assert from_json(VAEConfig, json.loads(json.dumps(to_json(config)))) == config


def test_an_unknown_setting_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"no setting named dropout.*latent_dim"):
        from_json(VAEConfig, {"dropout": 0.5, "latent_dim": 2})


@pytest.mark.parametrize("values", [None, [], "latent_dim", 3])
def test_a_config_that_is_not_an_object_is_refused(values):
    with pytest.raises(ConfigError, match="must be a JSON object"):
        from_json(VAEConfig, values)


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TINY.latent_dim = 3


# --- registry -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_every_registered_model_is_rebuilt_from_its_description(name):
    config = MODELS[name].config(latent_dim=3, encoder_hidden=(8,), decoder_hidden=(8,), beta=2.0)
    again = rebuild(json.loads(json.dumps(describe(name, build(name, config)))))
    assert type(again) is MODELS[name].module
    assert again.config == config


@pytest.mark.parametrize(
    "description",
    [None, "vae", [], {}, {"name": "vae"}, {"config": {}}, {"name": "gan", "config": {}}, {"name": ["vae"], "config": {}}]
    + [{"name": "vae", "config": config} for config in (None, [], {"latent_dim": "two"}, {"latent_dim": 10**400}, {"widths": [3]})],
    ids=lambda value: repr(value)[:60],
)
def test_a_description_that_cannot_be_used_is_refused(description):
    with pytest.raises(ConfigError, match=r"\w+ .*\.$"):
        rebuild(description)


def test_the_seed_alone_decides_the_initial_weights():
    first, again, other = (build("vae", TINY, seed).state_dict() for seed in (5, 5, 6))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)


def test_building_leaves_the_global_generator_as_it_was():
    before = torch.get_rng_state()
    build("vae", TINY, seed=5)
    assert torch.equal(torch.get_rng_state(), before)


def test_building_does_not_seed_the_generators_of_other_devices(monkeypatch):
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    build("vae", TINY, seed=5)
    assert seeded == []


# --- VAE ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def x() -> torch.Tensor:
    return torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("latent_dim", [1, 2, 7])
def test_shapes_types_and_ranges(latent_dim, x):
    model = build("vae", dataclasses.replace(TINY, latent_dim=latent_dim))
    mu, logvar = model.encode(x)
    assert mu.shape == logvar.shape == (5, latent_dim)
    logits, images = model.decode_logits(100 * mu), model.decode(100 * mu)
    assert logits.shape == images.shape == (5, 1, 28, 28)
    assert {mu.dtype, logvar.dtype, logits.dtype, images.dtype} == {torch.float32}
    assert images.min() >= 0 and images.max() <= 1
    torch.testing.assert_close(images, 1 / (1 + torch.exp(-logits)))
    assert all(term.shape == (5,) for term in model.terms_nats(x))


def test_images_are_encoded_one_by_one(tiny_model, x):
    together = torch.cat(tiny_model.encode(x), 1)
    alone = torch.cat([torch.cat(tiny_model.encode(image[None]), 1) for image in x])
    torch.testing.assert_close(together, alone)
    assert not torch.allclose(together[0], together[1])


def test_pixels_are_decoded_in_reading_order(tiny_model):
    mean = torch.linspace(0.1, 0.9, 784).reshape(1, 28, 28)
    tiny_model.set_mean_image(mean)
    torch.nn.init.zeros_(tiny_model.decoder[-1].weight)
    torch.testing.assert_close(tiny_model.decode(torch.randn(3, 2)), mean.expand(3, 1, 28, 28))


def test_the_mean_image_may_have_pixels_that_are_always_off_or_on(tiny_model):
    tiny_model.set_mean_image(torch.cat([torch.zeros(1, 14, 28), torch.ones(1, 14, 28)], dim=1))
    assert torch.isfinite(tiny_model.decoder[-1].bias).all()


def test_reparameterize_draws_from_the_posterior(tiny_model):
    mu = torch.tensor([[-1.0, 3.0]]).expand(200_000, 2)
    logvar = torch.tensor([[2.0, -1.0]]).expand(200_000, 2)
    z = tiny_model.reparameterize(mu, logvar, torch.Generator().manual_seed(0))
    torch.testing.assert_close(z.mean(0), mu[0], atol=0.02, rtol=0)
    torch.testing.assert_close(z.std(0), torch.tensor([math.exp(1.0), math.exp(-0.5)]), atol=0.02, rtol=0)
    assert torch.corrcoef(z.T)[0, 1].abs() < 0.01


def test_reparameterize_lets_gradients_reach_mu_and_logvar(tiny_model):
    mu, logvar = torch.zeros(4, 2, requires_grad=True), torch.full((4, 2), 0.6, requires_grad=True)
    z = tiny_model.reparameterize(mu, logvar, torch.Generator().manual_seed(0))
    z.sum().backward()
    torch.testing.assert_close(mu.grad, torch.ones(4, 2))
    torch.testing.assert_close(logvar.grad, 0.5 * (z - mu).detach())  # d(sigma eps) / d logvar = sigma eps / 2


def test_a_generator_makes_the_draw_repeatable_and_leaves_the_global_one_alone(tiny_model, x):
    before = torch.get_rng_state()
    first, again, other = (tiny_model.terms_nats(x, generator=torch.Generator().manual_seed(seed))[0] for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_terms_are_taken_at_the_target(tiny_model, x):
    target = (x > 0.5).float()
    log_likelihood, kl = tiny_model.terms_nats(x, target, torch.Generator().manual_seed(0))
    mu, logvar = tiny_model.encode(x)
    logits = tiny_model.decode_logits(tiny_model.reparameterize(mu, logvar, torch.Generator().manual_seed(0)))
    expected = torch.distributions.Bernoulli(logits=logits).log_prob(target).sum((1, 2, 3))
    torch.testing.assert_close(log_likelihood, expected)
    prior, posterior = torch.distributions.Normal(0.0, 1.0), torch.distributions.Normal(mu, (0.5 * logvar).exp())
    torch.testing.assert_close(kl, torch.distributions.kl_divergence(posterior, prior).sum(1))


def test_the_gaussian_likelihood_is_a_density_around_the_decoded_image(x):
    model = build("vae", dataclasses.replace(TINY, likelihood="gaussian", sigma=0.3))
    logits = model.decode_logits(torch.zeros(5, 2))
    expected = torch.distributions.Normal(torch.sigmoid(logits), 0.3).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(model.log_likelihood_nats(logits, x), expected)


def test_logits_stay_float32_under_bfloat16_autocast(tiny_model, x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mu, logvar = tiny_model.encode(x)
        assert tiny_model.decoder(mu).dtype == torch.bfloat16  # autocast is at work
        assert mu.dtype == logvar.dtype == tiny_model.decode_logits(mu).dtype == tiny_model.decode(mu).dtype == torch.float32


def test_neighbouring_codes_differ_under_bfloat16_autocast(tiny_model):
    """Codes that bfloat16 cannot tell apart reach the decoder's first layer as they are."""
    z = torch.tensor([[1.0, 1.0], [1.001, 1.0]])
    assert torch.equal(z[0].bfloat16(), z[1].bfloat16())
    with torch.no_grad():  # make the difference visible behind the later layers
        tiny_model.decoder[0].weight.mul_(1000)
        tiny_model.decoder[0].bias.sub_(tiny_model.decoder[0].weight @ z[0])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        here, there = tiny_model.decode_logits(z)
    assert not torch.equal(here, there)


def test_decoder_flop_counts_two_per_weight():
    assert build("vae", VAEConfig(decoder_hidden=(256, 256, 512))).decoder_flop() == 2 * (2 * 256 + 256 * 256 + 256 * 512 + 512 * 784)


def test_a_beta_vae_is_a_vae_with_another_beta():
    model: Model = build("vae", VAEConfig(beta=4.0))
    assert model.config.beta == 4.0
