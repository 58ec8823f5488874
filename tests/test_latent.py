"""Codes of a data set, the decoded grid, neighbours and their vote."""

from dataclasses import astuple

import numpy as np
import pytest
import torch
from scipy.stats import chi, rayleigh

from core import checkpoints, latent
from core.models import build
from core.models.vae import VAEConfig


@pytest.fixture
def codes() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)


def test_encode_gives_the_codes_of_every_image_in_order(tiny_model, monkeypatch):
    x = torch.rand(23, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(latent, "BATCH", 5)  # more than one batch, the last one short
    mu, logvar = latent.encode(tiny_model, x)
    expected_mu, expected_logvar = tiny_model.encode(x)
    assert logvar is not None and expected_logvar is not None
    np.testing.assert_allclose(mu, expected_mu.detach().numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(logvar, expected_logvar.detach().numpy(), rtol=1e-4, atol=1e-6)
    assert mu.dtype == logvar.dtype == np.float32


def test_encode_has_no_logvar_for_a_model_without_a_posterior(tiny_model, monkeypatch):
    monkeypatch.setattr(tiny_model, "encode", lambda x, label: (x.flatten(1)[:, :2], None))
    mu, logvar = latent.encode(tiny_model, torch.zeros(3, 1, 28, 28))
    assert mu.shape == (3, 2)
    assert logvar is None


def test_decode_gives_the_image_of_every_code_in_order(tiny_model, codes, monkeypatch):
    monkeypatch.setattr(latent, "BATCH", 7)
    images = latent.decode(tiny_model, codes.astype(np.float64))
    expected = tiny_model.decode(torch.from_numpy(codes)).detach().numpy()[:, 0]
    np.testing.assert_allclose(images, expected, rtol=1e-4, atol=1e-6)
    assert images.shape == (300, 28, 28)
    assert images.dtype == np.float32


def test_the_grid_puts_z1_to_the_right_and_z2_upwards(tiny_model):
    grid = latent.one_picture(latent.decode_grid(tiny_model, (-2.0, -1.0), (2.0, 3.0), 5))
    assert grid.shape == (140, 140)
    corners = {
        (-2.0, 3.0): grid[:28, :28],  # top left
        (2.0, 3.0): grid[:28, -28:],  # top right
        (-2.0, -1.0): grid[-28:, :28],  # bottom left
        (2.0, -1.0): grid[-28:, -28:],
        (0.0, 1.0): grid[56:84, 56:84],  # the middle
        (1.0, 0.0): grid[84:112, 84:112],  # fourth column, fourth row from the top
    }
    for z, tile in corners.items():
        np.testing.assert_allclose(tile, latent.decode(tiny_model, np.array([z]))[0], rtol=1e-4, atol=1e-6)


def test_neighbours_are_those_that_sorting_all_distances_finds(codes):
    z = np.array([0.3, -0.2])
    index, distance = latent.nearest(codes, z, 12)
    every = np.linalg.norm(codes - z, axis=1)
    assert index.tolist() == np.argsort(every)[:12].tolist()
    np.testing.assert_allclose(distance, np.sort(every)[:12], rtol=1e-6)


def test_a_code_is_its_own_nearest_neighbour(codes):
    index, distance = latent.nearest(codes, codes[17], 1)
    assert index.tolist() == [17]
    assert distance.tolist() == [0.0]


def test_asking_for_more_neighbours_than_there_are_gives_all(codes):
    index, _ = latent.nearest(codes[:4], np.zeros(2), 10)
    assert sorted(index.tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("labels", "winner", "share"),
    [([3], 3, 1.0), ([1, 7, 7, 7], 7, 0.75), ([4, 2, 2, 4], 4, 0.5), ([9, 0, 0, 9, 5], 9, 0.4), ([5, 1, 0], 5, 1 / 3)],
)
def test_the_majority_wins_and_among_equals_the_nearest(labels, winner, share):
    assert astuple(latent.vote(np.array(labels, np.uint8))) == (winner, pytest.approx(share), len(labels))


def test_class_medians():
    codes = np.array([[0.0, 0.0], [2.0, 10.0], [100.0, 20.0], [5.0, -5.0]])
    assert latent.class_medians(codes, np.array([3, 3, 3, 8])) == {3: (2.0, 10.0), 8: (5.0, -5.0)}


@pytest.mark.parametrize("z", [(0.0, 0.0), (3.0, -4.0), (0.7, 0.1)])
def test_a_reading_is_that_of_the_neighbours(codes, z):
    labels = np.arange(300, dtype=np.uint8) % 3
    reading = latent.read_point(codes, labels, np.array(z), k=7)
    order = np.argsort(np.linalg.norm(codes - np.array(z), axis=1))
    assert reading.z == pytest.approx(z)
    assert reading.nearest == order[0]
    assert reading.distance == pytest.approx(np.linalg.norm(codes[order[0]] - z), rel=1e-5)
    assert reading.farthest == pytest.approx(np.linalg.norm(codes[order[6]] - z), rel=1e-5)
    assert not reading.on_code
    assert reading.vote == latent.vote(labels[order[:7]])


def test_a_reading_at_a_code_has_no_vote_of_its_own(codes):
    codes[3] = codes[17]  # another image with the very same code
    labels = np.zeros(300, np.uint8)
    labels[17] = 1
    reading = latent.read_point(codes, labels, codes[17], 17, k=1)
    assert (reading.on_code, reading.nearest, reading.distance) == (True, 17, 0.0)
    assert reading.vote == latent.Vote(0, 1.0, 1)


@pytest.mark.parametrize("dimensions", [1, 2, 3, 16])
def test_a_point_of_the_map_is_read_in_code_space(dimensions):
    """On a dot: that image's own code, not the plane's. Off the dots: the plane's code. Neighbours are those in all dimensions."""
    codes = np.random.default_rng(0).normal(size=(300, dimensions)).astype(np.float32)
    plane = latent.map_plane(codes, True)
    points = plane.points(codes)
    code, row = latent.code_at(plane, codes, points, tuple(points[17].tolist()))
    assert row == 17 and code.tolist() == codes[17].tolist()
    off, none = latent.code_at(plane, codes, points, (0.123, -9.0))
    np.testing.assert_allclose(off, plane.codes(np.array([(0.123, -9.0)]))[0], rtol=1e-6)
    assert none is None
    reading = latent.read_point(codes, np.arange(300) % 3, code, row, k=5)
    order = np.argsort(np.linalg.norm(codes - codes[17], axis=1), kind="stable")
    assert reading.sigmas == pytest.approx(np.linalg.norm(codes[17]), rel=1e-5)
    assert reading.vote == latent.vote((np.arange(300) % 3)[order[1:6]])


@pytest.mark.parametrize("dimensions", [1, 2, 3, 16, 64])
def test_the_share_of_the_prior_that_lies_farther_out_is_that_of_its_dimensions(dimensions):
    z = np.zeros(dimensions)
    z[0] = 2.5
    reading = latent.read_point(np.zeros((4, dimensions), np.float32), np.zeros(4, np.uint8), z)
    assert reading.prior_share_beyond == pytest.approx(chi.sf(2.5, dimensions), rel=1e-6)


def test_the_typical_gap_is_wider_where_codes_lie_thinner():
    grid = np.stack(np.meshgrid(np.arange(40.0), np.arange(40.0)), -1).reshape(-1, 2)
    assert latent.typical_gap(grid) == 1.0
    assert latent.typical_gap(3 * grid) == 3.0
    assert latent.typical_gap(np.zeros((1, 2))) == 0.0
    assert latent.typical_gaps(grid, (1, 4, 6)) == pytest.approx([1, 2**0.5, 2])  # on an edge; corners are fewer than one in a hundred


def test_the_typical_gaps_are_those_that_each_code_s_nearest_say():
    codes = np.random.default_rng(3).normal(size=(2_500, 5)).astype(np.float32)
    around = np.array([latent.nearest(codes, code, 8)[1] for code in codes[::2]])  # every second: 1,000 at least
    assert latent.typical_gaps(codes, (1, 7)) == pytest.approx([np.quantile(around[:, k], 0.99) for k in (1, 7)], rel=1e-6)
    assert latent.typical_gaps(codes[:4], (2, 9)) == pytest.approx(
        [np.quantile([latent.nearest(codes[:4], code, 4)[1][k] for code in codes[:4]], 0.99) for k in (2, 3)], rel=1e-6
    )


@pytest.mark.parametrize(("z", "sigmas"), [((0.0, 0.0), 0.0), ((3.0, -4.0), 5.0), ((0.0, 1.0), 1.0)])
def test_a_reading_places_the_point_in_the_prior(codes, z, sigmas):
    """The distance of a 2-D standard normal draw from the centre has a Rayleigh distribution."""
    reading = latent.read_point(codes, np.zeros(300, np.uint8), np.array(z))
    assert reading.sigmas == pytest.approx(sigmas)
    assert reading.prior_share_beyond == pytest.approx(rayleigh.sf(sigmas))


# --- the plane of a map ---------------------------------------------------------------------------------------------------


def test_two_dimensions_are_their_own_map(codes):
    plane = latent.map_plane(codes, True)
    np.testing.assert_array_equal(plane.points(codes), codes)
    np.testing.assert_array_equal(plane.codes(codes), codes)


def test_one_dimension_is_a_line_with_some_height_to_tell_dots_apart():
    codes = np.linspace(-2, 2, 50, dtype=np.float32)[:, None]
    plane = latent.map_plane(codes, True)
    points = plane.points(codes)
    np.testing.assert_array_equal(points[:, :1], codes)
    assert np.abs(points[:, 1]).max() <= 0.5 and len(np.unique(points[:, 1])) == 50
    np.testing.assert_array_equal(plane.codes(points), codes)


@pytest.mark.parametrize("has_prior", [True, False])
def test_many_dimensions_are_seen_along_their_principal_directions(has_prior):
    """Against scikit-learn's PCA; with a prior the plane goes through its centre, else through the codes' mean."""
    from sklearn.decomposition import PCA

    draws = np.random.default_rng(0).normal(size=(400, 6)) * [0.1, 3, 0.2, 2, 0.3, 1] + 5
    codes = draws.astype(np.float32)
    plane = latent.map_plane(codes, has_prior)
    expected = PCA(2).fit(codes)
    np.testing.assert_allclose(np.abs(plane.axes @ expected.components_.T), np.eye(2), atol=1e-3)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-5)
    points = plane.points(codes)
    np.testing.assert_allclose(plane.points(plane.codes(points)), points, atol=1e-4)
    np.testing.assert_allclose(plane.codes(np.zeros((1, 2)))[0], np.zeros(6) if has_prior else codes.mean(0), atol=1e-4)


@pytest.mark.parametrize("has_prior", [True, False])
@pytest.mark.parametrize("axes", [(0, 1), (4, 2), (1, 5)])
def test_a_plane_of_two_numbers_has_these_numbers_and_the_others_at_the_middle(axes, has_prior):
    """Exactly: a dot's place is two of its code's numbers, and the code of a point has them back."""
    codes = np.random.default_rng(0).normal(1, 2, (300, 6)).astype(np.float32)
    plane = latent.axes_plane(codes, axes, has_prior)
    np.testing.assert_array_equal(plane.points(codes), codes[:, list(axes)])
    drawn = plane.codes(codes[:, list(axes)])
    others = [i for i in range(6) if i not in axes]
    np.testing.assert_array_equal(drawn[:, list(axes)], codes[:, list(axes)])
    middle = np.zeros(4) if has_prior else codes[:, others].mean(0)
    np.testing.assert_allclose(drawn[:, others], np.tile(middle, (300, 1)), rtol=1e-5)


def test_draws_from_the_prior_fill_any_spread_plane_evenly_however_many_numbers_they_have():
    """Φ of their two coordinates, on planes of codes that lie elsewhere. A plane through the codes' mean, as of a model without a prior, is
    not filled evenly."""
    generator = np.random.default_rng(0)
    codes = (generator.normal(size=(400, 6)) * [0.1, 3, 0.2, 2, 0.3, 1] + 5).astype(np.float32)
    draws = generator.standard_normal((40_000, 6)).astype(np.float32)

    def worst(plane):
        """How far the count of one of 10 x 10 squares is from 400, in standard deviations."""
        u = torch.special.ndtr(torch.from_numpy(plane.points(draws)).double()).numpy()
        return np.abs(np.histogram2d(u[:, 0], u[:, 1], 10, [[0, 1], [0, 1]])[0] - 400).max() / 400**0.5

    assert worst(latent.map_plane(codes, True)) < 5 and worst(latent.axes_plane(codes, (4, 1), True)) < 5
    assert worst(latent.map_plane(codes, False)) > 100


def test_a_map_is_spread_where_codes_keep_to_a_prior_and_there_is_a_plane():
    spread = {name: latent.can_spread(checkpoints.load(name).model) for name in ("vae-mnist-2d", "aae-mnist-2d", "cvae-mnist-2d")}
    assert all(spread.values())
    why = {name: latent.why_not_spread(checkpoints.load(name).model) for name in ("pca-mnist-2d", "ae-mnist-2d", "beta-0-mnist-2d")}
    assert (
        why["pca-mnist-2d"]
        == why["ae-mnist-2d"]
        == "This model has no prior that its codes keep to, so there are no percentiles to spread them by."
    )
    assert why["beta-0-mnist-2d"].startswith("Training did not draw")
    of = [latent.why_not_spread(build("vae", VAEConfig(latent_dim=dimensions))) for dimensions in (1, 2, 128)]
    assert of[0].startswith("This model’s code is one number") and of[1:] == ["", ""]


def test_the_share_of_variance_is_scikit_learns():
    from sklearn.decomposition import PCA

    codes = (np.random.default_rng(0).normal(size=(400, 6)) * [0.1, 3, 0.2, 2, 0.3, 1] + 5).astype(np.float32)
    found = latent.share_of_variance(codes, latent.map_plane(codes, True))
    assert found == pytest.approx(PCA(6).fit(codes).explained_variance_ratio_[:2].sum(), rel=1e-5)
    of_two = latent.share_of_variance(codes, latent.axes_plane(codes, (3, 5), True))
    assert of_two == pytest.approx(codes[:, [3, 5]].var(0).sum() / codes.var(0).sum(), rel=1e-4)
    assert latent.share_of_variance(np.ones((9, 3), np.float32), latent.axes_plane(codes[:, :3], (0, 1), True)) == 0


@pytest.mark.parametrize("mirror", [1, -1])
def test_a_turned_plane_is_the_same_plane_as_near_as_it_can_be(mirror):
    """A rotated map is turned back, a mirrored one too; the plane itself stays where it is."""
    codes = (np.random.default_rng(0).normal(size=(300, 5)) * [3, 2, 1, 0.5, 0.1]).astype(np.float32)
    plane = latent.map_plane(codes, True)
    wanted = plane.points(codes)
    angle = 2.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([1, mirror])
    other = latent.Plane(plane.origin, (turn @ plane.axes).astype(np.float32))
    assert np.abs(other.points(codes) - wanted).max() > 1
    back = latent.turned(other, other.points(codes), wanted)
    np.testing.assert_allclose(back.points(codes), wanted, atol=1e-4)


def test_labels_reach_a_conditional_model_batch_by_batch(monkeypatch):
    from core.models.conditional_vae import ConditionalVAEConfig

    monkeypatch.setattr(latent, "BATCH", 3)
    model = build("cvae", ConditionalVAEConfig(encoder_hidden=(8,), decoder_hidden=(8,))).eval()
    z, labels = np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32), np.arange(8) % 10
    images = latent.decode(model, z, labels)
    for row in range(8):
        np.testing.assert_allclose(images[row], latent.decode(model, z[row : row + 1], int(labels[row]))[0], atol=1e-6)
    x = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    mu, _ = latent.encode(model, x, torch.from_numpy(labels))
    np.testing.assert_allclose(mu, model.encode(x, torch.from_numpy(labels))[0].detach().numpy(), atol=1e-6)
    assert not np.allclose(mu, latent.encode(model, x)[0])
