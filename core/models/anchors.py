"""The last layer of an encoder that looks a code up: scores for a grid of anchors, and the cloud around the best of them."""

from functools import lru_cache

import torch
from torch import Tensor, nn

REACH = 2  # anchors to each side of the best one that its cloud is read from
TEMPERATURE = 4.0  # of their softmax: scores flattened so far let neighbours speak of a peak that lies between them
LEAST_SIGMA = 0.006  # added to what is read, in quadrature: the grid cannot see a narrower cloud


def prior_cells(side: int) -> Tensor:
    """The middles of side * side equal cells of the unit square, row by row: (side^2, 2), float64."""
    middle = (torch.arange(side, dtype=torch.float64) + 0.5) / side
    return torch.cartesian_prod(middle, middle)


def prior_grid(side: int) -> Tensor:
    """The same through the normal inverse CDF, so each cell holds as much of the prior N(0, I): (side^2, 2), float32."""
    return torch.special.ndtri(prior_cells(side)).float()


def neighbourhoods(side: int) -> Tensor:
    """For each point of a grid those of the square around it, moved inwards at the border: (side^2, (2 REACH + 1)^2), indices."""
    width = 2 * REACH + 1
    start = (torch.arange(side) - REACH).clamp(0, side - width)
    line = start.unsqueeze(1) + torch.arange(width)  # (side, width)
    return (line[:, None, :, None] * side + line[None, :, None, :]).reshape(side * side, width * width)


@lru_cache(maxsize=8)
def tables(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """`prior_grid` and `neighbourhoods` on a device, for all models together."""
    with torch.inference_mode(False), torch.device("cpu"):
        return prior_grid(side).to(device), neighbourhoods(side).to(device)


class Anchors(nn.Module):
    """(B, inputs) -> mu and logvar of N(mu, diag exp(logvar)), (B, 4): scores of anchors on a grid over the prior, and the mean and the
    spread of those around the best.

    Where a score is log p(x, z) at its anchor, softmax is Bayes' rule, and the cloud is the posterior's highest peak. A Gaussian of
    variance v, tempered by T, has variance T v; so what is read is divided by T. (core.posterior.anchored sets the scores so)
    """

    def __init__(self, inputs: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.scores = nn.Linear(inputs, side * side)

    def forward(self, h: Tensor) -> Tensor:
        """(B, inputs) -> (B, 4)."""
        grid, neighbours = tables(self.side, h.device)  # (K, 2), (K, N)
        scores = self.scores(h)  # (B, K)
        near = neighbours[scores.argmax(1)]  # (B, N)
        share = torch.softmax(scores.gather(1, near) / TEMPERATURE, 1).unsqueeze(2)  # (B, N, 1)
        z = grid[near]  # (B, N, 2)
        mu = (share * z).sum(1)
        variance = (share * (z - mu.unsqueeze(1)) ** 2).sum(1) / TEMPERATURE + LEAST_SIGMA**2
        return torch.cat([mu, variance.log()], 1)
