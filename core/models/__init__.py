"""The models by name. To add one: a file with its config dataclass and its module, and an entry in MODELS."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import torch

from core.models.adversarial import AdversarialAutoencoder, AdversarialConfig
from core.models.autoencoder import Autoencoder, AutoencoderConfig, ModelConfig
from core.models.conditional_vae import ConditionalVAE, ConditionalVAEConfig
from core.models.config import ConfigError, check_one_of, from_json, to_json
from core.models.convolutional import ConvolutionalVAE, ConvolutionalVAEConfig
from core.models.restoration import Denoiser, DenoiserConfig, LessonAutoencoder, LessonConfig, Restorer, Upscaler, UpscalerConfig
from core.models.vae import VAE, VAEConfig

Model = Autoencoder  # what has codes to explore: every entry of MODELS is one


class Entry(NamedTuple):
    """A kind of model: its configuration, its module, a line for people, and a sentence for beginners."""

    config: type[ModelConfig]
    module: type[Autoencoder]
    title: str
    summary: str


MODELS: dict[str, Entry] = {
    "ae": Entry(
        AutoencoderConfig,
        Autoencoder,
        "Autoencoder",
        "Squeezes each image into a few numbers, its code, and draws it again from them; between the codes anything may come out.",
    ),
    "vae": Entry(
        VAEConfig,
        VAE,
        "Variational autoencoder",
        "Gives each image a small cloud of codes and keeps the clouds around the centre, so that points in between decode well too.",
    ),
    "conv-vae": Entry(
        ConvolutionalVAEConfig,
        ConvolutionalVAE,
        "Convolutional VAE",
        "A variational autoencoder that looks for the same strokes everywhere in the image, with far fewer weights.",
    ),
    "cvae": Entry(
        ConditionalVAEConfig,
        ConditionalVAE,
        "Conditional VAE",
        "A variational autoencoder that is told what the image shows, so its code only says how it is drawn: any class in any style.",
    ),
    "aae": Entry(
        AdversarialConfig,
        AdversarialAutoencoder,
        "Adversarial autoencoder",
        "An autoencoder with an opponent that tries to tell its codes from random points, until they are spread just like those.",
    ),
}


class RestorerEntry(NamedTuple):
    """A kind of network from image to image."""

    config: type[DenoiserConfig] | type[UpscalerConfig] | type[LessonConfig]
    module: type[Restorer]


RESTORERS: dict[str, RestorerEntry] = {
    "denoiser": RestorerEntry(DenoiserConfig, Denoiser),
    "upscaler": RestorerEntry(UpscalerConfig, Upscaler),
    "lesson": RestorerEntry(LessonConfig, LessonAutoencoder),
}


def build(name: str, config: ModelConfig, seed: int = 0) -> Model:
    """A freshly initialised model; its weights depend on the seed alone and the global generator is left as it was."""
    check_one_of("model", name, MODELS)
    return _seeded(MODELS[name].module, config, seed)


def build_restorer(name: str, config: Any, seed: int = 0) -> Restorer:
    """The same for a restorer."""
    check_one_of("model", name, RESTORERS)
    return _seeded(RESTORERS[name].module, config, seed)


M = TypeVar("M", Model, Restorer)


def _seeded(module: type[M], config: Any, seed: int) -> M:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # the CPU's alone: torch.manual_seed would reach every GPU's
        return module(config)


def describe(name: str, model: Model | Restorer) -> dict[str, Any]:
    """What a card says of a model, enough for `rebuild` or `rebuild_restorer`."""
    return {"name": name, "config": to_json(model.config)}


def rebuild(description: Any) -> Model:
    """The model (weights not loaded) that `describe` described; ConfigError when the description cannot be used."""
    name = _described(description, MODELS)
    return build(name, from_json(MODELS[name].config, description["config"]))


def rebuild_restorer(description: Any) -> Restorer:
    """The same for a restorer."""
    name = _described(description, RESTORERS)
    return build_restorer(name, from_json(RESTORERS[name].config, description["config"]))


def _described(description: Any, kinds: Mapping[str, Any]) -> str:
    if not isinstance(description, dict) or not {"name", "config"} <= description.keys():
        raise ConfigError("the model's description must be a JSON object with name and config.")
    check_one_of("model", description["name"], kinds)
    return str(description["name"])


__all__ = [
    "MODELS", "RESTORERS", "ConfigError", "Entry", "Model", "ModelConfig", "Restorer", "RestorerEntry",
    "build", "build_restorer", "describe", "rebuild", "rebuild_restorer",
]  # fmt: skip
