"""Words for numbers: what people read, at the edges too."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.words import decibels, duration, joined, number, plural, sentence

FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (1.5, 2, "1.50"),
        (-1.5, 2, "−1.50"),
        (-0.004, 2, "0.00"),
        (-0.0, 1, "0.0"),
        (-0.4, 0, "0"),
        (-0.006, 2, "−0.01"),
        (-10.0, 0, "−10"),
        (math.inf, 1, "∞"),
        (-math.inf, 1, "−∞"),
        (math.nan, 1, "unknown"),
        (None, 3, "unknown"),
    ],
)
def test_numbers(value: float | None, digits: int, said: str) -> None:
    assert number(value, digits) == said


@given(FINITE, st.integers(0, 6))
def test_a_number_can_be_read_back_and_zero_has_no_sign(value: float, digits: int) -> None:
    text = number(value, digits)
    assert float(text.replace("−", "-")) == float(f"{value:.{digits}f}") and "-" not in text
    assert text.startswith("−") == (float(f"{value:.{digits}f}") < 0)


def test_decibels() -> None:
    assert [decibels(value) for value in (28.44, -3.0, math.inf, None)] == ["28.4 dB", "−3.0 dB", "∞ dB", "unknown dB"]


@pytest.mark.parametrize(
    ("seconds", "long", "short"),
    [
        (0.0, "1 second", "1 s"),
        (0.2, "1 second", "1 s"),
        (45, "45 seconds", "45 s"),
        (91, "2 minutes", "2 min"),
        (3600, "60 minutes", "60 min"),
        (7200, "2 hours", "2.0 h"),
        (130_000, "2 days", "1.5 days"),
        (400_000, "5 days", "4.6 days"),
        (math.inf, "an unknown time", "an unknown time"),
        (math.nan, "an unknown time", "an unknown time"),
    ],
)
def test_durations(seconds: float, long: str, short: str) -> None:
    assert duration(seconds) == long and duration(seconds, short=True) == short


@pytest.mark.parametrize(
    ("seconds", "before", "from_then_on"),
    [(90, "90 seconds", "2 minutes"), (90 * 60, "90 minutes", "2 hours"), (36 * 3600, "36 hours", "2 days")],
)
def test_where_a_unit_gives_way_to_the_next(seconds: int, before: str, from_then_on: str) -> None:
    assert duration(math.nextafter(seconds, 0)) == before and duration(seconds) == from_then_on


def test_units_are_exact() -> None:
    assert duration(86_400 * 1_000_000) == "1,000,000 days" and number(2.345678) == "2.35"


@given(st.floats(0, 8e7))
def test_a_duration_is_right_to_a_third(seconds: float) -> None:
    lengths = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "s": 1, "min": 60, "h": 3600, "days": 86_400}
    for short in (False, True):
        count, name = duration(seconds, short).split()
        assert float(count) * (lengths.get(name) or lengths[name.removesuffix("s")]) == pytest.approx(max(1, seconds), rel=1 / 3)
        assert re.fullmatch(r"\d+", count) or short


@given(st.floats(0, 8e7), st.floats(0, 8e7))
def test_a_longer_time_is_never_said_to_be_shorter(one: float, other: float) -> None:
    def in_seconds(said: str) -> int:
        count, name = said.split()
        return int(count) * {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}[name.removesuffix("s")]

    assert in_seconds(duration(min(one, other))) <= in_seconds(duration(max(one, other)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((1, "digit"), "1 digit"),
        ((0, "digit"), "0 digits"),
        ((2, "run goes", "runs go"), "2 runs go"),
        ((1200, "epoch"), "1,200 epochs"),
        ((1.0, "minute"), "1 minute"),
        ((2.5, "minute"), "2.5 minutes"),
    ],
)
def test_plurals(words: tuple, said: str) -> None:
    assert plural(*words) == said


@given(st.lists(st.text("abc", min_size=1), min_size=1))
def test_every_name_is_in_the_list_once_and_in_order(names: list[str]) -> None:
    assert re.split(", | and ", joined(names)) == names
    assert joined(names).count(" and ") == (len(names) > 1)


def test_lists_and_sentences() -> None:
    assert [joined(list(names)) for names in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]
    assert sentence("sigma, in pixels") == "Sigma, in pixels."
