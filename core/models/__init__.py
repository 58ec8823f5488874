"""The models by name. To add one: a file with its config dataclass and its module, and an entry in MODELS."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch

from core.models.adversarial import AdversarialAutoencoder, AdversarialConfig
from core.models.autoencoder import Autoencoder, AutoencoderConfig, ModelConfig
from core.models.classifier import Classifier, ClassifierConfig
from core.models.conditional_vae import ConditionalVAE, ConditionalVAEConfig
from core.models.config import ConfigError, check_one_of, from_json, to_json
from core.models.convolutional import ConvolutionalVAE, ConvolutionalVAEConfig
from core.models.lesson_vae import LessonVAE, LessonVAEConfig
from core.models.linear import LinearAutoencoder, LinearConfig
from core.models.restoration import (
    Denoiser,
    DenoiserConfig,
    LessonAutoencoder,
    LessonConfig,
    Restorer,
    RestorerConfig,
    Upscaler,
    UpscalerConfig,
)
from core.models.vae import VAE, VAEConfig

Model = Autoencoder  # what has codes to explore: every entry of MODELS is one


class Entry(NamedTuple):
    """A kind of model: its configuration, its module, and its words: a title, a sentence for whoever chooses it, and a paragraph
    (Markdown) for whoever looks at its map."""

    config: type[AutoencoderConfig] | type[ConvolutionalVAEConfig] | type[LinearConfig]
    module: type[Autoencoder]
    title: str
    summary: str
    explanation: str


VARIATIONAL = (
    "the encoder answers with a small cloud instead of a point, a normal distribution with mean *z_mean* and log variance *z_log_var*, "
    "and all clouds together are drawn towards one round cloud, the **prior**. That is why the space between the dots decodes into "
    "something that looks real too. Its loss is *reconstruction + KL divergence*."
)

MODELS: dict[str, Entry] = {
    "ae": Entry(
        AutoencoderConfig,
        Autoencoder,
        "Autoencoder",
        "Squeezes each image into a few numbers, its code, and draws it again from them; between the codes anything may come out.",
        "This one is a **plain autoencoder**: the encoder answers with a single point, and training asks only that the image comes back. "
        "Nothing says where the codes should lie: there is no *prior* and no *KL divergence*, and what lies between the dots may decode "
        "into anything. Its loss is the *reconstruction* alone.",
    ),
    "vae": Entry(
        VAEConfig,
        VAE,
        "Variational autoencoder",
        "Gives each image a small cloud of codes and keeps the clouds around the centre, so that points in between decode well too.",
        f"This one is **variational** (a *VAE*): {VARIATIONAL}",
    ),
    "conv-vae": Entry(
        ConvolutionalVAEConfig,
        ConvolutionalVAE,
        "Convolutional VAE",
        "A variational autoencoder that looks for the same strokes everywhere in the image, so it needs far fewer weights.",
        f"This one is a **convolutional** *VAE*: its networks look for the same strokes everywhere in the image. It is variational: "
        f"{VARIATIONAL}",
    ),
    "cvae": Entry(
        ConditionalVAEConfig,
        ConditionalVAE,
        "Conditional VAE",
        "A variational autoencoder that is told what the image shows, so its code only says how it is drawn: any class in any style.",
        "This one is **conditional** (a *CVAE*): encoder and decoder are told the label, so the code is left to say how the image is "
        "drawn: its slant, its weight, its style. Under *Draw as* you choose what the decoder is told; some training images came without "
        f"their label, so that it also draws untold. It is variational: {VARIATIONAL}",
    ),
    "aae": Entry(
        AdversarialConfig,
        AdversarialAutoencoder,
        "Adversarial autoencoder",
        "An autoencoder with an opponent that tries to tell its codes from random points, until they are spread just like them.",
        "This one is **adversarial** (an *AAE*): the encoder answers with a single point, and a third network, the **discriminator**, "
        "learns to tell codes from random points of one round cloud, the **prior**. The encoder learns to mislead it, so all codes "
        "together come to look like that cloud. There is no *KL divergence*: its loss is the "
        "*reconstruction* plus the price of being found out.",
    ),
    "pca": Entry(
        LinearConfig,
        LinearAutoencoder,
        "Linear autoencoder (PCA)",
        "The best that straight lines can do (principal component analysis), computed from the images in one go; epochs only measure it.",
        "This one is **linear**: it is *principal component analysis* (PCA), which no linear encoder and decoder can beat in squared "
        "error. There are no hidden layers and nothing was trained: the directions in which the images differ most were computed from all "
        "of them at once. Each number of the code says how far along one of them an image lies, in standard deviations. There is no "
        "*prior* and no *KL divergence*. A straight line cannot bend, so in between two digits you see both of them, faintly.",
    ),
    "lesson-vae": Entry(
        LessonVAEConfig,
        LessonVAE,
        "Lesson VAE, as written",
        "The variational autoencoder of the course AI for Beginners with both of its mistakes, to compare with one without them.",
        "This one is the VAE **of the course AI for Beginners, as written there**, with its two mistakes kept. It draws its codes with "
        "*z_log* as the logarithm of the standard deviation, but the *KL divergence* takes it for that of the variance; and one and the "
        "same noise serves every batch. The map and all figures here are those of the codes that it really draws. "
        f"It is variational: {VARIATIONAL}",
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
    with _seeded(seed):
        return MODELS[name].module(config)


def build_restorer(name: str, config: RestorerConfig, seed: int = 0) -> Restorer:
    """The same for a restorer."""
    check_one_of("model", name, RESTORERS)
    with _seeded(seed):
        return RESTORERS[name].module(config)


def build_classifier(config: ClassifierConfig, seed: int = 0) -> Classifier:
    """The same for a classifier."""
    with _seeded(seed):
        return Classifier(config)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Inside, the global generator gives what the seed gives; afterwards it is as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # the CPU's alone: torch.manual_seed would reach every GPU's
        yield


def entry_of(model: Model) -> Entry:
    """The entry of MODELS that a model was built from."""
    return next(entry for entry in MODELS.values() if entry.module is type(model))


def describe(name: str, model: Model | Restorer | Classifier) -> dict[str, Any]:
    """What a card says of a model, enough for `rebuild`, `rebuild_restorer` or `rebuild_classifier`."""
    return {"name": name, "config": to_json(model.config)}


def rebuild(description: Any) -> Model:
    """The model (weights not loaded) that `describe` described; ConfigError when the description cannot be used."""
    name = _described(description, MODELS)
    return build(name, from_json(MODELS[name].config, description["config"]))


def rebuild_restorer(description: Any) -> Restorer:
    """The same for a restorer."""
    name = _described(description, RESTORERS)
    return build_restorer(name, from_json(RESTORERS[name].config, description["config"]))


def rebuild_classifier(description: Any) -> Classifier:
    """The same for a classifier."""
    _described(description, ("classifier",))
    return build_classifier(from_json(ClassifierConfig, description["config"]))


def _described(description: Any, kinds: Collection[str]) -> str:
    if not isinstance(description, dict) or not {"name", "config"} <= description.keys():
        raise ConfigError("the model's description must be a JSON object with name and config.")
    check_one_of("model", description["name"], kinds)
    return str(description["name"])


__all__ = [
    "MODELS", "RESTORERS", "Classifier", "ConfigError", "Entry", "Model", "ModelConfig", "Restorer", "RestorerEntry",
    "build", "build_classifier", "build_restorer", "describe", "entry_of", "rebuild", "rebuild_classifier", "rebuild_restorer",
]  # fmt: skip
