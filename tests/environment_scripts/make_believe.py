"""Make-believe things for the tests of the environment scripts: packages, a project, a Spack tree, a uv.

All of it is made in temporary folders from nothing but the Python that runs the tests and a real uv, and
nothing is fetched from a registry.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DEADLINE_S = 60
FORBIDDEN = [
    "torch", "triton", "pytorch-triton", "pytorch-triton-rocm", "triton-nightly", "cuda-bindings",
    "cuda-pathfinder", "cuda-whatever", "nvidia-something-made-up", "nvidia-ml-py", "jax", "jaxlib",
    "jax-cuda13-plugin",
]  # fmt: skip
"""What uv must never install."""
PYTHON_FOLDER = f"python{sys.version_info.major}.{sys.version_info.minor}"
BASE_PYTHON = Path(sys.base_prefix) / "bin" / PYTHON_FOLDER


def tool(name: str) -> Path:
    """A tool that the tests cannot do without."""
    beside = [Path(sys.executable).parent / name, REPOSITORY / ".tools" / name / "bin" / name]
    found = next((path for path in beside if os.access(path, os.X_OK)), None) or shutil.which(name)
    if not found:
        pytest.fail(f"{name} is needed: run the tests with ./scripts/zephyr_uv_run.sh pytest tests/")
    return Path(found)


def executable(path: Path, text: str) -> Path:
    """Write a shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)
    return path


