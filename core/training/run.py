"""A run directory, carried out: read config.json, train, and write what happens next to it, so that a page can follow and a
killed run can go on. core.worker calls `execute` in a process of its own; the command line and torchrun call `train`.
"""

import dataclasses
import math
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor

from core import latent
from core.checkpoints import CheckpointError, available, check_name, check_target, place
from core.data.datasets import DatasetError, Split, load, to_unit_images
from core.models import ConfigError, Model
from core.training import failures, snapshot
from core.training.card import write_checkpoint
from core.training.config import device_title, model_of, recipe_of
from core.training.distributed import ALONE, LostContact, Ranks
from core.training.failures import KEPT, TrainingError
from core.training.folder import (
    FINISH,
    PAUSE,
    STOP,
    is_asked,
    is_disk_full,
    pause_is_due,
    read_config_unchecked,
    read_status,
    write_status,
)  # fmt: skip
from core.training.history import add_metrics, read_metrics, write_metrics
from core.training.loop import OnStep, Progress, Trainer, denormals_flushed, named_losses
from core.training.snapshot import SnapshotError
from core.training.state import STATE_FILE, StateError
from core.words import plural

SUBSET_IMAGES = 5_000  # of the test set, the same in every epoch
STATUS_S, CONTROL_S = 0.5, 0.1  # how often status.json is written, and stop and pause are looked for
LINGER_S = 600.0  # a paused run stays in memory so long, without its device
SENTENCES = (ConfigError, CheckpointError, DatasetError, TrainingError, StateError, LostContact)  # errors that say what to do


DIVERGED = "The codes are no longer finite numbers: training diverged. Start another run with a lower learning rate."
STOPPED = "Stopped. It can go on from here at any time."


class Unmeasured(TrainingError):
    """The run is trained, and its model could not be measured or saved."""


class Stopped(Exception):
    """The person stopped the run while it was measured: what was learnt is on disk."""


@dataclass
class Hooks:
    """What the surroundings of a run do for it. The defaults: it has its device to itself, and nobody watches."""

    device: str = "auto"
    release: Callable[[], None] = lambda: None  # give the device up, during a pause
    reacquire: Callable[[], str] = lambda: "auto"  # and queue for it again
    on_step: OnStep = lambda progress: None
    on_epoch: Callable[[int, dict[str, float]], None] = lambda epoch, losses: None
    started: Callable[[Trainer], None] = lambda trainer: None
    say: Callable[[str], None] = lambda what: None
    should_stop: Callable[[], bool] = lambda: False
    ranks: Ranks = ALONE


def execute(folder: Path, device: str, release: Callable[[], None], reacquire: Callable[[], str]) -> None:
    """Carry the run out to its end, its pause or its failure; status.json says which, in words."""
    try:
        train(folder, Hooks(device, release, reacquire))
    except Exception as error:
        traceback.print_exc()
        write_status(folder, state="failed", phase="", message=explain(error))


