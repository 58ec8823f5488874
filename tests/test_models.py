"""The models, their building blocks, their configurations and the registry."""

import dataclasses
import json
import math
from typing import Any

import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier
from tiny import TINY, linear
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from core.data.datasets import load, to_unit_images
from core.models import MODELS, ConfigError, Model, build, describe, rebuild
from core.models.adversarial import AdversarialAutoencoder, AdversarialConfig
from core.models.autoencoder import AutoencoderConfig, ModelConfig
from core.models.conditional_vae import NOT_TOLD, ConditionalVAE, ConditionalVAEConfig
from core.models.config import MAX_LAYERS, MAX_SIDE, MAX_UNITS, from_json, to_json
from core.models.convolutional import MAX_CHANNELS, ConvolutionalVAEConfig
from core.models.lesson_vae import LessonVAEConfig
from core.models.linear import LinearConfig
from core.models.networks import ACTIVATIONS, Bias, convolutions, mlp, transposed_convolutions
from core.models.vae import VAEConfig

DENSE = {"encoder_hidden": (24,), "decoder_hidden": (16,)}
SMALL: dict[str, dict] = {  # settings of a small model of each kind
    "ae": DENSE,
    "vae": DENSE,
    "conv-vae": {"channels": (4, 6), "hidden": 16},
    "cvae": DENSE,
    "aae": DENSE | {"discriminator_hidden": (8,)},
    "pca": {},
    "lesson-vae": DENSE,
}
TRAINED = [name for name in MODELS if name != "pca"]  # that is computed
SOUND = [name for name in MODELS if name != "lesson-vae"]  # that trains with another noise and KL than it is measured with
PRIOR = [name for name in MODELS if MODELS[name].module.has_prior]


def small(name: str, seed: int = 1, **changes: object) -> Model:
    return build(name, MODELS[name].config(**SMALL[name] | changes), seed)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def x() -> torch.Tensor:
    return torch.rand(5, 1, 28, 28, generator=seeded())


@pytest.fixture
def label() -> torch.Tensor:
    return torch.tensor([3, 0, 9, 3, 1])


# --- networks -------------------------------------------------------------------------------------------------------------


def test_mlp_has_an_activation_between_layers_and_none_after_the_last():
    kinds = [type(layer).__name__ for layer in mlp((3, 5, 4, 2), "tanh")]
    assert kinds == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_mlp_computes_its_layers_in_order(activation):
    network = mlp((3, 5, 2), activation)
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    function = {"silu": lambda h: h / (1 + torch.exp(-h)), "relu": lambda h: h.clamp(min=0), "tanh": torch.tanh}[activation]
    hidden = function(x @ linear(network, 0).weight.T + linear(network, 0).bias)
    torch.testing.assert_close(network(x), hidden @ linear(network, 2).weight.T + linear(network, 2).bias)


@pytest.mark.parametrize("channels", [(1, 4), (1, 4, 6)])
def test_convolutions_halve_the_side_and_transposed_ones_double_it(channels):
    down = torch.nn.Sequential(*convolutions(channels, "relu"))
    up = torch.nn.Sequential(*transposed_convolutions(channels[::-1], "relu"))
    inner = down(torch.zeros(3, 1, 28, 28))
    assert inner.shape == (3, channels[-1], 28 >> len(channels[1:]), 28 >> len(channels[1:]))
    assert up(inner).shape == (3, 1, 28, 28)
    assert isinstance(down[-1], torch.nn.ReLU) and isinstance(up[-1], torch.nn.ConvTranspose2d)


def test_transposed_convolutions_reach_every_pixel_equally_often():
    layer = transposed_convolutions((1, 1))[0]
    assert isinstance(layer, torch.nn.ConvTranspose2d) and layer.bias is not None
    torch.nn.init.ones_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    inside = layer(torch.ones(1, 1, 7, 7))[0, 0, 1:-1, 1:-1]
    assert torch.equal(inside, torch.full((12, 12), 4.0))


