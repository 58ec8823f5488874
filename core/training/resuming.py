"""What a trainer needs to go on exactly where it was: taken from it, checked, and given to another one."""

from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from core.training.config import completed
from core.training.distributed import Ranks
from core.training.failures import TrainingError
from core.training.state import damaged, read_state, write_state
from core.words import plural


class Resumable(Protocol):
    """What is asked of a trainer."""

    ranks: Ranks
    device: torch.device
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    sums: Tensor  # of this epoch's losses
    weights: list[nn.Parameter]  # those that learn, as the optimiser has them
    step: int
    steps_per_epoch: int
    total_steps: int
    seconds: float

    @property
    def model(self) -> nn.Module:
        """The weights that are trained."""

    @property
    def average(self) -> nn.Module:
        """Their running average."""

    def identity(self) -> dict[str, Any]:
        """What must agree for a resumed run to be the same run."""


def save(trainer: Resumable, folder: Path, facts: dict[str, Any]) -> None:
    """Write the trainer's state and these facts to folder; all ranks call it, because each has its own sums and noise."""
    ranks = trainer.ranks
    own = {"sums": ranks.gather(trainer.sums)}
    if trainer.step % trainer.steps_per_epoch:
        own["noise"] = ranks.gather(trainer.generator.get_state().to(trainer.device))
    if ranks.first:
        facts = {"step": trainer.step, "seconds": trainer.seconds} | facts | trainer.identity()
        write_state(folder, _tensors(trainer) | own, facts)


def restore(trainer: Resumable, folder: Path) -> dict[str, Any]:
    """Put the trainer where the one was that `save` was given, and return that one's facts. All ranks call it; the first one reads.

    Raises TrainingError when the state belongs to another recipe, model or data set, StateError when it is missing or damaged; the
    trainer is then as it was.
    """
    ranks, model, average, optimizer = trainer.ranks, trainer.model, trainer.average, trainer.optimizer
    tensors, facts = ranks.told(lambda: read_state(folder))
    if (processes := facts.get("processes", 1)) != ranks.world:
        raise TrainingError(
            f"{folder} holds a run of {plural(processes, 'process', 'processes')}, and this is one of {ranks.world}. "
            f"Resume it on the command line with as many as before (torchrun), or train into another folder."
        )
    theirs = facts | {"recipe": completed(facts.get("recipe"))}
    if any(theirs.get(key) != value for key, value in trainer.identity().items()):
        raise TrainingError(f"{folder} holds a run with other settings; resume with the same ones, or train into another folder.")
    noise = tensors.pop("noise", None)
    if what := _fault(trainer, tensors, facts, noise):
        raise damaged(folder, what)
    groups = optimizer.state_dict()["param_groups"]
    model.load_state_dict({n.removeprefix("model."): t for n, t in tensors.items() if n.startswith("model.")})
    average.load_state_dict({n.removeprefix("average."): t for n, t in tensors.items() if n.startswith("average.")})
    optimizer.load_state_dict({"state": _moments(tensors, trainer.weights), "param_groups": groups})
    trainer.sums.copy_(ranks.own(tensors["sums"]))
    trainer.step, trainer.seconds = facts["step"], facts["seconds"]
    if noise is not None and len(own := ranks.own(noise)) == len(trainer.generator.get_state()):
        trainer.generator.set_state(own)  # where the kind of device is another one, it draws other numbers
    return facts


def _tensors(trainer: Resumable) -> dict[str, Tensor]:
    """Every tensor that the next step depends on and that is the same on all ranks."""
    tensors = {f"model.{name}": tensor for name, tensor in trainer.model.state_dict().items()}
    tensors |= {f"average.{name}": tensor for name, tensor in trainer.average.state_dict().items()}
    for index, state in trainer.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": tensor for name, tensor in state.items()}
    return tensors


def _moments(tensors: dict[str, Tensor], parameters: list[nn.Parameter]) -> dict[int, dict[str, Tensor]]:
    """The optimiser's part of the tensors, laid out in memory as its weights are, which the fused optimiser takes for granted."""
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, index, moment = name.split(".")
            if tensor.dim():
                tensor = torch.empty_like(parameters[int(index)], device="cpu").copy_(tensor)
            moments.setdefault(int(index), {})[moment] = tensor
    return moments


def _fault(trainer: Resumable, tensors: dict[str, Tensor], facts: dict[str, Any], noise: Tensor | None) -> str:
    """What is wrong with a state of this very run; "" when nothing is."""
    step, seconds = facts.get("step"), facts.get("seconds")
    if not isinstance(step, int) or not 0 <= step <= trainer.total_steps or not isinstance(seconds, int | float):
        return f"step {step!r}, seconds {seconds!r}"
    if bool(step % trainer.steps_per_epoch) != (noise is not None) or (noise is not None and noise.dtype != torch.uint8):
        return f"step {step}, noise {'missing' if noise is None else noise.dtype}"
    expected = {name: tensor.shape for name, tensor in _tensors(trainer).items() if not name.startswith("optimizer.")}
    expected["sums"] = torch.Size([trainer.ranks.world * len(trainer.sums)])
    for index, parameter in enumerate(trainer.weights if step else ()):
        moments = {"step": torch.Size(), "exp_avg": parameter.shape, "exp_avg_sq": parameter.shape}  # AdamW's
        expected |= {f"optimizer.{index}.{moment}": shape for moment, shape in moments.items() if parameter.requires_grad}
    found = {name: tensor.shape for name, tensor in tensors.items()}
    return ", ".join(sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)))
