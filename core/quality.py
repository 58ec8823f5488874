"""How good a model is beyond its card: what its encoder leaves on the table, how many units of its code it uses, and what a classifier
says of what it draws. `python -m benchmarks quality` puts it all into one table."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core import latent, metrics
from core.models import Classifier, Model
from core.models.objectives import standard_normal_log_density_nats
from core.refine import STEPS, refine

START_POINTS = 8_192  # of the prior, the best of which a climb starts from
CLIMB_SAMPLES, MEASURED_SAMPLES = 4, 64  # of z: in the climb, and before and after it
ACTIVE_VARIANCE = 0.01
Z_95 = 1.959963984540054  # of the standard normal distribution, 95 % lie within so many standard deviations
RESAMPLES = 1_000  # of a bootstrap
CONFIDENT = 0.9  # from here on the classifier is taken at its word


def refined_negative_elbo_nats(model: Model, x: Tensor, label: Tensor | None = None, steps: int = STEPS) -> np.ndarray:
    """-ELBO of each image (N, 1, H, W) at the best posterior that a climb from `best_start` finds for it, (N,): see `core.refine`."""
    x = x.to(next(model.parameters()).device)
    start = best_start(model, x, label)
    found = refine(model, x, label, start, steps=steps, samples=CLIMB_SAMPLES, measured_samples=MEASURED_SAMPLES)
    return found.cost_after_nats


def controlled_mean(some: np.ndarray, control: np.ndarray, control_mean: float) -> tuple[float, float]:
    """The mean over a population of what was measured of a sample, (n,), and its standard error: by the difference from a control variate,
    known of the same sample, (n,), whose mean over the population is known too.  (Owen 2013, section 8.9, with a coefficient of 1)"""
    difference = np.asarray(some, np.float64) - np.asarray(control, np.float64)
    return control_mean + float(difference.mean()), float(difference.std(ddof=1) / len(difference) ** 0.5)


@torch.no_grad()
def best_start(model: Model, x: Tensor, label: Tensor | None = None, points: int = START_POINTS) -> tuple[Tensor, Tensor | None]:
    """Where a climb of images (N, 1, H, W) starts: mu and logvar (N, D), as the encoder says them, but mu moved to the one of the prior's
    points at which p(x, z) is largest, where that is better and the prior can be filled with points (see `metrics.nll_applies`)."""
    mu, logvar = model.encode(x, label)
    if not metrics.nll_applies(model):
        return mu, logvar
    images = x.flatten(1)
    best = model.log_likelihood_nats(model.decode_logits(mu), x) + standard_normal_log_density_nats(mu)  # (N,)
    for codes in metrics.prior_points(model, points).split(1024):
        joint = metrics.log_likelihood_of_pairs_nats(model, images, codes) + standard_normal_log_density_nats(codes)  # (N, S)
        largest, where = joint.max(1)
        mu = torch.where((largest > best).unsqueeze(1), codes[where], mu)
        best = torch.maximum(best, largest)
    return mu, logvar


def active_units(mu: np.ndarray) -> int:
    """How many coordinates of the codes (N, D) of a data set vary: more than 0.01 in variance.  (Burda et al. 2016, section 4)"""
    return int((mu.var(0) > ACTIVE_VARIANCE).sum())


def entropy_bits(counts: np.ndarray) -> float:
    """The entropy of a histogram (K,), in bits: log2 K where all K are equally frequent."""
    return float(entropies_bits(counts[None])[0])


def entropies_bits(counts: np.ndarray) -> np.ndarray:
    """The same of each of many histograms (N, K): (N,)."""
    shares = counts / counts.sum(1, keepdims=True)
    return -(shares * np.log2(np.where(counts > 0, shares, 1))).sum(1) + 0.0


@dataclass(frozen=True)
class Verdict:
    """What a classifier says of images. All shares are in [0, 1]."""

    confident: float  # share of the images that it is sure of: its most probable class has over CONFIDENT
    entropy_bits: float  # of the classes it names; log2 of their number where they come evenly
    rarest: int  # the class it names least
    rarest_share: float
    right: float | None  # share of the images of which it names the class they were said to be
    right_when_confident: float | None  # the same among those it is sure of; None where there are none


def judge(classifier: Classifier, images: np.ndarray, asked: np.ndarray | None = None) -> Verdict:
    """What the classifier says of images (N, H, W) in [0, 1]; asked (N,): the class that each was drawn as, or is."""
    return verdict(class_probabilities(classifier, images), asked)


@torch.no_grad()
def class_probabilities(classifier: Classifier, images: np.ndarray) -> np.ndarray:
    """How probable the classifier finds each class of images (N, H, W) in [0, 1]: (N, classes), rows that sum to 1."""
    batches = torch.from_numpy(np.ascontiguousarray(images, np.float32)).unsqueeze(1).split(1000)
    return torch.cat([classifier.probabilities(x) for x in batches]).numpy()


def verdict(probabilities: np.ndarray, asked: np.ndarray | None = None) -> Verdict:
    """The same from `class_probabilities` (N, classes)."""
    named, sure = probabilities.argmax(1), probabilities.max(1) > CONFIDENT
    counts = np.bincount(named, minlength=probabilities.shape[1])
    agrees = None if asked is None else named == asked
    return Verdict(
        confident=float(sure.mean()),
        entropy_bits=entropy_bits(counts),
        rarest=int(counts.argmin()),
        rarest_share=float(counts.min() / len(named)),
        right=None if agrees is None else float(agrees.mean()),
        right_when_confident=None if agrees is None or not sure.any() else float(agrees[sure].mean()),
    )


def share_interval(count: int, total: int) -> tuple[float, float]:
    """Between which two shares the true one lies with a confidence of 95 %, if `count` of `total` were counted.  (Wilson 1927)"""
    share, z = count / total, Z_95
    middle = share + z**2 / (2 * total)
    reach = z * (share * (1 - share) / total + (z / (2 * total)) ** 2) ** 0.5
    low, high = ((middle - reach) / (1 + z**2 / total), (middle + reach) / (1 + z**2 / total))
    return max(0.0, low), min(1.0, high)


def entropy_interval_bits(counts: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Between which two entropies the true one lies with a confidence of 95 %, if this histogram (K,) was counted.

    By a basic bootstrap, which also takes back that a sample's entropy is too low.  (Davison & Hinkley 1997, eq. 5.6)
    """
    total, found = int(counts.sum()), entropy_bits(counts)
    again = np.random.default_rng(seed).multinomial(total, counts / total, RESAMPLES)  # (R, K)
    low, high = np.quantile(entropies_bits(again), [0.025, 0.975])
    most = float(np.log2(len(counts)))
    return max(0.0, min(2 * found - float(high), most)), max(0.0, min(2 * found - float(low), most))


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """By how much the classifier's confidence misses how often it is right, in [0, 1]: images with probabilities (N, classes) and labels
    (N,) are put into bins of equal width by their confidence, and the bins' |accuracy - mean confidence| are averaged by their size.

    (Expected calibration error, Guo et al. 2017, eq. 3)
    """
    confidence, right = probabilities.max(1).astype(np.float64), probabilities.argmax(1) == labels
    which = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)  # the m-th bin is ((m - 1) / bins, m / bins]
    misses = np.bincount(which, weights=right - confidence, minlength=bins)
    return float(np.abs(misses).sum() / len(labels))


def draws(model: Model, codes: np.ndarray, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray | None]:
    """What a model draws of `latent.random_codes`, (count, H, W) in [0, 1], and the classes (count,) that a conditional one was asked for,
    each as likely as another."""
    generator = np.random.default_rng(seed)
    z = latent.random_codes(model, codes, count, generator)
    asked = generator.integers(getattr(model.config, "classes", 10), size=count) if model.conditional else None
    return latent.decode(model, z, asked), asked
