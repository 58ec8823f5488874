"""How good the shipped models are: every one under the same protocols, and what a classifier says of what they draw.

No figure is taken from a card: all are measured anew, on the test set.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.tables import table
from core import checkpoints, metrics, quality
from core.checkpoints import Checkpoint, ClassifierCheckpoint
from core.data.datasets import DATASETS, Split, load, on_disk, to_unit_images
from core.models import Classifier, entry_of
from core.training import card

DRAWS = 10_000  # from each model's prior
REFINED_IMAGES = 500  # evenly spread over the test images: those at the end of MNIST's are harder than those at the beginning
IWAE_SAMPLES = 100
QUICK_IMAGES, QUICK_STEPS = 40, 3


@dataclass(frozen=True)
class Effort:
    """How much of everything is looked at."""

    test_images: int | None = None  # None: all
    train_images: int | None = None
    refined_images: int = REFINED_IMAGES
    steps: int = 150
    draws: int = DRAWS
    iwae_samples: int = IWAE_SAMPLES
    nll_points: int = metrics.NLL_POINTS


QUICK = Effort(QUICK_IMAGES, 10 * QUICK_IMAGES, QUICK_IMAGES, QUICK_STEPS, QUICK_IMAGES, 2, 4_096)


@dataclass
class Notes:
    """Why a cell is empty, or what is special about it: each reason once, by its number."""

    reasons: list[str] = field(default_factory=list)

    def mark(self, reason: str) -> str:
        """The reason's number, as it is put into a cell."""
        if reason not in self.reasons:
            self.reasons.append(reason)
        return f"[{self.reasons.index(reason) + 1}]"

    def dash(self, reason: str) -> str:
        """An empty cell, and why."""
        return f"- {self.mark(reason)}"

    def text(self) -> str:
        """All of them, a line each."""
        return "\n".join(f"- [{number}] {reason}" for number, reason in enumerate(self.reasons, 1))


def measure(quick: bool) -> str:
    """All tables as Markdown; a quick round looks at a few images, and at one model of each kind."""
    names = [name for name in checkpoints.SHIPPED if name in checkpoints.available()]
    return report(one_of_each_kind(names) if quick else names, QUICK if quick else Effort())


def one_of_each_kind(names: Iterable[str]) -> list[str]:
    """The first of each kind of model on each data set."""
    seen: dict[tuple[str, str], str] = {}
    for name in names:
        opened = checkpoints.load(name)
        seen.setdefault((entry_of(opened.model).title, opened.dataset_name), name)
    return list(seen.values())


def report(names: Iterable[str], effort: Effort, root: Path | None = None, classifiers: Path | None = None) -> str:
    """The tables of these checkpoints."""
    began, notes = time.perf_counter(), Notes()
    good, drawn, skipped = [], [], []
    judges = {name: checkpoints.load_classifier(name, classifiers) for name in checkpoints.classifiers(classifiers)}
    judges = {name: judge for name, judge in judges.items() if on_disk(name)}
    for name in names:
        opened = checkpoints.load(name, root)
        if opened.dataset_name not in DATASETS or not on_disk(opened.dataset_name):
            skipped.append(f"{name} ({opened.dataset_name or 'an unknown data set'} is not on this disk)")
            continue
        model = Measured(opened, effort, notes)
        good.append(model.row())
        drawn.append(model.drawn(judges.get(opened.dataset_name)))
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    tables = [table("Test set: nats per image, and how well the codes tell the classes apart", GOOD, good)] if good else []
    tables += [table(f"{effort.draws:,} draws from each model, as a classifier sees them", DRAWN, drawn)] if drawn else []
    tables += [table("The same classifier on what is known to be a digit, or none", KNOWN, list(known(judges, effort)))] if judges else []
    minutes = (time.perf_counter() - began) / 60
    measured = f"{len(good)} models in {minutes:.1f} minutes, seed 0, {torch.get_num_threads()} threads."
    left_out = f" Skipped: {'; '.join(skipped)}." if skipped else ""
    return "\n\n".join([measured + left_out, *tables, notes.text()])


