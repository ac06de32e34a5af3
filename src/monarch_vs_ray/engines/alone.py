"""Run native code without a launcher: in a folder of its own that is gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.engines.environment import RAY_ADDRESS, RUN_DIR, environment, strays
from monarch_vs_ray.side.guardian.removal import Folder
from monarch_vs_ray.side.guardian.sweep import sweep
from monarch_vs_ray.side.run_folder import inner, new_folder


def run_alone(engine: Engine, main: Callable[[], int], settings: Mapping[str, str] | None = None) -> None:
    """Call ``main`` with an engine's settings in place, and exit with what it returns.

    Engines read settings while they are imported. So the same command is run once more, with the settings;
    this process waits, cleans up, and exits with the same code.

    Args:
        engine: The engine that ``main`` uses.
        main: Returns an exit code.
        settings: Environment variables of the concept's own.
    """
    if os.environ.get(RUN_DIR):
        sys.exit(main())
    folder = Folder.make(new_folder())
    run_dir = inner(folder.path)
    wanted = {**environment(engine, run_dir, os.environ.get(RAY_ADDRESS, "")), **(settings or {})}
    env = {name: value for name, value in {**os.environ, **wanted}.items() if value is not None}
    try:
        code = subprocess.call([sys.executable, *sys.orig_argv[1:]], env=env)
    finally:
        sweep(folder, strays(run_dir))
    sys.exit(code)
