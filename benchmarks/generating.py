"""What a hundred new images cost, with a classifier's word and the nearest training image for each, on one core."""

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors

from benchmarks.tables import ms, p50, p95, table
from core import checkpoints, copies, quality
from core.data.datasets import load
from core.generation import JUDGED, Request, generate, judge

T = TypeVar("T")
COUNT, REPEATS = 100, 20
MODEL, DATASET = "vae-mnist-2d", "mnist"


def measure(quick: bool) -> str:
    """The table as Markdown."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return generating(2 if quick else REPEATS)
    finally:
        torch.set_num_threads(threads)


def generating(repeats: int) -> str:
    """Every step in turn, with another seed each time, as when somebody presses Draw again."""
    opened, classifier = checkpoints.opened(MODEL), checkpoints.opened_classifier(DATASET).model
    train = load(DATASET, "train")
    known, preparing = timed(copies.prepare, train.images, train.labels)
    usual = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(train.images.reshape(len(train.images), -1).astype(np.float32) / 255)
    laps: dict[str, list[float]] = {name: [] for name in ("draw", "classify", "nearest", "usual")}
    for seed in range(repeats + 1):
        drawn, draw = timed(generate, opened, Request("prior", COUNT, seed))
        _, classify = timed(quality.class_probabilities, classifier, drawn.images)
        _, nearest = timed(copies.nearest, known, drawn.images)
        _, other = timed(usual.kneighbors, drawn.images.reshape(COUNT, -1))
        if seed:  # the first round warms up
            for name, seconds in zip(laps, (draw, classify, nearest, other), strict=True):
                laps[name].append(seconds)
    _, judging = timed(judge, opened, classifier, Request("prior", COUNT))
    together = [sum(parts) for parts in zip(laps["draw"], laps["classify"], laps["nearest"], strict=True)]
    count = f"{len(known.images):,}"
    rows = [
        row(f"{COUNT} new images drawn, classified and compared with {count}", together),
        row("of this: drawing them", laps["draw"]),
        row("of this: classifying them", laps["classify"]),
        row(f"of this: the nearest of {count} training images", laps["nearest"]),
        row("the same nearest images by scikit-learn's brute force", laps["usual"]),
        row("once: preparing the training images", [preparing]),
        row(f"once for each model: drawing and judging {JUDGED:,} images", [judging]),
    ]
    return table("New images of the main model, one thread", ["p50 ms", "for", "p95", "times"], rows)


def timed(work: Callable[..., T], *what: object) -> tuple[T, float]:
    """What the work gives, and how many seconds it took."""
    began = time.perf_counter()
    return work(*what), time.perf_counter() - began


def row(title: str, seconds: list[float]) -> list[str]:
    """A line of the table."""
    return [ms(1000 * p50(seconds)), title, ms(1000 * p95(seconds)), f"{len(seconds)}"]
