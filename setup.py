"""Put recordings, published results and notebooks into the package; pyproject.toml has the rest.

They lie outside `src/`, where a reader of the repository looks for them. `monarch_vs_ray.core.paths` finds
them in either place.
"""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PACKAGE = Path("monarch_vs_ray")


def data() -> list[Path]:
    """Return the files of the repository that the package carries, relative to it.

    Of `results/`, only what is published: the rest belongs to whoever builds this.
    """
    folders = [Path("recordings"), Path("results", "published"), Path("notebooks")]
    made = {"__pycache__", "__marimo__"}
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if not made.intersection(path.parts))


class BuildWithData(build_py):
    """Build the modules and their data, of which the source distribution also learns from here."""

    def run(self) -> None:
        """Build; an editable install reads the repository instead of copies."""
        super().run()
        if not self.editable_mode:
            for source, target in self._data().items():
                self.mkpath(str(target.parent))
                self.copy_file(str(source), str(target), preserve_mode=False)

    def get_source_files(self) -> list[str]:
        """Return what the source distribution must hold, too."""
        return [*super().get_source_files(), *map(str, data())]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Return all files that are built."""
        return [*super().get_outputs(include_bytecode), *map(str, self._data().values())]

    def _data(self) -> dict[Path, Path]:
        folder = Path(self.build_lib) / PACKAGE / "data"
        return {path: folder / path for path in data()}


setup(cmdclass={"build_py": BuildWithData})
