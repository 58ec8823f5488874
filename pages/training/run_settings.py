"""A run's settings in one line of words, with what differs from its preset in bold."""

from typing import Any

import streamlit as st

from core.data.datasets import DATASETS
from core.jobs import Run
from core.models import ConfigError
from core.models.config import Setting, settings
from core.training import presets
from core.training.config import TrainingConfig, model_of, recipe_of
from core.training.run_config import RunConfig

ALWAYS = ("latent_dim", "likelihood", "beta", "epochs", "batch_size", "learning_rate")  # said even where they are the preset's


def show(run: Run) -> None:
    """The settings, below the run's title."""
    try:
        st.caption(in_words(run.config))
    except ConfigError:
        st.caption("The settings of this run cannot be read.")


def in_words(config: RunConfig) -> str:
    """The settings that matter and those that differ, as Markdown; ConfigError where they cannot be used."""
    model, model_config = model_of(config)
    asked = settings(type(model_config)) | settings(TrainingConfig)
    values = vars(model_config) | vars(recipe_of(config))
    preset, dataset = str(config.preset), config.dataset
    known = preset in presets.PRESETS and dataset in DATASETS
    usual = presets.usual(model, preset if known else None, DATASETS[dataset].training_images if known else 0)
    whose = presets.PRESETS[preset].title if known else "default"
    differs = presets.changed(values, usual)
    said = [*(name for name in ALWAYS if name in values), *(name for name in differs if name in asked and name not in ALWAYS)]
    words = [
        f"**{_plain(asked[name], values[name])}** ({whose}: {asked[name].said(usual[name])})"
        if name in differs
        else _plain(asked[name], values[name])
        for name in said
    ]
    return " · ".join([f"Preset: {whose}", *words] if known else words)


def _plain(setting: Setting, value: Any) -> str:
    return f"{setting.name} {setting.said(value)}"
