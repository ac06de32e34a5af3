"""Small programs of each engine, run as they stand: equal, different, broken from outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

MONARCH = """
import argparse
import os

import monarch.actor
from monarch.actor import Actor, endpoint, this_host


class Doubler(Actor):
    @endpoint
    def pid(self):
        return os.getpid()

    @endpoint
    def double(self, value):
        return 2 * value


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--value", type=int, default=21)
    value = parser.parse_args().value
    monarch.actor.unhandled_fault_hook = lambda failure: None
    workers = [this_host().spawn_procs(per_host={"gpus": 1}).spawn("doubler", Doubler) for _ in range(2)]
    print(f"worker 1 is process {workers[1].pid.call_one().get()}", flush=True)
    print("double is", workers[0].double.call_one(value).get(), flush=True)


if __name__ == "__main__":
    main()
"""
RAY = """
import argparse
import os

import ray


@ray.remote
class Doubler:
    def pid(self):
        return os.getpid()

    def double(self, value):
        return 2 * value


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--value", type=int, default=21)
    value = parser.parse_args().value
    ray.init(num_cpus=2)
    workers = [Doubler.remote() for _ in range(2)]
    print(f"worker 1 is process {ray.get(workers[1].pid.remote())}", flush=True)
    print("double is", ray.get(workers[0].double.remote(value)), flush=True)


if __name__ == "__main__":
    main()
"""
KILL = r"worker 1 is process (?P<pid>\d+)"


@pytest.fixture
def programs(tmp_path: Path) -> list[str]:
    """The options that name both programs; the second worker is idle, and may die."""
    (tmp_path / "on_monarch.py").write_text(MONARCH)
    (tmp_path / "on_ray.py").write_text(RAY)
    return ["--monarch", str(tmp_path / "on_monarch.py"), "--ray", str(tmp_path / "on_ray.py")]


def mvr(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monarch_vs_ray", "run", "--deadline", "150", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=170)


def test_the_same_from_both_engines_is_equal_and_nothing_is_left(programs, here):
    done = mvr(*programs, "--kill", KILL, "--times", "1", "--", "--value", "4")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("double is 8") == 2
    assert done.stdout.count("1 of 1: SIGKILL") == 2
    assert "The outputs are equal: 2 lines" in done.stdout
    assert "processes left behind                     none" in done.stdout


def test_two_answers_that_differ_are_found(programs, here):
    monarch = Path(programs[1])
    monarch.write_text(MONARCH.replace("return 2 * value", "return 2 * value + 1"))

    done = mvr(*programs, "--compare", "sorted", "--kill", KILL, "--after", "0.1")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "-double is 43" in done.stdout
    assert "+double is 42" in done.stdout
