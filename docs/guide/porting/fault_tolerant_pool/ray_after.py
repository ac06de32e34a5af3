"""A worker on Ray that restarts by option, and that goes on from what it had saved."""

import os
import signal
import tempfile
import time
from pathlib import Path

import ray


@ray.remote(max_restarts=-1)
class Worker:
    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.done = int(checkpoint.read_text()) if checkpoint.exists() else 0

    def work(self) -> int:
        self.done += 1
        self.checkpoint.write_text(str(self.done))
        return self.done

    def pid(self) -> int:
        return os.getpid()


def call_until_restarted(worker: ray.actor.ActorHandle, seconds: float) -> int:
    """Call until the worker answers; nobody reports that it has come back."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ray.get(worker.work.remote(), timeout=seconds)
        except ray.exceptions.ActorUnavailableError:  # it restarts; ActorDiedError: it does not
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def main(checkpoint: Path) -> None:
    ray.init()
    worker = Worker.remote(checkpoint)

    assert [ray.get(worker.work.remote(), timeout=60) for _ in range(3)] == [1, 2, 3]
    os.kill(ray.get(worker.pid.remote()), signal.SIGKILL)
    assert call_until_restarted(worker, seconds=60) == 4, "the restarted worker goes on"

    print("restarted; the worker went on from 3")
    ray.shutdown()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder, "done"))
