"""The package as its users get it: built, and installed into a virtual environment away from the checkout."""

from __future__ import annotations

import fcntl
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[1]
NAME = "monarch-vs-ray"
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist")
OTHERS_RUN = Path("results", "some-machine", "2001-01-01T00-00-00", "evidence.jsonl")
"""A run that somebody has made and not published, in the tree that is built from."""


def make_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Have a folder made by the first of several test processes; the others wait for it.

    Args:
        folder: Where it is to be; the same for all processes.
        make: Makes it.
    """
    done = Path(f"{folder}.done")
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a process that failed at it
            make(folder)
            done.touch()
    return folder


def build(folder: Path) -> None:
    """Build a source distribution, a wheel from it, and in `direct/` a wheel from the tree.

    The tree is a copy: a build leaves files in it, and takes up those that an earlier one left.
    """
    tree = folder / "tree"
    shutil.copytree(PROJECT, tree, ignore=NOT_COPIED)
    (tree / OTHERS_RUN).parent.mkdir(parents=True)
    (tree / OTHERS_RUN).write_text("{}\n")
    for options in (["--outdir", folder], ["--wheel", "--outdir", folder / "direct"]):
        _run(sys.executable, "-m", "build", "--no-isolation", *options, tree)


@dataclass(frozen=True)
class Installation:
    """A virtual environment that the wheel is installed in."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """The folder of its packages."""
        return self.folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"

    def mvr(
        self, *arguments: str, home: Path, seconds: float = 60, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `mvr` from an empty folder, for a user whose home is `home`."""
        here = home / "empty"
        here.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "XDG_"))}
        done = subprocess.run(
            [self.folder / "bin" / "mvr", *arguments],
            cwd=here,
            env={**kept, "HOME": str(home), **environment},
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert list(here.iterdir()) == [], "nothing is written where the user happens to be"
        return done


def install(wheel: Path, folder: Path) -> Installation:
    """Install the wheel, and nothing that it needs, into a new virtual environment."""
    _run(sys.executable, "-m", "venv", folder)
    found = Installation(folder)
    _run(found.python, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", wheel)
    return found


def link_base_dependencies(installation: Installation) -> None:
    """Give an installation what its own metadata asks for without extras, and no package beside that.

    They are links to this environment's packages, so that nothing is downloaded.
    """
    (wanted,) = installation.packages.glob("monarch_vs_ray-*.dist-info")
    for name in _closure(metadata.PathDistribution(wanted), set()):
        distribution = metadata.distribution(name)
        tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
        for top in tops:
            (installation.packages / top).symlink_to(distribution.locate_file(top))


def see_this_environment(installation: Installation) -> None:
    """Let an installation find all packages of this environment, after its own.

    A line of a `.pth` file adds a folder and not that folder's own `.pth` files, so an editable install of
    this project there does not count.
    """
    folders = [folder for folder in sys.path if folder.endswith(("site-packages", "dist-packages"))]
    assert folders, site.getsitepackages()
    (installation.packages / "this_environment.pth").write_text("\n".join(folders) + "\n")


def _closure(distribution: metadata.Distribution, seen: set[str]) -> Iterator[str]:
    for line in distribution.requires or ():
        needed = Requirement(line)
        if needed.name not in seen and (needed.marker is None or needed.marker.evaluate({"extra": ""})):
            seen.add(needed.name)
            yield needed.name
            yield from _closure(metadata.distribution(needed.name), seen)


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
