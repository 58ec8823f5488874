"""The latent space itself: codes of a data set, the decoded grid, neighbours and what they vote for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.models import Model

BATCH = 1000
Z_LIMIT = 100.0  # how far out a map goes, in each coordinate
GOLDEN_RATIO = (5**0.5 - 1) / 2  # its multiples, modulo 1, fill the unit interval evenly


@torch.no_grad()
def encode(model: Model, x: Tensor, label: Tensor | None = None) -> tuple[np.ndarray, np.ndarray | None]:
    """mu and logvar, float32 (N, D), of images (N, 1, H, W) in [0, 1]; logvar is None for a model without a posterior.

    label (N,): the images' classes, for a conditional model that is to be told.
    """
    device = next(model.parameters()).device
    labels: Sequence[Tensor | None] = [None] * -(-len(x) // BATCH)
    if label is not None:
        labels = label.to(device).split(BATCH)
    parts = [model.encode(batch.to(device), told) for batch, told in zip(x.split(BATCH), labels, strict=True)]
    mu = torch.cat([mu for mu, _ in parts]).cpu().numpy()
    return mu, None if parts[0][1] is None else torch.cat([logvar for _, logvar in parts if logvar is not None]).cpu().numpy()


@torch.no_grad()
def decode(model: Model, z: np.ndarray, label: int | np.ndarray | None = None) -> np.ndarray:
    """Expected images, float32 (N, H, W) in [0, 1], of codes (N, D); label: the class to draw, of all or of each (N,)."""
    device = next(model.decoder.parameters()).device
    codes = torch.from_numpy(np.asarray(z, np.float32)).to(device)
    labels: Sequence[Tensor | None] = [None] * -(-len(codes) // BATCH)
    if label is not None:
        labels = torch.from_numpy(np.broadcast_to(np.asarray(label, np.int64), len(codes)).copy()).to(device).split(BATCH)
    parts = [model.decode(batch, told) for batch, told in zip(codes.split(BATCH), labels, strict=True)]
    return torch.cat(parts).squeeze(1).cpu().numpy()


@dataclass(frozen=True)
class Plane:
    """The two-dimensional slice of the latent space that a map shows: z = origin + point @ axes."""

    origin: np.ndarray  # (D,)
    axes: np.ndarray  # (2, D), orthonormal rows; for D = 1 the second row is zero

    def points(self, codes: np.ndarray) -> np.ndarray:
        """Where codes (N, D) lie on the map, (N, 2): their projection. One-dimensional codes get a height only to tell them apart."""
        points = self.feet(codes)
        if codes.shape[1] == 1:
            points[:, 1] = (np.arange(len(codes)) * GOLDEN_RATIO) % 1 - 0.5
        return points

    def feet(self, codes: np.ndarray) -> np.ndarray:
        """The projections of codes (N, D) alone, (N, 2): of a walk, whose way up and down would be taken for true."""
        return ((codes - self.origin) @ self.axes.T).astype(np.float32)

    def codes(self, points: np.ndarray) -> np.ndarray:
        """The codes (N, D) of points (N, 2) on the map."""
        return (self.origin + np.asarray(points) @ self.axes).astype(np.float32)


def random_codes(model: Model, codes: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Random codes (count, D): draws from the prior; of a model without one, from a normal distribution with the mean and covariance of
    codes (N, D)."""
    if model.has_prior:
        return generator.standard_normal((count, codes.shape[1]))
    return normal_codes(codes, count, generator)


