"""Say what an experiment needs and this machine lacks: it is then unavailable, and its claims are unknown."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from monarch_vs_ray.engines import machine
from monarch_vs_ray.side.experiments import Unavailable


def package(name: str, remedy: str = "") -> None:
    """Return if a package can be imported; it is not imported here.

    Raises:
        Unavailable: If it is not installed; names ``remedy``, or ``pip install NAME``.
    """
    if importlib.util.find_spec(name) is None:
        raise Unavailable(f"needs {name}: {remedy or f'pip install {name}'}")


def gpus(count: int = 1) -> None:
    """Return if there are so many GPUs that CUDA can use.

    Raises:
        Unavailable: If there are fewer, or no CUDA driver.
    """
    there = number_of_gpus() if machine.cuda().state == "works" else 0
    if there < count:
        raise Unavailable(f"needs CUDA with {count} GPU{'s' * (count > 1)}; there are {there}")


def number_of_gpus() -> int:
    """Return how many NVIDIA devices the kernel shows."""
    return len(list(Path("/dev").glob("nvidia[0-9]*")))
