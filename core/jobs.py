"""Training in the background: which runs there are, how one is started, and what can be asked of it.

The run directory is the only link between a page and the run's process (processes.py, worker.py).
"""

import dataclasses
import errno
import math
import os
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

from core import names, permission, processes, room
from core.places import CHECKPOINTS
from core.processes import in_sentences, lock_of, lock_of_ending, relaunch
from core.runs import UNFINISHED, Gone, JobError, Run, folders, now, read
from core.training import run_config
from core.training.folder import (
    FINISH,
    FIRST,
    LOCK,
    PAUSE,
    STOP,
    ask,
    fill_reserve,
    read_status,
    take_lock,
    withdraw,
    write_config,
    write_status,
)
from core.training.run_config import RunConfig
from core.turns import order_of, queue, whole_number

RUNS = CHECKPOINTS / "runs"
MAX_RUNS = 50  # processes, waiting ones included
LIMIT_PER_OWNER = 3  # the same, of one person
TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
CANCELLED = "Cancelled. Resume goes on from the last finished epoch."


# --- what runs there are ----------------------------------------------------------------------------------------------------


def runs(root: Path | None = None) -> list[Run]:
    """All runs, the newest first. One with damaged files is "failed", and its message says so; nothing raises."""
    found = [read(folder) for folder in folders(root or RUNS)]
    position = {run_id: place for place, run_id in enumerate(order_of(found))}
    found = [dataclasses.replace(run, queue_position=position.get(run.id)) for run in found]
    return sorted(found, key=lambda run: (run.created, run.id), reverse=True)


def find(run_id: str, root: Path | None = None) -> Run:
    """The run of that id (one that `runs` lists, never a path); JobError when there is none."""
    folder = next((folder for folder in folders(root or RUNS) if folder.name == run_id), None)
    if folder is None:
        raise JobError(f"There is no run {run_id!r}, or not any more. Reload the page to see which runs there are.")
    run = read(folder)
    return run if run.state != "queued" else next((other for other in runs(root) if other.id == run_id), run)


def taken() -> set[str]:
    """Names that no new run can have, in small letters."""
    return {entry.name.lower() for entry in (RUNS.iterdir() if RUNS.is_dir() else ())}


# --- starting ---------------------------------------------------------------------------------------------------------------


def start(config: RunConfig, root: Path | None = None) -> Run:
    """Make a run of this config (its id, created and minutes are filled in) and start its process; JobError says why not.

    The directory is made under a hidden name and then renamed to the first free one of NAME, NAME-2, ...: a run is there
    whole, with its process, or not at all.
    """
    permission.check()
    room.limit_bytes()
    _check_config(config)
    root = (root or RUNS).absolute()
    with in_sentences("The run could not be started"):
        root.mkdir(parents=True, exist_ok=True)
        with queue(root):
            _check_room(config.owner, root)
            folder, lock = _make(root, dataclasses.replace(config, minutes=permission.minutes()))
        try:
            processes.spawn(folder, lock)
        except BaseException:
            _remove(folder)
            raise
        finally:
            os.close(lock)
    return find(folder.name, root)


def _check_config(config: RunConfig) -> None:
    if problem := names.problem(config.name):
        raise JobError(problem)
    fault = run_config.fault(config)
    if fault or not config.devices:
        raise JobError(f"The run's settings cannot be used: the config {fault or 'names no device'}.")


def _check_room(owner: str, root: Path, besides: str = "") -> None:
    """Refuse one process more than one person, or all, may have; the queue must be held."""
    limit = whole_number("LATENT_TRAINING_LIMIT", LIMIT_PER_OWNER)
    active = [run for run in runs(root) if run.active and run.id != besides]
    if sum(run.owner == owner for run in active) >= limit:
        have = f"{limit} runs" if limit > 1 else "a run"
        raise JobError(
            f"You already have {have} running or waiting, which is the limit for one person. Wait for one to end, or cancel one."
        )
    if len(active) >= MAX_RUNS:
        raise JobError(f"{len(active)} runs are already running or waiting here, which is the limit. Try again when some have ended.")


def _make(root: Path, config: RunConfig) -> tuple[Path, int]:
    """The run's directory and its lock, taken; the queue must be held. What a crash left of earlier ones goes first."""
    for leftover in (*root.glob(".new-*"), *root.glob(".deleted-*")):
        shutil.rmtree(leftover, ignore_errors=True)
    hidden = _hidden(root, "new")
    hidden.mkdir()
    lock = None
    try:
        lock = take_lock(hidden / LOCK)
        assert lock is not None  # nobody knows of it yet
        fill_reserve(hidden)
        write_status(hidden, state="queued", phase="waiting", message="")
        return _named(hidden, config), lock
    except BaseException:
        if lock is not None:
            os.close(lock)
        shutil.rmtree(hidden, ignore_errors=True)
        raise


