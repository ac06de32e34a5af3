"""Run an experiment in a program of its own, where a setting is one that an engine reads at import."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

from monarch_vs_ray.core.events import Event, FaultInjected, Observation
from monarch_vs_ray.side.narration import emit, narrate_to

WITHIN = 90.0
KEPT: dict[str, type[Event]] = {kind.__name__: kind for kind in (FaultInjected, Observation)}


class _Collector:
    """An emitter that keeps observations and faults."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, object]]] = []

    def emit(self, kind: type[Event], **fields: object) -> None:
        """Keep an observation or a fault, drop everything else."""
        if kind in KEPT.values():
            self.seen.append((kind.__name__, fields))


def in_second_program(
    experiment: Callable[..., None], engine: str, settings: Mapping[str, str], **options: Any
) -> None:
    """Run an experiment in a second program with other settings, and record what it observed and broke.

    Args:
        experiment: A function at the top of a module of experiments.
        engine: ``"monarch"`` or ``"ray"``; started and ended there as usual.
        settings: Environment variables of that program.
        options: What the experiment is called with.

    Raises:
        RuntimeError: If the program failed; with its last line.
        TimeoutError: If it took more than ``WITHIN`` seconds.
    """
    module = inspect.getmodule(experiment)
    assert module
    order = {"module": module.__name__, "name": experiment.__name__, "engine": engine, "options": options}
    command = [sys.executable, "-m", "monarch_vs_ray.instruments.programs", json.dumps(order)]
    try:
        done = subprocess.run(
            command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=WITHIN
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"the second program took more than {WITHIN:g} s") from None
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise RuntimeError(f"the second program ended with exit code {done.returncode}: {last}")
    for kind, fields in json.loads(done.stdout.splitlines()[-1]):
        emit(KEPT[kind], **fields)


def main(order: dict[str, Any]) -> None:
    """Run what was ordered; print what it observed and broke as one line of JSON."""
    from importlib import import_module

    collector = _Collector()
    narrate_to(collector)
    running = import_module(f"monarch_vs_ray.engines.{order['engine']}").running
    module = import_module(order["module"])
    with getattr(module, "session", running)():
        getattr(module, order["name"])(**order["options"])
    print(json.dumps(collector.seen), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
