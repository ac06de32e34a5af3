"""A process that stands still, all its threads, as long as a block lasts."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from monarch_vs_ray.instruments.stopping import stopped

BUSY = """
import sys, threading
def work():
    while True: pass
for _ in range(8): threading.Thread(target=work, daemon=True).start()
print("up", flush=True)
for line in sys.stdin: print(line, end="", flush=True)
"""


def letters(pid: int) -> set[str]:
    """How the kernel calls the states of a process's threads."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {(task / "stat").read_text().rpartition(")")[2].split()[0] for task in tasks}


def test_every_thread_stands_still_and_goes_on_afterwards_even_if_the_block_fails():
    command = [sys.executable, "-c", BUSY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        for number in range(20):
            with suppress(ZeroDivisionError), stopped(process.pid):
                assert letters(process.pid) == {"T"}
                print(number, file=process.stdin, flush=True)
                raise ZeroDivisionError
            assert process.stdout.readline() == f"{number}\n"
        process.kill()
