"""The actors and tasks of an interactive session, in Ray."""

from __future__ import annotations

import importlib
import os
import runpy
import sys
from typing import TYPE_CHECKING, Any

import ray

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.instruments.ports import free_port

if TYPE_CHECKING:
    import torch


class Learner:
    """Takes steps along its gradient; the sign is wrong."""

    def __init__(self, rank: int) -> None:
        self.gradient = rank + 1.0
        self.weight = 0.0
        self.steps = 0

    def step(self, rate: float) -> float:
        self.weight += rate * self.gradient
        self.steps += 1
        return self.weight

    def state(self) -> tuple[int, float]:
        return self.steps, self.weight

    def pid(self) -> int:
        return os.getpid()


class FixedLearner(Learner):
    """Has its rate from the beginning, and ignores that of a call."""

    def __init__(self, rank: int, rate: float) -> None:
        super().__init__(rank)
        self.rate = rate

    def step(self, rate: float) -> float:
        self.weight += self.rate * self.gradient
        return self.weight


def new_learners(kind: type[Learner] = Learner, *arguments: object) -> list[Any]:
    """Return a new actor for each rank."""
    return [ray.remote(kind).remote(rank, *arguments) for rank in range(inputs.RANKS)]


@ray.remote
class Cook:
    """Uses a module of the project."""

    def recipe(self) -> str:
        return importlib.import_module(inputs.RECIPE).NAME

    def reload(self) -> None:
        importlib.reload(sys.modules[inputs.RECIPE])


@ray.remote
def recipe_of_a_task() -> tuple[int, str]:
    """Use the module in one of the processes that run tasks."""
    return os.getpid(), importlib.import_module(inputs.RECIPE).NAME


@ray.remote
class Reader:
    """Reads its process's environment."""

    def variable(self, name: str) -> str:
        return os.environ.get(name, "")


@ray.remote
class Rank:
    """Runs torchrun-style scripts, again and again."""

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def address(self) -> tuple[str, int]:
        return ray.util.get_node_ip_address(), free_port()

    def run(self, address: tuple[str, int], script: str, *arguments: str) -> None:
        host, port = address
        ranks = {"RANK": self.rank, "LOCAL_RANK": self.rank, "WORLD_SIZE": inputs.RANKS}
        rendezvous = {"MASTER_ADDR": host, "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in {**ranks, **rendezvous}.items()})
        sys.argv = [script, *arguments]
        runpy.run_path(script, run_name="__main__")

    def tensor(self) -> torch.Tensor:
        import torch

        return torch.ones(2) + self.rank


@ray.remote
class Counter:
    """Counts its calls, whoever makes them."""

    def __init__(self) -> None:
        self.calls = 0

    def count(self) -> int:
        self.calls += 1
        return self.calls

    def pid(self) -> int:
        return os.getpid()
