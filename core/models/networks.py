"""Building blocks of the models: dense layers, convolutions down and up, residual blocks, a bias for each pixel."""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {"silu": nn.SiLU, "relu": nn.ReLU, "tanh": nn.Tanh}


def mlp(sizes: Sequence[int], activation: str = "silu") -> nn.Sequential:
    """Dense layers of the given sizes, an activation between them and none after the last: (B, sizes[0]) -> (B, sizes[-1])."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])


def convolutions(channels: Sequence[int], activation: str = "silu") -> list[nn.Module]:
    """Convolutions that halve the side, an activation after each: (B, channels[0], S, S) -> (B, channels[-1], S / 2^n, S / 2^n)."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(channels):
        layers += [nn.Conv2d(inputs, outputs, kernel_size=3, stride=2, padding=1), ACTIVATIONS[activation]()]
    return layers


def transposed_convolutions(channels: Sequence[int], activation: str = "silu") -> list[nn.Module]:
    """Convolutions that double the side, an activation between them and none after the last: the way back from `convolutions`.

    The kernel is twice the stride, so that every pixel gets as many contributions.  (Odena et al. 2016)
    """
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(channels):
        layers += [nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1), ACTIVATIONS[activation]()]
    return layers[:-1]


class Residual(nn.Module):
    """x + two convolutions of x, at first nearly x.  (Lim et al. 2017: no normalisation, so that tiles fit together)"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> the same shape."""
        return x + self.second(F.relu(self.first(x)))


def residuals(channels: int, count: int) -> nn.Sequential:
    """So many of them, one after the other."""
    return nn.Sequential(*(Residual(channels) for _ in range(count)))


class Bias(nn.Module):
    """Adds a learnt number to each value: (B, size) -> (B, size)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(size))

    def forward(self, x: Tensor) -> Tensor:
        """x + bias."""
        return x + self.bias
