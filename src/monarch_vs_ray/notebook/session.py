"""Let the cells of a notebook use an engine directly: one for each kernel, and nothing left at its end."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import marimo as mo

from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.engines.environment import environment
from monarch_vs_ray.notebook import page, values
from monarch_vs_ray.notebook.catalogue import find
from monarch_vs_ray.notebook.mode import RECORD, is_script, is_static, mode
from monarch_vs_ray.side.guardian.removal import Folder
from monarch_vs_ray.side.run_folder import inner, new_folder
from monarch_vs_ray.stage.values import NAMES

OPTION = "--engine"
WAIT = 20.0
"""Seconds that the end of an engine may take."""


@dataclass
class Session:
    """Hold the engine of this kernel.

    Attributes:
        engine: The engine; None if none was chosen or can be used.
        reason: The reason why there is none.
        ended: Whether the engine was shut down: a kernel does not start it again.
    """

    engine: Engine | None = None
    reason: str = "Choose an engine above."
    ended: bool = False
    folder: Folder | None = field(default=None, repr=False)
    watcher: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def need(self, engine: Engine) -> None:
        """Stop the cell that calls this unless the kernel uses an engine."""
        if self.engine == engine and not self.ended:
            return
        told = self.reason if self.engine is None else f"This kernel uses {NAMES[self.engine]}."
        if self.ended:
            told = "The session has ended; restart the kernel to begin another one."
        shown = page.html(page.quiet(f"Not run: it needs {NAMES[engine]}. {told}"))
        # A page that hides the code of cells shows that of this one.
        mo.stop(True, mo.show_code(shown) if code_is_hidden() else shown)

    def keep(self, key: str, value: object) -> object:
        """Return a value for the cell to show; a script with ``--record`` keeps it as the recorded one."""
        if self.engine and RECORD in sys.argv:
            values.record(self.engine, key, value)
        return value

    def close(self, at_exit: bool = False) -> None:
        """Shut the engine down, and remove what it left. Does nothing the second time."""
        if self.engine is None or self.ended:
            return
        self.ended = True
        if at_exit:
            _shut_down(self.engine)
        else:  # it waits, and a cell runs in an event loop
            with ThreadPoolExecutor(1) as thread:
                thread.submit(_shut_down, self.engine).result()
        if self.folder:
            self.folder.close()
        if self.watcher and self.watcher.stdin:  # it ends what is left, and removes the folder
            self.watcher.stdin.close()
            self.watcher.wait(WAIT)


def _shut_down(engine: Engine) -> None:
    """Shut an engine down, if a cell has imported it; one that takes too long is left to the watcher."""
    if engine == "ray" and (ray := sys.modules.get("ray")):
        ray.shutdown()
    if engine == "monarch" and (actor := sys.modules.get("monarch.actor")):
        with suppress(TimeoutError):
            actor.shutdown_context().get(timeout=WAIT)


_OF_THIS_KERNEL = Session()


def engine_choice() -> Any:
    """Return a choice of the engine for the cells; a script takes it from ``--engine NAME``."""
    options = {NAMES[engine]: engine for engine in ENGINES}
    asked = sys.argv[sys.argv.index(OPTION) + 1 :][:1] if OPTION in sys.argv else []
    given = next((name for name, engine in options.items() if [engine] == asked), None)
    return mo.ui.radio(options, value=given, label="Engine of this kernel", inline=True)


def session(choice: Any) -> Session:
    """Prepare this kernel for the chosen engine, once.

    Before the engine is imported, its settings are put into the environment: it listens on loopback, and
    works in a folder of its own. A second process waits for the end of this kernel, in whatever way it ends;
    then it ends what is left of the engine and removes the folder.

    Args:
        choice: What ``engine_choice`` returned.
    """
    now = mode()
    if not now.live:
        return Session(reason=f"Nothing is run: {now.reason}")
    if choice.value is None:
        return Session(
            reason="Give --engine monarch or --engine ray." if is_script() else "Choose an engine above."
        )
    if _OF_THIS_KERNEL.engine is None:
        _begin(_OF_THIS_KERNEL, choice.value)
    return _OF_THIS_KERNEL


def _begin(session: Session, engine: Engine) -> None:
    tempfile.gettempdir()  # found once, before TMPDIR leads into a folder that ends with the session
    path = new_folder()
    session.folder = Folder.make(path)
    command = [sys.executable, "-m", "monarch_vs_ray.notebook.watch", path]
    session.watcher = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    run_dir = inner(path)
    for name, value in environment(engine, run_dir).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    if engine == "ray":
        import_module("monarch_vs_ray.engines.ray").write_token()
    session.engine = engine
    atexit.register(session.close, at_exit=True)


def session_status(session: Session) -> mo.Html:
    """Show what this kernel uses."""
    if session.engine is None:
        return page.html(page.mark("no engine", "open"), f" {page.text(session.reason)}")
    told = "Its processes end with this kernel. For the other engine, restart the kernel."
    if session.ended:
        told = "It has ended, and nothing of it is left. Restart the kernel to begin again."
    return page.html(page.mark(NAMES[session.engine], "good"), f" {page.text(told)}")


def kept_cells(session: Session, name: str, engine: Engine) -> mo.Html:
    """Show the recorded values of a notebook's cells that use an engine, where this kernel does not use it.

    Args:
        session: The session of this kernel.
        name: The notebook.
        engine: The engine of the cells.

    Returns:
        Each cell that keeps a value: its code, where the page hides code, and the value. Nothing for a kernel
        that uses the engine.
    """
    if session.engine == engine:
        return page.html()
    recorded = values.recorded()
    parts = []
    for key, code in values.keeping(find(name).path, engine):
        if value := recorded.get(f"{engine}.{key}"):
            shown = page.block(code.splitlines()) if code_is_hidden() else ""
            told = f"Recorded on {value.date}, {NAMES[engine]} {value.version}: {key}"
            parts.append(shown + page.quiet(told) + page.block([value.text]))
    return page.html(*parts)


def code_is_hidden() -> bool:
    """Return whether the page shows results only: an app or a static page."""
    return is_static() or mo.app_meta().mode == "run"


def end_button() -> Any:
    """Return a button that ends the session."""
    return mo.ui.run_button(label="End the session", kind="warn", disabled=not mode().live)


def end(session: Session, button: Any) -> mo.Html:
    """End the session after its button was pressed, and in a script; show what this kernel uses."""
    if button.value or is_script():
        session.close()
    return session_status(session)
