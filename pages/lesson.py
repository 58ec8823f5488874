"""Lesson: the ideas of autoencoders in their order, a step at a time, each with a link to where it is done live, and its questions."""

import streamlit as st

from pages.session import exercises, heading, state
from pages.session.lesson_words import STEPS, Step

KEY = "lesson_step"
WORDS_PX = 760


def main() -> None:
    """The page."""
    state.begin("lesson")
    heading.show("Lesson", "lesson")
    state.say_problems()
    number = int(
        st.segmented_control(
            "Step", range(1, len(STEPS) + 1), default=1, required=True, key=KEY, persist_state="session", label_visibility="collapsed",
            format_func=lambda number: f"{number} {STEPS[number - 1].title}",
        )
    )  # fmt: skip
    state.address("lesson")
    with st.container(width=WORDS_PX, key="exercises"):
        show(number, STEPS[number - 1])


def show(number: int, step: Step) -> None:
    """A step, and what leads to the next."""
    st.header(f"{number}. {step.title}", anchor=False)
    st.caption(step.terms)
    st.markdown(step.words)
    with st.container(horizontal=True):
        for words, page, query in step.links:
            exercises.lead(words, page, query)
    st.header(exercises.TITLE, anchor=False)
    exercises.listed(f"lesson_{number}", step.questions)
    with st.container(horizontal=True):
        if number > 1:
            st.button("Back", icon=":material/arrow_back:", on_click=st.session_state.update, args=({KEY: number - 1},))
        if number < len(STEPS):
            st.button(
                f"Next: {STEPS[number].title}",
                icon=exercises.ICON,
                type="primary",
                on_click=st.session_state.update,
                args=({KEY: number + 1},),
            )


main()
