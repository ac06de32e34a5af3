"""Where an engine's installed wheel is, found without importing the engine."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import msgspec

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.sources.table import WHEEL_ROOT, Release


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    """An installed package: its version, and the folder that holds its top-level module."""

    module: str
    version: str
    root: Path

    def file(self, path: str) -> Path:
        """Where the wheel has a file of the repository, if it has it."""
        return self.root / path.removeprefix(WHEEL_ROOT)

    def text(self, path: str) -> str | None:
        """The text of a file of the repository; None when the wheel does not have it."""
        file = self.file(path)
        return file.read_text(encoding="utf-8") if file.is_file() else None


def installed(engine: Engine, release: Release) -> Wheel | None:
    """The wheel of an engine in this environment; None when there is none."""
    try:
        version = metadata.version(release.package)
        # Finding a top-level module runs nothing of it.
        spec = find_spec(engine)
    except (metadata.PackageNotFoundError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Wheel(module=engine, version=version, root=Path(spec.submodule_search_locations[0]).parent)


def all_installed(releases: Mapping[Engine, Release]) -> dict[Engine, Wheel]:
    """The wheels that are installed here."""
    found = {engine: installed(engine, release) for engine, release in releases.items()}
    return {engine: wheel for engine, wheel in found.items() if wheel is not None}
