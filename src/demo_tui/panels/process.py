"""A command that runs in a panel: its output as it comes, and how it ended."""

from __future__ import annotations

import codecs
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType

from demo_tui.cells import clean
from demo_tui.lines import LineBuffer
from demo_tui.panel import PanelConfig
from demo_tui.panels.log import LogPanel
from demo_tui.panels.progress_task import short_time

__all__ = ["ProcessPanel"]


class ProcessPanel(LogPanel):
    """Starts a command and shows what it writes to stdout and stderr, line by line as it comes.

    The command writes to a pseudo-terminal, so that it does not hold its output back; its colours are kept,
    and a progress bar that it rewrites is shown as such. Its stdin is empty. It runs in a process group
    of its own; `stop`, or leaving the panel as a context manager, ends the whole group.

    Args:
        command: Program and arguments; a string is given to the shell.
        config: A title, or a `PanelConfig`; None for the command.
        cwd: Where it runs.
        env: Its whole environment; None for that of this process.
        tty: Let it write to a pseudo-terminal, else to a pipe.

    Raises:
        OSError: Where the command cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str] | str,
        config: PanelConfig | str | None = None,
        *,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        tty: bool = True,
    ) -> None:
        shown = command if isinstance(command, str) else " ".join(map(str, command))
        super().__init__(config or clean(shown))
        self._buffer = LineBuffer(self.append)
        self.unfinished = self._buffer.unfinished
        self._began = time.monotonic()
        self._took: float | None = None
        reader, writer = _pty() if tty else os.pipe()
        try:
            self.process = subprocess.Popen(
                command, shell=isinstance(command, str), cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                stdout=writer, stderr=writer, start_new_session=True,
            )  # fmt: skip
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        self._reader = threading.Thread(
            target=self._read, args=(reader,), name="demo_tui process", daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self.process.pid

    @property
    def returncode(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        return self.process.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the command has ended and all its output is in the log.

        Args:
            timeout: Seconds; None for as long as it takes.

        Returns:
            The exit code, negative for a signal.

        Raises:
            subprocess.TimeoutExpired: Where it takes longer.
        """
        code = self.process.wait(timeout)
        self._reader.join(2.0)  # a grandchild may hold the other end open
        return code

    def stop(self, seconds: float = 5.0) -> int:
        """End the command and the processes of its group: SIGTERM, and SIGKILL where that does not help.

        Args:
            seconds: How long to wait after SIGTERM.

        Returns:
            The exit code, negative for a signal.
        """
        for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
                break
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)  # what the command left behind
        return self.wait(5.0)

    def __enter__(self) -> ProcessPanel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def right_title(self) -> str:
        """Return how the command ended, or that it runs, and what a log says there."""
        code = self.process.returncode
        if code is None:
            state = f"pid {self.process.pid}"
        else:
            took = "" if self._took is None else f" after {short_time(self._took)}"
            state = (f"exit {code}" if code >= 0 else f"signal {-code}") + took
        log = super().right_title()
        return f"{log} · {state}" if log else state

    def _read(self, fd: int) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            while data := os.read(fd, 65536):
                self._buffer.feed(decoder.decode(data))
        except OSError:  # a pseudo-terminal says so when its last writer is gone
            pass
        finally:
            os.close(fd)
        self._buffer.feed(decoder.decode(b"", True))
        self._buffer.finish()
        self.process.wait()
        self._took = time.monotonic() - self._began
        self.touch()


def _pty() -> tuple[int, int]:
    """A pseudo-terminal that passes on what is written to it as it is; a pipe where there are none."""
    try:
        master, slave = os.openpty()
    except OSError:
        return os.pipe()
    import tty

    tty.setraw(slave)
    return master, slave
