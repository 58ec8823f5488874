"""A small convolutional classifier: what an image shows, in probabilities. It has no code to explore; it judges what models draw."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models.config import ConfigError, check_number, check_shape
from core.models.networks import residuals
from core.shape import SHAPE, Shape


@dataclass(frozen=True)
class ClassifierConfig:
    """Sizes of the classifier."""

    channels: int = 32  # at half the image's side; twice as many at a quarter of it
    classes: int = 10
    shape: Shape = field(default=SHAPE, kw_only=True)  # of an image: (1, H, W), sides that 4 divides

    def __post_init__(self) -> None:
        check_number("channels", self.channels, 1, 512, whole=True)
        check_number("classes", self.classes, 2, 1000, whole=True)
        check_shape(self.shape)
        if self.shape[1] % 4 or self.shape[2] % 4:
            raise ConfigError(f"the sides in shape must be multiples of 4; they are {self.shape[1]} and {self.shape[2]}.")


class Classifier(nn.Module):
    """Residual blocks at half and at a quarter of the image's side, then one dense layer."""

    LOSSES: ClassVar[tuple[str, ...]] = ("cross_entropy_nats",)  # the rows of `training_terms`
    TOTAL: ClassVar[str] = ""  # there is no KL
    conditional: ClassVar[bool] = False  # the label is what it answers with, not what it is told

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        _, height, width = config.shape
        few, many = config.channels, 2 * config.channels
        self.body = nn.Sequential(
            nn.PixelUnshuffle(2), nn.Conv2d(4, few, 3, padding=1), nn.ReLU(), residuals(few, 1),  # (B, few, H / 2, W / 2)
            nn.Conv2d(few, many, 2, stride=2), nn.ReLU(), residuals(many, 2), nn.ReLU(),  # (B, many, H / 4, W / 4)
        )  # fmt: skip
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(many * (height // 4) * (width // 4), config.classes))

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, 1, H, W) in [0, 1] -> logits of the classes (B, classes), float32."""
        return self.head(self.body(x)).float()

    def probabilities(self, x: Tensor) -> Tensor:
        """Images (B, 1, H, W) in [0, 1] -> how probable each class is, (B, classes), rows that sum to 1."""
        return torch.softmax(self(x), 1)

    def training_terms(
        self, x: Tensor, target: Tensor | None = None, generator: torch.Generator | None = None, label: Tensor | None = None
    ) -> Tensor:
        """The cross-entropy of the answers against the target, (B, classes), rows that sum to 1: (1, B), nats."""
        assert target is not None
        return F.cross_entropy(self(x), target, reduction="none").unsqueeze(0)

    def objective(self, terms: Tensor, regularizer_weight: float | Tensor = 1.0) -> Tensor:
        """The loss to differentiate, from `training_terms`: the mean over the batch."""
        return terms[0].mean()

    def set_mean_image(self, mean: Tensor) -> None:
        """Nothing: a classifier has no image to begin with."""

    def fit(self, images: np.ndarray) -> None:
        """Nothing: a classifier begins with random weights, and all of them are learnt."""
