"""Processes that stand still for a while, and go on whatever happens."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from monarch_vs_ray.instruments import stopping
from monarch_vs_ray.instruments.wait import wait_for


@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_processes_stand_still_for_a_while_and_go_on(child):
    before = time.monotonic()
    began, ended = stopping.still(0.05, child.pid)
    assert before < began < ended < time.monotonic()
    assert ended - began >= 0.05
    wait_for(lambda: state(child.pid) != "T", "the process to go on", 5)


def test_a_process_can_have_itself_held_still():
    began, ended = stopping.still(0.05, os.getpid())
    assert began < ended <= time.monotonic()


def test_they_go_on_also_when_the_one_who_holds_them_is_ended(child):
    helper = [sys.executable, "-I", "-S", stopping.__file__, "30", str(child.pid)]
    with subprocess.Popen(helper, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        wait_for(lambda: state(child.pid) == "T", "the process to stand still", 10)
        process.terminate()
        assert process.wait(timeout=10) != 0
    wait_for(lambda: state(child.pid) != "T", "the process to go on", 5)


def test_who_cannot_be_stopped_is_an_error():
    with pytest.raises(RuntimeError, match="No such process"):
        stopping.still(0.05, 2**22 + 1)
