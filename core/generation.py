"""New images from a model: where their codes are drawn, what it draws of them, what a classifier says of that."""

from dataclasses import dataclass, replace

import numpy as np

from core import latent, quality
from core.checkpoints import Checkpoint, Latents
from core.models import Classifier, Model
from core.quality import Verdict

WAYS = ("prior", "codes", "class", "image")  # where codes are drawn: see Request
MOST_TEMPERATURE = 2.0
JUDGED = 1_000  # images by which a model is judged
DOUBTFUL = 12  # of them that are kept to be looked at


@dataclass(frozen=True)
class Request:
    """Which images are asked for.

    way: "prior": the prior, or without one a normal distribution fitted to all test codes; "codes": a random test code with its own noise
    (the aggregated posterior); "class": a normal distribution fitted to the test codes of `label`; "image": the code of test image `row`
    with its noise.
    """

    way: str
    count: int
    seed: int = 0
    temperature: float = 1.0  # that the standard deviation of whatever is drawn at random is multiplied with
    label: int | None = None
    row: int | None = None
    told: int | None = None  # the class that a conditional model is told; None: that of the code it starts from, else any at random


@dataclass(frozen=True)
class Drawn:
    """What came of a request."""

    z: np.ndarray  # (N, D)
    images: np.ndarray  # float32 (N, H, W) in [0, 1]
    told: np.ndarray | None  # (N,): the classes that a conditional model was told


def generate(checkpoint: Checkpoint, request: Request) -> Drawn:
    """The images that are asked for. A larger count begins with the same ones."""
    model, latents = checkpoint.model, checkpoint.latents
    rows, noise, classes = (np.random.default_rng([request.seed, stream]) for stream in range(3))
    told = classes.integers(getattr(model.config, "classes", 10), size=request.count)
    if request.way in ("codes", "image"):
        start = rows.integers(len(latents.mu), size=request.count) if request.way == "codes" else np.full(request.count, request.row)
        z = latents.mu[start] + request.temperature * own_noise(latents)[start] * noise.standard_normal(
            (request.count, latents.mu.shape[1])
        )
        told = latents.label[start].astype(np.int64)
    elif request.way == "class":
        z = normal_codes(latents.mu[latents.label == request.label], request, noise)
        told = np.full(request.count, request.label)
    else:
        z = prior_codes(model, latents, request, noise)
    if request.told is not None:
        told = np.full(request.count, request.told)
    asked = told if model.conditional else None
    return Drawn(z, latent.decode(model, z, asked), asked)


@dataclass(frozen=True)
class Judged:
    """Many images as a classifier sees them."""

    z: np.ndarray  # (N, D)
    confidence: np.ndarray  # (N,): how probable the classifier finds the class that it names
    named: np.ndarray  # (N,): that class
    verdict: Verdict  # `right`: as the class that they were to be of, where there was one
    confident_between: tuple[float, float]  # 95 % confidence intervals of the verdict's figures
    entropy_between_bits: tuple[float, float]
    right_between: tuple[float, float] | None
    doubtful: np.ndarray  # rows of those that it knows least, the least first
    doubtful_images: np.ndarray  # float32 (DOUBTFUL, H, W)
    doubtful_probabilities: np.ndarray  # (DOUBTFUL, classes)


def judge(checkpoint: Checkpoint, classifier: Classifier, request: Request, count: int = JUDGED) -> Judged:
    """What the classifier says of `count` images that are drawn as asked for, but with a seed of their own: it is the model that is judged,
    not the few images on show."""
    drawn = generate(checkpoint, replace(request, count=count, seed=0))
    probabilities = quality.class_probabilities(classifier, drawn.images)
    wanted = meant(checkpoint, request)
    asked = drawn.told if drawn.told is not None or wanted is None else np.full(count, wanted)
    verdict = quality.verdict(probabilities, asked)
    confidence, named = probabilities.max(1), probabilities.argmax(1)
    doubtful = np.argsort(confidence, kind="stable")[:DOUBTFUL]
    return Judged(
        drawn.z,
        confidence,
        named,
        verdict,
        quality.share_interval(round(verdict.confident * count), count),
        quality.entropy_interval_bits(np.bincount(named, minlength=probabilities.shape[1])),
        None if verdict.right is None else quality.share_interval(round(verdict.right * count), count),
        doubtful,
        drawn.images[doubtful],
        probabilities[doubtful],
    )


def meant(checkpoint: Checkpoint, request: Request) -> int | None:
    """The class that all images of a request are to be of, if it is one."""
    if request.told is not None and checkpoint.model.conditional:
        return request.told
    if request.way == "image" and request.row is not None:
        return int(checkpoint.latents.label[request.row])
    return request.label if request.way == "class" else None


def prior_codes(model: Model, latents: Latents, request: Request, noise: np.random.Generator) -> np.ndarray:
    """Codes (count, D) of the prior, or of a normal distribution fitted to all test codes where there is none."""
    if not model.has_prior:
        return normal_codes(latents.mu, request, noise)
    return request.temperature * latent.random_codes(model, latents.mu, request.count, noise)


def normal_codes(codes: np.ndarray, request: Request, noise: np.random.Generator) -> np.ndarray:
    """Codes (count, D) of a normal distribution with the mean of codes (N, D) and their covariance times temperature squared."""
    mean = codes.mean(0)
    return mean + request.temperature * (latent.normal_codes(codes, request.count, noise) - mean)


def own_noise(latents: Latents) -> np.ndarray:
    """The standard deviation of each code's own noise, (N, D): its posterior's. A model without a posterior has none: its codes get that
    of a kernel density estimate, N^(-1/(D + 4)) times the codes' standard deviation.  (Scott 1992, eq. 6.42)"""
    if latents.logvar is not None:
        return np.exp(0.5 * latents.logvar)
    count, dimensions = latents.mu.shape
    return np.broadcast_to(count ** (-1 / (dimensions + 4)) * latents.mu.std(0, ddof=min(1, count - 1)), latents.mu.shape)
