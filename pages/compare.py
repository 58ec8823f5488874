"""Compare: models beside each other."""

from collections.abc import Callable

import streamlit as st

from pages.comparing import dial, two_models, two_runs
from pages.session import exercise_words, exercises, heading, state
from pages.session.properties.compare import COMPARING

SHOW: dict[str, Callable[[], None]] = {"models": two_models.show, "dial": dial.show, "runs": two_runs.show}


def main() -> None:
    """The page."""
    state.begin("compare")
    heading.show("Compare", "compare")
    state.say_problems()
    mode = st.segmented_control(
        "What to compare", list(SHOW), default=next(iter(SHOW)), required=True, format_func=COMPARING.__getitem__, key="compare_mode",
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    state.address("compare")
    SHOW[str(mode)]()
    exercises.show("compare", exercise_words.COMPARE)


main()
