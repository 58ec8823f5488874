"""Training runs as their directories show them, whatever is in the files. Standard library only."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.training.fields import MAX_EPOCHS, Check, checked, is_devices, is_epochs, is_flag, is_number, is_object, is_text, maybe, within
from core.training.folder import CONFIG, FINISH, FIRST, LOCK, PAUSE, STATUS, STOP, asked_at, is_asked, is_held, read_config, read_json
from core.training.run_config import RunConfig

STATES = ("queued", "running", "paused", "stopped", "finished", "failed", "interrupted")
UNFINISHED = ("queued", "running", "paused")  # what status.json says while there is something left for the process to do
INTERRUPTED = (
    "The run's process ended without a message: it was killed, ran out of memory, or the machine was restarted. "
    "Everything up to the last finished epoch is kept; Resume goes on from there."
)


class JobError(Exception):
    """What was asked of a run cannot be done; the message says why, and what to do."""


class Gone(JobError):
    """The run was deleted meanwhile."""


@dataclass(frozen=True)
class Run:
    """A run as its directory shows it now. Its config and status hold only what was found to be of the right type."""

    id: str
    folder: Path
    config: RunConfig
    status: dict[str, Any]
    state: str  # one of STATES
    alive: bool  # a process has it
    queue_position: int | None = None  # 0: next; None: does not wait

    @property
    def name(self) -> str:
        """The checkpoint to be written."""
        return self.config.name or self.id

    @property
    def owner(self) -> str:
        """Whose run it is; "" for one from the command line."""
        return self.config.owner

    @property
    def created(self) -> float:
        """When it was started, Unix seconds."""
        return self.config.created

    @property
    def epoch(self) -> float:
        """Epochs done, with the part of the present one."""
        return self.status.get("epoch") or 0.0

    @property
    def epochs(self) -> int:
        """Epochs wanted; 0 when not known."""
        return self.status.get("epochs") or self.config.recipe_settings.get("epochs") or 0

    @property
    def phase(self) -> str:
        """What its process is doing, in words."""
        return self.status.get("phase") or ""

    @property
    def message(self) -> str:
        """What happened and what to do; "" when there is nothing to say."""
        return self.status.get("message") or ""

    @property
    def active(self) -> bool:
        """A process has it, and is not just ending."""
        return self.alive and self.state in UNFINISHED

    @property
    def stopping(self) -> bool:
        """It was cancelled, and its process has yet to see that."""
        return self.active and is_asked(self.folder, STOP)

    @property
    def pausing(self) -> bool:
        """A pause was asked for and is yet to come."""
        return self.active and self.state != "paused" and is_asked(self.folder, PAUSE)

    @property
    def finishing(self) -> bool:
        """Its model is wanted as it is, and yet to be measured and kept."""
        return self.active and is_asked(self.folder, FINISH)

    @property
    def put_first(self) -> float:
        """When the administrator put it before all that wait, Unix seconds; 0 for a run that waits its turn."""
        return asked_at(self.folder, FIRST)

    @property
    def minutes(self) -> float | None:
        """How long it may train, by what the administrator had set when it was started; None: as long as it takes."""
        return self.config.minutes

    @property
    def devices(self) -> list[str]:
        """The devices it waits for; any one will do."""
        return self.status.get("waits_for") or list(self.config.devices) or ["cpu"]


def folders(root: Path) -> list[Path]:
    """Where runs are: folders with a config or a status, but none that is being made or deleted."""
    try:
        with os.scandir(root) as entries:
            names = [e.name for e in entries if not e.name.startswith(".") and e.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    found = [root.absolute() / name for name in names]
    return [folder for folder in found if any((folder / file).is_file() for file in (CONFIG, STATUS))]


def read(folder: Path) -> Run:
    """A run from its folder, whatever is in it.

    First whether it is alive: a process that ends meanwhile has written its last word before. And once more if the status says
    that it should be: it may have been resumed meanwhile.
    """
    alive = is_held(folder / LOCK)
    config, config_fault = read_config(folder)
    status, status_fault = checked(read_json(folder / STATUS), STATUS_FIELDS, {"state"})
    state = status.get("state", "failed")
    if faults := " and ".join(f"{name} {fault}" for name, fault in ((CONFIG, config_fault), (STATUS, status_fault)) if fault):
        state = "failed"
        status["message"] = f"The run's files are damaged: {faults}. " + (
            "Delete the run and start another." if config_fault else "Resume goes on from the last finished epoch that was kept."
        )
    elif state in ("queued", "running") and not alive and not (alive := is_held(folder / LOCK)):
        state = "interrupted"
        status["message"] = INTERRUPTED
    return Run(folder.name, folder, config, status, state, alive)


def now(run: Run) -> Run:
    """The run as it is now; Gone when there is none, or another one under its name."""
    folder = next((folder for folder in folders(run.folder.parent) if folder.name == run.id), None)
    found = None if folder is None else read(folder)
    if found is None or found.created != run.created:
        raise Gone(f"The run {run.id} is no longer there. Reload the page to see which runs there are.")
    return found


STATUS_FIELDS: dict[str, Check] = {
    "state": lambda value: is_text(value) and value in STATES,
    **dict.fromkeys(("phase", "device", "message", "checkpoint"), maybe(is_text)),
    **dict.fromkeys(("step", "total_steps", "seconds", "seconds_left", "updated", "turn"), maybe(within(0, 1e12))),
    "epoch": maybe(within(0, MAX_EPOCHS)),
    "epochs": maybe(is_epochs),
    "removed_epochs": is_flag,
    "losses": maybe(lambda value: is_object(value) and all(map(maybe(is_number), value.values()))),
    "waits_for": maybe(is_devices),
}
