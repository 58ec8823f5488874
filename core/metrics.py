"""How good a model is. Every figure in a card comes from here; PROTOCOLS says in words how each was obtained."""

import math
import sys

import numpy as np
import torch
from torch import Tensor

from core.models import Model
from core.models.objectives import (
    bernoulli_of_pairs_nats,
    diagonal_normal_log_density_nats,
    elbo_nats,
    kl_nats,
    standard_normal_log_density_nats,
)

NLL_POINTS = 65_536
PROTOCOLS = {
    "negative_elbo_nats": "mean over all test images of (-log p(x|z) + KL(q||p)), {samples} samples of z each, analytic KL, "
    "x binarised by one Bernoulli draw per sample, pixels summed; nats per image",
    "negative_elbo_grey_nats": "the same with grey x in [0, 1]: cross-entropy in place of -log p(x|z) for a Bernoulli model, "
    "the density itself for a Gaussian or Laplace one",
    "reconstruction_nats": "mean over all test images of -log p(x|z) at z = encode(x), for a model without a posterior: its codes have "
    "no KL; of a Bernoulli model x is binarised by one Bernoulli draw, {samples} times over; pixels summed; nats per image",
    "nll_nats": "-log of the mean of p(x|z) over {points:,} scrambled Sobol points through the normal inverse CDF (the prior); "
    "x binarised by one Bernoulli draw; mean over all test images; nats per image",
    "knn_accuracy_percent": "scikit-learn KNeighborsClassifier, k = 10, fitted on mu of all the data set's training images, "
    "scored on the test images'",
    "psnr_db": "peak signal-to-noise ratio of decode(mu) against x in [0, 1], mean over all test images",
    "ssim": "structural similarity of decode(mu), 11x11 Gaussian window, sigma 1.5, data range 1, mean over all test images",
}

# Below so much KL a VAE's codes have collapsed. The mean KL is at least the information between an image and its code (Hoffman & Johnson
# 2016, "ELBO surgery"), and telling only two kinds of image apart takes ln 2 = 0.69 nats: at 0.1 a code tells nothing that can be seen.
COLLAPSED_NATS = 0.1


def has_collapsed(mu: np.ndarray, logvar: np.ndarray | None) -> bool:
    """Whether codes (N, D) have collapsed; never those of a model without a posterior."""
    if logvar is None:
        return False
    kl = kl_nats(torch.from_numpy(mu), torch.from_numpy(logvar))  # (N,)
    return kl.mean().item() < COLLAPSED_NATS


_BELL = [math.exp(-0.5 * (offset / 1.5) ** 2) for offset in range(-5, 6)]
SSIM_WINDOW = [weight / sum(_BELL) for weight in _BELL]  # to each side; its outer product with itself is the 11x11 window
SSIM_TILE = 180  # pixels to a side: below 32,768 torch starts no threads, which on a busy machine would cost ten times the work


def elbo_metric(model: Model) -> str:
    """Which -ELBO is quoted of a model: on binarised images where a pixel is a probability of ink, on grey ones where it has a density."""
    return "negative_elbo_nats" if model.config.likelihood == "bernoulli" else "negative_elbo_grey_nats"