def test_bias_adds_its_own_number_to_each_value():
    layer = Bias(3)
    assert torch.equal(layer(torch.ones(2, 3)), torch.ones(2, 3))
    with torch.no_grad():
        layer.bias.copy_(torch.tensor([1.0, 2.0, 3.0]))
    assert layer(torch.zeros(2, 3)).tolist() == [[1, 2, 3], [1, 2, 3]]


# --- configuration --------------------------------------------------------------------------------------------------------

SHARED: dict[str, list[Any]] = {
    "latent_dim": [0, 129, -1, 2.0, "2", None, True, math.nan, math.inf, 10**400],
    "activation": ["sine", "", None, 3, ("silu",)],
    "likelihood": ["poisson", None],
    "sigma": [0.0, -1.0, 11.0, math.nan, math.inf, "0.1", None, True],
    "shape": [(28, 28), (3, 28, 28), (1, 0, 28), (1, 28, MAX_SIDE + 1), (1, 28.0, 28), 28, None, [1, 28, 28]],
}
HIDDEN: dict[str, list[Any]] = {
    "encoder_hidden": [(0,), (MAX_UNITS + 1,), (10,) * (MAX_LAYERS + 1), (1.5,), ("8",), (None,), 8, "88", None, {"a": 1}, [8]],
    "decoder_hidden": [(-1,), (True,), ((8,),)],
}
BETA: dict[str, list[Any]] = {"beta": [-0.1, 1001, math.nan, -math.inf, 10**400, None]}
ANCHORS: dict[str, list[Any]] = {"anchors": [2, -1, 97, 12.0, None, True, 12]}  # 12: with the usual encoder of several layers
REFUSED: dict[type[ModelConfig], dict[str, list[Any]]] = {
    AutoencoderConfig: SHARED | HIDDEN,
    VAEConfig: SHARED | HIDDEN | BETA | ANCHORS,
    ConvolutionalVAEConfig: SHARED
    | BETA
    | {"channels": [(), (8, 8, 8), (0,), (8, MAX_CHANNELS + 1), (8.0,), 8, None, [8]], "hidden": [0, MAX_UNITS + 1, 1.5, None, (8,)]},
    ConditionalVAEConfig: SHARED
    | HIDDEN
    | BETA
    | {"anchors": [12]}
    | {"classes": [0, 1, 257, 2.0, None, True], "label_dropout": [-0.1, 1.1, math.nan, None]},
    AdversarialConfig: SHARED
    | HIDDEN
    | {"discriminator_hidden": [(0,), 8, None], "adversarial_weight": [-1.0, 10_001, math.nan, math.inf, None, True]},
    LinearConfig: {name: values for name, values in SHARED.items() if name != "activation"},
    LessonVAEConfig: SHARED | HIDDEN | BETA | {"anchors": [12]},
}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [(kind, name, value) for kind, settings in REFUSED.items() for name, values in settings.items() for value in values],
    ids=lambda value: getattr(value, "__name__", repr(value))[:20],
)
def test_a_value_out_of_range_is_refused_by_name(kind, name, value):
    with pytest.raises(ConfigError, match=name) as refusal:
        kind(**{name: value})
    assert str(refusal.value).endswith(".")


def test_every_setting_of_every_model_has_values_that_are_refused():
    for entry in MODELS.values():
        assert {field.name for field in dataclasses.fields(entry.config)} == REFUSED[entry.config].keys()


LIMITS = {
    "ae": [{"latent_dim": 1}, {"latent_dim": 128}, {"encoder_hidden": (), "decoder_hidden": ()}],
    "vae": [{"encoder_hidden": (), "decoder_hidden": ()}, {"beta": 0, "sigma": 1}],
    "conv-vae": [{"channels": (1,), "hidden": 1}, {"channels": (MAX_CHANNELS, 1)}],
    "cvae": [{"encoder_hidden": (), "decoder_hidden": ()}, {"classes": 2, "label_dropout": 0}, {"classes": 256, "label_dropout": 1}],
    "aae": [{"discriminator_hidden": ()}, {"adversarial_weight": 0}],
}


