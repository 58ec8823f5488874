"""The codes that a model's encoder gives the training images of its data set, batch by batch."""

from collections.abc import Callable

import numpy as np
import torch

from core import latent
from core.checkpoints import Checkpoint
from core.data import datasets


def encode(checkpoint: Checkpoint, step: Callable[[float], None] = lambda share: None) -> tuple[np.ndarray, np.ndarray]:
    """mu, float32 (N, D), and labels, uint8 (N,), of the training images, in the data set's order; `step` hears of the share that is done
    after each batch, and may raise to end it. A conditional model is told the labels.

    DatasetError where the images are not on disk or damaged, or not of the size that the model takes.
    """
    train, model = datasets.load(checkpoint.dataset_name, "train"), checkpoint.model
    if unfit := checkpoint.why_not_for((1, *train.images.shape[1:])):
        raise datasets.DatasetError(unfit)
    parts = []
    for start in range(0, len(train.images), latent.BATCH):
        batch = slice(start, start + latent.BATCH)
        told = torch.from_numpy(train.labels[batch]) if model.conditional else None
        parts.append(latent.encode(model, datasets.to_unit_images(train.images[batch]), told)[0])
        step(min(1.0, (start + latent.BATCH) / len(train.images)))
    return np.concatenate(parts), train.labels.astype(np.uint8)
