"""The best code of one image: a climb from the encoder's answer q(z|x) to the top of that image's own ELBO.

One encoder serves all images, so its answer is rarely the best for each: what the climb gains is the amortization gap.
(Cremer, Li & Duvenaud 2018)
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.optim.adam import adam

from core.models import Model
from core.models.objectives import elbo_nats, kl_nats
from core.watch import OnProgress

STEPS, RATE = 150, 0.1  # Adam's; its rate falls linearly to zero
CLIMB_SAMPLES, MEASURED_SAMPLES = 8, 256  # of z: what the climb looks at, and what before and after are measured with
MEASURED_SEED = 1  # added to the climb's, so that it is measured with other draws
BATCH = 250  # images that climb together


class Posterior(NamedTuple):
    """q(z|x) = N(mu, diag exp(logvar)) of each image, (B, D) each; logvar is None where z is mu itself."""

    mu: Tensor
    logvar: Tensor | None


@dataclass(frozen=True)
class Refined:
    """Where the climb led, and what it gained. A cost is -ELBO in nats per image, with the KL weighted by beta; of a model without a
    posterior it is -log p(x|z)."""

    path: np.ndarray  # (steps + 1, B, D): mu, from the start to the code that was kept
    mu: np.ndarray  # (B, D)
    logvar: np.ndarray | None  # (B, D)
    cost_before_nats: np.ndarray  # (B,)
    cost_after_nats: np.ndarray  # (B,), never more than before: where the climb gained nothing, the start was kept


def refine(
    model: Model,
    x: Tensor,
    label: Tensor | None = None,
    start: tuple[Tensor, Tensor | None] | None = None,
    *,
    beta: float = 1.0,
    steps: int = STEPS,
    samples: int = CLIMB_SAMPLES,
    measured_samples: int = MEASURED_SAMPLES,
    seed: int = 0,
    on_step: OnProgress = lambda share: None,
) -> Refined:
    """Climb the ELBO of each image (N, 1, H, W) in [0, 1], from `start` (N, D) or else from the encoder's answer.

    label (N,): what a conditional model is told. The draws of z are the same at every step, so the climb is smooth and repeatable; before
    and after are measured with other, more draws, the same for both.
    """
    device = next(model.parameters()).device
    parts = []
    for at in range(0, len(x), BATCH):
        images, told = x[at : at + BATCH].to(device), None if label is None else label[at : at + BATCH].to(device)
        share = partial(_share, on_step, at / len(x), len(images) / len(x))
        with torch.inference_mode(False), torch.no_grad():
            if start is None:
                first = Posterior(*model.encode(images, told))
            else:
                mu, logvar = start
                first = Posterior(mu[at : at + BATCH].to(device), None if logvar is None else logvar[at : at + BATCH].to(device))
            climb_eps = fixed_normals(samples, first.mu.shape[1], seed).to(device)
            measured_eps = fixed_normals(measured_samples, first.mu.shape[1], seed + MEASURED_SEED).to(device)
            parts.append(refine_with(Cost(model, images, told, beta), first, climb_eps, measured_eps, steps, share))
    return _joined(parts)


def _share(on_step: OnProgress, before: float, part: float, share: float) -> None:
    on_step(before + part * share)


class Cost:
    """What it costs to describe images (B, 1, H, W) by a code each, in nats, as `Refined` has it."""

    def __init__(self, model: Model, x: Tensor, label: Tensor | None, beta: float) -> None:
        self.model, self.x, self.label, self.beta = model, x, label, beta

    def __call__(self, q: Posterior, eps: Tensor) -> Tensor:
        """Mean over the draws z = mu + sigma * eps, eps (S, D): (B,), nats; eps is not looked at where q is a point."""
        if q.logvar is None:
            return -self.log_likelihood_nats(q.mu.unsqueeze(1))[:, 0]
        z = q.mu.unsqueeze(1) + torch.exp(0.5 * q.logvar).unsqueeze(1) * eps  # (B, S, D)
        return -elbo_nats(self.log_likelihood_nats(z).mean(1), kl_nats(q.mu, q.logvar), self.beta)

    def log_likelihood_nats(self, z: Tensor) -> Tensor:
        """log p(x|z) of codes (B, S, D): (B, S)."""
        draws = z.shape[1]
        told = None if self.label is None else self.label.repeat_interleave(draws)
        logits = self.model.decode_logits(z.flatten(0, 1), told)
        return self.model.log_likelihood_nats(logits, self.x.repeat_interleave(draws, 0)).view(z.shape[:2])


def fixed_normals(draws: int, dimensions: int, seed: int) -> Tensor:
    """Draws of N(0, I) in opposite pairs, (draws, D): scrambled Sobol points, scaled so that each dimension has mean 0 and variance 1."""
    uniform = torch.quasirandom.SobolEngine(dimensions, scramble=True, seed=seed).draw(draws // 2)
    half = torch.special.ndtri(uniform.double().clamp(1e-9, 1 - 1e-9))
    return (torch.cat([half, -half]) / half.square().mean(0).sqrt()).float()


@torch.no_grad()
def refine_with(
    cost: Cost, start: Posterior, climb_eps: Tensor, measured_eps: Tensor, steps: int, on_step: OnProgress = lambda share: None
) -> Refined:
    """The climb of one batch with the draws of z given, (S, D) each: those that the climb looks at, and those that measure it."""
    path, best = climb(cost, start, climb_eps, steps, on_step)
    before, after = _measured(cost, start, measured_eps), _measured(cost, best, measured_eps)
    worse = (after >= before).unsqueeze(1)  # (B, 1)
    mu = torch.where(worse, start.mu, best.mu)
    logvar = None if start.logvar is None or best.logvar is None else torch.where(worse, start.logvar, best.logvar)
    return Refined(
        torch.where(worse, start.mu, path).cpu().numpy(),
        mu.cpu().numpy(),
        None if logvar is None else logvar.cpu().numpy(),
        before.cpu().numpy(),
        torch.minimum(before, after).cpu().numpy(),
    )


def climb(
    cost: Callable[[Posterior, Tensor], Tensor], start: Posterior, eps: Tensor, steps: int, on_step: OnProgress, rate: float = RATE
) -> tuple[Tensor, Posterior]:
    """Adam on mu and logvar: the way of mu, (steps + 1, B, D), and the best of all that it came by, where the way ends.

    The rate falls linearly to zero.
    """
    q = [part.clone() for part in start if part is not None]
    means, squares, counts = [torch.zeros_like(part) for part in q], [torch.zeros_like(part) for part in q], [torch.zeros(()) for _ in q]
    best, least = [part.clone() for part in q], torch.full((len(start.mu),), torch.inf, device=start.mu.device)
    path = []
    for step in range(steps + 1):
        on_step(step / steps)
        with torch.enable_grad():
            leaves = [part.detach().requires_grad_() for part in q]
            costs = cost(Posterior(leaves[0], leaves[1] if len(leaves) > 1 else None), eps)  # (B,)
            slopes = list(torch.autograd.grad(costs.sum(), leaves))
        better = costs.detach() < least
        least = torch.where(better, costs.detach(), least)
        best = [torch.where(better.unsqueeze(1), now, then) for now, then in zip(q, best, strict=True)]
        path.append(q[0].clone())
        adam(  # the function of torch.optim.Adam, which itself would import the whole compiler: seconds
            q, slopes, means, squares, [], counts, foreach=False, amsgrad=False,
            beta1=0.9, beta2=0.999, lr=rate * (1 - step / steps), weight_decay=0.0, eps=1e-8, maximize=False,
        )  # fmt: skip
    return torch.stack([*path[:-1], best[0]]), Posterior(best[0], best[1] if len(best) > 1 else None)


def _measured(cost: Cost, q: Posterior, eps: Tensor) -> Tensor:
    """The cost with many draws, a few at a time: (B,), nats, in double precision."""
    parts = [cost(q, some).double() * len(some) for some in eps.split(CLIMB_SAMPLES)]
    return torch.stack(parts).sum(0) / len(eps)


def _joined(parts: list[Refined]) -> Refined:
    """Batches one after another."""
    logvar = [part.logvar for part in parts if part.logvar is not None]
    return Refined(
        np.concatenate([part.path for part in parts], 1),
        np.concatenate([part.mu for part in parts]),
        np.concatenate(logvar) if logvar else None,
        np.concatenate([part.cost_before_nats for part in parts]),
        np.concatenate([part.cost_after_nats for part in parts]),
    )


def refine_image(
    model: Model,
    image: np.ndarray,
    label: int | None = None,
    start: tuple[np.ndarray, np.ndarray | None] | None = None,
    on_step: OnProgress = lambda share: None,
) -> Refined:
    """`refine` for one image (H, W) in [0, 1], the KL weighted as in the model's training.

    label: what a conditional model is told. start: mu and logvar, (D,), instead of the encoder's.
    """
    x = torch.from_numpy(np.ascontiguousarray(image, np.float32))[None, None]
    told = torch.tensor([label]) if label is not None and model.conditional else None
    first = None
    if start is not None:
        mu, logvar = start
        first = torch.from_numpy(mu)[None], None if logvar is None else torch.from_numpy(logvar)[None]
    return refine(model, x, told, first, beta=getattr(model.config, "beta", 1.0), on_step=on_step)


@torch.no_grad()
def negative_elbo_nats(model: Model, image: np.ndarray) -> float:
    """-ELBO of one grey image (H, W) in [0, 1] with the encoder's answer, in nats, measured with the draws that a climb is measured with:
    where beta is 1 and no class is told, `refine_image`'s cost before. Of a model without a posterior it is -log p(x|z).
    """
    x = torch.from_numpy(np.ascontiguousarray(image, np.float32))[None, None]
    q = Posterior(*model.encode(x))
    return float(_measured(Cost(model, x, None, 1.0), q, fixed_normals(MEASURED_SAMPLES, q.mu.shape[1], MEASURED_SEED)))
