"""What changes from step to step: the learning rate, the share of the KL, and how far the running average follows the weights."""

import math
from dataclasses import dataclass

from torch import Tensor

from core.training.config import TrainingConfig

AVERAGE_EVERY = 8  # steps: the average is as large as the model, and each move sweeps the processor's cache


@dataclass
class Schedule:
    """The numbers of a step: plain ones, or tensors (0-dimensional, on the device) for a step that is replayed."""

    learning_rate: float | Tensor
    regularizer_weight: float | Tensor
    follow: float | Tensor  # how far the running average moves towards the weights


def at(step: int, config: TrainingConfig, steps_per_epoch: int) -> Schedule:
    """The numbers of the step that comes after `step` others."""
    return Schedule(
        learning_rate(step, config, config.epochs * steps_per_epoch),
        regularizer_weight(step, config, steps_per_epoch),
        follow(step, config, steps_per_epoch),
    )


def learning_rate(step: int, config: TrainingConfig, total_steps: int) -> float:
    """Linear warm-up, then a half cosine to zero.  (Loshchilov & Hutter 2017, eq. 5)"""
    warmup = config.warmup_fraction * total_steps
    # 1) it rises to its peak
    if step < warmup:
        return config.learning_rate * (step + 1) / math.ceil(warmup)
    # 2) it falls to zero, which it reaches with the end
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(total_steps - warmup, 1)))


def regularizer_weight(step: int, config: TrainingConfig, steps_per_epoch: int) -> float:
    """Share of its full weight that the KL has, rising linearly over the KL warm-up.  (Bowman et al. 2016)"""
    warmup = config.kl_warmup_in_effect * steps_per_epoch
    return min(1.0, (step + 1) / warmup if warmup else 1.0)


def follow(step: int, config: TrainingConfig, steps_per_epoch: int) -> float:
    """How far the running average of the weights moves towards them: an exponential average whose memory grows from none,
    so that a short run is not held back by its start. It moves every AVERAGE_EVERY steps, for all of them, and at an epoch's end.
    """
    in_epoch = step % steps_per_epoch + 1
    if in_epoch % AVERAGE_EVERY and in_epoch != steps_per_epoch:
        return 0.0
    steps = (in_epoch - 1) % AVERAGE_EVERY + 1  # since it moved last
    decay = min(config.ema_decay, (1 + step) / (10 + step)) if step else 0.0
    return 1.0 - decay**steps
