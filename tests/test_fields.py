"""The backgrounds of a map, each against an independent computation."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, norm
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors

from core import fields, latent
from core.checkpoints import Checkpoint, Latents
from core.fields import Ground
from core.frame import of_checkpoint
from core.models import MODELS, build, build_classifier
from core.models.classifier import ClassifierConfig

COUNT, CELLS = 60, 12
DENSE: dict[str, Any] = {"encoder_hidden": (4,), "decoder_hidden": (6,)}
SETTINGS: dict[str, dict[str, Any]] = {"vae": DENSE, "cvae": DENSE, "conv-vae": {"channels": (2, 2), "hidden": 4}, "pca": {}}


def ground(kind: str = "vae", dimensions: int = 2, posterior: bool = True, label: int | None = None) -> Ground:
    """A map of random codes and images under a model with random weights."""
    rng = np.random.default_rng(3)
    model = build(kind, MODELS[kind].config(latent_dim=dimensions, **SETTINGS[kind]), seed=2).eval()
    mu, logvar = rng.normal(size=(COUNT, dimensions)).astype(np.float32), rng.normal(-3, 1, (COUNT, dimensions)).astype(np.float32)
    codes = Latents(mu, logvar if posterior else None, (np.arange(COUNT) % 3).astype(np.uint8))
    checkpoint = Checkpoint("tiny", model, {"dataset": {"name": "?"}}, codes)
    images = rng.integers(0, 256, (COUNT, 28, 28), np.uint8)
    return Ground(of_checkpoint(checkpoint, label), codes, images, build_classifier(ClassifierConfig(channels=2), seed=1).eval(), CELLS)


def test_cells_middles_are_told_from_the_top_left() -> None:
    points = fields.middles(3.0, 3).reshape(3, 3, 2)
    assert points[0, 0].tolist() == [-2, 2] and points[0, 2].tolist() == [2, 2] and points[2, 1].tolist() == [0, -2]


# --- where codes are --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_the_mass_of_a_cell_is_the_integral_of_the_posteriors_over_it(correlation: float) -> None:
    rng, bound, cells, finer = np.random.default_rng(0), 4.0, 48, 4
    means, spread = rng.normal(size=(30, 2)), rng.uniform(0.2, 0.9, (30, 2))
    covariances = np.einsum("ni,nj->nij", spread, spread) * np.array([[1, correlation], [correlation, 1]])
    found = fields.posterior_mass(means.astype(np.float32), covariances, bound, cells)
    tenth = np.sort(np.linalg.norm(means[:, None] - means, axis=2), axis=1)[:, 10] / 2
    fine = fields.middles(bound, finer * cells)
    density = np.mean(
        [multivariate_normal(m, c + h**2 * np.eye(2)).pdf(fine) for m, c, h in zip(means, covariances, tenth, strict=True)], axis=0
    )
    wanted = density.reshape(cells, finer, cells, finer).sum((1, 3)) * (2 * bound / cells / finer) ** 2
    assert np.abs(found - wanted).max() < 2e-3 * wanted.max() and found.sum() == pytest.approx(wanted.sum(), rel=1e-3)


def test_codes_of_one_number_make_columns_that_are_alike_in_all_rows() -> None:
    means = np.array([[-1.0], [0.5], [0.6]], np.float32)
    found = fields.posterior_mass(means, np.full((3, 1, 1), 0.04), 2.0, 8)
    edges, gaps = np.linspace(-2, 2, 9), np.array([1.6, 1.5, 1.6]) / 2  # to the farthest of so few
    wanted = np.mean([np.diff(norm(m, np.hypot(0.2, h)).cdf(edges)) for m, h in zip(means[:, 0], gaps, strict=True)], axis=0)
    assert found.sum(0) == pytest.approx(wanted, abs=1e-6) and (found == found[0]).all()


def test_codes_at_one_place_are_a_point() -> None:
    mass = fields.posterior_mass(np.full((20, 2), 0.3, np.float32), np.zeros((20, 2, 2)), 2.0, 8)
    assert mass.sum() == pytest.approx(1) and mass.max() == pytest.approx(1) and mass[3, 4] == mass.max()


def test_the_region_below_a_level_is_the_smallest_that_holds_so_much() -> None:
    mass = np.random.default_rng(1).random((20, 20)) ** 4
    level, flat = fields.level(mass), np.sort(mass.ravel())[::-1]
    for share in (0.5, 0.9, 0.99):
        inside = level < share
        smallest = 1 + int((np.cumsum(flat) / flat.sum() < share).sum())
        assert mass[inside].sum() >= share * mass.sum() and inside.sum() == smallest
    assert level.min() == 0 and fields.level(np.array([[1.0, 1.0], [2.0, 0.0]])).tolist() == [[0.5, 0.5], [0.0, 1.0]], "equals are alike"


def test_where_codes_come_as_the_prior_does_nothing_is_rare() -> None:
    draws = np.random.default_rng(0).normal(size=(20_000, 2)).astype(np.float32)
    mass = fields.posterior_mass(draws, np.zeros((len(draws), 2, 2)), 4.0, 16)
    bits = fields.rarity_bits(mass, len(draws), 4.0, 2)
    near = np.hypot(*fields.middles(4.0, 16).T).reshape(16, 16) < 2
    assert np.abs(bits[near]).max() < 0.35
    beyond = np.exp(-(np.hypot(*fields.middles(4.0, 16).T) ** 2) / 2).reshape(16, 16)  # of the prior in two dimensions
    assert (np.isnan(bits) == (beyond < 1e-3)).all()


def test_a_hole_is_rare_and_a_crowd_is_not() -> None:
    draws = np.random.default_rng(0).normal(size=(20_000, 2)).astype(np.float32)
    crowd = np.abs(draws)  # all of them up and to the right: four times as many there, none elsewhere
    mass = fields.posterior_mass(crowd, np.zeros((len(crowd), 2, 2)), 4.0, 16)
    bits = fields.rarity_bits(mass, len(crowd), 4.0, 2)
    assert bits[5, 10] == pytest.approx(-2, abs=0.3) and bits[12, 4] > 3


# --- what is near -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_the_vote_is_scikit_learns(dimensions: int) -> None:
    given = ground(dimensions=dimensions)
    found = fields.neighbour_shares(given)
    wanted = KNeighborsClassifier(10, algorithm="brute").fit(given.codes.mu, given.codes.label).predict_proba(given.z)
    assert found.shape == (3 + 1, CELLS, CELLS) and np.abs(found[:3].reshape(3, -1).T - wanted).max() < 1e-6


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_how_far_the_tenth_code_is_counts_among_the_codes_own_tenths(dimensions: int) -> None:
    given = ground(dimensions=dimensions)
    own = NearestNeighbors(n_neighbors=10).fit(given.codes.mu).kneighbors()[0][:, -1]  # of a code itself, it is not its neighbour
    tenth = NearestNeighbors(n_neighbors=10).fit(given.codes.mu).kneighbors(given.z)[0][:, -1]
    wanted = (own[None] >= tenth[:, None]).mean(1)
    assert fields.share_as_far(given.codes.mu, tenth.astype(np.float32)) == pytest.approx(wanted, abs=1.01 / COUNT), "but for a rounded tie"
    near = fields.neighbour_shares(given)[3].ravel()
    assert near == pytest.approx(1 + np.log2(np.maximum(wanted, 2.0**-10)) / 10, abs=0.11) and near.min() < 0.5 < near.max() <= 1


def test_codes_are_as_near_to_a_draw_of_theirs_as_to_each_other() -> None:
    rng = np.random.default_rng(0)
    codes, draws = rng.normal(size=(2, 4000, 2)).astype(np.float32)
    shares = fields.share_as_far(codes, fields.neighbours(codes, draws)[1][:, -1])
    for level in (0.01, 0.04, 0.5):  # a p-value is uniform
        assert (shares < level).mean() == pytest.approx(level, abs=4 * np.sqrt(level / 4000))
    outside = fields.neighbours(codes, np.array([[9.0, 0.0]], np.float32))[1][:, -1]
    assert fields.share_as_far(codes, outside).tolist() == [0]


@pytest.mark.parametrize("kind", ["vae", "cvae", "pca"])
def test_the_loss_is_the_mean_of_the_ten_images_near_by(kind: str) -> None:
    given = ground(kind)
    model, told = given.frame.model, torch.from_numpy(given.codes.label.astype(np.int64)) if kind == "cvae" else None
    x = torch.from_numpy(given.images).float()[:, None] / 255
    with torch.no_grad():
        logits = model.decode_logits(torch.from_numpy(given.codes.mu), told)
        losses = -model.log_likelihood_nats(logits, x).numpy()
    wanted = KNeighborsRegressor(10).fit(given.codes.mu, losses).predict(given.z)
    found, gap = fields.reconstruction_loss(given).ravel(), latent.typical_gap(given.codes.mu)
    near = np.array([latent.nearest(given.codes.mu, z, 1)[1][0] <= gap for z in given.z])
    assert found[near] == pytest.approx(wanted[near], rel=1e-4) and np.isnan(found[~near]).all() and near.any() and not near.all()


# --- what the decoder does ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "dimensions", "label"), [("vae", 2, None), ("vae", 1, None), ("vae", 4, None), ("cvae", 2, 7), ("conv-vae", 2, None)]
)
def test_the_sensitivity_is_the_norm_of_the_jacobian_that_autograd_has(kind: str, dimensions: int, label: int | None) -> None:
    given = ground(kind, dimensions, label=label)
    model, told = given.frame.model, None if label is None else torch.tensor([label])
    axes = torch.from_numpy(given.frame.plane.axes[: min(2, dimensions)])
    found = fields.decoder_sensitivity(given)
    for cell in (0, 77, 143):
        z = torch.from_numpy(given.z[cell : cell + 1])
        jacobian = torch.autograd.functional.jacobian(lambda code: model.decode(code, told).flatten(), z)[:, 0]  # (H W, D)
        metric = axes @ jacobian.T @ jacobian @ axes.T  # that the decoder pulls back
        assert found.ravel()[cell] == pytest.approx(metric.trace().sqrt().item(), rel=1e-4)


def test_the_classifier_judges_what_is_drawn_as_the_class_that_is_told() -> None:
    given = ground("cvae", label=4)
    assert given.classifier is not None
    with torch.no_grad():
        x = given.frame.model.decode(torch.from_numpy(given.z), torch.full((CELLS**2,), 4))
        wanted = given.classifier.probabilities(x).T.reshape(10, CELLS, CELLS)
    assert np.abs(fields.classifier_shares(given) - wanted.numpy()).max() < 1e-5


# --- for the browser -----------------------------------------------------------------------------------------------------------


def read(data: bytes) -> tuple[float, float, float, np.ndarray]:
    """The square's bound, the ends of the scale and the values, as field.js reads them."""
    bound, low, high = np.frombuffer(data[:12], "<f4")
    channels, cells = np.frombuffer(data[12:20], "<u4")
    levels = np.frombuffer(data[20:], np.uint8).reshape(channels, cells, cells)
    return float(bound), float(low), float(high), np.where(levels == 255, np.nan, low + levels / 254 * (high - low))