@pytest.mark.parametrize(("name", "settings"), [(name, settings) for name, choices in LIMITS.items() for settings in choices])
def test_the_limits_themselves_are_accepted(name, settings, x, label):
    model = small(name, **settings)
    assert torch.isfinite(model.training_terms(x, generator=seeded(), label=label)).all()


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
    model = small(name, latent_dim=3)
    again = rebuild(json.loads(json.dumps(describe(name, model))))
    assert type(again) is MODELS[name].module
    assert again.config == model.config


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_rebuilt_without_memory_and_then_given_its_weights(name, x):
    model = small(name)
    with torch.device("meta"):
        again = rebuild(describe(name, model))
    assert all(tensor.is_meta for tensor in again.state_dict().values())
    again.load_state_dict(model.state_dict(), assign=True)
    assert torch.equal(again.decode(again.encode(x)[0]), model.decode(model.encode(x)[0]))


@pytest.mark.parametrize("entry", MODELS.values(), ids=MODELS)
def test_every_model_is_explained_in_a_sentence(entry):
    assert entry.title and entry.summary.endswith(".") and entry.summary.count(".") == 1


BAD_CONFIGS: list[Any] = [None, [], {"latent_dim": "two"}, {"latent_dim": 10**400}, {"widths": [3]}]


@pytest.mark.parametrize(
    "description",
    [
        *[None, "vae", [], {}, {"name": "vae"}, {"config": {}}, {"name": "gan", "config": {}}, {"name": ["vae"], "config": {}}],
        *[{"name": "vae", "config": config} for config in BAD_CONFIGS],
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_description_that_cannot_be_used_is_refused(description):
    with pytest.raises(ConfigError, match=r"\w+ .*\.$"):
        rebuild(description)


@pytest.mark.parametrize("name", MODELS)
def test_the_seed_alone_decides_the_initial_weights(name):
    first, again, other = (small(name, seed).state_dict() for seed in (5, 5, 6))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not any(torch.equal(first[key], other[key]) for key in first if key.endswith("weight"))


@pytest.mark.parametrize("name", MODELS)
def test_the_global_generator_is_left_as_it_was(name, x, label):
    before = torch.get_rng_state()
    model = small(name, seed=5)
    model.training_terms(x, generator=seeded(), label=label)
    model.terms_nats(x, generator=seeded(), label=label)
    assert torch.equal(torch.get_rng_state(), before)


def test_building_does_not_seed_the_generators_of_other_devices(monkeypatch):
    seeded: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    build("vae", TINY, seed=5)
    assert seeded == []


# --- every model ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("latent_dim", [1, 2, 128])
def test_shapes_types_and_ranges(name, latent_dim, x, label):
    model = small(name, latent_dim=latent_dim)
    mu, logvar = model.encode(x)
    assert mu.shape == (5, latent_dim)
    assert logvar is None or (logvar.shape == mu.shape and logvar.dtype == torch.float32)
    logits, images = model.decode_logits(100 * mu), model.decode(100 * mu)
    assert logits.shape == images.shape == (5, 1, 28, 28)
    assert {mu.dtype, logits.dtype, images.dtype} == {torch.float32}
    assert images.min() >= 0 and images.max() <= 1
    torch.testing.assert_close(images, 1 / (1 + torch.exp(-logits)))
    assert all(term.shape == (5,) for term in model.terms_nats(x))
    terms = model.training_terms(x, generator=seeded(), label=label)
    assert terms.shape == (len(model.LOSSES), 5) and terms.dtype == torch.float32
    assert model.objective(terms, 0.5).shape == ()


def test_only_models_with_a_posterior_give_a_variance(x):
    without = {name for name in MODELS if small(name).encode(x)[1] is None}
    assert without == {"ae", "aae", "pca"}
    assert set(MODELS) - set(PRIOR) == {"ae", "pca"}
    for name in without:
        assert torch.equal(small(name).terms_nats(x)[1], torch.zeros(5))


@pytest.mark.parametrize("name", SOUND)
def test_the_first_loss_is_the_reconstruction_and_a_kl_the_second(name, x, label):
    model = small(name, label_dropout=0.0) if name == "cvae" else small(name)
    terms = model.training_terms(x, generator=seeded(2))
    log_likelihood, kl = model.terms_nats(x, generator=seeded(2))
    assert model.LOSSES[0] == "reconstruction_nats"
    torch.testing.assert_close(terms[0], -log_likelihood)
    if "kl_nats" in model.LOSSES:
        torch.testing.assert_close(terms[model.LOSSES.index("kl_nats")], kl)


@pytest.mark.parametrize("name", MODELS)
def test_training_compares_with_the_target(name, x, label):
    model, target = small(name, likelihood="laplace"), 1 - x
    terms = model.training_terms(x, target, seeded(), label)
    assert torch.equal(terms[1:], model.training_terms(x, None, seeded(), label)[1:])
    assert not torch.isclose(terms[0], model.training_terms(x, None, seeded(), label)[0]).any()


@pytest.mark.parametrize("name", TRAINED)
def test_every_parameter_gets_a_gradient_from_one_backward_pass(name, x, label):
    model = small(name)
    model.objective(model.training_terms(x, generator=seeded(), label=label), 0.5).backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in model.parameters())


@pytest.mark.parametrize("name", MODELS)
def test_a_training_step_never_looks_at_a_value(name):
    """Fake tensors have none, so .item(), a branch on a value or a shape that depends on one would raise: a CUDA graph can hold it."""
    with FakeTensorMode() as mode:
        model = small(name)
        x, label = torch.empty(5, 1, 28, 28), torch.empty(5, dtype=torch.int64)
        terms = model.training_terms(x, label=label)
        loss = model.objective(terms, torch.tensor(0.5))
        assert loss.requires_grad == (name in TRAINED)
        if name in TRAINED:
            loss.backward()
        assert mode is not None and terms.shape == (len(model.LOSSES), 5)


@pytest.mark.parametrize("name", TRAINED)
def test_an_untrained_model_starts_at_the_mean_image(name, digits):
    mean = to_unit_images(digits[0].images).mean(0)
    model, z = small(name), torch.randn(50, 2, generator=seeded())
    model.set_mean_image(mean)
    assert (model.decode(z).mean(0) - mean).abs().max() < (0.2 if name == "lesson-vae" else 0.1)  # ReLU: it begins less near
    assert (small(name).decode(z).mean(0) - mean).abs().max() > 0.3


@pytest.mark.parametrize("name", MODELS)
def test_logits_stay_float32_under_bfloat16_autocast(name, x, label):
    model = small(name)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        z, _ = model.encode(x, label)
        assert model.decoder(z).dtype == torch.bfloat16 or name == "conv-vae"  # autocast is at work; the conv's bias adds in float32
        assert z.dtype == model.decode_logits(z, label).dtype == model.training_terms(x, label=label).dtype == torch.float32


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("likelihood", "distribution"),
    [
        ("bernoulli", lambda logits: torch.distributions.Bernoulli(logits=logits)),
        ("gaussian", lambda logits: torch.distributions.Normal(torch.sigmoid(logits), 0.3)),
        ("laplace", lambda logits: torch.distributions.Laplace(torch.sigmoid(logits), 0.3)),
    ],
)
def test_the_likelihood_is_that_of_the_decoded_image(name, likelihood, distribution, x):
    model, target = small(name, likelihood=likelihood, sigma=0.3), x.round()
    logits = model.decode_logits(torch.zeros(5, 2))
    expected = distribution(logits).log_prob(target).sum((1, 2, 3))
    torch.testing.assert_close(model.log_likelihood_nats(logits, target), expected)


