"""Exercises: what the pages ask is true of the model, and each link leads to what it says."""

import pytest
from explore import run
from visit import PAGES, visit

from core import checkpoints
from pages.session import exercise_words, exercises, link, properties
from pages.session.exercise_words import Exercise

EVERY = {
    "explore": exercise_words.of_map(checkpoints.load("vae-mnist-2d")),
    "reconstruct": exercise_words.RECONSTRUCT,
    "denoise": exercise_words.DENOISE,
    "super-resolution": exercise_words.SUPER_RESOLUTION,
    "generate": exercise_words.GENERATE,
    "compare": exercise_words.COMPARE,
    "train": exercise_words.TRAIN,
}
LINKS = [exercise for asked in EVERY.values() for exercise in asked if exercise.link]
MODELS = ("vae-mnist-2d", "ae-mnist-2d", "cvae-mnist-2d", "vae-mnist-16d", "vae-mnist-2d-collapsed", "vae-fashion-2d")


def asked(exercises: list[Exercise]) -> str:
    return " ".join(f"{exercise.ask} {exercise.look}" for exercise in exercises)


@pytest.mark.parametrize("exercise", LINKS, ids=lambda exercise: exercise.words)
def test_a_link_says_what_its_page_understands(exercise: Exercise) -> None:
    _, said, problems = link.read(properties.PAGES[exercise.page], exercise.link)
    assert not problems and said == {*exercise.link}
    assert (PAGES / exercises.SCRIPTS[exercise.page]).is_file()


@pytest.mark.parametrize("name", MODELS)
def test_explore_asks_what_is_true_of_the_model(name: str) -> None:
    of_map = exercise_words.of_map(checkpoints.load(name))
    said, linked = asked(of_map), [exercise.link["checkpoint"] for exercise in of_map]
    assert "{" not in said and ("garment" in said) == (name == "vae-fashion-2d")
    assert ("varies most" in said) == (name in ("vae-mnist-2d", "ae-mnist-2d", "vae-fashion-2d")), "elsewhere classes lie on each other"
    assert ("the prior is densest" in said) == (name not in ("ae-mnist-2d", "vae-mnist-2d-collapsed")), "of a model that keeps to one"
    assert linked[-2:] == ["vae-mnist-16d", "vae-mnist-2d-collapsed"] and {*linked[:-2]} <= {name}


def test_the_questions_are_drawn_where_they_are_open() -> None:
    closed, opened = run("main.py"), visit("main.py", session={"explore_exercises": True})
    (part,) = [expander for expander in opened.expander if expander.label == exercises.TITLE]
    assert not closed.get("page_link") and len(opened.get("page_link")) == len(EVERY["explore"]) == len(part.markdown)
    assert "background=neighbours" in opened.get("page_link")[1].proto.query_string


@pytest.mark.parametrize("page", EVERY)
def test_every_page_has_its_own(page: str) -> None:
    parts = [expander for expander in visit(exercises.SCRIPTS[page]).expander if expander.label == exercises.TITLE]
    assert len(parts) == 1


def test_an_exercise_can_choose_what_is_to_be_trained() -> None:
    app = visit("train.py", session={"train_exercises": True})
    app.button(key="train_exercise_2").click().run()
    assert not app.exception and app.selectbox(key="train_model").value == "ae"
