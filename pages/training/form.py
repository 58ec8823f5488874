"""The form that describes a run: data set, model, preset, and every hyper-parameter, checked with sentences as one types."""

import dataclasses
import json
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import streamlit as st

from core import checkpoints, jobs, names, permission
from core.data.datasets import DATASETS, on_disk
from core.models import MODELS, ConfigError, ModelConfig
from core.models.autoencoder import LOSSES
from core.models.config import Setting, settings, to_json
from core.places import PROJECT
from core.training import presets
from core.training.config import TrainingConfig, devices, model_of, recipe_of
from core.training.run_config import RunConfig
from core.words import duration, plural
from pages.session import downloads, link, refusals
from pages.session.recipe import of_training
from pages.training import visitor
from pages.web import errors

COMPUTED = "The same model: it is computed in one go, and the epochs only measure it."  # for the linear one, in place of a preset's words
MEASURING = ("epochs", "binarize", "seed")  # of a training, what the linear one is asked beside its images
IN_NAMES = {  # settings that a suggested name says, where they are not the preset's, and the words for them
    "likelihood": [],
    **{name: [name] for name in ("sigma", "beta", "activation", "epochs", "seed")},
    "adversarial_weight": ["weight"],
    "label_dropout": ["dropout"],
    "training_images": ["images"],
    "batch_size": ["batch"],
    "learning_rate": ["rate"],
}


def show() -> None:
    """The form, and its button."""
    dataset = st.selectbox("Data set", _on_disk_first(), format_func=lambda name: DATASETS[name].title, key="train_dataset")
    st.caption(DATASETS[dataset].credit)
    if missing := [split for split in ("train", "test") if not on_disk(dataset, split)]:
        st.info(
            f"**{DATASETS[dataset].name} is not on this machine yet** ({' and '.join(missing)} images). Download it once, or choose "
            f"{DATASETS['digits'].name}, which need no download.",
            icon=":material/database:",
        )
        downloads.offer(dataset)
        return
    model = st.selectbox(
        "Model", list(MODELS), index=list(MODELS).index("vae"), format_func=lambda name: MODELS[name].title, key="train_model"
    )
    st.caption(MODELS[model].summary)
    images = DATASETS[dataset].training_images
    speeds = measured_speeds()
    preset = st.radio(
        "Preset",
        list(presets.PRESETS),
        format_func=lambda name: presets.PRESETS[name].title,
        captions=[_caption(name, model, images, speeds) for name in presets.PRESETS],
        key="train_preset",
        horizontal=True,
    )
    if model not in speeds and not _unmeasurable.is_set():
        _until_measured(model)
    with st.expander("Advanced: every hyper-parameter", icon=":material/tune:"):
        values = _advanced(model, preset, images)
    problem, config, recipe = _checked(dataset, model, values)
    name = _name(suggested(model, dataset, preset, values))
    problem = problem or names.problem(name) or _taken(name)
    if problem:
        st.error(link.plain(problem), icon=":material/error:")
    elif config and recipe:
        count = recipe.images_of(images)
        seconds = presets.estimate_seconds(speeds, model, config, recipe.epochs, images, count)
        one_batch = ", all in one batch" if recipe.batch_size > count and not MODELS[model].module.linear else ""
        st.caption(f"{plural(recipe.epochs, 'epoch')} over {plural(count, 'image')}{one_batch}: {words_for(seconds)}.")
        _say_limit(presets.training_seconds(speeds, model, config, recipe.epochs, count))
    refusals.show("start")
    pressed = st.button("Start training", type="primary", icon=":material/play_arrow:", disabled=bool(problem), width="stretch")
    if pressed and not problem and config and recipe:
        _start(name, preset, model, config, recipe)


def begin_with(config: RunConfig) -> None:
    """The form is to show a run's settings, to change one of them; ConfigError where they cannot be used."""
    model, model_config = model_of(config)
    recipe, preset, images = recipe_of(config), config.preset, DATASETS[config.dataset].training_images
    known = str(preset) if preset in presets.PRESETS else next(iter(presets.PRESETS))
    st.session_state.update(train_dataset=config.dataset, train_model=model, train_preset=known, run=None)
    for settled, part in ((model_config, model), (recipe, known)):
        for name in settings(type(settled)):
            value = getattr(settled, name)
            st.session_state[_key(name, part, images)] = ", ".join(map(str, value)) if isinstance(value, tuple) else value


def _key(name: str, part: str, images: int) -> str:
    """The widget's key of a setting of that model or, for the recipe, that preset."""
    return f"train_{name}-{part}-{images}"