def normal_codes(codes: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Draws (count, D) of the normal distribution with the mean and covariance of codes (N, D)."""
    # a sum of all deviations from the mean, each weighted at random, has their covariance
    spread = (codes - codes.mean(0)) / max(1, len(codes) - 1) ** 0.5
    return np.concatenate([codes.mean(0) + generator.standard_normal((1, len(codes))) @ spread for _ in range(count)])


def invent(model: Model, codes: np.ndarray, seed: int) -> tuple[np.ndarray, int | None]:
    """An image float32 (H, W) that a model decodes from a random code, and the class that a conditional one was asked for.

    The code is one of `random_codes`.
    """
    generator = np.random.default_rng(seed)
    z = random_codes(model, codes, 1, generator)
    label = int(generator.integers(getattr(model.config, "classes", 10))) if model.conditional else None
    return decode(model, z, label)[0], label


def map_plane(codes: np.ndarray, has_prior: bool) -> Plane:
    """The plane to show codes (N, D) on: the latent space itself for D = 2, its line for D = 1, else the plane of the codes' two
    principal directions (Pearson 1901), through the prior's centre or, without a prior, through the codes' mean."""
    dimensions = codes.shape[1]
    if dimensions <= 2:
        return Plane(np.zeros(dimensions, np.float32), np.eye(2, dimensions, dtype=np.float32))
    origin = np.zeros(dimensions) if has_prior else codes.mean(0)
    return Plane(origin.astype(np.float32), principal_directions(codes)[:2].astype(np.float32))


def principal_directions(codes: np.ndarray) -> np.ndarray:
    """The directions along which codes (N, D) differ, orthonormal rows (D, D), that of the largest variance first (Pearson 1901)."""
    return np.linalg.svd(np.cov((codes - codes.mean(0)).T))[2]


def axes_plane(codes: np.ndarray, axes: tuple[int, int], has_prior: bool) -> Plane:
    """The plane of two of the numbers of codes (N, D), i to the right and j upwards, counted from 0: a point of it is (z_i, z_j). All other
    numbers are those of the prior's centre, 0, or without a prior those of the codes' mean, as on the plane of `map_plane`."""
    dimensions = codes.shape[1]
    origin = np.zeros(dimensions, np.float32) if has_prior else codes.mean(0).astype(np.float32)
    origin[list(axes)] = 0
    return Plane(origin, np.eye(dimensions, dtype=np.float32)[list(axes)])


def share_of_variance(codes: np.ndarray, plane: Plane) -> float:
    """How much of the variance of codes (N, D) around their mean lies along a plane, [0, 1]; 0 where all are the same."""
    deviations = (codes - codes.mean(0)).astype(np.float64)
    whole = float(np.square(deviations).sum())
    return float(np.square(deviations @ plane.axes.T).sum()) / whole if whole else 0.0


def keeps_to_prior(model: Model) -> bool:
    """Whether training drew the codes towards the prior: the model has one, and the term that keeps to it has some weight."""
    return model.has_prior and getattr(model.config, "beta", 1.0) > 0 and getattr(model.config, "adversarial_weight", 1.0) > 0


def has_rings(model: Model) -> bool:
    """Whether a map shows the prior's rings: that needs codes that keep to it, and two dimensions to draw a ring in."""
    return keeps_to_prior(model) and model.config.latent_dim > 1


def why_not_spread(model: Model) -> str:
    """Why a map cannot have the prior's percentiles for its axes; "" where it can. That needs codes that keep to a standard normal prior.
    With such codes both `map_plane` and `axes_plane` go through the prior's centre and have orthonormal axes, so on either the two
    coordinates of a draw from the prior are independent and standard normal, however many numbers it has."""
    if not model.has_prior:
        return "This model has no prior that its codes keep to, so there are no percentiles to spread them by."
    if not keeps_to_prior(model):
        return "Training did not draw this model’s codes towards the prior, so its percentiles say nothing of them."
    return "" if model.config.latent_dim > 1 else "This model’s code is one number: the map’s height only keeps the dots apart."


def can_spread(model: Model) -> bool:
    """Whether a map can have the prior's percentiles for its axes."""
    return not why_not_spread(model)


def turned(plane: Plane, points: np.ndarray, towards: np.ndarray) -> Plane:
    """The same plane with its axes turned or mirrored so that its points (N, 2) come as near as they can to others (N, 2).

    Orthogonal Procrustes (Schönemann 1966): keeps a map still from epoch to epoch.
    """
    if len(plane.origin) <= 2:
        return plane
    u, _, v = np.linalg.svd(points.T @ towards)
    return Plane(plane.origin, ((u @ v).T @ plane.axes).astype(np.float32))


def decode_grid(
    model: Model, low: tuple[float, float], high: tuple[float, float], n: int, plane: Plane | None = None, label: int | None = None
) -> np.ndarray:
    """Images (n, n, H, W) in [0, 1] of n x n points evenly spaced from low to high: rows from the top (z2 falls), z1 to the right."""
    return decode_at(model, np.linspace(low[0], high[0], n), np.linspace(high[1], low[1], n), plane, label)


def decode_at(model: Model, across: np.ndarray, down: np.ndarray, plane: Plane | None = None, label: int | None = None) -> np.ndarray:
    """Images (M, N, H, W) in [0, 1] of the points with these first coordinates (N,), from left to right, and these second ones (M,), from
    the top."""
    points = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)  # (M * N, 2), row by row from the top
    images = decode(model, plane.codes(points) if plane else points, label)  # (M * N, H, W)
    return images.reshape(len(down), len(across), *images.shape[1:])


