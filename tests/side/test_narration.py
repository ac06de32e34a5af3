"""The API of the native code: what it emits, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from monarch_vs_ray.core.events import (
    FaultInjected,
    LogLine,
    Message,
    Metric,
    Observation,
    OperationEnded,
    OperationInvoked,
    Seen,
    StepBegun,
    StepEnded,
    decoder,
)
from monarch_vs_ray.side import fault, log, message, metric, observe, operation, seen, step
from monarch_vs_ray.side.emitter import PipeEmitter, PrintEmitter
from monarch_vs_ray.side.narration import narrate_to


@pytest.fixture
def told():
    """Gives the events that the code under test emitted, as they came through a real pipe."""
    reading, writing = os.pipe()
    narrate_to(PipeEmitter("ray", writing, 0), [Path(__file__)])
    os.set_blocking(reading, False)
    yield lambda: decoder.decode_lines(os.read(reading, 1 << 20))
    narrate_to(PrintEmitter())
    os.close(reading)
    os.close(writing)


def this_line() -> int:
    return sys._getframe(1).f_lineno


def test_a_step_tells_its_lines(told):
    with step("do it"):  # the first line
        inside = this_line()
    begun, ended = told()
    expected = {"title": "do it", "file": "test_narration.py", "line": inside - 1, "end_line": inside}
    assert begun == StepBegun(side="ray", at=begun.at, seq=0, step=begun.step, **expected)
    assert isinstance(ended, StepEnded)
    assert (ended.step, ended.error, ended.seq) == (begun.step, "", 1)
    assert ended.at >= begun.at > 0


def test_an_exception_passes_through_a_step_and_is_told(told):
    with pytest.raises(ValueError, match="no"), step("do it"):
        raise ValueError("no")
    assert told()[-1].error == "ValueError: no"


def test_an_operation_belongs_to_its_step_and_is_timed(told):
    with step("do it"), operation("call", rank=1) as call:
        line = this_line() - 1
    begun, invoked, done, _ = told()
    assert isinstance(invoked, OperationInvoked)
    assert (invoked.step, invoked.name, invoked.line) == (begun.step, "call", line)
    assert invoked.attributes == {"rank": 1}
    assert isinstance(done, OperationEnded)
    assert (done.operation, done.outcome) == (invoked.operation, "ok")
    assert done.nanoseconds == pytest.approx(call.seconds * 1e9)


@pytest.mark.parametrize(
    ("error", "outcome"), [(ValueError("no"), "failed"), (TimeoutError("when?"), "unknown")]
)
def test_an_exception_passes_through_an_operation_and_decides_its_outcome(told, error, outcome):
    with pytest.raises(type(error)), operation("call"):
        raise error
    _, ended = told()
    assert (ended.outcome, ended.error_type, ended.error) == (outcome, type(error).__name__, str(error))


def test_steps_nest(told):
    with step("outer"), step("inner"):
        pass
    outer, inner, inner_end, outer_end = told()
    assert (inner_end.step, outer_end.step) == (inner.step, outer.step)


def test_the_rest_of_the_api(told):
    observe("key", [1, {"a": None}], "B")
    metric("latency", 3, "us")
    log("two\nlines")
    fault("SIGKILL", 7)
    seen, measured, first, second, broke = told()
    assert isinstance(seen, Observation)
    assert (seen.key, seen.value, seen.unit) == ("key", [1, {"a": None}], "B")
    assert isinstance(measured, Metric)
    assert (measured.name, measured.value, measured.unit) == ("latency", 3.0, "us")
    assert isinstance(first, LogLine)
    assert [first.text, second.text] == ["two", "lines"]
    assert isinstance(broke, FaultInjected)
    assert (broke.fault, broke.target) == ("SIGKILL", "7")


def test_a_reader_that_has_gone_does_not_disturb_the_native_code():
    reading, writing = os.pipe()
    os.close(reading)
    narrate_to(PipeEmitter("ray", writing, 0))
    with step("nobody listens"):
        observe("a", 1)
    narrate_to(PrintEmitter())
    os.close(writing)


def test_a_forked_child_does_not_write_into_the_pipe(told):
    observe("parent", 1)
    if (child := os.fork()) == 0:
        observe("child", 1)
        os._exit(0)
    os.waitpid(child, 0)
    observe("parent", 2)
    assert [(event.key, event.seq) for event in told()] == [("parent", 0), ("parent", 1)]


def test_a_file_run_alone_prints_what_it_does():
    code = (
        "from monarch_vs_ray.side import *\n"
        "with step('say hello'):\n"
        "    observe('reply', 'hello')\n"
        "    with operation('ask'): pass\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "say hello" in printed
    assert "reply = 'hello'" in printed


def test_what_only_pictures_need(told):
    seen("rank 1", "float32 []", "11", parent="mesh", why="as fetched", coordinates={"dp": 0, "tp": 1})
    message("a0", "a", "inbox", "sent", number=3, time=17)
    metric("loss", 0.5, "", x=2, rank=1)
    thing, sent, point = told()
    assert isinstance(thing, Seen)
    assert (thing.id, thing.state, thing.coordinates) == ("rank 1", "11", {"dp": 0, "tp": 1})
    assert isinstance(sent, Message)
    assert (sent.sender, sent.receiver, sent.phase, sent.number, sent.time) == ("a", "inbox", "sent", 3, 17)
    assert isinstance(point, Metric)
    assert (point.x, point.rank) == (2, 1)
