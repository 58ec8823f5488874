"""What a training run is made of: its recipe as a frozen dataclass, its model, and the choice of device and precision."""

from dataclasses import dataclass
from typing import Annotated, Any

import torch

from core.models import MODELS, ModelConfig
from core.models.config import ConfigError, Setting, check_number, check_one_of, from_json, to_json
from core.training.fields import MAX_EPOCHS
from core.training.run_config import RunConfig
from core.words import plural

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "float32", "bfloat16")
MAX_IMAGES = 10_000_000


@dataclass(frozen=True)
class TrainingConfig:
    """The recipe. Its defaults are the recipe of the shipped model but for the number of epochs."""

    dataset: str = "mnist"
    training_images: Annotated[
        int,
        Setting(
            "Training images", "How many to train on, drawn at random by the seed; 0 takes all. A model learns a few by heart.", zero="all"
        ),
    ] = 0
    epochs: Annotated[int, Setting("Epochs", "How often every image is seen.")] = 30
    batch_size: Annotated[int, Setting("Batch size", "Images per training step.", unit="image")] = 256
    learning_rate: Annotated[float, Setting("Learning rate", "Size of the largest steps; they then shrink to zero (cosine schedule).")] = (
        2e-3
    )
    warmup_fraction: Annotated[
        float, Setting("Warm-up", "The learning rate rises over this share of the steps.", zero="none", share_of="the steps")
    ] = 0.1
    beta1: Annotated[float, Setting("AdamW β₁", "How long AdamW remembers past gradients.")] = 0.9
    beta2: Annotated[float, Setting("AdamW β₂", "How long it remembers their squares.")] = 0.99
    weight_decay: Annotated[float, Setting("Weight decay", "Pulls the weights to zero (AdamW).")] = 0.01  # decoupled
    kl_warmup_epochs: Annotated[
        float,
        Setting(
            "KL warm-up",
            "The weight of the KL (in an adversarial autoencoder: of the adversary) rises to its full value over so many epochs, "
            "at most half of all.",
            zero="none",
            unit="epoch",
            bound="at most half of all",
        ),
    ] = 4.0  # linearly, from 0 to beta
    ema_decay: Annotated[
        float, Setting("Averaging of weights", "The model that is kept is a running average; 0 keeps the last weights.", zero="off")
    ] = 0.999
    binarize: Annotated[bool, Setting("Binarise the images", "Each pixel becomes black or white at random, anew in every batch.")] = True
    gradient_clip: Annotated[float, Setting("Gradient clip", "Largest norm of the gradient; 0 means no limit.", zero="none")] = 0.0
    seed: Annotated[int, Setting("Seed", "The same seed gives the same run.")] = 0
    device: str = "auto"
    precision: Annotated[
        str, Setting("Precision", "auto uses bfloat16 where the processor supports it well.", {name: name for name in PRECISIONS})
    ] = "auto"

    def __post_init__(self) -> None:
        if not isinstance(self.dataset, str):
            raise ConfigError(f"dataset must be the name of a data set; it is {self.dataset!r}.")
        if not isinstance(self.binarize, bool):
            raise ConfigError(f"binarize must be true or false; it is {self.binarize!r}.")
        check_number("training_images", self.training_images, 0, MAX_IMAGES, whole=True)
        check_number("epochs", self.epochs, 1, MAX_EPOCHS, whole=True)
        check_number("batch_size", self.batch_size, 1, 65_536, whole=True)
        check_number("learning_rate", self.learning_rate, 1e-7, 10.0)
        check_number("warmup_fraction", self.warmup_fraction, 0.0, 1.0)
        check_number("beta1", self.beta1, 0.0, 0.9999)
        check_number("beta2", self.beta2, 0.0, 0.999999)
        check_number("weight_decay", self.weight_decay, 0.0, 10.0)
        check_number("kl_warmup_epochs", self.kl_warmup_epochs, 0.0, 100_000)
        check_number("ema_decay", self.ema_decay, 0.0, 0.999999)
        check_number("gradient_clip", self.gradient_clip, 0.0, 1e6)
        check_number("seed", self.seed, 0, 2**31 - 1, whole=True)
        check_one_of("device", self.device, DEVICES)
        check_one_of("precision", self.precision, PRECISIONS)

    @property
    def kl_warmup_in_effect(self) -> float:
        """Over how many epochs the KL's weight rises: those asked for, or half of a short run."""
        return min(self.kl_warmup_epochs, self.epochs / 2)

    def images_of(self, there: int) -> int:
        """How many of the images that are there an epoch goes over."""
        return min(self.training_images or there, there)


def recipe_of(config: RunConfig) -> TrainingConfig:
    """The run's recipe; ConfigError when it cannot be used."""
    return from_json(TrainingConfig, config.recipe)


def completed(recipe: Any) -> dict[str, Any]:
    """A recipe as JSON, maybe of an earlier version: settings that came later have their defaults, which change nothing."""
    return to_json(TrainingConfig()) | recipe if isinstance(recipe, dict) and recipe else {}


def model_of(config: RunConfig) -> tuple[str, ModelConfig]:
    """The run's model, by name and config; ConfigError when it is not known here or cannot be used."""
    name = config.model_name
    check_one_of("model", name, MODELS)
    return name, from_json(MODELS[name].config, (config.model or {}).get("config"))


def choose_device(wish: str = "auto") -> torch.device:
    """cuda, else mps, else cpu; an explicit wish that this machine cannot grant raises ValueError."""
    usable = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wish == "auto":
        return torch.device(next(name for name, ok in usable.items() if ok))
    check_one_of("device", wish, DEVICES)
    if not usable[wish]:
        raise ValueError(f"This machine has no {wish} device that torch can use; choose auto or cpu.")
    return torch.device(wish)


def devices() -> tuple[str, ...]:
    """What a run may be given on this machine: every GPU, else the one device there is."""
    kind = choose_device().type
    return tuple(f"cuda:{index}" for index in range(torch.cuda.device_count())) if kind == "cuda" else (kind,)


def device_title(device: torch.device) -> str:
    """A device in words, for cards and pages."""
    if device.type == "cuda":
        return f"cuda: {torch.cuda.get_device_name(device)}"
    if device.type == "cpu":
        return f"cpu: {plural(torch.get_num_threads(), 'thread')}"
    return device.type


def choose_precision(wish: str, device: torch.device) -> torch.dtype:
    """bfloat16 autocast where the hardware multiplies in it, else float32; an explicit wish is granted."""
    check_one_of("precision", wish, PRECISIONS)
    if wish != "auto":
        return torch.bfloat16 if wish == "bfloat16" else torch.float32
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if device.type == "cpu":
        capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # torch before 2.10 cannot tell: float32
        return torch.bfloat16 if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else torch.float32
    return torch.float32
