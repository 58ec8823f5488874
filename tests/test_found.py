"""GET /found/<checkpoint>: the test images that the finder asks for."""

import json
from pathlib import Path

import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import Response
from untrained import save_random

from core import checkpoints, findings
from core.data.datasets import load
from pages.exploring import found

TEST = load("digits", "test")


def ask(query: str, name: str = "other") -> Response:
    return found.respond(Request({"type": "http", "method": "GET", "query_string": query.encode(), "path_params": {"name": name}}))


@pytest.fixture
def codes(own_checkpoints: Path) -> np.ndarray:
    """Of an untrained model of scikit-learn's digits, "other"."""
    return save_random(own_checkpoints, "vae", 2, "digits", count=len(TEST.images))


@pytest.mark.parametrize("way", findings.WAYS)
def test_each_way_is_what_core_finds(codes: np.ndarray, own_checkpoints: Path, way: str) -> None:
    saved = checkpoints.load("other", own_checkpoints)
    labels, mu = saved.latents.label, saved.latents.mu
    wanted = {
        "typical": lambda: findings.typical(mu, labels),
        "worst": lambda: findings.worst(saved.model, mu, labels, TEST.images),
        "between": lambda: findings.between(mu, labels),
        "alike": lambda: findings.alike_but_far(mu, *findings.most_alike(TEST.images, TEST.labels)),
    }[way]()
    answer = json.loads(bytes(ask(f"way={way}").body))
    assert answer["rows"] == wanted.rows.tolist() and answer["values"] == pytest.approx(wanted.values)
    assert answer["others"] == (None if wanted.others is None else wanted.others.tolist())


@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize("query", ["", "way=", "way=best", "way=typical2"])
def test_a_way_that_there_is_not_gets_a_sentence(query: str) -> None:
    answer = ask(query)
    assert answer.status_code == 400 and b"one of typical, worst" in answer.body


@pytest.mark.parametrize("name", ["nobody", "../etc"])
def test_a_model_that_is_not_here_is_not_found(own_checkpoints: Path, name: str) -> None:
    answer = ask("way=typical", name)
    assert answer.status_code == 404 and str(own_checkpoints) not in bytes(answer.body).decode()


@pytest.mark.parametrize(("way", "status"), [("typical", 200), ("between", 200), ("worst", 404), ("alike", 404)])
def test_without_the_test_images_only_codes_are_searched(own_checkpoints: Path, no_data: None, way: str, status: int) -> None:
    save_random(own_checkpoints, "vae", 2)
    answer = ask(f"way={way}")
    assert answer.status_code == status and (status == 200 or b"not on this machine" in answer.body)
