"""The settings of a model and of its training in words, as far as they have an effect."""

from typing import Any

from core.models import Model
from core.models.config import Setting, settings
from core.training.config import TrainingConfig

NOT_ITS_OWN = "–"  # of a setting that a model does not have, beside one that does


def of_training(module: type[Model]) -> dict[str, Setting]:
    """A training's settings that such a model has a use for."""
    every = settings(TrainingConfig)
    if module.linear:  # it is computed: of a training it has only the images
        return {"training_images": every["training_images"]}
    if len(module.LOSSES) == 1:
        del every["kl_warmup_epochs"]  # there is nothing beside the reconstruction whose weight could rise
    return every


def in_effect(module: type[Model], config: Any, recipe: TrainingConfig | None) -> dict[str, str]:
    """Each setting's title, and its value for people; config: of that kind of model; recipe: None where it is not known."""
    of_model = settings(type(config))
    if config.likelihood == "bernoulli":
        del of_model["sigma"]  # a probability has no scale
    said = {asked.title: asked.said(getattr(config, name)) for name, asked in of_model.items()}
    if getattr(config, "anchors", 0):
        said[of_model["encoder_hidden"].title] += ", computed from its decoder"
    if module.linear:
        said["Training"] = "computed, not trained"
    if recipe is not None:
        said |= {asked.title: asked.said(getattr(recipe, name)) for name, asked in of_training(module).items()}
    return said
