"""The encoder that runs in the page against torch: the same images give the same codes."""

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from bundle import Bundle
from playwright.sync_api import Error
from tiny import linear

from core import checkpoints, export, latent
from core.data.datasets import load, to_ink
from core.models import MODELS, Model, build
from core.models.anchors import Anchors
from core.models.conditional_vae import ConditionalVAEConfig
from core.models.convolutional import ConvolutionalVAEConfig
from core.models.lesson_vae import LessonVAEConfig
from core.models.vae import VAEConfig
from core.posterior import anchored
from core.small_encoder import ways

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SMALL: dict[str, Any] = {"encoder_hidden": (24, 17), "decoder_hidden": (8,)}


def images(count: int, seed: int = 0) -> np.ndarray:
    """Images (count, 28, 28) in [0, 1] with much ground, as digits have it."""
    noise = np.random.default_rng(seed).normal(-0.4, 0.6, (count, 28, 28))
    return noise.clip(0, 1).astype(np.float32)


def encoded(
    bundle: Bundle, model: Model, x: np.ndarray, label: int | None = None, network: str = "simd"
) -> tuple[np.ndarray, np.ndarray | None]:
    """mu and logvar (N, D) that the page finds."""
    return encoded_by(bundle, export.encoder_bytes(model), x, label, network)


def encoded_by(
    bundle: Bundle, file: bytes, x: np.ndarray, label: int | None = None, network: str = "simd"
) -> tuple[np.ndarray, np.ndarray | None]:
    """The same, of an encoder's file."""
    script = """const read = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer, [file, x, label, network] = given;
      const { PlainNetwork } = await import('/nets/dense.js'), { SimdNetwork } = await import('/nets/simd.js');
      const encoder = new m.DenseEncoder(read(file), { plain: PlainNetwork, simd: SimdNetwork }[network]);
      const all = new Float32Array(read(x)), size = encoder.height * encoder.width, rows = all.length / size;
      return Array.from({ length: rows }, (_, i) => encoder.encode(all.subarray(i * size, (i + 1) * size), label));"""
    given = [base64.b64encode(content).decode() for content in (file, x.astype("<f4").tobytes())]
    found = bundle.run("nets/encoder.js", script, [*given, label, network])
    logvar = [one["logvar"] for one in found]
    return np.array([one["mu"] for one in found]), None if None in logvar else np.array(logvar)


def assert_equal(model: Model, x: np.ndarray, found: tuple[np.ndarray, np.ndarray | None], label: int | None = None) -> None:
    told = None if label is None else torch.full((len(x),), label)
    mu, logvar = latent.encode(model, torch.from_numpy(x)[:, None], told)
    np.testing.assert_allclose(found[0], mu, atol=1e-4, rtol=0)
    assert (found[1] is None) == (logvar is None)
    if logvar is not None and found[1] is not None:
        np.testing.assert_allclose(found[1], logvar, atol=1e-3, rtol=0)


@pytest.mark.parametrize("network", ["simd", "plain"])
@pytest.mark.parametrize("kind", [kind for kind in MODELS if kind != "conv-vae"])
def test_encoder_equals_torch(bundle: Bundle, kind: str, network: str) -> None:
    config = MODELS[kind].config()
    model = build(kind, config if kind == "pca" else replace(config, **SMALL), seed=3).eval()
    x = images(5)
    assert_equal(model, x, encoded(bundle, model, x, network=network))


@pytest.mark.parametrize("label", [None, 0, 7])
def test_a_conditional_encoder_is_told_the_class(bundle: Bundle, label: int | None) -> None:
    model, x = build("cvae", ConditionalVAEConfig(**SMALL), seed=1).eval(), images(3)
    assert_equal(model, x, encoded(bundle, model, x, label), label)


@pytest.mark.parametrize("activation", export.BROWSER_ACTIVATIONS)
def test_layers_and_activations(bundle: Bundle, activation: str) -> None:
    for hidden in ((), (9,), (16, 12, 5)):
        model, x = build("vae", VAEConfig(latent_dim=3, encoder_hidden=hidden, activation=activation), seed=2).eval(), images(2)
        assert_equal(model, x, encoded(bundle, model, x))


def test_the_lessons_second_answer_is_doubled(bundle: Bundle) -> None:
    model, x = build("lesson-vae", LessonVAEConfig(encoder_hidden=(12,)), seed=1).eval(), images(3)
    linear(model.encoder, 2).bias.data[2:] = torch.tensor([-1.5, 0.7])
    assert_equal(model, x, encoded(bundle, model, x))


def test_anchors_also_at_the_border(bundle: Bundle) -> None:
    """Scores that send images to the corners, the edges and the middle of the grid."""
    model, x = build("vae", VAEConfig(anchors=5, encoder_hidden=(40,)), seed=5).eval(), images(300)
    last = model.encoder[-1]
    assert isinstance(last, Anchors)
    last.scores.weight.data.mul_(3)
    best = last.scores(model.encoder[0](torch.from_numpy(x).flatten(1))).argmax(1).unique().tolist()
    assert {0, 4, 12, 20, 24} & set(best) and len(best) > 8
    assert_equal(model, x, encoded(bundle, model, x))


