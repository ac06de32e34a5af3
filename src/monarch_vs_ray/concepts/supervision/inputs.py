"""Supervision and fault tolerance: the faults that both sides inject, and what both must observe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import psutil

from monarch_vs_ray.core.concept import Concept, Row, Seen
from monarch_vs_ray.engines.environment import RUN_DIR

WORKERS = 2
"""Workers of each parent: one to break, and one to see what that does to the others."""
EXIT_CODE = 3
PATIENCE = 30.0
"""Seconds to wait for what must come: when it has come, nobody waits any longer."""
LOOK_AWAY = 8.0
"""Seconds that a program is busy with something else while its actor dies; far above any delay here."""

FAULTS = {"exception": 3, "os._exit": 4, "SIGKILL": 6}
"""How many faults of each kind a side injects, and must see take effect."""

POLL, ORPHAN = 0.5, 10.0
"""Seconds; Monarch's own defaults are 10 and 60. The second must stay far above the first."""
SETTINGS = {
    "HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY": f"{POLL * 1000:g}ms",
    # What a poll waits for an answer; a process killed during a poll is noticed this much later.
    "HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE": "3s",
    "HYPERACTOR_MESH_ORPHAN_TIMEOUT": f"{ORPHAN:g}s",
}


def _detection(monarch: Seen, ray: Seen) -> str:
    """The delay belongs to the setting: the same kill, under two settings."""
    return (
        f"An idle process was killed: Monarch's parent was told after {monarch['kill_delay']:.2g} s, polling"
        f" every {POLL:g} s, and after {monarch['kill_delay_default']:.2g} s with its default settings; on"
        f" Ray it was noticed by {ray['kill_noticed']}, which failed {_ms(ray['kill_delay'])} after the kill."
    )


def _ms(seconds: object) -> str:
    return f"{float(seconds) * 1000:.0f} ms" if isinstance(seconds, (int, float)) else str(seconds)


CONCEPT = Concept(
    number=5,
    name="supervision",
    title="Supervision and fault tolerance",
    question="When an actor or its process fails, who learns of it, who decides, and what is left?",
    watch=(
        "An exception that a caller awaits reaches that caller only, on both engines; nobody else is told.",
        "One that nobody awaits kills Monarch's actor and goes to its parent; Ray forgets it.",
        "Monarch's failures climb from parent to parent until one handles them; Ray's go to who calls next.",
        "Ray restarts a process and repeats a call if the options say so; on Monarch the parent writes that.",
        "Children of a killed parent: Ray ends them at once, Monarch when the orphan timeout has passed.",
    ),
    rows=(
        Row(key="exception_caught", label="Exception, call awaited: the caller catches"),
        Row(key="count_after_exception", label="... and the actor lives: calls it counted", want=3),
        Row(key="unawaited", label="Exception, call not awaited: the actor"),
        Row(key="caller_of_dead", label="Calling a dead actor, error caught: the caller then"),
        Row(key="exit_caught", label="os._exit during a call: the caller catches"),
        Row(key="exit_delay", label="... after (indicative)", unit="s"),
        Row(key="sibling_count", label="... the other worker lives: calls it counted", want=2),
        Row(key="call_all", label="... calling both workers then gives"),
        Row(
            key="supervise_calls",
            described=("ray",),
            label="Calls of the parent's hook: awaited, unawaited, os._exit, SIGKILL",
        ),
        Row(key="kill_noticed", described=("ray",), label="SIGKILL of an idle process: noticed by"),
        Row(key="kill_delay", label="... after (indicative)", unit="s"),
        Row(key="kill_delay_default", label="... with the engine's default settings", unit="s"),
        Row(key="kill_reason", label="... the cause, as it is told"),
        Row(key="parent_handles", label="Worker killed, the parent handles it: the parent", want="lives"),
        Row(key="parent_lets_go", label="... the parent does not handle it: the parent"),
        Row(key="parent_raises", label="... the parent's handler raises: the parent"),
        Row(key="workers_after", label="... the parent's other workers that still run, of 2"),
        Row(key="escalated", label="... what reaches the main program"),
        Row(key="root_exit", label="A program that looks away while its actor dies ends with"),
        Row(key="recovered_by", described=("ray",), label="After SIGKILL a new process comes from"),
        Row(key="during_restart", label="... a call on its way catches"),
        Row(key="recovered_count", label="... state of the killed worker: calls counted", want=1),
        Row(key="recovered_sibling", label="... calls that its sibling counted"),
        Row(key="recovery", label="... from the kill to the first answer (indicative)", unit="s"),
        Row(key="restarts", label="... new starts for one kill", want=1),
        Row(key="limit", label="... and the next time"),
        Row(key="executions", label="os._exit during a call: executions of it, by default", want=1),
        Row(key="executions_retried", label="... when retries are arranged, two ways", want=[2, 2]),
        Row(
            key="retry_by",
            described=(
                "monarch",
                "ray",
            ),
            label="... arranged by",
        ),
        Row(key="exception_retried", label="An exception, retried: executions", want=2),
        Row(key="children", label="The parent is killed: its workers end"),
        Row(key="children_delay", label="... after (indicative)", unit="s"),
        Row(key="outlives", label="An actor that outlives the program that made it"),
        Row(key="stopped", label="Stopped on purpose: treated as a failure"),
        Row(key="faults", label="Faults injected that took effect", want=FAULTS),
    ),
    deadline=120.0,
    environment=SETTINGS,
    closing=(
        (
            "An exception in an awaited call reached its caller as {monarch[exception_caught]} on Monarch and"
            " as {ray[exception_caught]} on Ray; when nobody awaited it, Monarch's actor {monarch[unawaited]}"
            " and Ray's {ray[unawaited]}."
        ),
        _detection,
        (
            "When the parent did not handle a worker's death, Monarch's parent {monarch[parent_lets_go]} with"
            " {monarch[workers_after]} of its 2 workers left running, and Ray's {ray[parent_lets_go]} with"
            " {ray[workers_after]}. A main program that looked away ended with {monarch[root_exit]} on"
            " Monarch and with {ray[root_exit]} on Ray."
        ),
        (
            "A killed worker came back through {monarch[recovered_by]} on Monarch and {ray[recovered_by]} on"
            " Ray; its first call was number {monarch[recovered_count]} and {ray[recovered_count]}, that of"
            " its sibling number {monarch[recovered_sibling]} and {ray[recovered_sibling]}."
        ),
        (
            "A call that killed its process was executed {monarch[executions_retried][0]} times on Monarch,"
            " by {monarch[retry_by]}, and {ray[executions_retried][0]} times on Ray, by {ray[retry_by]}."
        ),
        (
            "With their parent killed, the workers were gone after {monarch[children_delay]:.1f} s on Monarch"
            f" (orphan timeout: {ORPHAN:g} s) and after {{ray[children_delay]:.2g}} s on Ray."
        ),
    ),
)


