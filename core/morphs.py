"""From one code to another: straight, or along the prior's sphere, and what pixels alone make of it; and codes added and subtracted."""

import numpy as np

SAME = 1e-9  # codes or angles that differ by less have no direction between them


def straight(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Codes (steps, D) evenly spaced from start (D,) to end (D,)."""
    share = np.linspace(0, 1, steps)[:, None]
    return (1 - share) * start + share * end


def spherical(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """The same along a sphere round the origin: the direction turns evenly by the shorter way, the length changes evenly.

    The direction is Shoemake's (1985, section 3.3) slerp; of codes of one length it is what White (2016) proposes for latent spaces. From
    or to the origin, which has no direction, it is straight; of opposite codes, between which every way is as short, one is taken.
    """
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    if min(lengths) < SAME:
        return straight(start, end, steps)
    a, b = start / lengths[0], end / lengths[1]
    across = b - (a @ b) * a  # what of b is at a right angle to a
    angle = np.arctan2(np.linalg.norm(across), a @ b)  # as exact at 0 and pi as between (arccos is not)
    if np.linalg.norm(across) < SAME:
        across = _right_angle_to(a) if angle > 1 else np.zeros_like(a)
    across = across / max(np.linalg.norm(across), SAME)
    share = np.linspace(0, 1, steps)[:, None]
    direction = np.cos(share * angle) * a + np.sin(share * angle) * across
    return np.linspace(*lengths, steps)[:, None] * direction


def _right_angle_to(a: np.ndarray) -> np.ndarray:
    """A direction at a right angle to the direction a (D,); zero where there is none, in one dimension."""
    axis = np.eye(len(a))[np.argmin(np.abs(a))]
    return axis - (axis @ a) * a


def cross_fade(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Images (steps, H, W) that mix the pixels of start and end, both (H, W): one fades out while the other fades in."""
    share = np.linspace(0, 1, steps)[:, None, None]
    return ((1 - share) * start + share * end).astype(np.float32)


def analogy(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """a - b + c of codes (D,): what is to c as a is to b, if what tells them apart is the same step everywhere.

    The fourth corner of a parallelogram, as Mikolov et al. (2013) took it for words and Larsen et al. (2016) for images of a VAE.
    """
    return a - b + c


PATHS = {"straight": straight, "sphere": spherical}
