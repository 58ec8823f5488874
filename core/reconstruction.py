"""One image through a bottleneck and back: what is lost, where, and beside it what PCA keeps with as many numbers."""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core import metrics
from core.models import Model
from core.models.restoration import LessonAutoencoder
from core.shape import Shape

PROBABILITY_FLOOR = 1e-3  # PCA draws no probabilities: for the cross-entropy its pixels are clipped to [1e-3, 1 - 1e-3]
STRANGENESS_SAMPLES = 16  # of z, for each image's -ELBO
DESCRIPTION_SAMPLES = 64  # of z, for what it takes to describe one image
COLLAPSED = 0.1  # a coordinate that varies less than this share of its own noise says nothing of the image
FLAT = 1e-3  # of PCA's largest deviation: a smaller one is of rounding errors
BATCH = 500


@dataclass(frozen=True)
class Scores:
    """How far a reconstruction is from its image."""

    loss_nats: float  # cross-entropy, summed over the pixels
    mse: float
    psnr_db: float  # infinite where they are equal
    ssim: float


@dataclass(frozen=True)
class Reconstruction:
    """An image's code, and what was drawn from it."""

    code: np.ndarray  # float32; (D,), or (C, h, w) where the code is a stack of small images
    x_hat: np.ndarray  # float32 (H, W) in [0, 1]
    pixel_nats: np.ndarray  # float32 (H, W): what each pixel contributes to the loss
    scores: Scores


@torch.no_grad()
def by_model(model: Model, image: np.ndarray, label: int | None = None) -> Reconstruction:
    """An image (H, W) in [0, 1] through a model: decode(mu). label: its class, for a conditional model that is to be told."""
    x, told = _batch(image[None]), _told(model, label)
    return _from_code(model, model.encode(x, told)[0], told, x)


@torch.no_grad()
def from_code(model: Model, code: np.ndarray, image: np.ndarray, label: int | None = None) -> Reconstruction:
    """The same from a code (D,) that stands for the image, in place of the encoder's."""
    return _from_code(model, torch.from_numpy(np.asarray(code, np.float32))[None], _told(model, label), _batch(image[None]))


def _told(model: Model, label: int | None) -> Tensor | None:
    return None if label is None or not model.conditional else torch.tensor([label])


def _from_code(model: Model, mu: Tensor, told: Tensor | None, x: Tensor) -> Reconstruction:
    logits = model.decode_logits(mu, told)
    return _weighed(mu[0], torch.sigmoid(logits), logits, x)


@torch.no_grad()
def by_lesson(model: LessonAutoencoder, image: np.ndarray) -> Reconstruction:
    """An image (28, 28) in [0, 1] through the lesson's network; its code is (8, 4, 4)."""
    x = _batch(image[None])
    logits = model.logits(x)
    return _weighed(model.encode(x)[0], torch.sigmoid(logits), logits, x)


def _batch(images: np.ndarray) -> Tensor:
    """Images (N, H, W) in [0, 1] -> float32 (N, 1, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(images, np.float32))[:, None]


def _weighed(code: Tensor, x_hat: Tensor, logits: Tensor, x: Tensor) -> Reconstruction:
    pixel_nats = pixel_loss_nats(logits, x)
    mse, psnr_db, ssim = (x_hat - x).square().mean(), metrics.psnr_db(x_hat, x), metrics.ssim(x_hat, x)
    scores = Scores(pixel_nats.sum().item(), mse.item(), psnr_db.item(), ssim.item())
    return Reconstruction(code.numpy(), x_hat[0, 0].numpy(), pixel_nats[0, 0].numpy(), scores)


def pixel_loss_nats(logits: Tensor, x: Tensor) -> Tensor:
    """Cross-entropy -x log p - (1 - x) log(1 - p) of each pixel, p = sigmoid(logits): (B, 1, H, W) twice -> the same shape, nats.

    Their sum is `objectives.bernoulli_log_likelihood_nats` with its sign turned. A grey x keeps its own entropy: 0 only for 0 and 1.
    """
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none")


# --- principal components ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Principal:
    """The directions in which images differ most: a linear autoencoder, the best there is for squared error.  (Baldi & Hornik 1989)

    Its codes are in standard deviations, as `models.linear.LinearAutoencoder`'s are: of the images that it was fitted on, each number has
    mean 0 and variance 1.
    """

    mean: np.ndarray  # float32 (H * W,)
    axes: np.ndarray  # float32 (D, H * W), orthonormal rows, most variance first
    deviations: np.ndarray  # float32 (D,): the images' standard deviations along them
    shape: Shape  # of an image: (1, H, W)

    def first(self, dimensions: int) -> "Principal":
        """The same with only its first dimensions: the PCA of that size, as one is part of the next."""
        return Principal(self.mean, self.axes[:dimensions], self.deviations[:dimensions], self.shape)

    def encode(self, x: Tensor) -> np.ndarray:
        """Images (B, 1, H, W) -> codes (B, D); 0 along an axis in which the images do not differ."""
        along = (x.flatten(1).numpy() - self.mean) @ self.axes.T
        return np.divide(along, self.deviations, out=np.zeros_like(along), where=self.deviations > FLAT * self.deviations.max())

    def decode(self, z: np.ndarray) -> Tensor:
        """Codes (B, D) -> images (B, 1, H, W), clipped to [0, 1]."""
        x_hat = (z * self.deviations) @ self.axes + self.mean
        return torch.from_numpy(x_hat.astype(np.float32)).clamp(0, 1).unflatten(1, self.shape)


def pca(images: np.ndarray, dimensions: int) -> Principal:
    """The first principal components of images uint8 (N, H, W), at most N of them; exact, from the covariance matrix (scikit-learn)."""
    from sklearn.decomposition import PCA  # here: half a second that only this needs

    pixels = images.reshape(len(images), -1).astype(np.float32)
    pixels /= 255
    fitted = PCA(min(dimensions, *pixels.shape), svd_solver="covariance_eigh").fit(pixels)
    deviations = np.sqrt(fitted.explained_variance_.clip(min=0))
    mean, axes, deviations = (array.astype(np.float32) for array in (fitted.mean_, fitted.components_, deviations))
    return Principal(mean, axes, deviations, (1, *images.shape[1:]))


def by_pca(principal: Principal, image: np.ndarray) -> Reconstruction:
    """An image (H, W) in [0, 1] through PCA. Its loss is of pixels clipped to PROBABILITY_FLOOR, the rest of [0, 1]."""
    x = _batch(image[None])
    code = principal.encode(x)
    x_hat = principal.decode(code)
    return _weighed(torch.from_numpy(code[0]), x_hat, torch.logit(x_hat, PROBABILITY_FLOOR), x)


# --- a code and its image ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Description:
    """What a decoder draws from an image's code, and what it takes to describe the image with that: the two halves of its -ELBO."""

    x_hat: np.ndarray  # float32 (H, W) in [0, 1]: of mu
    reconstruction_nats: float  # -log p(x|z), mean over DESCRIPTION_SAMPLES draws of z; without a posterior of mu alone
    kl_nats: float | None  # None for a model without a posterior