@pytest.mark.parametrize("name", MODELS)
def test_decoder_flop_is_what_torch_counts(name):
    with FlopCounterMode(display=False) as counted:
        model = small(name)
        model.decode(torch.zeros(1, 2))
    assert model.decoder_flop() == counted.get_total_flops() > 0


WIDE: dict[str, Any] = {"encoder_hidden": (64,), "decoder_hidden": (64,)}
LEARNS: dict[str, dict[str, Any]] = {"ae": WIDE, "vae": WIDE, "conv-vae": {"channels": (4, 8), "hidden": 64}, "cvae": WIDE, "aae": WIDE}
LEARNS |= {"lesson-vae": WIDE}


def learn(model: Model, x: torch.Tensor, label: torch.Tensor, epochs: int, learning_rate: float = 1e-2) -> list[dict[str, float]]:
    """Train in the plainest way; the mean losses of each epoch."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.99))
    generator, history = seeded(), []
    for epoch in range(epochs):
        sums = torch.zeros(len(model.LOSSES))
        for rows in torch.randperm(len(x), generator=generator).split(50):
            terms = model.training_terms(x[rows], generator=generator, label=label[rows])
            optimizer.zero_grad()
            model.objective(terms, min(1.0, 2 * (epoch + 1) / epochs)).backward()
            optimizer.step()
            sums += terms.detach().sum(1)
        history.append(dict(zip(model.LOSSES, (sums / len(x)).tolist(), strict=True)))
    return history


def separation(model: Model, digits) -> float:
    """Share of unseen images whose class the codes around them tell, no label told to the model; guessing gives 0.1."""
    (x, label), (test_x, test_label) = ((to_unit_images(split.images), split.labels) for split in digits)
    with torch.no_grad():
        return KNeighborsClassifier(5).fit(model.encode(x)[0], label).score(model.encode(test_x)[0], test_label)


@pytest.mark.parametrize("name", TRAINED)
def test_a_model_learns(name, digits):
    x, label = to_unit_images(digits[0].images), torch.from_numpy(digits[0].labels).long()
    test_x, model = to_unit_images(digits[1].images), small(name, **LEARNS[name])
    model.set_mean_image(x.mean(0))
    untrained = -model.terms_nats(test_x, generator=seeded())[0].mean().item()
    history = [losses["reconstruction_nats"] for losses in learn(model, x, label, epochs=60)]
    trained = -model.terms_nats(test_x, generator=seeded())[0].mean().item()
    assert history[-1] < 0.85 * history[0]
    assert trained < 0.95 * untrained, "on images it has not seen"
    if not model.conditional:  # one that is told the class has no reason to put it into the code
        assert separation(model, digits) > 0.4


# --- VAE ------------------------------------------------------------------------------------------------------------------


def test_images_are_encoded_one_by_one(tiny_model, x):
    together = torch.cat(tiny_model.encode(x), 1)
    alone = torch.cat([torch.cat(tiny_model.encode(image[None]), 1) for image in x])
    torch.testing.assert_close(together, alone)
    assert not torch.allclose(together[0], together[1])


def test_pixels_are_decoded_in_reading_order(tiny_model):
    mean = torch.linspace(0.1, 0.9, 784).reshape(1, 28, 28)
    tiny_model.set_mean_image(mean)
    torch.nn.init.zeros_(linear(tiny_model.decoder, -1).weight)
    torch.testing.assert_close(tiny_model.decode(torch.randn(3, 2)), mean.expand(3, 1, 28, 28))


def test_the_mean_image_may_have_pixels_that_are_always_off_or_on(tiny_model):
    tiny_model.set_mean_image(torch.cat([torch.zeros(1, 14, 28), torch.ones(1, 14, 28)], dim=1))
    assert torch.isfinite(linear(tiny_model.decoder, -1).bias).all()


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


def test_neighbouring_codes_differ_under_bfloat16_autocast(tiny_model):
    """Codes that bfloat16 cannot tell apart reach the decoder's first layer as they are."""
    z = torch.tensor([[1.0, 1.0], [1.001, 1.0]])
    assert torch.equal(z[0].bfloat16(), z[1].bfloat16())
    with torch.no_grad():  # make the difference visible behind the later layers
        linear(tiny_model.decoder, 0).weight.mul_(1000)
        linear(tiny_model.decoder, 0).bias.sub_(linear(tiny_model.decoder, 0).weight @ z[0])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        here, there = tiny_model.decode_logits(z)
    assert not torch.equal(here, there)


