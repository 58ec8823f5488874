"""What courses set as work, on the page of its topic, each question with a link to where its answer is to be seen."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from pages.session.exercise_words import Exercise

TITLE = "Questions to work on"
SCRIPTS = {
    "explore": "explore.py", "reconstruct": "reconstruct.py", "denoise": "denoise.py", "super-resolution": "super_resolution.py",
    "generate": "generate.py", "compare": "compare.py", "train": "train.py", "models": "models.py",
}  # fmt: skip
ICON = ":material/arrow_forward:"
TO_THE_TOP = (Path(__file__).parent / "exercises.js").read_text(encoding="utf-8")


@st.fragment
def show(page: str, exercises: Sequence[Exercise]) -> None:
    """The page's part; nothing of it is drawn while it is closed."""
    part = st.expander(TITLE, icon=":material/quiz:", key=f"{page}_exercises", on_change="rerun")
    if part.open:
        with part, st.container(key="exercises"):
            listed(page, exercises)


def listed(key: str, exercises: Sequence[Exercise]) -> None:
    """Questions, numbered; in a container with the key "exercises", whose links and buttons show what they lead to from its top."""
    st.html(f"<script>{TO_THE_TOP}</script>", unsafe_allow_javascript=True)
    for number, exercise in enumerate(exercises, 1):
        _one(f"{key}_exercise_{number}", number, exercise)


def _one(key: str, number: int, exercise: Exercise) -> None:
    """A question, and what leads to its answer: a link, or a button that sets the page's widgets."""
    with st.container(gap="xsmall"):
        st.markdown(f"**{number}. {exercise.ask}** {exercise.look}")
        if exercise.link:
            lead(exercise.words, exercise.page, exercise.link)
        elif exercise.session and st.button(exercise.words, icon=ICON, key=key, on_click=st.session_state.update, args=(exercise.session,)):
            st.switch_page(SCRIPTS[exercise.page])  # also of the page itself: all of it is to be drawn, not these questions alone


def lead(words: str, page: str, query: Mapping[str, str]) -> None:
    """A link to a page as that address has it."""
    st.page_link(SCRIPTS[page], label=words, icon=ICON, query_params=dict(query))
