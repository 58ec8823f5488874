"""Lesson: every question of the pages has its step, each link says what its page understands, and the page opens no model."""

import pytest
from streamlit.testing.v1 import AppTest
from test_exercises_page import EVERY
from visit import PAGES, address, checked

from core import checkpoints
from pages.session import exercises, link, properties
from pages.session.lesson_words import STEPS, Link

LINKS = [one for step in STEPS for one in step.links]


def lesson(**query: str) -> AppTest:
    """The page, which links to others: so the whole application, at that page."""
    app = AppTest.from_file(PAGES / "main.py").switch_page("lesson.py")
    for name, value in query.items():
        app.query_params[name] = value
    return checked(app.run())


def test_every_question_stands_in_one_step() -> None:
    asked = sorted(question.ask for step in STEPS for question in step.questions)
    assert asked == sorted(question.ask for page in EVERY.values() for question in page)


@pytest.mark.parametrize("link_", LINKS, ids=lambda one: one.words)
def test_a_link_says_what_its_page_understands(link_: Link) -> None:
    _, said, problems = link.read(properties.PAGES[link_.page], link_.query)
    assert not problems and said == {*link_.query} and (PAGES / exercises.SCRIPTS[link_.page]).is_file()


def test_no_question_leads_nowhere() -> None:
    assert all((question.link or question.session) and question.page and question.words for step in STEPS for question in step.questions)


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_a_step_is_drawn_without_any_model(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(name: str) -> None:
        raise AssertionError(f"{name} was opened")

    for way in ("opened", "load"):
        monkeypatch.setattr(checkpoints, way, opened)
    app, step = lesson(step=str(number)), STEPS[number - 1]
    assert [header.value for header in app.header] == [f"{number}. {step.title}", exercises.TITLE]
    assert app.markdown[0].value == step.words and [caption.value for caption in app.caption] == [step.terms]
    labels = [one.proto.label for one in app.get("page_link")]
    assert labels == [*(one.words for one in step.links), *(one.words for one in step.questions if one.link)]


def test_from_step_to_step_and_back_the_address_says_which() -> None:
    app = lesson()
    assert address(app) == {} and [button.label for button in app.button] == [f"Next: {STEPS[1].title}"]
    checked(app.button[0].click().run())
    assert address(app) == {"step": "2"} and app.header[0].value == f"2. {STEPS[1].title}"
    checked(app.button[-2].click().run())
    assert address(app) == {}
    assert [button.label for button in lesson(step=str(len(STEPS))).button] == ["Back"]


def test_a_step_that_there_is_not_is_said() -> None:
    app = lesson(step="99")
    assert app.warning[0].value.startswith("The link asks for the step `99`") and address(app) == {}


def test_a_question_about_training_opens_the_form_with_its_model() -> None:
    app = lesson(step="3")
    (button,) = [button for button in app.button if button.label == "Choose the autoencoder"]
    checked(button.click().run())
    assert app.title[0].value == "Train a model" and app.selectbox(key="train_model").value == "ae"
