"""The time left is that of the last seconds."""

import math

import pytest

from core.pace import WINDOW_S, Pace


def follow(steps: list[tuple[float, float]], total: float) -> list[float]:
    """The time left after each of these (seconds, done)."""
    pace = Pace(0.0, 0.0)
    return [pace.seconds_left(now, done, total) for now, done in steps]


def test_an_even_pace_counts_down():
    assert follow([(float(t), 10.0 * t) for t in range(1, 101)], 1000.0) == pytest.approx([100.0 - t for t in range(1, 101)])


@pytest.mark.parametrize("every", [0.01, 0.2, 1.0])
def test_a_slower_machine_is_known_within_the_window(every):
    """Ten minutes at 10 a second, then 1 a second: the average of all would still say a seventh of the truth."""
    fast = [(n * every, 10 * n * every) for n in range(1, int(600 / every))]
    since, reached = fast[-1]
    slow = [(since + n * every, reached + n * every) for n in range(1, int((WINDOW_S + 1) / every) + 1)]
    left = follow(fast + slow, 10_000.0)[-1]
    assert left == pytest.approx(10_000.0 - slow[-1][1], rel=0.06)


def test_steps_longer_than_the_window_count_one_by_one():
    assert follow([(60.0, 1.0), (120.0, 2.0), (240.0, 3.0)], 5.0) == [240.0, 180.0, 240.0]


def test_where_nothing_was_done_nobody_knows():
    pace = Pace(0.0, 3.0)
    assert pace.seconds_left(5.0, 3.0, 10.0) == math.inf
    assert pace.seconds_left(6.0, 4.0, 10.0) == 36.0
    assert pace.seconds_left(7.0, 10.0, 10.0) == 0.0