def break_down(how: str) -> NoReturn:
    """One of the faults, where it is called."""
    if how == "os._exit":
        os._exit(EXIT_CODE)
    raise ValueError("no ball")


def leave_mark(path: str) -> int:
    """Add one mark to a file, which outlives whoever does it; gives the number of marks."""
    with open(path, "a") as file:
        file.write("x")
    return Path(path).stat().st_size


def runs(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_for(met: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    """Wait until ``met()`` is true; gives how long that took. Raises TimeoutError with ``what`` in it."""
    began = time.monotonic()
    while not met():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.005)
    return time.monotonic() - began


def kill(pid: int) -> None:
    """SIGKILL a process, and return once it is gone."""
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not runs(pid), f"the end of process {pid}")


def marks(name: str) -> str:
    """Where marks of this name are left: in the run's own folder."""
    return os.path.join(os.environ[RUN_DIR], f"marks-{name}")


def beside(module: str, *arguments: str, settings: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start one of a native file's other programs, with ``settings`` and nothing of SETTINGS."""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env={**environment, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def told_by(program: subprocess.Popen[str]) -> float:
    """The number on its first line, once it has ended; it is killed if that takes too long."""
    try:
        return float(program.communicate(timeout=2 * PATIENCE)[0].splitlines()[0])
    finally:
        program.kill()


def carry_on() -> None:
    """Be busy with something else for a while; an interrupt gets through at once."""
    until = time.monotonic() + LOOK_AWAY
    while time.monotonic() < until:
        time.sleep(0.02)


def files_that_name(package: str, word: str) -> int:
    """How many Python files of an installed package have a word in them, in any case; nothing is imported."""
    found = find_spec(package)
    assert found
    assert found.submodule_search_locations
    files = Path(found.submodule_search_locations[0]).rglob("*.py")
    return sum(word in file.read_text(encoding="utf-8", errors="ignore").lower() for file in files)


def ending(code: int) -> str:
    """How a process ended, from what its parent gets."""
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
