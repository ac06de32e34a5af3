"""The actors of an interactive session, in Monarch."""

from __future__ import annotations

import gc
import importlib
import os
import runpy
import sys

from monarch.actor import Actor, current_rank, endpoint

from monarch_vs_ray.concepts.interactive_devx import inputs


class Learner(Actor):
    """Takes steps along its gradient; the sign is wrong."""

    def __init__(self) -> None:
        self.gradient = current_rank().rank + 1.0
        self.weight = 0.0
        self.steps = 0

    @endpoint
    def step(self, rate: float) -> float:
        self.weight += rate * self.gradient
        self.steps += 1
        return self.weight

    @endpoint
    def state(self) -> tuple[int, float]:
        return self.steps, self.weight

    @endpoint
    def pid(self) -> int:
        return os.getpid()


class FixedLearner(Learner):
    """Has its rate from the beginning, and ignores that of a call."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    @endpoint
    def step(self, rate: float) -> float:
        self.weight += self.rate * self.gradient
        return self.weight


class SecretLearner(Learner):
    """The only one of its class, for whoever looks for it."""


class Onlooker(Actor):
    """Looks at other actors of its process."""

    @endpoint
    def look(self, class_name: str, attribute: str) -> list[object]:
        found = [thing for thing in gc.get_objects() if type(thing).__name__ == class_name]
        return [getattr(actor, attribute) for actor in found]


class Cook(Actor):
    """Uses a module of the project."""

    @endpoint
    def recipe(self) -> str:
        return importlib.import_module(inputs.RECIPE).NAME


class Reloader(Actor):
    """Reloads a module in its process, for all actors there."""

    @endpoint
    def reload(self, module: str) -> None:
        importlib.reload(sys.modules[module])


class Reader(Actor):
    """Reads its process's environment, loads modules, and runs scripts there."""

    @endpoint
    def variable(self, name: str) -> str:
        return os.environ.get(name, "")

    @endpoint
    def load(self, module: str) -> None:
        importlib.import_module(module)

    @endpoint
    def run(self, script: str, *arguments: str) -> None:
        sys.argv = [script, *arguments]
        runpy.run_path(script, run_name="__main__")


class Counter(Actor):
    """Counts its calls, whoever makes them."""

    def __init__(self) -> None:
        self.calls = 0

    @endpoint
    def count(self) -> int:
        self.calls += 1
        return self.calls

    @endpoint
    def pid(self) -> int:
        return os.getpid()
