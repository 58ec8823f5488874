"""What a run's numbers mean, in words."""

from pathlib import Path
from typing import Any

import pytest

from core.jobs import Run
from core.training.run_config import from_json
from pages.training import run_words

NOW = 1_000.0


def a_run(state: str = "running", alive: bool = True, config: dict[str, Any] | None = None, **status: Any) -> Run:
    status = {"epochs": 30, "phase": "training", "updated": NOW, **status}
    return Run("mine", Path("mine"), from_json(config or {}), status, state, alive)


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (a_run(epoch=2.4, seconds_left=130.0), "Epoch 3 of 30 · 2 min left"),
        (a_run(epoch=2.0, seconds_left=41.2), "Epoch 3 of 30 · 41 s left"),
        (a_run(epoch=0.0, phase="reading the images"), "Epoch 1 of 30 · reading the images"),
        (a_run(epoch=30.0, phase="measuring NLL"), "Epoch 30 of 30 · measuring NLL"),
        (a_run(epoch=0.01), "Epoch 1 of 30"),
        (a_run(epoch=4_100.5, epochs=100_000, seconds_left=7_200.0), "Epoch 4,101 of 100,000 · 2.0 h left"),
        (a_run("paused", epoch=2.9), "2 of 30 epochs done"),
        (a_run("stopped", alive=False, epoch=30.0), "30 of 30 epochs done"),
        (a_run(epochs=None, phase="waiting"), "waiting"),
    ],
)
def test_epochs_are_whole_and_the_time_left_is_said(run, said):
    assert run_words.how_far(run, NOW + 1) == said


def test_a_time_left_that_nobody_renews_is_not_said():
    run = a_run(epoch=2.4, seconds_left=130.0)
    assert run_words.how_far(run, NOW + 45) == "Epoch 3 of 30 · no step has finished for 45 s"
    assert "left" in run_words.how_far(run, NOW + run_words.SILENT_S)


def test_only_the_losses_that_are_drawn_are_explained():
    assert run_words.what_the_curves_are({"reconstruction_nats"}).startswith("**Reconstruction**")
    assert "ELBO" not in run_words.what_the_curves_are({"reconstruction_nats"})
    assert "1 nat = 1.44 bits" in run_words.what_the_curves_are({"kl_nats"})