def explain(error: BaseException) -> str:
    """What went wrong, and what to do about it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return f"The device ran out of memory. Choose a smaller batch or smaller layers, or wait for other programs to end. {KEPT}"
    if isinstance(error, SafetensorError) and "os error 28" in str(error):
        return failures.DISK_FULL
    if isinstance(error, OSError) and not is_disk_full(error):
        return f"A file could not be read or written ({error.strerror or error}). Check the disk and its permissions, then resume. {KEPT}"
    if isinstance(error, StateError):
        return f"{error} On the page: delete the run and start another."
    if isinstance(error, SENTENCES):
        return str(error)
    return failures.explain(error)


def train(folder: Path, hooks: Hooks) -> str:
    """Carry the run out; returns the state it ended in: finished, stopped or paused. Raises what `explain` explains."""
    return Execution(folder, hooks).run()


@dataclass
class Execution:
    """One process's work on a run directory."""

    folder: Path
    hooks: Hooks
    looked: float = field(default=0.0, init=False)  # when the control files were last looked at
    written: float = field(default=0.0, init=False)  # when the status was
    wish: str = field(default="", init=False)  # STOP, PAUSE or FINISH, once a person asked for it
    previous: np.ndarray | None = field(default=None, init=False)  # the last snapshot's points, to keep the map still
    losses: dict[str, float] | None = field(default=None, init=False)  # of the last finished epoch
    card: dict[str, Any] | None = field(default=None, init=False)  # of the checkpoint, once it is saved

    def run(self) -> str:
        """From config.json to a checkpoint."""
        with denormals_flushed():  # already here, before torch starts its threads
            return self.carry_out()

    def carry_out(self) -> str:
        """The run, from its data to its end."""
        self.status(state="running", phase="reading the images", message="", seconds_left=None)
        self.trainer, self.train_split, self.test_split = self.prepare()
        self.hooks.started(self.trainer)
        self.pick_subset()
        self.go_on_from_state()
        while not (self.is_enough() or self.trainer.run(self.on_step, self.on_epoch, self.should_stop)):
            self.trainer.save_state(self.folder, losses=self.losses)
            if self.hooks.ranks.told(lambda: self.wish) == FINISH:
                self.wish = ""
                continue  # and ask again: it may have been taken back
            state = self.linger() if self.wish == PAUSE and self.hooks.ranks.alone else "stopped"  # only one process can linger
            if state == "stopped":
                return self.end("stopped", STOPPED)
            if state == "paused":
                return state
        return self.keep()

    # --- before ---------------------------------------------------------------------------------------------------------

    def prepare(self) -> tuple[Trainer, Split, Split]:
        """The trainer that config.json describes, and its data."""
        config = self.hooks.ranks.told(lambda: read_config_unchecked(self.folder))
        if config is None or not isinstance(config.model, dict):
            raise TrainingError("The run's config.json is missing or damaged. Delete the run and start another.")
        self.config = config
        if config.threads:
            torch.set_num_threads(int(config.threads))
        recipe = recipe_of(config)
        device = self.hooks.device if self.hooks.device != "auto" else recipe.device
        recipe = dataclasses.replace(recipe, device=device.partition(":")[0])
        name, model_config = model_of(config)
        train, test = load(recipe.dataset, "train"), load(recipe.dataset, "test")
        check_name(str(config.name or self.folder.name))
        self.target = self.folder.parents[1] / self.folder.name  # that is its name: the one that was asked for may be another run's
        if self.hooks.ranks.first:
            check_target(self.target)
        return Trainer(recipe, name, model_config, train.images, train.labels, self.hooks.ranks), train, test

    def pick_subset(self) -> None:
        """The test images whose codes are followed from epoch to epoch."""
        count = min(SUBSET_IMAGES, len(self.test_split.labels))
        rows = np.sort(np.random.default_rng(0).permutation(len(self.test_split.labels))[:count]).astype(np.int32)
        self.x = to_unit_images(self.test_split.images[rows]).to(self.trainer.device)
        self.label = torch.from_numpy(self.test_split.labels[rows].astype(np.int64)).to(self.trainer.device)
        if self.hooks.ranks.first:
            snapshot.write_subset(self.folder, rows, self.test_split.labels[rows])

    def go_on_from_state(self) -> None:
        """Restore the state if there is one; bring metrics and snapshots to where it is."""
        if self.hooks.ranks.told((self.folder / STATE_FILE).exists):
            self.losses = self.trainer.restore(self.folder).get("losses")
        if not self.hooks.ranks.first:
            return
        epoch = self.trainer.step // self.trainer.steps_per_epoch
        known = read_metrics(self.folder)
        if not self.trainer.step and any(line["epoch"] for line in known):
            raise StateError("The run's saved state is gone, so it cannot go on. Its epochs can be replayed; to train, start another run.")
        lines = [line for line in known if line["epoch"] <= epoch]
        write_metrics(self.folder, lines)
        snapshot.forget_after(self.folder, epoch)
        done, at_its_end = {line["epoch"] for line in lines}, not self.trainer.step % self.trainer.steps_per_epoch
        for earlier in reversed([kept for kept in snapshot.epochs(self.folder) if kept < epoch or kept in done]):
            with suppress(SnapshotError):
                self.previous = snapshot.read(self.folder, earlier, self.config.model).points
                break
        if at_its_end and (epoch not in done or epoch not in snapshot.epochs(self.folder)):  # killed between state and record
            write_metrics(self.folder, [line for line in lines if line["epoch"] < epoch])
            self.record(epoch, self.losses)
        self.report(phase="training")

    # --- during ---------------------------------------------------------------------------------------------------------

    def on_step(self, progress: Progress) -> None:
        """Say now and then where the run is."""
        self.hooks.on_step(progress)
        if self.hooks.ranks.first and time.monotonic() - self.written > STATUS_S:
            self.report(progress.seconds_left, progress.losses(), phase="training")

    def on_epoch(self, trainer: Trainer, losses: dict[str, float]) -> None:
        """Save the state first: an epoch that was once reported is never lost."""
        trainer.save_state(self.folder, losses=losses)
        if not self.hooks.ranks.first:
            return
        epoch = trainer.step // trainer.steps_per_epoch
        self.losses = losses
        self.record(epoch, losses)
        self.hooks.on_epoch(epoch, losses)

    def record(self, epoch: int, losses: dict[str, float] | None) -> None:
        """Snapshot and metrics of a finished epoch (0: before training), of the running average on the subset."""
        model = self.trainer.average_model()
        told = self.label if model.conditional else None
        codes, _ = latent.encode(model, self.x, told)
        if not np.isfinite(codes).all():
            raise TrainingError(DIVERGED)
        plane = latent.map_plane(codes, model.has_prior)
        if self.previous is not None and len(self.previous) == len(codes):
            plane = latent.turned(plane, plane.points(codes), self.previous)
        self.previous = plane.points(codes).astype(np.float16).astype(np.float32)  # as the snapshot has it, for a resumed run
        line = {
            "epoch": epoch,
            "step": self.trainer.step,
            "seconds": round(self.trainer.seconds, 2),
            "extent": float(np.abs(self.previous).max()),
            "train": losses,
            "test": test_losses(model, self.x, told, self.trainer.config.binarize),
        }
        snapshot.write(self.folder, epoch, model, plane, self.previous)  # together with its losses: who watches has both at once
        add_metrics(self.folder, line)
        self.report(losses=losses)

    def should_stop(self) -> bool:
        """Whether a person wants it; asked after every step, looked up ten times a second."""
        ended = self.trainer.step % self.trainer.steps_per_epoch == 0  # a step of one epoch ends exactly there
        if self.hooks.should_stop():
            self.wish = STOP
        elif self.hooks.ranks.first and (ended or time.monotonic() - self.looked > CONTROL_S):
            self.looked = time.monotonic()
            self.wish = self.look()
        return bool(self.wish)

    def is_enough(self) -> bool:
        """Whether a person wants the model as it is now. Every process hears it from the first one."""
        return self.hooks.ranks.told(lambda: self.look() == FINISH)

    def look(self) -> str:
        """What is asked of the run now."""
        if is_asked(self.folder, STOP):
            return STOP
        if self.trainer.step and (is_asked(self.folder, FINISH) or self.time_is_up()):
            return FINISH
        return PAUSE if pause_is_due(self.folder, self.trainer.step / self.trainer.steps_per_epoch) else ""

    def time_is_up(self) -> bool:
        """Whether it has trained for as long as its config allows, over all its sessions."""
        minutes = self.config.minutes
        return minutes is not None and self.trainer.seconds >= 60 * minutes

    def linger(self) -> str:
        """Paused: without the device, but in memory for a while, so that going on takes no time. The state that follows."""
        self.report(state="paused", phase="", message="")
        if self.trainer.device.type != "cpu":  # its memory is free, and the device with it, only when the process has ended
            return "paused"
        self.hooks.release()
        until = time.monotonic() + LINGER_S
        while (wish := self.look()) == PAUSE:
            if time.monotonic() > until:
                return "paused"
            time.sleep(CONTROL_S)
        if wish != STOP:
            self.status(state="queued", phase="waiting for the device")
            try:
                self.hooks.reacquire()
            except Exception:
                if (wish := self.look()) != STOP:
                    raise
        if wish == STOP:
            return "stopped"
        self.wish = ""
        self.report(state="running", phase="training")
        return "running"

    # --- after ----------------------------------------------------------------------------------------------------------

    def keep(self) -> str:
        """Measure the model and save it as a checkpoint."""
        if not self.hooks.ranks.first:
            return "finished"
        trainer = self.trainer
        done, early = trainer.step / trainer.steps_per_epoch, trainer.step < trainer.total_steps
        saved = read_status(self.folder).get("checkpoint")  # by a process that was killed right after it
        if self.config.replace or saved not in available(self.target.parent):
            try:
                self.save_checkpoint()
            except Stopped:
                again = "Finish here" if early else "Resume"
                return self.end("stopped", f"Stopped while the model was measured. {again} measures and keeps it.")
            except Exception as error:
                again = "Finish here" if early else "Resume"
                raise Unmeasured(
                    f"The training is done, but its model could not be measured and saved. {explain(error)} {again} tries once more."
                ) from error
        limit = self.config.minutes
        why = f"Its limit of {plural(limit, 'minute')} was reached" if limit and self.time_is_up() else "Finished early, as asked,"
        part = " and a part of the next" * (done % 1 > 0)
        self.end("finished", f"{why} after {int(done):,} of {trainer.config.epochs:,} epochs{part}." if early else "")
        (self.folder / STATE_FILE).unlink(missing_ok=True)  # last: without it nothing can go on
        return "finished"

    def save_checkpoint(self) -> dict[str, Any]:
        """The checkpoint of what has been learnt so far; under another name where somebody took the name meanwhile."""
        root, name, owner = self.target.parent, self.target.name, str(self.config.owner or "")
        if self.config.replace:
            self.card = write_checkpoint(self.trainer, self.target, self.train_split, self.test_split, say=self.measuring)
        else:
            with tempfile.TemporaryDirectory(prefix=".run.", dir=root) as hidden:  # the dot hides it from `available`
                made = Path(hidden) / name
                self.card = write_checkpoint(self.trainer, made, self.train_split, self.test_split, say=self.measuring, owner=owner)
                name = place(made, name, root)
        self.status(checkpoint=name)
        return self.card

    def measuring(self, what: str) -> None:
        """Say what is measured; a person who cancels need not wait for the rest."""
        if is_asked(self.folder, STOP):
            raise Stopped
        self.hooks.say(what)
        self.report(phase=f"measuring {what}")

    def end(self, state: str, message: str) -> str:
        """The run's last word, for now."""
        self.report(state=state, phase="", message=message)
        return state

    # --- saying ---------------------------------------------------------------------------------------------------------

    def report(self, seconds_left: float | None = None, losses: dict[str, float] | None = None, **fields: Any) -> None:
        """Write where the run is, and more fields if given."""
        trainer = self.trainer
        self.written = time.monotonic()
        if losses is not None:
            fields["losses"] = {name: value if math.isfinite(value) else None for name, value in losses.items()}
        if seconds_left is not None:
            fields["seconds_left"] = round(seconds_left, 1)
        self.status(
            device=device_title(trainer.device),
            step=trainer.step,
            total_steps=trainer.total_steps,
            epoch=trainer.step / trainer.steps_per_epoch,
            epochs=trainer.config.epochs,
            seconds=round(trainer.seconds, 1),
            **fields,
        )

    def status(self, **fields: Any) -> None:
        """Write these fields, if this process is the one that writes."""
        if self.hooks.ranks.first:
            write_status(self.folder, **fields)


@torch.no_grad()
def test_losses(model: Model, x: Tensor, label: Tensor | None, binarize: bool) -> dict[str, float | None]:
    """The training losses on images (N, 1, H, W) that were not trained on, nats per image; the same draws every time."""
    generator = torch.Generator(x.device).manual_seed(0)
    seen = torch.bernoulli(x, generator=generator) if binarize else x
    sums = torch.zeros(len(model.LOSSES), dtype=torch.float64)
    for start in range(0, len(x), latent.BATCH):
        told = None if label is None else label[start : start + latent.BATCH]
        terms = model.training_terms(seen[start : start + latent.BATCH], generator=generator, label=told)
        sums += terms.sum(1).cpu().double()
    means = named_losses(model.LOSSES, model.TOTAL, (sums / len(x)).tolist())
    return {name: value if math.isfinite(value) else None for name, value in means.items()}
