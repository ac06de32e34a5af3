"""One side under its guardian, as its parent sees it: four pipes, and how it ended."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from monarch_vs_ray.core import hooks
from monarch_vs_ray.core.events import Engine, HarnessNote, LogLine, Observation
from monarch_vs_ray.core.privacy import Scrubber, names_of_this_machine
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.side import used
from monarch_vs_ray.side.emitter import EVENTS_FD, ORIGIN_NS
from monarch_vs_ray.side.guardian import RUN_DIR, processes
from monarch_vs_ray.side.guardian.sweep import sweep
from monarch_vs_ray.side.run_folder import SIDE, inner, new_folder, take_over
from monarch_vs_ray.side.start_watch import StartWatch, Suspect, Suspects
from monarch_vs_ray.side.wire import EventReader, OutputReader

Pipe = Literal["events", "stdout", "stderr", "report"]

START_GUARDIAN = "import sys; sys.path.append(sys.argv.pop(1)); from guardian.watch import main; main()"
PIPE_BYTES = 1024 * 1024
F_SETPIPE_SZ = 1031
CLOSED_GRACE_NS = 250_000_000
LATE_GRACE_NS = 300_000_000
GUARDIAN_GRACE_NS = 10_000_000_000
MOST_READS = 64


@dataclass(frozen=True)
class SideSpec:
    """How one side is started.

    ``command`` runs as it stands, in its run folder, in this process's environment with
    ``environment(run_dir)`` on top, where None removes a variable. ``traces(run_dir)`` are patterns of files
    that the engine writes outside its run folder, and that are removed with it. ``suspects(run_dir)`` says
    what on this machine may keep the engine from starting. ``deadline`` is in seconds.

    For programs that are not ours: ``folders`` are made below the run folder, and the side starts in the last
    of them; ``grace`` and ``sample`` are seconds, ``restarts`` a number, see ``guardian.watch``. With
    ``sample`` the history holds what the side used, printed and left.
    """

    engine: Engine
    command: tuple[str, ...]
    environment: Callable[[str], Mapping[str, str | None]] = field(default=lambda run_dir: {})
    traces: Callable[[str], Sequence[str]] = field(default=lambda run_dir: ())
    suspects: Suspects = field(default=lambda run_dir: ())
    deadline: float = 60.0
    folders: tuple[str, ...] = ()
    grace: float = 0.0
    sample: float = 0.0
    restarts: int = 0


@dataclass(frozen=True)
class Limits:
    """How much one side may say; what goes beyond is counted, not kept."""

    events: int = 2_000_000
    output_lines: int = 100_000


class RunningSide:
    """A side that was started; ``tend`` and ``read`` turn what happens to it into events.

    After ``over`` nothing of the side is left: no process, no file, no shared memory.
    """

    def __init__(
        self,
        spec: SideSpec,
        origin: int,
        now: Callable[[], int],
        limits: Limits,
        watch: selectors.BaseSelector,
    ) -> None:
        self.engine: Engine = spec.engine
        self.folder = new_folder()
        self.run_dir = inner(self.folder)
        self._traces = list(spec.traces(self.run_dir))
        self.pid: int | None = None
        self.over = False
        self._now = now
        self._watch = watch
        self._began = now()
        self._start = StartWatch(spec.suspects, self.run_dir)
        self._start.up = self._measured = bool(spec.sample)
        self._failed = False
        clean = Scrubber({**names_of_this_machine(self.run_dir), self.folder: "<run>"})
        self._events = EventReader(spec.engine, clean, now, limits.events)
        self._outputs = {
            "stdout": OutputReader(spec.engine, "stdout", clean, now, limits.output_lines),
            "stderr": OutputReader(spec.engine, "stderr", clean, now, limits.output_lines),
        }
        self._said = b""
        self._ended: dict[str, object] = {"ended": "lost", "exit_code": None, "signal": None}
        self._cleaned: dict[str, object] = {"strays": [], "removed": 0}
        self._drained = False
        self._closed_at: int | None = None
        self._gone_at: int | None = None
        self._give_up_at = now() + int((spec.deadline + spec.grace) * 1e9) + GUARDIAN_GRACE_NS
        self.open: dict[Pipe, int] = {}
        self._spawn(spec, origin)

    def _spawn(self, spec: SideSpec, origin: int) -> None:
        ends = {name: self._open(name) for name in ("events", "stdout", "stderr", "report")}
        order = {
            "folder": self.folder,
            "traces": self._traces,
            "report_fd": ends["report"],
            "command": [_from_anywhere(spec.command[0]), *spec.command[1:]],
            "pass_fds": [ends["events"]],
            "deadline": spec.deadline,
            "folders": spec.folders,
            "grace": spec.grace,
            "sample": spec.sample,
            "restarts": spec.restarts,
        }
        self._guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", START_GUARDIAN, str(SIDE), json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=ends["stdout"],
            stderr=ends["stderr"],
            pass_fds=(ends["events"], ends["report"]),
            env=self._environment(spec, _our_variables(spec, ends["events"], origin)),
            start_new_session=True,
        )
        for fd in ends.values():
            os.close(fd)

    def _open(self, name: Pipe) -> int:
        """Make a pipe, watch its reading end, and give the writing end."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        if name == "events":
            _widen(reading)
        self.open[name] = reading
        self._watch.register(reading, selectors.EVENT_READ, (self, name))
        return writing

    def _environment(self, spec: SideSpec, ours: dict[str, str]) -> dict[str, str]:
        environment = {**os.environ, RUN_DIR: self.run_dir, "TMPDIR": self.run_dir, **ours}
        for name, value in spec.environment(self.run_dir).items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = value
        if "PYTHONPATH" in environment:  # it is read in another folder than this process's
            paths = environment["PYTHONPATH"].split(os.pathsep)
            environment["PYTHONPATH"] = os.pathsep.join(os.path.abspath(path) for path in paths if path)
        return environment

    def processes(self) -> set[int]:
        """Return the processes of the side, as far as its guardian answers for them."""
        return processes.below(self._guardian.pid)

    def stop(self) -> None:
        """Ask the guardian to end the side; the events that follow say how it went."""
        assert self._guardian.stdin
        self._guardian.stdin.close()

    def read(self, name: Pipe, batch: Batch) -> bool:
        """Take what a pipe has now; false when it had nothing."""
        if name not in self.open:
            return False
        data = _read(self.open[name])
        if data is None:
            return False
        if name == "report":
            self._hear(data, batch)
        elif name != "events":
            self._outputs[name].feed(data, batch)
        elif self._drained and data:
            self._events.late(data, batch)
        else:
            before = len(batch.events)
            self._events.feed(data, batch)
            if not self._start.up:
                self._start.take(batch.events[before:])
        if not data:
            self._close(name, batch)
        return True

    def _hear(self, data: bytes, batch: Batch) -> None:
        """Take what the guardian reports."""
        *lines, self._said = (self._said + data).split(b"\n")
        for said in map(json.loads, lines):
            if self._measured:
                for event in used.events(self.engine, self._now(), said):
                    batch.add(event)
            if "started" in said:
                self.pid = said["started"]
            elif "sample" in said:
                continue
            elif "ended" in said:
                self._ended = said
                self._failed = said["ended"] != "stopped" and said["exit_code"] != 0
            else:
                self._cleaned = said

    def _close(self, name: Pipe, batch: Batch) -> None:
        fd = self.open.pop(name)
        self._watch.unregister(fd)
        os.close(fd)
        if name == "events":
            self._closed_at = self._now()
        elif name == "report":
            self._gone_at = self._now()
            self._drain(batch)

    def _drain(self, batch: Batch) -> None:
        """The guardian is gone, and with it all that could write: take what the pipes still hold."""
        if "cleaned" not in self._cleaned and (folder := take_over(self.folder)):
            sweep(folder, self._traces, self.pid or 0)
        for name in tuple(self.open):
            reads = 0
            while reads < MOST_READS and self.read(name, batch):
                reads += 1
        self._drained = True

    def tend(self, batch: Batch) -> None:
        """Do what is due without any pipe saying so: note a silence, give up, finish."""
        now = self._now()
        running = self._ended["ended"] == "lost"
        if self._closed_at is not None and running and now - self._closed_at > CLOSED_GRACE_NS:
            self._closed_at = None
            detail = "the side closed its event pipe and went on running"
            batch.add(HarnessNote(side=self.engine, at=now, trouble="pipe_closed", detail=detail))
        if now > self._give_up_at:
            self._guardian.kill()
        if running and any(self._tell(self._start.stalled(now - self._began), batch)):
            self.stop()
        if self._failed:
            self._failed = False
            self._tell(self._start.found(), batch)
        if self._gone_at is not None and (not self.open or now - self._gone_at > LATE_GRACE_NS):
            self._finish(batch)

    def _tell(self, suspects: Sequence[Suspect], batch: Batch) -> list[Suspect]:
        """Add to the side's log why it may have failed; return what is certain."""
        for suspect in suspects:
            text = f"mvr: {suspect.text}"
            batch.add(LogLine(side=self.engine, at=self._now(), origin="stderr", text=text))
        return [suspect for suspect in suspects if suspect.certain]

    def _finish(self, batch: Batch) -> None:
        for name in tuple(self.open):
            self._close(name, batch)
        self._guardian.wait()
        self.stop()
        self._events.end(batch)
        for output in self._outputs.values():
            output.end(batch)
        if self._measured:
            for key, output in self._outputs.items():
                batch.add(Observation(side=self.engine, at=self._now(), key=key, value=output.extent))
        dropped = self._events.dropped + sum(output.dropped for output in self._outputs.values())
        batch.add(used.side_ended(self.engine, self._now(), self._ended, self._cleaned, dropped))
        self.over = True


def _our_variables(spec: SideSpec, events: int, origin: int) -> dict[str, str]:
    """Return by what a side finds its pipe: our own native code, or a program that may use the hooks."""
    if spec.sample:
        return {hooks.PIPE: f"{spec.engine}:{events}:{os.fstat(events).st_ino}:{origin}"}
    return {EVENTS_FD: str(events), ORIGIN_NS: str(origin)}


def _from_anywhere(program: str) -> str:
    """Return the same program for a process whose current folder is another one."""
    return os.path.abspath(program) if os.path.dirname(program) else program


def _widen(pipe: int) -> None:
    """Room for about ten thousand small events, so that drawing a frame does not stall the side."""
    with contextlib.suppress(OSError):  # a lower limit here: slower under a flood, nothing is lost
        fcntl.fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES)


def _read(fd: int) -> bytes | None:
    """Up to a mebibyte; empty at the end of the stream, None when there is nothing now."""
    try:
        return os.read(fd, PIPE_BYTES)
    except BlockingIOError:
        return None
