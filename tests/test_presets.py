"""Presets, what they take on this machine, and where a step's time goes."""

import json
import os
from typing import Any

import pytest
import torch

from core.data.datasets import DATASETS, load, on_disk
from core.models import MODELS, ModelConfig
from core.models.config import to_json
from core.models.vae import VAEConfig
from core.training import __main__ as command
from core.training import presets
from core.training.config import TrainingConfig
from core.training.profile import profile
from core.training.run_config import RunConfig

SPEEDS = dict.fromkeys(MODELS, 10_000.0)


@pytest.mark.parametrize("name", DATASETS)
def test_the_registry_knows_how_many_training_images_there_are(name):
    if not on_disk(name, "train"):
        pytest.skip(f"{name} is not on disk")
    assert len(load(name, "train").labels) == DATASETS[name].training_images


def test_a_small_data_set_is_seen_more_often_in_smaller_batches():
    quick, small_quick = presets.recipe_for("quick", 60_000), presets.recipe_for("quick", 1_437)
    assert (quick.epochs, quick.batch_size, quick.learning_rate, quick.gradient_clip) == (3, 128, 4e-3, 300.0)
    assert (small_quick.epochs, small_quick.batch_size) == (40, 64)
    for preset in presets.PRESETS:
        large, small = presets.recipe_for(preset, 60_000), presets.recipe_for(preset, 1_437)
        assert small.epochs > large.epochs and small.batch_size < large.batch_size
        assert small.epochs * 1_437 < large.epochs * 60_000


def test_the_presets_grow_and_the_longer_two_are_the_default_recipe():
    quick, good, best = (presets.recipe_for(preset, 60_000) for preset in presets.PRESETS)
    assert list(presets.PRESETS) == ["quick", "good", "best"]
    assert quick.epochs < good.epochs < best.epochs
    assert good == TrainingConfig() and best == TrainingConfig(epochs=best.epochs)


@pytest.mark.parametrize("model", MODELS)
def test_the_estimate_grows_with_epochs_images_and_sizes(model):
    config = MODELS[model].config()

    def estimate(config: ModelConfig, epochs: int, images: int, speeds: dict[str, float] = SPEEDS) -> float:
        seconds = presets.estimate_seconds(speeds, model, config, epochs, images)
        assert seconds is not None
        return seconds

    base = estimate(config, 5, 60_000)
    measuring = presets.MEASURE_S + presets.MEASURE_IMAGES[model in ("vae", "conv-vae", "lesson-vae")] / 10_000
    assert base == pytest.approx(presets.START_S + 5 * 60_000 / 10_000 + measuring)
    slower = estimate(config, 5, 60_000, dict.fromkeys(MODELS, 1_000.0))
    assert slower == pytest.approx(10 * base, abs=10 * (presets.START_S + presets.MEASURE_S))  # all of it but the start
    ten = estimate(config, 10, 60_000)
    assert ten - base == pytest.approx(30)
    assert estimate(config, 5, 6_000) < base
    bigger: dict[str, dict[str, Any]] = {"conv-vae": {"channels": (32, 64)}, "pca": {"latent_dim": 8}}
    assert estimate(MODELS[model].config(**bigger.get(model, {"encoder_hidden": (2048, 1024)})), 5, 60_000) > base
    assert presets.estimate_seconds({}, model, config, 5, 60_000) is None


def test_speeds_are_kept_for_this_machine_and_what_is_damaged_is_measured_again(tmp_path):
    path = tmp_path / "runs" / ".speeds.json"
    assert presets.read_speeds(path) == {}
    presets.write_speeds(path, {"vae": 123.0})
    assert presets.read_speeds(path) == {"vae": 123.0}
    kept = json.loads(path.read_text())
    for content in ("", "[]", "{}", json.dumps(kept | {"key": "elsewhere"}), json.dumps(kept | {"speeds": {"vae": "fast"}})):
        path.write_text(content)
        assert presets.read_speeds(path) == {}
    path.write_text(json.dumps(kept | {"speeds": {"vae": -1, "gan": 3, "ae": 5}}))
    assert presets.read_speeds(path) == {"ae": 5.0}


@pytest.mark.parametrize("model", MODELS)
def test_the_speed_of_every_model_can_be_measured(model, monkeypatch):
    monkeypatch.setattr(presets, "TIMED_STEPS", 1)
    monkeypatch.setattr(presets, "WARM_STEPS", 1)
    assert presets.images_per_second(model) > 0


def test_a_core_is_left_to_the_pages(monkeypatch):
    for cores, threads in ((1, 1), (2, 1), (4, 3), (64, 8)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=cores: set(range(n)), raising=False)
        assert presets.training_threads() == threads


def test_the_profile_says_where_the_time_goes_and_saves_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("core.training.profile.TIMED_STEPS", 3)
    sizes = ["--encoder-hidden", "16", "--decoder-hidden", "16"]
    assert command.main(["--dataset", "digits", *sizes, "--device", "cpu", "--profile", "--out", str(tmp_path / "none")]) == 0
    printed = capsys.readouterr().out
    assert "aten::" in printed
    assert "ms; an epoch of 5 steps" in printed
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU with CUDA")
def test_the_profile_on_a_gpu_counts_launches():
    model, recipe = {"name": "vae", "config": to_json(VAEConfig())}, to_json(TrainingConfig(dataset="digits", device="cuda"))
    assert "one CUDA graph a step" in profile(RunConfig(model=model, recipe=recipe))
