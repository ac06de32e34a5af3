"""What a terminal showed, as an asciicast v2 file, which asciinema and its web player replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TextIO

__all__ = ["CastWriter"]


class CastWriter:
    """Writes events as they come, so that a crash leaves a file that plays up to the crash.

    Times given to `output` and `resize` are seconds since the start. Raises OSError where the file cannot
    be written.
    """

    def __init__(self, path: str | Path, width: int, height: int, title: str = "") -> None:
        self._file: TextIO = open(path, "w", encoding="utf-8")  # noqa: SIM115  (closed by close)
        self._line(
            {
                "version": 2,
                "width": width,
                "height": height,
                "title": title,
                "env": {"TERM": "xterm-256color"},
            }
        )

    def output(self, seconds: float, data: str) -> None:
        """Something was written to the terminal."""
        if data:
            self._line([round(seconds, 4), "o", data])

    def resize(self, seconds: float, width: int, height: int) -> None:
        """The terminal changed its size."""
        self._line([round(seconds, 4), "r", f"{width}x{height}"])

    def close(self) -> None:
        """Finish the file; safe to call twice."""
        self._file.close()

    def _line(self, value: object) -> None:
        self._file.write(json.dumps(value, ensure_ascii=False) + "\n")
