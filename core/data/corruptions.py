"""What can spoil an image: noise, holes, scratches, blur, JPEG, low resolution. Each has a strength and draws from a generator alone.

Numbers are drawn where the generator lives, so one on the CPU gives the same picture on every device.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

BLUR_REACH = 12  # pixels to each side: 3 sigma at the strongest
MAX_SCRATCHES = 12
# The luminance quantisation table of JPEG.  (ITU-T T.81, annex K, table K.1)
JPEG_TABLE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)

Apply = Callable[[Tensor, Tensor, torch.Generator], Tensor]  # x (B, 1, H, W), strength (B, 1, 1, 1), numbers -> (B, 1, H, W)


@dataclass(frozen=True)
class Corruption:
    """A way to spoil an image, in words, and the strengths it can have."""

    title: str
    summary: str  # a sentence for people
    strength: str  # what the strength is, with its unit
    low: float
    high: float
    default: float
    apply: Apply
    whole: bool = False  # strengths are whole numbers


def corrupt(x: Tensor, name: str, strength: float | Tensor, generator: torch.Generator) -> Tensor:
    """Images (B, 1, H, W) in [0, 1], spoilt: the same shape and range. `strength`: one for all, or one for each image, (B,).

    Raises ValueError when the name is not in CORRUPTIONS or a strength not in its range.
    """
    if name not in CORRUPTIONS:
        raise ValueError(f"There is no corruption named {name!r}; there are {', '.join(CORRUPTIONS)}.")
    kind = CORRUPTIONS[name]
    strengths = torch.as_tensor(strength, dtype=x.dtype, device=x.device).expand(len(x))
    if not bool(((strengths >= kind.low) & (strengths <= kind.high)).all()):
        raise ValueError(f"{kind.title}: the strength is from {kind.low:g} to {kind.high:g} ({kind.strength}).")
    return kind.apply(x, strengths[:, None, None, None], generator).clamp(0.0, 1.0) if len(x) else x


def corrupt_seeded(x: Tensor, name: str, strength: float, seed: int) -> Tensor:
    """`corrupt` with the numbers that a seed gives on the CPU: the same on every device."""
    return corrupt(x, name, strength, torch.Generator().manual_seed(seed))


def damaged(image: np.ndarray, name: str, strength: float, seed: int) -> np.ndarray:
    """`corrupt_seeded` of one picture, float32 (H, W) in [0, 1]."""
    x = torch.from_numpy(np.ascontiguousarray(image, np.float32))[None, None]
    return corrupt_seeded(x, name, strength, seed)[0, 0].numpy()


def corrupt_blindly(x: Tensor, generator: torch.Generator) -> Tensor:
    """Images (B, 1, H, W), each spoilt in one of all ways at a random strength: what a blind denoiser learns from.

    The batch is dealt out by SHARES; its order is random, so that each image gets every kind of damage in time. Strengths come from a
    triangle over their range: what is met most lies in the middle.
    """
    parts, dealt = [], 0.0
    for name, (share, low, high) in SHARES.items():
        part = x[round(dealt * len(x)) : round((dealt + share) * len(x))]
        dealt += share
        strength = low + (high - low) * _uniform(part, (2, len(part)), generator).mean(0)
        parts.append(corrupt(part, name, strength.round() if CORRUPTIONS[name].whole else strength, generator))
    return torch.cat(parts)


# --- each of them -----------------------------------------------------------------------------------------------------------


def _normal(x: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(x.shape, generator=generator, device=generator.device).to(x)


def _uniform(x: Tensor, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device).to(x)


def gaussian(x: Tensor, strength: Tensor, generator: torch.Generator) -> Tensor:
    """x + strength * N(0, 1) at each pixel."""
    return x + strength * _normal(x, generator)


def salt_and_pepper(x: Tensor, strength: Tensor, generator: torch.Generator) -> Tensor:
    """A share of the pixels becomes 0 or 1, as often the one as the other."""
    draw = _uniform(x, x.shape, generator)
    return torch.where(draw < strength / 2, 0.0, torch.where(draw < strength, 1.0, x))


def speckle(x: Tensor, strength: Tensor, generator: torch.Generator) -> Tensor:
    """x (1 + strength * N(0, 1)): grain where there is ink."""
    return x * (1 + strength * _normal(x, generator))


def mask(x: Tensor, strength: Tensor, generator: torch.Generator) -> Tensor:
    """A share of the pixels is lost: 0."""
    return torch.where(_uniform(x, x.shape, generator) < strength, 0.0, x)


def block(x: Tensor, strength: Tensor, generator: torch.Generator) -> Tensor:
    """A square is lost, its side a share of the image's shorter one."""
    height, width = x.shape[-2:]
    side = strength * min(height, width)
    top, left = _uniform(x, (2, len(x), 1, 1, 1), generator)
    row, column = _grid(x)
    row, column = row - (top * (height - side)).round(), column - (left * (width - side)).round()
    hole = (row >= 0) & (row < side.round()) & (column >= 0) & (column < side.round())
    return torch.where(hole, 0.0, x)