@torch.no_grad()
def describe(
    model: Model, mu: np.ndarray, logvar: np.ndarray | None, image: np.ndarray, label: int | None = None, seed: int = 0
) -> Description:
    """An image (H, W) in [0, 1] described by its code, mu and logvar (D,), as the model's -ELBO is measured (metrics.elbo_metric):
    binarised by one draw for each sample of z, or grey; but the code stays the one given, that of the grey image. label: the image's
    class, of which a conditional model is told.
    """
    x, told = _batch(image[None]), None if label is None or not model.conditional else torch.tensor([label])
    mean = torch.from_numpy(mu)[None]
    x_hat = model.decode(mean, told)[0, 0].numpy()
    if logvar is None:
        return Description(x_hat, -model.log_likelihood_nats(model.decode_logits(mean, told), x).item(), None)
    generator, spread = torch.Generator().manual_seed(seed), torch.from_numpy(logvar)[None]
    seen = x.expand(DESCRIPTION_SAMPLES, -1, -1, -1)
    if metrics.elbo_metric(model) == "negative_elbo_nats":
        seen = torch.bernoulli(seen, generator=generator)
    posterior = (mean.expand(DESCRIPTION_SAMPLES, -1), spread.expand(DESCRIPTION_SAMPLES, -1))
    told = None if told is None else told.expand(DESCRIPTION_SAMPLES)
    log_likelihood, kl = model.terms_nats(seen, generator=generator, label=told, posterior=posterior)
    return Description(x_hat, -log_likelihood.mean().item(), kl[0].item())


# --- around a code, and outside of what was learnt -----------------------------------------------------------------------------


def posterior_noise(mu: np.ndarray, logvar: np.ndarray | None) -> float | None:
    """How noisy the codes are that a decoder was trained on: the median over images and coordinates of the posterior's standard
    deviation, in units of how much mu (N, D) differs in that coordinate; None for a model without a posterior.

    Coordinates that say nothing (a collapsed posterior) are left out; infinite where all of them do.
    """
    if logvar is None:
        return None
    spread, sigma = mu.std(0), np.exp(0.5 * logvar)  # (D,), (N, D)
    used = spread > COLLAPSED * sigma.mean(0)
    if not used.any():
        return math.inf
    return float(np.median(sigma[:, used] / spread[used]))


def noisy_codes(z: np.ndarray, sigma: float, scale: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Neighbours of a code (D,): z + sigma * scale * eps with eps ~ N(0, I), float32 (count, D). scale (D,): of each coordinate."""
    eps = torch.randn(count, len(z), generator=torch.Generator().manual_seed(seed)).numpy()
    return (z + sigma * scale * eps).astype(np.float32)


def negative_elbo_each_nats(model: Model, images: np.ndarray, seed: int = 0) -> np.ndarray:
    """-ELBO of each grey image, (N, H, W) in [0, 1], the mean over STRANGENESS_SAMPLES samples of z: (N,), nats.

    For a model without a posterior it is the reconstruction loss alone. A conditional model is not told the labels.
    """
    generator = torch.Generator().manual_seed(seed)
    samples = STRANGENESS_SAMPLES if "kl_nats" in model.LOSSES else 1
    return -torch.cat([metrics.elbo_per_image_nats(model, batch, samples, generator) for batch in _batch(images).split(BATCH)]).numpy()


def strangeness(value: float, reference: np.ndarray) -> float:
    """The share of reference values (N,) that lie below a value, equal ones by half, in [0, 1]: its empirical percentile."""
    return float((reference < value).mean() + 0.5 * (reference == value).mean())
