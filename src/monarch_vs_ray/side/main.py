"""The process of one side: ``python -m monarch_vs_ray.side.main ENGINE CONCEPT``.

CONCEPT is the name of a concept, or of any package that has native files (``monarch_vs_ray.transformer``).
With ``--abilities`` instead of it, the side observes what the engine can do on this machine. With ``--probes
NAME...`` after it, these probes of ``probes_on_ENGINE.py`` run instead of the demo; ``--bare`` before them
leaves starting and stopping the engine to the probes.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import platform
import sys
from contextlib import nullcontext
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import msgspec

from monarch_vs_ray.core.events import FORMAT, Engine, Machine, RunStarted
from monarch_vs_ray.side.emitter import from_environment
from monarch_vs_ray.side.narration import narrate_to, observe
from monarch_vs_ray.side.probes import Session, run_probes

PACKAGES: dict[Engine, str] = {"monarch": "torchmonarch", "ray": "ray"}
ABILITIES = "--abilities"
PROBES = "--probes"
BARE = "--bare"
NOT_INSTALLED = "not installed"


def main(engine: Engine, what: str, *probes: str) -> None:
    """Run one concept's native file on one engine, or some of its probes, or list the engine's abilities."""
    if what == ABILITIES:
        module_name = f"monarch_vs_ray.engines.{engine}"
    else:
        package = what if "." in what else f"monarch_vs_ray.concepts.{what}"
        module_name = f"{package}.probes_on_{engine}" if probes else f"{package}.on_{engine}"
    file = _file_of(module_name)
    emitter = from_environment(engine)
    emitter.emit(RunStarted, **_manifest(engine, what, file))
    narrate_to(emitter, file)
    module = import_module(module_name)
    if what == ABILITIES:
        for ability in module.abilities():
            observe(ability.name, msgspec.to_builtins(ability))
    elif probes:
        session = nullcontext if BARE in probes else _session(module, engine)
        run_probes(module, [name for name in probes if name not in (PROBES, BARE)], session)
    else:
        module.main()


def _session(module: ModuleType, engine: Engine) -> Session:
    """How the engine is brought up for probes: as their file says, else as the engine's own module does."""
    if hasattr(module, "session"):
        session: Session = module.session
        return session
    running: Session = import_module(f"monarch_vs_ray.engines.{engine}").running
    return running


def _file_of(module: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        sys.exit(f"There is no module {module}.")
    return Path(spec.origin)


def _manifest(engine: Engine, concept: str, file: Path) -> dict[str, object]:
    code = file.read_text(encoding="utf-8")
    return {
        "format": FORMAT,
        "concept": concept,
        "versions": {engine: version(PACKAGES[engine]), "python": platform.python_version()},
        "machine": this_machine(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "file": f"{file.parent.name}/{file.name}",
        "code": code,
        "code_sha256": hashlib.sha256(code.encode()).hexdigest(),
    }


def version(package: str) -> str:
    """A package's release in this interpreter, or ``NOT_INSTALLED``."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return NOT_INSTALLED


def this_machine() -> Machine:
    """The kind of machine this is; ``cores`` are those this process may use."""
    return Machine(
        system=platform.system(),
        architecture=platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        python=platform.python_version(),
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *sys.argv[3:])  # type: ignore[arg-type] # the launcher's own words
