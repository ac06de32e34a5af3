"""Resume in Monarch after the program itself was killed, without a gap and without a double.

The program is the controller: it spawned the actors, and nothing takes its place. So it runs under something
that starts it again (Kubernetes, Slurm, systemd, a shell loop). What survives it are the job's hosts:
``job.state()`` finds the job in ``.monarch/job_state.pkl`` and attaches to them. The work resumes from a
ledger on disk.

What surprises: the old program's actors survive, too, for HYPERACTOR_MESH_ORPHAN_TIMEOUT (60 s by default),
and the call that was under way ends. So an attempt has a number, and the ledger refuses what an older attempt
writes.

Run it: python on_monarch.py, kill it with -9, and run it again in the same folder.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
from pathlib import Path

from monarch.actor import Actor, endpoint, shutdown_context
from monarch.job import ProcessJob

STEPS = 60
TIMEOUT = 60  # seconds; a step takes some 60 ms
LEDGER = Path("ledger")  # in the current folder, like Monarch's own .monarch/


class Ledger:
    """The steps done, in order; its last line is the checkpoint."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.attempt = 0

    def begin(self) -> None:
        """Begin an attempt. From now on, older attempts write nothing."""
        self.append("attempt")

    def append(self, kind: str, *values: object) -> None:
        """Append a line. Raises RuntimeError if a newer attempt has begun."""
        with self.path.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed
            file.seek(0)
            newest = sum(line.startswith("attempt") for line in file)
            if kind == "attempt":
                self.attempt = newest + 1
                values = (self.attempt,)
            elif self.attempt != newest:
                raise RuntimeError(f"attempt {self.attempt} is over: attempt {newest} has begun")
            file.write(" ".join(map(str, (kind, *values))) + "\n")

    def lines(self, kind: str) -> list[list[str]]:
        return [words for words in map(str.split, self.path.read_text().splitlines()) if words[0] == kind]


class Trainer(Actor):
    """Takes steps, each of which depends on the state that the one before it left."""

    def __init__(self, seed: int, ledger: Ledger) -> None:
        done = ledger.lines("done")
        self.ledger, self.step = ledger, len(done)
        self.state = done[-1][2] if done else str(seed)

    @endpoint
    def train(self) -> int:
        """Take one step, and write it down. Return how many are done."""
        self.ledger.append("begun", self.step)
        self.state = hashlib.pbkdf2_hmac("sha256", self.state.encode(), b"%d" % self.step, 200_000).hex()
        self.ledger.append("done", self.step, self.state)
        self.step += 1
        return self.step

    @endpoint
    def start(self) -> tuple[int, int]:
        return self.step, os.getpid()


def main(seed: int) -> None:
    print(f"program is process {os.getpid()}", flush=True)
    job = ProcessJob({"workers": 1})
    hosts = job.state().workers  # the job of the attempt before, if there was one
    ledger = Ledger(LEDGER.absolute())
    ledger.begin()
    trainer = hosts.spawn_procs(name=f"procs{ledger.attempt}").spawn("trainer", Trainer, seed, ledger)
    step, process = trainer.start.call_one().get(TIMEOUT)
    print(f"attempt {ledger.attempt} starts from step {step}, trainer is process {process}", flush=True)
    while step < STEPS:
        step = trainer.train.call_one().get(TIMEOUT)
        print(f"step {step} of {STEPS} done", flush=True)

    done = ledger.lines("done")
    steps = [int(step) for _, step, _ in done]
    print(f"{len(set(steps))} of {STEPS} steps done, {len(steps) - len(set(steps))} twice")
    print(f"{len(ledger.lines('begun')) - len(steps)} steps begun again")
    print(f"state {done[-1][2]}")
    assert steps == list(range(STEPS)), "in order, without a gap or a double"
    shutdown_context().get(TIMEOUT)
    job.kill()  # a job outlives its program, unless the program ends it; so do orphans of older attempts
    shutil.rmtree(".monarch")
    LEDGER.unlink()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    main(parser.parse_args().seed)
