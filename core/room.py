"""How much of the disk finished runs may hold: beyond LATENT_DISK_GB the oldest lose their epochs. Standard library only.

What is learnt stays: models, and the curves of every run. A run that can still go on loses nothing.
"""

import os
from contextlib import suppress
from pathlib import Path

from core.runs import JobError, Run, folders, read
from core.training.folder import EPOCHS_FOLDER, LOCK, take_lock, write_status

VARIABLE, DEFAULT_GB = "LATENT_DISK_GB", 10.0
MAKING_ROOM = ".room"  # the lock of whoever does


def limit_bytes() -> float:
    """What finished runs may hold together; JobError when the administrator set no number."""
    text = os.environ.get(VARIABLE) or str(DEFAULT_GB)
    try:
        gigabytes = float(text)
    except ValueError:
        gigabytes = -1.0
    if not 0 <= gigabytes < 1e9:  # NaN neither
        raise JobError(f"{VARIABLE} is {text!r}; it must be a number of gigabytes, such as 10. The server's administrator sets it.")
    return gigabytes * 1e9


def make(root: Path) -> None:
    """Remove epochs of finished runs, of the oldest first, until all together hold no more than `limit_bytes`.

    First all epochs but a run's first and last; where that is not enough, these too. Meanwhile the run's lock is held.
    """
    limit = limit_bytes()
    lock = take_lock(root / MAKING_ROOM)
    if lock is None:  # another process is just doing it
        return
    try:
        finished = sorted((run for run in map(read, folders(root)) if run.state == "finished"), key=lambda run: (run.created, run.id))
        held = {run.id: size(run.folder) for run in finished}
        for ends in (1, 0):
            for run in finished:
                if sum(held.values()) <= limit:
                    return
                _thin(run, ends)
                held[run.id] = size(run.folder)
    finally:
        os.close(lock)


def size(folder: Path) -> int:
    """Bytes of all files in a run's directory."""
    total = 0
    for file in folder.rglob("*"):
        with suppress(OSError):  # it was removed just now
            total += 0 if file.is_dir() else file.lstat().st_size
    return total


def _thin(run: Run, ends: int) -> None:
    """Keep so many epochs at the run's beginning and at its end, and say in its status that others were removed."""
    try:
        lock = take_lock(run.folder / LOCK)
    except OSError:  # the run was deleted
        return
    if lock is None:
        return
    try:
        now, epochs = read(run.folder), sorted((run.folder / EPOCHS_FOLDER).glob("*.safetensors"))
        if (now.created, now.state) != (run.created, "finished") or len(epochs) <= 2 * ends:
            return
        with suppress(OSError):
            write_status(run.folder, removed_epochs=True)
            for epoch in epochs[ends : len(epochs) - ends]:
                epoch.unlink()
    finally:
        os.close(lock)
