"""The process of a run: whether it has one, a new one for it, and whose lock that is.

Whoever holds a run's lock, and nobody else, writes its status: its process while there is one, for a moment a page when there is none.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core import permission
from core.places import PROJECT
from core.runs import Gone, JobError, Run, now, read
from core.training.failures import MAKE_ROOM
from core.training.folder import LOCK, LOG, STATUS, fill_reserve, is_disk_full, is_held, take_lock, write_json

PATIENCE_S = 5.0  # for a process that has said its last word and is ending


def launch(run: Run) -> None:
    """Start the process of a run that has none; JobError when it has one."""
    permission.check()
    with in_sentences("The run's process could not be started"):
        lock = lock_of(run)
        if lock is None:
            raise JobError(f"The run {run.id} has a process already.")
        try:
            relaunch(run.folder, lock)
        finally:
            os.close(lock)


def relaunch(folder: Path, lock: int) -> None:
    """A new process for a run that has none; the lock must be held. What was strange in its status is dropped."""
    with suppress(OSError):
        fill_reserve(folder)  # a full disk may have cost it
    usable = read(folder).status
    write_json(folder / STATUS, usable | {"state": "queued", "phase": "waiting", "message": "", "waits_for": None, "updated": time.time()})
    spawn(folder, lock)


def spawn(folder: Path, lock: int) -> None:
    """A process in a session of its own, to survive this one and its Ctrl-C. It inherits the lock, so it never looks dead."""
    command = [sys.executable, "-m", "core.worker", str(folder), "--lock", str(lock)]
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=permission.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(lock,),
            start_new_session=True,
        )  # fmt: skip
    threading.Thread(target=process.wait, name=f"wait for {folder.name}", daemon=True).start()  # else it would stay as a zombie


def lock_of(run: Run) -> int | None:
    """The run's lock, or None while it has a process; Gone when its directory was deleted before we had it."""
    if is_held(run.folder / LOCK):
        return None
    try:
        lock = take_lock(run.folder / LOCK)
        if lock is None or os.path.samestat(os.fstat(lock), (run.folder / LOCK).stat()):
            return lock
        os.close(lock)
    except FileNotFoundError:
        pass
    raise Gone(f"The run {run.id} was just deleted.")


def lock_of_ending(run: Run) -> int | None:
    """The lock of a run whose process, if there is one, has said its last word; None while it has not."""
    until = time.monotonic() + PATIENCE_S
    while (lock := lock_of(run)) is None:
        if now(run).active:
            return None
        if time.monotonic() > until:
            raise JobError(f"The process of the run {run.id} does not end. Try again in a moment.")
        time.sleep(0.05)
    return lock


@contextmanager
def in_sentences(what: str) -> Iterator[None]:
    """Inside, what the disk refuses becomes a JobError: `what`, and why."""
    try:
        yield
    except (OSError, TypeError, ValueError) as error:  # a config that is no JSON, too
        if is_disk_full(error):
            raise JobError(f"{what}: the disk is full. {MAKE_ROOM}, then try again.") from error
        raise JobError(f"{what}: {getattr(error, 'strerror', None) or error}.") from error
