"""What a saved page weighs, and how far its encoder's codes lie from the model's own. Sizes and distances; no timing."""

import re
from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.tables import table
from core import checkpoints
from core.checkpoints import SHIPPED, Checkpoint
from core.data.datasets import load, on_disk, to_unit_images
from core.small_encoder import SmallEncoder, Spread, moved, moved_of, ways
from pages.browser import saved
from pages.exploring import readout
from pages.exploring import saved as page
from pages.session import caches

QUICK = ("vae-mnist-2d", "vae-digits-2d")


def measure(quick: bool) -> str:
    """The tables as Markdown."""
    names = QUICK if quick else tuple(SHIPPED)
    return "\n\n".join([weight_table(names), moved_table(names, 200 if quick else 10_000)])


def weight_table(names: Sequence[str]) -> str:
    """Kilobytes of the file of each model, and of what is in it."""
    modules, styles = (sum(len(part.encode()) for part in parts) for parts in (saved.sources().values(), saved.styles()))
    rows = []
    for name in names:
        view = caches.map_view(name)
        content = page.page(view, readout.facts(view, None, ""), None, ("points", "names"), ("", "")).decode()
        files = {part: len(text) for part, text in re.findall(r'data-file="file:([^"]+)"[^>]*>([^<]*)<', content)}
        decoder = sum(files.get(part, 0) for part in ("decoder", "code-decoder", "atlas"))
        sizes = [decoder, *(files.get(part, 0) for part in ("encoder", "codes", "figure"))]
        rows.append([kilo(len(content.encode())), name, kilo(modules), kilo(styles), *map(kilo, sizes)])
    header = ["kB in all, of 3,000", "model", "modules", "styles", "decoder or atlas", "encoder", "codes", "figure"]
    return table("A saved page", header, rows)


def moved_table(names: Sequence[str], images: int) -> str:
    """How far codes of test images, and of images that the model draws, lie from the model's own: each way that changes any."""
    found = [(checkpoint, small) for checkpoint in map(checkpoints.opened, names) for small in ways(checkpoint.model)]
    rows = [[*_of_test_images(*one, images), *_of_drawn(*one)] for one in found if one[1].how != "exact"]
    of_each = "p50 / p95 / largest"
    header = [f"test images: {of_each}", "model, and how its encoder is brought along", "in their own clouds' sigmas", "images"]
    return table("How far codes move", [*header, f"images that the model drew: {of_each}", "images"], rows)


def _of_test_images(checkpoint: Checkpoint, small: SmallEncoder, images: int) -> list[object]:
    named = f"{checkpoint.name}, {small.how}"
    if not on_disk(checkpoint.dataset_name, "test"):
        return ["", named, "", 0]
    split = load(checkpoint.dataset_name, "test")
    told = torch.from_numpy(split.labels[:images].astype(np.int64)) if checkpoint.model.conditional else None
    far = moved_of(checkpoint.model, small, to_unit_images(split.images[:images]), told)
    return [_three(far.distance), named, _three(far.sigmas) if far.sigmas else "", far.images]


def _of_drawn(checkpoint: Checkpoint, small: SmallEncoder) -> list[object]:
    far = moved(checkpoint.model, small, checkpoint.latents.mu, 0 if checkpoint.model.conditional else None)
    return [_three(far.distance), far.images]


def _three(spread: Spread) -> str:
    return " / ".join(f"{value:.4f}" if value < 100 else f"{value:,.0f}" for value in spread)


def kilo(size: int) -> str:
    """Bytes as kilobytes; "" for none."""
    return f"{size / 1000:,.0f}" if size else ""