def _named(hidden: Path, config: RunConfig) -> Path:
    """Write the config, and give the directory the first free name."""
    for name in names.numbered(config.name):
        folder = hidden.with_name(name)
        if folder.exists():
            continue
        try:
            write_config(hidden, dataclasses.replace(config, id=folder.name, created=time.time()))
            return hidden.rename(folder)
        except OSError as error:
            if error.errno not in TAKEN:  # else somebody, the command line for example, was quicker
                raise
    raise AssertionError("there is always a free name")


def _hidden(root: Path, why: str) -> Path:
    return root / f".{why}-{os.getpid()}-{threading.get_ident()}-{time.monotonic_ns()}"


def _remove(folder: Path) -> None:
    """Out of sight at once, then away file by file."""
    hidden = folder.rename(_hidden(folder.parent, "deleted"))
    shutil.rmtree(hidden, ignore_errors=True)


# --- asking something of a run ----------------------------------------------------------------------------------------------


def pause(run: Run, after_epoch: int | None = None) -> None:
    """Pause it at once, or when so many epochs are finished. A run that waits for a device leaves the queue."""
    run = now(run)
    if run.state not in UNFINISHED:
        raise JobError(f"The run {run.id} is {run.state}; only one that waits or trains can be paused.")
    with in_sentences("The run could not be paused"):
        ask(run.folder, PAUSE, "" if after_epoch is None else str(after_epoch))


def resume(run: Run) -> None:
    """Go on where it was left: at once if its process is still there, else with a new one, from what it saved last."""
    run = now(run)
    _check_can_go_on(run)
    with in_sentences("The run could not be resumed"):
        withdraw(run.folder, FINISH, PAUSE)
        _revive(run)


def step_epoch(run: Run) -> None:
    """Go on to the end of the present epoch, and pause there."""
    run = now(run)
    _check_can_go_on(run)
    with in_sentences("The run could not be resumed"):
        withdraw(run.folder, FINISH)
        ask(run.folder, PAUSE, str(math.floor(run.epoch) + 1))
        _revive(run)


def finish(run: Run) -> None:
    """Train no further: what it has learnt so far is measured and becomes its checkpoint. `resume` takes it back until then."""
    run = now(run)
    _check_can_go_on(run)
    if not run.epoch:
        raise JobError(f"The run {run.id} has not learnt anything yet, so there is no model to keep. Resume it first.")
    with in_sentences("The run could not be finished"):
        ask(run.folder, FINISH)
        withdraw(run.folder, PAUSE)
        _revive(run)


def put_first(run: Run) -> None:
    """Let it have the next free device of those it waits for, before all others; an administrator's wish, granted once."""
    run = now(run)
    if not run.active or run.state != "queued":
        raise JobError(f"The run {run.id} is {run.state}; only one that waits for a device can be put first.")
    with in_sentences("The run could not be put first"):
        ask(run.folder, FIRST)


def cancel(run: Run) -> None:
    """Stop it: its process saves what it has and ends soon; without one it is stopped at once. `resume` can go on."""
    run = now(run)
    if run.state == "finished" or (run.state == "failed" and not run.alive):
        raise JobError(f"The run {run.id} has {run.state} already; there is nothing to cancel.")
    with in_sentences("The run could not be cancelled"):
        ask(run.folder, STOP)
        if (lock := lock_of(run)) is None:
            return  # its process will see it
        try:
            if read_status(run.folder).get("state") in UNFINISHED:
                write_status(run.folder, state="stopped", phase="", message=CANCELLED)
        finally:
            os.close(lock)


def delete(run: Run) -> None:
    """Remove the run (not the checkpoint that came of it); refused while it is under way. One that is gone already is gone."""
    with suppress(Gone), in_sentences("The run could not be deleted"):
        run = now(run)
        if run.active:
            raise JobError(f"The run {run.id} is {run.state}. Cancel it first, and delete it when it has stopped.")
        if (lock := lock_of_ending(run)) is None:
            raise JobError(f"The run {run.id} was just resumed. Cancel it first, and delete it when it has stopped.")
        try:
            _remove(run.folder)
        finally:
            os.close(lock)


def _check_can_go_on(run: Run) -> None:
    if run.state == "finished":
        raise JobError(f"The run {run.id} has finished; there is nothing left to train.")
    if run.stopping:
        raise JobError(f"The run {run.id} is just being cancelled. Resume it when it has stopped.")
    if not run.config.name:
        raise JobError(run.message)


def _revive(run: Run) -> None:
    """A new process if there is none. An old one that is just ending after a pause looks once more what is asked of it."""
    if (lock := lock_of_ending(run)) is None:
        return
    try:
        if read_status(run.folder).get("state") == "finished":  # another page was quicker
            return
        permission.check()
        withdraw(run.folder, STOP)
        with queue(run.folder.parent):
            _check_room(run.owner, run.folder.parent, besides=run.id)
        relaunch(run.folder, lock)
    finally:
        os.close(lock)
