"""What is true of each place of a map beside the picture decoded there: where test codes are, what neighbours and a classifier say, how
fast the picture changes, how well images near by are drawn, how rare their codes are.

A field is float32 over a square around the map's middle: (cells, cells), or (classes, cells, cells) of shares, for neighbours one more: how
near they are. Its values are those at the middles of square cells, rows from the top as a picture's. NaN: there is nothing to say.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core import latent, quality
from core.checkpoints import Latents
from core.frame import Frame, bound
from core.models import Classifier, Model

CELLS = 128  # a side
NEIGHBOURS = 10  # as many as the panel and the 10-NN accuracy ask
SHOWN = 0.99  # of the codes, along each axis: where a few lie far out, the square goes a little beyond the others
ROOM = 1.25
BATCH = 512  # cells, or codes, at a time: 20 MB of distances to 10,000 codes
RARE = 1e-2  # of a code in a cell: less than that is told as that
FARTHEST = 2.0**-10  # of the codes, whose own neighbours are as far: less than that is told as that
PRIOR_SHARE = 1e-3  # of the prior's draws that lie farther out than its rarity is told


@dataclass(frozen=True, eq=False)
class Ground:
    """What fields are computed from: a map, and the codes of its test images."""

    frame: Frame
    codes: Latents
    images: np.ndarray | None = None  # uint8 (N, H, W): the test images, where they are here
    classifier: Classifier | None = None  # of the model's data set, where there is one
    cells: int = CELLS

    @cached_property
    def bound(self) -> float:
        """The square goes from -bound to bound: as far as the sliders, but for a few codes far out."""
        return min(self.frame.bound, bound(ROOM * float(np.quantile(np.abs(self.frame.points), SHOWN, axis=0).max())))

    @cached_property
    def points(self) -> np.ndarray:
        """The cells' middles on the map, (cells^2, 2), row by row from the top."""
        return middles(self.bound, self.cells)

    @property
    def z(self) -> np.ndarray:
        """Their codes, (cells^2, D)."""
        return self.frame.plane.codes(self.points)

    @property
    def dimensions(self) -> int:
        """Of the map: 1 for codes of one number, whose height on it means nothing; else 2."""
        return min(2, self.codes.mu.shape[1])

    @cached_property
    def mass(self) -> np.ndarray:
        """The share of the aggregated posterior in each cell, see `posterior_mass`."""
        on_map = self.frame.plane.feet(self.codes.mu)[:, : self.dimensions]
        variances = np.zeros_like(self.codes.mu) if self.codes.logvar is None else np.exp(self.codes.logvar)
        axes = self.frame.plane.axes[: self.dimensions]  # (d, D)
        return posterior_mass(on_map, np.einsum("id,nd,jd->nij", axes, variances, axes), self.bound, self.cells)

    def square(self, values: np.ndarray) -> np.ndarray:
        """Values of all cells (..., cells^2) as a field."""
        return values.reshape(*values.shape[:-1], self.cells, self.cells).astype(np.float32)


def middles(bound: float, cells: int) -> np.ndarray:
    """The middles of cells of the square from -bound to bound, (cells^2, 2), row by row from the top."""
    along = (np.arange(cells) + 0.5) / cells * 2 * bound - bound
    return np.stack(np.meshgrid(along, -along), axis=-1).reshape(-1, 2).astype(np.float32)


# --- where codes are --------------------------------------------------------------------------------------------------------


