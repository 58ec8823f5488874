"""The last layer of an encoder that looks a code up: scores for a grid of anchors, and the cloud around the best of them."""

import math
from functools import lru_cache

import torch
from torch import Tensor, nn

WIDTH = 1.5  # the anchors are spread like N(0, WIDTH^2): the prior itself would leave too few for images far out
LEAST_SIGMA = 0.003  # added to what is read, in quadrature
LEAST_CURVATURE = 1e-3  # nats per square of an anchor's spacing: less is flat


def place(u: Tensor) -> Tensor:
    """Points of the unit square, (..., 2), as codes: each coordinate through WIDTH times the normal inverse CDF."""
    return WIDTH * torch.special.ndtri(u)


def anchor_grid(side: int) -> Tensor:
    """The codes of side * side anchors, the middles of as many equal cells of the unit square, row by row: (side^2, 2), float32."""
    middle = (torch.arange(side, dtype=torch.float64) + 0.5) / side
    return place(torch.cartesian_prod(middle, middle)).float()


@lru_cache(maxsize=8)
def squares(side: int, device: torch.device) -> Tensor:
    """For each anchor those of the 3 x 3 square around it, row by row, moved inwards at the border: (side^2, 9), indices."""
    with torch.inference_mode(False), torch.device("cpu"):
        line = torch.arange(side).clamp(1, side - 2).unsqueeze(1) + torch.arange(-1, 2)  # (side, 3)
        return (line[:, None, :, None] * side + line[None, :, None, :]).reshape(side * side, 9).to(device)


class Anchors(nn.Module):
    """(B, inputs) -> mu and logvar of N(mu, diag exp(logvar)), (B, 4): scores of anchors on a grid, and the peak that those around the
    best one describe.

    Where a score is log p(x, z) at its anchor, that peak is the posterior's, by Laplace's approximation (Bishop 2006, section 4.4), with
    differences of scores for derivatives: one step of Newton's method from the best anchor to the peak, not beyond the anchor's own cell,
    and the curvature as precision. (core.posterior.anchored sets the scores so)
    """

    def __init__(self, inputs: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.scores = nn.Linear(inputs, side * side)

    def forward(self, h: Tensor) -> Tensor:
        """(B, inputs) -> (B, 4)."""
        scores = self.scores(h)  # (B, side^2)
        square = squares(self.side, h.device)[scores.argmax(1)]  # (B, 9)
        step, precision = newton(scores.gather(1, square))  # (B, 2), (B, 2)
        centre = square[:, 4]
        cell = torch.stack([centre // self.side, centre % self.side], 1)  # (B, 2)
        mu = place((cell + 0.5 + step) / self.side)
        slope = WIDTH * math.sqrt(2 * math.pi) * torch.exp(0.5 * (mu / WIDTH) ** 2) / self.side  # dz for one cell
        return torch.cat([mu, (slope**2 / precision + LEAST_SIGMA**2).log()], 1)


def newton(square: Tensor) -> tuple[Tensor, Tensor]:
    """The peak of the quadratic through 3 x 3 values, (B, 9): its distance from their middle, (B, 2), at most half a spacing, and the
    curvature along each axis, (B, 2)."""
    s = square.unflatten(1, (3, 3))  # (B, row, column)
    middle, up, down, left, right = s[:, 1, 1], s[:, 0, 1], s[:, 2, 1], s[:, 1, 0], s[:, 1, 2]
    gradient = torch.stack([down - up, right - left], 1) / 2
    curvature = torch.stack([2 * middle - up - down, 2 * middle - left - right], 1).clamp_min(LEAST_CURVATURE)
    most = 0.9 * curvature.prod(1).sqrt()  # so that it has a peak
    mixed = ((s[:, 0, 2] + s[:, 2, 0] - s[:, 0, 0] - s[:, 2, 2]) / 4).clamp(-most, most)
    determinant = curvature.prod(1) - mixed**2
    step = (curvature.flip(1) * gradient - mixed.unsqueeze(1) * gradient.flip(1)) / determinant.unsqueeze(1)
    return step.clamp(-0.5, 0.5), curvature
