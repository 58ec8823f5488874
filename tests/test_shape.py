"""Images of another shape than MNIST's, from training to the browser; what is refused; cards from before models had a shape."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from bundle import Bundle
from onnxruntime import InferenceSession

from core import checkpoints, export, frame, latent, reconstruction, restore
from core.checkpoints import Checkpoint
from core.data.datasets import Split
from core.models import MODELS, ConfigError, rebuild
from core.models.convolutional import ConvolutionalVAE, ConvolutionalVAEConfig
from core.models.vae import VAEConfig
from core.shape import SHAPE
from core.training.card import write_checkpoint
from core.training.config import TrainingConfig
from core.training.failures import TrainingError
from core.training.loop import Trainer

HEIGHT, WIDTH = 20, 12
SMALL: dict[str, dict[str, Any]] = {"conv-vae": {"channels": (4, 6), "hidden": 16}, "pca": {}}  # other models: one small layer each way
DENSE: dict[str, Any] = {"encoder_hidden": (16,), "decoder_hidden": (16,)}


def bars(count: int, seed: int) -> Split:
    """Images with one bar each, across the image or down it: two classes."""
    generator = np.random.default_rng(seed)
    images, labels = np.zeros((count, HEIGHT, WIDTH), np.uint8), generator.integers(0, 2, count)
    for image, label in zip(images, labels, strict=True):
        at = generator.integers(0, HEIGHT if label else WIDTH)
        (image if label else image.T)[at] = 255
    return Split(images, labels)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkpoints, a model of each kind, trained on bars for two epochs."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for name in MODELS:
        config = MODELS[name].config(**SMALL.get(name, DENSE), likelihood="gaussian", shape=(1, HEIGHT, WIDTH))
        recipe = TrainingConfig(dataset="digits", epochs=2, batch_size=50, device="cpu", precision="float32", binarize=False)
        train = bars(200, seed=0)
        trainer = Trainer(recipe, name, config, train.images, train.labels)
        trainer.run()
        write_checkpoint(trainer, folder / name, train, bars(100, seed=1))
    return folder


@pytest.fixture(params=MODELS)
def opened(request: pytest.FixtureRequest, root: Path) -> Checkpoint:
    """One of them, read from disk."""
    return checkpoints.load(request.param, root)


def test_a_model_of_another_shape_is_trained_saved_and_opened(opened: Checkpoint) -> None:
    assert opened.card["model"]["config"]["shape"] == [1, HEIGHT, WIDTH] and opened.model.config.shape == (1, HEIGHT, WIDTH)
    assert opened.latents.mu.shape == (100, 2)
    x = bars(100, seed=1).images[:3].astype(np.float32) / 255
    drawn = reconstruction.by_model(opened.model, x[0])
    assert drawn.x_hat.shape == drawn.pixel_nats.shape == (HEIGHT, WIDTH)
    grid = latent.one_picture(latent.decode_grid(opened.model, (-1, -1), (1, 1), 3))
    assert grid.shape == (3 * HEIGHT, 3 * WIDTH)
    tile = grid[:HEIGHT, -WIDTH:]
    np.testing.assert_allclose(tile, latent.decode(opened.model, np.array([[1, 1]], np.float32))[0], atol=1e-6)


def test_flop_count_the_pixels_that_there_are() -> None:
    square = ConvolutionalVAE(ConvolutionalVAEConfig(channels=(4, 6), hidden=16))
    half = ConvolutionalVAE(ConvolutionalVAEConfig(channels=(4, 6), hidden=16, shape=(1, 28, 56)))
    convolved = 2 * (9 * 4 * 14 * 14 + 9 * 4 * 6 * 7 * 7)
    assert square.encoder_flop() == convolved + 2 * (6 * 49 * 16 + 16 * 4)
    assert half.encoder_flop() == 2 * convolved + 2 * (6 * 98 * 16 + 16 * 4)


def test_onnx_files_take_and_give_images_of_the_models_shape(opened: Checkpoint) -> None:
    x = bars(100, seed=1).images[:3, None].astype(np.float32) / 255
    told = {"label": np.full(3, -1, np.int64)} if opened.model.conditional else {}
    mu, *_ = InferenceSession(export.encoder_onnx(opened.model)).run(None, {"x": x, **told})
    (x_hat,) = InferenceSession(export.decoder_onnx(opened.model)).run(None, {"z": mu, **told})
    with torch.no_grad():
        expected = opened.model.decode(opened.model.encode(torch.from_numpy(x))[0])
    np.testing.assert_allclose(x_hat, expected.numpy(), atol=1e-5)


DECODE = """const bytes = Uint8Array.from(atob(given.bytes), (c) => c.charCodeAt(0)).buffer, decoder = new m[given.kind](bytes);
  const { Picture } = await import("/map/controls.js"), canvas = document.createElement("canvas"), picture = new Picture(canvas);
  picture.fit(decoder);
  return given.z.map(([a, b]) => {
    const ink = Array.from(decoder.decode(a, b));
    picture.paint(ink);
    const painted = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return { ink, painted: Array.from(painted).filter((_, i) => i % 4 === 0), size: [canvas.height, canvas.width] };
  });"""


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_the_browser_decodes_and_paints_them_as_torch_does(bundle: Bundle, opened: Checkpoint) -> None:
    label = 1 if opened.model.conditional else None
    shown = frame.of_checkpoint(opened, label)
    kind = "AtlasDecoder" if shown.why_not_live else "DenseDecoder"
    z = np.linspace(-shown.bound, shown.bound, shown.cells)[[0, 9, 20]]
    points = np.stack([z, z[::-1]], 1).astype(np.float32)  # nodes of the atlas
    content = shown.atlas() if shown.why_not_live else shown.decoder()
    given = {"kind": kind, "z": points.tolist(), "bytes": base64.b64encode(content).decode()}
    drawn = bundle.run("nets/decoder.js", DECODE, given)
    expected = latent.decode(opened.model, points, label).reshape(3, -1)
    ink = np.array([one["ink"] for one in drawn])
    np.testing.assert_allclose(ink, expected, atol=0.002 if shown.why_not_live else 1e-5)  # an atlas holds bytes
    assert [one["size"] for one in drawn] == [[HEIGHT, WIDTH]] * 3
    assert np.abs(np.array([one["painted"] for one in drawn]) - 255 * expected).max() <= 1


# --- what does not fit ---------------------------------------------------------------------------------------------------


def test_a_convolution_needs_sides_that_can_be_halved() -> None:
    kind = ConvolutionalVAEConfig
    kind(channels=(4, 4, 4), shape=(1, 24, 40))
    with pytest.raises(ConfigError, match="20 x 12 pixels can be halved 2 times"):
        kind(channels=(4, 4, 4), shape=(1, HEIGHT, WIDTH))
    with pytest.raises(ConfigError, match="21 x 28 pixels can be halved 0 times"):
        kind(channels=(4,), shape=(1, 21, 28))


def test_training_images_of_another_shape_than_the_models_are_refused() -> None:
    with pytest.raises(TrainingError, match="for images of 28 x 28 pixels, and these have 12 x 20"):
        Trainer(TrainingConfig(device="cpu"), "vae", VAEConfig(), bars(200, seed=0).images)


def test_a_model_is_not_given_images_of_another_shape(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", root)
    assert checkpoints.load("vae", root).why_not_for((1, HEIGHT, WIDTH)) == ""
    for method in ("vae", "vae-search"):
        with pytest.raises(restore.RestoreError, match="vae is for images of 12 x 20 pixels, and these have 28 x 28"):
            restore.denoise(np.zeros(SHAPE[1:], np.float32), method, checkpoint="vae")


def test_a_card_without_a_shape_is_one_of_28_x_28() -> None:
    shipped = checkpoints.load("vae-mnist-2d")
    description = json.loads(json.dumps(shipped.card["model"]))
    description["config"].pop("shape", None)
    assert rebuild(description).config.shape == SHAPE == (1, 28, 28)