@torch.no_grad()
def terms_per_image_nats(
    model: Model, x: Tensor, samples: int, generator: torch.Generator, binarize: bool = False, label: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """log p(x|z) and KL(q(z|x)||p(z)) of each image (B, 1, H, W), averaged over samples of z (and, if binarize, of x): (B,) each, nats.

    The KL of a model without a posterior is 0.
    """
    log_likelihood, kl = torch.zeros(2, len(x), device=x.device)
    posterior = None if binarize else model.encode(x, label)  # of the same x for every sample
    for _ in range(samples):
        seen = torch.bernoulli(x, generator=generator) if binarize else x
        terms = model.terms_nats(seen, generator=generator, label=label, posterior=posterior)
        log_likelihood += terms[0]
        kl += terms[1]
    return log_likelihood / samples, kl / samples


def elbo_per_image_nats(
    model: Model, x: Tensor, samples: int, generator: torch.Generator, binarize: bool = False, label: Tensor | None = None
) -> Tensor:
    """ELBO of each image (B, 1, H, W), averaged over samples of z (and, if binarize, of x): (B,), nats.

    With labels (B,) it bounds log p(x|label), for a conditional model.
    """
    return elbo_nats(*terms_per_image_nats(model, x, samples, generator, binarize, label))


def distortion_and_rate_nats(
    model: Model, x: Tensor, samples: int = 8, seed: int = 0, binarize: bool = True, label: Tensor | None = None
) -> tuple[float, float]:
    """-log p(x|z) and KL(q(z|x)||p(z)), nats per image, averaged over images (N, 1, H, W) and samples; the KL is 0 without a posterior.

    (Alemi et al. 2018, section 2, who call them so)
    """
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    total = torch.zeros(2, dtype=torch.float64)
    for start in range(0, len(x), 1000):
        told = None if label is None else label[start : start + 1000].to(device)
        terms = terms_per_image_nats(model, x[start : start + 1000].to(device), samples, generator, binarize, told)
        total += torch.stack(terms).cpu().double().sum(1)
    log_likelihood, kl = (total / len(x)).tolist()
    return -log_likelihood, kl


def negative_elbo_nats(
    model: Model, x: Tensor, samples: int = 8, seed: int = 0, binarize: bool = True, label: Tensor | None = None
) -> float:
    """-ELBO, nats per image, averaged over images (N, 1, H, W) and samples; with labels (N,), of the images given their labels."""
    return sum(distortion_and_rate_nats(model, x, samples, seed, binarize, label))


def nll_applies(model: Model) -> bool:
    """Whether `nll_nats` means something for the model: a Bernoulli VAE without labels, of one or two dimensions."""
    config = model.config
    has_posterior = "kl_nats" in model.LOSSES
    return has_posterior and not model.conditional and config.likelihood == "bernoulli" and config.latent_dim <= 2


@torch.no_grad()
def nll_per_image_nats(model: Model, x: Tensor, points: int = NLL_POINTS, seed: int = 0) -> Tensor:
    """-log p(x) of each image (N, 1, H, W), (N,), nats, of a Bernoulli VAE with a low-dimensional latent, by integrating over the prior.

    A quasi-Monte Carlo sum over Sobol points through the normal inverse CDF; meant for latent_dim <= 2.
    """
    if model.config.likelihood != "bernoulli":
        raise ValueError("nll_nats integrates a Bernoulli likelihood; this model has another.")
    images = x.flatten(1).to(next(model.parameters()).device)  # (N, H * W)
    log_sum = torch.full((len(images),), -math.inf, device=images.device)
    for codes in prior_points(model, points, seed).split(1024):
        log_sum = torch.logaddexp(log_sum, _log_sum_exp_(log_likelihood_of_pairs_nats(model, images, codes)))
    return -(log_sum - math.log(points)).double()


def nll_nats(model: Model, x: Tensor, points: int = NLL_POINTS, seed: int = 0) -> float:
    """The mean of `nll_per_image_nats` over images (N, 1, H, W)."""
    return nll_per_image_nats(model, x, points, seed).mean().item()


def prior_points(model: Model, points: int, seed: int = 0) -> Tensor:
    """Codes (points, D) spread as N(0, I) is, more evenly than draws of it: scrambled Sobol points through the normal inverse CDF."""
    uniform = torch.quasirandom.SobolEngine(model.config.latent_dim, scramble=True, seed=seed).draw(points)
    return torch.special.ndtri(uniform.double().clamp(1e-9, 1 - 1e-9)).float().to(next(model.parameters()).device)


def log_likelihood_of_pairs_nats(model: Model, images: Tensor, codes: Tensor) -> Tensor:
    """log p(x|z) of a Bernoulli model, of every image (N, H * W) at every code (S, D): (N, S), nats, by one matrix product."""
    logits = model.decode_logits(codes).flatten(1)  # (S, H * W)
    return bernoulli_of_pairs_nats(logits, images)


def _log_sum_exp_(x: Tensor) -> Tensor:
    """log sum exp of each row, (N, S) -> (N,), overwriting x: torch.logsumexp, but for terms below e^-80 of a row's largest.

    They count as e^-80, which no float32 sum can tell: a processor takes many times as long over an exp that is nearly 0 (below 1e-38).
    """
    largest = x.amax(1, keepdim=True)
    return x.sub_(largest).clamp_(min=-80).exp_().sum(1).log_().add_(largest[:, 0])


@torch.no_grad()
def iwae_bound_nats(model: Model, x: Tensor, samples: int = 50, seed: int = 0) -> Tensor:
    """Importance-weighted lower bound on log p(x) of each image (B, 1, H, W): (B,), nats.  (Burda et al. 2016, eq. 8)"""
    generator = torch.Generator(x.device).manual_seed(seed)
    mu, logvar = model.encode(x)
    if logvar is None:
        raise ValueError("iwae_bound_nats weighs draws of a posterior; this model's encoder gives none.")
    weights = []
    for _ in range(samples):
        z = model.reparameterize(mu, logvar, generator)
        log_joint = model.log_likelihood_nats(model.decode_logits(z), x) + standard_normal_log_density_nats(z)
        weights.append(log_joint - diagonal_normal_log_density_nats(z, mu, logvar))
    return torch.stack(weights).logsumexp(0) - math.log(samples)


def knn_accuracy(train_mu: np.ndarray, train_labels: np.ndarray, test_mu: np.ndarray, test_labels: np.ndarray, k: int = 10) -> float:
    """Share of test codes (M, D) whose k nearest training codes (N, D) vote for their label, in [0, 1]."""
    from sklearn.neighbors import KNeighborsClassifier

    return float(KNeighborsClassifier(min(k, len(train_mu))).fit(train_mu, train_labels).score(test_mu, test_labels))


def psnr_db(x_hat: Tensor, x: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each image, data range 1: (B, 1, H, W) twice -> (B,), dB; infinite where they are equal."""
    return -10 * torch.log10((x_hat - x).square().flatten(1).mean(1))


def ssim(x_hat: Tensor, x: Tensor) -> Tensor:
    """Structural similarity of each image, (B, 1, H, W) twice -> (B,), at most 1; ValueError unless H and W are at least 11.

    11x11 Gaussian window, sigma 1.5, data range 1, no padding; tile by tile, so its memory does not grow with the images.
    (Wang et al. 2004, eq. 13 and section III.C)
    """
    height, width = x.shape[-2:]
    if min(height, width) < len(SSIM_WINDOW):
        raise ValueError(f"ssim compares windows of 11 x 11 pixels; these images have {height} x {width}.")
    reach = len(SSIM_WINDOW) - 1  # by which tiles overlap
    down, across = ([slice(at, at + SSIM_TILE) for at in range(0, side - reach, SSIM_TILE - reach)] for side in (height, width))
    together = max(1, SSIM_TILE**2 // (min(height, SSIM_TILE) * min(width, SSIM_TILE)))  # small images at once
    sums = []
    for a, b in zip(x_hat.split(together), x.split(together), strict=True):
        parts = [_similarity_sum(a[..., rows, columns], b[..., rows, columns]) for rows in down for columns in across]
        sums.append(torch.stack(parts).sum(0))
    return torch.cat(sums) / ((height - reach) * (width - reach))


def psnr_and_ssim(x_hat: np.ndarray, x: np.ndarray) -> tuple[float, float | None]:
    """PSNR in dB and SSIM of one picture, (H, W) in [0, 1], against the clean one; None in place of the SSIM of one too small for it."""
    a, b = (torch.from_numpy(np.ascontiguousarray(picture, np.float32))[None, None] for picture in (x_hat, x))
    return psnr_db(a, b).item(), ssim(a, b).item() if min(x.shape) >= len(SSIM_WINDOW) else None


def _similarity_sum(a: Tensor, b: Tensor) -> Tensor:
    """The sum of SSIM over all windows that lie within the images, (B, 1, h, w) twice -> (B,)."""
    c1, c2 = 0.01**2, 0.03**2
    mean_a, mean_b = _window_mean(a), _window_mean(b)
    var_a = _window_mean(a.square()) - mean_a.square()
    var_b = _window_mean(b.square()) - mean_b.square()
    covariance = _window_mean(a * b) - mean_a * mean_b
    similarity = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    similarity = similarity / ((mean_a.square() + mean_b.square() + c1) * (var_a + var_b + c2))
    return similarity.flatten(1).sum(1)


def _window_mean(x: Tensor) -> Tensor:
    """The weighted mean of each window, (B, 1, h, w) -> (B, 1, h - 10, w - 10): a convolution down the columns, then one along the rows.

    As sums of shifted images, since torch's own convolution of one channel takes three times as long on a CPU.
    """
    for dim in (-2, -1):
        length = x.shape[dim] - len(SSIM_WINDOW) + 1
        mean = SSIM_WINDOW[0] * x.narrow(dim, 0, length)
        for offset, weight in enumerate(SSIM_WINDOW[1:], 1):
            mean = mean.add_(x.narrow(dim, offset, length), alpha=weight)
        x = mean
    return x


def from_card(card: dict, name: str) -> float | None:
    """A metric's value in a checkpoint's card, which may be a stranger's; None when it is not there or no finite number."""
    metrics = card.get("metrics")
    entry = metrics.get(name) if isinstance(metrics, dict) else None
    value = entry.get("value") if isinstance(entry, dict) else None
    return float(value) if isinstance(value, int | float) and abs(value) <= sys.float_info.max else None
