"""The training loop: the whole data set in memory on the device, no transfer and no synchronisation inside an epoch.

A run is

    trainer = Trainer(TrainingConfig(epochs=5), "vae", VAEConfig(), images)
    trainer.run(on_step=print)
    trainer.average_model()
"""

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from core.models import Model, build
from core.models.config import to_json
from core.models.objectives import elbo_nats
from core.models.vae import VAEConfig
from core.training.config import TrainingConfig, choose_device, choose_precision
from core.training.state import damaged, read_state, write_state


class TrainingError(Exception):
    """Training cannot go on; the message says what happened and what to do."""


@dataclass(frozen=True)
class Progress:
    """Where a run is. `losses` reads from the device, so ask for it now and then, not at every step."""

    step: int  # finished steps, of all epochs
    total_steps: int
    steps_per_epoch: int
    seconds: float  # since `run` began
    seconds_left: float
    sums: Tensor  # (3,): images seen in this epoch, sums of their reconstruction and KL terms

    @property
    def epoch(self) -> float:
        """Epochs done, with the fraction of the current one."""
        return self.step / self.steps_per_epoch

    def losses(self) -> dict[str, float]:
        """Means over this epoch so far, nats per image: reconstruction (negative log-likelihood), KL and their sum."""
        images, reconstruction, kl = self.sums.tolist()
        images = max(images, 1.0)
        return {
            "reconstruction_nats": reconstruction / images,
            "kl_nats": kl / images,
            "negative_elbo_nats": (reconstruction + kl) / images,
        }


Tensors = tuple[Tensor, ...] | list[Tensor]
OnStep = Callable[[Progress], None]
OnEpoch = Callable[["Trainer", dict[str, float]], None]


