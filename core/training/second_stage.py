"""A second stage for a trained VAE with two coordinates: python -m core.training.second_stage STAGE --begin-with NAME --out FOLDER

decoder   learns on with codes drawn from the exact posterior (Bayes' rule on a grid) in place of the encoder's: maximum likelihood by
          expectation maximisation, so an encoder that finds bad codes no longer spoils what the decoder learns.  (Dempster et al. 1977)
encoder   learns on against the decoder as it is, on images that it cannot know by heart: a third of each batch as they are, a third
          distorted, a third dreamed by the decoder from the prior ("sleep").  (Hinton et al. 1995; Cremer et al. 2018, section 5.5)
both      learn on together: the encoder as above, the decoder by the ELBO of the images as they are, so that it draws what the encoder
          can find again.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.checkpoints import Checkpoint, check_target, load_folder
from core.data.datasets import hold_out, load
from core.data.distortions import Distortion, distort
from core.models import Model
from core.posterior import GridPosterior
from core.training.card import summary, write_checkpoint
from core.training.command import add_options, carried_out, reported, state_of
from core.training.config import TrainingConfig
from core.training.loop import Objective, Trainer

DECODE_EVERY = 9  # steps: how long the table of the exact posterior serves
SLIGHT = Distortion(turn=2.7, shear=0.045, scale=0.03, shift=0.4, bend=0.23)  # for a third of the decoder's images
STRONG = Distortion(turn=9.0, shear=0.13, scale=0.09, shift=1.5, bend=0.6)  # for a third of the encoder's


class SecondStage(Trainer):
    """A trainer that begins with a checkpoint's weights and changes only one of its two networks."""

    name: str  # the network that learns
    part = 3  # of a batch: one in so many images is distorted, and where there are dreams, one in so many is dreamed
    frozen: str  # the one that stays as it is, if there is one
    words: str  # what the card says of the images

    def __init__(self, config: TrainingConfig, beginning: Checkpoint, images: np.ndarray) -> None:
        super().__init__(config, beginning.card["model"]["name"], beginning.model.config, images)
        for network in (self.model, self.average):
            network.load_state_dict(beginning.model.state_dict())
        self.graphed = None  # what a stage does besides the step cannot be captured
        told = ("recipe", "preprocessing", "epochs", "training_seconds", "device", "commit", "stage", "began_with")
        self.before = {key: beginning.card[key] for key in told if key in beginning.card}

    def make_model(self) -> Any:
        """The model, one of its networks frozen."""
        model = super().make_model()
        if self.frozen:
            getattr(model, self.frozen).requires_grad_(False)
        return model

    def told(self) -> dict[str, Any]:
        """What the card says besides what every card says."""
        return {"preprocessing": self.words, "stage": self.name, "began_with": self.before}

    def identity(self) -> dict[str, Any]:
        """What must agree: the stage and what it began with, too."""
        return super().identity() | {"stage": self.name, "began_with": self.before}

    def autocast(self) -> torch.autocast:
        """The run's precision, for what is decoded outside of a step."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.precision == torch.bfloat16)

    def grey(self, rows: Tensor) -> tuple[Tensor, int]:
        """The grey images of these rows, (B, 1, H, W) in [0, 1], and how many of a batch are distorted."""
        return self.images.index_select(0, rows).float().div_(255.0), len(rows) // self.part


class DecoderStage(SecondStage):
    """The decoder by maximum likelihood, with the exact posterior in the encoder's place."""

    name, frozen = "decoder", "encoder"
    words = "grey / 255, ink = 1 on 0, no centring; a third of them slightly distorted; x ~ Bernoulli(grey) drawn anew for each batch"

    def __init__(self, config: TrainingConfig, beginning: Checkpoint, images: np.ndarray) -> None:
        super().__init__(config, beginning, images)
        self.posterior = GridPosterior(self.model)
        self.objective = ExactObjective(self.posterior)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor, None]:
        """As every VAE's, but for the distortions; now and then the table is made anew (always at the start of an epoch, for --resume)."""
        if self.step % self.steps_per_epoch % DECODE_EVERY == 0:
            with self.autocast():
                self.posterior.decode()
        x, part = self.grey(rows)
        x = torch.cat([distort(x[:part], SLIGHT, self.generator), x[part:]])
        x = torch.bernoulli(x, generator=self.generator)
        return x, x, None


