"""How long a run still takes, and how long those wait that come after it: estimates, from what runs say and what this machine does."""

import heapq
import math
from collections.abc import Iterable, Mapping

from core.data.datasets import DATASETS
from core.models import ConfigError, ModelConfig
from core.runs import Run
from core.training import presets
from core.training.config import model_of, recipe_of
from core.turns import order_of, whole_number


def seconds_until_turn(runs: Iterable[Run], speeds: Mapping[str, float]) -> dict[str, float | None]:
    """For each run that waits, about how long until it gets a device; None where that cannot be known."""
    runs = list(runs)
    by_id = {run.id: run for run in runs}
    busy = [run for run in runs if run.alive and run.state == "running" and run.status.get("turn")]  # others hold no device
    ahead = [(run.devices, seconds_to_go(run, speeds)) for run in busy]
    waiting = order_of(runs)
    places = whole_number("LATENT_TRAINING_SLOTS", 1)
    found = waits(ahead, [(by_id[run_id].devices, seconds_to_go(by_id[run_id], speeds)) for run_id in waiting], places)
    return dict(zip(waiting, found, strict=True))


def waits(
    running: Iterable[tuple[list[str], float | None]], waiting: Iterable[tuple[list[str], float | None]], places: int
) -> list[float | None]:
    """How long each of `waiting` waits, in seconds. Both hold, in order, the devices that a run takes and how long it takes, if known."""
    free: dict[str, list[float]] = {}  # of each device, when its places get free: heaps

    def take(devices: list[str], seconds: float | None) -> float:
        """The earliest place of these devices: when it is free, before it is taken for so long."""
        for device in devices:
            free.setdefault(device, [0.0] * places)
        device = min(devices, key=lambda device: free[device][0])
        begins = free[device][0]
        heapq.heapreplace(free[device], begins + (math.inf if seconds is None else seconds))
        return begins

    for devices, seconds in running:
        take(devices, seconds)
    begins = [take(devices, seconds) for devices, seconds in waiting]
    return [None if math.isinf(seconds) else seconds for seconds in begins]


def seconds_to_go(run: Run, speeds: Mapping[str, float]) -> float | None:
    """About how long the run still has its device, to its saved checkpoint; None when that cannot be known."""
    known = _described(run)
    if known is None:
        return None
    model, config, images, trained_on = known
    measuring = presets.measuring_seconds(speeds, model, config, images)
    if run.phase.startswith("measuring"):
        return measuring
    left = run.status.get("seconds_left") if run.state == "running" and run.phase == "training" else None
    if left is None:
        epochs = max(0.0, run.epochs - run.epoch)
        training = presets.training_seconds(speeds, model, config, epochs, trained_on)
        left = None if training is None else presets.START_S + training
    if run.minutes is not None:
        left = min(math.inf if left is None else left, max(0.0, 60 * run.minutes - (run.status.get("seconds") or 0.0)))
    return None if left is None or measuring is None else left + measuring


def _described(run: Run) -> tuple[str, ModelConfig, int, int] | None:
    """Its model's name and config, how many training images its data set has, and how many of them it sees in an epoch."""
    if run.config.dataset not in DATASETS:
        return None
    try:
        images = DATASETS[run.config.dataset].training_images
        return *model_of(run.config), images, recipe_of(run.config).images_of(images)
    except ConfigError:
        return None
