"""Corruptions: each does what its words say, in [0, 1], the same from the same seed."""

import io
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import gaussian_filter

from core.data.corruptions import CORRUPTIONS, SHARES, corrupt, corrupt_blindly, corrupt_seeded, damaged

SIZES = [(28, 28), (1, 1), (5, 40), (33, 17)]


@pytest.fixture(scope="module")
def x(digits) -> torch.Tensor:
    return torch.from_numpy(digits[1].images).float().unsqueeze(1) / 255


def numbers(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_shape_and_range_are_kept_at_every_strength(name, size):
    kind = CORRUPTIONS[name]
    images = torch.rand(3, 1, *size, generator=numbers())
    before = images.clone()
    for strength in (kind.low, kind.default, kind.high):
        spoilt = corrupt_seeded(images, name, strength, seed=1)
        assert spoilt.shape == images.shape
        assert spoilt.dtype == torch.float32
        assert spoilt.min() >= 0 and spoilt.max() <= 1
    assert torch.equal(images, before)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_seed_alone_decides(x, name):
    strength = CORRUPTIONS[name].default
    state = torch.get_rng_state()
    once, again, other = (corrupt_seeded(x, name, strength, seed) for seed in (3, 3, 4))
    assert torch.equal(once, again)
    assert torch.equal(once, other) == (name in ("blur", "jpeg", "low-resolution"))  # nothing is drawn for these
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_strength_for_each_image_is_that_image_at_that_strength(x, name):
    kind = CORRUPTIONS[name]
    strengths = torch.linspace(kind.low, kind.high, 4)
    strengths = strengths.round() if kind.whole else strengths
    together = corrupt(x[:4], name, strengths, numbers())
    for row, strength in enumerate(strengths):
        alone = corrupt(x[:4], name, float(strength), numbers())  # the same numbers are drawn for all four
        torch.testing.assert_close(together[row], alone[row], atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", [name for name, kind in CORRUPTIONS.items() if name not in ("jpeg", "blur")])
def test_the_weakest_changes_nothing(x, name):
    assert torch.equal(corrupt_seeded(x, name, CORRUPTIONS[name].low, seed=0), x)


def test_one_picture_is_damaged_as_a_batch_of_one_is(x):
    image = x[0, 0, :20].numpy().astype(np.float64)
    expected = corrupt_seeded(x[:1, :, :20], "gaussian", 0.4, seed=3)[0, 0].numpy()
    spoilt = damaged(image, "gaussian", 0.4, seed=3)
    assert spoilt.dtype == np.float32 and (spoilt == expected).all()


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("off", [-0.01, math.nan, math.inf])
def test_strengths_out_of_range_are_a_sentence(x, name, off):
    kind = CORRUPTIONS[name]
    with pytest.raises(ValueError, match=f"{kind.title}: the strength is from"):
        corrupt_seeded(x, name, kind.low + off if off < 0 else off, seed=0)


def test_an_unknown_name_is_a_sentence(x):
    with pytest.raises(ValueError, match="no corruption named 'rain'; there are gaussian"):
        corrupt_seeded(x, "rain", 1.0, seed=0)


def test_gaussian_noise_has_the_deviation_that_was_asked_for():
    grey = torch.full((50, 1, 40, 40), 0.5)
    noise = corrupt_seeded(grey, "gaussian", 0.1, seed=0) - 0.5
    assert noise.std().item() == pytest.approx(0.1, rel=0.02)
    assert abs(noise.mean().item()) < 0.002


def test_salt_and_pepper_hits_the_share_half_and_half():
    grey = torch.full((50, 1, 40, 40), 0.5)
    spoilt = corrupt_seeded(grey, "salt-and-pepper", 0.3, seed=0)
    assert (spoilt == 0).float().mean().item() == pytest.approx(0.15, abs=0.005)
    assert (spoilt == 1).float().mean().item() == pytest.approx(0.15, abs=0.005)
    assert (spoilt == 0.5).float().mean().item() == pytest.approx(0.7, abs=0.01)


def test_speckle_is_in_proportion_to_the_ink():
    spoilt = corrupt_seeded(torch.tensor([0.0, 0.2, 0.4]).view(3, 1, 1, 1).expand(3, 1, 100, 100), "speckle", 0.3, seed=0)
    assert spoilt[0].max() == 0
    assert (spoilt[2].std() / spoilt[1].std()).item() == pytest.approx(2, rel=0.05)


def test_masking_loses_the_share_of_pixels():
    spoilt = corrupt_seeded(torch.ones(50, 1, 40, 40), "mask", 0.7, seed=0)
    assert set(spoilt.unique().tolist()) == {0.0, 1.0}
    assert 1 - spoilt.mean().item() == pytest.approx(0.7, abs=0.01)


def test_a_block_is_one_square_inside_the_image():
    for image in corrupt_seeded(torch.ones(40, 1, 30, 50), "block", 0.5, seed=0)[:, 0]:
        rows, columns = (image == 0).nonzero(as_tuple=True)
        assert (int(rows.max() - rows.min()), int(columns.max() - columns.min())) == (14, 14)
        assert len(rows) == 15 * 15


def test_scratches_are_ink_and_paper_across_the_image():
    grey = torch.full((60, 1, 28, 28), 0.5)
    assert set(corrupt_seeded(grey, "scratches", 6, seed=0).unique().tolist()) == {0.0, 0.5, 1.0}
    hit = [(corrupt_seeded(grey, "scratches", count, seed=0) != 0.5).float().mean().item() for count in (0, 1, 4, 12)]
    assert hit == sorted(hit) and hit[0] == 0
    one = corrupt_seeded(grey, "scratches", 1, seed=0)
    for image in (one != 0.5)[:, 0]:
        assert int(image.sum()) <= 28 * 2 + 12  # a line, not an area


def test_blur_is_scipys():
    images = torch.rand(5, 1, 30, 20, generator=numbers())
    for sigma in (0.7, 1.5, 3.0):
        ours = corrupt_seeded(images, "blur", sigma, seed=0)[:, 0].numpy()
        theirs = np.stack([gaussian_filter(image, sigma, mode="nearest", radius=12) for image in images[:, 0].numpy()])
        assert np.abs(ours - theirs).max() < 1e-5


@pytest.mark.parametrize("quality", [8, 30, 75])
def test_jpeg_is_pillows(x, quality):
    apart = []
    for image in x[:10, 0]:
        buffer = io.BytesIO()
        Image.fromarray((image * 255).round().byte().numpy()).save(buffer, "JPEG", quality=quality)
        theirs = np.asarray(Image.open(buffer), np.float32)[:24, :24]  # whole blocks: the edge is padded in another way there
        ours = corrupt_seeded(image[None, None], "jpeg", 100 - quality, seed=0)[0, 0, :24, :24].numpy() * 255
        apart.append(np.abs(ours - theirs))
    # Its cosine transform is one of whole numbers, so that here and there a coefficient in the middle is rounded the other way.
    assert np.mean(apart) < 0.4  # of 255
    assert np.mean(np.array(apart) <= 1) > 0.92


def test_low_resolution_keeps_the_mean_of_each_square():
    images = torch.rand(2, 1, 28, 28, generator=numbers())
    spoilt = corrupt_seeded(images, "low-resolution", 4, seed=0)
    squares = spoilt.unfold(2, 4, 4).unfold(3, 4, 4).flatten(4)
    assert squares.std(-1).max() < 1e-6
    torch.testing.assert_close(squares.mean(-1), torch.nn.functional.avg_pool2d(images, 4))


def test_the_shares_are_of_one_batch_and_within_range():
    assert sum(share for share, _, _ in SHARES.values()) == pytest.approx(1)
    assert SHARES.keys() == CORRUPTIONS.keys()
    for name, (_, low, high) in SHARES.items():
        assert CORRUPTIONS[name].low <= low < high <= CORRUPTIONS[name].high


def test_a_blind_batch_holds_every_damage(x):
    spoilt = corrupt_blindly(x, numbers())
    assert spoilt.shape == x.shape
    first = round(SHARES["gaussian"][0] * len(x))
    last = first + round(SHARES["salt-and-pepper"][0] * len(x))
    pepper = spoilt[first:last]
    changed = pepper[pepper != x[first:last]]
    assert set(changed.unique().tolist()) <= {0.0, 1.0}  # salt and pepper, and nothing else, lies there
    assert (spoilt[:first] != x[:first]).flatten(1).any(1).all()


@given(count=st.integers(0, 9))
def test_a_batch_of_any_size_can_be_spoilt(count):
    assert corrupt_blindly(torch.zeros(count, 1, 28, 28), numbers()).shape == (count, 1, 28, 28)
