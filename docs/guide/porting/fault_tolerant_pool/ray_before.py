"""A pool on Ray that survives the death of a worker: the actor restarts, its call is repeated."""

import os
import signal
import tempfile
from pathlib import Path

import ray
from ray.util import ActorPool


@ray.remote(max_restarts=-1, max_task_retries=-1)
class Worker:
    def __init__(self, folder: str) -> None:
        self.killed = Path(folder, "killed")

    def square(self, item: int) -> int:
        if item == 7 and not self.killed.exists():
            self.killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return item * item


def main(folder: str) -> None:
    ray.init()
    pool = ActorPool([Worker.remote(folder) for _ in range(2)])

    squares = list(pool.map(lambda worker, item: worker.square.remote(item), range(20)))

    assert Path(folder, "killed").exists(), "a worker died on the way"
    assert squares == [item * item for item in range(20)], "no item is lost, none is there twice"
    print(f"{len(squares)} items, one death")
    ray.shutdown()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(folder)
