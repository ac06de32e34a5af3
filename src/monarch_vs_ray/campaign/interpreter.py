"""Find the engines' releases that the sides will run, in this interpreter or in one that the user named."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection

from monarch_vs_ray.campaign.sides import require
from monarch_vs_ray.core.errors import BadInterpreter
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.side.main import NOT_INSTALLED, PACKAGES, version

ASK_SECONDS = 30.0
QUESTION = """
import sys, msgspec, psutil
from importlib.metadata import PackageNotFoundError, version
for package in sys.argv[1:]:
    try:
        print(version(package))
    except PackageNotFoundError:
        print()
"""


def releases(python: str, needed: Collection[Engine]) -> dict[Engine, str]:
    """Return the engines' releases; ``python`` is another interpreter's path, or empty for this one.

    Raises EngineMissing or BadInterpreter when ``needed`` engines cannot run there.
    """
    if not python:
        require([engine for engine in ENGINES if engine in needed])
        return {engine: version(PACKAGES[engine]) for engine in ENGINES}
    require([])
    found = dict(zip(ENGINES, _ask(python).splitlines(), strict=False))
    for engine in ENGINES:
        if engine in needed and not found.get(engine):
            raise BadInterpreter(python, f"{PACKAGES[engine]} is not installed there")
    return {engine: found.get(engine) or NOT_INSTALLED for engine in ENGINES}


def _ask(python: str) -> str:
    program = os.path.abspath(python) if os.path.dirname(python) else python
    command = [program, "-c", QUESTION, *(PACKAGES[engine] for engine in ENGINES)]
    try:  # in "/", since Python looks for modules in the current folder, where the user's files are
        return subprocess.run(
            command, capture_output=True, text=True, timeout=ASK_SECONDS, check=True, cwd="/"
        ).stdout
    except OSError as error:
        raise BadInterpreter(python, error.strerror or str(error)) from None
    except subprocess.TimeoutExpired:
        raise BadInterpreter(python, f"it said nothing within {ASK_SECONDS:g} s") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().rpartition("\n")[2] or f"it ended with exit code {error.returncode}"
        raise BadInterpreter(python, said) from None
