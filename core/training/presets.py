"""How long to train: three presets for those who do not want to choose, and what they take on this machine.

python -m core.training.presets          measures every model's speed here, a line of JSON each
"""

import functools
import json
import math
import os
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core import metrics
from core.models import MODELS, ModelConfig
from core.training.config import TrainingConfig, choose_device
from core.training.folder import write_text
from core.training.loop import Trainer

SMALL_DATA = 20_000  # training images; fewer are seen more often, in smaller batches
TIMED_STEPS, WARM_STEPS = 8, 3
START_S = 6.0  # a process, its libraries, the images
# The finished model is measured on 10,000 images, with and without its NLL: so long, and as long as the VAE trains on so many images.
MEASURE_S, MEASURE_IMAGES = 5.0, {True: 130_000, False: 45_000}


@dataclass(frozen=True)
class Preset:
    """A recipe by name, and what to expect of it."""

    title: str
    summary: str
    recipe: TrainingConfig  # over 60,000 images
    small_data_epochs: int  # over a small data set: more of them, with a third of the large one's steps or so


# Quick takes smaller batches and larger steps: its three epochs give about as good a model of every kind as five of the default recipe.
# Now and then a batch has a gradient a hundred times as long as the usual 100 (an encoder's sigma shoots up). Unclipped, one run in three
# over MNIST (seed 0, on a CPU) had a KL of 1e11 for an epoch and ended at -ELBO 145.2 nats; at 300, which clips at most 3 % of the steps,
# at 141.3, and the other two within 0.7 of where they had been.
PRESETS = {
    "quick": Preset(
        "Quick",
        "The classes find their places: good enough to explore.",
        TrainingConfig(epochs=3, batch_size=128, learning_rate=4e-3, gradient_clip=300.0),
        40,
    ),
    "good": Preset("Good", "Neighbouring classes separate, and images get sharper.", TrainingConfig(epochs=30), 240),
    "best": Preset("Best", "As long as the model that comes with the explorer.", TrainingConfig(epochs=200), 1600),
}
SMALL_DATA_BATCH = 64


def recipe_for(preset: str, training_images: int) -> TrainingConfig:
    """The recipe of a preset over so many images."""
    chosen = PRESETS[preset]
    if training_images < SMALL_DATA:
        return TrainingConfig(epochs=chosen.small_data_epochs, batch_size=SMALL_DATA_BATCH)
    return chosen.recipe


def usual(model: str, preset: str | None, training_images: int) -> dict[str, Any]:
    """Every setting of model and recipe, by name, as the preset has it; without a preset, as the command line has it."""
    recipe = TrainingConfig() if preset is None else recipe_for(preset, training_images)
    return vars(MODELS[model].config()) | vars(recipe)


def changed(values: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are not the usual ones; grey pixels alone come with a loss of grey pixels."""
    grey = values.get("likelihood") != "bernoulli"
    return {name: value for name, value in values.items() if value != usual.get(name) and not (name == "binarize" and grey)}


def training_threads() -> int:
    """CPU threads of a run: all cores but one, which stays with the pages; at most eight, more do not help at this size."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores - 1, 8))


def images_per_second(model: str) -> float:
    """How fast the model with its default sizes learns here, by a few steps on random images."""
    config = MODELS[model].config()
    images = np.random.default_rng(0).integers(0, 256, (2048, *config.shape[1:]), np.uint8)
    trainer = Trainer(TrainingConfig(), model, config, images, np.zeros(len(images), np.uint8))
    trainer.run(should_stop=lambda: trainer.step >= WARM_STEPS)
    _wait(trainer.device)
    began, first = time.perf_counter(), trainer.step
    trainer.run(should_stop=lambda: trainer.step >= first + TIMED_STEPS)
    _wait(trainer.device)
    return (trainer.step - first) * trainer.batch_size / (time.perf_counter() - began)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def estimate_seconds(
    speeds: Mapping[str, float], model: str, config: ModelConfig, epochs: int, images: int, trained_on: int | None = None
) -> float | None:
    """About how long a run takes from *Start* to the saved checkpoint; None while the model's speed is not known.

    trained_on: how many of the images, where not all. Other sizes than the model's defaults count by their arithmetic.
    """
    training = training_seconds(speeds, model, config, epochs, trained_on or images)
    measuring = measuring_seconds(speeds, model, config, images)
    return None if training is None or measuring is None else START_S + training + measuring


def training_seconds(speeds: Mapping[str, float], model: str, config: ModelConfig, epochs: float, images: int) -> float | None:
    """About how long so many epochs take; None while the model's speed is not known."""
    if not speeds.get(model):
        return None
    return epochs * images / speeds[model] * work(model, config) / work(model, MODELS[model].config())


def measuring_seconds(speeds: Mapping[str, float], model: str, config: ModelConfig, images: int) -> float | None:
    """About how long a finished model is measured; None while neither its nor the VAE's speed is known."""
    speed = speeds.get("vae") or speeds.get(model)
    return (MEASURE_S + MEASURE_IMAGES[_with_nll(model, config)] / speed) * min(1.0, images / 60_000) if speed else None


@functools.lru_cache(maxsize=256)
def _with_nll(model: str, config: ModelConfig) -> bool:
    with torch.device("meta"):
        return metrics.nll_applies(MODELS[model].module(config))


@functools.lru_cache(maxsize=256)
def work(model: str, config: ModelConfig) -> float:
    """Floating-point operations of encoder and decoder for one image."""
    with torch.device("meta"):
        built = MODELS[model].module(config)
    return max(1.0, built.encoder_flop() + built.decoder_flop())


def key() -> str:
    """What a measured speed belongs to: this machine with this torch."""
    return f"{platform.node()}, {choose_device().type}, {training_threads()} threads, torch {torch.__version__}"


def read_speeds(path: Path) -> dict[str, float]:
    """Images per second of each model, as measured on this machine before; empty when they were not."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        speeds = kept["speeds"] if kept["key"] == key() else {}
        return {name: float(value) for name, value in speeds.items() if name in MODELS and math.isfinite(value) and value > 0}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_speeds(path: Path, speeds: dict[str, float]) -> None:
    """Keep them for the next start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps({"key": key(), "speeds": speeds}))


if __name__ == "__main__":
    torch.set_num_threads(training_threads())
    for name in MODELS:
        print(json.dumps({name: round(images_per_second(name), 1)}), flush=True)
    sys.exit(0)
