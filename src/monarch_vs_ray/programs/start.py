"""Start programs that are not ours as sides; break them as planned; tell what ran in a manifest."""

from __future__ import annotations

import datetime
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monarch_vs_ray.core.clock import Clock, MonotonicClock
from monarch_vs_ray.core.errors import JoinsCluster, NoProgram
from monarch_vs_ray.core.events import FORMAT, Engine, Observation, RunStarted
from monarch_vs_ray.core.stream import Batch, EventStream
from monarch_vs_ray.engines.environment import strays
from monarch_vs_ray.programs import isolation
from monarch_vs_ray.programs.addresses import joins
from monarch_vs_ray.programs.faults import Fault, Injector, planned, restarts
from monarch_vs_ray.programs.outputs import MOST_LINES, Comparison
from monarch_vs_ray.programs.state import NAME, TERMS
from monarch_vs_ray.side.launcher import Run
from monarch_vs_ray.side.main import PACKAGES, this_machine, version
from monarch_vs_ray.side.running import Limits, SideSpec
from monarch_vs_ray.side.start_watch import Suspect

SAMPLE_SECONDS = 0.2
GRACE = 5.0
MODULES: dict[Engine, str] = {"monarch": "monarch", "ray": "ray"}


@dataclass(frozen=True)
class Program:
    """A program and how it is run.

    Attributes:
        engine: The engine that it uses; each stands once on the stage.
        script: The file.
        arguments: What follows it on its command line.
        faults: What is done to it.
        seed: Of the faults' moments and victims.
        settings: Environment variables that it gets.
    """

    engine: Engine
    script: Path
    arguments: Sequence[str] = ()
    faults: Sequence[Fault] = ()
    seed: int = 0
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Terms:
    """What holds for all programs of a run.

    Attributes:
        deadline: Seconds that each may take.
        grace: Seconds that its other processes get, once it has ended.
        keep: Variables of engines that are passed on.
        ray_address: A running Ray that they may join.
        in_turn: One after the other, so that neither waits for a core that the other uses.
        compare: How their outputs are compared.
        rtol: How far numbers may be apart there.
    """

    deadline: float = 300.0
    grace: float = GRACE
    keep: tuple[str, ...] = ()
    ray_address: str = ""
    in_turn: bool = False
    compare: Comparison = "lines"
    rtol: float = 0.0


def check(programs: Sequence[Program], terms: Terms) -> None:
    """Look at the programs before any is started.

    Raises:
        NoProgram: If one is no file that can be read.
        JoinsCluster: If one joins a running Ray, and no address allows it.
    """
    for program in programs:
        path = program.script
        if not path.is_file():
            known = "it is a folder" if path.is_dir() else "it is no regular file"
            raise NoProgram(path, known if path.exists() else "there is no such file")
        try:
            path.read_bytes()
        except OSError as error:
            raise NoProgram(path, error.strerror or str(error)) from None
        if not terms.ray_address and (found := joins(path)):
            raise JoinsCluster(found)


def start(programs: Sequence[Program], terms: Terms, clock: Clock | None = None) -> EventStream:
    """Start programs.

    Args:
        programs: At most one for each engine.
        terms: What holds for all of them.
        clock: Times the run.

    Returns:
        Their events, until nothing of them is left.
    """
    clock = clock or MonotonicClock()
    if terms.in_turn:
        return InTurn([lambda each=each: Programs([each], terms, clock) for each in programs])  # type: ignore[misc]
    return Programs(programs, terms, clock)


