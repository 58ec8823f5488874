"""From a finished (or interrupted) run to a checkpoint: round the weights, measure the model, write its card."""

import copy
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core import latent, metrics
from core.checkpoints import Latents, save
from core.data.datasets import Split, to_unit_images
from core.models import Model
from core.models.config import to_json
from core.training.config import device_title
from core.training.loop import Trainer
from core.version import commit

ELBO_SAMPLES = 8
PREPROCESSING = "grey / 255, ink = 1 on 0, no centring; training x ~ Bernoulli(grey) drawn anew for each batch"
PREPROCESSING_GREY = "grey / 255, ink = 1 on 0, no centring"


def round_weights(model: torch.nn.Module, dtype: torch.dtype) -> None:
    """Round the weights, in place, to what `dtype` can hold; the model goes on computing in float32."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.to(dtype))


def measure(
    model: Model, train: Split, test: Split, say: Callable[[str], None] = lambda what: None, nll_points: int = metrics.NLL_POINTS
) -> tuple[dict[str, Any], Latents]:
    """Every metric that applies to the model, with its protocol, and the codes of the test images.

    A conditional model is told the labels wherever it can be told.
    """
    x = to_unit_images(test.images)
    told = torch.from_numpy(test.labels.astype(np.int64)) if model.conditional else None
    say("codes of the training and test images")
    mu, logvar = latent.encode(model, x, told)
    train_mu, _ = latent.encode(
        model, to_unit_images(train.images), torch.from_numpy(train.labels.astype(np.int64)) if model.conditional else None
    )
    codes = Latents(mu, logvar, test.labels.astype(np.uint8))
    reconstruction = torch.from_numpy(latent.decode(model, mu, None if told is None else told.numpy())).unsqueeze(1)
    values = {
        "knn_accuracy_percent": 100 * metrics.knn_accuracy(train_mu, train.labels, mu, test.labels),
        "psnr_db": metrics.psnr_db(reconstruction, x).mean().item(),
        "ssim": metrics.ssim(reconstruction, x).mean().item(),
    }
    if logvar is not None:
        say(f"-ELBO, {ELBO_SAMPLES} samples")
        values["negative_elbo_grey_nats"] = metrics.negative_elbo_nats(model, x, ELBO_SAMPLES, binarize=False, label=told)
        if model.config.likelihood == "bernoulli":
            values["negative_elbo_nats"] = metrics.negative_elbo_nats(model, x, ELBO_SAMPLES, label=told)
    else:
        say("reconstruction")  # its -ELBO but for the KL, which it has none of
        binarize = model.config.likelihood == "bernoulli"
        values["reconstruction_nats"] = metrics.negative_elbo_nats(model, x, ELBO_SAMPLES if binarize else 1, binarize=binarize, label=told)
    if metrics.nll_applies(model):
        say(f"NLL on {nll_points:,} points")
        values["nll_nats"] = metrics.nll_nats(model, torch.bernoulli(x, generator=torch.Generator().manual_seed(0)), nll_points)
    protocols = {name: metrics.PROTOCOLS[name].format(samples=ELBO_SAMPLES, points=nll_points) for name in values}
    if model.conditional:
        protocols = {name: f"{protocol}; the model is told each image's label" for name, protocol in protocols.items()}
    return {name: {"value": round(values[name], 4), "protocol": protocols[name]} for name in metrics.PROTOCOLS if name in values}, codes


def write_checkpoint(
    trainer: Trainer,
    folder: Path,
    train: Split,
    test: Split,
    weights: torch.dtype = torch.float16,
    say: Callable[[str], None] = lambda what: None,
    owner: str = "",
    **told: Any,
) -> dict[str, Any]:
    """Measure the running average as it will be stored (rounded to `weights`) and save it with its card; returns the card.

    told: what the card says besides, or in other words.
    """
    model = copy.deepcopy(trainer.average_model())  # the run may go on with its own
    round_weights(model, weights)
    values, codes = measure(model, train, test, say)
    card = {
        "dataset": {"name": trainer.config.dataset, "training_images": trainer.image_count, "test_images": len(test.images)},
        "preprocessing": PREPROCESSING if trainer.config.binarize else PREPROCESSING_GREY,
        **how_trained(trainer, weights),
        "decoder_flop": model.decoder_flop(),
        "metrics": values,
        **made_with(),
        **told,
    }
    if owner:
        card["owner"] = owner  # who may rename or delete it
    save(folder, trainer.model_name, model.to(weights), card, codes)
    return card


def how_trained(trainer: Trainer, weights: torch.dtype) -> dict[str, Any]:
    """What every card says of its training, and of the type that its weights are stored in."""
    return {
        "seed": trainer.config.seed,
        "recipe": to_json(trainer.config),
        "epochs": round(trainer.step / trainer.steps_per_epoch, 3),
        "finished": trainer.step == trainer.total_steps,
        "training_seconds": round(trainer.seconds, 1),
        "device": device_title(trainer.device),
        "precision": str(trainer.precision).removeprefix("torch."),
        "stored_weights": str(weights).removeprefix("torch."),
        "parameters": sum(parameter.numel() for parameter in trainer.model.parameters()),
    }


def made_with() -> dict[str, Any]:
    """What every card says of the software."""
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    return {"versions": versions, "commit": commit("core")}


def summary(card: dict[str, Any], form: str = "10.4f") -> str:
    """A card's metrics as lines of text, the values in this format."""
    return "\n".join(f"  {name:26} {entry['value']:{form}}   {entry['protocol']}" for name, entry in card["metrics"].items())
