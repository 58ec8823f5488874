"""Two runs: their maps beside each other in one time machine, and what differs between them first."""

import streamlit as st

from core import frame, jobs
from core.jobs import Run
from core.models import ConfigError
from core.training.history import read_metrics
from pages.browser import map as browser_map
from pages.comparing import switches
from pages.session import link, state, switched
from pages.session.properties.compare import DIAL_Z, told_key
from pages.session.properties.shared import LARGEST
from pages.session.properties.train import classes_told
from pages.training import form, run_settings, run_view, watching
from pages.web import epochs

KEY = "two_runs"
TOO_FEW = (
    "**Two runs that differ in one setting** show what that setting does, epoch by epoch. There {are} that can be shown. Start two on the "
    "Train page with the same seed and one setting changed (β, say): they appear here as soon as they have drawn their first codes."
)


def show() -> None:
    """The choice of the two, what differs, and the time machine."""
    runs = {run.id: run for run in _shown()}
    if len(runs) < 2:
        st.info(TOO_FEW.format(are="is one run" if runs else "is no run yet"), icon=":material/model_training:")
        for run in runs.values():
            _another(run)
        if st.button("Set up a run", icon=":material/model_training:", type="primary"):
            st.switch_page("train.py")
        watching.watch(lambda: tuple(run.id for run in _shown()))
        return
    first, second = _choose(list(runs))
    if first == second:
        st.warning("This is the same run twice. Choose another one.", icon=":material/content_copy:")
    _settings(runs[first], runs[second])
    live = any(runs[name].active for name in (first, second))
    st.fragment(_maps, run_every=run_view.POLL_S if live else None)(first, second, live)
    if not live:  # somebody may resume or delete one
        watching.watch(lambda: tuple(map(watching.state_of, (first, second))))


def _shown() -> list[Run]:
    """The runs that have drawn their first codes, the newest first."""
    return [run for run in jobs.runs() if epochs.has_subset(run.folder)]


def _choose(names: list[str]) -> tuple[str, str]:
    """Which two: at first the newest."""
    session = st.session_state
    for key, usual in (("compare_first", names[1]), ("compare_second", names[0])):
        if session.get(key) not in names:
            session[key] = usual
    with st.container(key="compare-choice"):
        first = st.selectbox("First run", names, key="compare_first", persist_state="session")
        second = st.selectbox("Second run", names, key="compare_second", persist_state="session")
    state.address("compare")
    return str(first), str(second)


def _settings(one: Run, other: Run) -> None:
    """What differs, then whether that alone can be the reason, then what does not differ."""
    try:
        found, seeds = run_settings.beside(one.config, other.config), run_settings.seeds(one.config, other.config)
    except ConfigError:
        st.warning("The settings of one of these runs cannot be read.", icon=":material/error:")
        return
    if found.different:
        rows = [f"| {link.plain(title)} | **{link.plain(a)}** | **{link.plain(b)}** |" for title, a, b in found.different]
        st.markdown("\n".join([f"| Differs | {link.plain(one.id)} | {link.plain(other.id)} |", "| --- | --- | --- |", *rows]))
    st.markdown(reading(len(found.different), seeds))
    with st.expander(f"The same in both: {len(found.same)} settings", icon=":material/drag_handle:"):
        st.markdown(" · ".join(f"{link.plain(title)} {link.plain(words)}" for title, words in found.same))
    _another(one)


def reading(differ: int, seeds: tuple[int, int]) -> str:
    """What two runs with so many different settings and these seeds can show."""
    if not differ:
        return "**All settings are the same**, the seed too: on one machine with one thread, both runs are the same."
    if seeds[0] != seeds[1]:
        if differ == 1:
            return "**Only the seed differs**: what differs below is chance."
        return "**The seeds differ, too**: some of what differs below is chance. Give both runs the same seed to leave that out."
    begin = f"Both runs began with the same seed ({seeds[0]})"
    if differ == 1:
        return f"{begin} and differ in **one setting**, so a difference below is that setting’s."
    return f"{begin}, but differ in **{differ} settings**: the maps do not say which of them makes the difference."


def _another(run: Run) -> None:
    """A button that leads to Train, with a run's settings filled in."""
    words = f"Set up a run like {run.id}, to change one setting"
    if st.button(words, icon=":material/content_copy:", key=f"like-{run.id}"):
        try:
            form.begin_with(run.config)
        except (ConfigError, KeyError):
            st.warning("The settings of this run cannot be read.", icon=":material/error:")
            return
        st.switch_page("train.py")


def _maps(first: str, second: str, live: bool) -> None:
    """One look at both."""
    try:
        runs = [jobs.find(name) for name in (first, second)]
    except jobs.JobError:  # one was deleted: the page shows what there is
        st.rerun()
    if any(run.active for run in runs) != live:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="compare-switches"):
        layers = switches.layers("two_runs_layers")
        labels = [switches.draw_as(run.id, classes_told(run.config), 0, told_key("runs", run.id)) for run in runs]
    session = st.session_state
    told = [{"title": run.id} | run_view.of_map(run, label, read_metrics(run.folder)) for run, label in zip(runs, labels, strict=True)]
    browser_map.two_runs(
        told, (session.get("runs_z", DIAL_Z), session.get("runs_z_number", 0)), layers, _keep_point, KEY,
        (session.get("compare_epoch"), session.get("compare_epoch_number", 0)), _keep_epoch,
        switches.spread({run.id: frame.why_not_spread(run.config.model) for run in runs}), switched.said(), switched.hears(KEY),
    )  # fmt: skip
    state.address("compare")


def _keep_point() -> None:
    checked = link.check_pick(st.session_state[KEY].pick)
    if checked is not None:
        point, st.session_state.runs_z_number = checked
        st.session_state.runs_z = DIAL_Z if point is None else point


def _keep_epoch() -> None:
    """Someone went to another epoch, or (None) back to the newest."""
    checked, session = link.check_said(st.session_state[KEY].epoch), st.session_state
    if checked is None:
        return
    epoch, session.compare_epoch_number = checked
    session.pop("compare_epoch", None)
    if isinstance(epoch, int) and not isinstance(epoch, bool) and 0 <= epoch <= LARGEST:
        session.compare_epoch = epoch
