"""Programs that run beside an experiment on Ray: python -m ...supervision.ray.programs NAME [ARGUMENTS]."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from monarch_vs_ray.concepts.supervision import inputs
from monarch_vs_ray.concepts.supervision.ray.actors import NAMESPACE, Worker
from monarch_vs_ray.engines.environment import RUN_DIR
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.instruments.wait import wait_for


def look_away(address: str) -> None:
    """Be busy while an actor dies that this program owns; what happens then is Ray's default."""
    ray.init(address, namespace=NAMESPACE)
    actor, other = Worker.remote(), Worker.remote()
    print(*get([actor.pid.remote(), other.pid.remote()]), flush=True)
    actor.once.options(num_returns=0).remote(Tally.new(), "os._exit")
    inputs.look_away()
    print("came to its end", flush=True)


def end(address: str, name: str, lifetime: str | None = None) -> None:
    """Create an actor with a name, call it once, say where it runs, and end."""
    ray.init(address, namespace=NAMESPACE)
    _leave(name, lifetime)


def end_with_the_cluster(name: str, lifetime: str | None = None) -> None:
    """Do the same in a program that has started Ray itself."""
    _start(namespace=NAMESPACE)
    _leave(name, lifetime)


def _leave(name: str, lifetime: str | None) -> None:
    actor = Worker.options(name=name, lifetime=lifetime).remote()
    get(actor.count.remote())
    print(get(actor.pid.remote()), flush=True)


def _start(**options: object) -> None:
    ray.init(
        "local",
        num_cpus=1,
        include_dashboard=False,
        object_store_memory=80_000_000,
        _temp_dir=os.environ[RUN_DIR],
        **options,
    )


@contextmanager
def _watched(*options: str) -> Iterator[tuple[ray.actor.ActorHandle, int]]:
    """Start Ray, with its logs forwarded as by default unless options say otherwise; run on for a while."""
    _start(**({"log_to_driver": False} if options else {}))
    actor = Worker.remote()
    yield actor, get(actor.pid.remote())
    time.sleep(inputs.WATCH)


def idle_death(*options: str) -> None:
    """Kill an idle actor."""
    with _watched(*options) as (_, pid):
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: faults.is_gone(pid), "the end of the actor")
        print("it happened", flush=True)


def idle_end(*options: str) -> None:
    """End an idle actor as one should."""
    with _watched(*options) as (actor, pid):
        ray.kill(actor)
        wait_for(lambda: faults.is_gone(pid), "the end of the actor")
        print("it happened", flush=True)


def dropped_exception(*options: str) -> None:
    """Raise in a call, and drop the reference to its result."""
    with _watched(*options) as (actor, _):
        trace = Tally.new()
        actor.fail.remote(trace)
        wait_for(trace.count, "the exception")
        print("it happened", flush=True)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