GOOD = (
    "-ELBO", "model", "refined -ELBO", "NLL", "rate (KL)", "distortion", "active units", "10-NN %", "PSNR dB / SSIM", "decoder MFLOP",
)  # fmt: skip
DRAWN = ("over 90 % sure", "model", "classes, bits of log2 10 = 3.32", "rarest class", "drawn as asked")
KNOWN = ("over 90 % sure", "images", "named rightly", "rightly where it is sure", "classes, bits", "rarest class")


class Measured:
    """A checkpoint under every protocol that applies to it."""

    def __init__(self, opened: Checkpoint, effort: Effort, notes: Notes) -> None:
        self.opened, self.model, self.effort, self.notes = opened, opened.model, effort, notes
        self.train = some(load(opened.dataset_name, "train"), effort.train_images)
        self.test = some(load(opened.dataset_name, "test"), effort.test_images)
        self.x = to_unit_images(self.test.images)
        self.told = torch.from_numpy(self.test.labels.astype(np.int64)) if self.model.conditional else None
        found, self.codes = card.measure(self.model, self.train, self.test, nll_points=effort.nll_points)
        self.found = {name: entry["value"] for name, entry in found.items()}

    def row(self) -> list[str]:
        """Its line of the first table."""
        config = self.model.config
        binarize = config.likelihood == "bernoulli"
        distortion, rate = metrics.distortion_and_rate_nats(self.model, self.x, card.ELBO_SAMPLES, binarize=binarize, label=self.told)
        mark = "" if binarize else f" {self.notes.mark(DENSITY)}"
        mark += f" {self.notes.mark(TOLD)}" if self.model.conditional else ""
        if self.codes.logvar is None:
            elbo_cell, refined, nll, rate_cell, active = [self.notes.dash(NO_POSTERIOR)] * 5
        else:
            elbo_cell, refined = f"{distortion + rate:.2f}{mark}", self.refined(distortion + rate) + mark
            nll, rate_cell, active = self.nll(), f"{rate:.2f}", f"{quality.active_units(self.codes.mu)} of {config.latent_dim}"
        return [
            elbo_cell, self.title(), refined, nll, rate_cell, f"{distortion:.2f}{mark}", active,
            f"{self.found['knn_accuracy_percent']:.2f}", f"{self.found['psnr_db']:.2f} / {self.found['ssim']:.3f}",
            f"{self.model.decoder_flop() / 1e6:.1f}",
        ]  # fmt: skip

    def title(self) -> str:
        """Its name, and what it is."""
        return f"`{self.opened.name}`: {entry_of(self.model).title}, {DATASETS[self.opened.dataset_name].name}"

    def refined(self, elbo: float) -> str:
        """-ELBO with better posteriors: measured on some of the images, and brought to all of them by what is known of all."""
        rows = np.linspace(0, len(self.seen) - 1, min(self.effort.refined_images, len(self.seen))).round().astype(int)
        x, told = self.seen[rows], None if self.told is None else self.told[rows]
        if "nll_nats" in self.found:
            control, mean = metrics.nll_per_image_nats(self.model, x, self.effort.nll_points), self.found["nll_nats"]
        elif self.iwae is not None:
            control, mean = self.iwae[rows], self.iwae.mean().item()
        else:
            generator = torch.Generator().manual_seed(0)
            control, mean = -metrics.elbo_per_image_nats(self.model, x, quality.MEASURED_SAMPLES, generator, label=told), elbo
        refined = quality.refined_negative_elbo_nats(self.model, x, told, self.effort.steps)
        return "{:.2f} ± {:.2f}".format(*quality.controlled_mean(refined, control.numpy(), mean))

    @cached_property
    def seen(self) -> Tensor:
        """The test images as the NLL's protocol has them: binarised by one draw, for a model of ink and paper."""
        binarize = self.model.config.likelihood == "bernoulli"
        return torch.bernoulli(self.x, generator=torch.Generator().manual_seed(0)) if binarize else self.x

    @cached_property
    def iwae(self) -> Tensor | None:
        """The IWAE bound as a cost of each image, (N,), nats, where it is the best that is known of the NLL; else None."""
        if "nll_nats" in self.found or self.model.conditional:
            return None
        return -torch.cat([metrics.iwae_bound_nats(self.model, x, self.effort.iwae_samples) for x in self.seen.split(1000)]).double()

    def nll(self) -> str:
        """NLL by integration where that is possible; else a bound, by its name."""
        if "nll_nats" in self.found:
            return f"{self.found['nll_nats']:.2f}"
        if self.iwae is None:
            return self.notes.dash(CONDITIONAL)
        return f"{self.iwae.mean():.2f} {self.notes.mark(IWAE.format(self.effort.iwae_samples))}"

    def drawn(self, judge: ClassifierCheckpoint | None) -> list[str]:
        """Its line of the second table."""
        title = self.title() if self.model.has_prior else f"{self.title()} {self.notes.mark(NO_PRIOR)}"
        if judge is None:
            return [self.notes.dash(NO_CLASSIFIER), title, *["-"] * (len(DRAWN) - 2)]
        images, asked = quality.draws(self.model, self.codes.mu, self.effort.draws)
        said = quality.judge(judge.model, images, asked)
        as_asked = self.notes.dash(NOT_ASKED) if said.right is None else f"{said.right:.1%}"
        return [f"{said.confident:.1%}", title, f"{said.entropy_bits:.2f}", f"{said.rarest}: {said.rarest_share:.1%}", as_asked]


