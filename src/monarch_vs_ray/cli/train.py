"""``mvr train``: a small transformer, trained by two workers of each engine, live or from a recording."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monarch_vs_ray.core.errors import TorchMissing, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monarch_vs_ray.core.events import Engine
    from monarch_vs_ray.core.stream import Batch, EventStream
    from monarch_vs_ray.history import Recorder
    from monarch_vs_ray.side.launcher import Run
    from monarch_vs_ray.stage.presenter import Banner, Interrupt
    from monarch_vs_ray.stage.training import TrainingState
    from monarch_vs_ray.transformer.spec import Training

STEPS_TO_DIE_IN = 3
"""A worker that is killed later may have finished already: Ray's runs some steps ahead of who listens."""
SAMPLE_EVERY = 1.0


class Engines(str, Enum):
    """The engines to train on."""

    MONARCH = "monarch"
    RAY = "ray"
    BOTH = "both"


def train(
    engine: Annotated[
        Engines | None, typer.Option(help="Where to train; monarch, or with --dry-run all that is there.")
    ] = None,
    steps: Annotated[int, typer.Option(help="How many steps to train.")] = 400,
    seed: Annotated[int, typer.Option(help="Of the text and of the model.")] = 0,
    kill_after: Annotated[int, typer.Option(help="Kill one worker after this step; 0: none.")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Replay a recorded run, without engines.")
    ] = False,
    replay: Annotated[Path | None, typer.Option(help="Replay this run, which --record kept.")] = None,
    speed: Annotated[float, typer.Option(help="Of a replay: 4 is four times as fast, 0 at once.")] = 1,
    record: Annotated[Path | None, typer.Option(help="Keep the history in this new file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the events, one JSON object a line.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print plain lines also on a terminal.")] = False,
    ascii: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")] = False,
    deadline: Annotated[float, typer.Option(help="Seconds a side may take.")] = 900,
) -> None:
    """Train a transformer on two workers (GPUs with NCCL where there are two, else CPUs with gloo)."""
    recorded = _recording() if dry_run and replay is None else replay
    _check(steps, seed, kill_after, speed, deadline, recorded, record)
    show = _Show(json=json, plain=plain, ascii=ascii)
    if recorded:
        raise typer.Exit(show.history(recorded, speed, engine))
    from monarch_vs_ray.transformer.spec import Training

    training = Training(seed=seed, steps=steps, kill_after=kill_after)
    raise typer.Exit(show.live(training, engine or Engines.MONARCH, record, deadline))


def _recording() -> Path:
    from monarch_vs_ray.campaign.sides import recording
    from monarch_vs_ray.stage.training import TRAINING

    return recording(TRAINING, "mvr train --engine both")


def _check(
    steps: int,
    seed: int,
    kill_after: int,
    speed: float,
    deadline: float,
    recorded: Path | None,
    record: Path | None,
) -> None:
    """Raise for what cannot be done, in one line that says what can."""
    if steps < 1:
        raise UserError(f"--steps is {steps}; give at least 1.")
    if seed < 0:
        raise UserError(f"--seed is {seed}; give 0 or more.")
    most = steps - STEPS_TO_DIE_IN
    if kill_after and not 1 <= kill_after <= most:
        can = f"give 1 to {most}" if most > 0 else f"train more than {STEPS_TO_DIE_IN} steps"
        raise UserError(
            f"--kill-after is {kill_after} of {steps} steps; {can}, so that the worker still trains."
        )
    if speed < 0 or deadline <= 0:
        raise UserError(f"--speed is {speed:g} and --deadline {deadline:g}; neither may be below 0.")
    if speed != 1 and not recorded:
        raise UserError("--speed is for --dry-run and --replay: a live run goes at the engines' own speed.")
    if recorded and (record or kill_after):
        option = "--record" if record else "--kill-after"
        raise UserError(f"{option} is for a live run; leave out --dry-run and --replay.")


