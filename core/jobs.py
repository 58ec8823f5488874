"""Training in the background: one process per run, which outlives the browser, the page and the server.

    python -m core.jobs FOLDER        what `start` and `resume` run: wait for a device, train, say how it went

The run directory is the only link. Whoever holds its lock, and nobody else, writes its status: its process while there is one,
for a moment a page when there is none.
"""

import argparse
import dataclasses
import errno
import hmac
import math
import os
import shutil
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core import names, room
from core.places import CHECKPOINTS, PROJECT
from core.runs import UNFINISHED, JobError, Run, folders, read
from core.training import failures, run_config
from core.training import folder as files
from core.training.failures import MAKE_ROOM
from core.training.folder import (
    FINISH,
    FIRST,
    LOCK,
    LOG,
    PAUSE,
    STATUS,
    STOP,
    ask,
    fill_reserve,
    give_up_reserve,
    is_asked,
    is_disk_full,
    is_held,
    pause_is_due,
    read_status,
    take_lock,
    withdraw,
    write_config,
    write_json,
    write_status,
)
from core.training.run_config import RunConfig
from core.turns import Cancelled, Turn, order_of, queue, whole_number

RUNS = CHECKPOINTS / "runs"
MAX_RUNS = 50  # processes, waiting ones included
LIMIT_PER_OWNER = 3  # the same, of one person
PASSWORDS = {"training": "LATENT_TRAINING_PASSWORD", "admin": "LATENT_ADMIN_PASSWORD"}  # what each opens: its variable
TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
PATIENCE_S = 5.0  # for a process that has said its last word and is ending
CANCELLED = "Cancelled. Resume goes on from the last finished epoch."


class Gone(JobError):
    """The run was deleted meanwhile."""


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


# --- may people train here? -------------------------------------------------------------------------------------------------


def refusal() -> str:
    """Why this server starts no training, for people; "" when it does."""
    switch = os.environ.get("LATENT_TRAINING", "on")
    if switch == "on":
        return ""
    if switch == "off":
        return "Training is turned off on this server."
    return f"LATENT_TRAINING is {switch!r}; it must be on or off. Until its administrator has set it, this server starts no training."


def training_allowed() -> bool:
    """Whether the administrator lets people train: LATENT_TRAINING=on|off, by default on; `refusal` says why not."""
    return not refusal()


def minutes() -> int | None:
    """How long a run that is started now may train, LATENT_TRAINING_MINUTES; None: as long as it takes. JobError when it is no number."""
    return whole_number("LATENT_TRAINING_MINUTES", 0) if "LATENT_TRAINING_MINUTES" in os.environ else None


def password(role: str = "training") -> str | None:
    """What people must know to train, or to be the administrator ("admin"); None when there is no such password."""
    return os.environ.get(PASSWORDS[role]) or None


def check_password(text: str, role: str = "training") -> bool:
    """Whether this is the password, or there is none; takes as long for any wrong one."""
    expected = password(role)
    return expected is None or hmac.compare_digest(text.encode("utf-8", "replace"), os.fsencode(expected))


def environment() -> dict[str, str]:
    """This process's environment for one that it starts, which has no business with the passwords."""
    return {name: value for name, value in os.environ.items() if name not in PASSWORDS.values()}


# --- starting ---------------------------------------------------------------------------------------------------------------


def start(config: RunConfig, root: Path | None = None) -> Run:
    """Make a run of this config (its id, created and minutes are filled in) and start its process; JobError says why not.

    The directory is made under a hidden name and then renamed to the first free one of NAME, NAME-2, ...: a run is there
    whole, with its process, or not at all.
    """
    _check_allowed()
    room.limit_bytes()
    _check_config(config)
    root = (root or RUNS).absolute()
    with _in_sentences("The run could not be started"):
        root.mkdir(parents=True, exist_ok=True)
        with queue(root):
            _check_room(config.owner, root)
            folder, lock = _make(root, dataclasses.replace(config, minutes=minutes()))
        try:
            _spawn(folder, lock)
        except BaseException:
            _remove(folder)
            raise
        finally:
            os.close(lock)
    return find(folder.name, root)


def _check_allowed() -> None:
    if why := refusal():
        raise JobError(why)
    if files.fcntl is None:
        raise JobError("Runs in the background need Linux or macOS. python -m core.training trains on this system too.")


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


def launch(run: Run) -> None:
    """Start the process of a run that has none; JobError when it has one."""
    _check_allowed()
    with _in_sentences("The run's process could not be started"):
        lock = _lock(run)
        if lock is None:
            raise JobError(f"The run {run.id} has a process already.")
        try:
            _relaunch(run.folder, lock)
        finally:
            os.close(lock)