class Programs:
    """Programs that run at once: a stream of their events, with the faults among them."""

    def __init__(self, programs: Sequence[Program], terms: Terms, clock: Clock) -> None:
        self._manifests = [event for each in programs for event in (_manifest(each), _kept(each, terms))]
        limits = Limits(output_lines=MOST_LINES)
        self._run = Run([_spec(program, terms) for program in programs], clock, limits)
        self._injectors = [
            Injector(side, program.faults, program.seed)
            for side, program in zip(self._run.sides, programs, strict=True)
        ]

    @property
    def over(self) -> bool:
        """Return whether nothing of the programs is left."""
        return self._run.over

    def now(self) -> int:
        """Return nanoseconds since they began."""
        return self._run.now()

    def wake_for(self, fd: int) -> None:
        """Return from ``poll`` early when this descriptor is readable."""
        self._run.wake_for(fd)

    def stop(self) -> None:
        """End them now."""
        self._run.stop()

    def poll(self, timeout: float) -> Batch:
        """Return what has come, waiting no longer than until the next fault is due."""
        now = self.now()
        if self._manifests:
            batch = Batch()
            for manifest in self._manifests:
                batch.add(manifest)
            self._manifests = []
            return batch
        batch = self._run.poll(min([timeout, *(each.wait(now) for each in self._injectors)]))
        for injector in self._injectors:
            injector.take(batch.events)
            injector.tend(self.now(), batch)
        return batch


class InTurn:
    """Runs one after the other; each has its own time, from 0."""

    def __init__(self, starts: Sequence[Callable[[], EventStream]]) -> None:
        self._waiting = list(starts)
        self._fd: int | None = None
        self._now = self._next()

    def _next(self) -> EventStream:
        stream = self._waiting.pop(0)()
        if self._fd is not None:
            stream.wake_for(self._fd)
        return stream

    @property
    def over(self) -> bool:
        """Return whether the last of them is over."""
        return self._now.over and not self._waiting

    def now(self) -> int:
        """Return nanoseconds since the one that runs began."""
        return self._now.now()

    def wake_for(self, fd: int) -> None:
        """Return from ``poll`` early when this descriptor is readable."""
        self._fd = fd
        self._now.wake_for(fd)

    def stop(self) -> None:
        """End the one that runs; the others do not begin."""
        self._waiting.clear()
        self._now.stop()

    def poll(self, timeout: float) -> Batch:
        """Return what has come from the one that runs."""
        if self._now.over and self._waiting:
            self._now = self._next()
        return self._now.poll(timeout)


def _spec(program: Program, terms: Terms) -> SideSpec:
    return SideSpec(
        engine=program.engine,
        command=(sys.executable, str(program.script.resolve()), *program.arguments),
        environment=lambda run_dir: {
            **isolation.variables(program.engine, run_dir, keep=terms.keep, ray_address=terms.ray_address),
            **program.settings,
        },
        traces=strays,
        suspects=lambda run_dir: _suspects(program),
        deadline=terms.deadline,
        folders=isolation.FOLDERS,
        grace=terms.grace,
        sample=SAMPLE_SECONDS,
        restarts=restarts(program.faults),
    )


def _suspects(program: Program) -> list[Suspect]:
    """Return what may be why a program failed that Python does not say."""
    folder = program.script.resolve().parent
    for hides in (folder / f"{module}.py" for module in MODULES.values()):
        if hides.is_file():
            text = (
                f"{hides.name} beside the program is imported in place of the engine; next: rename the file"
            )
            return [Suspect(text)]
    return []


def _manifest(program: Program) -> RunStarted:
    engine = program.engine
    text = program.script.read_bytes().decode("utf-8", "backslashreplace")
    return RunStarted(
        side=engine,
        at=0,
        format=FORMAT,
        concept=NAME,
        versions={engine: version(PACKAGES[engine]), "python": platform.python_version()},
        machine=this_machine(),
        date=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        code={program.script.name: text[:MOST_CODE]},
    )


def _kept(program: Program, terms: Terms) -> Observation:
    value = {
        "program": program.script.name,
        "arguments": list(program.arguments),
        "settings": isolation.described(program.engine, terms.keep, terms.ray_address, program.settings),
        "compare": terms.compare,
        "rtol": terms.rtol,
        "faults": planned(program.faults),
        "kill": [fault.kill for fault in program.faults],
        "seed": program.seed,
        "in_turn": terms.in_turn,
    }
    return Observation(side=program.engine, at=0, key=TERMS, value=value)


MOST_CODE = 40_000
"""Characters of a program that its history keeps: an event has 256 KiB at most."""
