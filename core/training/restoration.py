"""Training the restorers: python -m core.training.restoration TASK --epochs N --out checkpoints/restorers/TASK [--resume]

The loop is the one of every model; what differs is that it is shown damaged images and has to answer with the clean ones.
"""

import argparse
import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core import metrics
from core.checkpoints import RestorerCheckpoint, check_target, load_restorer, save
from core.data.corruptions import CORRUPTIONS, SHARES, corrupt_blindly, corrupt_seeded
from core.data.datasets import DATASETS, Split, load, to_unit_images
from core.models import Restorer, build_restorer
from core.models.restoration import DenoiserConfig, LessonConfig, UpscalerConfig
from core.shape import SIDE
from core.training.card import how_trained, made_with, round_weights, summary
from core.training.command import add_options, carried_out, reported, state_of
from core.training.config import TrainingConfig
from core.training.failures import TrainingError
from core.training.loop import Trainer

Damage = Callable[[Tensor, torch.Generator], Tensor]  # clean images (B, 1, H, W) -> what the network is shown
CANVAS, DIGITS = 72, 4  # pixels to a canvas's side, and digits on it at most: about every second of them is there


@dataclass(frozen=True)
class Task:
    """A network and what it learns to undo."""

    title: str
    restorer: str  # one of core.models.RESTORERS
    config: Any  # one of that restorer's
    damage: Damage
    damage_words: str
    canvases: bool = False  # whether every other batch is of larger pictures, most of them empty paper


def shrink(factor: int) -> Damage:
    """Pictures with a side `factor` times smaller: each pixel is the mean of a square."""
    return lambda x, generator: F.avg_pool2d(x, factor)


BLIND = "each image spoilt anew for each batch, at a strength from a triangle over its range: " + ", ".join(
    f"{share:.0%} {name} {low:g} to {high:g}" for name, (share, low, high) in SHARES.items()
)
CANVASES = f"every other batch: {CANVAS} x {CANVAS} pixels, up to {DIGITS} digits 0.6 to 2 times as large, the grain of paper"
TASKS: dict[str, Task] = {
    "denoiser": Task("Blind U-Net denoiser", "denoiser", DenoiserConfig(), corrupt_blindly, BLIND),
    "denoiser-pictures": Task("Blind U-Net denoiser", "denoiser", DenoiserConfig(), corrupt_blindly, f"{BLIND}; {CANVASES}", canvases=True),
    "upscaler-x2": Task("Upscaler x2", "upscaler", UpscalerConfig(), shrink(2), "means of 2 x 2 pixels"),
    "upscaler-x4": Task("Upscaler x4", "upscaler", UpscalerConfig(4, (128, 64), (5, 2)), shrink(4), "means of 4 x 4 pixels"),
    "lesson-autoencoder": Task(
        "Course autoencoder (AI for Beginners)", "lesson", LessonConfig("reconstruct"), lambda x, generator: x, "none"
    ),
    "lesson-denoiser": Task("Course denoising autoencoder (AI for Beginners)", "lesson", LessonConfig("denoise"), corrupt_blindly, BLIND),
    "lesson-upscaler": Task(
        "Course super-resolution network (AI for Beginners)", "lesson", LessonConfig("enlarge"), shrink(2), "means of 2 x 2 pixels"
    ),
}


