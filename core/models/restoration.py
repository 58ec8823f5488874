"""Networks from image to image: a blind denoiser and upscalers for pictures of any size, and three small autoencoders for comparison:
those of the course AI for Beginners, which the code calls the lesson's.

A restorer has no code to explore; `restore` is all it does. The course's networks are the exception: `encode` shows their bottleneck.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models.config import ConfigError, check_hidden, check_number, check_one_of
from core.models.networks import residuals
from core.models.objectives import bernoulli_log_likelihood_nats, negative_psnr_db
from core.shape import SIDE

MAX_BLOCKS = 16


class Restorer(nn.Module):
    """An image in, a better one out."""

    LOSSES: ClassVar[tuple[str, ...]] = ("negative_psnr_db",)  # the rows of `training_terms`
    TOTAL: ClassVar[str] = ""  # there is no KL
    conditional: ClassVar[bool] = False
    scale: int = 1  # how many times larger the answer is, along each side
    multiple: int = 1  # sides are padded to a multiple of it
    reach: int = 0  # pixels around one that its answer depends on; 0: the network knows one size only, `side`
    side: int = SIDE  # of that size
    config: "RestorerConfig"

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, 1, h, w) -> about the restored pixels (B, 1, h * scale, w * scale), float32; sides are multiples of `multiple`."""
        raise NotImplementedError

    def restore(self, x: Tensor) -> Tensor:
        """Images (B, 1, h, w) in [0, 1] -> (B, 1, h * scale, w * scale) in [0, 1]. ValueError where the size is not one it knows."""
        height, width = x.shape[-2:]
        if not self.reach and (height, width) != (self.side, self.side):
            raise ValueError(f"This network takes images of {self.side} x {self.side} pixels only; this one has {width} x {height}.")
        return self.answer(x).clamp(0.0, 1.0)

    def answer(self, x: Tensor) -> Tensor:
        """The network's answer (B, 1, h * scale, w * scale) to images (B, 1, h, w) of any size, not clamped to [0, 1], for training."""
        height, width = x.shape[-2:]
        padded = F.pad(x, (0, -width % self.multiple, 0, -height % self.multiple), mode="replicate")
        return self(padded)[..., : height * self.scale, : width * self.scale]

    def training_terms(
        self, x: Tensor, target: Tensor | None = None, generator: torch.Generator | None = None, label: Tensor | None = None
    ) -> Tensor:
        """What training lowers, by the names in LOSSES, of the answers to x against the target: (len(LOSSES), B)."""
        assert target is not None
        return negative_psnr_db(self.answer(x), target).unsqueeze(0)

    def objective(self, terms: Tensor, regularizer_weight: float | Tensor = 1.0) -> Tensor:
        """The loss to differentiate, from `training_terms`: the mean over the batch."""
        return terms[0].mean()

    def set_mean_image(self, mean: Tensor) -> None:
        """Nothing: a restorer begins with what it is given."""

    def fit(self, images: np.ndarray) -> None:
        """Nothing: a restorer begins with random weights, and all of them are learnt."""


@dataclass(frozen=True)
class DenoiserConfig:
    """Sizes of the U-Net."""

    channels: tuple[int, ...] = (64, 128)  # of each level: the first has half the picture's side, each other half of the one above
    blocks: tuple[int, ...] = (2, 4)  # residual blocks on the way down, and again on the way up; the last: at the bottom

    def __post_init__(self) -> None:
        check_hidden("channels", self.channels)
        check_number("levels", len(self.channels), 1, 4, whole=True)
        check_depths(self.blocks, len(self.channels))


def check_depths(blocks: Any, count: int) -> None:
    """Raise ConfigError unless there are `count` numbers of residual blocks."""
    if not isinstance(blocks, tuple) or len(blocks) != count:
        raise ConfigError(f"blocks must be a list of {count} numbers of residual blocks; it is {blocks!r}.")
    for number in blocks:
        check_number("each number in blocks", number, 1, MAX_BLOCKS, whole=True)


