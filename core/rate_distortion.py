"""Rate and distortion: what a model's codes cost, and what they leave unsaid.

Alemi et al. 2018, "Fixing a Broken ELBO": rate is KL(q(z|x) || p(z)), distortion is -log p(x|z), and -ELBO is their sum. Where only the
sum was published, a model is a line between the two axes and not a point.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch

from core.checkpoints import Checkpoint
from core.metrics import from_card
from core.models.objectives import kl_nats

SUM = "negative_elbo_grey_nats"  # measured on the images whose codes a checkpoint holds: grey ones


@dataclass(frozen=True)
class Split:
    """Where a model's -ELBO goes, nats per test image."""

    name: str
    title: str
    rate_nats: float
    distortion_nats: float

    @property
    def negative_elbo_nats(self) -> float:
        """Their sum."""
        return self.rate_nats + self.distortion_nats


class Sum(NamedTuple):
    """Of a model of other people, in two dimensions on MNIST: -ELBO, nats per binarised image, and who says so."""

    title: str
    negative_elbo_nats: float
    source: str


# As in benchmarks/quality.md, which has their NLL and how they were measured, too.
PEERS = (
    Sum("N-VAE", 137.08, "Davidson et al. 2018, table 1"),
    Sum("pytorch/examples", 156.3, "trained and measured by us"),
    Sum("AI for Beginners", 154.3, "trained and measured by us"),
)


def split_of(checkpoint: Checkpoint) -> Split | None:
    """A model's rate, the mean KL of its test codes, and its distortion, the rest of the -ELBO on its card.

    None of a model whose codes have no KL, whose card has no such figure, or whose likelihood is a density: that is no probability of ink.
    """
    codes, total = checkpoint.latents, from_card(checkpoint.card, SUM)
    if codes.logvar is None or total is None or checkpoint.model.config.likelihood != "bernoulli":
        return None
    rate = kl_nats(torch.from_numpy(codes.mu).double(), torch.from_numpy(codes.logvar).double()).mean().item()
    return Split(checkpoint.name, str(checkpoint.card.get("title", checkpoint.name)), rate, total - rate)
