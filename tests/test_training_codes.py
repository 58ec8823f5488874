"""The codes of a model's training images: encoded once, whoever asks; how far it is; what the page hears where they cannot be had."""

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from live import until
from safetensors.numpy import load as read_tensors
from starlette.requests import Request
from starlette.responses import Response
from untrained import save_random

from core import checkpoints, training_codes
from core.data import datasets
from core.data.datasets import load
from pages.exploring import training_codes as served
from pages.session import caches

TRAIN, TEST = load("digits", "train"), load("digits", "test")


def ask(address: str) -> Response:
    *_, name, stamp = address.split("/")
    return served.respond(Request({"type": "http", "method": "GET", "headers": [], "path_params": {"name": name, "stamp": stamp}}))


def done(address: str) -> Response:
    """The answer once it is no "not yet"."""
    until(lambda: ask(address).status_code != 202)
    return ask(address)


@pytest.fixture(params=["vae", "cvae"])
def name(request: pytest.FixtureRequest, own_checkpoints: Path) -> str:
    save_random(own_checkpoints, request.param, 3, "digits", count=len(TEST.images))
    served._jobs.clear()
    return "other"


def by_hand(name: str) -> np.ndarray:
    """What the encoder says of each training image, one after the other."""
    model = checkpoints.opened(name).model
    with torch.no_grad():
        told = [torch.tensor([label]) if model.conditional else None for label in TRAIN.labels]
        x = torch.from_numpy(TRAIN.images).float().div(255)[:, None]
        return np.concatenate([model.encode(x[i : i + 1], told[i])[0].numpy() for i in range(len(x))])


def test_codes_are_the_encoders_of_every_training_image(name: str) -> None:
    heard: list[float] = []
    mu, labels = training_codes.encode(checkpoints.opened(name), heard.append)
    assert mu == pytest.approx(by_hand(name), abs=1e-5) and labels.tolist() == TRAIN.labels.tolist()
    assert heard[-1] == 1 and heard == sorted(heard) and len(heard) == 2, "after each batch"


def test_the_page_gets_them_on_its_plane(name: str) -> None:
    view = caches.map_view(name, None, (0, 2))
    facts = served.facts(view)
    assert facts and facts["count"] == len(TRAIN.images) and not facts["why_not"]
    answer = done(facts["address"])
    tensors = read_tensors(bytes(answer.body))
    assert tensors["points"] == pytest.approx(by_hand(name)[:, [0, 2]], abs=1e-5) and tensors["labels"].tolist() == TRAIN.labels.tolist()
    assert "immutable" in answer.headers["cache-control"]
    usual = done(str(served.address(view.checkpoint, None)))
    plane = caches.map_view(name).frame.plane
    assert read_tensors(bytes(usual.body))["points"] == pytest.approx(plane.points(by_hand(name)), abs=1e-4), "of another plane others"


@pytest.mark.parametrize("name", ["vae"], indirect=True)
def test_a_class_that_asks_at_once_has_them_encoded_once_and_hears_how_far_it_is(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, begun, encode = threading.Event(), [], training_codes.encode

    def slowly(checkpoint: checkpoints.Checkpoint, step: object) -> tuple[np.ndarray, np.ndarray]:
        begun.append(checkpoint.name)
        served._jobs[next(iter(served._jobs))].share = 0.25
        assert go_on.wait(30)
        return encode(checkpoint)

    monkeypatch.setattr(training_codes, "encode", slowly)
    address = served.address(checkpoints.opened(name), None)
    assert [ask(address).status_code for _ in range(20)] == [202] * 20
    until(lambda: begun)
    assert json.loads(bytes(ask(address).body))["share"] == 0.25
    go_on.set()
    assert done(address).status_code == 200 and done(address).status_code == 200 and begun == [name]


@pytest.mark.parametrize("name", ["vae"], indirect=True)
def test_work_that_nobody_waits_for_ends(name: str) -> None:
    job = served.Job(asked=time.monotonic() - served.UNASKED_S - 1)
    key = ("other", "stamp", "root")
    served._jobs[key] = job
    served._run(key, job, checkpoints.opened(name))
    assert job.codes is None and key not in served._jobs
    patient = served.Job()
    served._run(key, patient, checkpoints.opened(name))
    assert patient.codes is not None


@pytest.mark.parametrize("name", ["vae"], indirect=True)
def test_what_cannot_be_had_is_said(name: str, monkeypatch: pytest.MonkeyPatch, no_data: None) -> None:
    opened = checkpoints.opened(name)
    assert ask("/training-codes/nobody/x").status_code == 404 and ask("/training-codes/other/x").status_code == 404

    def damaged(dataset: str, split: str) -> None:
        raise datasets.DatasetError("The file is damaged.")

    monkeypatch.setattr(datasets, "load", damaged)
    answer = done(served.address(opened, None))
    assert answer.status_code == 404 and b"damaged" in bytes(answer.body)
    monkeypatch.undo()


def test_where_the_training_images_are_not_here_the_page_hears_so(no_data: None) -> None:
    facts = served.facts(caches.map_view("vae-mnist-2d"))
    assert facts and facts["address"] is None and "not on this machine" in facts["why_not"]


@pytest.mark.parametrize("name", ["vae"], indirect=True)
def test_few_models_codes_are_kept_those_that_were_asked_for_last(name: str) -> None:
    root, opened = str(datasets.data_root()), checkpoints.opened(name)
    for i in range(served.MAX_KEPT + 2):
        served._jobs[name, str(i), root] = served.Job(codes=(np.zeros((1, 3)), np.zeros(1)))
    served._job(opened, "0")
    assert [stamp for _, stamp, _ in served._jobs] == ["3", "4", "5", "0"]
    served._jobs.clear()
