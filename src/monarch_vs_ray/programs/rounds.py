"""Run the programs of a pattern again and again, in turn, with another seed each time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from monarch_vs_ray.core.events import Engine, RunStarted
from monarch_vs_ray.core.stream import Batch, EventStream
from monarch_vs_ray.programs.judge import Undisturbed, Verdict, judge, matched
from monarch_vs_ray.programs.patterns import Pattern
from monarch_vs_ray.programs.plan import Setting, engine_of
from monarch_vs_ray.programs.records import Record
from monarch_vs_ray.programs.start import Program, Terms, start
from monarch_vs_ray.programs.state import ProgramsState
from monarch_vs_ray.side import used
from monarch_vs_ray.stage.presenter import Interrupt, present

TICK = 0.1


class Interrupted(Exception):
    """The user wants the end."""


class Quiet:
    """A presenter that shows nothing."""

    quit = False
    holding = False
    whole = False

    def fd(self) -> int | None:
        """No keyboard."""
        return None

    def wait(self) -> float:
        """A tenth of a second."""
        return TICK

    def update(self, batch: Batch, now: int) -> None:
        """Nothing to show."""


class Rounds:
    """The runs of one pattern with one setting.

    Args:
        pattern: It.
        setting: Which of its settings.
        interrupt: Counts the user's requests to stop.
        keep: Variables of engines that are passed on.
    """

    def __init__(self, pattern: Pattern, setting: Setting, interrupt: Interrupt) -> None:
        self.pattern = pattern
        self.setting = setting
        self._interrupt = interrupt
        self._undisturbed: dict[tuple[str, int], tuple[Undisturbed, float]] = {}

    def each(self, programs: Sequence[str], seeds: Iterable[int]) -> Iterator[tuple[Record, ProgramsState]]:
        """Run each program with each seed, one after the other, and yield what it came to.

        Raises:
            Interrupted: If the user wants the end.
        """
        for seed in seeds:
            for program in programs:
                self.prepare(program, seed)
                state = self.state([program])
                self._drive(self.start([program], seed), state)
                yield self.record(program, seed, state), state

    def prepare(self, program: str, seed: int) -> None:
        """Run a program without faults, if the plan compares with that and it was not done before."""
        if not self.pattern.plan.oracle.undisturbed or (program, seed) in self._undisturbed:
            return
        state = self.state([program])
        self._drive(self.start([program], seed, faults=False), state)
        course = state.courses[engine_of(program)]
        seconds = course.last.get(used.WALL, 0.0)
        self._undisturbed[program, seed] = matched(self.pattern.plan, course), seconds

    def start(self, programs: Sequence[str], seed: int, *, faults: bool = True) -> EventStream:
        """Start programs of different engines at once."""
        plan = self.pattern.plan
        started = [
            Program(
                engine_of(program),
                self.pattern.script(program),
                plan.command(program, self.setting, seed),
                tuple(plan.faults) if faults else (),
                seed,
                plan.environment(program, self.setting),
            )
            for program in programs
        ]
        return start(started, Terms(deadline=plan.deadline, compare="none"))

    def state(self, programs: Sequence[str]) -> ProgramsState:
        """Return the state that programs' events are folded into."""
        plan = self.pattern.plan
        return ProgramsState(map(engine_of, programs), plan.title or self.pattern.name, plan.question)

    def verdict(self, program: str, seed: int, state: ProgramsState) -> Verdict:
        """Judge a program's run as far as it has come."""
        engine = engine_of(program)
        undisturbed = self._undisturbed.get((program, seed))
        return judge(
            self.pattern.plan,
            state.courses[engine],
            state.sides[engine].ended,
            undisturbed[0] if undisturbed else None,
        )

    def record(self, program: str, seed: int, state: ProgramsState) -> Record:
        """Return what a run came to."""
        engine = engine_of(program)
        course, side = state.courses[engine], state.sides[engine]
        verdict = self.verdict(program, seed, state)
        undisturbed = self._undisturbed.get((program, seed))
        manifest = side.manifest
        assert isinstance(manifest, RunStarted), "a run begins with its manifest"
        return Record(
            pattern=self.pattern.name,
            program=program,
            engine=engine,
            settings=self.setting.name,
            seed=seed,
            planned=course.planned,
            fired=len(course.faults),
            holds=verdict.holds,
            reasons=verdict.reasons,
            failed=verdict.failed,
            figures=verdict.figures,
            units={figure.name: figure.in_unit for figure in self.pattern.plan.figures},
            wall=course.last.get(used.WALL, 0.0),
            user=course.last.get(used.USER, 0.0),
            system=course.last.get(used.SYSTEM, 0.0),
            memory=course.memory_bytes,
            undisturbed=undisturbed[1] if undisturbed else None,
            left=state.left_behind(engine),
            lines_of_code=self.pattern.lines_of_code(program),
            code_sha256=self.pattern.code_sha256(),
            versions=manifest.versions,
            machine=manifest.machine,
            date=manifest.date,
        )

    def _drive(self, stream: EventStream, state: ProgramsState) -> None:
        if present(stream, state, Quiet(), None, self._interrupt):
            raise Interrupted


def by_engine(programs: Iterable[str]) -> list[list[str]]:
    """Return programs in groups that can stand on the stage at once: at most one of each engine."""
    groups: list[list[str]] = []
    for program in programs:
        engine: Engine = engine_of(program)
        free = (group for group in groups if engine not in map(engine_of, group))
        group = next(free, None)
        if group is None:
            groups.append([program])
        else:
            group.append(program)
    return groups
