"""Every objective, once: training and metrics both call these.

One convention throughout: sums over pixels or latent dimensions, one value per image, in nats. `mean_*` averages the batch.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def bernoulli_log_likelihood_nats(logits: Tensor, x: Tensor) -> Tensor:
    """log p(x | logits) of independent Bernoulli pixels, summed over pixels: (B, ...) and (B, ...) -> (B,), nats.

    For grey x in [0, 1] it is the negative cross-entropy, the usual stand-in.  (Kingma & Welling 2014, appendix C.1)
    """
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)


def bernoulli_of_pairs_nats(logits: Tensor, x: Tensor, of_blank_nats: Tensor | None = None) -> Tensor:
    """The same of every image x (N, P) under every row of logits (S, P), by one matrix product: (N, S), nats.

    A pixel's log-likelihood is x logit - softplus(logit). of_blank_nats: those of an image without ink, where they are known: (S,).
    """
    if of_blank_nats is None:
        of_blank_nats = bernoulli_of_blank_nats(logits)
    return torch.addmm(of_blank_nats, x, logits.T)


def bernoulli_of_blank_nats(logits: Tensor) -> Tensor:
    """The same of an image without ink, x = 0: (S, P) -> (S,), nats."""
    return -F.softplus(logits).sum(1)


def gaussian_log_likelihood_nats(x_hat: Tensor, x: Tensor, sigma: float) -> Tensor:
    """log N(x; x_hat, sigma^2 I), a density, summed over pixels: (B, ...) and (B, ...) -> (B,), nats."""
    per_pixel = -0.5 * ((x - x_hat) / sigma).square() - math.log(sigma) - 0.5 * math.log(2 * math.pi)
    return per_pixel.flatten(1).sum(1)


def laplace_log_likelihood_nats(x_hat: Tensor, x: Tensor, scale: float) -> Tensor:
    """log Laplace(x; x_hat, scale), a density, summed over pixels: (B, ...) and (B, ...) -> (B,), nats."""
    return (-(x - x_hat).abs() / scale - math.log(2 * scale)).flatten(1).sum(1)


# log p(x|z) of decoded logits (B, ...) at images x (B, ...) -> (B,), nats. The third argument is the scale of a pixel, if it has one.
LIKELIHOODS: dict[str, Callable[[Tensor, Tensor, float], Tensor]] = {
    "bernoulli": lambda logits, x, scale: bernoulli_log_likelihood_nats(logits, x),
    "gaussian": lambda logits, x, scale: gaussian_log_likelihood_nats(torch.sigmoid(logits), x, scale),
    "laplace": lambda logits, x, scale: laplace_log_likelihood_nats(torch.sigmoid(logits), x, scale),
}


def kl_per_dim_nats(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, exp(logvar)) || N(0, 1)) of each latent dimension: (B, D) -> (B, D), nats.  (Kingma & Welling 2014, appendix B)"""
    return 0.5 * (mu.square() + logvar.exp() - 1.0 - logvar)


def kl_nats(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL of a diagonal Gaussian from the standard normal prior: (B, D) -> (B,), nats."""
    return kl_per_dim_nats(mu, logvar).sum(1)


def elbo_nats(log_likelihood_nats: Tensor, kl_nats: Tensor, beta: float | Tensor = 1.0) -> Tensor:
    """Evidence lower bound per image, (B,) nats; beta weighs the KL.  (Higgins et al. 2017, eq. 4; beta = 1: the ELBO)"""
    return log_likelihood_nats - beta * kl_nats


def standard_normal_log_density_nats(z: Tensor) -> Tensor:
    """log N(z; 0, I) over the last dimension: (..., D) -> (...), nats."""
    return (-0.5 * z.square() - 0.5 * math.log(2 * math.pi)).sum(-1)


def diagonal_normal_log_density_nats(z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log N(z; mu, exp(logvar)) over the last dimension: (..., D) -> (...), nats."""
    standardised = (z - mu) * torch.exp(-0.5 * logvar)
    return standard_normal_log_density_nats(standardised) - 0.5 * logvar.sum(-1)


def discriminator_loss_nats(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-log D(real) - log(1 - D(fake)), where D is the sigmoid of the logits: (B,) twice -> (B,), nats; 2 log 2 for a D that guesses.

    (Goodfellow et al. 2014, eq. 1, with the sign of a loss)
    """
    return F.softplus(-real_logits) + F.softplus(fake_logits)


def generator_loss_nats(fake_logits: Tensor) -> Tensor:
    """-log D(fake), which pulls most where D is not misled yet: (B,) -> (B,), nats; log 2 for a D that guesses.

    (Goodfellow et al. 2014, section 3)
    """
    return F.softplus(-fake_logits)


def negative_psnr_db(x_hat: Tensor, x: Tensor, floor: float = 1e-5) -> Tensor:
    """-PSNR at data range 1 as a loss: (B, 1, H, W) twice -> (B,), dB; the floor on the squared error keeps its gradient finite."""
    return 10 * torch.log10((x_hat - x).square().flatten(1).mean(1) + floor)
