"""Open a notebook in the browser: marimo's own server takes the place of this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monarch_vs_ray.core.output import complain
from monarch_vs_ray.core.paths import CHECKOUT, user_notebooks
from monarch_vs_ray.notebook.catalogue import Notebook

Execute = Callable[[str, list[str], dict[str, str]], object]
AT_ONCE = {"_MARIMO_CONFIG_OVERLOAD_RUNTIME_AUTO_INSTANTIATE": "true"}
"""Have marimo 0.25 run the cells when the page opens: it does not for a file that may come from anywhere."""


@dataclass(frozen=True)
class Choices:
    """Hold how a notebook is opened.

    Attributes:
        recorded: Show recorded runs; start no engine.
        app: Hide the code of the cells.
        browser: Open the browser.
        port: A port on loopback; 0 takes a free one.
    """

    recorded: bool = False
    app: bool = False
    browser: bool = True
    port: int = 0


def command(file: Path, choices: Choices) -> list[str]:
    """Return the command of marimo's server: on loopback, with a token, and without a look for updates."""
    words = [sys.executable, "-m", "marimo", "run" if choices.app else "edit", str(file)]
    words += ["--host", "127.0.0.1", "--token", "--no-sandbox"]
    words += [] if choices.app else ["--skip-update-check"]
    words += [] if choices.browser else ["--headless"]
    words += ["--port", str(choices.port)] if choices.port else []
    return words + (["--", "--recorded"] if choices.recorded else [])


def serve(notebook: Notebook, choices: Choices, execute: Execute = os.execve) -> int:
    """Open a notebook.

    Args:
        notebook: The notebook.
        choices: The way to open it.
        execute: Replaces this process; in tests, a function that returns.

    Returns:
        0, where ``execute`` returns.
    """
    words = command(own_copy(notebook), choices)
    execute(words[0], words, {**os.environ, **AT_ONCE})
    return 0


def own_copy(notebook: Notebook) -> Path:
    """Return the file to open: the one of a checkout, else a copy of the user's that keeps their edits."""
    if CHECKOUT:
        return notebook.path
    target = user_notebooks() / notebook.path.name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(notebook.path.read_bytes())
    changed = "" if target.read_bytes() == notebook.path.read_bytes() else "; it differs from the original"
    complain(f"Your copy: {target}{changed}")
    return target
