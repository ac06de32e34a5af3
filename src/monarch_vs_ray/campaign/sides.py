"""Start sides: one engine's run of a concept, of experiments, or of a program, under its guardian."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from monarch_vs_ray.core.clock import Clock
from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.errors import EngineMissing, LiveNeedsLinux, NoRecording
from monarch_vs_ray.core.events import FORMAT, Engine
from monarch_vs_ray.core.paths import CHECKOUT, RECORDINGS
from monarch_vs_ray.engines.environment import environment, strays
from monarch_vs_ray.history import Header
from monarch_vs_ray.side.launcher import Run, side_command
from monarch_vs_ray.side.running import SideSpec
from monarch_vs_ray.side.start_watch import Suspect

MODULES: dict[Engine, tuple[str, str]] = {
    "monarch": ("monarch", "'torchmonarch>=0.7,<0.8'"),
    "ray": ("ray", "'ray>=2.60,<2.61'"),
}


def side_spec(
    engine: Engine,
    *what: str,
    deadline: float,
    ray_address: str = "",
    settings: Mapping[str, str] | None = None,
    interpreter: str = sys.executable,
) -> SideSpec:
    """Return one engine's side, in an environment in which it is quiet and leaves nothing."""
    return SideSpec(
        engine=engine,
        command=side_command(engine, *what, interpreter=interpreter),
        environment=lambda run_dir: {**environment(engine, run_dir, ray_address), **(settings or {})},
        traces=strays,
        suspects=lambda run_dir: _suspects(engine, run_dir),
        deadline=deadline,
    )


def _suspects(engine: Engine, run_dir: str) -> list[Suspect]:
    from monarch_vs_ray.engines import limits  # a replay needs none of it

    return limits.suspects(engine, run_dir)


def live(concept: Concept, engines: Sequence[Engine], clock: Clock, ray_address: str, deadline: float) -> Run:
    """Start the sides of a demo.

    Args:
        concept: The concept whose demo is run.
        engines: The engines to run it on; ``require`` has found that they can run.
        clock: Times the run.
        ray_address: A running Ray to join; empty to start one.
        deadline: Seconds that each side may take.
    """
    specs = [
        side_spec(
            engine,
            concept.name,
            deadline=deadline,
            ray_address=ray_address,
            settings=concept.environment,
        )
        for engine in engines
    ]
    return Run(specs, clock)


def require(engines: Sequence[Engine]) -> None:
    """Look, without importing them, whether these engines can be run here.

    Raises:
        EngineMissing: If one is not installed.
        LiveNeedsLinux: If this is another system.
    """
    if sys.platform != "linux":
        raise LiveNeedsLinux(sys.platform)
    for engine in engines:
        module, package = MODULES[engine]
        if find_spec(module) is None:
            raise EngineMissing(engine.capitalize(), package, in_checkout=CHECKOUT is not None)
    from monarch_vs_ray.engines import limits

    limits.require(engines)


def recording(concept: Concept, command: str = "") -> Path:
    """Return the recorded run that ``--dry-run`` shows.

    Args:
        concept: The concept, or the training demo.
        command: The command that records such a run, for the message; by default ``mvr demo``.

    Raises:
        NoRecording: If there is none.
    """
    folder = RECORDINGS / concept.name
    found = sorted(folder.glob("*.jsonl"))
    if not found:
        command = command or f"mvr demo {concept.name}"
        raise NoRecording(command, folder, may_add=CHECKOUT is not None)
    return found[-1]


def header(concept: Concept, engines: Sequence[Engine]) -> Header:
    """Return the first line of a history that begins now."""
    date = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return Header(format=FORMAT, concept=concept.name, sides=list(engines), date=date)
