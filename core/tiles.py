"""Work on large pictures, tile by tile."""

from collections.abc import Callable

import torch
from torch import Tensor

from core.watch import Watch

TILE = 512  # pixels to a side: 0.5 GB of activations in the shipped U-Net; half of it takes 1.4 times as long, for the overlap


def tiled(
    work: Callable[[Tensor], Tensor], x: Tensor, watch: Watch, overlap: int, multiple: int = 1, scale: int = 1, tile: int = TILE
) -> Tensor:
    """work(x), tile by tile: images (B, 1, h, w) -> (B, 1, h * scale, w * scale). Each tile is shown `overlap` pixels more to each side.

    It is cut at multiples of `multiple` only, where a pooling network's own grid lies; at the picture's border nothing is added.
    """
    count, _, height, width = x.shape
    overlap = -(-overlap // multiple) * multiple
    together = max(1, tile * tile // (height * width))  # small images at once
    pieces = [
        (slice(first, first + together), rows, columns)
        for first in range(0, count, together)
        for rows in cuts(height, tile, multiple)
        for columns in cuts(width, tile, multiple)
    ]
    answer = torch.empty(count, 1, height * scale, width * scale)
    for number, (images, (top, bottom), (left, right)) in enumerate(pieces):
        watch.at(number / len(pieces))
        above, before = min(top, overlap), min(left, overlap)
        shown = x[images, :, top - above : bottom + overlap, left - before : right + overlap]
        kept = work(shown)[:, :, above * scale : (above + bottom - top) * scale, before * scale : (before + right - left) * scale]
        answer[images, :, top * scale : bottom * scale, left * scale : right * scale] = kept
    if watch.on_progress is not None:
        watch.on_progress(1.0)
    return answer


def cuts(length: int, tile: int, multiple: int) -> list[tuple[int, int]]:
    """(start, end) of pieces of about the same length, at most `tile`, that begin at multiples of `multiple`."""
    pieces = -(-length // tile)
    step = -(-length // (pieces * multiple)) * multiple
    return [(start, min(start + step, length)) for start in range(0, length, step)]