@pytest.mark.parametrize("name", fields.FIELDS)
@pytest.mark.parametrize(("kind", "dimensions", "posterior"), [("vae", 2, True), ("vae", 1, True), ("vae", 5, True), ("pca", 2, False)])
def test_a_field_comes_through_as_it_is(name: str, kind: str, dimensions: int, posterior: bool) -> None:
    given = ground(kind, dimensions, posterior)
    bound, low, high, values = read(fields.field_bytes(name, given))
    wanted = fields.FIELDS[name](given).reshape(-1, CELLS, CELLS)
    assert bound == given.bound and wanted.dtype == np.float32
    if name in fields.LOGARITHMIC:
        wanted = np.log2(np.maximum(wanted, 1e-30))
    assert (np.isnan(values) == np.isnan(wanted)).all()
    assert np.nanmax(np.abs(values - np.clip(wanted, low, high))) <= 0.51 * max(high - low, 1e-6) / 254 + 1e-6
    if name == "codes":
        assert np.nanmax(values) == 0, "of what is most crowded, all is no more crowded"


def test_the_square_reaches_as_far_as_the_sliders_but_for_a_few_codes_far_out() -> None:
    given = ground()
    assert given.bound == given.frame.bound
    points = given.frame.points.copy()
    points[0] = 80
    far = Ground(replace(given.frame, points=np.concatenate([np.tile(given.frame.points, (3, 1)), points[:1]])), given.codes)
    assert far.frame.bound == 80 and far.bound < 6


def test_regions_fade_where_the_panel_says_that_the_vote_means_little() -> None:
    generator = np.random.default_rng(2)
    codes = generator.normal(size=(1001, 2)).astype(np.float32)  # so many that one in a hundred is a whole number of them
    z = np.concatenate([generator.uniform(-4, 4, (400, 2)), codes[np.argsort(np.abs(codes).max(1))[-5:]] + 1e-3]).astype(np.float32)
    labels = np.zeros(len(codes), np.uint8)
    (gap,) = latent.typical_gaps(codes, [fields.NEIGHBOURS])
    thin = np.array([latent.read_point(codes, labels, one).farthest > gap for one in z])
    gone = fields.share_as_far(codes, fields.neighbours(codes, z)[1][:, -1]) < 0.01
    assert (thin == gone).all() and 50 < thin.sum() < 350 and thin[-5:].any(), "also beside a single code far out"
