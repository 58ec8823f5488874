"""A training run on the page: what it is doing, what one can ask of it, and its map, alive and then as a time machine."""

import math
import time
from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from core import checkpoints, figures, frame, jobs, waiting
from core.data.datasets import DATASETS
from core.jobs import Run
from core.models import MODELS, ConfigError
from core.models.conditional_vae import NOT_TOLD
from core.training import snapshot
from core.training.history import read_metrics
from core.words import duration, plural
from pages.browser.map import LAYERS, run_map
from pages.session import link, refusals, switched
from pages.session import state as session
from pages.session.properties.shared import LARGEST
from pages.session.properties.train import classes_told
from pages.session.words import UNTOLD
from pages.training import form, good_loss, run_settings, run_words, visitor, watching
from pages.web import epochs as frames

POLL_S = 2.0
NOT_FINITE = "not finite"
Colour = Literal["gray", "blue", "orange", "green", "red"]
STATES: dict[str, tuple[str, Colour, str]] = {  # a run's state: words, colour of the badge, icon
    "queued": ("waiting", "gray", ":material/hourglass_top:"),
    "running": ("training", "blue", ":material/play_arrow:"),
    "paused": ("paused", "orange", ":material/pause:"),
    "stopped": ("stopped", "gray", ":material/stop:"),
    "finished": ("finished", "green", ":material/check:"),
    "failed": ("failed", "red", ":material/error:"),
    "interrupted": ("interrupted", "red", ":material/power_off:"),
}
REMOVED = "This run's epochs were removed to make room on the server's disk."
ENDS_LEFT = "Its first and its last are still here, and its curves and its model are as they were."
NONE_LEFT = "Its curves and its model are as they were."
CURVES = {  # of metrics.jsonl: words and colour; the colours are two of the digits', far apart under every colour vision
    "negative_elbo_nats": ("−ELBO", figures.CLASS_COLOURS[0]),
    "course_loss_nats": ("course’s loss", figures.CLASS_COLOURS[0]),
    "reconstruction_nats": ("reconstruction", figures.CLASS_COLOURS[6]),
    "kl_nats": ("KL", figures.CLASS_COLOURS[4]),
    "generator_nats": ("encoder against discriminator", figures.CLASS_COLOURS[4]),
    "discriminator_nats": ("discriminator", figures.CLASS_COLOURS[2]),
}


def show(run_id: str) -> None:
    """The run, followed for as long as something can still happen to it."""
    try:
        live = jobs.find(run_id).active
    except jobs.JobError:
        live = False
    st.fragment(_follow, run_every=POLL_S if live else None)(run_id, live)
    if not live:  # somebody may resume or delete it
        watching.watch(lambda: watching.state_of(run_id))


def _follow(run_id: str, live: bool) -> None:
    """One look at the run."""
    if st.session_state.get("run") != run_id:  # another one, or the form, was chosen: a press in a fragment draws the fragment alone
        st.rerun()
    try:
        run = jobs.find(run_id)
    except jobs.JobError:  # it was deleted: the page shows what there is
        st.rerun()
    if run.active != live:  # a process began or ended: the page follows it, or stops following
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        _header(run)
        _controls(run)
    run_settings.show(run)
    _check_epoch(run)
    _say(run)
    _progress(run)
    removed, mapped = bool(run.status.get("removed_epochs")), frames.has_subset(run.folder)
    if removed:
        st.info(f"{REMOVED} {ENDS_LEFT if mapped else NONE_LEFT}", icon=":material/auto_delete:")
    if mapped:
        _map(run)
    elif removed:
        _curves_alone(run)
    elif run.active:
        st.caption("The map appears before the first step, as soon as the images are read.")


def _header(run: Run) -> None:
    words, colour, icon = STATES[run.state]
    model, dataset = run.config.model_name, run.config.dataset
    title = MODELS[model].title if model in MODELS else "Unknown model"
    data = DATASETS[dataset].name if dataset in DATASETS else "unknown data"
    whose = "yours" if run.owner == visitor.me() else "from the command line" if not run.owner else "somebody else's"
    st.badge(words, color=colour, icon=icon)
    st.markdown(f"**{title}** on {data}, {whose}", width="stretch")
    if run.id != run.name:  # `jobs.start` gave it the next free name
        st.caption(f"Somebody took the name {run.name} at the same moment, so this run is called {run.id}.")


