"""Waits have a deadline, windows are watched to their end, and a fault counts only once it is proved."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from monarch_vs_ray.core.events import FaultInjected
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.instruments.flags import Flag, Tally
from monarch_vs_ray.instruments.outcome import error_type, outcome
from monarch_vs_ray.instruments.wait import happens, settled, wait_for
from monarch_vs_ray.side.emitter import PrintEmitter
from monarch_vs_ray.side.narration import narrate_to


class Kept:
    def __init__(self):
        self.faults = []

    def emit(self, kind, /, **fields):
        if kind is FaultInjected:
            self.faults.append((fields["fault"], fields["target"], fields["times"]))


@pytest.fixture
def fired():
    emitter = Kept()
    narrate_to(emitter)
    yield emitter.faults
    narrate_to(PrintEmitter())


@pytest.fixture
def sleeper():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_wait_ends_as_soon_as_it_can_and_names_what_did_not_come():
    left = iter([False, False, True])
    assert wait_for(lambda: next(left), "three looks") < 5
    with pytest.raises(TimeoutError, match=r"waited 0\.02 s for the impossible"):
        wait_for(lambda: False, "the impossible", within=0.02)


def test_a_window_is_watched_to_its_end():
    begun = time.monotonic()
    assert happens(lambda: False, 0.05) is False
    assert time.monotonic() - begun >= 0.05
    assert happens(lambda: time.monotonic() > begun + 0.06, 5) is True


def test_a_count_may_exceed_what_is_expected_within_the_window():
    counts = iter([1, 2, 2, 3, 3, 3])
    assert settled(lambda: next(counts, 3), 2, window=0.5) == 3


def test_a_kill_is_recorded_once_the_process_is_gone(fired, sleeper):
    faults.kill(sleeper.pid, "the sleeper")
    assert fired == [("SIGKILL", "the sleeper", 1)]
    assert faults.is_gone(sleeper.pid)


def test_a_signal_that_ends_nothing_is_no_fault(fired, sleeper):
    with pytest.raises(TimeoutError, match="the sleeper"):
        faults.kill(sleeper.pid, "the sleeper", number=18, within=0.05)  # SIGCONT
    assert fired == []


def test_an_end_that_did_not_come_is_no_fault(fired, sleeper):
    with pytest.raises(TimeoutError), faults.ends(sleeper.pid, "the sleeper", within=0.05):
        pass
    assert fired == []
    with faults.ends(sleeper.pid, "the sleeper"):
        sleeper.terminate()
    assert fired == [("exit", "the sleeper", 1)]


def test_a_fault_of_the_subjects_own_needs_its_trace(fired):
    tally = Tally.new()
    with pytest.raises(TimeoutError, match="2 x exception in worker"):
        faults.proved("exception", "worker", tally.count, times=2, within=0.02)
    tally.add("raised")
    tally.add("raised")
    faults.proved("exception", "worker", tally.count, times=2)
    assert fired == [("exception", "worker", 2)]
    assert tally.lines() == ["raised", "raised"]


def test_a_stopped_process_is_recorded(fired, sleeper):
    with faults.stopped(sleeper.pid, "the sleeper"):
        assert fired == [("SIGSTOP", "the sleeper", 1)]


def test_a_flag_is_up_or_not():
    flag = Flag.new()
    assert not flag.is_up()
    flag.put_up()
    flag.wait(within=0.1)
    flag.take_down()
    with pytest.raises(TimeoutError, match="flag"):
        flag.wait(within=0.01)


class Wrapped(Exception):
    def __init__(self, original):
        super().__init__("many words of the engine's own")
        self.cause = original


def raises(error):
    raise error


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: 3, "answered 3"),
        (lambda: raises(ValueError("no\nmore lines")), "ValueError: no"),
        (lambda: raises(Wrapped(KeyError("k"))), "Wrapped: KeyError: 'k'"),
        (lambda: raises(TimeoutError()), "TimeoutError"),
        (lambda: raises(ValueError("<x at 0x7f1234> is gone")), "ValueError: <x> is gone"),
    ],
)
def test_an_outcome_is_one_line_that_is_the_same_in_every_run(call, said):
    assert outcome(call) == said


def test_the_type_of_an_error_alone():
    assert error_type(lambda: raises(KeyError("k"))) == "KeyError"
    assert error_type(lambda: None) == "none"
