import os
import signal
import tempfile
from pathlib import Path

import ray


@ray.remote(max_restarts=2, max_task_retries=-1)
class Worker:
    def __init__(self, checkpoint):
        self.checkpoint = checkpoint
        self.step = int(checkpoint.read_text()) if checkpoint.exists() else 0

    def train(self):
        self.step += 1
        self.checkpoint.write_text(str(self.step))
        return self.step, os.getpid()


ray.init()
with tempfile.TemporaryDirectory() as folder:
    worker = Worker.remote(Path(folder, "step"))
    for _ in range(2):
        step, process = ray.get(worker.train.remote())
        os.kill(process, signal.SIGKILL)
    ray.get(worker.train.remote())
    step, process = ray.get(worker.train.remote())
    print(f"step {step}, in process {process}")
ray.shutdown()
