"""The bounded memory: nothing is made twice at once, an error is everybody's and is not remembered, the least recently used goes."""

import pytest
from together import Together

from core.kept import Kept


def test_what_is_here_is_not_made_again():
    kept: Kept[str, object] = Kept(2)
    first = kept.get("a", object)
    assert kept.get("a", lambda: pytest.fail("made again")) is first
    assert kept.get("b", object) is not first


def test_the_least_recently_used_goes_first():
    kept: Kept[str, int] = Kept(2)
    made: list[str] = []

    def ask(key: str) -> None:
        def make() -> int:
            made.append(key)
            return len(made)

        kept.get(key, make)

    for key in "abacab":
        ask(key)
    assert made == ["a", "b", "c", "b"]  # c pushed b out, a had been used since


def test_ten_who_ask_at_once_get_one_and_the_same(monkeypatch):
    together, made = Together(monkeypatch), []
    kept: Kept[str, object] = Kept(2)

    def make() -> object:
        made.append(object())
        together.wait()
        return made[-1]

    answers = together.ask(lambda: kept.get("key", make))
    assert len(made) == 1 and answers == made * 10


def test_an_error_is_given_to_all_who_waited_and_is_not_remembered(monkeypatch):
    together, tries = Together(monkeypatch), []
    kept: Kept[str, int] = Kept(2)

    def fail() -> int:
        tries.append(1)
        together.wait()
        raise LookupError("There is no such thing.")

    answers = together.ask(lambda: kept.get("key", fail))
    assert len(tries) == 1 and len(answers) == 10
    assert all(isinstance(answer, LookupError) and str(answer) == "There is no such thing." for answer in answers)
    assert kept.get("key", lambda: 7) == 7


def test_what_is_being_made_holds_up_nobody_who_asks_for_something_else():
    kept: Kept[str, int] = Kept(2)
    assert kept.get("outer", lambda: kept.get("inner", lambda: 1) + 1) == 2  # would wait for ever if `make` ran under the lock
