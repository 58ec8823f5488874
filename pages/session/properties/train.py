"""What Train's address can say."""

from dataclasses import replace

from core import frame, jobs
from core.data.datasets import DATASETS
from core.models import MODELS
from core.models.conditional_vae import NOT_TOLD
from core.training.run_config import RunConfig
from pages.session.link import UNSET, Property, Table, Values, whole
from pages.session.properties.shared import LARGEST, LAYERS_SHOWN, SHAPES, SPREAD, read_run, write_drawn


def has_run(values: Values) -> bool:
    """Whether a run is shown."""
    return isinstance(values["run"], str)


def run_classes(values: Values) -> tuple[str, ...]:
    """The names of the classes that a run's decoder can be told; none of another model, or where there is no such run."""
    try:
        return classes_told(jobs.find(values["run"]).config) if has_run(values) else ()
    except jobs.JobError:
        return ()


def classes_told(config: RunConfig) -> tuple[str, ...]:
    """The same of a run whose config is at hand."""
    if config.model_name not in MODELS or not MODELS[config.model_name].module.conditional:
        return ()
    return DATASETS[config.dataset].classes if config.dataset in DATASETS else ()


def can_spread_run(values: Values) -> bool:
    """Whether the maps of a run can be spread evenly."""
    try:
        return has_run(values) and not frame.why_not_spread(jobs.find(values["run"]).config.model)
    except jobs.JobError:
        return False


def read_drawn_of_run(text: str, values: Values) -> int:
    """A label that the run's decoder can be told, or that it is told none."""
    return NOT_TOLD if text == "none" else whole(0, len(run_classes(values)) - 1)(text, values)


TABLE: Table = {
    "run": Property("the run", read_run, "run", UNSET, lambda run: run, instead=""),
    "epoch": Property(
        "the epoch", whole(0, LARGEST), lambda values: f"run_epoch-{values['run']}", UNSET, when=has_run,
        instead="Showing the newest one instead.",
    ),
    "layers": replace(LAYERS_SHOWN, key="run_layers", when=has_run),
    "shapes": replace(SHAPES, when=has_run),
    "spread": replace(SPREAD, when=can_spread_run),
    "draw_as": Property(
        "the class to draw as", read_drawn_of_run, lambda values: f"run_label-{values['run']}", 0, write_drawn,
        when=lambda values: bool(run_classes(values)),
    ),
}  # fmt: skip
