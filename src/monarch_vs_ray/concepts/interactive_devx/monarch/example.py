"""Edit code and run it again in a live Monarch session.

Shows a trained actor that stays loaded while the evaluation beside it is edited and run again: in the same
process, within milliseconds, without training again.

What surprises:

- A class of a module is sent by name, and a process imports a module once. Reloading it in the session does
  nothing in the processes: a new actor there runs the old code, until the module is reloaded there too.
- A class of the session itself (a script, a notebook cell) is sent by value: define it again, spawn it again.

Run it: python example.py
"""

import importlib
import os
import sys
import tempfile
from pathlib import Path

from monarch.actor import Actor, endpoint, shutdown_context, this_host

TIMEOUT = 60  # seconds
TARGET = 10.0
EVALUATION = """
import os
from monarch.actor import Actor, endpoint

class Evaluation(Actor):
    @endpoint
    def run(self, weight, target):
        return {error}, os.getpid()
"""


class Trainer(Actor):
    """Expensive to train again: it stays as it is while other code changes."""

    def __init__(self) -> None:
        self.weight = 0.0

    @endpoint
    def train(self, steps: int) -> tuple[float, int]:
        self.weight += steps
        return self.weight, os.getpid()


class Reloader(Actor):
    """Reloads a module in its process, for the actors that are spawned there afterwards."""

    @endpoint
    def reload(self, module: str) -> None:
        importlib.reload(sys.modules[module])


def main(project: Path) -> None:
    procs = this_host().spawn_procs()
    weight, process = procs.spawn("trainer", Trainer).train.call_one(steps=7).get(TIMEOUT)

    file = project / "evaluation.py"
    file.write_text(EVALUATION.format(error="weight - target"))  # a mistake: errors are not negative
    evaluation = importlib.import_module("evaluation")

    def evaluate() -> float:
        actor = procs.spawn("evaluation", evaluation.Evaluation)
        error, evaluated_in = actor.run.call_one(weight, TARGET).get(TIMEOUT)
        assert evaluated_in == process, "a new actor, in the process of the trainer"
        return error

    assert evaluate() == -3

    file.write_text(EVALUATION.format(error="abs(weight - target)"))
    importlib.reload(evaluation)
    assert evaluate() == -3, "the session has the new code, the process has not"

    procs.spawn("reloader", Reloader).reload.call("evaluation").get(TIMEOUT)
    assert evaluate() == 3
    print("The edit took effect in the running process, once the module was reloaded there.")
    shutdown_context().get(TIMEOUT)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.path.append(folder)  # the session finds the project's modules here,
        os.environ["PYTHONPATH"] = folder  # and the processes that it starts find them here
        main(Path(folder))