def _controls(run: Run) -> None:
    """What can be asked of a run in its present state, by those who may; its model can be opened by everybody."""
    if run.state == "finished" and (name := run.status.get("checkpoint")) in checkpoints.available():
        st.button("Open in Explore", icon=":material/scatter_plot:", type="primary", key="run_open", on_click=_open, args=(name,))
    if not visitor.may_change(run.owner):
        return
    goes_on = run.state in ("paused", "stopped", "failed", "interrupted")
    if run.active and run.state != "paused":
        st.button("Pause", icon=":material/pause:", key="run_pause", on_click=_ask, args=(jobs.pause, run), disabled=run.pausing)
    if goes_on:
        st.button("Resume", icon=":material/play_arrow:", type="primary", key="run_resume", on_click=_ask, args=(jobs.resume, run))
        st.button(
            "One epoch", icon=":material/skip_next:", key="run_step", on_click=_ask, args=(jobs.step_epoch, run),
            help="Train to the end of the current epoch, then pause.",
        )  # fmt: skip
    if run.state != "finished" and run.epoch:
        st.button(
            "Finish here", icon=":material/flag:", key="run_finish", on_click=_ask, args=(jobs.finish, run),
            disabled=run.finishing or run.stopping, help="Stop training, and keep what it has learnt so far as a model.",
        )  # fmt: skip
    if run.active:
        st.button("Cancel", icon=":material/stop:", key="run_cancel", on_click=_ask, args=(jobs.cancel, run), disabled=run.stopping)
    else:
        st.button(
            "Change a setting", icon=":material/tune:", key="run_again", on_click=_again, args=(run,),
            help="Set up another run, with this one's settings to begin with.",
        )  # fmt: skip
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown("This deletes the run with its epochs and time machine. A model that it produced is kept.")
            st.button("Delete the run", key="run_delete", on_click=_delete, args=(run,))


def _check_epoch(run: Run) -> None:
    """A link to an epoch that there is not (yet) gets a sentence, and the newest in its place."""
    key, epochs = f"run_epoch-{run.id}", snapshot.epochs(run.folder)
    asked = st.session_state.get(key)
    if asked is not None and epochs and asked > epochs[-1]:
        del st.session_state[key]
        so_far = "has come to epoch {:,} so far" if run.active else "ends with epoch {:,}"
        refusals.say(f"run-{run.id}", f"The link asks for epoch {asked:,}, but this run {so_far.format(epochs[-1])}. Showing that one.")


def _say(run: Run) -> None:
    """What came of what was asked."""
    refusals.show(f"run-{run.id}")
    if st.session_state.pop("run_opened", False):
        st.switch_page("explore.py")


def _ask(what: Callable[[Run], object], run: Run) -> None:
    """Ask something of a run; a sentence where it cannot be."""
    with refusals.kept(f"run-{run.id}", jobs.JobError):
        what(run)


def _delete(run: Run) -> None:
    """Back to the form, once it is done."""
    with refusals.kept(f"run-{run.id}", jobs.JobError):
        jobs.delete(run)
        st.session_state.run = None


def _again(run: Run) -> None:
    """The form, with the run's settings filled in."""
    try:
        form.begin_with(run.config)
    except (ConfigError, KeyError):
        refusals.say(f"run-{run.id}", "The settings of this run cannot be read.")


def _open(name: str) -> None:
    """Show a finished run's model on the Explore page."""
    session.choose(name)
    st.session_state.run_opened = True


def _progress(run: Run) -> None:
    """How far it is, what it says, and how long it still takes."""
    if run.state == "queued":
        ahead = run.queue_position or 0
        waits = "It is next" if not ahead else f"{plural(ahead, 'run goes', 'runs go')} first"
        seconds = seconds_until_turn(jobs.runs()).get(run.id)
        when = "When it starts cannot be estimated yet" if seconds is None else f"It starts in about {duration(seconds)}"
        st.info(f"Waiting for a free device. {waits}. {when}.", icon=":material/hourglass_top:")
        return
    done = min(1.0, run.epoch / run.epochs) if run.epochs else 0.0
    if run.state != "finished":
        st.progress(done, run_words.how_far(run, time.time()))
    if run.message:
        (st.error if run.state in ("failed", "interrupted") else st.info)(link.plain(run.message), icon=STATES[run.state][2])
    if run.pausing and run.state == "running":
        st.caption("It pauses as soon as it can.")
    if run.active and run.minutes is not None:
        st.caption(form.limit_in_words(run.minutes))


def seconds_until_turn(runs: list[Run]) -> dict[str, float | None]:
    """For each run that waits, about how long still."""
    try:
        return waiting.seconds_until_turn(runs, form.known_speeds())
    except jobs.JobError:  # the administrator's settings cannot be used: every start says so
        return {}


