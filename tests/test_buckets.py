"""Token buckets: how many at once, how fast they fill again, and that there are never too many of them."""

import pytest

from pages.web.buckets import Buckets

BURST, PER_MINUTE = 30, 20


def test_buckets_fill_again() -> None:
    clock = [0.0]
    buckets = Buckets(BURST, PER_MINUTE, now=lambda: clock[0])
    assert [buckets.wait_s("a") for _ in range(BURST)] == [0.0] * BURST
    assert buckets.wait_s("a") == pytest.approx(60 / PER_MINUTE)
    clock[0] += 0.75 * 60 / PER_MINUTE
    assert buckets.wait_s("a") == pytest.approx(0.25 * 60 / PER_MINUTE)  # asking costs nothing
    clock[0] += 0.25 * 60 / PER_MINUTE + 1e-6
    assert buckets.wait_s("a") == 0.0 and buckets.wait_s("a") > 0
    clock[0] += 3600
    assert sum(buckets.wait_s("a") == 0.0 for _ in range(2 * BURST)) == BURST  # no more than full


def test_buckets_are_bounded() -> None:
    buckets = Buckets(BURST, PER_MINUTE, most=3)
    for client in "abcad":
        buckets.wait_s(client)
    assert list(buckets.levels) == ["c", "a", "d"]


def test_what_costs_nothing_takes_no_token_and_is_not_done_without_one() -> None:
    asked, answers = [], [False, False, True]

    def costs() -> bool:
        asked.append("?")
        return answers[len(asked) - 1]

    buckets = Buckets(1, PER_MINUTE, now=lambda: 0.0)
    assert [buckets.wait_s("a", costs) > 0 for _ in range(5)] == [False, False, False, True, True] and len(asked) == 3