def scratches(x: Tensor, strength: Tensor, generator: torch.Generator) -> Tensor:
    """Straight lines across the image, dark ones and light ones: 1 or 0. About 1/28 of the image's side wide."""
    height, width = x.shape[-2:]
    draws = _uniform(x, (MAX_SCRATCHES, 4, len(x), 1, 1, 1), generator)
    row, column = _grid(x)
    half_width = max(0.5, min(height, width) / 56)
    for number, (angle, down, right, ink) in enumerate(draws):
        distance = (row - down * height) * torch.cos(math.pi * angle) + (column - right * width) * torch.sin(math.pi * angle)
        line = (distance.abs() <= half_width) & (number < strength)
        x = torch.where(line, (ink < 0.5).to(x), x)
    return x


def blur(x: Tensor, strength: Tensor, generator: torch.Generator) -> Tensor:
    """A Gaussian blur; the edges repeat the border."""
    offsets = torch.arange(-BLUR_REACH, BLUR_REACH + 1, device=x.device, dtype=x.dtype)
    kernel = torch.exp(-0.5 * (offsets / strength.clamp_min(1e-3)).square())  # (B, 1, 1, 2 * reach + 1)
    kernel = kernel / kernel.sum(-1, keepdim=True)
    for padding, shape in (((BLUR_REACH, BLUR_REACH, 0, 0), (-1, 1, 1, 25)), ((0, 0, BLUR_REACH, BLUR_REACH), (-1, 1, 25, 1))):
        padded = F.pad(x, padding, mode="replicate").transpose(0, 1)  # (1, B, ...): an image a channel, each with its own kernel
        x = F.conv2d(padded, kernel.view(shape), groups=len(kernel)).transpose(0, 1)
    return x


def jpeg(x: Tensor, strength: Tensor, generator: torch.Generator) -> Tensor:
    """What JPEG of the quality 100 - strength keeps: the cosine transform of 8x8 blocks, rounded to the steps of its table.

    (ITU-T T.81, annex A.3.3; the table scaled as the Independent JPEG Group's library does)
    """
    quality = (100 - strength).clamp_min(1)
    scale = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)  # per cent
    table = ((torch.tensor(JPEG_TABLE, device=x.device, dtype=x.dtype) * scale + 50) / 100).floor().clamp(1, 255)  # (B, 1, 8, 8)
    k = torch.arange(8, device=x.device, dtype=x.dtype)
    basis = torch.cos((2 * k[None] + 1) * k[:, None] * math.pi / 16) * torch.where(k == 0, math.sqrt(1 / 8), 0.5)[:, None]  # (8, 8)
    height, width = x.shape[-2:]
    padded = F.pad((255 * x).round() - 128, (0, -width % 8, 0, -height % 8), mode="replicate")
    blocks = padded.unflatten(3, (-1, 8)).unflatten(2, (-1, 8)).transpose(3, 4)  # (B, 1, rows, columns, 8, 8)
    steps = table[:, :, None, None]
    blocks = basis.T @ ((basis @ blocks @ basis.T / steps).round() * steps) @ basis
    return ((blocks.transpose(3, 4).flatten(4).flatten(2, 3) + 128) / 255)[..., :height, :width]


