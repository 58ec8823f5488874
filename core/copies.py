"""The known image nearest to a drawn one, by its pixels: is it copied?"""

from dataclasses import dataclass

import numpy as np
import torch

MOST_KNOWN = 60_000  # images to look among: MNIST's training set, and a quarter of EMNIST's
YARDSTICKS = 300  # real images whose distances say what is usual
AT_ONCE = 4096  # images that are compared with by one matrix product


@dataclass(frozen=True)
class Known:
    """Images to look among, prepared once: each keeps one byte a pixel, and its sum of squares."""

    images: np.ndarray  # uint8 (N, H, W)
    labels: np.ndarray  # (N,)
    squares: np.ndarray  # float32 (N,): the sum of squared pixels, ink = 1


def prepare(images: np.ndarray, labels: np.ndarray) -> Known:
    """Images uint8 (N, H, W), at most MOST_KNOWN of them, ready for `nearest`."""
    images, labels = images[:MOST_KNOWN], labels[:MOST_KNOWN]
    flat = torch.from_numpy(np.ascontiguousarray(images)).flatten(1)
    squares = torch.cat([piece.float().div_(255).square_().sum(1) for piece in flat.split(AT_ONCE)])
    return Known(images, labels, squares.numpy())


@torch.no_grad()
def nearest(known: Known, images: np.ndarray, but: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The row (M,) of the known image nearest to each of images (M, H, W) in [0, 1], and how far it is, (M,): the root mean square
    difference of their pixels, from 0 to 1. but (M,): a row that each may not have, its own."""
    queries = torch.from_numpy(np.ascontiguousarray(images, np.float32)).flatten(1)  # (M, P)
    flat = torch.from_numpy(np.ascontiguousarray(known.images)).flatten(1)
    best, row = torch.full((len(queries),), torch.inf), torch.zeros(len(queries), dtype=torch.int64)
    for start in range(0, len(flat), AT_ONCE):
        piece = flat[start : start + AT_ONCE].float()
        # |x - y|^2 - |x|^2 = |y|^2 - 2 x . y, by one matrix product
        found = torch.from_numpy(known.squares[start : start + AT_ONCE]) - (2 / 255) * (queries @ piece.T)  # (M, N)
        if but is not None:
            own = torch.from_numpy(but) - start
            inside = (own >= 0) & (own < len(piece))
            found[inside, own[inside]] = torch.inf
        least, where = found.min(1)
        row = torch.where(least < best, where + start, row)
        best = torch.minimum(best, least)
    difference = flat[row].float().div_(255).sub_(queries)  # exact, where the sums above may cancel
    return row.numpy(), difference.square().mean(1).sqrt().numpy()


def yardstick(known: Known, own: bool, images: np.ndarray, count: int = YARDSTICKS) -> np.ndarray:
    """How far real images (M, H, W), uint8, of which `count` are looked at, are from their nearest known one, (count,); own: they are
    the known ones themselves, and each is to find another."""
    rows = np.linspace(0, len(images) - 1, min(count, len(images))).round().astype(np.int64)
    return nearest(known, images[rows].astype(np.float32) / 255, rows if own else None)[1]
