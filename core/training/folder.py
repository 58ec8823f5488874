"""The files of a run directory, the only link between a trainer and whoever watches it: config, status, requests, its process's lock.

Standard library only: a process that waits for its turn must not weigh what torch weighs.
"""

import errno
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.replacing import replacing
from core.training import run_config
from core.training.run_config import RunConfig

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

CONFIG, STATUS, METRICS, SUBSET, LOG = "config.json", "status.json", "metrics.jsonl", "subset.safetensors", "log.txt"
STOP, PAUSE, FINISH, FIRST = "stop", "pause", "finish", "first"  # what can be asked of a run: see `ask`
LOCK, RESERVE = "lock", "reserve"
EPOCHS_FOLDER = "epochs"  # of snapshots, see core/training/snapshot.py
RESERVE_BYTES = 64 << 10  # given back to say that the disk is full
MAX_JSON_BYTES = 1 << 20
LOCK_TRIES, LOCK_WAIT_S = 20, 0.02  # a look at a lock holds it for a moment


class BusyError(Exception):
    """Another process carries the run out; the message says so."""


def read_json(path: Path) -> Any:
    """A small JSON file's value; None when it is missing, too large or no JSON."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, whole or not at all. On a full disk the run's reserve is given up for it."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    try:
        write_text(path, text)
    except OSError as error:
        if not is_disk_full(error):
            raise
        give_up_reserve(path.parent)
        write_text(path, text)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def read_status(folder: Path) -> dict[str, Any]:
    """What the run says of itself; empty when it says nothing that can be read."""
    status = read_json(folder / STATUS)
    return status if isinstance(status, dict) else {}


def write_status(folder: Path, **fields: Any) -> None:
    """Change these fields of status.json."""
    write_json(folder / STATUS, read_status(folder) | fields | {"updated": time.time()})


def write_config(folder: Path, config: RunConfig) -> None:
    """Write config.json."""
    write_json(folder / CONFIG, run_config.to_json(config))


def read_config(folder: Path) -> tuple[RunConfig, str]:
    """What is usable of config.json, and what is wrong with the file: "" when nothing is."""
    return run_config.usable(read_json(folder / CONFIG))


def read_config_unchecked(folder: Path) -> RunConfig | None:
    """config.json as it is, for the trainer, whose checks say more of what is wrong; None when it cannot be read."""
    found = read_json(folder / CONFIG)
    return run_config.from_json(found) if isinstance(found, dict) else None


def begin(folder: Path, config: RunConfig, anew: bool = True) -> None:
    """Make the directory of a run that waits to be carried out; `anew` removes what an earlier run left there."""
    if anew and folder.is_dir():
        for old in folder.iterdir():
            if old.name != LOCK:
                shutil.rmtree(old) if old.is_dir() else old.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    withdraw(folder, STOP, PAUSE, FINISH, FIRST)
    fill_reserve(folder)
    write_config(folder, config)
    write_status(folder, state="queued", phase="", message="")


def fill_reserve(folder: Path) -> None:
    """What is given up to say that the disk is full."""
    (folder / RESERVE).write_bytes(os.urandom(RESERVE_BYTES))  # random: a file system may keep zeros in no space at all


def give_up_reserve(folder: Path) -> None:
    """Make room for a last word."""
    (folder / RESERVE).unlink(missing_ok=True)


def is_disk_full(error: BaseException) -> bool:
    """Whether the disk took no more: it is full, or this user's share of it."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


# --- requests: files that anybody may write, and the run's process looks for -------------------------------------------------


def ask(folder: Path, request: str, text: str = "") -> None:
    """Ask something of the run: STOP, FINISH, FIRST, or PAUSE, with the epoch after which in `text`; "" means at once."""
    write_text(folder / request, text)  # whole: half of it would mean another epoch


def is_asked(folder: Path, request: str) -> bool:
    """Whether that is asked of the run."""
    return (folder / request).exists()


def asked_at(folder: Path, request: str) -> float:
    """When that was asked of the run, Unix seconds; 0 when it is not."""
    try:
        return (folder / request).stat().st_mtime
    except OSError:
        return 0.0


def withdraw(folder: Path, *requests: str) -> None:
    """Ask these no longer."""
    for request in requests:
        (folder / request).unlink(missing_ok=True)


def pause_is_due(folder: Path, epoch: float) -> bool:
    """Whether a run that has come so far is to pause: at once, or after the epoch that the request names."""
    try:
        text = (folder / PAUSE).read_text(encoding="utf-8").strip()
    except OSError:
        return False
    return epoch >= (int(text[:9]) if text.isdecimal() else 0)  # an editor may have left anything there


# --- the lock ----------------------------------------------------------------------------------------------------------------


@contextmanager
def hold(folder: Path, really: bool = True) -> Iterator[None]:
    """Hold the run's lock, as its process does for as long as it lives; BusyError when another one does."""
    if not really:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = take_lock(folder / LOCK)
    if descriptor is None:
        raise BusyError(f"The run in {folder} is under way in another process. Stop it there first, or train into another folder.")
    try:
        yield
    finally:
        os.close(descriptor)


def take_lock(path: Path) -> int | None:
    """The descriptor of a lock file that is now this process's (closing it lets go), or None when somebody holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    for _ in range(LOCK_TRIES):
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            time.sleep(LOCK_WAIT_S)
    os.close(descriptor)
    return None


def is_held(path: Path) -> bool:
    """Whether a process holds the lock. Looks share the lock, so they do not disturb each other."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        if fcntl is None:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
