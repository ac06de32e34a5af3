"""Attach to a worker that waits on TCP or TLS, run code there, and print what came of it as JSON.

attach.py ADDRESS TRANSPORT SECONDS. A program of its own, since certificates are read when Monarch is
imported, and a transport is chosen before anything else is done.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress

import monarch.actor
import psutil
from monarch.actor import Actor, attach_to_workers, enable_transport, endpoint

from monarch_vs_ray.instruments.network import addresses_in_use


class Guest(Actor):
    @endpoint
    def processes_above(self) -> list[int]:
        return [process.pid for process in psutil.Process().parents()]


def main(address: str, transport: str, seconds: float) -> None:
    """Attach, and end at once: to who does not answer no good-bye can be said."""
    monarch.actor.unhandled_fault_hook = lambda failure: None
    enable_transport(transport)
    host = attach_to_workers(ca="trust_all_connections", workers=[address])
    guests = host.spawn_procs().spawn("guest", Guest)
    found: dict[str, object] = {"above": []}
    with suppress(TimeoutError):
        (found["above"],) = guests.processes_above.call().get(timeout=seconds).values()
    found |= addresses_in_use()
    print(json.dumps(found), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
