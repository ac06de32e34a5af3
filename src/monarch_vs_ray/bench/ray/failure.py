"""Time the consequences of a killed or stopped actor process in Ray, with restarts."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayActorError

from monarch_vs_ray.bench.failure import ANSWER_SECONDS, PATIENCE

POLL = 0.02
ASK_SECONDS = 0.1


@ray.remote(max_restarts=-1)
class Worker:
    def pid(self) -> int:
        return os.getpid()

    def stay(self) -> None:
        time.sleep(4 * PATIENCE)


def trial(number: int, moment: float) -> dict[str, float]:
    """Hit a worker while this program has a call in it; see ``bench.failure``."""
    worker = Worker.remote()
    pid = ray.get(worker.pid.remote(), timeout=ANSWER_SECONDS)
    found: dict[str, float] = {}
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(_time_of_error, worker.stay.remote())
        time.sleep(moment)
        hit = time.monotonic()
        os.kill(pid, number)
        asked: list[Any] = []
        next_ = hit
        while time.monotonic() - hit < PATIENCE and len(found) < 2:
            if "answer" not in found:
                if time.monotonic() >= next_:
                    next_ += ASK_SECONDS
                    asked.append(worker.pid.remote())
                asked = _unanswered(asked, pid, hit, found)
            if call.done() and call.result():
                found["error"] = call.result() - hit
            time.sleep(POLL)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        ray.kill(worker)
    return found


def _unanswered(asked: list[Any], pid: int, hit: float, found: dict[str, float]) -> list[Any]:
    """Look at all that was asked, as a call to the dead process may hang; return what has no answer."""
    ready, rest = ray.wait(asked, num_returns=len(asked), timeout=0) if asked else ([], [])
    for each in ready:
        with suppress(RayActorError):
            if ray.get(each) != pid:
                found["answer"] = time.monotonic() - hit
    return list(rest)


def _time_of_error(call: Any) -> float:
    """Return when the call of a worker that is hit came back with an error; 0 when it did not."""
    try:
        ray.get(call, timeout=PATIENCE * 1.5)
    except GetTimeoutError:
        return 0.0
    except RayActorError:
        return time.monotonic()
    return 0.0
