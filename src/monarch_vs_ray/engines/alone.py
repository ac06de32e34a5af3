"""How a native file runs without a launcher: in a folder of its own that is gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping

from monarch_vs_ray.engines.environment import RAY_ADDRESS, RUN_DIR, environment, strays
from monarch_vs_ray.side.guardian.removal import Folder
from monarch_vs_ray.side.guardian.sweep import sweep
from monarch_vs_ray.side.run_folder import inner, new_folder


def run_alone(main: Callable[[], None], settings: Mapping[str, str] | None = None) -> None:
    """Call ``main`` with the engines' settings in place, and with those of its own.

    Engines read settings while they are imported, and the file that calls this has imported its engine
    already. So the same command is run once more, with the settings; this process waits, cleans up, and
    ends with the same exit code.
    """
    if os.environ.get(RUN_DIR):
        main()
        return
    folder = Folder.make(new_folder())
    run_dir = inner(folder.path)
    engine = "monarch" if "monarch" in sys.modules else "ray"
    wanted = {**environment(engine, run_dir, os.environ.get(RAY_ADDRESS, "")), **(settings or {})}
    env = {name: value for name, value in {**os.environ, **wanted}.items() if value is not None}
    try:
        code = subprocess.call([sys.executable, *sys.orig_argv[1:]], env=env)
    finally:
        sweep(folder, strays(run_dir))
    sys.exit(code)
