"""A training step as one CUDA graph: a hundred kernels launched by a single call, because at this size launching is the work."""

import sys
from typing import Protocol

import torch
from torch import Tensor

from core.training.schedule import Schedule

EAGER_STEPS = 3  # before the capture: the optimiser's state and the libraries' workspaces are made there


class Stepper(Protocol):
    """What is asked of a trainer."""

    device: torch.device
    generator: torch.Generator
    optimizer: torch.optim.Optimizer

    def schedule(self) -> Schedule:
        """The numbers of the present step."""

    def update(self, rows: Tensor, now: Schedule) -> None:
        """The step itself, on these rows (B,) of the data."""


class GraphedStep:
    """Replays a trainer's `update` on fixed memory: the batch's rows and the step's numbers are copied in, then everything runs."""

    def __init__(self, trainer: Stepper) -> None:
        self.trainer = trainer
        self.stream = torch.cuda.Stream(trainer.device)
        self.graph: torch.cuda.CUDAGraph | None = None
        self.refused = ""  # why this machine cannot capture the step, if it cannot
        self.eager_steps = 0

    def __call__(self, rows: Tensor) -> None:
        """One step on these rows of the data, as the trainer's update would do it."""
        now = self.trainer.schedule()
        if self.graph is None and self.eager_steps >= EAGER_STEPS and not self.refused:
            self.capture(rows, now)
        if self.graph is None:
            self.eager_steps += 1
            self.stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self.stream):
                self.trainer.update(rows, now)
            torch.cuda.current_stream().wait_stream(self.stream)
            return
        self.rows.copy_(rows)
        for name, value in vars(now).items():
            getattr(self.now, name).fill_(value)
        self.graph.replay()

    def capture(self, rows: Tensor, now: Schedule) -> None:
        """Record one step; nothing is computed. Where that fails, `refused` says why and steps are launched one by one."""
        device = self.trainer.device
        self.rows = rows.clone()
        self.now = type(now)(**{name: torch.tensor(float(value), device=device) for name, value in vars(now).items()})
        noise = self.trainer.generator.get_state()
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.trainer.generator)
        self.trainer.optimizer.zero_grad(set_to_none=True)
        torch.cuda.synchronize(device)
        try:
            with torch.cuda.graph(graph, stream=self.stream):
                self.trainer.update(self.rows, self.now)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            self.refused = str(error.__context__ or error).splitlines()[0]
            print(f"The step could not be captured as a CUDA graph ({self.refused}); training goes on, slower.", file=sys.stderr)
            self.trainer.generator = torch.Generator(device)  # the old one may still believe that it is captured
            self.trainer.generator.set_state(noise)
        else:
            self.graph = graph
