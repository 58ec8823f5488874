"""A run's own process, which outlives the browser, the page and the server.

    python -m core.worker FOLDER      what processes.py starts: wait for a device, train, say how it went

It knows the run's directory and nothing else; jobs.py leaves there what is asked of it.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core import jobs, processes, room
from core.runs import JobError, read
from core.training import failures
from core.training.folder import LOCK, STOP, give_up_reserve, is_asked, is_disk_full, pause_is_due, read_status, take_lock, write_status
from core.turns import Cancelled, Turn


def work(folder: Path, lock: int | None = None, execute: Callable[..., None] | None = None) -> int:
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
        write_status(folder, state="stopped", phase="", message=jobs.CANCELLED)
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
            jobs.cancel(run)
        elif not pause_is_due(folder, run.epoch):
            processes.launch(run)


def main(arguments: list[str] | None = None) -> int:
    """`python -m core.worker FOLDER`."""
    p = argparse.ArgumentParser(prog="python -m core.worker", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path, help="the run's directory")
    p.add_argument("--lock", type=int, help="the descriptor of its lock, if inherited")
    options = p.parse_args(arguments)
    if not options.folder.is_dir():
        p.error(f"{options.folder} is no directory.")
    return work(options.folder, options.lock)


if __name__ == "__main__":
    sys.exit(main())