def _on_disk_first() -> list[str]:
    """Data sets, those that are here first."""
    return sorted(DATASETS, key=lambda name: not (on_disk(name, "train") and on_disk(name, "test")))


def _caption(preset: str, model: str, images: int, speeds: dict[str, float]) -> str:
    epochs = presets.recipe_for(preset, images).epochs
    seconds = presets.estimate_seconds(speeds, model, MODELS[model].config(), epochs, images)
    summary = COMPUTED if MODELS[model].module.linear else presets.PRESETS[preset].summary
    return f"{summary} {plural(epochs, 'epoch')}, {words_for(seconds)}"


def words_for(seconds: float | None) -> str:
    """How long a run takes on this machine."""
    if seconds is None:
        return f"how long it takes here {'could not be' if _unmeasurable.is_set() else 'is being'} measured"
    return f"about {duration(seconds)} here"


def limit_in_words(minutes: float) -> str:
    """What the administrator's limit on a run's minutes means."""
    return f"A run may train for {plural(minutes, 'minute')} here. One that takes longer ends then and keeps what it has learnt as a model."


def _say_limit(seconds: float | None) -> None:
    """The administrator's limit, before a run is started that would meet it."""
    try:
        minutes = permission.minutes()
    except jobs.JobError as error:
        st.error(errors.words(error), icon=":material/error:")
        return
    if minutes and seconds is not None and seconds > 60 * minutes:
        st.warning(f"{limit_in_words(minutes)} This one would end early: choose fewer epochs.", icon=":material/timer:")
    elif minutes:
        st.caption(limit_in_words(minutes))


def _advanced(model: str, preset: str, images: int) -> dict[str, Any]:
    """A widget for each setting of the model and the recipe that the model has a use for; what all of them hold, by name."""
    own, recipe, linear = MODELS[model].config(), presets.recipe_for(preset, images), MODELS[model].module.linear
    useful = {*of_training(MODELS[model].module), *(MEASURING if linear else ())}
    values: dict[str, Any] = {name: getattr(recipe, name) for name in settings(recipe)}
    asked: list[tuple[str, Setting, Any]] = [(name, setting, own) for name, setting in settings(own).items()]
    asked += [(name, setting, recipe) for name, setting in settings(recipe).items() if name in useful]
    columns = [column for _ in asked[::2] for column in st.columns(2)]  # a row for two: they are one below the other where there is no room
    for column, (name, setting, config) in zip(columns, asked, strict=False):
        with column:
            key = _key(name, preset if config is recipe else model, images)
            values[name] = _widget(setting, getattr(config, name), key)
    return values


def _widget(setting: Setting, default: Any, key: str) -> Any:
    """The widget that fits a setting's default."""
    label, words = setting.label, setting.words
    if (choices := setting.choices) is not None:
        return st.selectbox(label, list(choices), list(choices).index(default), choices.__getitem__, key=key, help=words)
    if isinstance(default, bool):
        return st.toggle(label, default, key=key, help=f"{words} With MSE or L1 the pixels always stay grey.")
    if isinstance(default, tuple):
        return _sizes(st.text_input(label, ", ".join(map(str, default)), key=key, help=f"{words} Separate the numbers with commas."))
    if isinstance(default, int):
        return st.number_input(label, value=default, step=1, key=key, help=words)
    return st.number_input(label, value=default, step=None, format="%g", key=key, help=words)


def _sizes(text: str) -> tuple[Any, ...]:
    """ "512, 256" -> (512, 256); what is no number stays a word, for the check to complain about."""
    return tuple(int(word) if word.isdecimal() else word for word in re.split(r"[\s,;]+", text.strip()) if word)


def _checked(dataset: str, model: str, values: dict[str, Any]) -> tuple[str, ModelConfig | None, TrainingConfig | None]:
    """A sentence about what cannot be used, or the two configurations."""
    kind = MODELS[model].config
    known = {field.name for field in dataclasses.fields(kind)}
    given = {name: value for name, value in values.items() if name in known}
    if "classes" in known:
        given["classes"] = len(DATASETS[dataset].classes)
    recipe = {name: value for name, value in values.items() if name in TrainingConfig.__dataclass_fields__}
    try:
        config = kind(**given)
        if values["likelihood"] != "bernoulli":
            recipe["binarize"] = False  # a squared or absolute error is one of grey pixels
        return "", config, TrainingConfig(dataset=dataset, **recipe)
    except ConfigError as error:
        return _in_words(errors.words(error), settings(kind) | settings(TrainingConfig)), None, None


