"""Denoising and enlarging: tiles give what the whole picture gives, filters what their definition says, the search what a grid finds."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import scipy.ndimage
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.stats import norm

from core import checkpoints, code_search, filters, latent, methods, restore, tiles
from core.checkpoints import Checkpoint
from core.data.corruptions import corrupt_seeded
from core.data.datasets import Split, to_unit_images
from core.methods import ENLARGERS, METHODS, MethodMissingError, restorer
from core.metrics import psnr_db
from core.models import Restorer, build_restorer
from core.models.restoration import DenoiserConfig, LessonConfig, RestorerConfig, UpscalerConfig
from core.restore import RestoreError
from core.watch import RestoreStoppedError, Watch

TINY: dict[str, tuple[str, RestorerConfig]] = {
    "denoiser": ("denoiser", DenoiserConfig((8, 12), (1, 1))),
    "lesson-denoiser": ("lesson", LessonConfig("denoise")),
    "lesson-upscaler": ("lesson", LessonConfig("enlarge")),
    "upscaler-x2": ("upscaler", UpscalerConfig(2, (6,), (2,))),
    "upscaler-x4": ("upscaler", UpscalerConfig(4, (6, 4), (2, 1))),
}
CLASSICAL = {"median": filters.median, "gaussian": filters.gaussian, "tv": filters.tv, "nl-means": filters.nl_means}
SHIPPED = pytest.mark.skipif(
    "denoiser" not in checkpoints.available(checkpoints.RESTORERS_ROOT), reason="the shipped denoiser is not trained yet"
)


def tiny(name: str, seed: int = 1, stir: float = 0.1) -> Restorer:
    """An untrained restorer in which every weight matters: its residual branches are not nearly zero."""
    model = build_restorer(*TINY[name], seed).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(stir * torch.randn(weights.shape, generator=generator))
    return model


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def denoised(x: torch.Tensor, method: str = "denoiser", **options: Any) -> torch.Tensor:
    return torch.from_numpy(restore.denoise_batch(x.numpy(), method, **options))


@pytest.fixture(scope="module")
def tiny_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("restorers")
    for name in TINY:
        checkpoints.save(root / name, TINY[name][0], tiny(name), {})
    return root


@pytest.fixture
def restorers(tiny_root: Path, checkpoint_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The tiny restorers, and the VAE `tiny`, in place of the shipped ones."""
    monkeypatch.setattr(checkpoints, "RESTORERS_ROOT", tiny_root)
    monkeypatch.setattr(checkpoints, "CHECKPOINTS", checkpoint_root)
    monkeypatch.setattr(checkpoints, "SHIPPED_ROOT", checkpoint_root)
    yield tiny_root


# --- tiles ------------------------------------------------------------------------------------------------------------


def in_tiles(model: Restorer, image: np.ndarray, tile: int) -> np.ndarray:
    return methods.restored(model, torch.from_numpy(image)[None, None], Watch(), tile)[0, 0].numpy()


@pytest.mark.parametrize("name", ["denoiser", "upscaler-x2", "upscaler-x4"])
@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (28, 28), (64, 96), (131, 97), (30, 200)])
@pytest.mark.parametrize("tile", [16, 33, 64])
def test_tiles_give_what_the_whole_picture_gives(name: str, shape: tuple[int, int], tile: int) -> None:
    model, image = tiny(name), noise(*shape)
    with torch.no_grad():
        whole = model.restore(torch.from_numpy(image)[None, None])[0, 0].numpy()
    assert (whole.max() - whole.min() > 0.1) or image.size == 1
    tiled = in_tiles(model, image, tile)
    assert tiled.shape == (shape[0] * model.scale, shape[1] * model.scale) and tiled.dtype == np.float32
    np.testing.assert_allclose(tiled, whole, atol=1e-5)


def test_the_tiles_of_a_network_need_their_overlap() -> None:
    model, image = tiny("denoiser"), noise(131, 97)
    whole = in_tiles(model, image, 512)
    model.reach = 4
    assert np.abs(in_tiles(model, image, 33) - whole).max() > 1e-4


@pytest.mark.parametrize("length", [1, 3, 16, 17, 500, 513, 1024, 4001])
@pytest.mark.parametrize(("tile", "multiple"), [(16, 4), (33, 8), (512, 4), (512, 1)])
def test_cuts_cover_a_side_once(length: int, tile: int, multiple: int) -> None:
    pieces = tiles.cuts(length, tile, multiple)
    assert [start for start, _ in pieces] == [0, *(end for _, end in pieces[:-1])] and pieces[-1][1] == length
    assert all(start % multiple == 0 and 0 < end - start < tile + multiple for start, end in pieces)


