"""Python's logging, shown in a log panel."""

from __future__ import annotations

import logging
from typing import Protocol

from demo_tui.panels.log import LogPanel

__all__ = ["LogHandler"]

STYLES = ((logging.ERROR, "bad"), (logging.WARNING, "warn"), (logging.INFO, None), (0, "dim"))


class _Board(Protocol):
    def log(self, message: object, style: str | None = None, tag: str = "", level: int = 0) -> None: ...


class LogHandler(logging.Handler):
    """A `logging.Handler` that shows records: coloured by level, tagged with the logger's name.

    Exceptions are shown with their tracebacks. In a forked child, records are printed, and the parent shows
    them. Install it instead of a handler that writes to the terminal, or every record comes twice.

    Args:
        target: A dashboard, or one `LogPanel`.
        level: The least level that is shown.
    """

    def __init__(self, target: _Board | LogPanel, level: int | str = logging.NOTSET) -> None:
        super().__init__(level)
        self._target = target
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record; a record that cannot be formatted is reported as logging does it.

        Args:
            record: The record.
        """
        try:
            text = self.format(record)
            style = next(style for level, style in STYLES if record.levelno >= level)
            if isinstance(self._target, LogPanel):
                time = self.formatter.formatTime(record, "%H:%M:%S") if self.formatter else None
                self._target.append(text, style, record.name, time, record.levelno)
            else:
                self._target.log(text, style, record.name, record.levelno)
        except Exception:
            self.handleError(record)
