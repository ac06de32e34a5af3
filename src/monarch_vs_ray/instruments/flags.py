"""Traces that outlive a process: flags and tallies in files, for what one process tells another."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from monarch_vs_ray.instruments.wait import PATIENCE, wait_for


def new_path(name: str) -> Path:
    """Return a path that nothing is at, in a folder that goes when the run ends."""
    return Path(tempfile.mkdtemp(), name)


@dataclass(frozen=True)
class Flag:
    """A file that is there or not; any process may put it up."""

    path: Path

    @classmethod
    def new(cls) -> Flag:
        """Return a flag that is not up."""
        return cls(new_path("flag"))

    def put_up(self) -> None:
        """Put it up."""
        self.path.touch()

    def take_down(self) -> None:
        """Take it down, whether it is up or not."""
        self.path.unlink(missing_ok=True)

    def is_up(self) -> bool:
        """Return whether it is up."""
        return self.path.exists()

    def wait(self, within: float = PATIENCE) -> None:
        """Return once it is up. Raises TimeoutError after ``within`` seconds."""
        wait_for(self.is_up, "another process to put up its flag", within)


@dataclass(frozen=True)
class Tally:
    """A file that any process appends a line to, whole lines only; what was written survives its death."""

    path: Path

    @classmethod
    def new(cls) -> Tally:
        """Return a tally with nothing in it."""
        path = new_path("tally")
        path.touch()
        return cls(path)

    def add(self, word: object = "") -> None:
        """Append one line."""
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(file, f"{word}\n".encode())
        finally:
            os.close(file)

    def lines(self) -> list[str]:
        """Return what was written, in order."""
        return self.path.read_text().splitlines()

    def count(self) -> int:
        """Return how many lines there are."""
        return len(self.lines())