class RestorationTrainer(Trainer):
    """A trainer that shows damaged images and asks for the clean ones."""

    def __init__(self, config: TrainingConfig, task: str, images: np.ndarray) -> None:
        self.task = TASKS[task]
        self.before: dict[str, Any] = {}  # how the weights to begin with were trained, if there were any
        self.beginning: Restorer | None = None  # those weights
        self.keep = 0.0  # the share of them in the result
        super().__init__(config, self.task.restorer, self.task.config, images)
        for network in (self.model, self.average):  # the layout in which convolutions are fastest
            network.to(memory_format=torch.channels_last)

    def make_model(self) -> Restorer:
        """The network as it begins."""
        return build_restorer(self.task.restorer, self.task.config, self.config.seed)

    def begin_with(self, checkpoint: RestorerCheckpoint, keep: float = 0.0) -> None:
        """Begin with a checkpoint's weights; the card will tell how they came about.

        keep, in [0, 1]: the share of them in the mean with those learnt here, which is what is kept. What was learnt before and is not
        trained any more is so forgotten less.  (Wortsman et al. 2022, section 3)
        """
        self.beginning, self.keep = checkpoint.model, keep
        for network in (self.model, self.average):
            network.load_state_dict(checkpoint.model.state_dict())
        told = ("recipe", "preprocessing", "epochs", "training_seconds", "device", "commit", "began_with")
        self.before = {"kept_share": keep} | {key: checkpoint.card[key] for key in told if key in checkpoint.card}

    def result(self) -> Restorer:
        """The network to keep: the running average, with its share of the beginning."""
        learnt: Restorer = copy.deepcopy(self.average_model())  # type: ignore[assignment]
        return blended(learnt, self.beginning, self.keep) if self.beginning is not None else learnt

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor, None]:
        """The damaged images of these rows, the clean ones (B, 1, 28, 28), and no labels."""
        x = self.images.index_select(0, rows).float().div_(255.0)
        if self.task.canvases and self.step % 2:
            x = canvases(x, self.generator)
            return self.task.damage((x + paper_grain(x, self.generator)).clamp_(0.0, 1.0), self.generator), x, None
        return self.task.damage(x, self.generator), x, None

    def identity(self) -> dict[str, Any]:
        """What must agree: the damage, too."""
        return super().identity() | {"damage": self.task.damage_words}


@torch.no_grad()
def blended(model: Restorer, other: Restorer, share: float) -> Restorer:
    """The model with its weights moved, in place, by a share of the way to another's."""
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        mine.lerp_(theirs.to(mine), share)
    return model


