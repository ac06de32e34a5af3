"""Running a command in the environment."""

from __future__ import annotations

import signal
from pathlib import Path

from environment_scripts.make_believe import Project


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


def test_cuda_is_not_touched_on_a_plain_machine(ready: Project, tmp_path: Path) -> None:
    (tmp_path / "lib64").mkdir()
    environment = ready.environment | {"ZEPHYR_CUDA_ROOT": str(tmp_path)}
    assert ready.run("printenv", "LD_LIBRARY_PATH", env=environment).returncode == 1
