"""Fixtures for the environment scripts: projects, containers, the scripts' own rules."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from environment_scripts.make_believe import (
    BASE_PYTHON,
    DEADLINE_S,
    REPOSITORY,
    Container,
    Project,
    make_project,
    make_spack_view,
)


@pytest.fixture(scope="session")
def python() -> Path:
    """The real Python, outside of any venv."""
    return BASE_PYTHON


@pytest.fixture(scope="session")
def uv_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uv-cache")


@pytest.fixture
def project(tmp_path: Path, uv_cache: Path) -> Project:
    return make_project(tmp_path, uv_cache)


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory, uv_cache: Path) -> Project:
    """A project that is set up. Tests that share it leave it as it is."""
    project = make_project(tmp_path_factory.mktemp("ready"), uv_cache)
    done = project.sync()
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def container(project: Project) -> Container:
    view, cuda = project.machine / "spack view", project.machine / "cuda"
    packages = make_spack_view(view)
    del project.environment["ZEPHYR_PYTHON"]
    project.environment |= {"ZEPHYR_SPACK_VIEW": str(view), "ZEPHYR_CUDA_ROOT": str(cuda)}
    return Container(project, packages, cuda)


@pytest.fixture
def shell_rule() -> Callable[..., bool]:
    """Ask a rule of scripts/lib/zephyr_common.sh about some words."""

    def ask(rule: str, *words: str) -> bool:
        text = f'set -eu; ROOT=/nowhere; . "$0"; {rule} "$@"'
        library = REPOSITORY / "scripts/lib/zephyr_common.sh"
        code = subprocess.run(["bash", "-c", text, library, *words], timeout=DEADLINE_S).returncode
        assert code in (0, 1), code
        return code == 0

    return ask
