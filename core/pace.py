"""How long something still takes, by the speed of its last seconds. Standard library only."""

from collections import deque

WINDOW_S = 15.0  # the speed is that of so many seconds: a machine that others use too slows down and recovers
MARK_S = 0.5  # between two notes of how far it was


class Pace:
    """The speed of something that is done bit by bit."""

    def __init__(self, now: float, done: float) -> None:
        """It begins, or goes on, at `now` (seconds on any clock) with so much done already."""
        self.marks = deque([(now, done)])

    def seconds_left(self, now: float, done: float, total: float) -> float:
        """Until `total`, at the speed of the last seconds, or of all of them where there are fewer; infinite where nothing was done."""
        while len(self.marks) > 1 and now - self.marks[1][0] >= WINDOW_S:
            self.marks.popleft()
        then, before = self.marks[0]
        if now - self.marks[-1][0] >= MARK_S:
            self.marks.append((now, done))
        if done >= total:
            return 0.0
        return (now - then) / (done - before) * (total - done) if done > before else float("inf")
