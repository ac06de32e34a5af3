"""Time the consequences of a killed or stopped actor process in Monarch."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import monarch.actor
from monarch.actor import Actor, MeshFailure, endpoint, this_host

from monarch_vs_ray.bench.failure import ANSWER_SECONDS, PATIENCE

POLL = 0.02


class Worker(Actor):
    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def stay(self) -> None:
        time.sleep(4 * PATIENCE)


class Parent(Actor):
    """Owns a worker, and spawns another in its place when it fails."""

    def __init__(self) -> None:
        self._noticed = 0.0
        self._worker = self._spawn()

    def _spawn(self) -> Any:
        return this_host().spawn_procs().spawn("worker", Worker)

    async def __supervise__(self, failure: MeshFailure) -> bool:
        """Spawn once: a dead process can be reported more than once."""
        if not self._noticed:
            self._noticed = time.monotonic()
            self._worker = self._spawn()
        return True

    @endpoint
    async def state(self) -> tuple[float, Any]:
        return self._noticed, self._worker


def trial(number: int, moment: float) -> dict[str, float]:
    """Hit a worker while this program has a call in it; see ``bench.failure``."""
    monarch.actor.unhandled_fault_hook = lambda failure: None  # the default would end this program
    procs = this_host().spawn_procs()
    parent = procs.spawn("parent", Parent)
    _, worker = parent.state.call_one().get(ANSWER_SECONDS)
    pid = worker.pid.call_one().get(ANSWER_SECONDS)
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(_time_of_error, worker)
        time.sleep(moment)
        hit = time.monotonic()
        os.kill(pid, number)
        found: dict[str, float] = {}
        while time.monotonic() - hit < PATIENCE and len(found) < 3:
            noticed, successor = parent.state.call_one().get(ANSWER_SECONDS)
            if noticed:
                found.setdefault("notice", noticed - hit)
                if "answer" not in found:
                    successor.pid.call_one().get(ANSWER_SECONDS)
                    found["answer"] = time.monotonic() - hit
            if call.done() and call.result():
                found["error"] = call.result() - hit
            time.sleep(POLL)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with suppress(Exception):  # a mesh with a dead process may refuse to stop
        procs.stop().get(ANSWER_SECONDS)
    return found


def _time_of_error(worker: Any) -> float:
    """Return when a call of a worker that is hit came back with an error; 0 when it did not."""
    try:
        worker.stay.call_one().get(PATIENCE * 1.5)
    except TimeoutError:
        return 0.0
    except Exception:
        return time.monotonic()
    return 0.0