@pytest.mark.parametrize("name", CLASSICAL)
def test_classical_filters_in_tiles(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image, known = noise(90, 75), METHODS[name].strength
    assert known is not None
    whole_run, shown = methods.tiled, []

    def in_small_tiles(work, x, watch, overlap):
        shown.append(overlap)
        return whole_run(work, x, watch, overlap, tile=32)

    monkeypatch.setattr(methods, "tiled", in_small_tiles)
    for strength in (known.low, known.default, known.high):
        expected = np.clip(CLASSICAL[name](image, strength), 0, 1)
        np.testing.assert_allclose(restore.denoise(image, name, strength), expected, atol=1e-5)
    assert len(shown) == 3


@pytest.mark.parametrize("name", [*CLASSICAL, "denoiser"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3)])
def test_any_size_means_any(restorers: Path, name: str, shape: tuple[int, int]) -> None:
    given = noise(*shape)
    answer = restore.denoise(given, name)
    assert answer.shape == shape and answer.dtype == np.float32 and answer.min() >= 0 and answer.max() <= 1


# --- what the methods do ----------------------------------------------------------------------------------------------


def test_a_flat_picture_stays_flat() -> None:
    for name in CLASSICAL:
        np.testing.assert_allclose(restore.denoise(np.full((40, 50), 0.3, np.float32), name), 0.3, atol=1e-4)


@pytest.mark.parametrize("radius", [1, 2, 5])
def test_the_median_is_scipys(radius: int) -> None:
    image = noise(40, 31)
    expected = scipy.ndimage.median_filter(image, size=2 * radius + 1, mode="nearest")
    np.testing.assert_array_equal(restore.denoise(image, "median", radius), expected)


def test_the_blur_is_scipys() -> None:
    image = noise(40, 31)
    np.testing.assert_allclose(
        restore.denoise(image, "gaussian", 1.7), scipy.ndimage.gaussian_filter(image, 1.7, mode="nearest"), atol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "damage"), [("median", "salt-and-pepper"), ("gaussian", "gaussian"), ("tv", "gaussian"), ("nl-means", "gaussian")]
)
def test_each_classical_filter_helps_against_its_noise(digits: tuple[Split, Split], name: str, damage: str) -> None:
    x = F.interpolate(to_unit_images(digits[1].images[:10]), scale_factor=3.0, mode="bilinear")
    spoilt = corrupt_seeded(x, damage, 0.2, seed=0)
    assert psnr_db(denoised(spoilt, name), x).mean() > psnr_db(spoilt, x).mean() + 1


