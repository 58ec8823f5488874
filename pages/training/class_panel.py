"""The class panel: everybody's runs for whoever is in charge, who can put one first in the queue, and cancel one or all."""

from collections.abc import Callable, Iterable

import streamlit as st

from core import jobs, permission
from core.jobs import Run
from core.words import duration
from pages.session import link, refusals
from pages.training import form, run_view, visitor
from pages.web import errors, passwords

POLL_S = 4.0
FIRST_ROWS_PX = 420  # the rest is scrolled to


def show() -> None:
    """The panel, for the administrator."""
    if not visitor.is_administrator():
        return
    with st.expander("Class panel", icon=":material/groups:"):
        st.fragment(_look, run_every=POLL_S if any(run.active for run in jobs.runs()) else None)()
        if permission.password("admin") is not None:
            st.button("Leave the class panel", icon=":material/lock:", on_click=passwords.lock, args=("admin", visitor.me()))


def offer() -> None:
    """Where a teacher who is not in charge yet gives the administrator's password."""
    if permission.password("admin") is not None and not visitor.is_administrator():
        with st.expander("For the teacher", icon=":material/groups:"):
            visitor.ask_password("admin", "**The class panel** shows all runs, and can cancel them or put one first in the queue.")


def _look() -> None:
    """One look at all runs, and what can be done about them."""
    runs = sorted(jobs.runs(), key=_rank)
    if said := st.session_state.pop("panel_said", ""):
        st.toast(link.plain(said), icon=":material/check:", duration="long")  # the panel itself is drawn anew every few seconds
    refusals.show("panel")
    if not runs:
        st.markdown("There are no runs yet.")
        return
    states = [run.state for run in runs if run.active]
    st.markdown(f"**{states.count('running')}** training, **{states.count('queued')}** waiting, **{states.count('paused')}** paused.")
    _table(runs)
    _actions([run for run in runs if run.active])
    st.caption(_limit_in_words())


def _rank(run: Run) -> tuple[int, int, float]:
    """Those that train, then those that wait as their turn comes, then the rest, the newest first."""
    order = ("running", "queued", "paused")
    return order.index(run.state) if run.state in order else len(order), run.queue_position or 0, -run.created


def _table(runs: list[Run]) -> None:
    turns = run_view.seconds_until_turn(runs)
    rows = [
        {
            "Run": run.id,
            "Whose": visitor.called(run.owner),
            "State": "ending" if run.stopping else run_view.STATES[run.state][0],
            "Time": _time(run, turns.get(run.id)),
            "Done": min(1.0, run.epoch / run.epochs) if run.epochs else 0.0,
        }
        for run in runs
    ]
    done = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)
    st.dataframe(
        rows, hide_index=True, height=FIRST_ROWS_PX if len(rows) > 10 else "auto", column_config={"Done": done}, key="class_panel_runs"
    )


def _time(run: Run, until_turn: float | None) -> str:
    """How long it still trains, or waits."""
    if run.state == "queued":
        return "not known yet" if until_turn is None else f"starts in about {duration(until_turn)}"
    left = run.status.get("seconds_left")
    return f"{duration(left, short=True)} left" if run.state == "running" and run.phase == "training" and left is not None else ""


def _actions(active: list[Run]) -> None:
    """What can be done about the runs that are under way or wait."""
    if not active:
        return
    by_id = {run.id: run for run in active}
    words = {run.id: f"{run.id} ({visitor.called(run.owner)})" for run in active}
    chosen = by_id[st.selectbox("Run", list(by_id), format_func=words.__getitem__, key="class_panel_run")]
    with st.container(horizontal=True):
        if st.button("Watch", icon=":material/visibility:", key="class_panel_watch"):
            st.session_state.run = chosen.id
            st.rerun()
        st.button(
            "Put first", icon=":material/vertical_align_top:", disabled=chosen.state != "queued", key="class_panel_first",
            on_click=_do, args=(jobs.put_first, [chosen], f"{chosen.id} gets the next free device."),
            help="It gets the next free device, ahead of everyone who waits.",
        )  # fmt: skip
        _cancel("Cancel this run", [chosen], "one")
        _cancel("Cancel all runs", active, "all")


def _cancel(title: str, runs: list[Run], key: str) -> None:
    """Cancelling, once it is confirmed."""
    what = runs[0].id if key == "one" else f"all {len(runs)} runs" if len(runs) > 1 else "the only run"
    with st.popover(title, icon=":material/stop:", key=f"class_panel_cancel_{key}"):
        st.markdown(f"**Cancel {what}?** Finished epochs are kept, and whoever started a run can resume it.")
        st.button(
            f"Yes, cancel {what}", key=f"class_panel_cancel_{key}_yes", on_click=_do,
            args=(jobs.cancel, runs, f"Cancelled: {what}."),
        )  # fmt: skip


def _do(what: Callable[[Run], None], runs: Iterable[Run], said: str) -> None:
    """Do it to each run, and keep what there is to say for the next look."""
    problems = []
    for run in runs:
        try:
            what(run)
        except jobs.JobError as error:
            problems.append(errors.words(error))
    refusals.read("panel")
    if problems:
        refusals.say("panel", link.plain(" ".join(problems)))
    else:
        st.session_state.panel_said = said


def _limit_in_words() -> str:
    try:
        minutes = permission.minutes()
    except jobs.JobError as error:
        return link.plain(str(error))
    if minutes is None:
        return "A run may train for as long as it takes. LATENT_TRAINING_MINUTES, where the server is started, sets a limit."
    return form.limit_in_words(minutes)
