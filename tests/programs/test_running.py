"""Programs of all kinds run as they stand; what they print, use and leave is found, and all of it ends."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.events import SideEnded
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.programs.state import ProgramsState
from monarch_vs_ray.side import used
from monarch_vs_ray.side.wire import OutputReader
from programs.running import run

BUSY = """
import multiprocessing, sys, time, os
def burn(seconds):
    held = bytearray(30_000_000)
    end = time.process_time() + seconds
    while time.process_time() < end:
        held[0] ^= 1
if __name__ == "__main__":
    import beside
    print(beside.NAME, sys.argv[1:], os.getcwd(), os.environ["HOME"], repr(sys.stdin.read()))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.map(burn, [0.3])
    open("result.txt", "w").write("x")
    print("done")
"""


def test_a_program_runs_as_with_python_and_is_measured_with_its_children(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("NAME = 'beside'")

    state, _ = run(tmp_path, BUSY, arguments=["--seed", "3"])

    course, ended = state.courses["monarch"], state.sides["monarch"].ended
    assert [text for _, text in course.lines] == [
        "beside ['--seed', '3'] <run>/work <run>/home ''",
        "done",
    ]
    assert ended
    assert (ended.ending, ended.exit_code, ended.strays) == ("exit", 0, [])
    assert course.last[used.USER] + course.last[used.SYSTEM] >= 0.3, "that of ended children counts"
    assert course.last[used.WALL] >= 0.3
    assert course.memory_bytes >= 30e6
    assert course.peak[used.PROCESSES] >= 2
    assert course.left["work"]["names"] == ["result.txt"]
    assert state.outcome() == ExitCode.FINE


LEAVES = """
import os, time
print("begin", flush=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
os.wait()
"""
ENDS_SOON = LEAVES.replace("60", "0.1")


def test_a_daemon_is_left_behind_and_ended_while_one_that_ends_in_its_grace_is_not(tmp_path: Path) -> None:
    state, _ = run(tmp_path, LEAVES, ENDS_SOON)

    assert len(state.left_behind("monarch")) == 1
    assert state.left_behind("ray") == []
    assert state.difference().equal
    assert state.outcome() == ExitCode.NOT_AS_EXPECTED


HOSTILE = r"""
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stdout.buffer.write(bytes(range(128, 256)) + b"\r\n" + "\x1b]0;title\x07 漢字\n".encode())
sys.stdout.buffer.write(b"x" * 100_000)
sys.stdout.buffer.write(b"\nno end")
sys.stdout.flush()
for _ in range(3):
    os.fork()
os.close(1)
os.write(2, b"last words")
os.kill(os.getpid(), signal.SIGSEGV)
"""


def test_a_hostile_program_is_reported_and_leaves_nothing(tmp_path: Path) -> None:
    state, events = run(tmp_path, HOSTILE)

    ended = next(event for event in events if isinstance(event, SideEnded))
    assert ended.signal == 11
    course = state.courses["monarch"]
    texts = [text for _, text in course.lines]
    assert any(text.startswith("\\x80\\x81") for text in texts), "bytes that are no text stay apart"
    assert "[a line of 100000 bytes, not kept]" in texts
    assert not course.printed["stdout"]["whole"]
    assert not course.printed["stdout"]["ends_with_newline"]
    said = [entry.text for entry in state.sides["monarch"].log if entry.origin == "stderr"]
    assert "last words" in said[-1]
    assert state.outcome() == ExitCode.SIDE_FAILED


def test_a_deadline_ends_what_ignores_every_signal(tmp_path: Path) -> None:
    deaf = "import signal, time\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\ntime.sleep(60)"

    state, _ = run(tmp_path, deaf, deadline=0.5)

    assert state.sides["monarch"].ended.ending == "deadline"
    assert state.outcome() == ExitCode.SIDE_FAILED


@pytest.mark.parametrize(("most", "line"), [(2, b"x"), (9, b"x" * 20_000)])
def test_what_is_not_kept_as_it_stands_is_known_by_its_bytes(most: int, line: bytes) -> None:
    data, batch = (line + b"\n") * 5 + b"end", Batch()
    reader = OutputReader("ray", "stdout", bytes, lambda: 0, most)

    for start in range(0, len(data), 7000):
        reader.feed(data[start : start + 7000], batch)
    reader.end(batch)

    assert reader.extent == {
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "ends_with_newline": False,
        "whole": False,
    }


def test_one_after_the_other_has_each_its_own_time(tmp_path: Path) -> None:
    source = "import time\nprint('begin', flush=True)\ntime.sleep(0.2)"

    state, _ = run(tmp_path, source, source, in_turn=True)

    firsts = [course.lines[0][0] for course in state.courses.values()]
    ends = [side.ended.at for side in state.sides.values()]
    assert max(firsts) < min(ends) * 2
    assert state.outcome() == ExitCode.FINE


HOOKS = """
import os
from monarch_vs_ray import observe, result, step
with step("count"):
    observe("items", 3, "of 3")
if os.fork() == 0:
    observe("items", "of a child")
    os._exit(0)
os.wait()
result({"loss": 0.5, "at": float("inf")})
"""


def test_hooks_tell_what_the_program_does_and_its_children_say_nothing(tmp_path: Path) -> None:
    state, _ = run(tmp_path, HOOKS)

    side = state.sides["monarch"]
    assert [step.title for step in side.steps.values()] == ["count"]
    assert side.observations["items"].value == 3
    assert state.courses["monarch"].result == {"loss": 0.5, "at": "inf"}
    assert side.troubles == []


def test_outside_hooks_do_nothing_and_nothing_is_imported_for_them() -> None:
    import subprocess
    import sys

    code = (
        "import sys; before = set(sys.modules)\n"
        "from monarch_vs_ray import observe, result, step\n"
        "with step('x'): observe('a', 1)\n"
        "result(2)\n"
        "print(sorted(set(sys.modules) - before))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MVR_")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)

    assert done.stderr == ""
    assert eval(done.stdout) == [
        "__future__",
        "monarch_vs_ray",
        "monarch_vs_ray.core",
        "monarch_vs_ray.core.hooks",
    ]


def test_a_file_that_hides_the_engine_is_named(tmp_path: Path) -> None:
    (tmp_path / "ray.py").write_text("")

    state, _ = run(tmp_path, "raise SystemExit(1)")

    assert any("ray.py beside the program is imported" in entry.text for entry in state.sides["monarch"].log)


def test_the_fold_takes_any_recording(tmp_path: Path) -> None:
    from monarch_vs_ray.core.events import Observation

    state = ProgramsState(["monarch"])
    for key in ("stdout", "left", "terms", "memory_kind"):
        for value in (None, 3, "x", [], {"a": None}):
            state.apply([Observation(side="monarch", at=0, key=key, value=value)])

    assert state.output("monarch").lines == []
