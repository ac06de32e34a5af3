"""The process of one side: ``python -m monarch_vs_ray.side.main ENGINE WHAT [--bare] [EXPERIMENT...]``.

WHAT is a concept's name or any package with a ``concept.toml``: its demo is run, or the experiments that are
named; ``--bare`` leaves starting and stopping the engine to them. It may also be a module with a ``main()``
(``monarch_vs_ray.transformer.ray.training``). With ``--abilities`` the side observes what the engine can do
on this machine. ``--silent`` drops all events, so that the run costs only what the engine costs.
"""

from __future__ import annotations

import datetime
import os
import platform
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

import msgspec

from monarch_vs_ray.core import concept as concepts
from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.events import FORMAT, Engine, Machine, RunStarted
from monarch_vs_ray.side.emitter import Emitter, SilentEmitter, from_environment
from monarch_vs_ray.side.experiments import Experiment, Session, Unavailable, run_experiments
from monarch_vs_ray.side.narration import narrate_to, observe

PACKAGES: dict[Engine, str] = {"monarch": "torchmonarch", "ray": "ray"}
ABILITIES = "--abilities"
BARE = "--bare"
SILENT = "--silent"
NOT_INSTALLED = "not installed"
GPUS = Path("/proc/driver/nvidia/gpus")


def main(engine: Engine, what: str, *words: str) -> int:
    """Run one side.

    Args:
        engine: The engine that this process runs.
        what: A concept, a package, a module, or ``--abilities``; see the module's text.
        words: Experiments to run in place of the demo, and ``--bare`` or ``--silent``.

    Returns:
        The exit code: 0, or 1 when an experiment of a demo failed.
    """
    emitter = SilentEmitter() if SILENT in words else from_environment(engine)
    name = what if "." in what else f"monarch_vs_ray.concepts.{what}"
    if what == ABILITIES:
        return _abilities(engine, emitter)
    folder = _folder_of(name)
    if folder is None:
        return _program(engine, name, emitter)
    names = [word for word in words if word not in (BARE, SILENT)]
    return _experiments(
        engine, name, folder, emitter, names, bare=BARE in words, lines=not names and SILENT not in words
    )


def _abilities(engine: Engine, emitter: Emitter) -> int:
    emitter.emit(RunStarted, **_manifest(engine, ABILITIES, {}))
    narrate_to(emitter)
    for ability in import_module(f"monarch_vs_ray.engines.{engine}").abilities():
        observe(ability.name, msgspec.to_builtins(ability))
    return 0


def _program(engine: Engine, name: str, emitter: Emitter) -> int:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        sys.exit(f"There is no module {name}.")
    code = narrate_to(emitter, [Path(spec.origin)])
    emitter.emit(RunStarted, **_manifest(engine, name, code))
    import_module(name).main()
    return 0


def _experiments(
    engine: Engine,
    package: str,
    folder: Path,
    emitter: Emitter,
    names: Sequence[str],
    *,
    bare: bool,
    lines: bool,
) -> int:
    """Run experiments by name, or those of the demo; ``lines``: report which line runs."""
    concept = concepts.load(package, folder)
    code = narrate_to(emitter, concepts.native_files(folder, engine))
    emitter.emit(RunStarted, **_manifest(engine, concept.name, code))
    titles = {step.experiment: concept.fill(step.title) for step in concept.steps(engine)}
    if lacking := [each for each in concept.needs if find_spec(each) is None]:
        options = {"needs": lacking[0]}
        chosen = [Experiment(each, _unavailable, options, titles.get(each, "")) for each in names or titles]
        bare = True
    else:
        chosen = [_experiment(package, concept, engine, each, titles) for each in names or titles]
    session = nullcontext if bare else _session(package, folder, engine)
    fine = run_experiments(chosen, session, lines=lines)
    return 0 if fine or names else 1


def _unavailable(needs: str) -> None:
    raise Unavailable(f"needs {needs}: pip install {needs}")


def _experiment(
    package: str, concept: Concept, engine: Engine, name: str, titles: dict[str, str]
) -> Experiment:
    settings = concept.settings(engine, name)
    function = settings.function or name
    module = _module_with(package, Path(concept.folder), engine, function)
    if module is None:
        sys.exit(f"There is no experiment {function} in {package}.{engine}.experiments.")
    return Experiment(
        name, getattr(import_module(module), function), settings.options, title=titles.get(name, "")
    )


def _session(package: str, folder: Path, engine: Engine) -> Session:
    """Return what brings the engine up: the concept's own ``session``, else that of the engine's module."""
    module = _module_with(package, folder, engine, "session")
    if module:
        session: Session = import_module(module).session
        return session
    running: Session = import_module(f"monarch_vs_ray.engines.{engine}").running
    return running


def _module_with(package: str, folder: Path, engine: Engine, function: str) -> str | None:
    file = concepts.file_of(folder, engine, function)
    if file is None:
        return None
    return ".".join([package, *file.relative_to(folder).with_suffix("").parts])


def _folder_of(package: str) -> Path | None:
    """Return the folder of a package that has a ``concept.toml``; None for any other module."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations)))
    return folder if (folder / concepts.FILE).is_file() else None


def _manifest(engine: Engine, concept: str, code: dict[str, str]) -> dict[str, object]:
    return {
        "format": FORMAT,
        "concept": concept,
        "versions": {engine: version(PACKAGES[engine]), "python": platform.python_version()},
        "machine": this_machine(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "code": code,
    }


def version(package: str) -> str:
    """Return a package's release in this interpreter, or ``NOT_INSTALLED``."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return NOT_INSTALLED


def this_machine() -> Machine:
    """Return the kind of machine this is; ``cores`` are those this process may use."""
    return Machine(
        system=platform.system(),
        architecture=platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        python=platform.python_version(),
        gpus=_gpus(),
    )


def _gpus() -> tuple[str, ...]:
    """Return the models of the GPUs that NVIDIA's driver shows."""
    texts = [file.read_text(errors="replace") for file in sorted(GPUS.glob("*/information"))]
    models = [
        line.partition(":")[2] for text in texts for line in text.splitlines() if line.startswith("Model")
    ]
    return tuple(" ".join(model.split()) for model in models)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], *sys.argv[3:]))  # type: ignore[arg-type] # the launcher's words