@pytest.mark.parametrize("name", MODELS)
def test_codes_are_not_rounded_under_bfloat16_autocast(name, x, label):
    model = small(name)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mu, _ = model.encode(x, label)
    assert not torch.equal(mu, mu.bfloat16().float())  # what the last layer adds up is kept


def test_decoder_flop_counts_two_per_weight():
    assert build("vae", VAEConfig(decoder_hidden=(256, 256, 512))).decoder_flop() == 2 * (2 * 256 + 256 * 256 + 256 * 512 + 512 * 784)


def test_a_beta_vae_is_a_vae_with_another_beta():
    model = build("vae", VAEConfig(beta=4.0))
    assert isinstance(model.config, VAEConfig) and model.config.beta == 4.0


def test_the_vae_objective_weighs_the_kl_with_beta_and_the_warm_up():
    model = small("vae", beta=4.0)
    terms = torch.tensor([[100.0, 50.0], [5.0, 3.0]])  # reconstruction and KL of two images
    assert model.objective(terms, 0.5).item() == 75 + 4 * 0.5 * 4
    assert model.objective(terms, torch.tensor(0.0)).item() == 75
    assert model.objective(terms).item() == 75 + 4 * 4


def test_a_vae_keeps_the_names_and_the_order_that_its_files_have():
    model = build("vae", TINY)
    names = [f"{part}.{layer}.{what}" for part in ("encoder", "decoder") for layer in (0, 2) for what in ("weight", "bias")]
    assert list(model.state_dict()) == names
    fields = ["latent_dim", "encoder_hidden", "decoder_hidden", "activation", "likelihood", "sigma", "shape", "beta", "anchors"]
    assert [field.name for field in dataclasses.fields(VAEConfig)] == fields


