"""Keeps a history: its header at once, then every event as it arrives."""

from __future__ import annotations

import os
from pathlib import Path

from monarch_vs_ray.core.errors import CannotRecord
from monarch_vs_ray.core.events import encoder
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.history.reader import Header


class Recorder:
    """Appends to a file that did not exist before; what was appended survives any crash.

    Raises CannotRecord when the file is there already or cannot be made. When writing fails later
    (a full disk), the run goes on and ``trouble`` says why the history ends where it does.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.events = 0
        self.trouble = ""
        _make_folder(path)
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            raise CannotRecord(path, "it exists, and a history is never overwritten") from None
        except OSError as error:
            raise CannotRecord(path, error.strerror or str(error)) from None
        self._write(encoder.encode(header) + b"\n")

    def append(self, batch: Batch) -> None:
        """Add a batch; it is with the operating system when this returns."""
        if batch.raw and not self.trouble:
            self._write(batch.raw)
            self.events += len(batch.events)

    def _write(self, data: bytes | bytearray) -> None:
        try:
            with memoryview(data) as view:
                written = 0
                while written < len(view):
                    written += os.write(self._fd, view[written:])
        except OSError as error:
            self.trouble = error.strerror or str(error)

    def close(self) -> None:
        """The history ends here."""
        os.close(self._fd)


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise CannotRecord(path, f"{path.parent} is no folder") from None
    except OSError as error:
        raise CannotRecord(path, error.strerror or str(error)) from None