def test_a_trained_denoiser_helps(digits: tuple[Split, Split], restorers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train, test = (to_unit_images(split.images) for split in digits)
    model, generator = build_restorer(*TINY["denoiser"], 0), torch.Generator().manual_seed(0)
    adam = torch.optim.Adam(model.parameters(), 5e-3)
    for _ in range(60):
        clean = train[torch.randint(len(train), (32,), generator=generator)]
        noisy = (clean + 0.5 * torch.randn(clean.shape, generator=generator)).clamp(0, 1)
        adam.zero_grad()
        model.training_terms(noisy, clean).mean().backward()
        adam.step()
    checkpoints.save(tmp_path / "denoiser", "denoiser", model, {})
    monkeypatch.setattr(checkpoints, "RESTORERS_ROOT", tmp_path)
    spoilt = corrupt_seeded(test, "gaussian", 0.5, seed=1)
    restored = denoised(spoilt)
    assert psnr_db(restored, test).mean() > psnr_db(spoilt, test).mean() + 5
    np.testing.assert_allclose(restore.denoise(spoilt[3, 0].numpy()), restored[3, 0], atol=1e-5)


@SHIPPED
def test_the_shipped_denoiser_helps(digits: tuple[Split, Split]) -> None:
    x = to_unit_images(digits[1].images[:20])
    for damage, strength in (("gaussian", 0.5), ("salt-and-pepper", 0.2), ("mask", 0.5)):
        spoilt = corrupt_seeded(x, damage, strength, seed=0)
        assert psnr_db(denoised(spoilt), x).mean() > psnr_db(spoilt, x).mean() + 3


def test_the_vae_decodes_its_code(restorers: Path, digits: tuple[Split, Split]) -> None:
    x = to_unit_images(digits[1].images[:3])
    model = checkpoints.load("tiny").model
    with torch.no_grad():
        expected = model.decode(model.encode(x)[0])
    torch.testing.assert_close(denoised(x, "vae", checkpoint="tiny"), expected)


@pytest.mark.slow
def test_the_search_finds_what_a_grid_over_the_whole_space_finds(checkpoint_root: Path, digits: tuple[Split, Split]) -> None:
    opened = checkpoints.load("tiny", checkpoint_root)
    x = corrupt_seeded(to_unit_images(digits[1].images[:6]), "gaussian", 0.5, seed=0)
    line = torch.linspace(-4, 4, 161)
    grid = torch.cartesian_prod(line, line)  # (161 * 161, 2)
    with torch.no_grad():
        least = torch.cat(
            [code_search.negative_log_joint_nats(opened.model, x, part.expand(6, *part.shape)) for part in grid.split(2000)], 1
        ).amin(1)
    z = code_search.most_probable_codes(opened.model, x, code_search.starting_codes(opened, x))
    with torch.no_grad():
        found = code_search.negative_log_joint_nats(opened.model, x, z[:, None])[:, 0]
        encoders = code_search.negative_log_joint_nats(opened.model, x, opened.model.encode(x)[0][:, None])[:, 0]
    assert z.shape == (6, 2) and (found <= least + 0.05).all()
    assert (found < encoders - 0.01).any() and (found <= encoders).all()


def test_the_cost_of_the_search_is_the_joint_density(checkpoint_root: Path, digits: tuple[Split, Split]) -> None:
    """Of the damage: pixels of paper are lost or noisy, pixels of ink noisy, both clipped; those between have a density."""
    model, x = checkpoints.load("tiny", checkpoint_root).model, to_unit_images(digits[1].images[:2])
    assert (x == 0).any() and (x == 1).any() and ((x > 0) & (x < 1)).any()
    noise, lost = code_search.SEARCH_NOISE, code_search.SEARCH_LOST
    z = torch.tensor([[[0.3, -1.2], [0.0, 0.0]], [[2.0, 1.0], [-1.0, 0.5]]])
    with torch.no_grad():
        cost = code_search.negative_log_joint_nats(model, x, z)
        for image in range(2):
            for code in range(2):
                x_hat, seen = model.decode(z[image, code : code + 1])[0].double().numpy(), x[image].double().numpy()
                density = (1 - lost) * norm.pdf(seen, x_hat, noise) * noise * np.sqrt(2 * np.pi)
                at_0, at_1 = lost + (1 - lost) * norm.cdf(0, x_hat, noise), (1 - lost) * norm.sf(1, x_hat, noise)
                likelihood = np.where(seen == 0, at_0, np.where(seen == 1, at_1, density))
                log_prior = torch.distributions.Normal(0, 1).log_prob(z[image, code]).sum() + np.log(2 * np.pi)
                assert cost[image, code].item() == pytest.approx(-(np.log(likelihood).sum() + log_prior.item()), rel=1e-4)


@pytest.mark.parametrize(
    ("damage", "strength", "better_db"),
    [("gaussian", 0.5, 5), ("salt-and-pepper", 0.2, 5), ("mask", 0.5, 4)],  # an encoder that is Bayes' rule is misled less by a mask
)
def test_the_search_sees_through_damage_that_misleads_the_encoder(damage: str, strength: float, better_db: float) -> None:
    """On images that the model can draw exactly, so that the right code is known to be there."""
    opened = checkpoints.load("vae-mnist-2d")
    x = torch.from_numpy(latent.decode(opened.model, opened.latents.mu[:16])).unsqueeze(1)
    spoilt = corrupt_seeded(x, damage, strength, seed=0)
    encoded, found = (psnr_db(denoised(spoilt, method), x).mean() for method in ("vae", "vae-search"))
    assert found > 20 and found > encoded + better_db


def test_the_search_starts_where_the_cost_is_least_and_decodes_few_codes_at_once(
    checkpoint_root: Path, digits: tuple[Split, Split], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, x = checkpoints.load("tiny", checkpoint_root), to_unit_images(digits[1].images[:32])
    mu, label = opened.latents.mu, opened.latents.label
    assert len(mu) < code_search.SEARCH_KNOWN  # so that each is tried
    with torch.no_grad():
        costs = code_search.negative_log_joint_nats(opened.model, x, torch.from_numpy(mu).expand(32, *mu.shape)).numpy()
    work = Mock(wraps=opened.model.decode_logits)  # which decode calls
    monkeypatch.setattr(opened.model, "decode_logits", work)
    starts = code_search.starting_codes(opened, x)
    decoded = [len(z) for (z, *_), _ in work.call_args_list]
    assert starts.shape == (32, code_search.SEARCH_STARTS + 1, 2) and max(decoded) <= code_search.SEARCH_KNOWN
    torch.testing.assert_close(starts[:, 0], opened.model.encode(x)[0])
    for image in range(32):
        best = [np.where(label == kind, costs[image], np.inf).argmin() for kind in np.unique(label)]  # of each class
        best.sort(key=lambda at: costs[image][at])
        np.testing.assert_array_equal(starts[image, 1:], mu[best[: code_search.SEARCH_STARTS]])


def test_the_search_goes_on_in_inference_mode_and_batches(
    restorers: Path, digits: tuple[Split, Split], monkeypatch: pytest.MonkeyPatch
) -> None:
    x = to_unit_images(digits[1].images[:5])
    once = denoised(x, "vae-search", checkpoint="tiny")
    monkeypatch.setattr(methods, "SEARCH_IMAGES", 2)
    shares: list[float] = []
    with torch.inference_mode():
        parts = denoised(x.clone(), "vae-search", checkpoint="tiny", on_progress=shares.append)
    torch.testing.assert_close(once, parts, atol=1e-4, rtol=0)
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1


def test_the_path_is_encode_decode_encode(checkpoint_root: Path, digits: tuple[Split, Split]) -> None:
    model, x = checkpoints.load("tiny", checkpoint_root).model, to_unit_images(digits[1].images[:1])
    path = restore.path_on_map(model, x[0, 0].numpy(), 3)
    assert path.shape == (4, 2)
    for step in range(4):
        mu, _ = latent.encode(model, x)
        np.testing.assert_allclose(path[step], mu[0], atol=1e-5)
        x = torch.from_numpy(latent.decode(model, mu)).unsqueeze(1)


WITHOUT_THE_COMPILER = """
import sys, torch
from core import code_search
from core.models import build
from core.models.vae import VAEConfig
code_search.SEARCH_STEPS = 1
model, x, starts = build("vae", VAEConfig(encoder_hidden=(4,), decoder_hidden=(4,))), torch.rand(1, 1, 28, 28), torch.zeros(1, 1, 2)
code_search.most_probable_codes(model, x, starts)
assert "torch._dynamo" not in sys.modules
"""


def test_the_first_search_does_not_import_torchs_compiler() -> None:
    """That takes seconds, in which the visitor would wait, and 140 MB for good."""
    subprocess.run([sys.executable, "-c", WITHOUT_THE_COMPILER], check=True, cwd=Path(__file__).parents[1])


# --- enlarging --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENLARGERS)
def test_enlargers_enlarge(restorers: Path, name: str) -> None:
    kind = ENLARGERS[name]
    image = noise(kind.side or 11, kind.side or 7)
    large = restore.enlarge(image, name)
    scale = kind.scale or 2
    assert large.shape == (image.shape[0] * scale, image.shape[1] * scale) and large.dtype == np.float32
    assert large.min() >= 0 and large.max() <= 1


def test_pillows_ways() -> None:
    image = noise(6, 5)
    np.testing.assert_array_equal(restore.enlarge(image, "nearest", 3), image.repeat(3, 0).repeat(3, 1))
    expected = np.asarray(Image.fromarray(image).resize((20, 24), Image.Resampling.BICUBIC))
    np.testing.assert_allclose(restore.enlarge(image, "bicubic", 4), np.clip(expected, 0, 1), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "shape", "scale", "words"),
    [
        ("upscaler-x2", (9, 9), 4, "2 times larger; 4 was asked"),
        ("nearest", (9, 9), 9, "2 to 8 times"),
        ("nearest", (4000, 4000), 4, "megapixels"),
        ("lesson-upscaler", (28, 28), None, "14 x 14 pixels; this one has 28 x 28"),
        ("magic", (9, 9), None, "no method named 'magic'; there are nearest, "),
    ],
)
def test_what_cannot_be_enlarged(restorers: Path, name: str, shape: tuple[int, int], scale: int | None, words: str) -> None:
    with pytest.raises(RestoreError, match=words):
        restore.enlarge(np.zeros(shape, np.float32), name, scale)


# --- refusals, progress, stopping, files ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "method", "strength", "words"),
    [
        (np.zeros((9, 9)), "magic", None, "no method named 'magic'; there are denoiser, "),
        (np.zeros((0, 9)), "median", None, r"shape \(0, 9\)"),
        (np.zeros((3, 9, 9)), "median", None, r"shape \(3, 9, 9\)"),
        (np.full((9, 9), np.nan), "median", None, "not numbers"),
        (np.full((9, 9), np.inf), "median", None, "not numbers"),
        (np.broadcast_to(np.float32(0), (5000, 5000)), "median", None, "5,000 x 5,000 pixels; at most 17 megapixels"),
        (np.zeros((9, 9)), "median", 0, "whole number from 1 to 5"),
        (np.zeros((9, 9)), "median", 1.5, "whole number from 1 to 5"),
        (np.zeros((9, 9)), "tv", float("nan"), "from 0.01 to 2"),
        (np.zeros((9, 9)), "denoiser", 1.0, "no strength"),
        (np.zeros((28, 29)), "vae", None, "28 x 28 pixels; this one has 29 x 28"),
        (np.zeros((27, 28)), "vae-search", None, "28 x 28 pixels; this one has 28 x 27"),
        (np.zeros((56, 56)), "lesson-denoiser", None, "28 x 28 pixels"),
    ],
)
def test_refusals_say_why(restorers: Path, image: np.ndarray, method: str, strength: float | None, words: str) -> None:
    with pytest.raises(RestoreError, match=words):
        restore.denoise(image, method, strength, "tiny")