# --- plain autoencoder ----------------------------------------------------------------------------------------------------


def test_an_autoencoder_minimises_the_reconstruction_alone_and_draws_nothing(x):
    model, generator = small("ae"), seeded()
    before = generator.get_state()
    terms = model.training_terms(x, generator=generator)
    assert torch.equal(generator.get_state(), before)
    assert torch.equal(model.objective(terms, 0.0), terms.mean())
    expected = torch.distributions.Bernoulli(logits=model.decode_logits(model.encode(x)[0])).log_prob(x.round()).sum((1, 2, 3))
    torch.testing.assert_close(model.training_terms(x, x.round())[0], -expected)


def test_a_code_without_a_variance_is_its_mean():
    mu = torch.randn(4, 2, generator=seeded())
    assert torch.equal(small("ae").reparameterize(mu, None, seeded()), mu)


# --- convolutional VAE ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [(4,), (4, 6)])
def test_a_convolutional_vae_of_any_depth_decodes_to_whole_images(channels, x):
    model = small("conv-vae", channels=channels)
    assert isinstance(model.config, ConvolutionalVAEConfig)
    assert model.config.innermost == (channels[-1], 28 >> len(channels), 28 >> len(channels))
    assert model.decode(model.encode(x)[0]).shape == (5, 1, 28, 28)
    assert isinstance(model.decoder[0], torch.nn.Linear)


