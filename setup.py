"""Put recordings and published results into the package; all else that is built is in pyproject.toml.

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

    Of `results/`, only the run that the file `published` names: the others belong to whoever builds this.
    """
    recordings = Path("recordings").rglob("*.jsonl")
    published = Path("results", "published")
    run = published.parent / published.read_text(encoding="utf-8").strip()
    results = (path for path in run.rglob("*") if path.is_file())
    return sorted([published, *recordings, *results])


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
