"""How much faster two processes train than one, at the same global batch and at the same batch for each; a thread or a GPU each."""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import torch
import torch.distributed as dist

from benchmarks.tables import p50, table, times
from benchmarks.training import cpu_threads, run_epoch, synchronize
from core.data.datasets import load
from core.models import MODELS
from core.training.config import TrainingConfig
from core.training.distributed import ALONE, Ranks
from core.training.loop import Trainer

WORLD, BATCH = 2, 256
MODELS_MEASURED = ("vae", "conv-vae")  # few sums for each weight, and many
PATIENCE = timedelta(hours=2)  # one waits while the other trains alone
Speeds = dict[str, list[float]]  # images/s of each way, an entry for each epoch


def measure(quick: bool) -> str:
    """A table for each model and kind of device, as Markdown."""
    images, epochs = (6_000, 1) if quick else (60_000, 4)
    devices = ["cpu"] + ["cuda"] * (torch.cuda.device_count() >= WORLD)
    return "\n\n".join(results(model, device, images, epochs) for device in devices for model in MODELS_MEASURED)


def results(model: str, device: str, images: int, epochs: int) -> str:
    """The table of one model."""
    speeds = {way: p50(values) for way, values in in_two_processes(model, device, images, epochs).items()}
    one = next(iter(speeds.values()))
    rows = [[times(speed / one), way, f"{speed:,.0f}"] for way, speed in speeds.items()]
    title = f"{MODELS[model].title}, {images:,} images, epochs: {epochs}, on {'CPU' if device == 'cpu' else 'GPUs'}"
    return table(title, ["to one process", "trainer", "images/s"], rows)


def in_two_processes(model: str, device: str, images: int, epochs: int) -> Speeds:
    """Start both, and take what the first one measured."""
    context = get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        answer: SimpleQueue = context.SimpleQueue()
        work = (Path(folder, "meeting"), model, device, images, epochs, answer)
        processes = [context.Process(target=take_part, args=(rank, *work), daemon=True) for rank in range(WORLD)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        if any(process.exitcode for process in processes):
            raise SystemExit("A process failed; what it said is above.")
        return answer.get()


def take_part(rank: int, meeting: Path, model: str, device: str, images: int, epochs: int, answer: SimpleQueue) -> None:
    """One of the two: train in each of the ways, in turns. Where one process trains, the other one waits."""
    torch.set_num_threads(1)
    if device == "cuda":
        torch.cuda.set_device(rank)
    backend = "nccl" if device == "cuda" else "gloo"
    dist.init_process_group(backend, init_method=meeting.as_uri(), rank=rank, world_size=WORLD, timeout=PATIENCE)
    ranks = Ranks(rank, WORLD, rank)
    speeds: Speeds = {}
    runs = ways(ranks, model, device, images, epochs + 1)
    for epoch in range(epochs + 1):
        for way, run in runs.items():
            ranks.sum(torch.zeros(1, device=device)).cpu()  # both are here
            began = time.perf_counter()
            seen = run()
            if epoch:  # the first one warms up
                speeds.setdefault(way, []).append(seen / (time.perf_counter() - began))
    if ranks.first:
        answer.put(speeds)
    del run, runs  # the trainers hold on to the connection
    dist.destroy_process_group()
    os._exit(0)  # all is said; why not by the interpreter's own end: core.training.distributed.leave


def ways(ranks: Ranks, model: str, device: str, images: int, epochs: int) -> dict[str, Callable[[], int]]:
    """What is compared, by name: each trains for an epoch and returns how many images all processes saw."""
    one = an_epoch(a_trainer(ALONE, model, device, images, epochs, BATCH)) if ranks.first else lambda: 1
    found = {f"one process, batches of {BATCH}": one}
    if device == "cpu":
        found[f"one process with {WORLD} threads, batches of {BATCH}"] = with_threads(one)
    for together in (BATCH, WORLD * BATCH):
        shared = a_trainer(ranks, model, device, images, epochs, together)
        found[f"{WORLD} processes, batches of {together // WORLD} each"] = an_epoch(shared)
    return found


def a_trainer(ranks: Ranks, model: str, device: str, images: int, epochs: int, batch: int) -> Trainer:
    """A run of our default recipe; `batch` is that of all processes together."""
    recipe = TrainingConfig(epochs=2 * epochs, batch_size=batch, device=device)  # twice: one trainer may run in two of the ways
    return Trainer(recipe, model, MODELS[model].config(), load("mnist", "train").images[:images], ranks=ranks)


def an_epoch(trainer: Trainer) -> Callable[[], int]:
    """Train to the end of the epoch."""

    def run() -> int:
        run_epoch(trainer)
        synchronize(trainer.device)
        return trainer.steps_per_epoch * trainer.batch_size * trainer.ranks.world

    return run


def with_threads(run: Callable[[], int]) -> Callable[[], int]:
    """The same with as many threads as there are processes otherwise."""

    def threaded() -> int:
        with cpu_threads(WORLD):
            return run()

    return threaded
