"""Break a program from outside, at a moment that a line of its output names, and prove that it is broken."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from signal import SIGCONT, Signals

import msgspec

from monarch_vs_ray.core.errors import UserError
from monarch_vs_ray.core.events import AnyEvent, Engine, FaultInjected, HarnessNote, LogLine
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.side.guardian import processes
from monarch_vs_ray.side.running import RunningSide

PROGRAM = "program"
"""In place of an expression: the program itself is hit, and started again in the same folder."""
PROOF_NS = 10_000_000_000
POLL = 0.002
"""Seconds between looks at a process that was hit."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of fault.

    Attributes:
        kill: An expression for lines of stdout that name a process by its group ``pid``; or ``program``.
        title: What it is, for the reader.
        when: The first line that matches arms it; by default the first that matches ``kill``.
        after: Seconds from then to the signal, or two numbers between which they are drawn.
        signal: Its name: KILL, STOP, TERM, INT, ...
        seconds: For STOP, after how many of them CONT follows; 0 for never.
        times: How many times, each time to a process that lives.
        which: Which of the processes that are named and live: ``random``, ``first``, ``last``.
        restart: Whether the program is started again; for ``program`` only.
    """

    kill: str
    title: str = ""
    when: str = ""
    after: float | tuple[float, float] = 0.0
    signal: str = "KILL"
    seconds: float = msgspec.field(default=0.0, name="for")
    times: int = 1
    which: str = "random"
    restart: bool = True

    def check(self, where: str) -> None:
        """Raise UserError if it cannot be done."""
        if self.kill != PROGRAM and "pid" not in _compiled(self.kill, where).groupindex:
            raise UserError(
                f"{where}: {self.kill!r} has no group named pid;"
                " write it as in 'worker is process (?P<pid>\\d+)'."
            )
        _compiled(self.when, where)
        if f"SIG{self.signal}" not in Signals.__members__:
            raise UserError(
                f"{where}: there is no signal {self.signal!r}; name one as KILL, STOP, TERM or INT."
            )
        low, high = self.span
        if not 0 <= low <= high < float("inf"):
            raise UserError(
                f"{where}: after is {self.after}; give seconds, or two numbers, the smaller one first."
            )
        if self.times < 1:
            raise UserError(f"{where}: times is {self.times}; give 1 or more.")
        if self.which not in ("random", "first", "last"):
            raise UserError(f"{where}: which is {self.which!r}; give random, first or last.")

    @property
    def span(self) -> tuple[float, float]:
        """Return the least and the most seconds from arming to the signal."""
        return self.after if isinstance(self.after, tuple) else (self.after, self.after)

    @property
    def number(self) -> Signals:
        """Return its signal."""
        return Signals[f"SIG{self.signal}"]


def _compiled(expression: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except re.error as error:
        raise UserError(f"{where}: {expression!r} is no regular expression: {error}.") from None


def planned(faults: Iterable[Fault]) -> int:
    """Return how many faults are planned in all."""
    return sum(each.times for each in faults)


def restarts(faults: Iterable[Fault]) -> int:
    """Return how often a program is to be started again."""
    return sum(each.times for each in faults if each.kill == PROGRAM and each.restart)


@dataclass
class _Armed:
    """One kind of fault on one side: what it knows, and what it does next."""

    fault: Fault
    rng: random.Random
    named: list[int] = field(default_factory=list)
    left: int = 0
    due: int | None = None
    hit: int | None = None
    hit_at: int = 0
    wake: int | None = None
    lost: bool = False


class Injector:
    """Watches one side's output and does to it what is planned; what is proved becomes an event."""

    def __init__(self, side: RunningSide, faults: Sequence[Fault], seed: int) -> None:
        self._side = side
        self._kinds = [
            _Armed(fault, random.Random(f"{seed}/{number}"), left=fault.times)
            for number, fault in enumerate(faults)
        ]
        self._stopped: set[int] = set()
        for kind in self._kinds:
            if kind.fault.kill == PROGRAM and not kind.fault.when:
                kind.due = _drawn(kind)

    @property
    def engine(self) -> Engine:
        """Return whose side it is."""
        return self._side.engine

    def take(self, events: Iterable[AnyEvent]) -> None:
        """Read what the side printed."""
        for event in events:
            if isinstance(event, LogLine) and event.origin == "stdout" and event.side == self.engine:
                for kind in self._kinds:
                    _read(kind, event)

    def wait(self, now: int) -> float:
        """Return the seconds until there may be something to do; infinity if there is nothing."""
        waits = [float("inf")]
        for kind in self._kinds:
            if kind.hit is not None:
                waits.append(POLL)
            waits += [
                (at - now) / 1e9 for at in (kind.due if kind.left else None, kind.wake) if at is not None
            ]
        return max(POLL, min(waits))  # a fault that is due may have nobody to hit for a long time

    def tend(self, now: int, batch: Batch) -> None:
        """Send the signals that are due, and record those that have done their work."""
        if self._side.over:
            return
        for kind in self._kinds:
            if kind.hit is not None:
                self._prove(kind, now, batch)
            elif kind.left and kind.due is not None and now >= kind.due:
                self._fire(kind, now, batch)
            if kind.wake is not None and now >= kind.wake:
                kind.wake = None
                self._wake(kind)

    def _fire(self, kind: _Armed, now: int, batch: Batch) -> None:
        pid = self._choose(kind)
        if pid is None:
            return
        if pid != self._side.pid and pid not in self._side.processes():
            kind.named.remove(pid)
            text = f"process {pid}, which a line names, is none of this program's; it is left alone"
            batch.add(HarnessNote(side=self.engine, at=now, trouble="garbled", detail=text))
            return
        if _send(pid, kind.fault.number):
            kind.hit, kind.hit_at, kind.left = pid, now, kind.left - 1

    def _choose(self, kind: _Armed) -> int | None:
        if kind.fault.kill == PROGRAM:
            return self._side.pid
        alive = [pid for pid in kind.named if _state(pid) not in "ZX" and pid not in self._stopped]
        if not alive:
            return None
        if kind.fault.which == "random":
            return kind.rng.choice(alive)
        return alive[0 if kind.fault.which == "first" else -1]

    def _prove(self, kind: _Armed, now: int, batch: Batch) -> None:
        pid = kind.hit
        assert pid is not None
        stops = kind.fault.signal == "STOP"
        if _state(pid) in ("T" if stops else "ZX"):
            kind.hit = None
            # The moment is that of the signal; the proof comes later.
            target = f"process {pid}" + (f": {kind.fault.title}" if kind.fault.title else "")
            batch.add(
                FaultInjected(side=self.engine, at=kind.hit_at, fault=kind.fault.number.name, target=target)
            )
            if stops:
                self._stopped.add(pid)
                kind.named = [pid, *(each for each in kind.named if each != pid)]
                kind.wake = now + int(kind.fault.seconds * 1e9) if kind.fault.seconds else None
            if kind.left:
                kind.due = now + _drawn(kind)
        elif now - kind.hit_at > PROOF_NS:
            kind.hit = None
            text = f"process {pid} still runs {PROOF_NS / 1e9:g} s after {kind.fault.number.name}"
            batch.add(HarnessNote(side=self.engine, at=now, trouble="late", detail=text))

    def _wake(self, kind: _Armed) -> None:
        for pid in kind.named:
            if pid in self._stopped:
                self._stopped.discard(pid)
                _send(pid, SIGCONT)


def _read(kind: _Armed, event: LogLine) -> None:
    fault = kind.fault
    match = re.search(fault.kill, event.text) if fault.kill != PROGRAM else None
    if match and (match["pid"] or "").isdecimal():
        pid = int(match["pid"])
        kind.named = [*(each for each in kind.named if each != pid), pid]
    arms = re.search(fault.when, event.text) if fault.when else match
    if arms and kind.due is None:
        kind.due = event.at + _drawn(kind)


def _drawn(kind: _Armed) -> int:
    return int(kind.rng.uniform(*kind.fault.span) * 1e9)


def _state(pid: int) -> str:
    """Return a process's state as the kernel names it; X for one that is gone. T: all threads stand still."""
    fields = processes.read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    if not fields:
        return "X"
    first = fields[0].decode()
    if first != "T":
        return first
    tasks = (processes.read(f"/proc/{pid}/task/{task}/stat") for task in processes.names(f"/proc/{pid}/task"))
    return "T" if all(task.rpartition(b")")[2].split()[:1] in ([b"T"], []) for task in tasks) else "t"


def _send(pid: int, number: Signals) -> bool:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