class Denoiser(Restorer):
    """A U-Net that is not told what the damage is.  (Ronneberger et al. 2015)

    Its first level sees squares of 2 x 2 pixels: at the pixels' own size the same quality took twice the time.
    """

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        steps = list(pairwise(config.channels))
        self.enter = nn.Conv2d(4, config.channels[0], 3, padding=1)
        self.down = nn.ModuleList(map(residuals, config.channels, config.blocks))
        self.shrink = nn.ModuleList(nn.Conv2d(above, below, 2, stride=2) for above, below in steps)
        self.grow = nn.ModuleList(nn.ConvTranspose2d(below, above, 2, stride=2) for above, below in steps)
        self.up = nn.ModuleList(map(residuals, config.channels[:-1], config.blocks[:-1]))
        self.leave = nn.Conv2d(config.channels[0], 4, 3, padding=1)
        self.multiple = 2 ** len(config.channels)
        convolutions = [2 + 4 * config.blocks[0], *(4 * n for n in config.blocks[1:])]  # of 3 x 3, down and up, enter and leave
        convolutions[-1] -= 2 * config.blocks[-1]  # the bottom is passed once
        self.reach = sum(n * 2**level for level, n in enumerate(convolutions, start=1)) + self.multiple

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, 1, h, w) -> x and what is to be added to it, the same shape."""
        h = self.enter(F.pixel_unshuffle(x, 2))  # (B, C0, h / 2, w / 2)
        kept = []
        for down, shrink in zip(self.down, self.shrink, strict=False):
            kept.append(down(h))
            h = shrink(kept[-1])  # (B, C, half, half)
        h = self.down[-1](h)
        for level in reversed(range(len(self.grow))):
            h = self.up[level](self.grow[level](h) + kept[level])
        return x + F.pixel_shuffle(self.leave(h), 2).float()


@dataclass(frozen=True)
class UpscalerConfig:
    """Sizes of an upscaler."""

    scale: int = 2  # 2 or 4
    channels: tuple[int, ...] = (64,)  # at the size of the small picture, and for x4 at twice that
    blocks: tuple[int, ...] = (8,)  # residual blocks at each of these sizes

    def __post_init__(self) -> None:
        if self.scale not in (2, 4):
            raise ConfigError(f"scale must be 2 or 4; it is {self.scale!r}.")
        check_hidden("channels", self.channels)
        if len(self.channels) != self.scale // 2:
            raise ConfigError(f"channels must be a list of {self.scale // 2} for x{self.scale}; it is {self.channels!r}.")
        check_depths(self.blocks, len(self.channels))


class Upscaler(Restorer):
    """Works at the size of the small picture and doubles the side with sub-pixel convolutions.  (Shi et al. 2016, section 2.2)"""

    def __init__(self, config: UpscalerConfig) -> None:
        super().__init__()
        self.config, self.scale = config, config.scale
        self.enter = nn.Conv2d(1, config.channels[0], 3, padding=1)
        self.bodies = nn.ModuleList(map(residuals, config.channels, config.blocks))
        self.doubling = nn.ModuleList(nn.Conv2d(a, 4 * b, 3, padding=1) for a, b in pairwise((*config.channels, 1)))
        self.reach = 1 + sum(2 * n + 1 for n in config.blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, 1, h, w) -> the bilinearly enlarged x and what is to be added to it, (B, 1, h * scale, w * scale)."""
        enlarged = F.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)
        h = self.enter(x)  # (B, C, h, w)
        for body, doubling in zip(self.bodies, self.doubling, strict=True):
            h = F.pixel_shuffle(doubling(body(h)), 2)
        return enlarged + h.float()


@dataclass(frozen=True)
class LessonConfig:
    """Which of the course's networks."""

    task: str = "reconstruct"  # reconstruct and denoise: 28 x 28 to 28 x 28; enlarge: 14 x 14 to 28 x 28

    def __post_init__(self) -> None:
        check_one_of("task", self.task, ("reconstruct", "denoise", "enlarge"))


class LessonAutoencoder(Restorer):
    """The course's convolutional autoencoder as it is there: 16, 8 and 8 channels down to a bottleneck of 8 x 4 x 4, and back.

    What enlarges skips the first pooling, so its bottleneck is the same.
    """

    LOSSES = ("reconstruction_nats",)

    def __init__(self, config: LessonConfig) -> None:
        super().__init__()
        self.config = config
        small = config.task == "enlarge"
        self.scale, self.side = (2, SIDE // 2) if small else (1, SIDE)
        halve = [] if small else [nn.MaxPool2d(2)]
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), *halve,  # (B, 16, 14, 14)
            nn.Conv2d(16, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),  # (B, 8, 7, 7)
            nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True),  # (B, 8, 4, 4)
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2),  # (B, 8, 8, 8)
            nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2),  # (B, 8, 16, 16)
            nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Upsample(scale_factor=2),  # (B, 16, 28, 28)
            nn.Conv2d(16, 1, 3, padding=1),
        )  # fmt: skip

    def encode(self, x: Tensor) -> Tensor:
        """Images (B, 1, side, side) -> the bottleneck (B, 8, 4, 4): what has to be enough to draw the image again."""
        return self.encoder(x)

    def logits(self, x: Tensor) -> Tensor:
        """Images (B, 1, side, side) -> logits (B, 1, 28, 28), float32."""
        return self.decoder(self.encode(x)).float()

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, 1, side, side) -> their reconstructions (B, 1, 28, 28)."""
        return torch.sigmoid(self.logits(x))

    def training_terms(
        self, x: Tensor, target: Tensor | None = None, generator: torch.Generator | None = None, label: Tensor | None = None
    ) -> Tensor:
        """The cross-entropy of the answers against the target, as in the course: (1, B), nats."""
        assert target is not None
        return -bernoulli_log_likelihood_nats(self.logits(x), target).unsqueeze(0)


RestorerConfig = DenoiserConfig | UpscalerConfig | LessonConfig  # of each restorer here
