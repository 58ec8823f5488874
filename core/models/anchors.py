"""The last layer of an encoder that looks a code up: scores for a grid of anchors, and the cloud around the best of them."""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 1.5  # the anchors are spread like N(0, WIDTH^2): the prior itself would leave too few for images far out
LEAST_SIGMA = 0.003  # added to what is read, in quadrature
LEAST_CURVATURE = 1e-3  # nats per square of an anchor's spacing: less is flat
MOST_CURVATURE = 1e9


def axis(side: int) -> Tensor:
    """The coordinates of the anchors along each axis: the middles of equal cells of (0, 1), through WIDTH times the normal inverse CDF.
    (side,), float32."""
    return (WIDTH * torch.special.ndtri((torch.arange(side, dtype=torch.float64) + 0.5) / side)).float()


def anchor_grid(side: int) -> Tensor:
    """The codes of side * side anchors, row by row: (side^2, 2), float32."""
    return torch.cartesian_prod(axis(side), axis(side))


@lru_cache(maxsize=8)
def tables(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """For each anchor what lies around it: the 3 x 3 anchors there, row by row, moved inwards at the border, (side^2, 9), indices; and
    the parabola z(t) = middle + slope t + bend t^2 through the three of each axis, t = -1, 0, 1: (side^2, 6), both middles first."""
    with torch.inference_mode(False), torch.device("cpu"):
        line = torch.arange(side).clamp(1, side - 2).unsqueeze(1) + torch.arange(-1, 2)  # (side, 3)
        squares = (line[:, None, :, None] * side + line[None, :, None, :]).reshape(side * side, 9)
        low, middle, high = axis(side)[line].T
        parts = [torch.cartesian_prod(part, part) for part in (middle, (high - low) / 2, (high - 2 * middle + low) / 2)]
        return squares.to(device), torch.cat(parts, 1).to(device)


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
        squares, parabolas = tables(self.side, h.device)
        scores = self.scores(h)  # (B, side^2)
        best = scores.argmax(1)
        step, curvature = newton(scores.gather(1, squares.index_select(0, best)))  # (B, 2), (B, 2)
        middle, slope, bend = parabolas.index_select(0, best).chunk(3, 1)  # (B, 2) each
        mu = middle + step * (slope + step * bend)
        spacing = slope + 2.0 * step * bend  # dz/dt
        return torch.cat([mu, (spacing * spacing / curvature + LEAST_SIGMA**2).log()], 1)


# Of 3 x 3 values, row by row: the gradient down and to the right, the curvature (negative second derivative) of each, the mixed one.
DIFFERENCES = (
    (0, -0.5, 0, 0, 0, 0, 0, 0.5, 0),
    (0, 0, 0, -0.5, 0, 0.5, 0, 0, 0),
    (0, -1, 0, 0, 2, 0, 0, -1, 0),
    (0, 0, 0, -1, 2, -1, 0, 0, 0),
    (-0.25, 0, 0.25, 0, 0, 0, 0.25, 0, -0.25),
)


def newton(square: Tensor) -> tuple[Tensor, Tensor]:
    """The peak of the quadratic through 3 x 3 values, (B, 9): its distance from their middle, (B, 2), at most half a spacing, and the
    curvature along each axis, (B, 2)."""
    down, right, c_down, c_right, mixed = F.linear(square, torch.tensor(DIFFERENCES, device=square.device)).chunk(5, 1)  # (B, 1) each
    c_down, c_right = c_down.clamp(LEAST_CURVATURE, MOST_CURVATURE), c_right.clamp(LEAST_CURVATURE, MOST_CURVATURE)
    most = 0.9 * (c_down * c_right).sqrt()  # so that it has a peak
    mixed = torch.minimum(torch.maximum(mixed, -most), most)
    determinant = c_down * c_right - mixed * mixed
    step = torch.cat([(c_right * down - mixed * right) / determinant, (c_down * right - mixed * down) / determinant], 1)
    return step.clamp(-0.5, 0.5), torch.cat([c_down, c_right], 1)