def _relaunch(folder: Path, lock: int) -> None:
    """A new process for a run that has none; the lock must be held. What was strange in its status is dropped."""
    with suppress(OSError):
        fill_reserve(folder)  # a full disk may have cost it
    usable = read(folder).status
    write_json(folder / STATUS, usable | {"state": "queued", "phase": "waiting", "message": "", "waits_for": None, "updated": time.time()})
    _spawn(folder, lock)


def _spawn(folder: Path, lock: int) -> None:
    """A process in a session of its own, to survive this one and its Ctrl-C. It inherits the lock, so it never looks dead."""
    command = [sys.executable, "-m", "core.jobs", str(folder), "--lock", str(lock)]
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(lock,),
            start_new_session=True,
        )  # fmt: skip
    threading.Thread(target=process.wait, name=f"wait for {folder.name}", daemon=True).start()  # else it would stay as a zombie


# --- asking something of a run ----------------------------------------------------------------------------------------------


def pause(run: Run, after_epoch: int | None = None) -> None:
    """Pause it at once, or when so many epochs are finished. A run that waits for a device leaves the queue."""
    run = _now(run)
    if run.state not in UNFINISHED:
        raise JobError(f"The run {run.id} is {run.state}; only one that waits or trains can be paused.")
    with _in_sentences("The run could not be paused"):
        ask(run.folder, PAUSE, "" if after_epoch is None else str(after_epoch))


def resume(run: Run) -> None:
    """Go on where it was left: at once if its process is still there, else with a new one, from what it saved last."""
    run = _now(run)
    _check_can_go_on(run)
    with _in_sentences("The run could not be resumed"):
        withdraw(run.folder, FINISH, PAUSE)
        _revive(run)


def step_epoch(run: Run) -> None:
    """Go on to the end of the present epoch, and pause there."""
    run = _now(run)
    _check_can_go_on(run)
    with _in_sentences("The run could not be resumed"):
        withdraw(run.folder, FINISH)
        ask(run.folder, PAUSE, str(math.floor(run.epoch) + 1))
        _revive(run)


def finish(run: Run) -> None:
    """Train no further: what it has learnt so far is measured and becomes its checkpoint. `resume` takes it back until then."""
    run = _now(run)
    _check_can_go_on(run)
    if not run.epoch:
        raise JobError(f"The run {run.id} has not learnt anything yet, so there is no model to keep. Resume it first.")
    with _in_sentences("The run could not be finished"):
        ask(run.folder, FINISH)
        withdraw(run.folder, PAUSE)
        _revive(run)


def put_first(run: Run) -> None:
    """Let it have the next free device of those it waits for, before all others; an administrator's wish, granted once."""
    run = _now(run)
    if not run.active or run.state != "queued":
        raise JobError(f"The run {run.id} is {run.state}; only one that waits for a device can be put first.")
    with _in_sentences("The run could not be put first"):
        ask(run.folder, FIRST)


def cancel(run: Run) -> None:
    """Stop it: its process saves what it has and ends soon; without one it is stopped at once. `resume` can go on."""
    run = _now(run)
    if run.state == "finished" or (run.state == "failed" and not run.alive):
        raise JobError(f"The run {run.id} has {run.state} already; there is nothing to cancel.")
    with _in_sentences("The run could not be cancelled"):
        ask(run.folder, STOP)
        if (lock := _lock(run)) is None:
            return  # its process will see it
        try:
            if read_status(run.folder).get("state") in UNFINISHED:
                write_status(run.folder, state="stopped", phase="", message=CANCELLED)
        finally:
            os.close(lock)


def delete(run: Run) -> None:
    """Remove the run (not the checkpoint that came of it); refused while it is under way. One that is gone already is gone."""
    with suppress(Gone), _in_sentences("The run could not be deleted"):
        run = _now(run)
        if run.active:
            raise JobError(f"The run {run.id} is {run.state}. Cancel it first, and delete it when it has stopped.")
        if (lock := _lock_of_ending(run)) is None:
            raise JobError(f"The run {run.id} was just resumed. Cancel it first, and delete it when it has stopped.")
        try:
            _remove(run.folder)
        finally:
            os.close(lock)


def _now(run: Run) -> Run:
    """The run as it is now; Gone when there is none, or another one under its name."""
    folder = next((folder for folder in folders(run.folder.parent) if folder.name == run.id), None)
    now = None if folder is None else read(folder)
    if now is None or now.created != run.created:
        raise Gone(f"The run {run.id} is no longer there. Reload the page to see which runs there are.")
    return now


def _check_can_go_on(run: Run) -> None:
    if run.state == "finished":
        raise JobError(f"The run {run.id} has finished; there is nothing left to train.")
    if run.stopping:
        raise JobError(f"The run {run.id} is just being cancelled. Resume it when it has stopped.")
    if not run.config.name:
        raise JobError(run.message)


