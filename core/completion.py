"""A covered image filled in: the codes that explain what is visible of it, and what the model draws where it is covered.

Pixels are independent given z, so those that are covered drop out of the sum: p(z|visible) is p(visible|z) p(z) / p(visible).
(Mattei & Frellsen 2018, section 3)
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core import latent, posterior
from core.checkpoints import Checkpoint
from core.models import Model
from core.models.conditional_vae import NOT_TOLD
from core.models.objectives import standard_normal_log_density_nats
from core.posterior import GridPosterior
from core.refine import Posterior, climb
from core.watch import OnProgress

SEARCHED, STARTS, STEPS = 2_048, 24, 150  # random codes that are tried, how many of them climb at most, and how far
NEIGHBOURS = 10  # of a random code, that it is compared with
POLISH_STEPS, POLISH_RATE = 40, 0.01  # of the climb from the grid's peaks, which lie within a cell of the true ones
BARRIER_NATS = 1.0  # two peaks with a shallower valley between them are one answer
DEEPEST_NATS = 30.0  # below the highest peak: what is lower is no answer
BETWEEN = 11  # points on the way from one peak to another
MOST_ANSWERS = 5
DRAWS = 120  # of the exact posterior
REFERENCES = 500  # test images that say what is usual

LogJoint = Callable[[Tensor], Tensor]  # codes (S, D) -> log p(visible|z) + log p(z), (S,), nats


@dataclass(frozen=True)
class Answer:
    """A peak of p(z|visible), and what the model draws there."""

    z: np.ndarray  # (D,)
    x_hat: np.ndarray  # float32 (H, W) in [0, 1]
    filled: np.ndarray  # the same, but for the visible pixels, which are the image's own
    visible_nats: float  # -log p(visible|z)
    hidden_nats: float  # -log p(hidden|z): what the truth costs there
    behind_nats: float  # by how much its peak is lower than the highest
    share: float | None  # of the posterior's mass that lies around this peak, [0, 1]; None where that is unknown


@dataclass(frozen=True)
class Exact:
    """What Bayes' rule says where it can be carried out, on a grid."""

    visible_nats: float  # -log p(visible)
    hidden_nats: float  # -log p(hidden|visible) = log p(visible) - log p(image): what the truth costs
    z: np.ndarray  # (DRAWS, D), draws of p(z|visible)


@dataclass(frozen=True)
class Completion:
    """All answers, the best first, and where the image's own code lies."""

    answers: tuple[Answer, ...]
    exact: Exact | None
    z_of_truth: np.ndarray  # (D,): the encoder's answer to the image without a cover
    hidden_nats_of_truth: float  # -log p(hidden|z) there


@dataclass(frozen=True)
class Reference:
    """What test images cost, each at its own code: -log p(visible|z) and -log p(hidden|z), (N,) each, nats."""

    visible_nats: np.ndarray
    hidden_nats: np.ndarray


def tabulated(model: Model, label: int | None = None) -> GridPosterior | None:
    """What `complete` needs for Bayes' rule; None where a model has no prior to apply it to, or one too narrow for a grid."""
    if not (posterior.applies(model) and latent.keeps_to_prior(model)):
        return None
    return GridPosterior(model, label=NOT_TOLD if label is None else label)


