"""The table of all codes that Explore offers: of each test image its number, class and code, and what it takes to describe it, in nats."""

from collections.abc import Sequence

import numpy as np

from core import dimensions, figures
from core.checkpoints import Checkpoint
from core.fields import losses_nats
from core.frame import class_names
from core.words import joined
from pages.exploring import readout
from pages.session import caches
from pages.session.take_along import Columns

RECONSTRUCTION, KL = "reconstruction_nats", "kl_nats"  # columns


def columns(checkpoint: Checkpoint) -> Columns:
    """A row for each test image. Its losses, where they can be had: `losses_nats` at its code, and the KL divergence of its posterior."""
    codes = checkpoint.latents
    names = class_names(checkpoint.dataset_name)
    found: dict[str, Sequence[object] | np.ndarray] = {
        "image": range(len(codes.label)), "class": [figures.class_name(names, label) for label in codes.label.tolist()], "z": codes.mu,
    }  # fmt: skip
    if readout.test_images(checkpoint)[0]:
        found[RECONSTRUCTION] = losses_nats(checkpoint.model, caches.test_images(checkpoint.dataset_name), codes.mu, codes.label)
    if codes.logvar is not None:
        found[KL] = dimensions.kl_each_nats(codes.mu, codes.logvar)
    return found


def words(checkpoint: Checkpoint) -> str:
    """What the table has, and what it has not."""
    images, why_not = readout.test_images(checkpoint)
    density = "" if checkpoint.model.config.likelihood == "bernoulli" else ", of a density"
    losses = [f"its reconstruction loss at that code (−log p(x|z){density})"] * bool(images)
    losses += ["its KL"] * (checkpoint.latents.logvar is not None)
    said = f"Each test image’s number, class and code{'; ' * bool(losses)}{joined(losses)}{', in nats' * bool(losses)}."
    return said if images else f"{said} Without a reconstruction loss: {why_not[0].lower()}{why_not[1:]}"
