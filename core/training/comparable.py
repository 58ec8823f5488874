"""What is a normal loss: the shipped models that a run can be compared with, and where they ended, as their cards say."""

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core import checkpoints, metrics
from core.checkpoints import CheckpointError
from core.models import MODELS, ConfigError, ModelConfig
from core.models.config import from_json
from core.models.lesson_vae import LessonVAE
from core.training.config import TrainingConfig, model_of, recipe_of
from core.training.diagnosis import has_kl, training_images_of
from core.training.run_config import RunConfig


@dataclass(frozen=True)
class Comparable:
    """Where a shipped model ended: its -ELBO, or its reconstruction where it has no KL, nats per test image."""

    name: str
    nats: float
    epochs: float  # of all its trainings
    beta: float | None  # None: no KL


def shipped_cards() -> dict[str, dict[str, Any]]:
    """The cards of the models that come with the explorer; one that cannot be read is no model to compare with."""
    cards = {}
    for name in sorted({*checkpoints.SHIPPED} & {*checkpoints.available(checkpoints.SHIPPED_ROOT)}):
        with suppress(CheckpointError):
            cards[name] = checkpoints.card_of(name, checkpoints.SHIPPED_ROOT)
    return cards


def comparables(config: RunConfig, cards: Mapping[str, Any]) -> list[Comparable]:
    """The models, by their cards, of the same data set, kind, latent dimensions, pixel loss and number of training images as the run,
    and of its β or else of the nearest; the best first. ConfigError where the run's config cannot be used.
    """
    kind, model = model_of(config)
    metric = _metric(kind, model, recipe_of(config))
    found = [one for name, card in cards.items() if metric and (one := _comparable(name, card, metric, kind, model, config))]
    beta = getattr(model, "beta", None)
    if beta is not None and found:
        nearest = min(_apart(one.beta, beta) for one in found)
        found = [one for one in found if _apart(one.beta, beta) == nearest]
    return sorted(found, key=lambda one: one.nats)


def _metric(kind: str, model: ModelConfig, recipe: TrainingConfig) -> str:
    """The figure of a card that measures what a run's curves show, on images as it sees them; "" where there is none."""
    if issubclass(MODELS[kind].module, LessonVAE):  # its curves have the course's KL, its card the true one
        return ""
    usual = recipe.binarize == (model.likelihood == "bernoulli")
    if has_kl(kind):
        return "negative_elbo_nats" if recipe.binarize and usual else "negative_elbo_grey_nats" if not recipe.binarize else ""
    return "reconstruction_nats" if usual else ""


def _comparable(name: str, card: Any, metric: str, kind: str, model: ModelConfig, config: RunConfig) -> Comparable | None:
    """The model that a card describes, if it is one that the run can be compared with."""
    nats, described, data = metrics.from_card(card, metric), card.get("model"), card.get("dataset")
    if nats is None or not isinstance(described, dict) or described.get("name") != kind:
        return None
    try:
        other = from_json(MODELS[kind].config, described.get("config"))
    except ConfigError:
        return None
    if data != (data | {"name": config.dataset, "training_images": training_images_of(config)}) or _measure(other) != _measure(model):
        return None
    before = card.get("began_with")  # of a model that was trained in two parts: its first
    epochs = sum(part.get("epochs", 0.0) for part in (card, before) if isinstance(part, dict))
    return Comparable(name, nats, epochs, getattr(other, "beta", None))


def _measure(model: ModelConfig) -> tuple[Any, ...]:
    """What two models must share for their losses to be in the same unit, of the same task."""
    return model.latent_dim, model.shape, model.likelihood, model.sigma if model.likelihood != "bernoulli" else None


def _apart(beta: float | None, other: float) -> float:
    """How far apart two weights of the KL are, as factors; 0 is farther than any other from one, and yet comparable."""
    return abs(math.log((0.01 + (beta or 0.0)) / (0.01 + other)))