class _Show:
    """How the user wants a run to be shown."""

    def __init__(self, *, json: bool, plain: bool, ascii: bool) -> None:
        self.json, self.plain, self.ascii = json, plain, ascii

    def history(self, file: Path, speed: float, engine: Engines | None) -> int:
        """Replay a run; gives the exit code that it had."""
        from monarch_vs_ray.core.clock import MonotonicClock
        from monarch_vs_ray.history import Replay, read
        from monarch_vs_ray.stage.presenter import Banner, Interrupt
        from monarch_vs_ray.stage.training import TRAINING, TrainingState

        history = read(file)
        header = history.header
        if header.concept != TRAINING.name:
            raise UserError(f"{file} is a run of {header.concept}; show it with `mvr replay {file}`.")
        engines = [side for side in header.sides if engine in (None, Engines.BOTH, Engines(side))]
        if not engines:
            raise UserError(f"{file} has no run of {engine}; it holds {', '.join(header.sides)}.")
        banner = Banner("REPLAY", f"recorded {header.date[:10]}, speed {speed:g}")
        interrupt = Interrupt()
        with interrupt.listening():
            replay = Replay(history, MonotonicClock(), speed)
            return self._run(replay, TrainingState(engines), banner, interrupt, None)

    def live(self, training: Training, engine: Engines, record: Path | None, deadline: float) -> int:
        """Train; gives the exit code."""
        from importlib.util import find_spec

        from monarch_vs_ray.campaign import sides
        from monarch_vs_ray.core.events import ENGINES
        from monarch_vs_ray.history import Recorder
        from monarch_vs_ray.stage.presenter import Banner, Interrupt
        from monarch_vs_ray.stage.training import TRAINING, TrainingState

        engines = [each for each in ENGINES if engine in (Engines.BOTH, Engines(each))]
        sides.require(engines)
        if find_spec("torch") is None:
            raise TorchMissing
        recorder = Recorder(record, sides.header(TRAINING, engines)) if record else None
        interrupt = Interrupt()
        with interrupt.listening():
            run = Monitored(_start(training, engines, deadline))
            return self._run(run, TrainingState(engines), Banner("LIVE"), interrupt, recorder)

    def _run(
        self,
        source: EventStream,
        state: TrainingState,
        banner: Banner,
        interrupt: Interrupt,
        recorder: Recorder | None,
    ) -> int:
        """Show it to its end, say what it has shown, and give the exit code."""
        from monarch_vs_ray.cli.show import INTERRUPTED
        from monarch_vs_ray.stage.training import closing, outcome

        try:
            interrupted = self._present(source, state, banner, interrupt, recorder)
        except KeyboardInterrupt:
            print("Interrupted twice: the guardians end what is left, within 5 s.", file=sys.stderr)
            return INTERRUPTED
        if not self.json:
            self._print(closing(state))
        if recorder:
            recorder.close()
            told = f"and then no more: {recorder.trouble}; " if recorder.trouble else ""
            shown = f"show it again with `mvr train --replay {recorder.path}`."
            print(f"History: {recorder.events} events in {recorder.path}; {told}{shown}", file=sys.stderr)
        return INTERRUPTED if interrupted else outcome(state)

    def _print(self, sentences: Sequence[str]) -> None:
        """The closing, whose lines fit into a terminal and are whole everywhere else."""
        from shutil import get_terminal_size
        from textwrap import fill

        width = get_terminal_size().columns if sys.stdout.isatty() else 10_000
        mark = "•" if "utf" in (sys.stdout.encoding or "").lower() and not self.ascii else "*"
        print()
        for sentence in sentences:
            print(fill(f"{mark} {sentence}", width, subsequent_indent="  "))

    def _present(
        self,
        source: EventStream,
        state: TrainingState,
        banner: Banner,
        interrupt: Interrupt,
        recorder: Recorder | None,
    ) -> bool:
        from monarch_vs_ray.stage.lines import JsonLines, PlainLines
        from monarch_vs_ray.stage.presenter import present

        if self.json:
            return present(source, state, JsonLines(), recorder, interrupt)
        if self.plain or not sys.stdout.isatty():
            return present(source, state, PlainLines(state), recorder, interrupt)
        from monarch_vs_ray.stage.training_screen import TrainingScreen

        with TrainingScreen(state, banner, ascii=self.ascii or None) as screen:
            return present(source, state, screen, recorder, interrupt)


