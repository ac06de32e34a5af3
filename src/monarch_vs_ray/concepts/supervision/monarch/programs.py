"""Programs that run beside an experiment on Monarch: python -m ...supervision.monarch.programs NAME."""

from __future__ import annotations

import os
import sys

from monarch.actor import this_host

from monarch_vs_ray.concepts.supervision import inputs
from monarch_vs_ray.concepts.supervision.monarch.actors import Worker
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.monarch import get


def look_away() -> None:
    """Be busy while an actor dies that this program owns; what happens then is Monarch's default."""
    workers = this_host().spawn_procs(per_host={"procs": 2}).spawn("workers", Worker)
    print(*get(workers.pid.call()).values(), flush=True)
    workers.slice(procs=0).once.broadcast(Tally.new(), "os._exit")
    inputs.look_away()
    print("came to its end", flush=True)


def end() -> None:
    """Spawn an actor, say where it runs, and end."""
    worker = this_host().spawn_procs().spawn("worker", Worker)
    print(get(worker.pid.call_one()), flush=True)


def leave_a_host() -> None:
    """Start a host through a job, say where its actor runs, and end without a word to it."""
    from monarch.job import ProcessJob

    host = ProcessJob({"hosts": 1}).state(cached_path=None).hosts
    worker = host.spawn_procs(per_host={"procs": 1}).spawn("worker", Worker)
    host_pids, pids = get(worker.host_pid.call()), get(worker.pid.call())
    print(*host_pids.values(), *pids.values(), flush=True)
    os._exit(0)


if __name__ == "__main__":
    {"look_away": look_away, "end": end, "leave_a_host": leave_a_host}[sys.argv[1]]()