class ExactObjective(nn.Module):
    """-log p(x|z) of a draw z ~ p(z|x): its gradient is that of -log p(x) on average (Fisher's identity)."""

    def __init__(self, posterior: GridPosterior) -> None:
        super().__init__()
        self.posterior = posterior

    def forward(
        self, x: Tensor, target: Tensor, label: Tensor | None, generator: torch.Generator, regularizer_weight: float | Tensor
    ) -> tuple[Tensor, Tensor]:
        """The loss, and the sums over the batch of -log p(x|z) and of log p(x|z) - log p(x): the KL of the exact posterior on average."""
        z, evidence = self.posterior.draw(x, generator)
        model = self.posterior.model
        reconstruction = -model.log_likelihood_nats(model.decode_logits(z), target)  # (B,)
        kl = -reconstruction.detach() - evidence
        return reconstruction.mean(), torch.stack([reconstruction.detach().sum(), kl.sum()])


class EncoderStage(SecondStage):
    """The encoder against a decoder that stays as it is: the ELBO on images of three kinds."""

    name, frozen = "encoder", "decoder"
    words = (
        "grey / 255, ink = 1 on 0, no centring; of each batch a third as they are, a third distorted, a third dreamed by the decoder from "
        "z ~ N(0, I); x ~ Bernoulli(grey) drawn anew for each batch"
    )

    @torch.no_grad()
    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor, None]:
        """Images as they are, then distorted ones, then as many of the decoder's own, of draws from the prior."""
        x, part = self.grey(rows)
        z = torch.randn(part, self.model.config.latent_dim, device=self.device, generator=self.generator)
        with self.autocast():
            dreamed = self.model.decode(z)
        x = torch.cat([x[2 * part :], distort(x[part : 2 * part], STRONG, self.generator), dreamed])
        x = torch.bernoulli(x, generator=self.generator)
        return x, x, None


class BothStage(EncoderStage):
    """Both networks: the decoder learns only from the images as they are, half of a batch."""

    name, frozen, part = "both", "", 4
    words = EncoderStage.words.replace("a third", "a quarter").replace("a quarter as they are", "half as they are")

    def __init__(self, config: TrainingConfig, beginning: Checkpoint, images: np.ndarray) -> None:
        super().__init__(config, beginning, images)
        self.objective = JointObjective(self.model, self.part)


class JointObjective(Objective):
    """The mean -ELBO of a batch of `EncoderStage`, of which the decoder feels only the images as they are."""

    def __init__(self, model: Model, part: int) -> None:
        super().__init__(model)
        self.part = part

    def forward(
        self, x: Tensor, target: Tensor, label: Tensor | None, generator: torch.Generator, regularizer_weight: float | Tensor
    ) -> tuple[Tensor, Tensor]:
        """The loss, and the sums of its terms over the batch."""
        asis = len(x) - 2 * (len(x) // self.part)  # they come first
        real = self.model.training_terms(x[:asis], target[:asis], generator)  # (2, asis)
        self.model.decoder.requires_grad_(False)  # from here on the graph holds it as a constant
        others = self.model.training_terms(x[asis:], target[asis:], generator)
        self.model.decoder.requires_grad_(True)
        terms = torch.cat([real, others], 1)  # (2, B)
        return self.model.objective(terms, regularizer_weight), terms.detach().sum(1)


STAGES: dict[str, type[SecondStage]] = {"decoder": DecoderStage, "encoder": EncoderStage, "both": BothStage}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m core.training.second_stage", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    p.add_argument("stage", choices=STAGES)
    p.add_argument("--begin-with", type=Path, required=True, metavar="FOLDER", help="the checkpoint to begin with")
    p.add_argument("--out", type=Path, required=True, help="the new checkpoint's folder; it may be the same")
    add_options(p, epochs=30, batch_size=256, learning_rate=1e-3)
    p.add_argument("--weight-decay", type=float, default=0.05)
    p.add_argument("--held-out", action="store_true", help="to choose by: learn without the last training images and measure on them")
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
    beginning = load_folder(options.begin_with)
    recipe = TrainingConfig(
        dataset=beginning.card["dataset"]["name"], epochs=options.epochs, batch_size=options.batch_size,
        learning_rate=options.learning_rate, weight_decay=options.weight_decay, seed=options.seed, device=options.device,
        precision=options.precision, warmup_fraction=0.05, kl_warmup_epochs=0.0, gradient_clip=50.0,
    )  # fmt: skip
    train, test = load(recipe.dataset, "train"), load(recipe.dataset, "test")
    if options.held_out:
        train, test = hold_out(train)
    trainer = STAGES[options.stage](recipe, beginning, train.images)
    with state_of(trainer, options.out, options.resume) as state:
        if not carried_out(trainer, state):
            return 130
        told = trainer.told() | ({"measured_on": "training images that were held out"} if options.held_out else {})
        card = write_checkpoint(trainer, options.out, train, test, **told)
    print(f"Saved {options.out}:\n{summary(card)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
