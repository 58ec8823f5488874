"""What a page that shows runs without following them does when one of them goes on, ends or is deleted: it is drawn again."""

from collections.abc import Callable, Hashable

import streamlit as st

from core import jobs

WATCH_S = 4.0


def watch(look: Callable[[], Hashable]) -> None:
    """Draw the page again as soon as `look` returns something else than now. Shows nothing."""
    seen = look()

    @st.fragment(run_every=WATCH_S)
    def again() -> None:
        if look() != seen:
            st.rerun()

    again()


def state_of(run_id: str) -> tuple[str, float] | None:
    """What of a run makes a page another one: its state, and which run of that name it is; None: it is gone."""
    try:
        run = jobs.find(run_id)
    except jobs.JobError:
        return None
    return run.state, run.created
