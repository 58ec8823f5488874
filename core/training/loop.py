"""The training loop: the whole data set in memory on the device, no transfer and no synchronisation inside an epoch.

A run is

    trainer = Trainer(TrainingConfig(epochs=5), "vae", VAEConfig(), images)
    trainer.run(on_step=print)
    trainer.average_model()
"""

import copy
import dataclasses
import inspect
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.models import Model, ModelConfig, build
from core.models.config import to_json
from core.pace import Pace
from core.training import resuming, schedule
from core.training.config import TrainingConfig, choose_device, choose_precision
from core.training.distributed import ALONE, STOP_EVERY, Ranks
from core.training.failures import TrainingError
from core.training.graph import GraphedStep
from core.training.schedule import Schedule


class AdamW(torch.optim.AdamW):
    """torch's own, without the wrappers that keep it out of `torch.compile`: they import that compiler first (2 s of each run)."""

    add_param_group = inspect.unwrap(torch.optim.AdamW.add_param_group)
    zero_grad = inspect.unwrap(torch.optim.AdamW.zero_grad)
    state_dict = inspect.unwrap(torch.optim.AdamW.state_dict)
    load_state_dict = inspect.unwrap(torch.optim.AdamW.load_state_dict)
    step = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))


@dataclass(frozen=True)
class Progress:
    """Where a run is. `losses` reads from the device, so ask for it now and then, not at every step."""

    step: int  # finished steps, of all epochs
    total_steps: int
    steps_per_epoch: int
    seconds: float  # since `run` began
    seconds_left: float  # at the speed of the last seconds
    names: tuple[str, ...]  # of the losses
    total: str  # the name of their sum, where it has one
    sums: Tensor  # (1 + losses,): images seen in this epoch, and the sums of their losses

    @property
    def epoch(self) -> float:
        """Epochs done, with the fraction of the current one."""
        return self.step / self.steps_per_epoch

    def losses(self) -> dict[str, float]:
        """Means over this epoch so far, nats per image; see `named_losses`."""
        images, *sums = self.sums.tolist()
        return named_losses(self.names, self.total, [value / max(images, 1.0) for value in sums])


def named_losses(names: tuple[str, ...], total: str, means: list[float]) -> dict[str, float]:
    """Losses by their names and, where there is a KL, its sum with the reconstruction, by the name that `total` gives it."""
    losses = dict(zip(names, means, strict=True))
    return losses | ({total: losses["reconstruction_nats"] + losses["kl_nats"]} if total else {})


