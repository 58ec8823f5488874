"""The code that most probably became a damaged image: a search for the top of the posterior."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.optim.adam import adam

from core.checkpoints import Checkpoint
from core.models import Model
from core.watch import OnProgress

SEARCH_STEPS, SEARCH_RATE = 100, 0.1  # the rate falls linearly to zero
SEARCH_KNOWN, SEARCH_STARTS = 256, 4  # codes of the checkpoint that are tried, and classes that the search starts from
SEARCH_NOISE, SEARCH_LOST = 0.3, 0.1  # the damage that it expects: standard deviation of the noise, share of the pixels that are lost


def negative_log_joint_nats(model: Model, x: Tensor, z: Tensor) -> Tensor:
    """-log p(x|z) - log p(z) but for a constant, nats, of damaged images (B, 1, H, W) and codes (B, S, D): (B, S).

    p(x|z) is that of the damage, see `damage_log_likelihood_nats`. A model without a prior has no log p(z).
    """
    codes = z.flatten(0, 1)  # (B * S, D)
    return _cost_nats(model, x.repeat_interleave(z.shape[1], 0), codes, model.decode(codes)).view(z.shape[:2])


def _cost_nats(model: Model, x: Tensor, z: Tensor, x_hat: Tensor) -> Tensor:
    """The same of images (B, 1, H, W) and one code each, (B, D), already decoded to x_hat (B, 1, H, W): (B,)."""
    return (0.5 * z.square().sum(-1) if model.has_prior else 0) - damage_log_likelihood_nats(x_hat, x)


def damage_log_likelihood_nats(x_hat: Tensor, x: Tensor) -> Tensor:
    """log p(x|x_hat) but for a constant, summed over pixels: clean and damaged images (B, 1, H, W) in [0, 1] -> (B,), nats.

    Nobody says what the damage is, so it is taken for the two most usual kinds at once: x is 0 (lost) with the probability SEARCH_LOST,
    else x_hat with noise N(0, SEARCH_NOISE^2), clipped to [0, 1]. Between 0 and 1 that is a squared error.
    """
    paper = torch.logaddexp(torch.tensor(math.log(SEARCH_LOST)), math.log(1 - SEARCH_LOST) + torch.special.log_ndtr(-x_hat / SEARCH_NOISE))
    ink = math.log(1 - SEARCH_LOST) + torch.special.log_ndtr((x_hat - 1) / SEARCH_NOISE)
    between = math.log(1 - SEARCH_LOST) - 0.5 * ((x - x_hat) / SEARCH_NOISE).square()
    return torch.where(x <= 0, paper, torch.where(x >= 1, ink, between)).flatten(1).sum(1)


@torch.no_grad()
def starting_codes(opened: Checkpoint, x: Tensor) -> Tensor:
    """Where to search for the codes of images (B, 1, H, W), (B, S, D): the encoder's, and of each of the likeliest classes the
    best of some codes that the checkpoint knows; S is SEARCH_STARTS + 1, less where there are fewer classes."""
    model, latents = opened.model, opened.latents
    every = max(1, len(latents.mu) // SEARCH_KNOWN)
    known, labels = torch.from_numpy(latents.mu[::every][:SEARCH_KNOWN]), latents.label[::every][:SEARCH_KNOWN]
    x_hat = model.decode(known)  # (known, 1, H, W), the same for every image
    costs = torch.stack([_cost_nats(model, image.expand_as(x_hat), known, x_hat) for image in x])  # (B, known)
    starts = [model.encode(x)[0].unsqueeze(1)]
    best = []
    for order in costs.argsort(1).numpy():
        _, first = np.unique(labels[order], return_index=True)  # of each class
        best.append(known[order[np.sort(first)[:SEARCH_STARTS]]])
    return torch.cat([*starts, torch.stack(best)], 1)


def most_probable_codes(model: Model, x: Tensor, starts: Tensor, on_step: OnProgress = lambda share: None) -> Tensor:
    """The codes (B, D) at which p(z|x) is largest, of those that Adam comes by from starts (B, S, D).

    That is a MAP estimate: the top of the posterior, not its mean and not a draw from it.
    """
    with torch.inference_mode(False), torch.enable_grad():
        x, z = x.clone(), starts.clone().requires_grad_()
        means, squares, steps = torch.zeros_like(z), torch.zeros_like(z), torch.zeros(())  # Adam's
        best, least = starts.clone(), torch.full(starts.shape[:2], torch.inf)
        for step in range(SEARCH_STEPS + 1):
            on_step(step / (SEARCH_STEPS + 1))
            costs = negative_log_joint_nats(model, x, z)  # (B, S)
            better = costs.detach() < least
            best[better], least[better] = z.detach()[better], costs.detach()[better]
            (slope,) = torch.autograd.grad(costs.sum(), z)
            rate = SEARCH_RATE * (1 - step / SEARCH_STEPS)
            with torch.no_grad():  # the function of torch.optim.Adam, which itself would import the whole compiler: seconds
                adam(
                    [z], [slope], [means], [squares], [], [steps], foreach=False, amsgrad=False,
                    beta1=0.9, beta2=0.999, lr=rate, weight_decay=0.0, eps=1e-8, maximize=False,
                )  # fmt: skip
    on_step(1.0)
    return best[torch.arange(len(x)), least.argmin(1)]