def posterior_mass(means: np.ndarray, covariances: np.ndarray, bound: float, cells: int) -> np.ndarray:
    """The share of the aggregated posterior, 1/N sum q(z|x_n) (Hoffman & Johnson 2016), in each cell of a map: float64 (cells, cells).

    means (N, d) and covariances (N, d, d): of the posteriors as they fall on the map; d = 1: columns alone, all rows are alike. The N
    images stand for all there are, so each posterior is made wider by a kernel of half the distance to the tenth nearest mean, which takes
    about ten of them together (a variable kernel estimate: Breiman, Meisel & Purcell 1977).
    """
    dimensions = means.shape[1]
    kernel = neighbours(means, means, NEIGHBOURS + 1)[1][:, -1] / 2  # the nearest mean is itself
    wide = torch.from_numpy(covariances + kernel[:, None, None] ** 2 * np.eye(dimensions)).double()
    centres = torch.from_numpy(means).double()
    floor = (2 * bound / cells) ** 2 * 1e-6  # of a variance: codes at one place are a point
    edges = torch.linspace(-bound, bound, cells + 1, dtype=torch.float64)
    along = _between(edges, centres[:, 0], (wide[:, 0, 0] + floor).sqrt())  # (N, cells): the share in each column
    if dimensions == 1:
        return np.broadcast_to(along.mean(0).numpy() / cells, (cells, cells))
    slope = wide[:, 0, 1] / (wide[:, 0, 0] + floor)
    rest = (wide[:, 1, 1] - slope * wide[:, 0, 1] + floor).sqrt()  # of the height, once the column is known
    if not slope.any():
        return (_between(edges, centres[:, 1], rest).flip(1).T @ along / len(centres)).numpy()
    columns = []
    for middle, share in zip((edges[1:] + edges[:-1]) / 2, along.T, strict=True):  # at a column's middle the height is normal, too
        columns.append(share @ _between(edges, centres[:, 1] + slope * (middle - centres[:, 0]), rest).flip(1))
    return (torch.stack(columns, 1) / len(centres)).numpy()


def _between(edges: Tensor, means: Tensor, sigmas: Tensor) -> Tensor:
    """The share of normal distributions (N,) between neighbouring edges (C + 1,): (N, C)."""
    return torch.special.ndtr((edges - means[:, None]) / sigmas[:, None]).diff(dim=1)


def level(mass: np.ndarray) -> np.ndarray:
    """For each cell the share of the mass (cells, cells) that lies in denser ones: the region below 0.9 is the smallest that holds 90 %.

    (Highest-density regions, Hyndman 1996)
    """
    flat = mass.ravel()
    order = np.argsort(-flat, kind="stable")
    denser = np.cumsum(flat[order]) - flat[order]
    _, first, which = np.unique(-flat[order], return_index=True, return_inverse=True)  # of equals, none is denser
    found = np.empty_like(flat)
    found[order] = denser[first[which]] / flat.sum()
    return found.reshape(mass.shape).astype(np.float32)


def rarity_bits(mass: np.ndarray, codes: int, bound: float, dimensions: int) -> np.ndarray:
    """log2 p(z) / q(z), the prior's density over the aggregated posterior's, (cells, cells): 1 where test codes are half as frequent as
    draws from the prior. NaN where the prior hardly ever comes; `codes`: how many the mass is of."""
    cells = len(mass)
    edges = torch.linspace(-bound, bound, cells + 1, dtype=torch.float64)
    along = _between(edges, torch.zeros(1), torch.ones(1))[0].numpy()
    prior = np.outer(along[::-1] if dimensions == 2 else np.full(cells, 1 / cells), along)
    bits = np.log2(np.maximum(prior, np.finfo(float).tiny) / np.maximum(mass, RARE / codes))
    return np.where(_prior_beyond(middles(bound, cells)[:, :dimensions]).reshape(cells, cells) < PRIOR_SHARE, np.nan, bits)


def _prior_beyond(points: np.ndarray) -> np.ndarray:
    """The share of the prior's draws that lie farther out than points (M, d): the survival function of a chi-squared distribution."""
    squared = torch.from_numpy(np.square(points, dtype=np.float64).sum(1))
    return torch.special.gammaincc(torch.full_like(squared, points.shape[1] / 2), squared / 2).numpy()


# --- what is near ------------------------------------------------------------------------------------------------------------


