"""The models by name. To add one: a file with its config dataclass and its module, and an entry in MODELS."""

from typing import Any, NamedTuple

import torch

from core.models.adversarial import AdversarialAutoencoder, AdversarialConfig
from core.models.autoencoder import Autoencoder, AutoencoderConfig, ModelConfig
from core.models.conditional_vae import ConditionalVAE, ConditionalVAEConfig
from core.models.config import ConfigError, check_one_of, from_json, to_json
from core.models.convolutional import ConvolutionalVAE, ConvolutionalVAEConfig
from core.models.vae import VAE, VAEConfig

Model = Autoencoder  # what `build` returns: every model is one


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


def build(name: str, config: ModelConfig, seed: int = 0) -> Model:
    """A freshly initialised model; its weights depend on the seed alone and the global generator is left as it was."""
    check_one_of("model", name, MODELS)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # the CPU's alone: torch.manual_seed would reach every GPU's
        return MODELS[name].module(config)


def describe(name: str, model: Model) -> dict[str, Any]:
    """What a card says of a model, enough for `rebuild`."""
    return {"name": name, "config": to_json(model.config)}


def rebuild(description: Any) -> Model:
    """The model (weights not loaded) that `describe` described; ConfigError when the description cannot be used."""
    if not isinstance(description, dict) or not {"name", "config"} <= description.keys():
        raise ConfigError("the model's description must be a JSON object with name and config.")
    check_one_of("model", description["name"], MODELS)
    return build(description["name"], from_json(MODELS[description["name"]].config, description["config"]))


__all__ = ["MODELS", "ConfigError", "Entry", "Model", "ModelConfig", "build", "describe", "rebuild"]