def test_every_shipped_encoder_but_the_convolutional_one_runs_in_the_page() -> None:
    assert [name for name in checkpoints.SHIPPED if export.why_not_encoded(checkpoints.opened(name).model)] == ["conv-vae-mnist-2d"]


@pytest.mark.parametrize("name", ["vae-mnist-2d", "vae-mnist-16d"])
def test_shipped_encoders_equal_torch_on_digits(bundle: Bundle, name: str) -> None:
    model = checkpoints.opened(name).model
    digits = to_ink(load("digits", "test").images)[:200]
    assert_equal(model, digits, encoded(bundle, model, digits))


@pytest.mark.parametrize("network", ["simd", "plain"])
@pytest.mark.parametrize("kind", [kind for kind in MODELS if kind != "conv-vae"])
def test_a_rounded_encoder_equals_torch_with_the_same_rounded_weights(bundle: Bundle, kind: str, network: str) -> None:
    config = MODELS[kind].config()
    model = build(kind, config if kind == "pca" else replace(config, **SMALL), seed=3).eval()
    (*_, small), x = ways(model), images(5)
    assert small.how == "rounded"
    assert_equal(small.model, x, encoded_by(bundle, small.file, x, network=network))


COMPUTED = """const read = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer, [file, x, decoder, network] = given;
  const { DenseDecoder } = await import('/nets/decoder.js'), { PlainNetwork } = await import('/nets/dense.js');
  const { SimdNetwork } = await import('/nets/simd.js'), Network = { plain: PlainNetwork, simd: SimdNetwork }[network], told = [];
  const encoder = await m.DenseEncoder.of(read(file), new DenseDecoder(read(decoder), Network), (share) => told.push(share));
  const all = new Float32Array(read(x)), size = encoder.height * encoder.width, rows = all.length / size;
  return [told, encoder.network.kind, Array.from({ length: rows }, (_, i) => encoder.encode(all.subarray(i * size, (i + 1) * size)))];"""


def computed(bundle: Bundle, model: Model, x: np.ndarray, network: str = "simd") -> tuple[list[float], str]:
    """An encoder that the page computes from the decoder is torch's; what it told meanwhile, and how it computes."""
    (small,) = ways(model)
    files = [base64.b64encode(content).decode() for content in (small.file, x.astype("<f4").tobytes(), export.decoder_bytes(model))]
    told, kind, found = bundle.run("nets/encoder.js", COMPUTED, [*files, network])
    assert_equal(small.model, x, (np.array([one["mu"] for one in found]), np.array([one["logvar"] for one in found])))
    return told, kind


@pytest.mark.parametrize("network", ["simd", "plain"])
def test_an_encoder_that_is_bayes_rule_is_computed_from_the_decoder(bundle: Bundle, network: str) -> None:
    model = build("vae", VAEConfig(encoder_hidden=(9,), decoder_hidden=(12, 20)), seed=5).eval()
    for layer in (0, 2, 4):
        linear(model.decoder, layer).weight.data.mul_(3)
    _, kind = computed(bundle, anchored(model, 6), images(50), network)
    assert kind == {"simd": "simd", "plain": "javascript"}[network]


def test_the_main_models_is_computed_a_slice_at_a_time(bundle: Bundle) -> None:
    told, _ = computed(bundle, checkpoints.opened("vae-mnist-2d").model, to_ink(load("digits", "test").images)[:200])
    assert len(told) > 2 and told == sorted(told) and told[-1] < 1


def test_numbers_are_rounded_as_float16_does(bundle: Bundle) -> None:
    values = np.random.default_rng(0).normal(0, 1, 2000).astype(np.float32)
    values = values[np.abs(values) > 2**-14]  # below, float16 has fewer bits
    found = bundle.run("nets/bayes_rule.js", "return given.map(m.asHalf)", values.tolist())
    assert found == values.astype(np.float16).tolist()


def test_a_file_without_weights_needs_the_decoder(bundle: Bundle) -> None:
    (small,) = ways(checkpoints.opened("vae-mnist-2d").model)
    with pytest.raises(Error, match="this encoder is computed from its decoder"):
        encoded_by(bundle, small.file, images(1))


def test_what_the_page_cannot_encode_is_refused() -> None:
    with pytest.raises(export.NotExportable, match="dense layers only"):
        export.encoder_bytes(build("conv-vae", ConvolutionalVAEConfig()))
    with pytest.raises(export.NotExportable, match=r"MFLOP per image, too many"):
        export.encoder_bytes(build("vae", VAEConfig(encoder_hidden=(2048, 1024))))
