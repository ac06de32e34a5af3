"""Where a demo's events come from: the engines, or a recording."""

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
from monarch_vs_ray.core.privacy import PROJECT
from monarch_vs_ray.engines.environment import environment, strays
from monarch_vs_ray.history import Header
from monarch_vs_ray.side.launcher import Run, side_command
from monarch_vs_ray.side.running import SideSpec
from monarch_vs_ray.side.start_watch import Suspect

MODULES: dict[Engine, tuple[str, str]] = {
    "monarch": ("monarch", "'torchmonarch>=0.7,<0.8'"),
    "ray": ("ray", "'ray>=2.60,<2.61'"),
}
RECORDINGS = PROJECT / "recordings"


def side_spec(
    engine: Engine,
    *what: str,
    deadline: float,
    ray_address: str = "",
    settings: Mapping[str, str] | None = None,
    interpreter: str = sys.executable,
) -> SideSpec:
    """One engine's side of a concept, in an environment in which it is quiet and leaves nothing."""
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
    """Start the sides of a concept; ``require`` has said that they can be."""
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
    """Raise when these engines cannot be run here; looks without importing them."""
    if sys.platform != "linux":
        raise LiveNeedsLinux(sys.platform)
    for engine in engines:
        module, package = MODULES[engine]
        if find_spec(module) is None:
            raise EngineMissing(engine.capitalize(), package)
    from monarch_vs_ray.engines import limits

    limits.require(engines)


def recording(concept: Concept) -> Path:
    """The recorded run that ``--dry-run`` shows. Raises NoRecording when there is none."""
    folder = RECORDINGS / concept.name
    found = sorted(folder.glob("*.jsonl"))
    if not found:
        raise NoRecording(concept.name, folder)
    return found[-1]


def header(concept: Concept, engines: Sequence[Engine]) -> Header:
    """The first line of a history that begins now."""
    date = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return Header(format=FORMAT, concept=concept.name, sides=list(engines), date=date)
