"""Several processes as one trainer, a device each: torchrun --nproc-per-node=N -m core.training ...

Every process (rank) holds its share of the images on its device and averages its gradients with the others'; all stop
together, and only the first one reads and writes the run's folder.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T")
STOP_EVERY = 16  # steps between two questions whether anybody wants to stop: each waits for all


class LostContact(Exception):
    """Another process of the run is gone; the message says what to do."""


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together. Whoever calls a method that says "all" must be joined by all the others."""

    rank: int = 0
    world: int = 1  # processes
    local_rank: int = 0  # among those of this machine

    @property
    def first(self) -> bool:
        """Whether this process is the one that reads and writes the run's folder."""
        return self.rank == 0

    @property
    def alone(self) -> bool:
        """Whether there is no other."""
        return self.world == 1

    def device(self, chosen: torch.device) -> torch.device:
        """This process's own device of the kind that was chosen."""
        return chosen if self.alone or chosen.type != "cuda" else torch.device("cuda", self.local_rank)

    def parallel(self, objective: nn.Module, device: torch.device) -> nn.Module:
        """The objective with gradients averaged over all processes; as it is where there is one, or no weight to train."""
        if self.alone or not any(parameter.requires_grad for parameter in objective.parameters()):
            return objective
        return DistributedDataParallel(objective, device_ids=[device] if device.type == "cuda" else None)

    def any(self, flag: bool, device: torch.device) -> bool:
        """Whether any of all the processes says so; all hear the same answer."""
        if self.alone:
            return flag
        answer = torch.tensor(float(flag), device=device)
        dist.all_reduce(answer, dist.ReduceOp.MAX)
        return bool(answer.item())

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.alone:
            return values
        total = values.clone()
        dist.all_reduce(total)
        return total

    def gather(self, values: Tensor) -> Tensor:
        """The values (N,) of all processes, one after the other: (world N,)."""
        if self.alone:
            return values
        parts = [torch.empty_like(values) for _ in range(self.world)]
        dist.all_gather(parts, values)
        return torch.cat(parts)

    def own(self, gathered: Tensor) -> Tensor:
        """This process's part of what was gathered."""
        return gathered.chunk(self.world)[self.rank].clone()  # a generator takes no window on other numbers

    def told(self, ask: Callable[[], T]) -> T:
        """What the first process answers, told to all: the others may be on machines that do not see its folder."""
        if self.alone:
            return ask()
        answer: list[Any] = [ask() if self.first else None]
        dist.broadcast_object_list(answer)
        return answer[0]


ALONE = Ranks()


@contextmanager
def joined(device_type: str) -> Iterator[Ranks]:
    """The processes that torchrun started (its environment variables say so); alone without it."""
    world, local_rank = _world(), int(os.environ.get("LOCAL_RANK", "0"))
    if world == 1:
        yield ALONE
        return
    if device_type not in ("cpu", "cuda"):
        raise ValueError(f"Several processes cannot share a {device_type} device; add --device cpu, or train without torchrun.")
    if device_type == "cuda":
        if local_rank >= torch.cuda.device_count():
            raise ValueError(f"There are more processes than GPUs; start torchrun with --nproc-per-node={torch.cuda.device_count()}.")
        torch.cuda.set_device(local_rank)
    dist.init_process_group("nccl" if device_type == "cuda" else "gloo")
    yield Ranks(dist.get_rank(), world, local_rank)
    dist.destroy_process_group()  # not after an error: the others may be waiting for this process, and it must end at once


def leave(code: int) -> NoReturn:
    """End this process; one of several at once: a thread of gloo's may still hold the last tensor that was summed. To let go of it, it asks
    for an interpreter that is ending, and the process aborts (torch 2.14; "terminate called without an active exception")."""
    if _world() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _world() -> int:
    """Processes that torchrun started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def in_contact() -> Iterator[None]:
    """Says what has happened where the connection to the other processes breaks."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and "gloo" not in str(error):  # gloo has no type of its own for it
            raise
        raise LostContact(
            "Another process of this run ended, and so it ends; what that one printed says why. "
            "Everything up to the last finished epoch is kept: the same command with --resume goes on from there."
        ) from error