class Trainer:
    """One run: model, running average and optimiser, advanced step by step.

    Each epoch's randomness comes from a generator seeded with (seed, epoch) alone, so a run resumed from the state of a
    finished epoch goes on exactly as one that was never interrupted.
    """

    def __init__(self, config: TrainingConfig, model_name: str, model_config: VAEConfig, images: np.ndarray) -> None:
        """Images are uint8 (N, 28, 28), ink = 255."""
        if len(images) < 1:
            raise TrainingError("There are no images to train on.")
        self.config, self.model_name, self.model_config = config, model_name, model_config
        self.device = choose_device(config.device)
        self.precision = choose_precision(config.precision, self.device)
        self.images = torch.from_numpy(np.ascontiguousarray(images)).to(self.device).unsqueeze(1)  # uint8 (N, 1, 28, 28)
        self.batch_size = min(config.batch_size, len(images))
        self.steps_per_epoch = len(images) // self.batch_size  # a last, smaller batch waits for another epoch's order
        self.total_steps = config.epochs * self.steps_per_epoch

        self.model = build(model_name, model_config, config.seed)
        self.model.set_mean_image(self.images.float().mean(0).cpu() / 255)
        self.model.to(self.device)
        self.average = AveragedModel(self.model, multi_avg_fn=self._average_weights)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=torch.tensor(config.learning_rate) if self.device.type == "cuda" else config.learning_rate,
            betas=(config.beta1, config.beta2),
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.step = 0
        self.seconds = 0.0  # of training, over all sessions of a resumed run
        self.sums = torch.zeros(3, device=self.device, dtype=torch.float64 if self.device.type != "mps" else torch.float32)

    # --- running -------------------------------------------------------------------------------------------------------

    def run(
        self,
        on_step: OnStep = lambda progress: None,
        on_epoch: OnEpoch = lambda trainer, losses: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Train to the last epoch; True when it got there, False when should_stop() said so (asked after every step)."""
        began, first_step, seconds_before = time.perf_counter(), self.step, self.seconds
        while self.step < self.total_steps:
            for batch in self._batches_left():
                self._learn(*batch)
                self.step += 1
                elapsed = time.perf_counter() - began
                self.seconds = seconds_before + elapsed
                left = elapsed / (self.step - first_step) * (self.total_steps - self.step)
                progress = Progress(self.step, self.total_steps, self.steps_per_epoch, elapsed, left, self.sums)
                on_step(progress)
                if stop := should_stop():
                    break
            losses = progress.losses()
            if not math.isfinite(losses["negative_elbo_nats"]):
                raise TrainingError(
                    f"The loss became {losses['negative_elbo_nats']} in epoch {math.ceil(progress.epoch)}: training "
                    f"diverged. Try a lower learning rate than {self.config.learning_rate:g}, or a gradient clip of 1."
                )
            if self.step % self.steps_per_epoch == 0:
                on_epoch(self, losses)
            if stop:
                break
        return self.step == self.total_steps

    def _batches_left(self):
        """(x, the epoch's generator) for what is left of the epoch; a stopped one goes on with the batches it has not seen."""
        epoch, done = divmod(self.step, self.steps_per_epoch)
        generator = torch.Generator(self.device).manual_seed(self.config.seed * 1_000_003 + epoch)
        if not done:
            self.sums.zero_()
        order = torch.randperm(len(self.images), device=self.device, generator=generator)
        for start in range(done * self.batch_size, self.steps_per_epoch * self.batch_size, self.batch_size):
            x = self.images[order[start : start + self.batch_size]].float().div_(255.0)  # (B, 1, 28, 28)
            yield (torch.bernoulli(x, generator=generator) if self.config.binarize else x), generator

    def _learn(self, x: Tensor, generator: torch.Generator) -> None:
        """One optimiser step on a batch."""
        for group in self.optimizer.param_groups:
            rate = self.learning_rate()
            group["lr"].fill_(rate) if isinstance(group["lr"], Tensor) else group.update(lr=rate)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.precision == torch.bfloat16):
            log_likelihood, kl = self.model.terms_nats(x, generator=generator)  # (B,), (B,)
        loss = -elbo_nats(log_likelihood, kl, self.kl_weight()).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.config.gradient_clip:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.gradient_clip)
        self.optimizer.step()
        self.average.update_parameters(self.model)
        with torch.no_grad():
            self.sums += torch.stack([torch.full_like(loss, len(x)), -log_likelihood.sum(), kl.sum()])

    def learning_rate(self) -> float:
        """At the current step: linear warm-up, then a half cosine to zero.  (Loshchilov & Hutter 2017, eq. 5)"""
        warmup = self.config.warmup_fraction * self.total_steps
        if self.step < warmup:
            return self.config.learning_rate * (self.step + 1) / math.ceil(warmup)
        return self.config.learning_rate * 0.5 * (1 + math.cos(math.pi * (self.step - warmup) / max(self.total_steps - warmup, 1)))

    def kl_weight(self) -> float:
        """Beta at the current step, rising linearly over the KL warm-up.  (Bowman et al. 2016)"""
        warmup = min(self.config.kl_warmup_epochs, self.config.epochs / 2) * self.steps_per_epoch
        return self.model_config.beta * min(1.0, (self.step + 1) / warmup if warmup else 1.0)

    def _average_weights(self, averages: Tensors, weights: Tensors, count: Tensor | int) -> None:
        """Exponential moving average whose memory grows from 10 steps, so that a short run is not held back by its start."""
        decay = min(self.config.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(averages, weights, 1 - decay)

    def average_model(self) -> Model:
        """The running average of the weights: the model to keep, in evaluation mode."""
        return cast(Model, self.average.module.eval())

    # --- resuming ------------------------------------------------------------------------------------------------------

    def _state_tensors(self) -> dict[str, Tensor]:
        """Every tensor that the next step depends on."""
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": tensor for name, tensor in state.items()}
        return tensors

    def save_state(self, folder: Path) -> None:
        """Write what `restore` needs to folder, atomically (safetensors and JSON)."""
        write_state(folder, self._state_tensors(), {"step": self.step, "seconds": self.seconds} | self._identity())

    def restore(self, folder: Path) -> None:
        """Go on from a state that `save_state` wrote.

        Raises TrainingError when it belongs to another recipe, model or data set, StateError when it is missing or damaged.
        """
        tensors, facts = read_state(folder)
        if any(facts.get(key) != value for key, value in self._identity().items()):
            raise TrainingError(f"{folder} holds a run with other settings; resume with the same ones, or train into another folder.")
        if what := self._state_fault(tensors, facts):
            raise damaged(folder, what)
        groups = self.optimizer.state_dict()["param_groups"]
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith("optimizer."):
                _, index, moment = name.split(".")
                moments.setdefault(int(index), {})[moment] = tensor
        self.model.load_state_dict({n.removeprefix("model."): t for n, t in tensors.items() if n.startswith("model.")})
        self.average.load_state_dict({n.removeprefix("average."): t for n, t in tensors.items() if n.startswith("average.")})
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self.step, self.seconds = facts["step"], facts["seconds"]

    def _state_fault(self, tensors: dict[str, Tensor], facts: dict) -> str:
        """What is wrong with a state of this very run; "" when nothing is."""
        step, seconds = facts.get("step"), facts.get("seconds")
        if not isinstance(step, int) or not 0 <= step <= self.total_steps or not isinstance(seconds, int | float):
            return f"step {step!r}, seconds {seconds!r}"
        expected = {name: tensor.shape for name, tensor in self._state_tensors().items() if not name.startswith("optimizer.")}
        for index, parameter in enumerate(self.model.parameters() if step else ()):
            moments = {"step": torch.Size(), "exp_avg": parameter.shape, "exp_avg_sq": parameter.shape}  # AdamW's
            expected |= {f"optimizer.{index}.{moment}": shape for moment, shape in moments.items()}
        found = {name: tensor.shape for name, tensor in tensors.items()}
        return ", ".join(sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)))

    def _identity(self) -> dict:
        """What must agree for a resumed run to be the same run."""
        recipe = to_json(dataclasses.replace(self.config, device="auto", precision="auto"))
        return {"recipe": recipe, "model": self.model_name, "model_config": to_json(self.model_config), "images": len(self.images)}