def low_resolution(x: Tensor, strength: Tensor, generator: torch.Generator) -> Tensor:
    """Each square of strength x strength pixels becomes their mean."""
    height, width = x.shape[-2:]
    spoilt = torch.empty_like(x)
    factors = strength.flatten().round().long()
    for factor in factors.unique().tolist():
        rows = (factors == factor).nonzero().flatten()
        padded = F.pad(x[rows], (0, -width % factor, 0, -height % factor), mode="replicate")
        small = F.avg_pool2d(padded, factor)
        spoilt[rows] = small.repeat_interleave(factor, 2).repeat_interleave(factor, 3)[..., :height, :width]
    return spoilt


def _grid(x: Tensor) -> tuple[Tensor, Tensor]:
    """The row (1, 1, H, 1) and the column (1, 1, 1, W) of each pixel."""
    rows, columns = (torch.arange(size, device=x.device, dtype=x.dtype) for size in x.shape[-2:])
    return rows[None, None, :, None], columns[None, None, None, :]


CORRUPTIONS: dict[str, Corruption] = {
    "gaussian": Corruption("Gaussian noise", "Every pixel is shifted by a random amount, like a camera in the dark.",
                           "standard deviation of the noise; ink is 1", 0.0, 1.0, 0.5, gaussian),
    "salt-and-pepper": Corruption("Salt and pepper", "Some pixels turn black or white, like a faulty sensor.",
                                  "share of the pixels", 0.0, 1.0, 0.2, salt_and_pepper),
    "speckle": Corruption("Speckle", "Grain in proportion to the ink, like a radar or ultrasound image.",
                          "standard deviation of the factor", 0.0, 2.0, 1.0, speckle),
    "mask": Corruption("Random masking", "Some pixels are lost and read as empty paper.",
                       "share of the pixels", 0.0, 1.0, 0.5, mask),
    "block": Corruption("A missing block", "A square is lost somewhere, like a sticker on the page.",
                        "side, as a share of the image's", 0.0, 1.0, 0.35, block),
    "scratches": Corruption("Scratches", "Straight lines of ink and of paper cross the image.",
                            "number of scratches", 0, MAX_SCRATCHES, 4, scratches, whole=True),
    "blur": Corruption("Blur", "Out of focus: every pixel mixes with its neighbours.",
                       "sigma, in pixels", 0.0, 4.0, 1.5, blur),
    "jpeg": Corruption("JPEG", "Compressed too hard: blocks of 8 x 8 pixels keep only their coarse pattern.",
                       "100 minus the quality", 0, 99, 92, jpeg, whole=True),
    "low-resolution": Corruption("Low resolution", "Squares of pixels melt into one: seen from too far away.",
                                 "pixels to a square's side", 1, 8, 3, low_resolution, whole=True),
}  # fmt: skip

# Of a batch for the blind denoiser: which share gets which damage, and how strong. What is hardest to undo gets most.
SHARES: dict[str, tuple[float, float, float]] = {
    "gaussian": (0.6, 0.05, 0.9),
    "salt-and-pepper": (0.06, 0.02, 0.5),
    "mask": (0.06, 0.1, 0.85),
    "speckle": (0.04, 0.1, 2.0),
    "block": (0.06, 0.1, 0.5),
    "scratches": (0.04, 1, 8),
    "blur": (0.04, 0.3, 3.0),
    "jpeg": (0.04, 50, 98),
    "low-resolution": (0.06, 2, 6),
}
