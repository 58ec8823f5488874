"""GET /refined/<checkpoint>: what the server refines where the browser cannot."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import Response
from untrained import save_random

from core import checkpoints, latent, refine
from core.data.datasets import load, to_ink
from pages.exploring import refined
from pages.web.buckets import Buckets


@pytest.fixture
def codes(own_checkpoints: Path) -> np.ndarray:
    """Of a convolutional model of scikit-learn's digits, "other"."""
    return save_random(own_checkpoints, "conv-vae", 2, "digits", count=len(load("digits", "test").images))


def ask(query: str, name: str = "other", client: str = "192.0.2.1") -> Response:
    scope = {"type": "http", "method": "GET", "query_string": query.encode(), "path_params": {"name": name}, "client": (client, 1)}
    return refined.respond(Request(scope))


def test_it_is_what_core_finds_from_the_encoders_answer(codes: np.ndarray, own_checkpoints: Path) -> None:
    answer = json.loads(bytes(ask("row=3").body))
    model, image = checkpoints.load("other", own_checkpoints).model, to_ink(load("digits", "test").images[3])
    wanted = refine.refine_image(model, image, start=(codes[3], np.zeros(2, np.float32)))
    assert np.array(answer["path"]) == pytest.approx(wanted.path[:, 0], abs=1e-4)
    assert (answer["before"], answer["after"]) == pytest.approx((wanted.cost_before_nats[0], wanted.cost_after_nats[0]))
    drawn = np.frombuffer(base64.b64decode(answer["x_hat"]), np.uint8).reshape(28, 28) / 255
    assert np.abs(drawn - latent.decode(model, wanted.mu)[0]).max() < 0.003


@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize("query", ["", "row=", "row=-1", "row=x", "row=1e3", "row=99999999"])
def test_a_row_that_there_is_not_gets_a_sentence(query: str) -> None:
    answer = ask(query)
    assert answer.status_code == 400 and b"a number below" in answer.body


@pytest.mark.parametrize("name", ["nobody", "../etc", "vae-mnist-2d"])
def test_a_model_that_is_not_here_or_that_the_browser_refines_is_not_found(own_checkpoints: Path, name: str) -> None:
    answer = ask("row=0", name)
    assert answer.status_code == 404 and str(own_checkpoints) not in bytes(answer.body).decode()


def test_without_the_test_images_there_is_nothing_to_refine(own_checkpoints: Path, no_data: None) -> None:
    save_random(own_checkpoints, "conv-vae", 2)
    answer = ask("row=0")
    assert answer.status_code == 404 and b"not on this machine" in answer.body


@pytest.mark.usefixtures("codes")
def test_whoever_asks_too_often_waits_and_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refined, "buckets", Buckets(2, 1))
    monkeypatch.setattr(refined, "_refined", lambda checkpoint, row: {})
    assert [ask("row=0").status_code for _ in range(3)] == [200, 200, 429]
    assert int(ask("row=0").headers["Retry-After"]) > 0
    assert ask("row=0", client="192.0.2.2").status_code == 200


@pytest.mark.usefixtures("codes")
def test_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refined, "WAIT_S", 0.01)
    monkeypatch.setattr(refined, "_refined", lambda checkpoint, row: {})
    with refined.working:
        assert ask("row=0").status_code == 503
    assert ask("row=0").status_code == 200
