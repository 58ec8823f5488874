"""Train a model from the command line and save it as a checkpoint.

    python -m core.training --dataset mnist --model vae --latent-dim 2 --epochs 30 --seed 0 --out checkpoints/NAME [--resume]
    torchrun --nproc-per-node=2 -m core.training ... --out checkpoints/NAME        (a process for each device, see README)

Ctrl-C stops after the current step: what has been learnt is saved and can be opened, and --resume goes on exactly as if nothing
had happened. The run can be watched on the Train page while it goes on.
"""

import argparse
import dataclasses
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from tqdm import tqdm

from core.checkpoints import CheckpointError, check_target
from core.data.datasets import DATASETS, DatasetError
from core.models import MODELS, ConfigError
from core.models.config import Setting, from_json, settings, to_json
from core.training.card import summary
from core.training.config import DEVICES, TrainingConfig, choose_device, completed, device_title
from core.training.diagnosis import diagnose
from core.training.distributed import LostContact, in_contact, joined, leave
from core.training.failures import TrainingError
from core.training.folder import STOP, BusyError, begin, hold, read_config, withdraw, write_status
from core.training.history import read_metrics
from core.training.loop import Progress
from core.training.profile import profile
from core.training.run import STOPPED, Execution, Hooks, Stopped, explain
from core.training.run_config import RunConfig
from core.training.state import STATE_FILE, StateError, missing

REFRESH_S = 0.5
MODEL_SETTINGS = {
    name: (field, getattr(entry.config(), name)) for entry in MODELS.values() for name, field in settings(entry.config).items()
}


def parser() -> argparse.ArgumentParser:
    """Every option; its default is that of the dataclass it fills."""
    recipe = TrainingConfig()
    p = argparse.ArgumentParser(prog="python -m core.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--dataset", choices=DATASETS, default=recipe.dataset)
    p.add_argument("--model", choices=MODELS, default="vae")
    p.add_argument("--out", type=Path, help="the checkpoint's folder, checkpoints/NAME to see it in the explorer")
    p.add_argument("--resume", action="store_true", help="go on with an interrupted run in --out")
    for name, setting in settings(TrainingConfig).items():
        p.add_argument(_flag(name), default=getattr(recipe, name), **_how(setting, getattr(recipe, name)))
    p.set_defaults(binarize=None)  # if the loss is Bernoulli's
    for name, (setting, default) in MODEL_SETTINGS.items():
        p.add_argument(_flag(name), **_how(setting, default))
    p.add_argument("--device", choices=DEVICES, default=recipe.device)
    p.add_argument("--threads", type=int, default=0, help="CPU threads; 0: torch's own choice")
    p.add_argument("--profile", action="store_true", help="train a few steps, print where the time goes, and save nothing")
    return p


def _how(setting: Setting, default: Any) -> dict[str, Any]:
    """How argparse asks for a setting."""
    how: dict[str, Any] = {"help": f"{setting.title}. {setting.words}".replace("%", "%%")}
    if isinstance(default, bool):
        return how | {"action": argparse.BooleanOptionalAction}
    if isinstance(default, tuple):
        return how | {"type": int, "nargs": "*", "metavar": "UNITS"}
    return how | {"type": type(default), "choices": None if setting.choices is None else list(setting.choices)}


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def main(arguments: list[str] | None = None) -> int:
    """Train as asked; 0 when a checkpoint was written, 1 with a sentence on stderr when not, 130 after Ctrl-C."""
    options = parser().parse_args(arguments)
    if options.out is None and not options.profile:
        parser().error("the following arguments are required: --out")
    try:
        return _train(options)
    except (CheckpointError, ConfigError, DatasetError, TrainingError, StateError, BusyError, LostContact, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {options.out} could not be written ({error.strerror or error}). Is the disk full, or read-only?", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped immediately; nothing was saved after the last finished epoch.", file=sys.stderr)
        return 130
    except (torch.OutOfMemoryError, MemoryError, SafetensorError) as error:
        print(f"error: {explain(error)}", file=sys.stderr)
    return 1


def _train(options: argparse.Namespace) -> int:
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    config = described(options)
    if options.profile:
        print(profile(config))
        return 0
    folder = options.out.parent / "runs" / options.out.name  # beside --out: runs of the same name elsewhere are others
    with joined(choose_device(options.device).type) as ranks:
        if not ranks.first:
            return _carry_out(Execution(folder, Hooks(ranks=ranks)), options)
        check_target(options.out)
        if options.resume and not (folder / STATE_FILE).exists():
            raise missing(folder)
        with hold(folder):
            before, _ = read_config(folder)
            if not options.resume and before.owner:
                raise TrainingError(f"{folder} holds a run that was started on the page. Delete it there, or train into another folder.")
            if options.resume and not same_run(before, config):
                raise TrainingError(f"{folder} holds a run with other settings; resume with the same ones, or train into another folder.")
            begin(folder, config, anew=not options.resume)
            return _carry_out(Execution(folder, Hooks(ranks=ranks)), options)