def wheel(
    folder: Path, name: str, version: str = "1.0", requires: Iterable[str] = (), **scripts: str
) -> Path:
    """Write the wheel of a package with one module of its name, and with shell scripts if any are given."""
    stem = name.replace("-", "_").replace(".", "_").lower()
    info, data = f"{stem}-{version}.dist-info", f"{stem}-{version}.data/scripts"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    files = {
        # Versions differ in size: bytecode is known to be stale by size and seconds, and tests are quick.
        f"{stem}.py": f"version = {version!r}\n" + "#" * int(version.partition(".")[0]),
        f"{info}/METADATA": "\n".join(lines + [f"Requires-Dist: {line}" for line in requires]) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **{f"{data}/{script}": f"#!/bin/bash\n{text}\n" for script, text in scripts.items()},
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            member = zipfile.ZipInfo(file)
            member.external_attr = (0o100755 if file.startswith(data) else 0o100644) << 16
            archive.writestr(member, text)
    return path


# A build backend inside the project, so that building needs no setuptools from anywhere.
BACKEND = """
import pathlib, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name, info = "pretend-1.0-py3-none-any.whl", "pretend-1.0.dist-info"
    files = {
        "pretend.pth": str(pathlib.Path("src").resolve()) + "\\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: pretend\\nVersion: 1.0\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return name
"""

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "pretend"
version = "1.0"
requires-python = ">=3.10"
dependencies = [{dependencies}]

[project.optional-dependencies]
engines = ["pretend[motor]"]
motor = ["motor"]
dev = ["hammer"]
torch = ["never-asked-for"]
"""

# Stands in front of the real uv: notes what it was asked, and does to an installation what a test wants.
UV = """
uv='{uv}'
echo "$*" >>'{calls}'
if [ "$1 $2" = "pip install" ] && [ -e '{trouble}' ]; then . '{trouble}'; fi
exec "$uv" "$@"
"""


@dataclass
class Project:
    """A make-believe repository with the real environment scripts in it, and the machine around it."""

    root: Path
    machine: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def stamp(self) -> Path:
        return self.venv / ".zephyr-stamp"

    @property
    def log(self) -> Path:
        return self.root / ".tools" / "sync.log"

    @property
    def index(self) -> Path:
        return self.machine / "index"

    @property
    def trouble(self) -> Path:
        return self.machine / "trouble"

    @property
    def uv_calls(self) -> list[str]:
        calls = self.machine / "uv-calls"
        return calls.read_text().splitlines() if calls.exists() else []

    @property
    def installed(self) -> dict[str, str]:
        """The distributions in the venv itself, with who installed each."""
        packages = self.venv / "lib" / PYTHON_FOLDER / "site-packages"
        return {
            info.name.split("-")[0].replace("_", "-"): (info / "INSTALLER").read_text().strip()
            for info in packages.glob("*.dist-info")
        }

    def depend_on(self, *requirements: str) -> None:
        listed = ", ".join(f'"{requirement}"' for requirement in requirements)
        (self.root / "pyproject.toml").write_text(PYPROJECT.format(dependencies=listed))

    def start(self, *command: str | Path, **options: object) -> subprocess.Popen[str]:
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            [str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            **{"env": self.environment, "cwd": self.machine, **options},
        )  # fmt: skip

    def call(self, *command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [str(word) for word in command], text=True, capture_output=True, timeout=DEADLINE_S,
            **{"env": self.environment, "cwd": self.machine, **options},
        )  # fmt: skip

    def sync(self, *options: str, **how: object) -> subprocess.CompletedProcess[str]:
        return self.call(self.root / "scripts/zephyr_uv_sync.sh", *options, **how)

    def run(self, *command: str | Path, **how: object) -> subprocess.CompletedProcess[str]:
        return self.call(self.root / "scripts/zephyr_uv_run.sh", *command, **how)


def make_project(folder: Path, uv_cache: Path) -> Project:
    """A project in a folder with spaces on a plain machine, whose only packages are its own."""
    project = Project(folder / "a project", folder / "machine")
    shutil.copytree(REPOSITORY / "scripts/lib", project.root / "scripts/lib")
    for script in REPOSITORY.glob("scripts/zephyr_uv_*.sh"):
        shutil.copy2(script, project.root / "scripts")
    (project.root / "src").mkdir()
    (project.root / "src/pretend.py").write_text("here = True\n")
    (project.root / "backend.py").write_text(BACKEND)
    (project.root / "constraints.txt").write_text("motor==1.0\nhammer==1.0\ntorch==9.9.9\n")
    project.depend_on()
    for name, version in [("motor", "1.0"), ("motor", "2.0"), ("hammer", "1.0")]:
        wheel(project.index, name, version)
    words = {"calls": project.machine / "uv-calls", "trouble": project.trouble, "uv": tool("uv")}
    executable(project.machine / "bin/uv", UV.format(**words))
    project.environment = {
        "PATH": f"{project.machine}/bin:/usr/bin:/bin",
        "HOME": str(project.machine),
        "ZEPHYR_PYTHON": str(BASE_PYTHON),
        "ZEPHYR_SPACK_VIEW": str(project.machine / "no such view"),
        "UV_CACHE_DIR": str(uv_cache),
        # The machine's settings: an index that is a folder. What the real machine says does not count.
        "UV_CONFIG_FILE": str(project.machine / "uv.toml"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(project.index),
    }
    (project.machine / "uv.toml").write_text(f'no-index = true\nfind-links = ["{project.index}"]\n')
    return project


def make_spack_view(view: Path) -> Path:
    """A Python installation of its own: the real binary and library, and site-packages to fill.

    Returns its site-packages, which hold pip if the real ones do.
    """
    (view / "bin").mkdir(parents=True)
    shutil.copy2(BASE_PYTHON.resolve(), view / "bin/python")
    library = view / "lib" / PYTHON_FOLDER
    packages = library / "site-packages"
    packages.mkdir(parents=True)
    for entry in Path(sysconfig.get_path("stdlib")).iterdir():
        if entry.name not in ("site-packages", "dist-packages"):
            (library / entry.name).symlink_to(entry)
    # Debian's Python looks for packages elsewhere, but not in a venv: let every name lead to the same folder.
    question = "import site; print(*site.getsitepackages(), sep='\\n')"
    answer = subprocess.run(
        [view / "bin/python", "-I", "-c", question], capture_output=True, text=True, check=True
    )
    for other in map(Path, answer.stdout.splitlines()):
        if other.is_relative_to(view) and not other.exists():
            other.parent.mkdir(parents=True, exist_ok=True)
            other.symlink_to(packages)
    question = "import os, pip; print(os.path.dirname(pip.__file__))"
    answer = subprocess.run([BASE_PYTHON, "-I", "-c", question], capture_output=True, text=True)
    if answer.returncode == 0:
        (packages / "pip").symlink_to(answer.stdout.strip())
    return packages


@dataclass
class Container:
    """A project in a make-believe container."""

    project: Project
    packages: Path
    cuda: Path

    def provide(self, name: str, version: str) -> None:
        """Put a package into the system's Python."""
        with zipfile.ZipFile(wheel(self.project.machine / "system wheels", name, version)) as archive:
            archive.extractall(self.packages)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear in {DEADLINE_S} s"
        time.sleep(0.02)


def assert_failed(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It failed, said why in words, and then what to do next."""
    assert done.returncode == 1, done
    assert all(word in done.stderr for word in words), done.stderr
    assert done.stderr.splitlines()[-1].startswith("zephyr: next: "), done.stderr
