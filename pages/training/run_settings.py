"""A run's settings in one line of words, with what differs from its preset in bold."""

from typing import Any, NamedTuple

import streamlit as st

from core.data.datasets import DATASETS
from core.jobs import Run
from core.models import MODELS, ConfigError
from core.models.config import Setting, settings
from core.training import presets
from core.training.config import model_of, recipe_of
from core.training.run_config import RunConfig
from pages.session.recipe import NOT_ITS_OWN, in_effect, of_training

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
    asked = settings(type(model_config)) | of_training(MODELS[model].module)
    recipe = recipe_of(config)
    values = vars(model_config) | vars(recipe)
    preset, dataset = str(config.preset), config.dataset
    known = preset in presets.PRESETS and dataset in DATASETS
    usual = presets.usual(model, preset if known else None, DATASETS[dataset].training_images if known else 0)
    whose = presets.PRESETS[preset].title if known else "default"
    differs = presets.changed(values, usual)
    said = {name: _plain(asked[name], values[name]) for name in (*ALWAYS, *differs) if name in asked}
    if known and "batch_size" in said and recipe.batch_size > (count := recipe.images_of(DATASETS[dataset].training_images)):
        said["batch_size"] += f", here all {count:,}"
    words = [f"**{text}** ({whose}: {asked[name].said(usual[name])})" if name in differs else text for name, text in said.items()]
    return " · ".join([f"Preset: {whose}", *words] if known else words)


class Beside(NamedTuple):
    """Two runs' settings beside each other."""

    different: list[tuple[str, str, str]]  # a setting's title, and what each run has
    same: list[tuple[str, str]]  # a setting's title, and what both have


def beside(one: RunConfig, other: RunConfig) -> Beside:
    """Which settings of two runs differ, and which do not; ConfigError where they cannot be used."""
    said = [_in_words(config) for config in (one, other)]
    different, same = [], []
    for title in dict.fromkeys([*said[0], *said[1]]):
        a, b = (words.get(title, NOT_ITS_OWN) for words in said)
        if a == b:
            same.append((title, a))
        else:
            different.append((title, a, b))
    return Beside(different, same)


def seeds(one: RunConfig, other: RunConfig) -> tuple[int, int]:
    """The two runs' seeds; ConfigError as in `beside`."""
    return recipe_of(one).seed, recipe_of(other).seed


def _in_words(config: RunConfig) -> dict[str, str]:
    """Every setting of a run that has an effect, by its title, in words."""
    model, model_config = model_of(config)
    data = DATASETS[config.dataset].name if config.dataset in DATASETS else config.dataset
    return {"Data set": data, "Model": MODELS[model].title} | in_effect(MODELS[model].module, model_config, recipe_of(config))


def _plain(setting: Setting, value: Any) -> str:
    return f"{setting.name} {setting.said(value)}"