def _revive(run: Run) -> None:
    """A new process if there is none. An old one that is just ending after a pause looks once more what is asked of it."""
    if (lock := _lock_of_ending(run)) is None:
        return
    try:
        if read_status(run.folder).get("state") == "finished":  # another page was quicker
            return
        _check_allowed()
        withdraw(run.folder, STOP)
        with queue(run.folder.parent):
            _check_room(run.owner, run.folder.parent, besides=run.id)
        _relaunch(run.folder, lock)
    finally:
        os.close(lock)


def _lock(run: Run) -> int | None:
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


def _lock_of_ending(run: Run) -> int | None:
    """The lock of a run whose process, if there is one, has said its last word; None while it has not."""
    until = time.monotonic() + PATIENCE_S
    while (lock := _lock(run)) is None:
        if _now(run).active:
            return None
        if time.monotonic() > until:
            raise JobError(f"The process of the run {run.id} does not end. Try again in a moment.")
        time.sleep(0.05)
    return lock


@contextmanager
def _in_sentences(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, TypeError, ValueError) as error:  # a config that is no JSON, too
        if is_disk_full(error):
            raise JobError(f"{what}: the disk is full. {MAKE_ROOM}, then try again.") from error
        raise JobError(f"{what}: {getattr(error, 'strerror', None) or error}.") from error


# --- the run's own process --------------------------------------------------------------------------------------------------


def worker(folder: Path, lock: int | None = None, execute: Callable[..., None] | None = None) -> int:
    """What the run's process does; `lock` is the descriptor it inherited. The exit status: 0 when the run has not failed."""
    folder = folder.absolute()
    lock = take_lock(folder / LOCK) if lock is None else lock
    if lock is None:
        print(f"The run in {folder} has a process already.", file=sys.stderr)
        return 1
    os.set_inheritable(lock, False)  # a process that training starts must not keep the run alive
    with suppress(OSError):
        os.nice(10)  # pages go first
    try:
        _carry_out(folder, execute)
    except Cancelled:
        write_status(folder, state="stopped", phase="", message=CANCELLED)
    except Exception as error:
        _say_why(folder, error)
    finally:
        os.close(lock)
    _look_again(folder)
    with suppress(OSError, JobError):  # the next one tries again
        room.make(folder.parent)
    return int(read_status(folder).get("state") == "failed")


def _carry_out(folder: Path, execute: Callable[..., None] | None) -> None:
    turn = Turn(folder)
    device = turn.wait()
    if device is None:
        write_status(folder, state="paused", phase="", message="")
        return
    name = _as_torch_sees_it(device)
    train = execute or _trainer()

    def reacquire() -> str:
        turn.wait_again()
        return name

    train(folder, device=name, release=turn.release, reacquire=reacquire)
    if read_status(folder).get("state") in ("queued", "running"):
        raise RuntimeError("training returned without saying how it went")
    if name == "cpu":
        turn.release()
    else:
        turn.end()  # a GPU's memory is free when the process has ended, and so is the GPU


def _trainer() -> Callable[..., None]:
    from core.training.run import execute  # torch: not before now

    return execute


def _as_torch_sees_it(device: str) -> str:
    """Show torch this one GPU only, and say what it will call it; must come before torch is imported."""
    kind, _, index = device.partition(":")
    if kind == "cuda":
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")  # the server itself may have been given only some
        names = visible.split(",") if visible else [str(number) for number in range(int(index) + 1)]
        if int(index) >= len(names):
            raise JobError(f"There is no {device} here: CUDA_VISIBLE_DEVICES is {visible!r}. Start the run again on another device.")
        os.environ["CUDA_VISIBLE_DEVICES"] = names[int(index)]
    return kind


def _say_why(folder: Path, error: Exception) -> None:
    """The run failed: a sentence for its owner, the traceback for its log."""
    if is_disk_full(error):
        give_up_reserve(folder)
    write_status(folder, state="failed", phase="", message=explain(error))
    with suppress(OSError):
        traceback.print_exception(error)


def explain(error: Exception) -> str:
    """What kept the run's process from its work, and what to do. What happens in training itself, training explains."""
    return str(error) if isinstance(error, JobError) else failures.explain(error)


def _look_again(folder: Path) -> None:
    """What was asked of a pausing process after it last looked, and before it let go of its lock, would else be lost."""
    run = read(folder)
    if run.state != "paused":
        return
    with suppress(JobError):
        if is_asked(folder, STOP):
            cancel(run)
        elif not pause_is_due(folder, run.epoch):
            launch(run)


def main(arguments: list[str] | None = None) -> int:
    """`python -m core.jobs FOLDER`."""
    p = argparse.ArgumentParser(prog="python -m core.jobs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path, help="the run's directory")
    p.add_argument("--lock", type=int, help="the descriptor of its lock, if inherited")
    options = p.parse_args(arguments)
    if not options.folder.is_dir():
        p.error(f"{options.folder} is no directory.")
    return worker(options.folder, options.lock)


if __name__ == "__main__":
    sys.exit(main())
