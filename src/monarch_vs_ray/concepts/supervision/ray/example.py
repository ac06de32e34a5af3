"""Survive an exception and a killed process in Ray.

Shows a training step that raises, then a worker that is killed while idle and resumes from its checkpoint.
An exception goes to whoever calls ``ray.get`` on that call, and the worker lives. A dead process is restarted
by Ray, as often as ``max_restarts`` allows; ``max_task_retries`` repeats the calls that the death broke.

What surprises:

- Nothing in the program is notified of the death. The next call finds out.
- A restart runs ``__init__`` again, with the same arguments: state has to come from a checkpoint.
- A repeated call may run twice, before the death and after the restart. Retry only what may be repeated.

Run it: python example.py
"""

import os
import signal
import tempfile
from pathlib import Path

import ray
from ray.exceptions import ActorDiedError


# Both are 0 by default. -1 is no limit: a small number of retries may be used up before the restart is done.
@ray.remote(max_restarts=1, max_task_retries=-1)
class Worker:
    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.step = int(checkpoint.read_text()) if checkpoint.exists() else 0

    def train(self, batch: list[float]) -> tuple[int, int]:
        """Take a step and save it. Return the step, and the process it ran in."""
        if not batch:
            raise ValueError("empty batch")
        self.step += 1
        self.checkpoint.write_text(str(self.step))
        return self.step, os.getpid()


def main(checkpoint: Path) -> None:
    ray.init()
    worker = Worker.remote(checkpoint)
    _, process = ray.get(worker.train.remote([0.5]))

    message = ""
    try:
        ray.get(worker.train.remote([]))
    except ValueError as error:  # a RayTaskError that is a ValueError too
        message = str(error)
    assert "empty batch" in message, "the caller gets the exception"
    assert ray.get(worker.train.remote([0.5])) == (2, process), "the worker lives, with its state"

    os.kill(process, signal.SIGKILL)  # nobody is calling it, so nobody is notified
    step, new_process = ray.get(worker.train.remote([0.5]))
    assert step == 3, "the restarted worker resumes from the checkpoint"
    assert new_process != process

    os.kill(new_process, signal.SIGKILL)  # max_restarts is used up
    gave_up = False
    try:
        ray.get(worker.train.remote([0.5]))
    except ActorDiedError:
        gave_up = True
    assert gave_up, "the next caller gets the error"

    print("The exception reached its caller; the killed worker was restarted and resumed after step 2.")
    ray.shutdown()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder, "step"))
