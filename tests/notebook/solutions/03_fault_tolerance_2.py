import os
import signal
import threading

os.environ["HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY"] = "1s"

import monarch.actor
from monarch.actor import Actor, endpoint, shutdown_context, this_host

arrived = threading.Event()


class Worker(Actor):
    @endpoint
    def process(self) -> int:
        return os.getpid()


class Supervisor(Actor):
    def __init__(self) -> None:
        self.worker = this_host().spawn_procs().spawn("worker", Worker)

    def __supervise__(self, failure) -> bool:
        return False  # not handled: it climbs

    @endpoint
    async def process_of_the_worker(self) -> int:
        return await self.worker.process.call_one()


def at_the_top(failure) -> None:
    arrived.set()


monarch.actor.unhandled_fault_hook = at_the_top

if __name__ == "__main__":
    supervisor = this_host().spawn_procs().spawn("supervisor", Supervisor)
    os.kill(supervisor.process_of_the_worker.call_one().get(), signal.SIGKILL)
    assert arrived.wait(30), "nothing came to the top within 30 s"
    print("the failure came to the top")
    shutdown_context().get(30)
