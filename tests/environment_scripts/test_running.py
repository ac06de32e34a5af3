"""Running a command in the environment."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from environment_scripts.make_believe import REPOSITORY, Project, wheel


def test_stdout_belongs_to_the_command_even_when_it_syncs_first(project: Project) -> None:
    done = project.run("cat", input="from stdin")
    assert (done.returncode, done.stdout) == (0, "from stdin")
    assert "ready after" in done.stderr


def test_the_command_runs_in_the_callers_folder_with_the_venv_first(ready: Project, tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), sys.prefix, os.environ['VIRTUAL_ENV'], sep='|')"
    done = ready.run("python", "-c", code, cwd=tmp_path)
    assert done.stdout == f"{tmp_path}|{ready.venv}|{ready.venv}\n"


def test_it_can_be_called_through_links_and_relative_paths(ready: Project, tmp_path: Path) -> None:
    (tmp_path / "first").symlink_to(ready.root / "scripts/zephyr_uv_run.sh")
    (tmp_path / "second").symlink_to("first")
    code = "import pretend; print(pretend.here)"
    for command, folder in [
        (tmp_path / "second", "/"),
        ("./second", tmp_path),
        ("./zephyr_uv_run.sh", ready.root / "scripts"),
    ]:
        assert ready.call(command, "python", "-c", code, cwd=folder).stdout == "True\n"
    assert ready.call("bash", "zephyr_uv_run.sh", "true", cwd=ready.root / "scripts").returncode == 0


def test_exit_codes_and_signals_pass_through(ready: Project) -> None:
    assert ready.run("bash", "-c", "exit 7").returncode == 7
    assert ready.run("bash", "-c", "kill -TERM $$").returncode == -signal.SIGTERM
    assert ready.run("no-such-command").returncode == 127
    assert (
        ready.run("python", "-c", "import sys; print(sys.argv[1:])", "a b", "", "*").stdout
        == "['a b', '', '*']\n"
    )


def test_usage_errors_exit_with_2(ready: Project) -> None:
    assert (ready.run().returncode, ready.run("--nonsense", "true").returncode) == (2, 2)
    assert "usage: zephyr_uv_run.sh" in ready.run().stderr
    assert ready.sync("--nonsense").returncode == 2


@pytest.mark.parametrize("name", ["torch", "jax", "nvidia-nccl-cu12", "greedy"])
def test_a_uv_that_is_called_in_the_environment_refuses_what_uv_must_not_install(
    ready: Project, name: str
) -> None:
    for known in ("torch", "jax", "nvidia-nccl-cu12"):
        wheel(ready.index, known)
    wheel(ready.index, "greedy", requires=["torch"])
    wheel(ready.index, "innocent")
    done = ready.run("uv", "pip", "install", "--dry-run", name)
    assert done.returncode == 1
    assert f"{'torch' if name == 'greedy' else name}<0" in done.stderr
    done = ready.run("uv", "pip", "install", "--dry-run", "innocent")
    assert done.returncode == 0
    assert "innocent==1.0" in done.stderr
    assert set(ready.installed) == {"motor", "hammer", "pretend"}


def test_every_known_name_is_one_of_those_that_uv_never_installs(shell_rule: Callable[..., bool]) -> None:
    text = 'ROOT=/nowhere; . "$0"; known_never_by_uv'
    library = REPOSITORY / "scripts/lib/zephyr_common.sh"
    done = subprocess.run(["bash", "-c", text, library], capture_output=True, text=True, check=True)
    names = done.stdout.split()
    assert len(names) == len(set(names)) > 100
    assert all(shell_rule("is_never_by_uv", name) for name in names)


def test_cuda_is_not_touched_on_a_plain_machine(ready: Project, tmp_path: Path) -> None:
    (tmp_path / "lib64").mkdir()
    environment = ready.environment | {"ZEPHYR_CUDA_ROOT": str(tmp_path)}
    assert ready.run("printenv", "LD_LIBRARY_PATH", env=environment).returncode == 1
