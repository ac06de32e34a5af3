"""The engines' installed wheels, found without importing an engine."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import msgspec

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.references.table import WHEEL_ROOT, Release


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    """An installed package: its version, and the folder that holds its top-level module."""

    module: str
    version: str
    root: Path

    def text(self, path: str) -> str | None:
        """Return the text of a file of the engine's repository; None if the wheel does not have it."""
        file = self.root / path.removeprefix(WHEEL_ROOT)
        return file.read_text(encoding="utf-8") if file.is_file() else None


def installed(engine: Engine, release: Release) -> Wheel | None:
    """Find the wheel of an engine in this environment.

    Args:
        engine: The engine, which is also its top-level module.
        release: The release, of which the package's name counts; another version is found too.

    Returns:
        The wheel; None if it is not installed.
    """
    try:
        version = metadata.version(release.package)
        # Finding a top-level module runs no code of it.
        spec = find_spec(engine)
    except (metadata.PackageNotFoundError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Wheel(module=engine, version=version, root=Path(spec.submodule_search_locations[0]).parent)


def all_installed(releases: Mapping[Engine, Release]) -> dict[Engine, Wheel]:
    """Find the wheels of several engines in this environment.

    Args:
        releases: The release of each engine.

    Returns:
        The wheels of those that are installed.
    """
    found = {engine: installed(engine, release) for engine, release in releases.items()}
    return {engine: wheel for engine, wheel in found.items() if wheel is not None}
