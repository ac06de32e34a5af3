"""Run small programs without an engine through the harness, to their end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monarch_vs_ray.core.events import AnyEvent
from monarch_vs_ray.core.stream import EventStream
from monarch_vs_ray.programs.faults import Fault
from monarch_vs_ray.programs.start import Program, Terms, start
from monarch_vs_ray.programs.state import ProgramsState


def drain(stream: EventStream, state: ProgramsState) -> list[AnyEvent]:
    """Poll until all is over; the guardian's own deadline is what ends a run that hangs."""
    events: list[AnyEvent] = []
    while not stream.over:
        batch = stream.poll(0.1)
        state.apply(batch.events)
        events += batch.events
    return events


def run(
    folder: Path,
    *sources: str,
    faults: Sequence[Fault] = (),
    arguments: Sequence[str] = (),
    seed: int = 0,
    settings: dict[str, str] | None = None,
    **terms: object,
) -> tuple[ProgramsState, list[AnyEvent]]:
    """Run one program as Monarch's, or two; without an engine they are as good as any."""
    programs = []
    for engine, source in zip(("monarch", "ray"), sources, strict=False):
        script = folder / f"{engine}_side.py"
        script.write_text(source)
        programs.append(Program(engine, script, arguments, tuple(faults), seed, settings or {}))
    state = ProgramsState([program.engine for program in programs])
    wanted = {"deadline": 20.0, "grace": 0.3, **terms}
    return state, drain(start(programs, Terms(**wanted)), state)