def neighbours(codes: np.ndarray, z: np.ndarray, k: int = NEIGHBOURS) -> tuple[np.ndarray, np.ndarray]:
    """Rows and Euclidean distances, both (M, k), nearest first, of the codes (N, D) around each z (M, D)."""
    among = torch.from_numpy(np.ascontiguousarray(codes, np.float32))
    far = torch.empty(len(z), min(k, len(codes)))
    rows = torch.empty(far.shape, dtype=torch.int64)
    # What is found has its place beforehand: between the batches' distances it would keep their memory from serving the next (600 MB).
    batches = torch.from_numpy(np.ascontiguousarray(z, np.float32)).split(BATCH)
    for batch, *found in zip(batches, far.split(BATCH), rows.split(BATCH), strict=True):
        distances = torch.cdist(batch, among, compute_mode="donot_use_mm_for_euclid_dist")
        torch.topk(distances, far.shape[1], largest=False, out=tuple(found))
    return rows.numpy(), far.numpy()


def share_as_far(codes: np.ndarray, distances: np.ndarray, k: int = NEIGHBOURS) -> np.ndarray:
    """Among codes (N, D), the share of those whose own k-th neighbour is at least as far as the k-th code is from some points, distances
    (M,): (M,), 1 where codes lie as dense as anywhere, 0 where none is near.

    That distance is a density told backwards, p = k / (N V r^D) with V the volume of the unit ball (Loftsgaarden & Quesenberry 1965); its
    rank among the codes' own estimates the p-value of the point being one of them (Zhao & Saligrama 2009).
    """
    own = np.sort(neighbours(codes, codes, k + 1)[1][:, -1])  # the nearest code is itself
    return 1 - np.searchsorted(own, distances) / len(own)


def shares(labels: np.ndarray, classes: int) -> np.ndarray:
    """The share of each class among labels (M, k): (classes, M)."""
    return np.stack([(labels == label).mean(1) for label in range(classes)])


# --- what the decoder does ----------------------------------------------------------------------------------------------------


def sensitivity(model: Model, z: np.ndarray, directions: np.ndarray, label: int | None = None) -> np.ndarray:
    """How much the decoded image changes for a small step: the Frobenius norm of the Jacobian J of `decode` at codes z (M, D) along
    orthonormal directions (d, D), in pixels' brightness per unit of z: (M,).

    Its square is the trace of the metric J^T J that the decoder pulls back.  (Arvanitidis et al. 2018, eq. 4) J v comes from two backward
    passes: u^T J is linear in u, and its derivative by u along v is J v.
    """
    along = torch.from_numpy(np.ascontiguousarray(directions, np.float32))
    norms = []
    for batch in torch.from_numpy(np.ascontiguousarray(z, np.float32)).split(BATCH):
        told = None if label is None else torch.full((len(batch),), label)
        batch.requires_grad_()
        x = model.decode(batch, told)
        u = torch.zeros_like(x, requires_grad=True)
        (back,) = torch.autograd.grad(x, batch, u, create_graph=True)  # u^T J, (B, D)
        squared = torch.zeros(len(batch))
        for direction in along:
            (forth,) = torch.autograd.grad(back @ direction, u, torch.ones(len(batch)), retain_graph=True)
            squared += forth.flatten(1).square().sum(1)
        norms.append(squared.sqrt())
    return torch.cat(norms).numpy()


