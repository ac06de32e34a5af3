"""Decide whether a notebook runs the engines or shows recorded runs."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import marimo as mo

from monarch_vs_ray.campaign import sides
from monarch_vs_ray.core.errors import UserError
from monarch_vs_ray.core.events import ENGINES

RECORDED = "MVR_RECORDED"
"""The variable that switches to recorded runs when it is set and not empty."""
OPTION = "recorded"
RECORD = "--record"
"""The option of a script that keeps the runs of its programs as the recorded ones."""
STATIC = "static"
"""The value of the variable for an exported page."""


@dataclass(frozen=True)
class Mode:
    """Hold the mode of a notebook.

    Attributes:
        live: Whether buttons run the engines.
        reason: The reason why they do not; empty if they do.
    """

    live: bool
    reason: str = ""


def mode() -> Mode:
    """Return the mode: recorded on request, or where an engine cannot run."""
    if is_static():
        return Mode(False, "this is a static page, and its menus do not react; mvr notebook opens it live.")
    if os.environ.get(RECORDED) or _asked():
        return Mode(False, f"recorded runs were requested, by --{OPTION} or {RECORDED}=1.")
    try:
        sides.require(ENGINES)
    except UserError as error:
        return Mode(False, str(error))
    return Mode(True)


def is_static() -> bool:
    """Return whether the notebook is being exported as a static page."""
    return os.environ.get(RECORDED) == STATIC


def is_script() -> bool:
    """Return whether the notebook runs as a script: there are no buttons then, so programs run at once."""
    return mo.app_meta().mode == "script"


def _asked() -> bool:
    if f"--{OPTION}" in sys.argv:
        return True
    return mo.app_meta().mode in ("edit", "run", "script") and OPTION in mo.cli_args()