def complete(
    checkpoint: Checkpoint,
    image: np.ndarray,
    hidden: np.ndarray,
    label: int | None = None,
    table: GridPosterior | None = None,
    seed: int = 0,
    on_step: OnProgress = lambda share: None,
) -> Completion:
    """Fill in an image (H, W) in [0, 1] where hidden, bool (H, W), is true.

    label: what a conditional model is told. table: `tabulated` of the same model and label. The image's own code, or any other that was
    made of what is hidden, is not looked at by the search.
    """
    model, told = checkpoint.model, label if checkpoint.model.conditional else None
    x, visible = torch.from_numpy(np.ascontiguousarray(image, np.float32)).flatten(), torch.from_numpy(~hidden.flatten())
    log_joint = _log_joint(model, x, visible, told)
    with torch.inference_mode(False), torch.no_grad():
        if table is None:
            z, mass = _searched(checkpoint, log_joint, seed, on_step), None
        else:
            z, mass = _peaks_of(table, x, visible, log_joint)
        z, height, mass = _distinct(log_joint, z, mass)
        order = (height if mass is None else mass).argsort(descending=True)[:MOST_ANSWERS]
        logits = _logits(model, z[order], told)  # (A, P)
        costs = [-_log_likelihood(model, logits, x, pixels) for pixels in (visible, ~visible)]
        drawn = torch.sigmoid(logits).view(-1, *image.shape).numpy()
        answers = tuple(
            Answer(
                z[row].numpy(), x_hat, np.where(hidden, x_hat, image).astype(np.float32), float(seen), float(unseen),
                float(height.max() - height[row]), None if mass is None else float(mass[row]),
            )
            for row, x_hat, seen, unseen in zip(order, drawn, *costs, strict=True)
        )  # fmt: skip
        batch = x.view(1, 1, *image.shape)
        mu, _ = model.encode(batch, None if told is None else torch.tensor([told]))
        own = -_log_likelihood(model, _logits(model, mu, told), x, ~visible)
        exact = None if table is None else _exact(table, batch, visible, torch.Generator().manual_seed(seed))
    return Completion(answers, exact, mu[0].numpy(), float(own))


def reference(checkpoint: Checkpoint, images: np.ndarray, hidden: np.ndarray, label: Sequence[int] | np.ndarray | None = None) -> Reference:
    """What the first test images of the model's data set, (N, H, W) in [0, 1], cost, at the codes that the encoder gave them whole.

    label (N,): what a conditional model is told of each.
    """
    model, z = checkpoint.model, torch.from_numpy(checkpoint.latents.mu[: len(images)])
    told = None if label is None or not model.conditional else torch.from_numpy(np.asarray(label, np.int64))
    x, visible = torch.from_numpy(np.ascontiguousarray(images, np.float32)).flatten(1), torch.from_numpy(~hidden.flatten())
    with torch.no_grad():
        logits = model.decode_logits(z, told).flatten(1)
        seen, unseen = (-_log_likelihood(model, logits, x, pixels) for pixels in (visible, ~visible))
    return Reference(seen.numpy(), unseen.numpy())


# --- how probable a code is ------------------------------------------------------------------------------------------------------


def _logits(model: Model, z: Tensor, label: int | None) -> Tensor:
    """Codes (S, D) -> (S, P)."""
    told = None if label is None else torch.full((len(z),), label)
    return model.decode_logits(z, told).flatten(1)


def _log_likelihood(model: Model, logits: Tensor, x: Tensor, pixels: Tensor) -> Tensor:
    """log p(these pixels|z) of logits (S, P) at images (S, P), or one (P,): (S,), nats. pixels: bool (P,)."""
    return model.log_likelihood_nats(logits[:, pixels], x.expand_as(logits)[:, pixels])


def _log_joint(model: Model, x: Tensor, visible: Tensor, label: int | None) -> LogJoint:
    """log p(visible|z) + log p(z), without the latter where the model's codes keep to no prior."""
    has_prior = latent.keeps_to_prior(model)

    def log_joint(z: Tensor) -> Tensor:
        log_p = _log_likelihood(model, _logits(model, z, label), x, visible)
        return log_p + standard_normal_log_density_nats(z) if has_prior else log_p

    return log_joint


# --- the search ------------------------------------------------------------------------------------------------------------------


def _searched(checkpoint: Checkpoint, log_joint: LogJoint, seed: int, on_step: OnProgress) -> Tensor:
    """Peaks (S, D) that a climb finds from the best random codes among those that are better than their nearest neighbours."""
    codes = latent.random_codes(checkpoint.model, checkpoint.latents.mu, SEARCHED, np.random.default_rng(seed))
    z = torch.from_numpy(codes.astype(np.float32))
    height = log_joint(z)
    near = torch.cdist(z, z).topk(NEIGHBOURS + 1, largest=False).indices  # (SEARCHED, NEIGHBOURS + 1), itself among them
    tops = (height >= height[near].amax(1)).nonzero()[:, 0]
    best = tops[height[tops].argsort(descending=True)[:STARTS]]
    return _climbed(log_joint, z[best], STEPS, on_step=on_step)


