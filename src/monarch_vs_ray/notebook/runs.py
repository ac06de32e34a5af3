"""Run the programs of a notebook through the harness, or take their recorded run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.core.stream import EventStream
from monarch_vs_ray.history import Recorder, read
from monarch_vs_ray.notebook import mistakes
from monarch_vs_ray.notebook.mistakes import Mistake
from monarch_vs_ray.notebook.subjects import Subject
from monarch_vs_ray.programs.judge import judge
from monarch_vs_ray.programs.run import header
from monarch_vs_ray.programs.start import Program, Terms, start
from monarch_vs_ray.programs.state import ProgramsState
from monarch_vs_ray.stage.state import State

TICK = 0.25
"""Seconds between two looks at a run."""
Follower = Callable[[ProgramsState], None]


@dataclass(frozen=True)
class Run:
    """Hold a run of a subject's programs.

    Attributes:
        subject: The subject.
        texts: The programs that ran.
        state: The state at the end; None if nothing was started.
        recorded: The date of a recorded run; empty for a live one.
        mistakes: The mistake in a program that was not compiled, or that failed.
    """

    subject: Subject
    texts: Mapping[Engine, str]
    state: ProgramsState | None = None
    recorded: str = ""
    mistakes: Mapping[Engine, Mistake] = field(default_factory=dict)

    @property
    def edited(self) -> list[Engine]:
        """Return the engines whose program differs from its file."""
        return [engine for engine, text in self.texts.items() if text != self.subject.texts[engine]]

    def verdict(self, engine: Engine) -> list[str]:
        """Return the reasons why the oracle of a pattern does not hold; empty if it does."""
        if self.subject.plan is None or self.state is None:
            return []
        side = self.state.sides[engine]
        return judge(self.subject.plan, self.state.courses[engine], side.ended).reasons

    def figures(self) -> dict[str, dict[Engine, float | None]]:
        """Return the figures of a pattern by name, each for both engines."""
        found: dict[str, dict[Engine, float | None]] = {}
        if self.subject.plan is None or self.state is None:
            return found
        for engine, side in self.state.sides.items():
            figures = judge(self.subject.plan, self.state.courses[engine], side.ended).figures
            for name, value in figures.items():
                found.setdefault(name, {})[engine] = value
        return found


def recorded(subject: Subject) -> Run:
    """Return the recorded run of a subject; its state is None if there is no recording."""
    if not subject.recording.is_file():
        return Run(subject, subject.texts)
    history = read(subject.recording)
    state = ProgramsState(history.header.sides, subject.title)
    state.apply(history.events)
    return Run(subject, subject.texts, state, history.header.date, failures(subject, subject.texts, state))


def live(
    subject: Subject,
    texts: Mapping[Engine, str],
    follow: Follower = lambda state: None,
    record: Path | None = None,
) -> Run:
    """Run programs on their engines, at the same time.

    Args:
        subject: The subject, whose faults, arguments and settings count.
        texts: The program of each engine to run.
        follow: Called with the state during the run.
        record: A new file for the history; None to keep none.

    Returns:
        The run. With a mistake in the syntax of a program, nothing is started.
    """
    found = {engine: mistakes.in_syntax(text, subject.file_name(engine)) for engine, text in texts.items()}
    if wrong := {engine: mistake for engine, mistake in found.items() if mistake}:
        return Run(subject, texts, mistakes=wrong)
    engines = [engine for engine in ENGINES if engine in texts]
    state = ProgramsState(engines, subject.title)
    with tempfile.TemporaryDirectory(prefix="mvr-notebook-") as folder, _recorder(record, engines) as keep:
        programs = [_program(subject, engine, texts[engine], Path(folder)) for engine in engines]
        terms = Terms(deadline=subject.deadline, compare=subject.compare)
        drain(start(programs, terms), state, lambda: follow(state), keep)
    return Run(subject, texts, state, mistakes=failures(subject, texts, state))


@contextmanager
def _recorder(path: Path | None, engines: Sequence[Engine]) -> Iterator[Recorder | None]:
    recorder = Recorder(path, header(engines)) if path else None
    try:
        yield recorder
    finally:
        if recorder:
            recorder.close()


def _program(subject: Subject, engine: Engine, text: str, folder: Path) -> Program:
    script = folder / subject.file_name(engine)
    script.write_text(text, encoding="utf-8")
    if subject.plan is None:
        return Program(engine, script)
    plan, setting = subject.plan, subject.setting
    return Program(
        engine,
        script,
        plan.command(subject.program(engine), setting, subject.seed),
        plan.faults,
        subject.seed,
        plan.environment(subject.program(engine), setting),
    )


def drain(
    stream: EventStream,
    state: State,
    follow: Callable[[], None] = lambda: None,
    recorder: Recorder | None = None,
) -> None:
    """Take the events of a run to its end; an interrupt ends the run first, with all that it started."""
    shown = 0.0
    try:
        while not stream.over:
            batch = stream.poll(TICK)
            if recorder:
                recorder.append(batch)
            state.apply(batch.events)
            if time.monotonic() - shown > TICK:
                follow()
                shown = time.monotonic()
    finally:
        stop(stream)


def stop(stream: EventStream) -> None:
    """End a run, and wait until nothing of it is left; does nothing for one that is over."""
    if stream.over:
        return
    stream.stop()
    while not stream.over:
        stream.poll(TICK)


def failures(subject: Subject, texts: Mapping[Engine, str], state: ProgramsState) -> dict[Engine, Mistake]:
    """Return the mistakes that failed programs reported."""
    found = {}
    for engine, side in state.sides.items():
        if side.ended is None or side.ended_well:
            continue
        lines = [entry.text for entry in side.log if entry.origin == "stderr"]
        if mistake := mistakes.in_output(lines, texts[engine], subject.file_name(engine)):
            found[engine] = mistake
    return found
