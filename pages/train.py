"""Train: describe a run, start it, watch the latent space come into being, and travel back through its epochs."""

import streamlit as st

from core import jobs
from pages.session import exercise_words, exercises, heading, link, refusals
from pages.session import state as session
from pages.training import class_panel, form, run_view, visitor

FORM_PX = 760


def main() -> None:
    """The page."""
    if session.begin("train"):
        _pick(None)  # Back from a run is back to the form, also while it goes on
    if problems := st.session_state.pop("link_problems", ()):
        refusals.say("link", " ".join(problems))
    runs = jobs.runs()
    chosen = _chosen(runs)
    session.address("train")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.title("Train a model", anchor=False, width="stretch")
        if chosen:
            heading.copy_link("train")
        if runs:
            _picker(runs, chosen)
        if chosen:
            st.button("New run", icon=":material/add:", on_click=_pick, args=(None,))
    class_panel.show()
    refusals.show("link")
    if chosen:
        run_view.show(chosen)
        return
    _form()
    exercises.show("train", exercise_words.TRAIN)


def _form() -> None:
    with st.container(width=FORM_PX):
        st.markdown(
            "Choose what to train and press **Start training**: the map of its codes appears at once and changes with every epoch, and "
            "you can decode any point of it while the model learns."
        )
        if visitor.gate():
            form.show()
            visitor.introduce()
        class_panel.offer()


def _chosen(runs: list[jobs.Run]) -> str | None:
    """The run to show: the one just started or picked, or the address's, else the visitor's own that is under way."""
    state = st.session_state
    if "run" not in state:
        state.run = next((run.id for run in runs if run.active and run.owner == visitor.me()), None)
    if state.run not in {run.id for run in runs}:
        if state.run:
            refusals.say("link", f"The run {link.quote(state.run)} is no longer here.")
        state.run = None
    return state.run


def _picker(runs: list[jobs.Run], chosen: str | None) -> None:
    """Another run to watch or replay: the visitor's own first."""
    me = visitor.me()
    own = {run.id for run in runs if run.owner == me}
    ids = sorted((run.id for run in runs), key=lambda run_id: run_id not in own)
    key = f"run_picker-{chosen}"
    st.selectbox(
        "Runs",
        ids,
        index=ids.index(chosen) if chosen else None,
        format_func=lambda run_id: f"{run_id}{' (yours)' * (run_id in own)}",
        placeholder="Watch or replay a run",
        key=key,
        on_change=lambda: _pick(st.session_state[key]),
        label_visibility="collapsed",
        width=300,
    )


def _pick(run_id: str | None) -> None:
    st.session_state.run = run_id


main()
