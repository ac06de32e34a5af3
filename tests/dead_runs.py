"""Runs whose parent and guardian were killed together, so that something is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def until(happened: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.002)


PARENT = """
import sys
from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.side.launcher import Run
from monarch_vs_ray.side.running import SideSpec
run = Run([SideSpec("ray", (sys.executable, "-c", sys.argv[1]), deadline=60)], MonotonicClock())
print(run.sides[0].folder, run.sides[0]._guardian.pid, flush=True)
while True: run.poll(1)
"""

SIDE = """
import mmap, os, sys, time
path = "/dev/shm/mvr-test-" + os.environ["MVR_RUN_DIR"][-10:-2]
file = open(path, "w+b"); file.truncate(4096); memory = mmap.mmap(file.fileno(), 4096)
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    open("up", "w").close()
time.sleep(1000)
"""


@contextmanager
def killed_with_its_guardian() -> Iterator[str]:
    """The folder of a run whose parent and guardian were killed together."""
    command = [sys.executable, "-c", PARENT, SIDE]
    environment = {**os.environ, "TMPDIR": tempfile.gettempdir()}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout
        folder, guardian = parent.stdout.readline().split()
        until(Path(folder, "r", "up").exists, "the side's grandchild")
        os.kill(parent.pid, signal.SIGSTOP)
        os.kill(int(guardian), signal.SIGKILL)
        parent.kill()
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)