def test_what_is_not_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "RESTORERS_ROOT", tmp_path)
    for method, checkpoint in (("denoiser", ""), ("vae", "../vae-mnist-2d"), ("vae-search", "none")):
        with pytest.raises(MethodMissingError, match="There is no checkpoint named"):
            restore.denoise(np.zeros((28, 28)), method, checkpoint=checkpoint)


def test_no_images_are_no_work() -> None:
    assert denoised(torch.zeros(0, 1, 28, 28), "median").shape == (0, 1, 28, 28)


def test_the_given_picture_is_not_changed(restorers: Path) -> None:
    given = noise(28, 28)
    kept = given.copy()
    for name in METHODS:
        restore.denoise(given, name, checkpoint="tiny")
    np.testing.assert_array_equal(given, kept)


@pytest.mark.parametrize("method", ["median", "denoiser"])
def test_progress_and_stop(restorers: Path, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image, shares = noise(600, 1100), list[float]()
    restore.denoise(image, method, on_progress=shares.append)
    assert shares == pytest.approx([i / 6 for i in range(7)])  # 2 x 3 tiles
    seen: list[float] = []
    with pytest.raises(RestoreStoppedError):
        restore.denoise(image, method, on_progress=seen.append, should_stop=lambda: len(seen) == 2)
    assert len(seen) == 2


@pytest.mark.parametrize("method", ["vae", "vae-search"])
def test_the_vae_methods_stop_too(restorers: Path, method: str) -> None:
    with pytest.raises(RestoreStoppedError):
        restore.denoise(noise(28, 28), method, checkpoint="tiny", should_stop=lambda: True)


def test_a_network_is_read_once_for_each_version_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "RESTORERS_ROOT", tmp_path)
    checkpoints.save(tmp_path / "denoiser", "denoiser", tiny("denoiser", 1), {})
    first = restorer("denoiser")
    assert restorer("denoiser") is first
    checkpoints.save(tmp_path / "denoiser", "denoiser", tiny("denoiser", 2), {})
    os.utime(tmp_path / "denoiser" / checkpoints.WEIGHTS_FILE, (1, 1))  # even to an older time
    assert restorer("denoiser") is not first


def test_a_checkpoints_cache_holds_few() -> None:
    assert checkpoints._opened_restorers.entries == 8 and checkpoints._opened.entries == 32


def test_a_checkpoint_of_few_codes_is_enough_to_search(checkpoint_root: Path, digits: tuple[Split, Split]) -> None:
    opened = checkpoints.load("tiny", checkpoint_root)
    few = checkpoints.Latents(opened.latents.mu[:2], None, opened.latents.label[:2])
    starts = code_search.starting_codes(Checkpoint("few", opened.model, {}, few), to_unit_images(digits[1].images[:3]))
    assert starts.shape[0] == 3 and starts.shape[2] == 2 and 2 <= starts.shape[1] <= 3
