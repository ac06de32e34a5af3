"""The end of a kernel that used an engine: what is left of the engine ends, however the kernel ended."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from monarch_vs_ray.notebook.session import Session, session
from monarch_vs_ray.side.guardian import RUN_DIR
from monarch_vs_ray.side.guardian.removal import Folder
from monarch_vs_ray.side.run_folder import inner, new_folder


def test_the_watcher_ends_what_a_killed_kernel_left():
    path = new_folder()
    folder = Folder.make(path)
    command = [sys.executable, "-m", "monarch_vs_ray.notebook.watch", path]
    watcher = subprocess.Popen(command, stdin=subprocess.PIPE)
    orphan = subprocess.Popen(["sleep", "100"], env={**os.environ, RUN_DIR: inner(path)})
    try:
        folder.close()  # as the kernel's death does
        watcher.stdin.close()
        assert watcher.wait(20) == 0
        assert orphan.wait(5) == -9
        assert not os.path.lexists(path)
    finally:
        orphan.kill()
        watcher.kill()


def test_a_folder_whose_kernel_lives_is_left_alone(monkeypatch):
    path = new_folder()
    folder = Folder.make(path)
    try:
        code = f"from monarch_vs_ray.notebook import watch; watch.SECONDS = 0.2; watch.main({path!r})"
        subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, check=True, timeout=30)
        assert os.path.isdir(path)
    finally:
        folder.remove()
        folder.close()


class Choice:
    value = None


def test_without_a_choice_there_is_no_engine(monkeypatch):
    monkeypatch.delenv("MVR_RECORDED", raising=False)
    assert session(Choice()).engine is None


@pytest.mark.parametrize("at_exit", [False, True])
def test_a_session_closes_once(at_exit):
    closed = []

    class Kept:
        def close(self) -> None:
            closed.append(1)

    here = Session(engine="ray", folder=Kept())  # type: ignore[arg-type]
    assert "ray" not in sys.modules
    here.close(at_exit)
    here.close(at_exit)
    assert closed == [1]
