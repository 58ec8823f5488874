"""Ten pairs of test images of one class and ten of two classes, and the ways from one image of a pair to the other: through the codes,
decoded, and through the pixels, faded. Courses set them as homework."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import latent, morphs
from core.models import Model

PAIRS = 10  # of each kind
STEPS = 7  # of a way, both ends counted


@dataclass(frozen=True, eq=False)
class Pair:
    """Two test images, and what lies between them."""

    rows: tuple[int, int]  # of the test images
    labels: tuple[int, int]
    images: np.ndarray  # float32 (2, H, W) in [0, 1]
    decoded: np.ndarray  # float32 (STEPS, H, W): evenly spaced codes; the first and the last are the reconstructions
    faded: np.ndarray  # float32 (STEPS, H, W): evenly mixed pixels; the first and the last are the images
    distance: float  # between the two codes


@dataclass(frozen=True, eq=False)
class Pairs:
    """The twenty, by kind."""

    same: Sequence[Pair]  # of one class; none where no class has two images
    different: Sequence[Pair]  # of two; none where there is one class


def choose(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of test images with these labels (N,), drawn at random: PAIRS pairs of one class and PAIRS of two, both (PAIRS, 2), or (0, 2)
    where there are none.

    Of ten classes each has one pair of its own, in order, and is on either side of one pair of two; an image comes twice only where its
    class has too few.
    """
    generator = np.random.default_rng(seed)
    rows = {int(c): generator.permutation(np.flatnonzero(labels == c)) for c in np.unique(labels)}
    used = dict.fromkeys(rows, 0)

    def take(label: int) -> int:
        used[label] += 1
        return int(rows[label][(used[label] - 1) % len(rows[label])])

    same = sorted(np.concatenate(_turns([label for label in rows if len(rows[label]) > 1], generator))[:PAIRS].tolist())
    turns = _turns(list(rows) if len(rows) > 1 else [], generator)
    firsts, seconds = (np.concatenate(each)[:PAIRS].tolist() for each in (turns, [np.roll(turn, -1) for turn in turns]))
    of_one = [(take(label), take(label)) for label in same]
    of_two = [(take(first), take(second)) for first, second in zip(firsts, seconds, strict=True)]
    one, two = (np.array(pairs, np.int64).reshape(-1, 2) for pairs in (of_one, of_two))
    return one, two


def _turns(labels: list[int], generator: np.random.Generator) -> list[np.ndarray]:
    """The labels in random order, and again, until there are PAIRS of them; an empty one of none."""
    return [generator.permutation(np.array(labels, np.int64)) for _ in range(-(-PAIRS // len(labels)) if labels else 1)]


def between(model: Model, mu: np.ndarray, labels: np.ndarray, images: np.ndarray, seed: int) -> Pairs:
    """The pairs of that seed among test images uint8 (N, H, W) with codes (N, D) and labels (N,).

    The way through the codes is straight, in all D dimensions. A conditional model is told the first image's class up to the middle
    step, and then the second's.
    """
    groups = choose(labels, seed)
    rows = np.concatenate(groups)  # (P, 2)
    codes = np.concatenate([morphs.straight(mu[a], mu[b], STEPS) for a, b in rows])  # (P * STEPS, D)
    told = np.where(np.arange(STEPS) <= STEPS // 2, labels[rows][:, :1], labels[rows][:, 1:]).reshape(-1)  # (P * STEPS,)
    decoded = latent.decode(model, codes, told if model.conditional else None).reshape(len(rows), STEPS, *images.shape[1:])
    ink = images[rows].astype(np.float32) / 255  # (P, 2, H, W)
    made = [
        Pair(
            (int(a), int(b)), (int(labels[a]), int(labels[b])), ends, way, morphs.cross_fade(ends[0], ends[1], STEPS),
            float(np.linalg.norm(mu[a] - mu[b])),
        )
        for (a, b), ends, way in zip(rows, ink, decoded, strict=True)
    ]  # fmt: skip
    return Pairs(made[: len(groups[0])], made[len(groups[0]) :])
