"""The decoder as the browser gets it."""

import json
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from onnxruntime import InferenceSession
from safetensors.numpy import load
from tiny import TINY
from torch import nn

from core import export
from core.models import MODELS, Model, build
from core.models.conditional_vae import ConditionalVAEConfig
from core.models.networks import ACTIVATIONS
from core.models.vae import VAEConfig


def metadata(content: bytes) -> dict[str, str]:
    """The metadata in the header of a safetensors file."""
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length])["__metadata__"]


def decode(content: bytes, z: np.ndarray) -> np.ndarray:
    """What a reader of the file computes, in double precision and from the file alone: (N, D) -> (N, 784)."""
    tensors, facts = load(content), metadata(content)
    activations: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "silu": lambda h: h / (1 + np.exp(-h)),
        "relu": lambda h: np.maximum(h, 0),
        "tanh": np.tanh,
    }
    activation = activations[facts["activation"]]
    h = z.astype(np.float64)
    for index in range(int(facts["layers"])):
        h = h @ tensors[f"{index}.weight"].astype(np.float64).T + tensors[f"{index}.bias"]
        if index < int(facts["layers"]) - 1:
            h = activation(h)
    return 1 / (1 + np.exp(-h))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_file_alone_decodes_like_the_model(activation):
    model = build("vae", VAEConfig(decoder_hidden=(16, 12), activation=activation), seed=2)
    z = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    expected = model.decode(torch.from_numpy(z)).detach().numpy().reshape(20, 784)
    np.testing.assert_allclose(decode(export.decoder_bytes(model), z), expected, atol=1e-6)


def test_the_file_names_every_layer():
    content = export.decoder_bytes(build("vae", TINY))
    shapes = {name: array.shape for name, array in load(content).items()}
    assert shapes == {"0.weight": (16, 2), "0.bias": (16,), "1.weight": (784, 16), "1.bias": (784,)}
    facts = {"activation": "silu", "layers": "2", "output": "sigmoid"}
    assert metadata(content) == facts | {"shape": "[1, 28, 28]", "likelihood": "bernoulli", "sigma": "0.1"}


def test_weights_are_float16_only_where_that_is_exact(tiny_model):
    assert {array.dtype for array in load(export.decoder_bytes(tiny_model)).values()} == {np.dtype(np.float32)}
    with torch.no_grad():
        for parameter in tiny_model.parameters():
            parameter.copy_(parameter.half())
    halves = load(export.decoder_bytes(tiny_model))
    assert {array.dtype for array in halves.values()} == {np.dtype(np.float16)}
    np.testing.assert_array_equal(halves["1.weight"].astype(np.float32), tiny_model.decoder[2].weight.detach().numpy())
    with torch.no_grad():
        tiny_model.decoder[2].bias[5] = 0.1  # one value that float16 does not hold
    whole = {name for name, array in load(export.decoder_bytes(tiny_model)).items() if array.dtype == np.float32}
    assert whole == {"1.bias"}, "and the others stay small"


def test_a_weight_beyond_the_range_of_float16_keeps_float32(tiny_model):
    with torch.no_grad():
        for parameter in tiny_model.parameters():
            parameter.copy_(parameter.half())
        tiny_model.decoder[0].weight[0, 0] = 2.0**20
    assert load(export.decoder_bytes(tiny_model))["0.weight"][0, 0] == 2.0**20


def test_a_decoder_without_hidden_layers_is_exported():
    assert set(load(export.decoder_bytes(build("vae", VAEConfig(decoder_hidden=()))))) == {"0.weight", "0.bias"}


def test_a_decoder_too_large_for_a_frame_is_refused():
    with pytest.raises(export.NotExportable, match=r"MFLOP per image, too many"):
        export.decoder_bytes(build("vae", VAEConfig(decoder_hidden=(2048, 2048))))


def test_a_decoder_with_other_layers_is_refused(tiny_model):
    tiny_model.decoder = nn.Sequential(nn.Linear(2, 16), nn.SiLU(), nn.Dropout(), nn.Linear(16, 784))
    with pytest.raises(export.NotExportable, match="dense layers only"):
        export.decoder_bytes(tiny_model)


# --- ONNX -----------------------------------------------------------------------------------------------------------------


def onnx_model(name: str, **settings) -> Model:
    """A model whose codes and images are spread out, so that a wrong file is seen."""
    model = build(name, MODELS[name].config(**settings), seed=4).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    return model


def run(content: bytes, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    session = InferenceSession(content, providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == list(inputs)
    assert {i.shape[0] for i in (*session.get_inputs(), *session.get_outputs())} == {"batch"}
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, inputs), strict=True))


