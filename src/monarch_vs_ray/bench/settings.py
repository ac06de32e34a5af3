"""The settings of the engines in a run: ours in every run, and those that its ``--settings`` adds.

With default settings Monarch notices a dead process by a poll every 10 s. The recommended settings are those
in the READMEs of the patterns.
"""

from __future__ import annotations

from collections.abc import Mapping

from monarch_vs_ray.core.errors import BadOption
from monarch_vs_ray.core.events import Engine

DEFAULTS, RECOMMENDED = "defaults", "recommended"
ALWAYS: Mapping[Engine, Mapping[str, str]] = {
    # gloo would ask the machine's name for an address, and listen there.
    # Demos set Monarch's log to warnings only; here it is at its own default.
    "monarch": {"GLOO_SOCKET_IFNAME": "lo", "MONARCH_FILE_LOG": "info"},
    "ray": {"GLOO_SOCKET_IFNAME": "lo"},
}
CHOICES: Mapping[str, Mapping[Engine, Mapping[str, str]]] = {
    DEFAULTS: {},
    RECOMMENDED: {
        "monarch": {
            "HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY": "1s",
            "HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE": "5s",
        },
    },
}
"""Environment variables by engine. The patterns set none in Ray: the raylet is notified when a worker exits.

It does not notice a stopped worker.
"""
_OURS: Mapping[Engine, tuple[str, ...]] = {
    "monarch": ("HYPERACTOR_MESH_ATTACH_CONFIG_TIMEOUT=60s",),
    "ray": (
        "num_cpus=the machine's",
        "object_store_memory=4 GiB",
        "include_dashboard=False",
        "log_to_driver=False",
        "logging_level=ERROR",
        "RAY_AUTH_MODE=token",
        "RAY_worker_niceness=0 (its default is 15)",
    ),
}


def check(choice: str) -> str:
    """Return the name of a choice of settings. Raises BadOption if there is none of this name."""
    if choice not in CHOICES:
        raise BadOption("--settings", choice, f"give {' or '.join(CHOICES)}")
    return choice


def environment(choice: str, engine: Engine) -> dict[str, str]:
    """Return the variables that a process of an engine gets."""
    return {**ALWAYS[engine], **CHOICES[choice].get(engine, {})}


def describe(choice: str, engine: Engine) -> list[str]:
    """Return what is set of an engine, for a reader."""
    return [*_OURS[engine], *(f"{name}={value}" for name, value in environment(choice, engine).items())]
