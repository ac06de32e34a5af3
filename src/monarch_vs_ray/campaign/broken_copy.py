"""Make a changed copy of this package, for the processes of one side to import."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monarch_vs_ray.core.breaks import Change, altered, place
from monarch_vs_ray.core.paths import PACKAGE

HASTE = Change(file="instruments/wait.py", old="PATIENCE = 60.0", new="PATIENCE = 30.0")
"""Seconds of patience in a broken copy: half as many, since many a broken subject never answers."""


@contextmanager
def broken_copy(folder: Path, changes: list[Change]) -> Iterator[Path]:
    """Copy the package with changes; remove the copy after the block.

    Args:
        folder: The concept's folder, which is searched first for a change's file.
        changes: The changes; one file may have several.

    Yields:
        A folder for a side's path, which holds only the copy.

    Raises:
        BadBreaks: If a change's old text does not occur in its file exactly once.
    """
    with tempfile.TemporaryDirectory(prefix="mvr-broken-") as name:
        top = Path(name)
        # With the compiled files: the copies are as old as the originals, so these are used.
        shutil.copytree(PACKAGE, top / PACKAGE.name, ignore=shutil.ignore_patterns("data", "*.md"))
        for change in (HASTE, *changes):
            original = place(folder, change.file)
            copy = top / PACKAGE.name / original.resolve().relative_to(PACKAGE)
            copy.write_text(altered(copy, change), encoding="utf-8")
        yield top
