"""The processes that an engine started, and the certainty that they are gone."""

from __future__ import annotations

from contextlib import suppress

import psutil


def members() -> list[psutil.Process]:
    """All processes below this one, now."""
    return list(psutil.Process().children(recursive=True))


def wait_until_gone(family: list[psutil.Process], engine: str, seconds: float) -> None:
    """Return once all of them have ended; whoever takes longer than ``seconds`` is killed.

    Raises TimeoutError with the names of those who survive even that.
    """
    _, late = psutil.wait_procs(family, timeout=seconds)
    for process in late:
        _kill(process)
    _, immortal = psutil.wait_procs(late, timeout=seconds)
    if immortal:
        names = ", ".join(f"{process.pid} {name_of(process)}" for process in immortal)
        raise TimeoutError(f"{engine} did not end within {2 * seconds:g} s: {names} still run")


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill()


def name_of(process: psutil.Process) -> str:
    """A process's name, also when it has ended meanwhile."""
    try:
        return str(process.name())
    except psutil.NoSuchProcess:
        return "(gone)"