def described(options: argparse.Namespace) -> RunConfig:
    """The run that is asked for."""
    kind = MODELS[options.model].config
    known = {field.name for field in dataclasses.fields(kind)}
    given = {name: getattr(options, name) for name in MODEL_SETTINGS if getattr(options, name) is not None}
    if strange := sorted(given.keys() - known):
        raise ConfigError(f"{', '.join(map(_flag, strange))}: the model {options.model} has no such setting.")
    if "classes" in known:
        given["classes"] = max(len(DATASETS[options.dataset].classes), 2)
    model_config = from_json(kind, given)
    if options.binarize is None:
        options.binarize = model_config.likelihood == "bernoulli"
    recipe = TrainingConfig(**{name: getattr(options, name) for name in TrainingConfig.__dataclass_fields__ if hasattr(options, name)})
    name = options.out.name if options.out else ""
    return RunConfig(
        id=name,
        name=name,
        created=time.time(),
        dataset=options.dataset,
        model={"name": options.model, "config": to_json(model_config)},
        recipe=to_json(recipe),
        threads=options.threads,
        devices=(),
        replace=True,  # --out is where the person wants it
    )


def same_run(a: RunConfig, b: RunConfig) -> bool:
    """Whether two configs say the same but for where and how precisely it is computed."""
    elsewhere = {"device": "", "precision": ""}
    return (a.model, completed(a.recipe) | elsewhere) == (b.model, completed(b.recipe) | elsewhere)


def _carry_out(execution: Execution, options: argparse.Namespace) -> int:
    """Train with a progress bar; what Ctrl-C interrupts is saved too."""
    hooks, folder = execution.hooks, execution.folder
    if hooks.ranks.first:
        hooks.say = lambda what: print(f"Measuring {what} ...")
        hooks.started = lambda trainer: print(
            f"Device: {device_title(trainer.device)}, {str(trainer.precision).removeprefix('torch.')}; state: {folder / STATE_FILE}"
        )
    try:
        with ProgressBar(hooks, folder, quiet=not hooks.ranks.first), in_contact():
            state = execution.run()
    except BaseException as error:
        if hooks.ranks.first:
            failed = isinstance(error, Exception)
            write_status(folder, state="failed" if failed else "stopped", phase="", message=explain(error) if failed else STOPPED)
        raise
    trainer = execution.trainer
    if not hooks.ranks.first:
        return 0
    if not trainer.step:
        print("Stopped before the first step; nothing was saved.")
        return 130
    withdraw(folder, STOP)  # it was heard; another one would stop the measuring
    try:
        card = execution.card or execution.save_checkpoint()
    except Stopped:
        print("Stopped before the model was measured. The same command with --resume goes on exactly from here.")
        return 130
    print(f"Saved {options.out} after {card['epochs']:g} of {options.epochs} epochs and {card['training_seconds']:.0f} s:\n{summary(card)}")
    if words := last_words(execution.config, read_metrics(folder), finished=state == "finished"):
        print(words)
    if state == "finished":
        return 0
    print("Interrupted. The same command with --resume goes on exactly from here.")
    return 130 if hooks.ranks.alone else 0  # torchrun takes anything but 0 for a failure


def last_words(config: RunConfig, lines: list[dict[str, Any]], finished: bool) -> str:
    """What the run's losses show, and which options to try."""
    found = diagnose(config, lines, finished=finished)
    names = {"layers": "layers"}  # whose options are the model's own
    return " ".join(filter(None, (found.title, found.words, found.advice(lambda name: names.get(name) or _flag(name)))))


class ProgressBar:
    """A bar with losses and time left, a line for each epoch, and Ctrl-C (or SIGTERM) that stops the run in order."""

    def __init__(self, hooks: Hooks, folder: Path, quiet: bool) -> None:
        self.folder, self.quiet, self.stopped = folder, quiet, False
        self.shown = time.perf_counter()
        self.bar: tqdm | None = None
        hooks.on_step, hooks.on_epoch, hooks.should_stop = self.on_step, self.on_epoch, lambda: self.stopped

    def __enter__(self) -> None:
        self.before = {number: signal.signal(number, self.stop) for number in (signal.SIGINT, signal.SIGTERM)}

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)
        if self.bar is not None:
            self.bar.close()

    def stop(self, *_: object) -> None:
        """The first Ctrl-C ends the run after the current step; a second one means it."""
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True

    def on_step(self, progress: Progress) -> None:
        """Move the bar."""
        if self.quiet:
            return
        if self.bar is None:
            done = progress.step - 1
            self.bar = tqdm(total=progress.total_steps, initial=done, unit="step", dynamic_ncols=True, mininterval=REFRESH_S)
        self.bar.update(progress.step - self.bar.n)
        if time.perf_counter() - self.shown > REFRESH_S:
            self.shown = time.perf_counter()
            self.bar.set_postfix_str(describe(progress.losses()), refresh=False)
            self.bar.set_description(f"epoch {progress.epoch:.1f}", refresh=False)

    def on_epoch(self, epoch: int, losses: dict[str, float]) -> None:
        """A line that stays."""
        tqdm.write(f"epoch {epoch:4d}  {describe(losses)}", file=sys.stdout)


def describe(losses: dict[str, float]) -> str:
    """The losses in one line."""
    words = {"negative_elbo_nats": "-ELBO", "course_loss_nats": "course's loss", "kl_nats": "KL"}
    return ", ".join(f"{words.get(name, name.removesuffix('_nats'))} {value:.2f}" for name, value in losses.items()) + " nats"


if __name__ == "__main__":
    leave(main())