def _start(training: Training, engines: Sequence[Engine], deadline: float) -> Run:
    from monarch_vs_ray.campaign.sides import side_spec
    from monarch_vs_ray.core.clock import MonotonicClock
    from monarch_vs_ray.side.launcher import Run
    from monarch_vs_ray.transformer.spec import to_environment

    settings = to_environment(training)
    package = "monarch_vs_ray.transformer"
    return Run(
        [side_spec(engine, package, deadline=deadline, settings=settings) for engine in engines],
        MonotonicClock(),
    )


class Monitored:
    """A run, with what the machine does meanwhile as events of the same history.

    What is only to be seen from outside a side (GPUs, cores, the memory of its processes) is measured here,
    so that a replay shows it too.
    """

    def __init__(self, run: Run) -> None:
        from demo_tui import GpuMonitor, SystemMonitor

        self._run = run
        self._system, self._gpus = SystemMonitor(), GpuMonitor()
        self._next = 0
        self._said = False

    @property
    def over(self) -> bool:
        """Whether every side has ended."""
        return self._run.over

    def now(self) -> int:
        """Nanoseconds since the run began."""
        return self._run.now()

    def wake_for(self, fd: int) -> None:
        """Return from ``poll`` early when this descriptor is readable."""
        self._run.wake_for(fd)

    def stop(self) -> None:
        """End all sides now."""
        self._run.stop()

    def poll(self, timeout: float) -> Batch:
        """What has come from the sides, and once a second what the machine does."""
        batch = self._run.poll(timeout)
        now = self.now()
        if now >= self._next and not self.over:
            self._next = now + int(SAMPLE_EVERY * 1e9)
            self._measure(batch, now)
        return batch

    def _measure(self, batch: Batch, now: int) -> None:
        from monarch_vs_ray.core.events import LogLine, Metric

        running = [side for side in self._run.sides if not side.over]
        if not running:
            return
        first = running[0].engine
        figures = [(first, *figure) for figure in self._gpu_figures()]
        figures += self._system_figures({side.pid: side.engine for side in running if side.pid}, first)
        for engine, name, value, unit in figures:
            batch.add(Metric(side=engine, at=now, name=name, value=value, unit=unit))
        if self._gpus.reason and not self._said:
            self._said = True
            text = f"No GPU is seen: {self._gpus.reason}"
            batch.add(LogLine(side=first, at=now, origin="demo", text=text))

    def _gpu_figures(self) -> Iterator[tuple[str, float, str]]:
        for gpu in self._gpus.sample():
            used = gpu.memory_used_bytes
            figures = (
                ("busy", gpu.utilization_percent, "%"),
                ("memory", None if used is None else used / 2**30, "GiB"),
                ("power", gpu.power_watts, "W"),
            )
            for what, value, unit in figures:
                if value is not None:
                    yield f"GPU {gpu.index} {what}", value, unit

    def _system_figures(
        self, sides: dict[int, Engine], first: Engine
    ) -> Iterator[tuple[Engine, str, float, str]]:
        """The whole machine's cores and memory, then those of each side's processes."""
        stats = self._system.sample()
        if stats is None:
            return
        yield first, f"CPU, {len(stats.cores_percent)} cores", stats.cpu_percent, "%"
        yield first, "memory in use", stats.memory_used_bytes / 2**30, "GiB"
        top: dict[int, int] = {}  # each process's ancestor right below this one: its side's guardian
        for process in stats.processes:
            top[process.pid] = top.get(process.parent, process.pid) if process.depth > 1 else process.pid
        for pid, engine in sides.items():
            ours = [each for each in stats.processes if top[each.pid] == top.get(pid)]
            name = engine.capitalize()
            yield engine, f"{name}: CPU (100 % is one core)", sum(each.cpu_percent for each in ours), "%"
            yield engine, f"{name}: resident memory", sum(each.memory_bytes for each in ours) / 2**30, "GiB"
