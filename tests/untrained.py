"""Checkpoints of models with random weights and random codes, for what does not depend on what a model has learned."""

from pathlib import Path
from typing import Any

import numpy as np

from core import checkpoints
from core.checkpoints import Latents
from core.models import MODELS, build
from core.models.vae import VAEConfig


def save_untrained(root: Path, name: str, config: VAEConfig) -> None:
    """A checkpoint with random weights and random codes."""
    codes = np.random.default_rng(0).normal(size=(50, config.latent_dim))
    latents = Latents(codes, np.zeros_like(codes), np.arange(50) % 10)
    checkpoints.save(root / name, "vae", build("vae", config), {"metrics": "?", "dataset": "?"}, latents)


def save_random(root: Path, kind: str, dimensions: int, dataset: str = "mnist", count: int = 500, **settings: Any) -> np.ndarray:
    """A model of this kind with random weights, saved as `other`; its random codes."""
    hidden: dict[str, Any] = {} if kind in ("conv-vae", "pca") else {"encoder_hidden": (8,), "decoder_hidden": (8,)}
    model = build(kind, MODELS[kind].config(latent_dim=dimensions, **hidden, **settings)).eval()
    codes = np.random.default_rng(0).normal(size=(count, dimensions)).astype(np.float16).astype(np.float32)
    has_posterior = "kl_nats" in MODELS[kind].module.LOSSES
    latents = Latents(codes, np.zeros_like(codes) if has_posterior else None, np.arange(count) % 10)
    checkpoints.save(root / "other", kind, model, {"dataset": {"name": dataset}}, latents)
    return codes
