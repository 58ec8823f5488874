"""What a map's plane leaves out of larger codes: with it, a code is whole; and where the plane lies is in the link."""

import numpy as np
import pytest
from explore import map_data, run
from sklearn.decomposition import PCA
from untrained import save_random

from core import checkpoints, latent
from core.latent import Plane
from core.rest import Rest, of_plane, through, values
from core.words import subscript
from pages.exploring import planes
from pages.session import caches
from pages.session.properties import PAGES

NAME = "vae-mnist-16d"
CODES = (np.random.default_rng(0).normal(size=(400, 6)) * [0.05, 3, 0.2, 2, 0.3, 1] + 0.5).astype(np.float32)
PLANES = [(None, True), (None, False), ((1, 4), True), ((5, 0), False)]


def both(shown: tuple[int, int] | None, has_prior: bool) -> tuple[Plane, Rest]:
    plane = latent.axes_plane(CODES, shown, has_prior) if shown else latent.map_plane(CODES, has_prior)
    return plane, of_plane(CODES, plane, shown)


@pytest.mark.parametrize(("shown", "has_prior"), PLANES)
def test_a_point_and_the_other_numbers_are_the_whole_code(shown: tuple[int, int] | None, has_prior: bool) -> None:
    plane, rest = both(shown, has_prior)
    basis = np.concatenate([plane.axes, rest.directions])
    np.testing.assert_allclose(basis @ basis.T, np.eye(6), atol=1e-5)
    points, others = plane.feet(CODES), values(rest, plane, CODES)
    for row in (0, 17, 399):
        moved = through(rest, plane, others[row])
        np.testing.assert_allclose(moved.codes(points[row : row + 1])[0], CODES[row], atol=1e-5)
        np.testing.assert_allclose(moved.feet(CODES), points, atol=1e-5, err_msg="dots stay where they are")
    np.testing.assert_allclose(values(rest, plane, plane.codes(np.array([[0.3, -2]])))[0], rest.home, atol=1e-5)
    np.testing.assert_allclose(through(rest, plane, rest.home).origin, plane.origin, atol=1e-6)
    np.testing.assert_allclose(rest.extent, np.abs(others).max(0))


def test_of_two_numbers_the_others_are_the_rest_as_they_are() -> None:
    plane, rest = both((5, 0), False)
    np.testing.assert_allclose(values(rest, plane, CODES), CODES[:, 1:5], atol=1e-6)
    np.testing.assert_allclose(rest.home, CODES[:, 1:5].mean(0), rtol=1e-5)
    assert rest.used.tolist() == [True] * 4 and not both((1, 4), True)[1].used[0]


def test_of_the_principal_plane_they_are_scikit_learns_further_components() -> None:
    plane, rest = both(None, False)
    expected = PCA(6).fit(CODES)
    np.testing.assert_allclose(np.abs(rest.directions @ expected.components_[2:].T), np.eye(4), atol=1e-3)
    np.testing.assert_allclose(values(rest, plane, CODES).var(0, ddof=1), expected.explained_variance_[2:], rtol=1e-3)


# --- the page -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_data")
def test_the_map_is_told_what_it_leaves_out() -> None:
    rest = map_data(run(checkpoint=NAME))["readout"]["plane"]["rest"]
    assert rest["names"] == [f"u{subscript(n)}" for n in range(3, 17)]
    assert np.shape(rest["directions"]) == (14, 16) and sum(rest["used"]) == 10 and min(rest["reach"]) >= 3.5
    rest = map_data(run(checkpoint=NAME, plane="1,3"))["readout"]["plane"]["rest"]
    assert rest["names"][:3] == ["z₂", "z₄", "z₅"] and sum(not used for used in rest["used"]) == 3, "the fourth is an axis"
    for name in ("vae-mnist-2d", "conv-vae-mnist-2d"):
        assert map_data(run(checkpoint=name))["readout"]["plane"]["rest"] is None


@pytest.mark.usefixtures("no_data")
def test_a_decoder_that_the_browser_cannot_run_has_no_sliders(own_checkpoints) -> None:
    save_random(own_checkpoints, "conv-vae", 5)
    assert map_data(run(checkpoint="other"))["readout"]["plane"]["rest"] is None


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize("text", ["image", "1.5,-0.25" + "," * 12, "," * 13])
def test_where_the_plane_lies_is_in_the_link(text: str) -> None:
    app = run(checkpoint=NAME, rest=text)
    assert map_data(app)["look"]["value"][-1] == text and not app.warning and app.query_params["rest"] in (text, [text])


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize("text", ["1", "1,2", "cats", "," * 14, "1e9" + "," * 13, "101" + "," * 13, "x" + "," * 13, "nan" + "," * 13])
def test_what_no_slider_says_is_ignored_with_a_sentence(text: str) -> None:
    app = run(checkpoint=NAME, rest=text)
    assert map_data(app)["look"]["value"][-1] == "" and "not 14 numbers" in app.warning[0].value


@pytest.mark.usefixtures("no_data")
def test_another_plane_lies_as_it_does_by_itself_or_goes_through_the_same_image() -> None:
    for text, after in (("1.5" + "," * 13, ""), ("image", "image")):
        app = run(checkpoint=NAME, rest=text)
        app.selectbox(key=planes.PLANE).set_value(planes.OWN).run()
        assert map_data(app)["look"]["value"][-1] == after
    assert "rest" in PAGES["explore"]


def test_pictures_and_what_is_sent_on_are_of_the_plane_as_it_is_set() -> None:
    view, mu = caches.map_view(NAME, None, (8, 14)), checkpoints.load(NAME).latents.mu
    dot = tuple(view.frame.points[3].round(4).tolist())
    assert planes.as_set(view, "", dot) is view
    through_it = planes.as_set(view, "image", dot).frame
    np.testing.assert_allclose(through_it.plane.codes(view.frame.points[3:4])[0], mu[3], atol=1e-4)
    assert planes.as_set(view, "image", (0.123, 9.0)) is view, "no image is there"
    moved = planes.as_set(view, "1.5," + "," * 12, dot).frame.plane.codes(np.array([dot]))[0]
    np.testing.assert_allclose(moved, [1.5, *[0] * 7, dot[0], *[0] * 5, dot[1], 0], atol=1e-6)
    np.testing.assert_array_equal(planes.kept_code(view, "", dot), mu[3])
    np.testing.assert_array_equal(planes.kept_code(view, "image", dot), mu[3])
    np.testing.assert_allclose(planes.kept_code(view, "1.5," + "," * 12, dot), moved)
