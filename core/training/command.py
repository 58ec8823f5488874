"""What the smaller training commands share: options, errors, their state for --resume, and a run with Ctrl-C."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.checkpoints import CheckpointError
from core.data.datasets import DatasetError
from core.training.config import DEVICES, PRECISIONS, device_title
from core.training.failures import TrainingError
from core.training.loop import Progress, Trainer, denormals_flushed
from core.training.state import STATE_FILE, StateError
from core.words import duration

SAY_S = 10.0  # between two lines


def add_options(p: argparse.ArgumentParser, epochs: int, batch_size: int, learning_rate: float) -> None:
    """The options that each of them has, with this one's defaults."""
    p.add_argument("--epochs", type=int, default=epochs)
    p.add_argument("--batch-size", type=int, default=batch_size)
    p.add_argument("--learning-rate", type=float, default=learning_rate)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--device", choices=DEVICES, default="auto")
    p.add_argument("--precision", choices=PRECISIONS, default="auto")
    p.add_argument("--threads", type=int, default=0, help="CPU threads; 0: torch's own choice")


def reported(command: Callable[[], int], out: Path) -> int:
    """What the command returns; 1, with a sentence on stderr, where it fails as a person can understand."""
    try:
        with denormals_flushed():  # already here, before torch starts its threads
            return command()
    except (CheckpointError, DatasetError, TrainingError, StateError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {out} could not be written ({error.strerror or error}). Is the disk full, or read-only?", file=sys.stderr)
    return 1


@contextmanager
def state_of(trainer: Trainer, out: Path, resume: bool) -> Iterator[Path]:
    """The folder of the run's state, from which the trainer goes on if it is to; it is deleted once the run and what follows went well."""
    state = out.parent / ".runs" / out.name
    if resume:
        trainer.restore(state)
    elif (state / STATE_FILE).exists():
        raise TrainingError(f"{state} holds an interrupted run: add --resume to go on, or delete it to start anew.")
    print(f"Device: {device_title(trainer.device)}, {str(trainer.precision).removeprefix('torch.')}; state: {state / STATE_FILE}")
    yield state
    if trainer.step == trainer.total_steps:
        for file in state.iterdir():
            file.unlink()
        state.rmdir()


def carried_out(trainer: Trainer, state: Path) -> bool:
    """Train to the end, a line now and then; False after Ctrl-C, with what was learnt saved for --resume."""
    said, stopped = 0.0, []

    def on_step(progress: Progress) -> None:
        nonlocal said
        if time.monotonic() - said > SAY_S:
            said = time.monotonic()
            losses = ", ".join(f"{name} {value:.2f}" for name, value in progress.losses().items())
            left = duration(progress.seconds_left, short=True)
            print(f"epoch {progress.epoch:5.2f} of {trainer.config.epochs}  {losses}  {left} left", flush=True)

    before = signal.signal(signal.SIGINT, lambda *_: stopped.append(True))
    try:
        finished = trainer.run(on_step, lambda t, losses: t.save_state(state), lambda: bool(stopped))
    finally:
        signal.signal(signal.SIGINT, before)
    if not finished:
        trainer.save_state(state)
        print("Interrupted. The same command with --resume goes on exactly from here.")
    return finished
