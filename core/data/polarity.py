"""Whether a picture's ink is darker than its paper."""

import numpy as np

from core.data.crops import filling_digit_is_lighter
from core.data.surround import page_alone


def ink_is_dark(grey: np.ndarray) -> bool:
    """Whether the ink of a picture, grey (H, W) in [0, 1] with white = 1, is darker than what it lies on.

    Background is what there is more of, in tiles of a half, a quarter and an eighth of the picture: near an edge of a shadow the
    two sides are even and cancel, near a stroke the background wins. In small pictures one flat level, as a data
    set's images have it, decides. What surrounds a page does not count. A picture of one level is background: dark ink could lie on
    it if it is light. A digit that fills the picture is its ink, whatever there is more of.
    """
    if (lighter := filling_digit_is_lighter(grey)) is not None:
        return not lighter
    small = page_alone(grey)
    if (lighter := filling_digit_is_lighter(small)) is not None:
        return not lighter
    if max(grey.shape) <= 64:
        levels, counts = np.unique(grey, return_counts=True)
        flat = levels[counts.argmax()]
        if len(levels) > 1 and counts.max() >= 0.2 * grey.size and _on_border(grey, flat):
            return bool(flat > grey[grey != flat].mean())
    lightness = sum(_light_surplus(small, parts) for parts in (2, 4, 8))
    return bool(lightness > 0 if lightness else small.mean() >= 0.5)


def _on_border(grey: np.ndarray, level: float) -> bool:
    """Whether at least a third of the border has this level."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return bool((border == level).mean() >= 1 / 3)


def _light_surplus(grey: np.ndarray, parts: int) -> float:
    """By how much of their area the light sides of tiles with contrast outweigh the dark ones, in [-0.5, 0.5].

    The picture's sides are cut into up to `parts` tiles of at least 16 pixels; a tile's sides meet halfway between its extremes.
    """
    height, width = (max(1, side // max(1, min(parts, side // 16))) for side in grey.shape)
    rows, columns = grey.shape[0] // height, grey.shape[1] // width
    tiles = grey[: rows * height, : columns * width].reshape(rows, height, columns, width).swapaxes(1, 2).reshape(rows * columns, -1)
    low, high = tiles.min(1), tiles.max(1)
    contrast = high - low
    if contrast.max() < 0.02:
        return 0.0
    strong = contrast >= 0.25 * contrast.max()
    light = (tiles > ((low + high) / 2)[:, None]).mean(1)
    return float(np.average(light[strong] - 0.5, weights=contrast[strong]))