def _in_words(message: str, asked: dict[str, Setting]) -> str:
    """A setting's check speaks of it by its name in the code; people know it by its label."""
    for name, setting in asked.items():
        message = re.sub(rf"\b{name}\b", setting.title, message)
    return message[0].upper() + message[1:] if message[:1].isascii() else message  # β stays small


def _name(suggestion: str) -> str:
    """The name that was typed, else the suggestion. (Python never writes into the field: it would undo what is being typed.)"""
    words = "Leave it empty to use the suggestion, which follows the settings."
    typed = st.text_input("Name", key="train_name", placeholder=suggestion, max_chars=names.MAX_NAME, help=words)
    return typed.strip() or suggestion


def suggested(model: str, dataset: str, preset: str, values: dict[str, Any]) -> str:
    """A free name that says what differs from the preset, as far as there is room: vae-mnist-2d-beta-4."""
    parts = [model, dataset, *([f"{values['latent_dim']}d"] if values.get("latent_dim") else [])]
    usual = presets.usual(model, preset, DATASETS[dataset].training_images)
    differs = presets.changed({name: values[name] for name in IN_NAMES if name in values}, usual)
    for name, value in differs.items():
        words = [*IN_NAMES[name], LOSSES[value].partition(",")[0].lower() if name == "likelihood" else _in_a_name(value)]
        if len("-".join([*parts, *words])) <= names.MAX_NAME - len("-999"):
            parts += words
    taken = checkpoints.taken() | jobs.taken()
    return next(free for free in names.numbered("-".join(parts)) if free not in taken)


def _in_a_name(value: Any) -> str:
    return str(value) if isinstance(value, int | str) else f"{value:g}".replace("+", "") if value is not None else "none"


def _taken(name: str) -> str:
    """Why a name cannot be had again, in a sentence; "" when it is free."""
    kind = "model" if name.lower() in checkpoints.taken() else "run" if name.lower() in jobs.taken() else ""
    return kind and f"There is already a {kind} named {name}. Choose another name."


def _start(name: str, preset: str, model: str, config: ModelConfig, recipe: TrainingConfig) -> None:
    """Start the run and show it."""
    wanted = RunConfig(
        name=name,
        owner=visitor.me(),
        dataset=recipe.dataset,
        model={"name": model, "config": to_json(config)},
        recipe=to_json(recipe),
        threads=presets.training_threads(),
        devices=devices(),
        preset=preset,
    )
    with refusals.kept("start", jobs.JobError):
        st.session_state.run = jobs.start(wanted).id
    st.rerun()


# --- how fast this machine is ------------------------------------------------------------------------------------------------

_measuring = threading.Lock()
_unmeasurable = threading.Event()  # it was tried, and failed


def _speeds_file() -> Path:
    return jobs.RUNS / ".speeds.json"


def known_speeds() -> dict[str, float]:
    """Images per second of each model, as far as they were measured on this machine."""
    return presets.read_speeds(_speeds_file())


def measured_speeds() -> dict[str, float]:
    """Images per second of each model on this machine: measured once, by a process in the background; empty until then."""
    path = _speeds_file()
    speeds = presets.read_speeds(path)
    if len(speeds) < len(MODELS) and _measuring.acquire(blocking=False):
        threading.Thread(target=_measure_speeds, args=(path,), daemon=True, name="measure-speeds").start()
    return speeds


@st.fragment(run_every=2.0)
def _until_measured(model: str) -> None:
    """Draw the page again as soon as the model's speed is known, or will not be; it shows nothing."""
    if model in presets.read_speeds(_speeds_file()) or _unmeasurable.is_set():
        st.rerun()


def _measure_speeds(path: Path) -> None:
    """Measure, and keep the result; where that fails the form says so instead of times, and the log says why."""
    command = [sys.executable, "-m", "core.training.presets"]
    speeds: dict[str, float] = {}
    try:
        with subprocess.Popen(command, cwd=PROJECT, env=permission.environment(), stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                speeds |= json.loads(line)
                presets.write_speeds(path, speeds)
        if process.returncode:
            raise ValueError(f"The process that measures it ended with {process.returncode}.")
    except (OSError, ValueError) as error:
        print(f"This machine's training speed could not be measured. {error}", file=sys.stderr)
    finally:
        if len(speeds) == len(MODELS):
            _measuring.release()
        else:
            _unmeasurable.set()  # it is not tried again until the next start