def _climbed(log_joint: LogJoint, starts: Tensor, steps: int, on_step: OnProgress = lambda share: None, **rate: float) -> Tensor:
    _, best = climb(lambda q, eps: -log_joint(q.mu), Posterior(starts, None), starts.new_zeros(1), steps, on_step, **rate)
    return best.mu


def _distinct(log_joint: LogJoint, z: Tensor, mass: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    """Of the high peaks of (S, D) those with a valley between them, their heights, and their masses with those that they stand for."""
    height = log_joint(z)
    way = torch.linspace(0, 1, BETWEEN).unsqueeze(1)  # (BETWEEN, 1)
    kept: list[int] = []
    mass = None if mass is None else mass.clone()
    for row in height.argsort(descending=True).tolist():
        if height[row] < height.max() - DEEPEST_NATS:
            break
        same = next((k for k in kept if log_joint(torch.lerp(z[k], z[row], way)).min() > height[row] - BARRIER_NATS), None)
        if same is None:
            kept.append(row)
        elif mass is not None:
            mass[same] += mass[row]
    return z[kept], height[kept], None if mass is None else mass[kept]


# --- Bayes' rule on the grid -----------------------------------------------------------------------------------------------------


def _peaks_of(table: GridPosterior, x: Tensor, visible: Tensor, log_joint: LogJoint) -> tuple[Tensor, Tensor]:
    """The posterior's peaks (S, 2), and the mass around each, (S,)."""
    log_p = table.log_likelihood_nats(x.unsqueeze(0), visible)[0]  # (side^2,): every cell has the same prior mass
    mass = torch.softmax(log_p.double(), 0)
    basin = basins((log_p + standard_normal_log_density_nats(table.z)).view(table.side, table.side).numpy())
    tops, where = np.unique(basin[basin >= 0], return_inverse=True)
    masses = torch.zeros(len(tops), dtype=torch.float64).index_add_(0, torch.from_numpy(where), mass[torch.from_numpy(basin >= 0)])
    best = masses.argsort(descending=True)[:STARTS]
    return _climbed(log_joint, table.z[torch.from_numpy(tops)][best], POLISH_STEPS, rate=POLISH_RATE), masses[best]


def basins(height: np.ndarray) -> np.ndarray:
    """For each cell of a grid (R, C), the cell that is the peak it belongs to, by its place in the flattened grid: (R * C,).

    From the highest down, a cell joins the highest peak among its eight neighbours'; where peaks meet, one that rises less than
    BARRIER_NATS over that place is no peak of its own. Cells DEEPEST_NATS below the highest are left out: -1.
    (Persistence: Edelsbrunner, Letscher & Zomorodian 2002)
    """
    rows, columns = height.shape
    flat = height.ravel()
    basin = np.full(flat.size, -1)
    standing: dict[int, int] = {}  # of a peak that was none, the one that it belongs to

    def peak(cell: int) -> int:
        top = int(basin[cell])
        while top in standing:
            top = standing[top]
        return top

    for cell in np.argsort(-flat, kind="stable"):
        if flat[cell] < flat.max() - DEEPEST_NATS:
            break
        row, column = divmod(int(cell), columns)
        around = [
            r * columns + c for r in range(max(0, row - 1), min(rows, row + 2)) for c in range(max(0, column - 1), min(columns, column + 2))
        ]
        met = sorted({peak(near) for near in around if basin[near] >= 0}, key=lambda top: -flat[top])
        basin[cell] = met[0] if met else cell
        for lower in met[1:]:
            if flat[lower] - flat[cell] < BARRIER_NATS:
                standing[lower] = met[0]
    return np.array([peak(cell) if basin[cell] >= 0 else -1 for cell in range(flat.size)])


def _exact(table: GridPosterior, x: Tensor, visible: Tensor, generator: torch.Generator) -> Exact:
    """Of one image (1, 1, H, W)."""
    z, log_visible = table.draw(x.expand(DRAWS, -1, -1, -1), generator, visible)
    log_image = torch.logsumexp(table.log_likelihood_nats(x)[0].double(), 0).item() - math.log(len(table.z))
    return Exact(-float(log_visible[0]), float(log_visible[0]) - log_image, z.numpy())
