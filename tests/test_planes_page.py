"""Explore's plane through larger codes: what is offered, shown, kept and in the link; and that its caches stay small."""

import json

import numpy as np
import pytest
from explore import map_data, run
from streamlit.testing.v1 import AppTest
from untrained import save_random

from core import checkpoints, latent
from pages.exploring import planes
from pages.session import caches

NAME = "vae-mnist-16d"
MU = checkpoints.load(NAME).latents.mu

pytestmark = pytest.mark.usefixtures("no_data")


def choose(app: AppTest, **values: object) -> AppTest:
    for key, value in values.items():
        app.selectbox(key=f"plane_{key}").set_value(value).run()
        assert not app.exception
    return app


@pytest.mark.parametrize("name", ["vae-mnist-2d", "conv-vae-mnist-2d"])
def test_a_code_of_two_numbers_has_no_other_plane(name: str) -> None:
    app = run(checkpoint=name, plane="1,2")
    assert not [box for box in app.selectbox if box.key == planes.PLANE]
    assert "plane" not in app.query_params and map_data(app)["axes"][0][0] == "z₁"


def test_two_numbers_can_be_chosen_and_back() -> None:
    app = run(checkpoint=NAME)
    usual = map_data(app)
    assert usual["axes"][0][0] == "u₁" and "principal directions" in usual["note"] and "plane" not in app.query_params
    choose(app, choice=planes.OWN)
    told = map_data(app)
    assert [name for name, _ in told["axes"]] == ["z₉", "z₁₅"], "the two that say most, by their KL"
    assert told["view"] != usual["view"] and told["figure"] != usual["figure"] and told["decoder"] != usual["decoder"]
    assert told["readout"]["codes"] == usual["readout"]["codes"] and told["readout"]["decoder"] == usual["readout"]["decoder"]
    assert "z₉ to the right and z₁₅ upwards" in told["note"] and app.query_params["plane"] in ("9,15", ["9,15"])
    choose(app, across=0, up=2)
    assert [name for name, _ in map_data(app)["axes"]] == ["z₁", "z₃"]
    assert "↑ z₃ (unused)" in app.selectbox(key=planes.UP).options and "↑ z₁" not in app.selectbox(key=planes.UP).options
    choose(app, choice=planes.PRINCIPAL)
    assert map_data(app)["view"] == usual["view"] and "plane" not in app.query_params


def test_a_link_asks_for_a_plane_and_for_none_that_there_is_not() -> None:
    app = run(checkpoint=NAME, plane="12,4")
    assert [name for name, _ in map_data(app)["axes"]] == ["z₁₂", "z₄"] and not app.warning
    plane = map_data(app)["readout"]["plane"]
    assert plane["origin"] == [0] * 16 and np.argmax(plane["axes"], 1).tolist() == [11, 3]
    for wrong in ("3,3", "0,1", "1,17", "cats"):
        app = run(checkpoint=NAME, plane=wrong)
        assert map_data(app)["axes"][0][0] == "u₁" and "two different numbers from 1 to 16" in app.warning[0].value


@pytest.mark.parametrize("row", [0, 4711])
def test_a_kept_dot_is_the_same_dot_on_another_plane(row: int) -> None:
    frame = caches.map_view(NAME).frame
    app = run(checkpoint=NAME, z=",".join(f"{v:.4f}" for v in frame.points[row]))
    choose(app, choice=planes.OWN)
    np.testing.assert_allclose(map_data(app)["kept"]["value"], MU[row, [8, 14]], atol=1e-4)
    choose(app, choice=planes.PRINCIPAL)
    np.testing.assert_allclose(map_data(app)["kept"]["value"], frame.points[row], atol=1e-4)


def test_a_point_off_the_dots_comes_along_to_its_foot() -> None:
    point = (0.777, -3.3)
    code = caches.map_view(NAME).frame.plane.codes(np.array([point]))
    app = choose(run(checkpoint=NAME, z="0.777,-3.3"), choice=planes.OWN)
    np.testing.assert_allclose(map_data(app)["kept"]["value"], code[0, [8, 14]], atol=1e-4)


def test_planes_share_what_is_of_the_codes_and_only_the_last_ones_are_kept(own_checkpoints) -> None:
    save_random(own_checkpoints, "vae", 6)
    usual = caches.map_view("other")
    views = [caches.map_view("other", None, (i, j)) for i in range(6) for j in range(6) if i != j]
    assert all(view.codes is usual.codes and view.code_decoder is usual.code_decoder and view.gap == usual.gap for view in views)
    assert caches.map_view("other", None, (5, 4)) is views[-1], "it is still there"
    assert caches.map_view("other", None, (0, 1)) is not views[0], "and the first one is not"
    assert caches.map_view("other") is usual, "which many planes do not push out"


def test_the_figure_has_the_codes_own_numbers(own_checkpoints) -> None:
    codes = save_random(own_checkpoints, "ae", 4)
    view = caches.map_view("other", None, (3, 0))
    np.testing.assert_array_equal(view.frame.points, codes[:, [3, 0]])
    np.testing.assert_allclose(view.frame.plane.origin[1:3], codes[:, 1:3].mean(0), rtol=1e-4)
    assert json.loads(view.figure.content)["data"] and latent.share_of_variance(codes, view.frame.plane) == view.frame.share
