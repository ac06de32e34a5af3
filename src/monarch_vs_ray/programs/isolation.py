"""Isolate a user's program: folders of its own, and the engines at their defaults."""

from __future__ import annotations

import os
import site
from collections.abc import Collection, Mapping

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.core.hooks import PIPE
from monarch_vs_ray.engines.environment import RUN_DIR, environment

FOLDERS = ("home", "tmp", "work")
"""Below the run folder: HOME, TMPDIR, and the current folder."""
HOME, TEMPORARY, _ = FOLDERS
ENGINE_VARIABLES = ("HYPERACTOR_", "MONARCH_", "RAY_", "MVR_", "XDG_")
"""Prefixes of variables that are dropped; XDG_ names folders within the user's home."""
OF_ENVIRONMENT: dict[Engine, tuple[str, ...]] = {
    # Its log goes to /tmp/USER under a name; ours says whose it is, so that it can be removed.
    "monarch": ("MONARCH_LOG_SUFFIX",),
    # Nothing is sent anywhere, nothing listens beyond loopback, and workers are not started through uv.
    "ray": ("RAY_USAGE_STATS_ENABLED", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "RAY_ENABLE_UV_RUN_RUNTIME_ENV"),
}


def variables(
    engine: Engine,
    run_dir: str,
    present: Mapping[str, str] | None = None,
    keep: Collection[str] = (),
    ray_address: str = "",
) -> dict[str, str | None]:
    """Return the changes to a program's environment variables.

    Args:
        engine: The program's engine.
        run_dir: Its run folder.
        present: The current environment; by default this process's.
        keep: Variables that are passed on unchanged; TMPDIR is always the run's own.
        ray_address: A running Ray that the program may join.

    Returns:
        Values to set; None for what is removed.
    """
    present = os.environ if present is None else present
    dropped = [name for name in present if name.startswith(ENGINE_VARIABLES) and name != PIPE]
    ours = environment(engine, run_dir)
    changed: dict[str, str | None] = {
        **dict.fromkeys(dropped),
        RUN_DIR: run_dir,
        "HOME": f"{run_dir}/{HOME}",
        "TMPDIR": f"{run_dir}/{TEMPORARY}",
        # A script that mvr was installed for finds its packages there, also with another HOME.
        "PYTHONUSERBASE": present.get("PYTHONUSERBASE") or site.getuserbase(),
        # Lines come when they are printed, so that their times mean something.
        "PYTHONUNBUFFERED": "1",
        **{name: ours[name] for name in OF_ENVIRONMENT[engine]},
    }
    for name in set(keep).intersection(present).difference((RUN_DIR, "TMPDIR")):
        changed.pop(name, None)
    if ray_address and engine == "ray":
        changed["RAY_ADDRESS"] = ray_address
    return changed


def described(
    engine: Engine,
    keep: Collection[str] = (),
    ray_address: str = "",
    settings: Mapping[str, str] | None = None,
) -> str:
    """Return, as one sentence, what differs from ``python script.py``."""
    changed = {**variables(engine, "RUN", keep=keep, ray_address=ray_address), **(settings or {})}
    shown = {name: value for name, value in changed.items() if value is not None and name not in _OURS}
    dropped = sorted(name for name, value in changed.items() if value is None)
    values = " ".join(f"{name}={value}" for name, value in shown.items())
    without = f"; dropped: {' '.join(dropped)}" if dropped else ""
    return f"{values}; current folder RUN/{FOLDERS[-1]}; stdin empty{without}"


_OURS = (RUN_DIR, "MONARCH_LOG_SUFFIX", "PYTHONUSERBASE")
