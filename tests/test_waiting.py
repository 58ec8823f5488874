"""How long those wait whose turn is to come: shared out over places, and estimated from what runs say."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from core import waiting
from core.models import MODELS
from core.runs import Run
from core.training import presets
from core.training.run_config import from_json

CPU, GPU = ["cpu"], ["cuda:0"]
SPEEDS = dict.fromkeys(MODELS, 10_000.0)


@pytest.mark.parametrize(
    ("running", "queue", "places", "expected"),
    [
        ([], [], 1, []),
        ([(CPU, 60.0)], [(CPU, 30.0), (CPU, 5.0)], 1, [60.0, 90.0]),
        ([(CPU, 60.0)], [(CPU, 30.0), (CPU, 5.0)], 2, [0.0, 30.0]),
        ([(CPU, 60.0), (CPU, 20.0)], [(CPU, 10.0), (CPU, 10.0), (CPU, 10.0)], 2, [20.0, 30.0, 40.0]),
        ([(CPU, 60.0)], [(GPU, 30.0)], 1, [0.0]),
        ([(CPU, 60.0)], [([*CPU, *GPU], 30.0), ([*CPU, *GPU], 5.0)], 1, [0.0, 30.0]),
        ([(CPU, None)], [(CPU, 30.0)], 1, [None]),
        ([(CPU, 60.0)], [(CPU, None), (CPU, 5.0)], 1, [60.0, None]),
        ([(CPU, None), (CPU, 40.0)], [(CPU, None), (CPU, 5.0)], 2, [40.0, None]),
    ],
)
def test_places_are_shared_out_in_order(running, queue, places, expected):
    assert waiting.waits(running, queue, places) == expected


def a_run(name: str, state: str, created: float = 1.0, epochs: int = 10, minutes: float | None = None, **status) -> Run:
    model = {"name": "vae", "config": {}}
    config = {
        "name": name, "owner": name, "created": created, "dataset": "mnist", "model": model, "recipe": {"epochs": epochs},
        "minutes": minutes,
    }  # fmt: skip
    return Run(name, Path("nowhere") / name, from_json(config), {"state": state, **status}, state, alive=state in ("running", "queued"))


TRAINING = 10 * 60_000 / 10_000
MEASURING = presets.measuring_seconds(SPEEDS, "vae", MODELS["vae"].config(), 60_000) or math.nan


def test_what_a_run_still_takes():
    def to_go(run: Run, speeds=SPEEDS) -> float | None:
        return waiting.seconds_to_go(run, speeds)

    assert to_go(a_run("a", "queued")) == pytest.approx(presets.START_S + TRAINING + MEASURING)
    assert to_go(a_run("a", "queued", epoch=5.0)) == pytest.approx(presets.START_S + TRAINING / 2 + MEASURING)
    assert to_go(a_run("a", "running", phase="training", seconds_left=7.0)) == pytest.approx(7 + MEASURING)
    assert to_go(a_run("a", "running", phase="measuring 10-NN", seconds_left=7.0)) == pytest.approx(MEASURING)
    assert to_go(a_run("a", "running", phase="training", seconds_left=700.0, seconds=50.0, minutes=1)) == pytest.approx(10 + MEASURING)
    assert to_go(a_run("a", "queued"), {}) is None
    few = a_run("a", "queued")
    few = replace(few, config=replace(few.config, recipe={"epochs": 10, "training_images": 600}))
    assert to_go(few) == pytest.approx(presets.START_S + TRAINING / 100 + MEASURING)
    strange = a_run("a", "queued")
    assert to_go(replace(strange, config=replace(strange.config, model={"name": "gan"}))) is None
    assert to_go(replace(strange, config=replace(strange.config, model={"name": "vae", "config": {"beta": "x"}}))) is None
    assert to_go(replace(strange, config=replace(strange.config, dataset="faces"))) is None


def test_those_who_wait_wait_for_those_before_them():
    runs = [
        a_run("second", "queued", created=3.0),
        a_run("first", "queued", created=2.0),
        a_run("now", "running", phase="training", seconds_left=100.0, turn=1.0),
        a_run("by hand", "running", phase="training", seconds_left=10_000.0),  # from the command line: waits for nobody, and nobody for it
        a_run("over", "finished", turn=1.0),
    ]
    found = waiting.seconds_until_turn(runs, SPEEDS)
    assert found.keys() == {"first", "second"}
    assert found["first"] is not None and found["first"] == pytest.approx(100 + MEASURING)
    assert found["second"] == pytest.approx(found["first"] + presets.START_S + TRAINING + MEASURING)
    assert waiting.seconds_until_turn(runs, {}) == {"first": None, "second": None}
