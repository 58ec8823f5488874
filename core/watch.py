"""Who is told how far a restoration has come, and who may end it."""

from collections.abc import Callable
from dataclasses import dataclass

OnProgress = Callable[[float], None]  # told the share that is done, [0, 1]
ShouldStop = Callable[[], bool]


class RestoreError(Exception):
    """A picture that cannot be restored like that; the message says why and what to do."""


class RestoreStoppedError(RestoreError):
    """`should_stop` said so."""


@dataclass(frozen=True)
class Watch:
    """Who is told of the progress, and who may end it."""

    on_progress: OnProgress | None = None
    should_stop: ShouldStop | None = None

    def at(self, share: float) -> None:
        """Tell that this share is done; RestoreStoppedError if that is to be all."""
        if self.should_stop is not None and self.should_stop():
            raise RestoreStoppedError("It was stopped before it finished.")
        if self.on_progress is not None:
            self.on_progress(share)
