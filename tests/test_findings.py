"""Test images worth looking at: each search against one written out the long way."""

from collections import Counter

import numpy as np
import pytest
import torch

from core import findings
from core.data.datasets import load, to_ink
from core.findings import MOST
from core.models import Model
from core.models.conditional_vae import ConditionalVAE, ConditionalVAEConfig

DIGITS = load("digits", "test")
N = len(DIGITS.labels)


@pytest.fixture
def mu() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(N, 2)).astype(np.float32)


def test_typical_are_those_nearest_to_their_class_s_middle_a_class_after_the_other(mu: np.ndarray) -> None:
    found, labels = findings.typical(mu, DIGITS.labels), DIGITS.labels
    assert labels[found.rows].tolist() == list(range(10)) * 3 and len(found.rows) == MOST
    threes = [row for row in found.rows if labels[row] == 3]
    middle = [float(np.median([code[i] for code, label in zip(mu, labels, strict=True) if label == 3])) for i in (0, 1)]
    far = {row: float(np.hypot(mu[row][0] - middle[0], mu[row][1] - middle[1])) for row in np.flatnonzero(labels == 3)}
    assert threes == sorted(far, key=far.__getitem__)[:3]
    assert found.values[found.rows.tolist().index(threes[1])] == pytest.approx(far[threes[1]])


def test_a_class_of_few_images_gives_what_it_has() -> None:
    found = findings.typical(np.array([[0.0, 0], [1, 0], [5, 0], [9, 0]], np.float32), np.array([0, 0, 0, 2], np.uint8))
    assert found.rows.tolist() == [1, 3, 0, 2] and found.values.tolist() == [0, 0, 1, 4]


def test_worst_are_those_whose_pixels_cost_most_given_their_code(tiny_model: Model, mu: np.ndarray) -> None:
    found = findings.worst(tiny_model, mu, DIGITS.labels, DIGITS.images)
    x, p = to_ink(DIGITS.images).astype(float), tiny_model.decode(torch.from_numpy(mu)).detach().numpy()[:, 0].astype(float)
    nats = -(x * np.log(p) + (1 - x) * np.log1p(-p)).sum((1, 2))
    assert found.rows.tolist() == np.argsort(-nats)[:MOST].tolist()
    assert found.values == pytest.approx(nats[found.rows], rel=1e-4)


def test_a_conditional_model_is_told_the_class(mu: np.ndarray) -> None:
    torch.manual_seed(0)
    model = ConditionalVAE(ConditionalVAEConfig(encoder_hidden=(8,), decoder_hidden=(8,))).eval()
    torch.nn.init.normal_(model.decoder_label.weight, std=3)
    told = findings.worst(model, mu, DIGITS.labels, DIGITS.images)
    row = int(told.rows[0])
    logits = model.decode_logits(torch.from_numpy(mu[row : row + 1]), torch.tensor([int(DIGITS.labels[row])]))
    nats = -model.log_likelihood_nats(logits, torch.from_numpy(to_ink(DIGITS.images[row : row + 1]))[:, None])
    assert told.values[0] == pytest.approx(nats.item(), rel=1e-5)


def test_between_two_classes_are_those_with_the_most_neighbours_of_a_second_one(mu: np.ndarray) -> None:
    found = findings.between(mu, DIGITS.labels)
    second = []
    for row in range(N):
        near = [other for other in np.argsort(np.square(mu - mu[row]).sum(1), kind="stable") if other != row][:10]
        counts = Counter(DIGITS.labels[near].tolist()).most_common(2)
        second.append(counts[1][1] if len(counts) > 1 else 0)
    assert found.values.tolist() == sorted(second, reverse=True)[:MOST]
    assert [second[row] for row in found.rows] == found.values.tolist()


def test_collapsed_codes_and_one_class_are_no_trouble() -> None:
    same, one = np.zeros((50, 2), np.float32), np.zeros(50, np.uint8)
    assert findings.between(same, one).values.tolist() == [0] * MOST
    assert findings.typical(same, one).rows.tolist() == list(range(MOST))
    assert len(findings.alike_but_far(same, np.roll(np.arange(50), 1), np.zeros(50)).rows) == MOST


def test_the_most_alike_is_the_other_image_with_the_least_difference_of_pixels() -> None:
    few = DIGITS.images[:60]
    other, difference = findings.most_alike(few, DIGITS.labels[:60])
    pixels = few.reshape(60, -1) / 255
    for row in range(60):
        rms = np.sqrt(np.square(pixels - pixels[row]).mean(1))
        rms[row] = np.inf
        assert other[row] == rms.argmin() and difference[row] == pytest.approx(rms.min(), abs=1e-6)


def test_alike_but_far_apart_are_pairs_of_the_more_similar_half_by_their_codes_distance_each_once() -> None:
    mu = np.array([[0, 0], [3, 0], [0, 0], [0, 9], [5, 5], [5, 6], [0, 0], [0, 1]], np.float32)
    other = np.array([1, 0, 3, 2, 5, 4, 7, 6])
    difference = np.array([0.1, 0.1, 0.9, 0.9, 0.2, 0.2, 0.8, 0.8])
    found = findings.alike_but_far(mu, other, difference)
    assert found.rows.tolist() == [0, 4] and found.values.tolist() == [3, 1]
    assert found.others is not None and found.others.tolist() == [1, 5]
    one_way = findings.alike_but_far(mu, np.array([1, 4, 3, 2, 5, 4, 7, 6]), difference)
    assert sorted(one_way.rows.tolist()) == [0, 1, 4], "1's most similar is 4, whose own is 5: two pairs"
