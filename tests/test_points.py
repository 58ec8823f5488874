"""GET /points/<checkpoint>: what the server decodes where the browser cannot."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import Response
from untrained import save_random

from core import checkpoints, latent, reconstruction
from core.data.datasets import load, to_ink
from pages.exploring import points


def ask(name: str, query: str, plane: str = "") -> Response:
    params = {"name": name, "plane": plane} if plane else {"name": name}
    return points.respond(Request({"type": "http", "method": "GET", "query_string": query.encode(), "path_params": params}))


def pixels(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(28, 28) / 255


@pytest.mark.parametrize(
    "query", ["", "z=", "z=1", "z=1,2,3", "z=cat,1", "z=nan,0", "z=0,inf", "z=100.01,0", "z=0,0&label=3", "z=0,0&label=x"]
)
def test_a_point_that_there_is_not_gets_a_sentence(own_checkpoints: Path, query: str) -> None:
    save_random(own_checkpoints, "conv-vae", 2)
    answer = ask("other", query)
    assert answer.status_code == 400 and len(answer.body) < 120


@pytest.mark.parametrize("name", ["nobody", "../etc", "vae-mnist-2d"])
def test_a_model_that_is_not_here_or_that_the_browser_decodes_is_not_found(own_checkpoints: Path, name: str) -> None:
    answer = ask(name, "z=0,0")
    assert answer.status_code == 404 and str(own_checkpoints) not in bytes(answer.body).decode()


@pytest.mark.parametrize("dimensions", [2, 5])
def test_a_dot_is_its_own_code_and_other_points_are_of_the_plane(own_checkpoints: Path, no_data: None, dimensions: int) -> None:
    codes = save_random(own_checkpoints, "conv-vae", dimensions)
    model, plane = checkpoints.load("other", own_checkpoints).model, latent.map_plane(codes, True)
    for point, code, on_dot in (
        (plane.points(codes)[7].tolist(), codes[7], True),
        ((0.25, 9.5), plane.codes(np.array([[0.25, 9.5]]))[0], False),
    ):
        answer = json.loads(bytes(ask("other", f"z={point[0]},{point[1]}").body))
        assert np.abs(pixels(answer["drawn"]) - latent.decode(model, code[None])[0]).max() < 0.003
        assert ("x_hat" in answer) == on_dot and "losses" not in answer, "the test images are not here"


def test_another_plane_has_an_address_of_its_own(own_checkpoints: Path, no_data: None) -> None:
    codes = save_random(own_checkpoints, "conv-vae", 5)
    model, plane = checkpoints.load("other", own_checkpoints).model, latent.axes_plane(codes, (3, 1), True)
    for point, code in ((codes[7, [3, 1]].tolist(), codes[7]), ((0.25, 9.5), plane.codes(np.array([[0.25, 9.5]]))[0])):
        answer = json.loads(bytes(ask("other", f"z={point[0]},{point[1]}", "4,2").body))
        assert np.abs(pixels(answer["drawn"]) - latent.decode(model, code[None])[0]).max() < 0.003
    assert ask("other", "z=0,0", "4,4").status_code == 404


def test_where_the_test_images_are_here_their_losses_are_told(own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = load("digits", "test").images
    codes = save_random(own_checkpoints, "conv-vae", 2, "digits", count=len(images))
    answer = json.loads(bytes(ask("other", f"z={codes[3][0]},{codes[3][1]}").body))
    made = reconstruction.describe(checkpoints.load("other", own_checkpoints).model, codes[3], np.zeros(2, np.float32), to_ink(images[3]))
    assert answer["losses"] == {"reconstruction": pytest.approx(made.reconstruction_nats), "kl": pytest.approx(made.kl_nats)}
