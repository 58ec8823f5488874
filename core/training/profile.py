"""Where a training step's time goes: python -m core.training ... --profile."""

import dataclasses
import time

import torch
from torch.profiler import ProfilerActivity
from torch.profiler import profile as torch_profile

from core.data.datasets import load
from core.training.config import device_title, model_of, recipe_of
from core.training.loop import Trainer
from core.training.run_config import RunConfig

WARM_STEPS, TIMED_STEPS, PROFILED_STEPS, ROWS = 10, 50, 20, 15


def profile(config: RunConfig) -> str:
    """Train a few steps of this run; a table of its operations, and the time of an epoch."""
    recipe = dataclasses.replace(recipe_of(config), epochs=100_000)  # more than are ever reached
    train = load(recipe.dataset, "train")
    trainer = Trainer(recipe, *model_of(config), train.images, train.labels)
    _steps(trainer, WARM_STEPS)
    began = time.perf_counter()
    _steps(trainer, TIMED_STEPS)
    step_s = (time.perf_counter() - began) / TIMED_STEPS
    on_gpu = trainer.device.type == "cuda"
    with torch_profile(activities=[ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * on_gpu) as profiler:
        _steps(trainer, PROFILED_STEPS)
    averages = profiler.key_averages()
    launches = sum(event.count for event in averages if event.key in ("cudaLaunchKernel", "cudaLaunchKernelExC", "cuLaunchKernel"))
    graphs = sum(event.count for event in averages if event.key == "cudaGraphLaunch")
    lines = [averages.table(sort_by="self_cuda_time_total" if on_gpu else "self_cpu_time_total", row_limit=ROWS)]
    lines.append(
        f"Device: {device_title(trainer.device)}, {str(trainer.precision).removeprefix('torch.')}, batches of {trainer.batch_size}"
    )
    lines.append(f"A step: {1000 * step_s:.2f} ms; an epoch of {trainer.steps_per_epoch} steps: {trainer.steps_per_epoch * step_s:.2f} s")
    if on_gpu:
        how = "one CUDA graph a step" if trainer.graphed and trainer.graphed.graph else "launched one by one"
        lines.append(f"{how}: {launches / PROFILED_STEPS:.0f} kernel launches and {graphs / PROFILED_STEPS:.0f} graph launches a step")
    return "\n".join(lines)


def _steps(trainer: Trainer, count: int) -> None:
    """Go on for so many steps, and wait for the device."""
    last = trainer.step + count
    trainer.run(should_stop=lambda: trainer.step >= last)
    if trainer.device.type == "cuda":
        torch.cuda.synchronize(trainer.device)
