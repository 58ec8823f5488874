"""A run's settings in one line of words, with what differs from its preset in bold."""

from typing import Any

import streamlit as st

from core.data.datasets import DATASETS
from core.jobs import Run
from core.models import MODELS, ConfigError
from core.models.config import from_json
from core.training import presets
from core.training.config import TrainingConfig
from pages.training.form import CHOICES, NOT_ASKED, WORDS

ALWAYS = ("latent_dim", "likelihood", "beta", "epochs", "batch_size", "learning_rate")  # said even where they are the preset's


def show(run: Run) -> None:
    """The settings, below the run's title."""
    try:
        st.caption(in_words(run.config))
    except ConfigError:
        st.caption("The settings of this run cannot be read.")


def in_words(config: dict[str, Any]) -> str:
    """The settings that matter and those that differ, as Markdown; ConfigError where they cannot be used."""
    model = config.get("model", {}).get("name")
    if model not in MODELS:
        raise ConfigError("the model is not known here.")
    values = vars(from_json(MODELS[model].config, config["model"].get("config"))) | vars(from_json(TrainingConfig, config.get("recipe")))
    preset, dataset = str(config.get("preset")), str(config.get("dataset"))
    known = preset in presets.PRESETS and dataset in DATASETS
    usual = presets.usual(model, preset if known else None, DATASETS[dataset].training_images if known else 0)
    whose = presets.PRESETS[preset].title if known else "default"
    differs = presets.changed(values, usual)
    said = [*(name for name in ALWAYS if name in values), *(name for name in differs if name not in (*ALWAYS, *NOT_ASKED))]
    words = [_setting(name, values[name], usual[name], whose) if name in differs else _plain(name, values[name]) for name in said]
    return " · ".join([f"Preset: {whose}", *words] if known else words)


def _setting(name: str, value: Any, usual: Any, whose: str) -> str:
    return f"**{_plain(name, value)}** ({whose}: {_value(name, usual)})"


def _plain(name: str, value: Any) -> str:
    return f"{WORDS[name][0].partition(',')[0]} {_value(name, value)}"


def _value(name: str, value: Any) -> str:
    if name in CHOICES:
        return CHOICES[name].get(value, str(value)).partition(",")[0]  # BCE, MSE, L1
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
