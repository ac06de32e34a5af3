"""Waiting for an idle machine: as long as it takes, and no longer than it may."""

from __future__ import annotations

import pytest

from monarch_vs_ray.bench import load


class Machine:
    """A machine whose cores are busy until a moment of its own clock."""

    def __init__(self, busy_until: float) -> None:
        self.now, self.used, self._busy_until = 0.0, 0.0, busy_until

    def sleep(self, seconds: float) -> None:
        self.used += seconds if self.now < self._busy_until else 0.0
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def machine(request, monkeypatch):
    made = Machine(getattr(request, "param", 0.0))
    monkeypatch.setattr(load, "time", made)
    monkeypatch.setattr(load, "busy", lambda: made.used)
    monkeypatch.setattr(load, "own", lambda: 0.0)
    return made


@pytest.mark.parametrize(("machine", "until"), [(0.0, 0.2), (1.0, 1.2)], indirect=["machine"])
def test_an_idle_machine_is_waited_for(machine, until):
    assert load.wait_until_idle(3.0)
    assert machine.now == pytest.approx(until)


@pytest.mark.parametrize("machine", [60.0], indirect=True)
def test_a_machine_that_stays_busy_is_not_waited_for_longer_than_allowed(machine):
    assert not load.wait_until_idle(3.0)
    assert 3.0 < machine.now <= 3.0 + 2 * load.IDLE_WINDOW


@pytest.mark.parametrize("machine", [60.0], indirect=True)
@pytest.mark.parametrize(("processes", "waited"), [(load.FEW, False), (load.FEW + 1, True)])
def test_only_after_many_starts_is_there_a_wait(machine, processes, waited):
    load.settle(processes)
    assert (machine.now > 0) is waited
    assert machine.now <= load.SETTLE_SECONDS + 2 * load.IDLE_WINDOW
