"""A model's encoder for a file that must stay small: the ways, and how far codes move."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load
from tiny import linear
from torch import nn

from core import checkpoints, export
from core.models import MODELS, Model, build
from core.models.anchors import Anchors
from core.models.convolutional import ConvolutionalVAEConfig
from core.models.vae import VAEConfig
from core.posterior import anchored
from core.small_encoder import Moved, SmallEncoder, Spread, moved, moved_of, ways

ONE_LAYER: dict[str, Any] = {"encoder_hidden": (24,)}


def small_vae() -> Model:
    return build("vae", VAEConfig(encoder_hidden=(24, 17), decoder_hidden=(12,)), seed=2).eval()


def hows(model: Model) -> list[str]:
    return [small.how for small in ways(model)]


def test_levels_are_the_nearest_of_255_and_a_row_keeps_its_largest_weight() -> None:
    weight = torch.randn(40, 30, generator=torch.Generator().manual_seed(0)) * torch.logspace(-6, 3, 40).unsqueeze(1)
    weight[3] = 0
    levels, scale = export.in_levels(weight)
    assert levels.dtype == torch.int8 and int(levels.max()) == 127 and int(levels.min()) == -127
    off = (levels * scale.unsqueeze(1) - weight).abs()
    assert (off <= 0.5001 * scale.unsqueeze(1)).all() and not levels[3].any()
    largest = weight.abs().argmax(1, keepdim=True)
    torch.testing.assert_close((levels * scale.unsqueeze(1)).gather(1, largest), weight.gather(1, largest))


def test_a_dense_encoder_goes_as_it_is_or_rounded_a_convolutional_one_not_at_all() -> None:
    assert hows(small_vae()) == ["exact", "rounded"]
    assert hows(build("conv-vae", ConvolutionalVAEConfig())) == []


def test_what_bayes_rule_makes_of_the_decoder_is_computed_and_nothing_else_is() -> None:
    beginning = small_vae()
    for parameter in beginning.parameters():
        parameter.data = parameter.half().float()  # as checkpoints have it
    model = anchored(beginning, 7)
    assert hows(model) == ["computed"]
    for parameter in model.parameters():
        parameter.data = parameter.half().float()
    (small,) = ways(model)
    facts = json.loads(small.file[8 : 8 + int.from_bytes(small.file[:8], "little")])["__metadata__"]
    assert facts["weights"] == "of the decoder" and facts["gives"] == "scores" and len(json.loads(facts["axis"])) == 7
    anchors = model.encoder[-1]
    assert isinstance(anchors, Anchors)
    np.testing.assert_array_equal(load(small.file)["bias"], anchors.scores.bias.detach().numpy())
    linear(model.decoder, 2).bias.data += 1  # what the bias is there for
    assert hows(model) == ["computed"]
    linear(model.decoder, 0).weight.data[0] += 0.1
    assert hows(model) == ["exact", "rounded"], "it is the encoder of another decoder"


def test_the_main_models_is_computed_and_keeps_its_codes() -> None:
    checkpoint = checkpoints.opened("vae-mnist-2d")
    (small,) = ways(checkpoint.model)
    far = moved(checkpoint.model, small, checkpoint.latents.mu)
    assert small.how == "computed" and len(small.file) < 10_000
    assert far.images == 1000 and far.distance.largest < 1e-5 and far.sigmas and far.sigmas.largest < 1e-3


@pytest.mark.parametrize("kind", ["vae", "lesson-vae", "ae"])
def test_the_rounded_file_alone_encodes_as_its_model(kind: str) -> None:
    model = build(kind, replace(MODELS[kind].config(), **ONE_LAYER), seed=5).eval()
    *_, small = ways(model)
    tensors = {name: array.astype(np.float64) for name, array in load(small.file).items()}
    assert load(small.file)["0.weight"].dtype == np.int8
    x = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    hidden = x.flatten(1).double().numpy() @ (tensors["0.weight"] * tensors["0.scale"][:, None]).T + tensors["0.bias"]
    activation = small.file[8:].split(b'"activation":"')[1].split(b'"')[0].decode()
    hidden = {"silu": lambda h: h / (1 + np.exp(-h)), "relu": lambda h: np.maximum(h, 0)}[activation](hidden)
    answer = hidden @ (tensors["1.weight"] * tensors["1.scale"][:, None]).T + tensors["1.bias"]
    mu, logvar = small.model.encode(x)
    expected = mu if logvar is None else torch.cat([mu, logvar], 1)
    np.testing.assert_allclose(answer, expected.detach().numpy(), atol=1e-5)
    assert (model.encode(x)[0] - mu).abs().max() > 1e-5, "and not as the model itself"


def test_how_far_codes_move_is_measured_in_the_space_and_in_their_own_clouds() -> None:
    model, other = small_vae(), small_vae()
    last, moved_last = (one.encoder[-1] for one in (model, other))
    assert isinstance(last, nn.Linear) and isinstance(moved_last, nn.Linear)
    for one in (last, moved_last):
        one.weight.data[2:] = 0
        one.bias.data[2:] = torch.tensor([np.log(0.5**2), np.log(2.0**2)])  # logvar
    moved_last.bias.data[:2] = last.bias.data[:2] + torch.tensor([3.0, 4.0])
    far = moved_of(model, SmallEncoder("rounded", b"", other), torch.rand(5, 1, 28, 28))
    assert far.images == 5 and far.distance == pytest.approx((5, 5, 5), rel=1e-5)
    assert far.sigmas == pytest.approx((np.hypot(3 / 0.5, 4 / 2),) * 3, rel=1e-5)
    assert moved(model, next(ways(model)), np.zeros((3, 2), np.float32)) == Moved(3, Spread(0, 0, 0), Spread(0, 0, 0))


def test_without_a_posterior_there_are_no_clouds_to_compare_with() -> None:
    model = build("ae", replace(MODELS["ae"].config(), **ONE_LAYER), seed=1).eval()
    assert moved(model, next(ways(model)), np.zeros((3, 2), np.float32)).sigmas is None