@torch.no_grad()
def losses_nats(model: Model, images: np.ndarray, codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """-log p(x|z) of images uint8 (N, H, W) at their codes (N, D), grey pixels summed: (N,), nats. A conditional model is told the labels
    (N,)."""
    rows = torch.arange(len(codes)).split(BATCH)
    pixels, z, told = (torch.from_numpy(np.ascontiguousarray(array)) for array in (images, codes, labels.astype(np.int64)))
    found = []
    for batch in rows:
        logits = model.decode_logits(z[batch], told[batch] if model.conditional else None)
        found.append(-model.log_likelihood_nats(logits, pixels[batch].float().unsqueeze(1) / 255))
    return torch.cat(found).numpy()


# --- the fields of a map ------------------------------------------------------------------------------------------------------


def crowding(ground: Ground) -> np.ndarray:
    """Where test codes are: the share of the aggregated posterior that lies where it is no denser than here, 1 to 0; see `level`."""
    return 1 - level(ground.mass)


def neighbour_shares(ground: Ground) -> np.ndarray:
    """The share of each class among the ten test codes nearest in all dimensions, and whether that says anything, (classes + 1, cells,
    cells): last log2 of `share_as_far`, from 0 at FARTHEST to 1."""
    rows, distances = neighbours(ground.codes.mu, ground.z)
    labels = ground.codes.label
    votes = shares(labels[rows], max(int(labels.max(initial=0)) + 1, len(ground.frame.classes)))
    near = 1 - np.log2(np.maximum(share_as_far(ground.codes.mu, distances[:, -1]), FARTHEST)) / np.log2(FARTHEST)
    return ground.square(np.concatenate([votes, near[None]]))


def classifier_shares(ground: Ground) -> np.ndarray:
    """How probable the classifier finds each class of what is decoded, (classes, cells, cells)."""
    assert ground.classifier is not None
    batches = np.array_split(ground.z, -(-(ground.cells**2) // BATCH))
    drawn = (latent.decode(ground.frame.model, z, ground.frame.label) for z in batches)
    return ground.square(np.concatenate([quality.class_probabilities(ground.classifier, images) for images in drawn]).T)


def decoder_sensitivity(ground: Ground) -> np.ndarray:
    """See `sensitivity`: along the map's directions."""
    frame = ground.frame
    return ground.square(sensitivity(frame.model, ground.z, frame.plane.axes[: ground.dimensions], frame.label))


def reconstruction_loss(ground: Ground) -> np.ndarray:
    """The mean of `losses_nats` of the ten test images whose codes are nearest, nats; NaN where no code is near."""
    assert ground.images is not None
    rows, distances = neighbours(ground.codes.mu, ground.z)
    losses = losses_nats(ground.frame.model, ground.images, ground.codes.mu, ground.codes.label)
    near = distances[:, 0] <= latent.typical_gap(ground.codes.mu)
    return ground.square(np.where(near, losses[rows].mean(1), np.nan))


def rarity(ground: Ground) -> np.ndarray:
    """See `rarity_bits`."""
    return ground.square(rarity_bits(ground.mass, len(ground.codes.mu), ground.bound, ground.dimensions).ravel())


FIELDS: dict[str, Callable[[Ground], np.ndarray]] = {
    "codes": crowding,
    "neighbours": neighbour_shares,
    "classifier": classifier_shares,
    "sensitivity": decoder_sensitivity,
    "loss": reconstruction_loss,
    "rarity": rarity,
}

LOGARITHMIC = ("codes", "sensitivity")  # told as log2 of their values
SCALES = {"codes": (-10.0, 0.0), "neighbours": (0.0, 1.0), "classifier": (0.0, 1.0)}  # of the others the cells themselves say it
CUT = 0.005  # of the cells, at either end of such a scale: one bright cell would make all others dark
NOTHING = 255


def field_bytes(name: str, ground: Ground) -> bytes:
    """A field for the browser: the square's bound and what the levels 0 and 254 mean, little-endian float32; channels and cells, uint32;
    then the levels, uint8 (channels, cells, cells), rows from the top; 255 is nothing. What lies beyond the scale is told as its end."""
    values = FIELDS[name](ground).reshape(-1, ground.cells, ground.cells)
    if name in LOGARITHMIC:
        values = np.log2(np.maximum(values, np.finfo(np.float32).tiny))
    known = values[np.isfinite(values)]
    low, high = SCALES.get(name) or (np.quantile(known, [CUT, 1 - CUT]) if known.size else (0.0, 1.0))
    levels = np.rint(np.clip((values - low) / max(high - low, 1e-9), 0, 1) * (NOTHING - 1))
    told = np.where(np.isnan(levels), NOTHING, levels).astype(np.uint8)
    return np.array([ground.bound, low, high], "<f4").tobytes() + np.array(values.shape[:2], "<u4").tobytes() + told.tobytes()
