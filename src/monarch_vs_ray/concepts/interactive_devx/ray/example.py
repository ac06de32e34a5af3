"""Edit code and run it again in a live Ray session.

Shows a trained actor that stays loaded while the evaluation beside it is edited and run again, without
training again. An actor has a process of its own: a new actor imports the edited module in a new process.

What surprises:

- An actor that runs keeps the old code, whatever the session reloads.
- A new process begins empty, and loads everything again. Keep what is expensive in another actor or in the
  object store.
- A task may run in a worker process that has imported the old module, and keeps it.
- A folder in ``runtime_env={"working_dir": ...}`` is copied once, by ``ray.init``: later edits stay out.

Run it: python example.py
"""

import importlib
import os
import sys
import tempfile
from pathlib import Path

import ray

TARGET = 10.0
EVALUATION = """
import os

class Evaluation:
    def run(self, weight, target):
        return {error}, os.getpid()
"""


@ray.remote
class Trainer:
    """Expensive to train again: it stays as it is while other code changes."""

    def __init__(self) -> None:
        self.weight = 0.0

    def train(self, steps: int) -> tuple[float, int]:
        self.weight += steps
        return self.weight, os.getpid()


def main(project: Path) -> None:
    ray.init()
    trainer = Trainer.remote()
    weight, process = ray.get(trainer.train.remote(steps=7))

    file = project / "evaluation.py"
    file.write_text(EVALUATION.format(error="weight - target"))  # a mistake: errors are not negative
    evaluation = importlib.import_module("evaluation")
    first = ray.remote(evaluation.Evaluation).remote()
    error, evaluated_in = ray.get(first.run.remote(weight, TARGET))
    assert error == -3
    assert evaluated_in != process, "an actor, in a process of its own"

    file.write_text(EVALUATION.format(error="abs(weight - target)"))
    importlib.reload(evaluation)
    assert ray.get(first.run.remote(weight, TARGET)) == (-3, evaluated_in), "the old actor keeps the old code"

    second = ray.remote(evaluation.Evaluation).remote()
    error, evaluated_anew_in = ray.get(second.run.remote(weight, TARGET))
    assert error == 3
    assert evaluated_anew_in != evaluated_in, "the new actor, in a new process"
    assert ray.get(trainer.train.remote(steps=0)) == (weight, process), "the trainer is as it was"
    print("The edit took effect in a new actor, and a new process; the trainer was left alone.")
    ray.shutdown()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.path.append(folder)  # the session finds the project's modules here,
        os.environ["PYTHONPATH"] = folder  # and the processes that it starts find them here
        main(Path(folder))