def test_a_convolution_sees_the_picture_upright():
    model = small("conv-vae")
    x = torch.zeros(1, 1, 28, 28)
    x[..., :2, 20:24] = 1.0  # at the top, right of the middle
    quiet, seen = (model.encoder[:2](image.flatten(1)) for image in (torch.zeros_like(x), x))
    rows, columns = (seen - quiet).abs().sum((0, 1)).nonzero().T
    assert rows.max() <= 1 and columns.min() >= 10 and columns.max() <= 12


# --- conditional VAE ------------------------------------------------------------------------------------------------------


def test_the_label_decides_what_is_decoded_and_what_the_code_is(x, label):
    model, z = small("cvae"), torch.zeros(5, 2)
    other = (label + 1) % 10
    assert not torch.isclose(model.decode(z, label), model.decode(z, other)).all(dim=(1, 2, 3)).any()
    assert not torch.isclose(model.encode(x, label)[0], model.encode(x, other)[0]).any()
    assert torch.equal(model.decode(z, label)[0], model.decode(z, label)[3])  # both of class 3


@pytest.mark.parametrize("told", [True, False])
def test_a_label_is_a_one_hot_input_of_both_first_layers_and_none_is_zeros(told, x, label):
    model, z = small("cvae"), torch.randn(5, 2, generator=seeded())
    one_hot = torch.nn.functional.one_hot(label, 10).float() if told else torch.zeros(5, 10)

    def with_label(network, columns, h):
        first = torch.cat([linear(network, 0).weight, columns.weight], dim=1)
        return network[1:](torch.cat([h, one_hot], dim=1) @ first.T + linear(network, 0).bias)

    given = label if told else None
    mu, logvar = model.encode(x, given)
    assert isinstance(model, ConditionalVAE) and logvar is not None
    torch.testing.assert_close(torch.cat([mu, logvar], 1), with_label(model.encoder, model.encoder_label, x.flatten(1)))
    torch.testing.assert_close(model.decode_logits(z, given).flatten(1), with_label(model.decoder, model.decoder_label, z))


def test_labels_can_be_withheld_from_single_images(x, label):
    model, z = small("cvae"), torch.zeros(5, 2)
    some = torch.tensor([3, NOT_TOLD, 9, NOT_TOLD, 1])
    for rows, given in (([0, 2, 4], label), ([1, 3], None)):
        torch.testing.assert_close(model.encode(x, some)[0][rows], model.encode(x, given)[0][rows])
        torch.testing.assert_close(model.decode(z, some)[rows], model.decode(z, given)[rows])


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_training_withholds_a_share_of_the_labels(share):
    model = small("cvae", label_dropout=share)
    assert isinstance(model, ConditionalVAE)
    x, label = torch.rand(2000, 1, 28, 28, generator=seeded()), torch.arange(2000) % 10
    seen: list[torch.Tensor] = []
    model.encoder_label.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    model.training_terms(x, generator=seeded(), label=label)
    told = seen[0].sum(1)
    assert 1 - told.mean().item() == pytest.approx(share, abs=0.03)
    assert set(told.tolist()) <= {0.0, 1.0} and torch.equal(seen[0].argmax(1)[told > 0], label[told > 0])


def test_evaluation_withholds_no_label_and_training_without_labels_works(x, label):
    model = small("cvae", label_dropout=1.0)
    with_label, without = (model.terms_nats(x, generator=seeded(), label=given)[0] for given in (label, None))
    assert not torch.isclose(with_label, without).any()
    torch.testing.assert_close(-model.training_terms(x, generator=seeded())[0], without)


