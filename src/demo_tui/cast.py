"""What a terminal showed, as an asciicast v2 file, which asciinema and its web player replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TextIO

from demo_tui.cells import clean

__all__ = ["CastWriter"]


class CastWriter:
    """Writes events as they come, so that a crash leaves a file that plays up to the crash.

    A full disk ends the recording and nothing else: `error` says why.

    Args:
        path: The file to write.
        width: Cells of a row.
        height: Number of rows.
        title: A title for the player.

    Raises:
        OSError: Where the file cannot be opened.
    """

    def __init__(self, path: str | Path, width: int, height: int, title: str = "") -> None:
        self.path = path
        self.error = ""
        self._file: TextIO | None = open(path, "w", encoding="utf-8")  # noqa: SIM115  (closed by close)
        self._line(
            {
                "version": 2,
                "width": width,
                "height": height,
                "title": clean(title),
                "env": {"TERM": "xterm-256color"},
            }
        )

    def output(self, seconds: float, data: str) -> None:
        """Record that something was written to the terminal.

        Args:
            seconds: Time since the start.
            data: What was written.
        """
        if data:
            self._line([round(seconds, 4), "o", data])

    def resize(self, seconds: float, width: int, height: int) -> None:
        """Record that the terminal changed its size.

        Args:
            seconds: Time since the start.
            width: Cells of a row.
            height: Number of rows.
        """
        self._line([round(seconds, 4), "r", f"{width}x{height}"])

    def close(self) -> None:
        """Finish the file; safe to call twice."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                self._failed(error)

    def _line(self, value: object) -> None:
        if self._file is None:
            return
        try:
            self._file.write(json.dumps(value, ensure_ascii=False) + "\n")
            self._file.flush()  # a crash loses nothing, and a full disk is noticed when it is full
        except OSError as error:
            self._failed(error)
            self.close()

    def _failed(self, error: OSError) -> None:
        self.error = self.error or f"the recording ended: {self.path}: {error.strerror or error}"
