"""Train a model from the command line and save it as a checkpoint.

    python -m core.training --dataset mnist --model vae --latent-dim 2 --epochs 30 --seed 0 --out checkpoints/NAME [--resume]

Ctrl-C stops after the current step: what has been learnt is saved and can be opened, and --resume goes on from the last
finished epoch exactly as if nothing had happened.
"""

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path

import torch
from tqdm import tqdm

from core.checkpoints import CheckpointError, check_target
from core.data.datasets import DATASETS, DatasetError, load
from core.models import MODELS, ConfigError
from core.models.vae import VAEConfig
from core.training.card import summary, write_checkpoint
from core.training.config import DEVICES, PRECISIONS, TrainingConfig, device_title
from core.training.loop import Progress, Trainer, TrainingError
from core.training.state import STATE_FILE, StateError

REFRESH_S = 0.5


def parser() -> argparse.ArgumentParser:
    """Every option; its default is that of the dataclass it fills."""
    recipe, model = TrainingConfig(), VAEConfig()
    p = argparse.ArgumentParser(prog="python -m core.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--dataset", choices=DATASETS, default=recipe.dataset)
    p.add_argument("--model", choices=MODELS, default="vae")
    p.add_argument("--out", type=Path, required=True, help="the checkpoint's folder, checkpoints/NAME to see it in the explorer")
    p.add_argument("--resume", action="store_true", help="go on from the last finished epoch of an interrupted run in --out")
    p.add_argument("--epochs", type=int, default=recipe.epochs)
    p.add_argument("--seed", type=int, default=recipe.seed)
    p.add_argument("--latent-dim", type=int, default=model.latent_dim)
    p.add_argument("--encoder-hidden", type=int, nargs="*", default=list(model.encoder_hidden), metavar="UNITS")
    p.add_argument("--decoder-hidden", type=int, nargs="*", default=list(model.decoder_hidden), metavar="UNITS")
    p.add_argument("--likelihood", choices=("bernoulli", "gaussian"), default=model.likelihood)
    p.add_argument("--beta", type=float, default=model.beta, help="weight of the KL")
    p.add_argument("--batch-size", type=int, default=recipe.batch_size)
    p.add_argument("--learning-rate", type=float, default=recipe.learning_rate)
    p.add_argument("--weight-decay", type=float, default=recipe.weight_decay)
    p.add_argument("--kl-warmup-epochs", type=float, default=recipe.kl_warmup_epochs)
    p.add_argument("--ema-decay", type=float, default=recipe.ema_decay)
    p.add_argument("--gradient-clip", type=float, default=recipe.gradient_clip)
    p.add_argument("--binarize", action=argparse.BooleanOptionalAction, help="draw binary x anew for each batch (default: if Bernoulli)")
    p.add_argument("--device", choices=DEVICES, default=recipe.device)
    p.add_argument("--precision", choices=PRECISIONS, default=recipe.precision)
    p.add_argument("--threads", type=int, default=0, help="CPU threads; 0: torch's own choice")
    return p


def main(arguments: list[str] | None = None) -> int:
    """Train as asked; 0 when a checkpoint was written, 1 with a sentence on stderr when not, 130 after Ctrl-C."""
    options = parser().parse_args(arguments)
    try:
        return _train(options)
    except (CheckpointError, ConfigError, DatasetError, TrainingError, StateError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {options.out} could not be written ({error.strerror or error}). Is the disk full, or read-only?", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped at once; nothing was saved after the last finished epoch.", file=sys.stderr)
        return 130
    return 1


def _train(options: argparse.Namespace) -> int:
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    if options.binarize is None:
        options.binarize = options.likelihood == "bernoulli"
    recipe = TrainingConfig(**{name: getattr(options, name) for name in TrainingConfig.__dataclass_fields__ if hasattr(options, name)})
    model_config = VAEConfig(
        latent_dim=options.latent_dim,
        encoder_hidden=tuple(options.encoder_hidden),
        decoder_hidden=tuple(options.decoder_hidden),
        likelihood=options.likelihood,
        beta=options.beta,
    )
    check_target(options.out)
    train, test = load(options.dataset, "train"), load(options.dataset, "test")
    trainer = Trainer(recipe, options.model, model_config, train.images)
    state = options.out.parent / "runs" / options.out.name  # beside --out: runs of the same name elsewhere are others
    if options.resume:
        trainer.restore(state)
    print(f"Device: {device_title(trainer.device)}, {str(trainer.precision).removeprefix('torch.')}; state: {state / STATE_FILE}")

    finished = _run_with_bar(trainer, state)
    if not trainer.step:
        print("Stopped before the first step; nothing was saved.")
        return 130
    card = write_checkpoint(trainer, options.out, train, test, say=lambda what: print(f"Measuring {what} ..."))
    print(f"Saved {options.out} after {card['epochs']:g} of {recipe.epochs} epochs and {card['training_seconds']:.0f} s:\n{summary(card)}")
    if finished:
        shutil.rmtree(state, ignore_errors=True)
        return 0
    more = " The same command with --resume goes on from the last finished epoch." if (state / STATE_FILE).exists() else ""
    print(f"Interrupted.{more}")
    return 130


def _run_with_bar(trainer: Trainer, state: Path) -> bool:
    """Train with a progress bar (losses, time left); False when Ctrl-C stopped it."""
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        if stopped:  # a second Ctrl-C means it
            raise KeyboardInterrupt
        stopped = True

    shown = time.perf_counter()
    bar = tqdm(total=trainer.total_steps, initial=trainer.step, unit="step", dynamic_ncols=True, mininterval=REFRESH_S)

    def on_step(progress: Progress) -> None:
        nonlocal shown
        bar.update(progress.step - bar.n)
        if time.perf_counter() - shown > REFRESH_S:
            shown = time.perf_counter()
            bar.set_postfix_str(describe(progress.losses()), refresh=False)
            bar.set_description(f"epoch {progress.epoch:.1f} of {trainer.config.epochs}", refresh=False)

    def on_epoch(trainer: Trainer, losses: dict[str, float]) -> None:
        bar.write(f"epoch {trainer.step // trainer.steps_per_epoch:4d}  {describe(losses)}  {trainer.seconds:6.0f} s", file=sys.stdout)
        trainer.save_state(state)

    before = signal.signal(signal.SIGINT, stop)
    try:
        return trainer.run(on_step, on_epoch, lambda: stopped)
    finally:
        signal.signal(signal.SIGINT, before)
        bar.close()


def describe(losses: dict[str, float]) -> str:
    """The losses in one line."""
    return (
        f"-ELBO {losses['negative_elbo_nats']:.2f} = reconstruction {losses['reconstruction_nats']:.2f} + KL {losses['kl_nats']:.2f} nats"
    )


if __name__ == "__main__":
    sys.exit(main())
