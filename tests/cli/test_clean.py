"""``mvr clean`` finds what dead runs left, removes it when told to, and touches nothing else."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dead_runs import killed_with_its_guardian, until
from monarch_vs_ray.side.guardian import processes
from monarch_vs_ray.side.guardian.removal import Folder
from monarch_vs_ray.side.run_folder import new_folder


@pytest.fixture
def base(monkeypatch) -> Iterator[Path]:
    """A temporary folder with a short path, in which there is nothing yet."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def clean(base: Path, *options: str) -> str:
    command = [sys.executable, "-m", "monarch_vs_ray", "clean", *options]
    environment = {**os.environ, "TMPDIR": str(base)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def left(base: Path, *options: str) -> list[dict[str, object]]:
    """What is said to be left in this base: other runs of this machine are none of the test's."""
    runs = json.loads(clean(base, "--json", *options))["runs"]
    return [run for run in runs if str(run["folder"]).startswith(str(base))]


def test_nothing_is_left_where_nothing_died(base):
    living = Folder.make(new_folder())
    (base / "mvr-run-of-my-own").mkdir()
    (base / "mvr-run-12345678").touch()  # no folder
    assert left(base, "--yes") == []
    assert sorted(os.listdir(base)) == sorted(
        [os.path.basename(living.path), "mvr-run-12345678", "mvr-run-of-my-own"]
    )
    living.remove()
    living.close()


def test_a_dead_run_is_listed_and_only_with_yes_removed(base):
    with killed_with_its_guardian() as folder:
        until(lambda: len(processes.members(folder)) == 1, "the side's end with its guardian")
        with socket.socket(socket.AF_UNIX) as ear:
            ear.bind(f"{folder}/r/s")
        segment = Path(f"/dev/shm/mvr-test-{folder[-8:]}")
        (run,) = left(base)
        assert run == {
            "folder": folder,
            "processes": ["python"],
            "segments": 1,
            "sockets": 1,
            "files": 1,
            "logs": [],
        }
        listed = clean(base)
        assert "1 process, 1 shared-memory segment, 1 socket, 1 file (python)" in listed
        assert "mvr clean --yes" in listed
        assert os.path.exists(folder)
        assert segment.exists()
        assert "Removed" in clean(base, "--yes")
        assert not os.path.exists(folder)
        assert not segment.exists()
        assert processes.members(folder) == []


def test_processes_and_logs_of_a_run_whose_folder_is_gone(base):
    path = new_folder()
    folder = Path("/tmp", f"t-log-{os.getpid()}")
    folder.mkdir()
    log = folder / f"monarch_log_{path[1:].replace('/', '-')}-r.log"
    log.touch()
    other = folder / "monarch_log_of_another_program.log"
    other.touch()
    code = "import time; print(flush=True); time.sleep(1000)"
    environment = {**os.environ, "MVR_RUN_DIR": f"{path}/r"}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()
        (run,) = left(base)
        assert (run["folder"], run["processes"], run["logs"]) == (path, ["python"], [str(log)])
        left(base, "--yes")
        assert process.wait(timeout=10) == -9
        assert not log.exists()
        assert other.exists()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        shutil.rmtree(folder)