def test_the_same_code_gives_each_class_once_it_has_learnt(digits):
    """The digit decoded from the prior's centre under a label lies nearest to the mean image of that class."""
    x, label = to_unit_images(digits[0].images), torch.from_numpy(digits[0].labels).long()
    model = small("cvae", **WIDE)
    learn(model, x, label, epochs=40)
    means = torch.stack([x[label == c].mean(0) for c in range(10)]).flatten(1)
    with torch.no_grad():
        decoded = model.decode(torch.zeros(10, 2), torch.arange(10)).flatten(1)
    assert (torch.cdist(decoded, means).argmin(1) == torch.arange(10)).float().mean() > 0.7


@pytest.mark.slow
def test_a_code_need_not_say_what_the_label_says():
    """Trained without labels, codes separate the classes; trained with them, hardly."""
    splits = load("digits", "train"), load("digits", "test")
    x, label = to_unit_images(splits[0].images), torch.from_numpy(splits[0].labels).long()
    told, not_told = small("cvae", **WIDE, label_dropout=0.0), small("cvae", **WIDE, label_dropout=1.0)
    for model in (told, not_told):
        learn(model, x, label, epochs=20)
    assert separation(told, splits) < 0.4 < 0.55 < separation(not_told, splits)


# --- adversarial autoencoder ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "moved"),
    [("reconstruction_nats", {"encoder", "decoder"}), ("generator_nats", {"encoder"}), ("discriminator_nats", {"discriminator"})],
)
def test_each_loss_moves_its_own_networks_alone(loss, moved, x):
    model = small("aae")
    model.training_terms(x, generator=seeded())[model.LOSSES.index(loss)].sum().backward()
    assert {name.partition(".")[0] for name, p in model.named_parameters() if p.grad is not None and p.grad.any()} == moved


def test_one_backward_pass_gives_every_network_its_own_gradient(x):
    model = small("aae", adversarial_weight=7.0)
    model.objective(model.training_terms(x, generator=seeded()), 0.5).backward()
    together = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    for loss, weight in zip(model.LOSSES, (1.0, 3.5, 1.0), strict=True):
        model.zero_grad()
        model.training_terms(x, generator=seeded())[model.LOSSES.index(loss)].mean().backward()
        for name, p in model.named_parameters():
            together[name] -= 0.0 if p.grad is None else weight * p.grad
    assert all(torch.allclose(rest, torch.zeros_like(rest), atol=1e-4) for rest in together.values())


def test_the_discriminator_learns_to_tell_codes_from_the_prior(x):
    """With no wish to mislead it, codes far from the prior are soon told apart, and codes drawn from the prior never."""
    model = small("aae", discriminator_hidden=(32,), adversarial_weight=0.0)
    assert isinstance(model, AdversarialAutoencoder)
    with torch.no_grad():
        linear(model.encoder, -1).bias.add_(4.0)
    optimizer, generator = torch.optim.AdamW(model.discriminator.parameters(), lr=1e-2), seeded()
    losses = []
    for _ in range(60):
        terms = model.training_terms(x, generator=generator)
        optimizer.zero_grad()
        model.objective(terms, 1.0).backward()
        optimizer.step()
        losses.append(terms.detach().mean(1)[1:])
    misled, mistaken = losses[-1].tolist()
    assert losses[0][1] > 1.0 and mistaken < 0.1 and misled > 3.0
    with torch.no_grad():
        prior, code = model.discriminator(torch.randn(500, 2, generator=generator)), model.discriminator(model.encode(x)[0])
    assert (prior > 0).float().mean() > 0.95 and (code < 0).all()


def test_adversarial_training_makes_the_codes_look_like_the_prior(digits):
    x, label = to_unit_images(digits[0].images), torch.from_numpy(digits[0].labels).long()
    away = {}
    for name in ("ae", "aae"):
        model = small(name, **WIDE)
        learn(model, x, label, epochs=60)
        with torch.no_grad():
            z, _ = model.encode(x)
        away[name] = (z.mean(0).norm() + (torch.cov(z.T) - torch.eye(2)).norm()).item()
    assert away["aae"] < 2.0 < 10.0 < away["ae"]