def told(model: Model, batch: int) -> dict[str, torch.Tensor]:
    return {"label": torch.arange(batch) % 11 - 1} if model.conditional else {}


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("latent_dim", [2, 5])
@pytest.mark.parametrize("name", MODELS)
def test_onnx_of_every_model_computes_what_the_model_computes(name, latent_dim, batch):
    model, label = onnx_model(name, latent_dim=latent_dim), told(onnx_model(name), batch)
    arrays = {key: value.numpy() for key, value in label.items()}
    generator = torch.Generator().manual_seed(1)
    x, z = torch.rand(batch, 1, 28, 28, generator=generator), torch.randn(batch, latent_dim, generator=generator)
    with torch.no_grad():
        mu, logvar = model.encode(x, **label)
        x_hat = model.decode(z, **label)
    codes = run(export.encoder_onnx(model), x=x.numpy(), **arrays)
    assert list(codes) == (["mu"] if logvar is None else ["mu", "logvar"])
    np.testing.assert_allclose(codes["mu"], mu.numpy(), atol=1e-5)
    if logvar is not None:
        np.testing.assert_allclose(codes["logvar"], logvar.numpy(), atol=1e-5)
    images = run(export.decoder_onnx(model), z=z.numpy(), **arrays)["x_hat"]
    np.testing.assert_allclose(images, x_hat.numpy(), atol=1e-5)
    assert images.std() > 0.01


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_onnx_of_every_activation(activation):
    model = onnx_model("vae", encoder_hidden=(24,), decoder_hidden=(16,), activation=activation)
    z = torch.randn(3, 2, generator=torch.Generator().manual_seed(0))
    x_hat = run(export.decoder_onnx(model), z=z.numpy())["x_hat"]
    np.testing.assert_allclose(x_hat, model.decode(z).detach().numpy(), atol=1e-5)


def test_onnx_of_a_conditional_model_is_told_the_label():
    model = onnx_model("cvae")
    z = np.zeros((2, 2), np.float32)
    first, second = run(export.decoder_onnx(model), z=z, label=np.array([3, -1]))["x_hat"]
    np.testing.assert_allclose(second, model.decode(torch.zeros(1, 2))[0].detach().numpy(), atol=1e-5)
    assert np.abs(first - second).max() > 0.01


def test_onnx_leaves_the_model_and_the_generator_as_they_were(tiny_model):
    weights = {name: tensor.clone() for name, tensor in tiny_model.state_dict().items()}
    state = torch.get_rng_state()
    export.encoder_onnx(tiny_model)
    export.decoder_onnx(tiny_model)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(tensor, weights[name]) for name, tensor in tiny_model.state_dict().items())


@pytest.mark.slow
def test_onnx_is_imported_only_when_it_is_needed():
    code = "import sys, core.archive; sys.exit('onnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(export.__file__).parents[1]).returncode == 0


def test_a_decoder_is_the_same_file_each_time(tiny_model):
    """Its address is a hash of it: browsers keep what they fetched."""
    files = {export.decoder_bytes(tiny_model) for _ in range(20)}
    assert len(files) == 1 and int.from_bytes(next(iter(files))[:8], "little") % 8 == 0
    assert load(next(iter(files))).keys() == {f"{layer}.{part}" for layer in (0, 1) for part in ("weight", "bias")}


def test_whole_codes_are_decoded_from_a_file_that_knows_every_class():
    model = build("cvae", ConditionalVAEConfig(latent_dim=3, encoder_hidden=(8,), decoder_hidden=(16,)), seed=2)
    tensors = load(content := export.code_decoder_bytes(model))
    assert tensors["0.weight"].shape == (16, 3) and tensors["label.weight"].shape == (10, 16)
    z = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    told = (z @ tensors["0.weight"].T + tensors["0.bias"] + tensors["label.weight"][4]).astype(np.float64)
    by_hand = (told / (1 + np.exp(-told))) @ tensors["1.weight"].T.astype(np.float64) + tensors["1.bias"]
    expected = model.decode_logits(torch.from_numpy(z), torch.full((5,), 4)).detach().numpy().reshape(5, 784)
    np.testing.assert_allclose(by_hand, expected, atol=1e-5)
    np.testing.assert_allclose(decode(content, z), model.decode(torch.from_numpy(z)).detach().numpy().reshape(5, 784), atol=1e-6)
    with pytest.raises(export.NotExportable):
        export.code_decoder_bytes(build("conv-vae", MODELS["conv-vae"].config()))


def test_codes_are_float16_only_where_that_is_exact():
    mu, logvar = np.array([[0.5, 1.25]], np.float32), np.array([[-1.0, 2.0]], np.float32)
    half = load(export.codes_bytes(mu, logvar))
    assert half.keys() == {"mu", "logvar"} and half["mu"].dtype == np.float16 and (half["logvar"] == logvar).all()
    single = load(export.codes_bytes(mu + np.float32(1e-5), None))
    assert single.keys() == {"mu"} and single["mu"].dtype == np.float32
