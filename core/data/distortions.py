"""Images a little otherwise drawn: turned, sheared, larger or smaller, shifted, and bent. What they show stays the same."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Distortion:
    """How far an image may be distorted. Each amount is drawn evenly from -limit to limit, but for the bend, which is normal."""

    turn: float = 12.0  # degrees
    shear: float = 0.15  # of a height, sideways
    scale: float = 0.12  # share of the size, each side by itself
    shift: float = 2.0  # pixels
    bend: float = 0.7  # pixels: standard deviation of the displacement at the nodes of a coarse grid
    nodes: int = 6  # of that grid, to each side


def distort(x: Tensor, how: Distortion, generator: torch.Generator) -> Tensor:
    """Each of the images (B, 1, H, W) in [0, 1] distorted in its own way, at random: the same shape and range; paper comes in at the edges.

    An affine map and a smooth field of displacements.  (Simard et al. 2003, section 2)
    """
    height, width = x.shape[-2:]
    amounts = 2 * torch.rand(6, len(x), device=x.device, generator=generator) - 1  # (6, B)
    angle, shear = math.radians(how.turn) * amounts[0], how.shear * amounts[1]
    across, down = 1 + how.scale * amounts[2], 1 + how.scale * amounts[3]
    cos, sin = torch.cos(angle), torch.sin(angle)
    right, below = 2 * how.shift * amounts[4] / width, 2 * how.shift * amounts[5] / height  # an image is 2 wide in a grid's units
    theta = torch.stack([cos * across, (shear * cos - sin) * down, right, sin * across, (shear * sin + cos) * down, below], 1)
    grid = F.affine_grid(theta.view(-1, 2, 3), list(x.shape), align_corners=False)  # (B, H, W, 2)
    field = torch.randn(len(x), 2, how.nodes, how.nodes, device=x.device, generator=generator)
    field = F.interpolate(field, size=(height, width), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)  # (B, H, W, 2)
    field = field * (2 * how.bend / torch.tensor([width, height], device=x.device))
    return F.grid_sample(x, grid + field, align_corners=False).clamp_(0.0, 1.0)