def _map(run: Run) -> None:
    """The live map on the run's epochs."""
    state, lines = st.session_state, read_metrics(run.folder)
    left, right = st.columns([0.6, 0.4], vertical_alignment="bottom")
    with left:
        layers = st.pills(
            "Layers", list(LAYERS), selection_mode="multi", default=["points", "names"], format_func=LAYERS.__getitem__,
            key="run_layers", label_visibility="collapsed",
        )  # fmt: skip
    with right:
        label = _label(run)
    picked = state.setdefault("run_points", {}).get(run.id, ((0.0, 0.0), 0))  # at first the middle, to see it change
    run_map(
        **of_map(run, label, lines),
        kept=picked,
        layers=layers,
        on_pick=lambda: _keep_pick(run.id),
        asked=(state.get(f"run_epoch-{run.id}"), state.get(f"run_epoch_number-{run.id}", 0)),
        on_epoch=lambda: _keep_epoch(run.id),
        spread=frame.why_not_spread(run.config.model) or True,
        switched=switched.said(),
        on_switched=switched.hears(f"run_map-{run.id}"),
        key=f"run_map-{run.id}",
    )
    session.address("train")
    good_loss.show(run, lines)


def of_map(run: Run, label: int | None, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What a run's map is told of it: see `run_map`. label: the class that a conditional model is to draw; lines: of its metrics."""
    why_not = frame.why_not_live(run.config.model)
    return {
        "timeline": {
            "frames": frames.template(run, label),
            "live_decoder": not why_not,
            "epochs": snapshot.epochs(run.folder),
            "running": run.active,
            "total": run.epochs,
            "curves": curves(lines) | {"reference": good_loss.mark(run.config, lines)},
        },
        "view": f"{run.id}-{run.created}",
        "bound": frame.bound(max([line.get("extent") or 0.0 for line in lines], default=0.0)),
        "description": f"Latent map of the run {run.id}: the codes of {_subset_words(run)} test images, epoch by epoch, coloured by class.",
        "dimensions": _dimensions(run),
        "note": _note(run, why_not),
    }


def _curves_alone(run: Run) -> None:
    """The losses of a run that has no epochs left to show."""
    lines = read_metrics(run.folder)
    drawn = curves(lines)
    st.plotly_chart(figures.losses(drawn["epoch"], drawn["series"]), key=f"run_curves-{run.id}", config={"displayModeBar": False})
    good_loss.show(run, lines)


def _subset_words(run: Run) -> str:
    return "5,000" if run.config.dataset != "digits" else "all"


def _label(run: Run) -> int | None:
    """For a conditional model: which class its decoder is to draw."""
    if not (classes := classes_told(run.config)):
        return None
    label = st.selectbox(
        "Draw as",
        [*range(len(classes)), NOT_TOLD],
        format_func=lambda label: f"Draw as {UNTOLD if label == NOT_TOLD else classes[label]}",
        key=f"run_label-{run.id}",
        label_visibility="collapsed",
    )
    return None if label == NOT_TOLD else label


def _note(run: Run, why_not: str) -> str:
    notes = [f"{why_not} While you move, you see a preview from a grid."] if why_not else []
    return " ".join([*notes, frame.dimension_note(_dimensions(run))])


def _dimensions(run: Run) -> int:
    """Of the run's codes; 2 where its configuration is not readable."""
    dimensions = run.config.model_settings.get("latent_dim")
    return dimensions if isinstance(dimensions, int) else 2


def _keep_pick(run_id: str) -> None:
    checked = link.check_pick(st.session_state[f"run_map-{run_id}"].pick)
    if checked is not None:
        st.session_state.run_points[run_id] = checked


def _keep_epoch(run_id: str) -> None:
    """Someone went to another epoch, or (None) back to the newest."""
    checked, state = link.check_said(st.session_state[f"run_map-{run_id}"].epoch), st.session_state
    if checked is None:
        return
    epoch, state[f"run_epoch_number-{run_id}"] = checked
    state.pop(f"run_epoch-{run_id}", None)
    if isinstance(epoch, int) and not isinstance(epoch, bool) and 0 <= epoch <= LARGEST:
        state[f"run_epoch-{run_id}"] = epoch


def curves(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The losses over the epochs, as the timeline draws them: training dashed, test solid."""
    epochs = [line["epoch"] for line in lines]
    series = []
    for name, split, values in drawn(lines):
        words, colour = CURVES[name]
        series.append({"name": f"{words}, {split}", "group": name, "values": values, "dashed": split == "train", "colour": colour})
    return {"epoch": epochs, "series": series}


def drawn(lines: list[dict[str, Any]]) -> list[tuple[str, str, list[float | str | None]]]:
    """Each loss that there is, on test and on training images, with its values."""
    every = [(name, split, [_value(line, split, name) for line in lines]) for name in CURVES for split in ("test", "train")]
    return [curve for curve in every if any(value is not None for value in curve[2])]


def _value(line: dict[str, Any], split: str, name: str) -> float | str | None:
    """A loss after an epoch: NOT_FINITE where it was no number any more, None where there was none (before the first step)."""
    losses = line.get(split)
    if not isinstance(losses, dict) or name not in losses:
        return None
    value = losses[name]
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else NOT_FINITE
