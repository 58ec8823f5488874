"""Training the classifier that judges what models draw: python -m core.training.classifier --out checkpoints/classifiers/mnist

The loop is the one of every model. The last training images are held out, to choose a recipe by; the test set is for the card alone.
"""

import argparse
import copy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.checkpoints import check_target, save
from core.data.datasets import DATASETS, Split, hold_out, load, to_unit_images
from core.data.distortions import Distortion, distort
from core.models import build_classifier
from core.models.classifier import Classifier, ClassifierConfig
from core.models.config import to_json
from core.quality import CONFIDENT, calibration_error, class_probabilities
from core.training.card import how_trained, made_with, round_weights, summary
from core.training.command import add_options, reported
from core.training.config import TrainingConfig, device_title
from core.training.loop import Trainer

MIXED_EVERY = 4  # one image in so many is the mean of two, and the answer asked for is, too
PREPROCESSING = (
    f"grey / 255, ink = 1 on 0; each training image distorted anew for each batch ({{distortion}}); one in {MIXED_EVERY} mixed with "
    "another, and the answer asked for mixed alike"
)


class ClassifierTrainer(Trainer):
    """A trainer that shows distorted images and asks what they show."""

    def __init__(self, config: TrainingConfig, model_config: ClassifierConfig, images: np.ndarray, labels: np.ndarray) -> None:
        self.distortion, self.classes = Distortion(), model_config.classes
        super().__init__(config, "classifier", model_config, images)  # type: ignore[arg-type]
        self.labels = self._shard(self._checked_labels(labels)).long()
        for network in (self.model, self.average):  # the layout in which convolutions are fastest
            network.to(memory_format=torch.channels_last)

    def make_model(self) -> Classifier:
        """The network as it begins."""
        return build_classifier(self.model_config, self.config.seed)  # type: ignore[arg-type]

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor, None]:
        """The images of these rows, distorted, (B, 1, H, W), and the answers asked for, (B, classes).

        Some are two images at once, in any proportion, so that it learns to doubt what lies between classes.
        (mixup, Zhang et al. 2018; Thulasidasan et al. 2019 on what that does for its confidence)
        """
        assert self.labels is not None
        x = distort(self.images.index_select(0, rows).float().div_(255.0), self.distortion, self.generator)
        target = F.one_hot(self.labels[rows], self.classes).float()
        mixed = len(x) // MIXED_EVERY
        rest = len(x) - mixed
        share = torch.rand(mixed, 1, device=x.device, generator=self.generator)
        x[:mixed] = torch.lerp(x[:mixed], x[rest:], share[:, :, None, None])
        target[:mixed] = torch.lerp(target[:mixed], target[rest:], share)
        return x, target, None

    def identity(self) -> dict[str, Any]:
        """What must agree: the distortion, too."""
        return super().identity() | {"distortion": to_json(self.distortion)}


@torch.no_grad()
def accuracy_percent(model: Classifier, split: Split) -> float:
    """Share of the images whose most probable class is their label."""
    parts = [model(x).argmax(1).cpu() for x in to_unit_images(split.images).to(next(model.parameters()).device).split(1000)]
    return 100 * (torch.cat(parts).numpy() == split.labels).mean().item()


def measured(model: Classifier, split: Split, which: str) -> dict[str, Any]:
    """The accuracy on a split as a card has it."""
    protocol = f"share of the {len(split.images):,} {which} whose most probable class is their label"
    return {"value": round(accuracy_percent(model, split), 4), "protocol": protocol}


def trust(model: Classifier, test: Split) -> dict[str, Any]:
    """What its being sure is worth, as a card has it."""
    count = len(test.images)
    probabilities = class_probabilities(model, test.images.astype(np.float32) / 255)
    sure = 100 * float((probabilities.max(1) > CONFIDENT).mean())
    return {
        "confident_percent": {
            "value": round(sure, 4),
            "protocol": f"share of the {count:,} test images of whose most probable class it is over {CONFIDENT:.0%} sure",
        },
        "calibration_error_percent": {
            "value": round(100 * calibration_error(probabilities, test.labels), 4),
            "protocol": "expected calibration error: |accuracy - mean probability of the most probable class| in 15 bins of equal width "
            f"by that probability, averaged over the {count:,} test images (Guo et al. 2017, eq. 3)",
        },
    }


def write_classifier(trainer: ClassifierTrainer, folder: Path, held_out: Split, test: Split) -> dict[str, Any]:
    """Measure the running average as it will be stored, in float16, and save it with its card; returns the card."""
    model: Classifier = copy.deepcopy(trainer.average_model())  # type: ignore[assignment]
    round_weights(model, torch.float16)
    distortion = ", ".join(f"{name} {value:g}" for name, value in to_json(trainer.distortion).items())
    card = {
        "title": f"Classifier of {DATASETS[trainer.config.dataset].name}",
        "dataset": {"name": trainer.config.dataset, "training_images": trainer.image_count, "test_images": len(test.images)},
        "preprocessing": PREPROCESSING.format(distortion=distortion),
        **how_trained(trainer, torch.float16),
        "metrics": {
            "held_out_accuracy_percent": measured(model, held_out, "training images that were held out"),
            "accuracy_percent": measured(model, test, "test images"),
            **trust(model, test),
        },
        **made_with(),
    }
    save(folder, "classifier", model.to(torch.float16), card)
    return card


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m core.training.classifier", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    p.add_argument("--out", type=Path, required=True, help="the checkpoint's folder")
    p.add_argument("--dataset", choices=DATASETS, default="mnist")
    p.add_argument("--channels", type=int, default=32, help="at half the image's side; twice as many at a quarter of it")
    add_options(p, epochs=20, batch_size=128, learning_rate=2e-3)
    p.add_argument("--weight-decay", type=float, default=0.05)
    return p


def main(arguments: list[str] | None = None) -> int:
    """Train as asked; 0 when a checkpoint was written, 1 with a sentence on stderr when not."""
    options = parser().parse_args(arguments)
    return reported(lambda: _train(options), options.out)


def _train(options: argparse.Namespace) -> int:
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    check_target(options.out)
    recipe = TrainingConfig(
        dataset=options.dataset, epochs=options.epochs, batch_size=options.batch_size, learning_rate=options.learning_rate,
        weight_decay=options.weight_decay, seed=options.seed, device=options.device, precision=options.precision,
        kl_warmup_epochs=0.0, gradient_clip=1.0, binarize=False,
    )  # fmt: skip
    (train, held_out), test = hold_out(load(options.dataset, "train")), load(options.dataset, "test")
    config = ClassifierConfig(options.channels, len(DATASETS[options.dataset].classes), shape=(1, *train.images.shape[1:]))
    trainer = ClassifierTrainer(recipe, config, train.images, train.labels)
    print(f"Device: {device_title(trainer.device)}, {str(trainer.precision).removeprefix('torch.')}")

    def on_epoch(finished: Trainer, losses: dict[str, float]) -> None:
        right = accuracy_percent(finished.average_model(), held_out)  # type: ignore[arg-type]
        epoch = finished.step // finished.steps_per_epoch
        loss = losses["cross_entropy_nats"]
        print(f"epoch {epoch:3d} of {options.epochs}  cross-entropy {loss:.4f}  held out: {right:.2f} % right", flush=True)

    trainer.run(on_epoch=on_epoch)
    card = write_classifier(trainer, options.out, held_out, test)
    print(f"Saved {options.out}:\n{summary(card, '8.3f')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