def one_picture(grid: np.ndarray) -> np.ndarray:
    """Images (M, N, H, W) side by side, (M H, N W)."""
    return np.concatenate(np.concatenate(grid, axis=1), axis=1)


def nearest(codes: np.ndarray, z: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices and Euclidean distances, both (k,) and nearest first, of the codes (N, D) around z (D,)."""
    squared = np.square(codes - z).sum(1)
    k = min(k, len(codes))
    index = np.argpartition(squared, k - 1)[:k]
    index = index[np.argsort(squared[index], kind="stable")]
    return index, np.sqrt(squared[index])


@dataclass(frozen=True)
class Vote:
    """What the neighbours of a point say it is."""

    label: int
    share: float  # of the neighbours that agree, (0, 1]
    neighbours: int


def vote(labels: np.ndarray) -> Vote:
    """The most frequent of the neighbours' labels (k,), nearest first; among equals the nearest one's, and its share."""
    counts = np.bincount(labels)
    winner = next(int(label) for label in labels if counts[label] == counts.max())
    return Vote(winner, float(counts[winner] / len(labels)), len(labels))


def class_medians(codes: np.ndarray, labels: np.ndarray) -> dict[int, tuple[float, ...]]:
    """For each class present, the coordinate-wise median of its codes (N, D): where to write its name."""
    return {int(c): tuple(float(v) for v in np.median(codes[labels == c], axis=0)) for c in np.unique(labels)}


ON_CODE = 1e-3  # a point of the map this near to a dot is that dot; half of float16's spacing at |z| = 4 is 1e-3 too
GAP_CODES = 1_000  # that typical_gap looks at
GAP_QUANTILE = 0.99


def code_at(plane: Plane, codes: np.ndarray, points: np.ndarray, point: tuple[float, float]) -> tuple[np.ndarray, int | None]:
    """The code (D,) that a point of the map stands for, and the row of its test image: that image's own code where the point is on one
    of the dots (N, 2), else the code of the plane at that point, and no row."""
    index, distance = nearest(points, np.asarray(point, np.float32), 1)
    if distance[0] > ON_CODE:
        return plane.codes(np.array([point]))[0], None
    return codes[index[0]], int(index[0])


def typical_gap(codes: np.ndarray) -> float:
    """How far a code of (N, D) lies from the nearest other one, at most, but for one in a hundred."""
    return typical_gaps(codes, [1])[0]


def typical_gaps(codes: np.ndarray, ks: Sequence[int]) -> list[float]:
    """The same for codes (N, D) of the k-th nearest other one, for each k; where there are fewer, of the farthest."""
    from scipy.spatial import KDTree  # 0.2 s, which no run need wait for

    every = max(1, len(codes) // GAP_CODES)
    most = min(max(ks) + 1, len(codes))
    around, _ = KDTree(codes).query(codes[::every], range(1, most + 1))  # (M, most), itself first
    return [float(np.quantile(around[:, min(k, most - 1)], GAP_QUANTILE)) for k in ks]


@dataclass(frozen=True)
class Reading:
    """What a code means, read from the test codes around it, in all dimensions."""

    z: tuple[float, ...]
    sigmas: float  # distance from the prior's centre; the prior's standard deviation is 1 in every direction
    prior_share_beyond: float  # of the draws from the prior that land farther out, [0, 1]
    nearest: int  # row of the nearest test code
    distance: float  # to it
    on_code: bool  # whether z is that code
    farthest: float  # the distance to the last of those that vote
    vote: Vote


def read_point(codes: np.ndarray, labels: np.ndarray, z: Sequence[float] | np.ndarray, row: int | None = None, k: int = 10) -> Reading:
    """Read a code z (D,) off the test codes (N, D) and their labels (N,). Where z is the code of a row, that row has no vote."""
    index, distance = nearest(codes, np.asarray(z, np.float32), k + 1)
    if row is not None:
        others = index != row  # not simply the first: another image may have the very same code
        voters, far = (index[others][:k], distance[others][:k]) if others.any() else (index, distance)
        index, distance = np.array([row]), np.zeros(1)
    else:
        voters, far = index[:k], distance[:k]
    sigmas = float(np.linalg.norm(z))
    half = torch.tensor([len(z) / 2, sigmas**2 / 2], dtype=torch.float64)
    beyond = torch.special.gammaincc(half[0], half[1]).item()  # the survival function of a chi distribution with D degrees of freedom
    return Reading(
        tuple(map(float, z)), sigmas, beyond, int(index[0]), float(distance[0]), row is not None, float(far[-1]), vote(labels[voters])
    )
