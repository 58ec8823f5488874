"""Test images worth looking at on a map: the typical, the badly reconstructed, those between classes, those alike but far apart."""

from dataclasses import dataclass

import numpy as np

from core import copies
from core.fields import losses_nats
from core.latent import class_medians
from core.models import Model

MOST = 30  # images that a search finds
NEIGHBOURS = 10  # whose labels say what a code is between
BATCH = 1000
WAYS = ("typical", "worst", "between", "alike")


@dataclass(frozen=True)
class Found:
    """What a search found, the most telling first."""

    rows: np.ndarray  # int64 (M,), M <= MOST: of the test images
    values: np.ndarray  # float64 (M,): what they were ordered by
    others: np.ndarray | None = None  # int64 (M,): the image that each is a pair with


def typical(mu: np.ndarray, labels: np.ndarray) -> Found:
    """Codes (N, D) nearest to the middle of their class, the coordinate-wise median: one of each class (N,), then the second of each, and
    so on. values: how far from that middle."""
    distances = np.empty(len(mu))
    for c, middle in class_medians(mu, labels).items():
        distances[labels == c] = np.linalg.norm(mu[labels == c] - np.array(middle), axis=1)
    order = np.lexsort((distances, labels))
    turn = np.empty(len(mu), np.int64)  # how many of its class are nearer
    turn[order] = np.arange(len(mu)) - np.searchsorted(labels[order], labels[order])
    rows = np.lexsort((labels, turn))[:MOST]
    return Found(rows, distances[rows])


def worst(model: Model, mu: np.ndarray, labels: np.ndarray, images: np.ndarray) -> Found:
    """Test images uint8 (N, H, W) that their codes (N, D) explain worst. values: see `fields.losses_nats`; a conditional model is told the
    labels (N,)."""
    nats = losses_nats(model, images, mu, labels)
    rows = np.argsort(-nats, kind="stable")[:MOST]
    return Found(rows, nats[rows])


def between(mu: np.ndarray, labels: np.ndarray) -> Found:
    """Codes (N, D) whose neighbours are of two classes (N,) most evenly: of the NEIGHBOURS nearest other codes as many as can be are of
    the second most frequent class. values: how many are."""
    from sklearn.neighbors import NearestNeighbors  # here: half a second that only this needs

    count = min(NEIGHBOURS, len(mu) - 1)
    around = NearestNeighbors(n_neighbors=count).fit(mu).kneighbors(return_distance=False)  # of each but itself, (N, count)
    votes = np.zeros((len(mu), max(2, int(labels.max()) + 1)), np.int64)
    np.add.at(votes, (np.arange(len(mu))[:, None], labels[around]), 1)
    second = np.sort(votes, axis=1)[:, -2]
    rows = np.argsort(-second, kind="stable")[:MOST]
    return Found(rows, second[rows].astype(float))


def most_alike(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of images uint8 (N, H, W) the row of the other one that is nearest by its pixels, (N,), and the root mean square
    difference, (N,), from 0 to 1."""
    known, rows = copies.prepare(images, labels), np.arange(min(len(images), copies.MOST_KNOWN))
    parts = [
        copies.nearest(known, images[piece].astype(np.float32) / 255, piece) for piece in np.split(rows, range(BATCH, len(rows), BATCH))
    ]
    return np.concatenate([row for row, _ in parts]), np.concatenate([distance for _, distance in parts])


def alike_but_far(mu: np.ndarray, other: np.ndarray, difference: np.ndarray) -> Found:
    """Of the images whose most similar other image (see `most_alike`) is no less similar than the median's, those whose codes (N, D) lie
    farthest apart; each pair once. values: the distance between the codes."""
    apart = np.linalg.norm(mu[: len(other)] - mu[other], axis=1)
    rows = np.flatnonzero(difference <= np.median(difference))
    twice = (other[other[rows]] == rows) & (other[rows] < rows)  # each is the other's: the pair comes with the lower row
    rows = rows[~(twice & np.isin(other[rows], rows))]
    rows = rows[np.argsort(-apart[rows], kind="stable")][:MOST]
    return Found(rows, apart[rows], other[rows])