class Objective(nn.Module):
    """The loss as a module's forward, the form that DistributedDataParallel wants."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, x: Tensor, target: Tensor, label: Tensor | None, generator: torch.Generator, regularizer_weight: float | Tensor
    ) -> tuple[Tensor, Tensor]:
        """The loss to differentiate, and the model's losses summed over the batch: (len(LOSSES),)."""
        terms = self.model.training_terms(x, target, generator, label)  # (len(LOSSES), B)
        return self.model.objective(terms, regularizer_weight), terms.detach().sum(1)


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Inside, numbers nearer to 0 than 1e-38 count as 0, on this thread and on those that torch starts from it.

    Without it the optimiser's averages of a weight whose gradient stays 0 (a pixel without ink) end among them and never leave,
    and a processor is many times slower there: on an Intel Xeon AdamW took 1.4 ms a step instead of 0.4.
    """
    before = bool(torch.tensor(1e-30) * 1e-10 == 0)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


OnStep = Callable[[Progress], None]
OnEpoch = Callable[["Trainer", dict[str, float]], None]


class Trainer:
    """One run: model, running average and optimiser, advanced step by step.

    Each epoch's randomness comes from a generator seeded with (seed, epoch, rank) alone, and its state is saved within an epoch,
    so a resumed run goes on exactly as one that was never interrupted.
    """

    def __init__(
        self,
        config: TrainingConfig,
        model_name: str,
        model_config: ModelConfig,
        images: np.ndarray,
        labels: np.ndarray | None = None,
        ranks: Ranks = ALONE,
    ) -> None:
        """Images are uint8 (N, H, W), of the model's shape, ink = 255; labels (N,) are for conditional models. `ranks`: who shares it.

        Where the recipe's `training_images` is less than N, only the first so many of a permutation by the seed are trained on.
        """
        self.config, self.model_name, self.model_config, self.ranks = config, model_name, model_config, ranks
        self.device = ranks.device(choose_device(config.device))
        self.precision = choose_precision(config.precision, self.device)
        if (count := config.images_of(len(images))) < len(images):
            rows = np.random.default_rng(config.seed).permutation(len(images))[:count]
            images, labels = images[rows], None if labels is None else labels[rows]
        self.image_count = len(images)
        self.images, self.labels = self._shard(images), None
        self.batch_size = max(1, min(config.batch_size, len(images)) // ranks.world)  # of this rank
        self.steps_per_epoch = len(self.images) // self.batch_size  # a last, smaller batch waits for another epoch's order
        self.total_steps = config.epochs * self.steps_per_epoch

        self.model: Model = self.make_model()
        self.model.set_mean_image(torch.from_numpy(images.mean(0, dtype=np.float64)).float()[None] / 255)
        self.model.fit(images)
        if self.model.conditional:
            self.labels = self._shard(self._checked_labels(labels)).long()
        self.model.to(self.device)
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        every = dict(self.model.named_parameters())
        learning = [name for name, weight in every.items() if weight.requires_grad]  # all, unless `make_model` froze some
        learning = learning or list(every)  # of a model that was computed none does; the optimiser gets them, and never moves one
        self.weights, self.averages = ([network.get_parameter(name) for name in learning] for network in (self.model, self.average))
        self.objective = ranks.parallel(Objective(self.model), self.device)
        self.optimizer: torch.optim.Optimizer = AdamW(
            self.weights,
            lr=torch.tensor(config.learning_rate, device=self.device) if self.device.type == "cuda" else config.learning_rate,
            betas=(config.beta1, config.beta2),
            weight_decay=config.weight_decay,
            fused=True,
            capturable=self.device.type == "cuda",
        )
        self.step = 0
        self.seconds = 0.0  # of training, over all sessions of a resumed run
        self.sums = torch.zeros(
            1 + len(self.model.LOSSES), device=self.device, dtype=torch.float64 if self.device.type != "mps" else torch.float32
        )
        self.images_seen, self.loss_sums = self.sums[:1], self.sums[1:]  # views
        self.generator = torch.Generator(self.device)  # seeded anew for each epoch
        self.graphed = GraphedStep(self) if self.device.type == "cuda" and ranks.alone else None

    def make_model(self) -> Any:
        """The model as it begins."""
        if (given := tuple(self.images.shape[1:])) != (own := self.model_config.shape):
            raise TrainingError(f"The model is for images of {own[2]} x {own[1]} pixels, and these have {given[2]} x {given[1]}.")
        return build(self.model_name, self.model_config, self.config.seed)

    def _shard(self, array: np.ndarray) -> Tensor:
        """This rank's part of the data, on its device: every world-th row, as many for each rank. Images get their channel."""
        if len(array) < self.ranks.world:
            raise TrainingError("There are no images to train on." if not len(array) else "There are fewer images than processes.")
        rows = array[self.ranks.rank :: self.ranks.world][: len(array) // self.ranks.world]
        tensor = torch.from_numpy(np.ascontiguousarray(rows)).to(self.device)
        return tensor.unsqueeze(1) if tensor.dim() == 3 else tensor

    def _checked_labels(self, labels: np.ndarray | None) -> np.ndarray:
        classes = getattr(self.model_config, "classes", 0)
        if labels is None or len(labels) != self.image_count:
            raise TrainingError("A conditional model is trained on labelled images, and there is not a label for each image.")
        if labels.max() >= classes:
            raise TrainingError(f"The data set has the label {labels.max()} and the model only {classes} classes: set classes to more.")
        return labels

    # --- running -------------------------------------------------------------------------------------------------------

    @denormals_flushed()
    def run(
        self,
        on_step: OnStep = lambda progress: None,
        on_epoch: OnEpoch = lambda trainer, losses: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Train to the last epoch; True when it got there, False when should_stop() said so (asked after every step)."""
        began, seconds_before = time.perf_counter(), self.seconds
        pace = Pace(0.0, self.step)
        while self.step < self.total_steps:
            for rows in self._batches_left():
                self._learn(rows)
                self.step += 1
                elapsed = time.perf_counter() - began
                self.seconds = seconds_before + elapsed
                left = pace.seconds_left(elapsed, self.step, self.total_steps)
                progress = Progress(
                    self.step, self.total_steps, self.steps_per_epoch, elapsed, left, self.model.LOSSES, self.model.TOTAL, self.sums
                )
                on_step(progress)
                if stop := self._agreed(should_stop()):
                    break
            if not all(map(math.isfinite, (losses := self._losses_of_all_ranks(progress)).values())):
                raise TrainingError(f"The loss was no finite number any more in epoch {math.ceil(progress.epoch)}: {self._diverged()}")
            if self.step % self.steps_per_epoch == 0:
                on_epoch(self, losses)
            if stop:
                break
        return self.step == self.total_steps

    def _agreed(self, stop: bool) -> bool:
        """Whether any rank wants to stop. Among several it is asked only now and then, and at the end of every epoch."""
        due = self.ranks.alone or self.step % STOP_EVERY == 0 or self.step % self.steps_per_epoch == 0
        return due and self.ranks.any(stop, self.device)

    def _diverged(self) -> str:
        return f"training diverged. Start another run with a lower learning rate than {self.config.learning_rate:g}."

    def _losses_of_all_ranks(self, progress: Progress) -> dict[str, float]:
        return dataclasses.replace(progress, sums=self.ranks.sum(progress.sums)).losses()

    def _batches_left(self) -> Iterator[Tensor]:
        """The rows (B,) of each batch that is left of the epoch; a stopped epoch goes on as if it had not been stopped."""
        epoch, done = divmod(self.step, self.steps_per_epoch)
        reached = self.generator.get_state()
        self.generator.manual_seed((self.config.seed * 1_000_003 + epoch) * self.ranks.world + self.ranks.rank)
        order = torch.randperm(len(self.images), device=self.device, generator=self.generator)
        if done:
            self.generator.set_state(reached)
        else:
            self.sums.zero_()
        for start in range(done * self.batch_size, self.steps_per_epoch * self.batch_size, self.batch_size):
            yield order[start : start + self.batch_size]

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """The images of these rows as the model is to see them, (B, 1, H, W) in [0, 1], as it is to answer, and their labels."""
        x = self.images.index_select(0, rows).float().div_(255.0)
        x = torch.bernoulli(x, generator=self.generator) if self.config.binarize else x
        return x, x, None if self.labels is None else self.labels[rows]

    def _learn(self, rows: Tensor) -> None:
        """One optimiser step on the batch of these rows."""
        if self.graphed is not None:
            self.graphed(rows)
        else:
            self.update(rows, self.schedule())

    def schedule(self) -> Schedule:
        """The numbers of the current step."""
        return schedule.at(self.step, self.config, self.steps_per_epoch)

    def update(self, rows: Tensor, now: Schedule) -> None:
        """Batch, gradient, optimiser, running average, sums of the losses: all on the device, nothing waits for it."""
        x, target, label = self.batch(rows)
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].copy_(torch.as_tensor(now.learning_rate))
            else:
                group["lr"] = now.learning_rate
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.precision == torch.bfloat16):
            loss, sums = self.objective(x, target, label, self.generator, now.regularizer_weight)
        if loss.requires_grad:  # else the model was computed, and is only measured
            for weight in self.weights:  # Optimizer.zero_grad without what it looks up at every step
                weight.grad = None
            loss.backward()
            if self.config.gradient_clip:
                torch.nn.utils.clip_grad_norm_(self.weights, self.config.gradient_clip)
            self.optimizer.step()
        with torch.no_grad():
            if isinstance(now.follow, Tensor) or now.follow:
                lerp_(self.averages, self.weights, now.follow)
            self.images_seen.add_(len(x))
            self.loss_sums.add_(sums)

    def average_model(self) -> Model:
        """The running average of the weights: the model to keep, in evaluation mode."""
        return self.average.eval()

    # --- resuming ------------------------------------------------------------------------------------------------------

    def save_state(self, folder: Path, **facts: object) -> None:
        """Write what `restore` needs to folder, atomically, with more facts if wanted. All ranks call it; the first one writes."""
        if not all(torch.isfinite(parameter).all() for parameter in self.model.parameters()):
            raise TrainingError(f"The weights are no longer finite numbers: {self._diverged()}")  # the last good state stays
        resuming.save(self, folder, facts)

    def restore(self, folder: Path) -> dict[str, Any]:
        """Go on from a state that `save_state` wrote; returns its facts. All ranks call it; the first one reads.

        Raises TrainingError when it belongs to another recipe, model or data set, StateError when it is missing or damaged.
        """
        return resuming.restore(self, folder)

    def identity(self) -> dict[str, Any]:
        """What must agree for a resumed run to be the same run."""
        recipe = to_json(dataclasses.replace(self.config, device="auto", precision="auto"))
        model = {"model": self.model_name, "model_config": to_json(self.model_config)}
        return {"recipe": recipe, **model, "images": self.image_count, "processes": self.ranks.world}


def lerp_(averages: list[Tensor], weights: list[Tensor], follow: float | Tensor) -> None:
    """averages += follow (weights - averages), in place and for all tensors at once."""
    if isinstance(follow, Tensor):  # foreach_lerp takes only a number, which a captured graph would freeze
        steps = torch._foreach_sub(weights, averages)
        torch._foreach_mul_(steps, follow)
        torch._foreach_add_(averages, steps)
    else:
        torch._foreach_lerp_(averages, weights, follow)
