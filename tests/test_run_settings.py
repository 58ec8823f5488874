"""A run's settings in words, and what differs from its preset."""

import dataclasses
from typing import Any

import pytest

from core.models import MODELS, ConfigError
from core.training import presets
from core.training.config import TrainingConfig
from core.training.run_config import RunConfig
from pages.training import run_settings


def a_config(model: str = "vae", preset: Any = "quick", dataset: str = "mnist", **changes: object) -> RunConfig:
    """The config of a run of the quick preset with these changes, as the form writes it."""
    values = presets.usual(model, "quick", 60_000) | {"dataset": dataset} | changes
    as_json = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    fields = MODELS[model].config.__dataclass_fields__
    recipe = {name: value for name, value in as_json.items() if name in TrainingConfig.__dataclass_fields__}
    described = {"name": model, "config": {name: as_json[name] for name in fields}}
    return RunConfig(name="mine", dataset=dataset, preset=preset, model=described, recipe=recipe)


def test_a_run_says_its_settings_in_words():
    assert run_settings.in_words(a_config()) == (
        "Preset: Quick · Latent dimensions 2 · Reconstruction loss BCE · β 1 · Epochs 3 · Batch size 128 images · Learning rate 0.004"
    )


def test_what_differs_from_the_preset_is_pointed_out():
    said = run_settings.in_words(a_config(beta=4.0, epochs=2000, likelihood="gaussian", binarize=False, encoder_hidden=(16, 8)))
    assert "**β 4** (Quick: 1)" in said and "**Epochs 2,000** (Quick: 3)" in said
    assert "**Reconstruction loss MSE** (Quick: BCE)" in said and "**Encoder layers 16, 8** (Quick: 1024" in said
    assert "Binarise" not in said and "· Learning rate 0.004" in said


def test_a_model_that_is_computed_has_no_settings_of_a_training():
    said = run_settings.in_words(a_config("pca", epochs=1, training_images=600))
    assert said == "Preset: Quick · Latent dimensions 2 · Reconstruction loss MSE · **Training images 600** (Quick: all)"


def test_what_nought_means_is_said():
    assert "**Training images 600** (Quick: all)" in run_settings.in_words(a_config(training_images=600))
    said = run_settings.in_words(a_config(ema_decay=0.0, gradient_clip=5.0))
    assert "**Averaging of weights off** (Quick: 0.9" in said and "**Gradient clip 5** (Quick: 300)" in said


def test_amounts_have_their_units():
    said = run_settings.in_words(a_config("cvae", warmup_fraction=0.25, kl_warmup_epochs=1.0, label_dropout=0.05))
    assert (
        "**Warm-up 25 % of the steps** (Quick: 10 % of the steps)" in said
        and "**KL warm-up 1 epoch, at most half of all** (Quick: " in said
    )
    assert "**Label dropout 5 % of the images**" in said
    assert "**KL warm-up 9 epochs, at most half of all** (Quick: 4 epochs, at most" in run_settings.in_words(a_config(kl_warmup_epochs=9.0))
    assert "KL warm-up" not in run_settings.in_words(a_config("ae", kl_warmup_epochs=9.0)), "it has no KL"
    said = run_settings.in_words(a_config(warmup_fraction=0.0, kl_warmup_epochs=0.0))
    assert "**Warm-up none** (" in said and "**KL warm-up none** (" in said


def test_a_batch_larger_than_the_data_is_said_to_be_all_of_them():
    assert "**Batch size 65,000 images, here all 60,000** (Quick: 128 images)" in run_settings.in_words(a_config(batch_size=65_000))
    assert "**Batch size 600 images, here all 500** (" in run_settings.in_words(a_config(batch_size=600, training_images=500))
    assert "here all" not in run_settings.in_words(a_config(batch_size=60_000))


def test_a_run_of_the_command_line_is_compared_with_the_defaults():
    said = run_settings.in_words(a_config(preset=None, epochs=30, batch_size=256, learning_rate=2e-3, gradient_clip=0.0, beta=0.5))
    assert "Preset" not in said and said.count("**") == 2 and "**β 0.5** (default: 1)" in said


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("preset", [*presets.PRESETS, None, "no such", 3])
def test_every_model_s_settings_are_compared_with_the_preset_that_the_run_names(model, preset):
    """The run has the quick preset's settings, so that any other name differs; a name that is not known is the command line's."""
    said, known = run_settings.in_words(a_config(model, preset)), presets.PRESETS.get(preset)
    assert said.startswith(f"Preset: {known.title} · Latent dimensions 2 · " if known else "Latent dimensions 2 · ")
    usual = presets.usual(model, preset if known else None, 60_000)
    epochs = "Epochs 3" if preset == "quick" else f"**Epochs 3** ({known.title if known else 'default'}: {usual['epochs']})"
    assert (f" · {epochs} · " in said) == (not MODELS[model].module.linear)
    assert ("**" in said) == (preset != "quick" and not MODELS[model].module.linear)


@pytest.mark.parametrize("change", [{"model": {}}, {"model": {"name": "vae"}}, {"recipe": {"epochs": -1}}, {"recipe": None}])
def test_what_cannot_be_read_raises_what_the_page_turns_into_a_sentence(change):
    with pytest.raises(ConfigError):
        run_settings.in_words(dataclasses.replace(a_config(), **change))
