"""The models by name. To add one: a file with its config dataclass and its module, and an entry in MODELS."""

from typing import Any, NamedTuple

import torch

from core.models.config import ConfigError, check_one_of, from_json, to_json
from core.models.vae import VAE, VAEConfig

Model = VAE  # what `build` returns; a union when there are more


class Entry(NamedTuple):
    """A kind of model: its configuration, its module and a line for people."""

    config: type[VAEConfig]
    module: type[VAE]
    title: str


MODELS: dict[str, Entry] = {
    "vae": Entry(VAEConfig, VAE, "Variational autoencoder"),
}


def build(name: str, config: VAEConfig, seed: int = 0) -> Model:
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


__all__ = ["MODELS", "ConfigError", "Entry", "Model", "build", "describe", "rebuild"]
