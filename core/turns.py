"""Whose turn it is: training runs wait for a device, and get it fairly. Standard library only: to wait must cost next to nothing."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from core.runs import JobError, Run, folders, read
from core.training.folder import FIRST, STOP, is_asked, is_held, pause_is_due, read_status, take_lock, withdraw, write_status

QUEUE = ".queue"  # the lock of all that start a run or take a device
POLL_S = 0.3  # how often a waiting run looks whether its turn has come
PATIENCE_S = 5.0  # for the queue


class Cancelled(Exception):
    """The person cancelled the run while it waited for a device."""


class Waiting(NamedTuple):
    """A run that waits for a device."""

    id: str
    owner: str
    created: float
    put_first: float = 0.0  # when the administrator put it before all others, Unix seconds; 0: it waits its turn


def queue_order(waiting: Iterable[Waiting], running: Mapping[str, int], last_turn: Mapping[str, float]) -> list[str]:
    """Ids in the order in which they get a device.

    What the administrator put first comes first, the latest before the others. Then turns go round between people: first whoever
    has the fewest runs on a device (`running`), counting those that come earlier in this order; among equals whoever has gone
    without the longest, which is since they last had a device (`last_turn`, Unix seconds) or since their oldest waiting run was
    started, whichever is later. One person's runs come as they were started. So nobody who waits and has no device is overtaken
    twice by the same person, however many runs that person starts.
    """
    waiting = list(waiting)
    first = sorted((run for run in waiting if run.put_first), key=lambda run: (-run.put_first, run.id))
    lines: dict[str, list[Waiting]] = {}
    for run in sorted((run for run in waiting if not run.put_first), key=lambda run: (run.created, run.id), reverse=True):
        lines.setdefault(run.owner, []).append(run)  # the oldest last
    have = Counter(running)
    have.update(run.owner for run in first)

    def rank(owner: str) -> tuple[int, float, float, str]:
        oldest = lines[owner][-1]
        return have[owner], max(last_turn.get(owner, 0.0), oldest.created), oldest.created, oldest.id

    order = [run.id for run in first]
    while lines:
        owner = min(lines, key=rank)
        order.append(lines[owner].pop().id)
        have[owner] += 1
        if not lines[owner]:
            del lines[owner]
    return order


def share_out(order: Iterable[str], wants: Mapping[str, Iterable[str]], free: Mapping[str, int]) -> dict[str, str]:
    """Which run gets which device: in order, each the first of those it wants that still has a free place (`free`).

    A run whose devices are all busy does not hold up those behind it that want others.
    """
    left, given = Counter(free), {}
    for run_id in order:
        device = next((device for device in wants[run_id] if left[device] > 0), None)
        if device is not None:
            left[device] -= 1
            given[run_id] = device
    return given


def order_of(found: list[Run]) -> list[str]:
    """The ids of those that wait, the next first.

    A person's last turn is when one of their runs got a device or ended. A pause does not end it: a run that is resumed has its
    place before all who came after it got its device, and getting it again is a turn like any other.
    """
    alive = [run for run in found if run.alive]
    last_turn: dict[str, float] = {}
    for run in found:
        last_turn[run.owner] = max(last_turn.get(run.owner, 0.0), run.status.get("turn") or 0.0)
    waiting = [Waiting(run.id, run.owner, run.created, run.put_first) for run in alive if run.state == "queued"]
    return queue_order(waiting, Counter(run.owner for run in alive if run.state == "running"), last_turn)


def _free_places(root: Path, device: str, places: int) -> list[Path]:
    """The lock files of the device that nobody holds; one is held for as long as its process uses the device, or lives."""
    paths = (root / f".device-{device.replace(':', '-')}-{place}" for place in range(places))
    return [path for path in paths if not is_held(path)]


class Turn:
    """A run's turn on a device: waited for, had, given back and waited for again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.device: str | None = None  # the one it has, or had last: a process cannot move to another
        self.place: int | None = None  # the descriptor of the lock it holds there
        self.places = whole_number("LATENT_TRAINING_SLOTS", 1)

    def wait(self) -> str | None:
        """The device, once it is this run's; None if it was paused meanwhile. Raises Cancelled, and JobError if its files are damaged."""
        write_status(self.folder, state="queued", phase="waiting", waits_for=self.device and [self.device])
        while True:
            if is_asked(self.folder, STOP):
                raise Cancelled
            if (run := read(self.folder)).state == "failed":  # it says "queued", so this is about its files: it would wait for ever
                raise JobError(run.message)
            if self._paused():
                return None
            if device := self._claim():
                return device
            time.sleep(POLL_S)

    def wait_again(self) -> str:
        """The same after a pause; a further pause is waited for here, since the process has all it needs in memory."""
        while (device := self.wait()) is None:
            write_status(self.folder, state="paused", phase="", message="")
            while self._paused() and not is_asked(self.folder, STOP):
                time.sleep(POLL_S)
        return device

    def release(self) -> None:
        """Give the device back."""
        if self.place is not None:
            os.close(self.place)
            self.place = None
            self.end()

    def end(self) -> None:
        """Note when the turn ended, unless it is only interrupted by a pause."""
        if read_status(self.folder).get("state") != "paused":
            write_status(self.folder, turn=time.time())

    def _paused(self) -> bool:
        return pause_is_due(self.folder, read(self.folder).epoch)

    def _claim(self) -> str | None:
        """Take a device if this run is the next for one that is free."""
        root = self.folder.parent
        if not any(_free_places(root, device, self.places) for device in read(self.folder).devices):
            return None  # most often, and cheap: nobody need be asked
        with suppress(JobError), queue(root):
            found = [read(folder) for folder in folders(root)]
            wants = {run.id: run.devices for run in found}
            free = {device: _free_places(root, device, self.places) for devices in wants.values() for device in devices}
            device = share_out(order_of(found), wants, {device: len(paths) for device, paths in free.items()}).get(self.folder.name)
            if device is not None and (place := take_lock(free[device][0])) is not None:
                self.device, self.place = device, place
                withdraw(self.folder, FIRST)  # once
                write_status(self.folder, state="running", phase="loading", message="", device=device, turn=time.time())
                return device
        return None


def whole_number(variable: str, default: int) -> int:
    """What the administrator set in the environment; JobError when it is no whole number from 1 on."""
    text = os.environ.get(variable, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise JobError(f"{variable} is {text!r}; it must be a whole number from 1 on. The server's administrator sets it.")
    return int(text)


@contextmanager
def queue(root: Path) -> Iterator[None]:
    """The queue, held: nobody else starts a run or takes a device."""
    until = time.monotonic() + PATIENCE_S
    while (lock := take_lock(root / QUEUE)) is None:
        if time.monotonic() > until:
            raise JobError("The queue of runs does not answer. Try again in a moment.")
    try:
        yield
    finally:
        os.close(lock)
