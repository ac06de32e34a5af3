"""Faults come from outside, hit what they should, and count only when they are proved."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from monarch_vs_ray.core.errors import ExitCode, UserError
from monarch_vs_ray.core.events import LogLine
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.programs.faults import POLL, Fault, Injector
from programs.running import run

KILL = r"worker (\d+) is process (?P<pid>\d+)"

PARENT = """
import subprocess, sys, time
workers = [subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(30)"]) for _ in range(3)]
for number, worker in enumerate(workers):
    print(f"worker {number} is process {worker.pid}", flush=True)
print("begin", flush=True)
end = time.time() + 5
while time.time() < end and sum(worker.poll() is not None for worker in workers) < EXPECTED:
    time.sleep(0.01)
print("dead", [number for number, worker in enumerate(workers) if worker.poll() is not None], flush=True)
for worker in workers:
    worker.kill()
"""


def killing(which: str, times: int = 1) -> list[Fault]:
    return [Fault(kill=KILL, when="^begin", which=which, times=times, after=(0.0, 0.02))]


def test_the_process_that_a_line_names_is_killed_as_often_as_planned(tmp_path: Path) -> None:
    state, _ = run(
        tmp_path,
        PARENT.replace("EXPECTED", "2"),
        PARENT.replace("EXPECTED", "2"),
        faults=killing("first", times=2),
    )

    for course in state.courses.values():
        assert course.lines[-1][1] == "dead [0, 1]"
        assert [fault.fault for fault in course.faults] == ["SIGKILL", "SIGKILL"]
        assert course.planned == 2
    assert state.outcome() == ExitCode.FINE


def test_a_seed_chooses_the_same_victim_again(tmp_path: Path) -> None:
    chosen = [
        run(tmp_path, PARENT.replace("EXPECTED", "1"), faults=killing("random"), seed=seed)[0]
        for seed in (1, 1, 3)
    ]

    victims = [state.courses["monarch"].lines[-1][1] for state in chosen]
    assert victims[0] == victims[1]
    assert victims[0] != victims[2]


STANDS = """
import subprocess, sys, time
code = "import time\\nwhile True: print(time.time(), flush=True); time.sleep(0.01)"
worker = subprocess.Popen([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE, text=True)
print(f"worker 0 is process {worker.pid}", flush=True)
before, longest = time.time(), 0.0
for _ in range(40):
    worker.stdout.readline()
    longest, before = max(longest, time.time() - before), time.time()
print("longest", longest)
worker.kill()
"""


def test_a_process_stands_still_for_a_while_and_goes_on(tmp_path: Path) -> None:
    fault = Fault(kill=KILL, signal="STOP", seconds=0.4, after=0.15)

    state, _ = run(tmp_path, STANDS, faults=[fault])

    course = state.courses["monarch"]
    assert [each.fault for each in course.faults] == ["SIGSTOP"]
    assert float(course.lines[-1][1].split()[1]) >= 0.35


def test_a_process_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    import subprocess
    import sys

    neighbour = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(30)"])
    try:
        source = f"import time\nprint('worker 0 is process {neighbour.pid}', flush=True)\ntime.sleep(0.3)"
        state, _ = run(tmp_path, source, faults=[Fault(kill=KILL)])

        assert neighbour.poll() is None
    finally:
        neighbour.kill()
        neighbour.wait()
    assert "none of this program's" in state.sides["monarch"].troubles[0].detail
    assert state.outcome() == ExitCode.NOT_AS_EXPECTED, "a fault that was planned did not fire"


def test_a_signal_that_does_not_work_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monarch_vs_ray.programs.faults.PROOF_NS", 100_000_000)
    source = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(f"worker 0 is process {os.getpid()}", flush=True)
time.sleep(0.5)
"""

    state, _ = run(tmp_path, source, faults=[Fault(kill=KILL, signal="TERM")])

    assert state.courses["monarch"].faults == []
    assert "still runs 0.1 s after SIGTERM" in state.sides["monarch"].troubles[0].detail
    assert state.outcome() == ExitCode.NOT_AS_EXPECTED


def test_a_fault_with_nobody_to_hit_waits_without_spinning() -> None:
    side = SimpleNamespace(engine="ray", pid=1, over=False, processes=set)
    injector = Injector(side, [Fault(kill=KILL)], seed=0)

    assert injector.wait(0) == float("inf")
    no_number = Injector(side, [Fault(kill=r"process( (?P<pid>\w+))?", when="never")], seed=0)
    no_number.take(
        [LogLine(side="ray", at=5, origin="stdout", text=f"process{end}") for end in ("", " x", " ²")]
    )
    assert no_number.wait(9) == float("inf")
    injector.take([LogLine(side="ray", at=5, origin="stdout", text="worker 0 is process 999999999")])
    injector.tend(10, batch := Batch())

    assert injector.wait(10) == POLL
    assert batch.events == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kill="worker"),
        Fault(kill="("),
        Fault(kill=KILL, when="("),
        Fault(kill=KILL, signal="NONE"),
        Fault(kill=KILL, after=-1.0),
        Fault(kill=KILL, after=(2.0, 1.0)),
        Fault(kill=KILL, after=float("nan")),
        Fault(kill=KILL, times=0),
        Fault(kill=KILL, which="middle"),
    ],
)
def test_what_cannot_be_done_is_said_before(fault: Fault) -> None:
    with pytest.raises(UserError, match=r"^--kill: "):
        fault.check("--kill")
