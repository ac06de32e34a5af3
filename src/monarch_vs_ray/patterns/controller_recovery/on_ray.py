"""Resume in Ray after the program itself was killed, without a gap and without a double.

The work is done by a detached actor, in a cluster that the program does not end with. So it goes on while the
program is dead. Something has to start the program again (Kubernetes, Slurm, systemd, a shell loop); it finds
the actor by its name, and waits for the rest. Should the actor be killed, Ray restarts it, and it resumes
from a ledger on disk.

What surprises: in a cluster that the program's own ``ray.init()`` started, a detached actor ends with the
program. The cluster has to be there before; here the program starts one by ``ray start``, if there is none.

Run it: python on_ray.py, kill it with -9, and run it again in the same folder.
"""

import argparse
import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import ray

STEPS = 60
TIMEOUT = 60  # seconds; a step takes some 60 ms
LEDGER, CLUSTER = Path("ledger"), Path("cluster")  # in the current folder


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


@ray.remote(max_restarts=-1, max_task_retries=-1)
class Trainer:
    """Takes steps, whether or not somebody waits; each depends on the state that the one before it left."""

    def __init__(self, seed: int, path: Path) -> None:
        self.ledger = Ledger(path)
        self.ledger.begin()
        done = self.ledger.lines("done")
        self.step, self.state = len(done), done[-1][2] if done else str(seed)
        threading.Thread(target=self.train, daemon=True).start()

    def train(self) -> None:
        while self.step < STEPS:
            self.ledger.append("begun", self.step)
            self.state = hashlib.pbkdf2_hmac("sha256", self.state.encode(), b"%d" % self.step, 200_000).hex()
            self.ledger.append("done", self.step, self.state)
            self.step += 1

    def progress(self) -> tuple[int, int]:
        return self.step, os.getpid()


def connect() -> None:
    """Connect to the cluster of an earlier attempt, or start one that this program does not end with."""
    if not CLUSTER.exists():
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        port = f"--port={address.split(':')[1]}"
        options = ["--num-cpus=2", "--include-dashboard=false", "--disable-usage-stats"]
        command = [Path(sys.executable).with_name("ray"), "start", "--head", "--block", port, *options]
        command += ["--node-ip-address=127.0.0.1"]  # this machine only
        cluster = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
        CLUSTER.write_text(f"{address} {cluster.pid}")
    address = CLUSTER.read_text().split()[0]
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            ray.init(address=address, namespace="training", log_to_driver=False)  # the actor prints nothing
            return
        except ConnectionError:  # it is still starting
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def main(seed: int) -> None:
    print(f"program is process {os.getpid()}", flush=True)
    connect()
    trainer = Trainer.options(name="trainer", lifetime="detached", get_if_exists=True).remote(
        seed, LEDGER.absolute()
    )
    step, process = ray.get(trainer.progress.remote())
    print(f"the program starts from step {step}, trainer is process {process}", flush=True)
    while step < STEPS:
        time.sleep(0.05)
        before, (step, _) = step, ray.get(trainer.progress.remote())
        if step > before:
            print(f"step {step} of {STEPS} done", flush=True)

    ledger = Ledger(LEDGER)
    done = ledger.lines("done")
    steps = [int(step) for _, step, _ in done]
    print(f"{len(set(steps))} of {STEPS} steps done, {len(steps) - len(set(steps))} twice")
    print(f"{len(ledger.lines('begun')) - len(steps)} steps begun again")
    print(f"state {done[-1][2]}")
    assert steps == list(range(STEPS)), "in order, without a gap or a double"
    ray.kill(trainer)
    ray.shutdown()
    os.kill(int(CLUSTER.read_text().split()[1]), signal.SIGTERM)  # it ends the processes that it started
    CLUSTER.unlink()
    LEDGER.unlink()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    main(parser.parse_args().seed)