def canvases(x: Tensor, generator: torch.Generator) -> Tensor:
    """Digits (B, 1, 28, 28), B at least DIGITS, on larger sheets (B * 784 // CANVAS^2 or more, 1, CANVAS, CANVAS): as many pixels, about.

    Each sheet has DIGITS places; about half of them are used, each by a digit 0.6 to 2 times its size, anywhere.
    """
    count = max(1, x.numel() // CANVAS**2)
    chosen = torch.randint(len(x), (count * DIGITS,), generator=generator, device=generator.device)
    size, down, right, there = torch.rand(4, count * DIGITS, generator=generator, device=generator.device)
    scale = CANVAS / (SIDE * (0.6 + 1.4 * size))  # of the sheet in digits
    theta = torch.zeros(count * DIGITS, 2, 3, device=x.device)
    theta[:, 0, 0] = theta[:, 1, 1] = scale
    theta[:, 0, 2], theta[:, 1, 2] = (1 - 2 * right) * (scale - 1), (1 - 2 * down) * (scale - 1)
    grid = F.affine_grid(theta, [count * DIGITS, 1, CANVAS, CANVAS], align_corners=False)
    placed = F.grid_sample(x[chosen], grid, align_corners=False) * (there < 0.5).to(x)[:, None, None, None]
    return placed.unflatten(0, (count, DIGITS)).amax(1)  # (count, 1, CANVAS, CANVAS)


def paper_grain(x: Tensor, generator: torch.Generator) -> Tensor:
    """Faint ink that is none, of the shape of x: normal noise, coarse or fine, up to a deviation of 0.12."""
    coarse = 1 + int(torch.randint(4, (1,), generator=generator, device=generator.device))  # pixels to a grain
    side = -(-x.shape[-1] // coarse)
    noise = torch.randn(len(x), 1, side, side, generator=generator, device=generator.device).to(x)
    strength = 0.12 * torch.rand(len(x), 1, 1, 1, generator=generator, device=generator.device).to(x)
    return strength * F.interpolate(noise, size=x.shape[-2:], mode="bilinear", align_corners=False).abs()


def measure(model: Restorer, test: Split) -> dict[str, Any]:
    """PSNR and SSIM on the test images, by name, with the protocol; a denoiser's for each damage at its default strength."""
    x = to_unit_images(test.images)
    generator = torch.Generator().manual_seed(0)
    if model.scale > 1 or getattr(model.config, "task", "denoise") == "reconstruct":
        shown = {"": (shrink(model.scale)(x, generator) if model.scale > 1 else x, f"means of {model.scale} x {model.scale} pixels")}
    else:
        shown = {
            f"_{name.replace('-', '_')}": (
                corrupt_seeded(x, name, kind.default, seed=0),
                f"{kind.title} {kind.default:g} ({kind.strength})",
            )
            for name, kind in CORRUPTIONS.items()
        }
    found = {}
    for suffix, (given, words) in shown.items():
        answer = torch.cat([restored(model, part) for part in given.split(500)])
        protocol = f"shown: {words}, seed 0; mean over all {len(x):,} test images, the answer in [0, 1]"
        found[f"psnr_db{suffix}"] = {"value": round(metrics.psnr_db(answer, x).mean().item(), 3), "protocol": protocol}
        found[f"ssim{suffix}"] = {"value": round(metrics.ssim(answer, x).mean().item(), 4), "protocol": protocol}
    return found


@torch.no_grad()
def restored(model: Restorer, x: Tensor) -> Tensor:
    """The network's answers, on the CPU."""
    return model.restore(x.to(next(model.parameters()).device)).cpu()


def write_restorer(trainer: RestorationTrainer, folder: Path, test: Split, weights: torch.dtype = torch.float16) -> dict[str, Any]:
    """Measure the running average as it will be stored (rounded to `weights`) and save it with its card; returns the card."""
    model = trainer.result()
    round_weights(model, weights)
    card = {
        "title": f"{trainer.task.title}, {trainer.config.dataset}",
        "dataset": {"name": trainer.config.dataset, "training_images": trainer.image_count, "test_images": len(test.images)},
        "preprocessing": f"grey / 255, ink = 1 on 0; shown: {trainer.task.damage_words}",
        **how_trained(trainer, weights),
        **({"began_with": trainer.before} if trainer.before else {}),
        "metrics": measure(model, test),
        **made_with(),
    }
    save(folder, trainer.model_name, model.to(weights), card)
    return card


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m core.training.restoration", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    p.add_argument("task", choices=TASKS)
    p.add_argument("--out", type=Path, required=True, help="the checkpoint's folder")
    p.add_argument("--dataset", choices=DATASETS, default="mnist")
    add_options(p, epochs=20, batch_size=128, learning_rate=1e-3)
    p.add_argument("--begin-with", default="", metavar="NAME", help="a restorer of the same network whose weights to begin with")
    p.add_argument("--keep", type=float, default=0.0, metavar="SHARE", help="of the weights begun with, 0 to 1, in the mean that is saved")
    p.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    return p


def main(arguments: list[str] | None = None) -> int:
    """Train as asked; 0 when a checkpoint was written, 1 with a sentence on stderr when not, 130 after Ctrl-C."""
    options = parser().parse_args(arguments)
    return reported(lambda: _train(options), options.out)


def _train(options: argparse.Namespace) -> int:
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    check_target(options.out)
    recipe = TrainingConfig(
        dataset=options.dataset, epochs=options.epochs, batch_size=options.batch_size, learning_rate=options.learning_rate,
        seed=options.seed, device=options.device, precision=options.precision, warmup_fraction=0.05, kl_warmup_epochs=0.0,
        gradient_clip=1.0, binarize=False,
    )  # fmt: skip
    train, test = load(options.dataset, "train"), load(options.dataset, "test")
    trainer = RestorationTrainer(recipe, options.task, train.images)
    if not 0 <= options.keep <= 1 or (options.keep and not options.begin_with):
        raise TrainingError("--keep is a share from 0 to 1 of the weights that --begin-with names.")
    if options.begin_with:
        trainer.begin_with(load_restorer(options.begin_with, options.out.parent), options.keep)
    with state_of(trainer, options.out, options.resume) as state:
        if not carried_out(trainer, state):
            return 130
        card = write_restorer(trainer, options.out, test)
    print(f"Saved {options.out}:\n{summary(card, '8.3f')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
