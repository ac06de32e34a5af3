"""Survive an exception and a killed process in Monarch.

Shows a training step that raises, then a worker that is killed while idle and resumes from its checkpoint.
An exception in an awaited call goes to that caller only, and the worker lives. A dead process is reported to
the actor that spawned it, through ``__supervise__``, whether or not anybody was calling.

What surprises:

- Nothing is restarted for you. The owner spawns a new worker, on a fresh process.
- A dead process is found by polling, every 10 s by default. Until then it looks like an idle one.
- ``__supervise__`` returns True if it handled the failure. If not, the owner fails too, and so do its owners
  in turn; at the top, the program is interrupted.

Run it: python example.py
"""

import asyncio
import os
import signal
import tempfile
from pathlib import Path

# Report a dead process within 1 s, not 10 s. Read when monarch is imported.
os.environ["HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY"] = "1s"

from monarch.actor import Actor, ActorError, MeshFailure, endpoint, shutdown_context, this_host

TIMEOUT = 60  # seconds; each wait below takes one or two


class Worker(Actor):
    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.step = int(checkpoint.read_text()) if checkpoint.exists() else 0

    @endpoint
    def train(self, batch: list[float]) -> tuple[int, int]:
        """Take a step and save it. Return the step, and the process it ran in."""
        if not batch:
            raise ValueError("empty batch")
        self.step += 1
        self.checkpoint.write_text(str(self.step))
        return self.step, os.getpid()


class Supervisor(Actor):
    """Owns one worker, and replaces it when its process dies."""

    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.spawned = 0
        self.replaced = asyncio.Event()
        self.spawn_worker()

    def spawn_worker(self) -> None:
        self.spawned += 1
        self.worker = this_host().spawn_procs().spawn(f"worker{self.spawned}", Worker, self.checkpoint)

    async def __supervise__(self, failure: MeshFailure) -> bool:
        # Each actor of a dead process is reported, Monarch's logger too: act on the current worker only.
        if failure.mesh_name.startswith(f"worker{self.spawned}-"):
            self.spawn_worker()
            self.replaced.set()
        return True

    @endpoint
    async def train(self, batch: list[float]) -> tuple[int, int]:
        return await self.worker.train.call_one(batch)

    @endpoint
    async def wait_for_replacement(self) -> None:
        await asyncio.wait_for(self.replaced.wait(), TIMEOUT)


def main(checkpoint: Path) -> None:
    supervisor = this_host().spawn_procs().spawn("supervisor", Supervisor, checkpoint)
    _, process = supervisor.train.call_one([0.5]).get(TIMEOUT)

    message = ""
    try:
        supervisor.train.call_one([]).get(TIMEOUT)
    except ActorError as error:
        message = str(error)
    assert "ValueError: empty batch" in message, "the caller gets the exception"
    assert supervisor.train.call_one([0.5]).get(TIMEOUT) == (2, process), "the worker lives, with its state"

    os.kill(process, signal.SIGKILL)  # nobody is calling it; its owner is notified all the same
    supervisor.wait_for_replacement.call_one().get(TIMEOUT)
    step, new_process = supervisor.train.call_one([0.5]).get(TIMEOUT)
    assert step == 3, "the new worker resumes from the checkpoint"
    assert new_process != process

    print("The exception reached its caller; the killed worker was replaced and resumed after step 2.")
    shutdown_context().get(TIMEOUT)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder, "step"))
