"""Ten threads that ask for the same thing at once, for the tests of what is made only once."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from core import kept

THREADS = 10
PATIENCE_S = 20.0


class Together:
    """`ask` calls a function from ten threads; what is made in there calls `wait`, and goes on when the nine others wait for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waiters = threading.Semaphore(0)
        waiters = self.waiters

        class Watched(Future):
            """Says when somebody waits for it."""

            def result(self, timeout: float | None = None) -> Any:
                waiters.release()
                return super().result(timeout)

        monkeypatch.setattr(kept, "Future", Watched)

    def wait(self) -> None:
        """Until nine threads wait; it fails where they make the same thing themselves."""
        for _ in range(THREADS - 1):
            assert self.waiters.acquire(timeout=PATIENCE_S), "The others do not wait."

    def ask(self, what: Callable[[], Any]) -> list[Any]:
        """The ten answers, exceptions too."""
        with ThreadPoolExecutor(THREADS) as threads:
            asked = [threads.submit(what) for _ in range(THREADS)]
            return [answer.exception() or answer.result() for answer in asked]