NO_POSTERIOR = "no posterior: its encoder answers with a point, so there is no ELBO; its distortion is -log p(x|z) at that point"
DENSITY = "a density of grey pixels, not a probability of ink: to be compared only with models of the same reconstruction loss"
TOLD = "of the image given its label, log p(x|label): the model is told it"
CONDITIONAL = "the model is told the label"
IWAE = "more than two dimensions cannot be integrated over: IWAE with {} samples (Burda et al. 2016), a bound that lies above the NLL"
NO_PRIOR = "no prior: codes drawn from the normal distribution with the mean and covariance of its test codes"
NO_CLASSIFIER = "no classifier of this data set ships"
NOT_ASKED = "it cannot be asked for a class"


def some(split: Split, count: int | None) -> Split:
    """The first images of a split, or all."""
    return Split(split.images[:count], split.labels[:count])


def known(judges: dict[str, ClassifierCheckpoint], effort: Effort) -> Iterator[list[str]]:
    """What each classifier says of real images and of others, whose answer is known: is being 90 % sure worth anything?"""
    for name, judge in judges.items():
        test = some(load(name, "test"), effort.test_images)
        for title, x, label in sights(name, test):
            yield [*judged(judge.model, title, x, label)]


def sights(name: str, test: Split) -> Iterator[tuple[str, Tensor, np.ndarray | None]]:
    """Images (N, 1, H, W) with a title and, where they have any, their labels."""
    x, title = to_unit_images(test.images), DATASETS[name].name
    generator = torch.Generator().manual_seed(0)
    yield f"{title} test images", x, test.labels
    yield "the same, binarised by one draw", torch.bernoulli(x, generator=generator), test.labels
    other = torch.randperm(len(x), generator=generator)
    mixed = test.labels != test.labels[other.numpy()]
    yield "means of two test images of different classes", (0.5 * (x + x[other]))[mixed], None
    yield "noise: each pixel evenly from 0 to 1", torch.rand(x.shape, generator=generator), None
    scattered = x.flatten(1)[:, torch.randperm(x[0].numel(), generator=generator)].view_as(x)
    yield "test images, their pixels shuffled", scattered, None
    if name != "fashion-mnist" and on_disk("fashion-mnist", "test"):
        yield "Fashion-MNIST test images", to_unit_images(some(load("fashion-mnist", "test"), len(x)).images), None


def judged(classifier: Classifier, title: str, x: Tensor, label: np.ndarray | None) -> list[str]:
    """A line of the third table."""
    said = quality.judge(classifier, x.squeeze(1).numpy(), label)
    rightly, surely = ("-" if share is None else f"{share:.2%}" for share in (said.right, said.right_when_confident))
    rarest = f"{said.rarest}: {said.rarest_share:.1%}"
    return [f"{said.confident:.1%}", f"{title} ({len(x):,})", rightly, surely, f"{said.entropy_bits:.2f}", rarest]
