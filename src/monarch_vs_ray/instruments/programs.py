"""Run an experiment in a program of its own, where a setting is one that an engine reads at import."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from monarch_vs_ray.core.events import Event, FaultInjected, Message, Observation, Seen
from monarch_vs_ray.side.narration import emit, narrate_to

WITHIN = 90.0
KEPT: dict[str, type[Event]] = {kind.__name__: kind for kind in (FaultInjected, Message, Observation, Seen)}


class _Collector:
    """An emitter that keeps what was observed and broken."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, object]]] = []

    def emit(self, kind: type[Event], /, **fields: object) -> None:
        """Keep an event of a kind that is kept, drop everything else."""
        if kind in KEPT.values():
            self.seen.append((kind.__name__, fields))


def in_second_program(
    experiment: Callable[..., None], engine: str, settings: Mapping[str, str | None], **options: Any
) -> None:
    """Run an experiment in a second program with other settings, and record what it observed and broke.

    Args:
        experiment: A function at the top of a module of experiments.
        engine: ``"monarch"`` or ``"ray"``; started and ended there as usual.
        settings: Environment variables of that program; None removes one.
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
            command, env=_environment(settings), capture_output=True, text=True, timeout=WITHIN
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"the second program took more than {WITHIN:g} s") from None
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise RuntimeError(f"the second program ended with exit code {done.returncode}: {last}")
    for kind, fields in json.loads(done.stdout.splitlines()[-1]):
        emit(KEPT[kind], **fields)


@contextmanager
def beside(
    module: str,
    *words: object,
    settings: Mapping[str, str | None] | None = None,
    stderr: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[str]]:
    """Run a module as a program of its own beside the block, which ends it if it has not ended by itself.

    Args:
        module: A module with a ``__main__`` part.
        words: Its arguments.
        settings: Environment variables of that program; None removes one.
        stderr: Where its messages go; its output goes to ``stdout`` of what the block gets.
    """
    command = [sys.executable, "-m", module, *map(str, words)]
    program = subprocess.Popen(
        command, env=_environment(settings or {}), stdout=subprocess.PIPE, stderr=stderr, text=True
    )
    with program:
        try:
            yield program
        finally:
            program.kill()


def numbers_from(program: subprocess.Popen[str]) -> list[int]:
    """Return the numbers on the first line of a program's output that has only numbers.

    Raises:
        RuntimeError: If its output ends without such a line.
    """
    assert program.stdout
    for line in program.stdout:
        words = line.split()
        if words and all(map(str.isdigit, words)):
            return list(map(int, words))
    raise RuntimeError("the program beside ended without saying which processes it has")


def ending(program: subprocess.Popen[str], within: float = WITHIN) -> str:
    """Wait for a program to end; return how: ``exit code 1`` or ``SIGKILL``. Raises TimeoutExpired."""
    code = program.wait(timeout=within)
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _environment(settings: Mapping[str, str | None]) -> dict[str, str]:
    merged = {**os.environ, **settings}
    return {name: value for name, value in merged.items() if value is not None}


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
