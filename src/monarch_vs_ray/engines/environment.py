"""What the engines read from their environment, so that a run is quiet, local, and leaves nothing.

Both engines read some of it when they are imported, so it has to be there before the process starts.
"""

from __future__ import annotations

from glob import escape
from pathlib import Path

from monarch_vs_ray.side.guardian import RUN_DIR as RUN_DIR

RAY_ADDRESS = "MVR_RAY_ADDRESS"

SET_BY_MONARCH = [
    *("MASTER_ADDR", "MASTER_PORT", "RANK", "LOCAL_RANK", "GROUP_RANK", "ROLE_RANK", "ROLE_NAME"),
    *("WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_WORLD_SIZE", "ROLE_WORLD_SIZE"),
]
"""What ``SPMDActor`` puts into the environment of a process that runs already (torchmonarch 0.7.0)."""


def environment(engine: str, run_dir: str, ray_address: str = "") -> dict[str, str | None]:
    """What to set for an engine's side whose folder is ``run_dir``; None means: remove it.

    ``ray_address`` is a running Ray cluster that the user asked to join; without one Ray is started anew.
    """
    return {
        RUN_DIR: run_dir,
        "TMPDIR": run_dir,
        **(_for_monarch(run_dir) if engine == "monarch" else _for_ray(run_dir, ray_address)),
    }


def _for_monarch(run_dir: str) -> dict[str, str | None]:
    return {
        # The log's folder cannot be chosen, so its name says whose it is; see `strays`.
        "MONARCH_LOG_SUFFIX": _mark(run_dir),
        "MONARCH_FILE_LOG": "warn",
        # How long a program waits for a host that it attaches to; 10 s by default, and on a busy machine the
        # host's Python alone takes longer (monarch_hyperactor's MESH_ATTACH_CONFIG_TIMEOUT, 0.7.0).
        "HYPERACTOR_MESH_ATTACH_CONFIG_TIMEOUT": "60s",
        # A new variable moves the C library's table of them. Monarch's telemetry thread reads that table in a
        # process's first moments, and a move then ends the process with SIGSEGV: in 2 of at most 60
        # programs of four processes. A variable that is there already is changed in place.
        **dict.fromkeys(SET_BY_MONARCH, ""),
    }


def _for_ray(run_dir: str, address: str) -> dict[str, str | None]:
    if address:
        return {RAY_ADDRESS: address, "RAY_ADDRESS": None, "RAY_USAGE_STATS_ENABLED": "0"}
    return {
        # A cluster that happens to be in the environment is none of ours.
        RAY_ADDRESS: None,
        "RAY_ADDRESS": None,
        # Where Ray would put its folder when a program names none; that must be the run folder.
        "RAY_TMPDIR": None,
        # "Not a cluster" is Ray's default on macOS and Windows: everything listens on 127.0.0.1 only.
        # Without it Ray turns even an explicit 127.0.0.1 into the outer address, and listens on all.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        # The token that guards the cluster is kept in the run folder, not in the home folder.
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": None,
        "RAY_AUTH_TOKEN_PATH": f"{run_dir}/ray-token",
        "RAY_USAGE_STATS_ENABLED": "0",
        # Under `uv run` Ray would start each worker through uv again.
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        # Ray's workers are `nice 15` by default; here both engines share the cores as equals.
        "RAY_worker_niceness": "0",
    }


LOGS = "/tmp/*/monarch_log_*.log"
"""Monarch's logs of any run of ours, and of any other program."""


def strays(run_dir: str) -> list[str]:
    """Patterns of the files that a run leaves outside its folder, for whoever cleans up.

    Monarch puts its log into ``/tmp/USER``, whatever TMPDIR says.
    """
    return [f"/tmp/*/monarch_log_{escape(_mark(run_dir))}*.log"]


def _mark(run_dir: str) -> str:
    """Return a name for the run that fits into a file's name, as unique as its folder's short path."""
    return "-".join(Path(run_dir).parts[1:])
