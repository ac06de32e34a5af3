"""A run's folder: closed to other users, removed without following them, swept when nobody answers for it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dead_runs import killed_with_its_guardian, until
from monarch_vs_ray.core.errors import UnsafeFolder
from monarch_vs_ray.side.guardian import processes
from monarch_vs_ray.side.guardian.removal import Folder, empty, find_traces, remove_segments, remove_traces
from monarch_vs_ray.side.run_folder import bases, dead_folders, inner, is_safe, new_folder, sweep_dead

NOBODY = 65534
TRIES = 20
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="acts as a second user, which only root can")


@pytest.fixture
def base(monkeypatch) -> Iterator[Path]:
    """A temporary folder like /tmp, in which everybody may make files, and whose path is short."""
    folder = Path(tempfile.mkdtemp(prefix="t-", dir="/tmp"))
    folder.chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


@contextmanager
def as_nobody(act: Callable[[], None]) -> Iterator[int]:
    """Have a second user act in a process of its own meanwhile."""
    if (pid := os.fork()) == 0:
        with suppress(BaseException):
            os.closerange(
                3, 4096
            )  # the other ends of pipes by which the guardian knows that this process lives
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            act()
        os._exit(0)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


LIKE_RAY = "os.chmod(os.environ['MVR_RUN_DIR'], 0o777); print('open', flush=True); time.sleep(1000)"


@needs_root
def test_another_user_cannot_enter_the_folder_of_a_run(start, base):
    entered = base / "entered"
    for _ in range(TRIES):
        watched = start(LIKE_RAY)
        side = watched.run.sides[0]

        def act(folder=side.folder):
            while True:
                for path in (folder, f"{folder}/r"):
                    with suppress(OSError):
                        os.listdir(path)
                        entered.touch()
                with suppress(OSError):
                    os.mkdir(f"{folder}/r/evil")
                    entered.touch()

        with as_nobody(act):
            watched.until(
                lambda watched=watched: bool(watched.text("stdout")), "the engine's folder to be open"
            )
            assert stat.S_IMODE(os.stat(side.run_dir).st_mode) == 0o777
            assert stat.S_IMODE(os.stat(side.folder).st_mode) == 0o700
            watched.run.stop()
            watched.to_the_end()
        assert not os.path.exists(side.folder)
    assert not entered.exists()


@needs_root
def test_a_link_that_another_user_puts_in_the_way_is_not_followed(start, base):
    """Here the folder is opened on purpose, so that the second user gets in; removal alone must hold."""
    victim = base / "victim"
    victim.mkdir()
    for number in range(300):
        (victim / f"f{number}").touch()
    opened = "os.chmod(os.path.dirname(os.environ['MVR_RUN_DIR']), 0o755);" + LIKE_RAY
    for _ in range(TRIES):
        watched = start(opened)
        side = watched.run.sides[0]
        watched.until(lambda watched=watched: bool(watched.text("stdout")), "the folder to be open")
        ready = base / "ready"

        def act(run_dir=side.run_dir, ready=ready):
            os.mkdir(f"{run_dir}/evil")
            for number in range(300):
                os.close(os.open(f"{run_dir}/evil/f{number}", os.O_CREAT))
            os.symlink(victim, f"{run_dir}/link")
            ready.touch()
            while True:  # the folder, a link to the victim, the folder, ...
                with suppress(OSError):
                    os.rename(f"{run_dir}/evil", f"{run_dir}/aside")
                    os.rename(f"{run_dir}/link", f"{run_dir}/evil")
                with suppress(OSError):
                    os.rename(f"{run_dir}/evil", f"{run_dir}/link")
                    os.rename(f"{run_dir}/aside", f"{run_dir}/evil")

        with as_nobody(act):
            until(ready.exists, "the attack to begin")
            watched.run.stop()
            watched.to_the_end()
        ready.unlink()
        assert len(os.listdir(victim)) == 300
        assert not os.path.exists(side.folder)


@needs_root
def test_of_another_users_files_none_is_taken_for_ours(base):
    def act():
        os.mkdir(base / "theirs")
        (base / "theirs" / "log-1").touch()
        os.symlink(base / "ours", base / "link")
        os.mkdir(base / "mvr-run-00000000")
        Path("/dev/shm", f"{base.name}-theirs").touch()

    (base / "ours").mkdir()
    (base / "ours" / "log-2").touch()
    with as_nobody(act):
        until(Path("/dev/shm", f"{base.name}-theirs").exists, "their files")
    theirs = Path("/dev/shm", f"{base.name}-theirs")
    try:
        assert find_traces(f"{base}/*/log-*") == [f"{base}/ours/log-2"]
        assert remove_traces([f"{base}/*/log-*"]) == 1
        assert (base / "theirs" / "log-1").exists()
        assert remove_segments([(theirs.name, theirs.stat().st_ino)], 0.0) == 0
        assert theirs.exists()
        assert list(dead_folders()) == []
        assert (base / "mvr-run-00000000").exists()
    finally:
        theirs.unlink()


def test_a_segment_is_removed_by_name_and_inode_unless_it_is_older_than_the_run():
    segment = Path("/dev/shm", f"mvr-test-{os.getpid()}")
    segment.touch()
    inode = segment.stat().st_ino
    try:
        assert remove_segments([(segment.name, inode + 1)], 0.0) == 0
        assert remove_segments([(segment.name, inode)], time.time() + 60) == 0
        assert remove_segments([(segment.name, inode)], 0.0) == 1
        assert not segment.exists()
    finally:
        segment.unlink(missing_ok=True)


def test_removal_goes_to_any_depth_and_through_closed_folders(tmp_path):
    deep = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=deep)
        below = os.open("d", os.O_RDONLY, dir_fd=deep)
        os.close(os.open("f", os.O_CREAT, dir_fd=below))
        os.close(deep)
        deep = below
    os.close(deep)
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut" / "f").touch()
    (tmp_path / "shut").chmod(0)
    before = len(os.listdir("/proc/self/fd"))
    folder = os.open(tmp_path, os.O_RDONLY)
    assert empty(folder) == 1501
    os.close(folder)
    assert os.listdir(tmp_path) == []
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_folder_is_only_dead_when_nobody_answers_for_it(base):
    living = Folder.make(new_folder())
    assert list(dead_folders()) == []
    living.close()
    (dead,) = dead_folders()
    assert dead.path == living.path
    assert list(dead_folders()) == []  # now this process answers for it
    assert dead.remove() == 0
    assert os.listdir(base) == []


def test_a_folder_that_was_swept_before_it_was_locked_is_made_again(base, monkeypatch):
    import fcntl

    path, sweeps = new_folder(), iter([True])
    lock = fcntl.flock

    def late(fd, how):
        if next(sweeps, False):
            os.rmdir(path)
        lock(fd, how)

    monkeypatch.setattr(fcntl, "flock", late)
    folder = Folder.make(path)
    assert os.listdir(path) == ["r"]
    folder.remove()
    folder.close()


def test_a_base_in_which_others_can_replace_a_folder_is_not_used(base, monkeypatch):
    assert is_safe(str(base))
    base.chmod(0o777)
    assert not is_safe(str(base))
    assert str(base) not in bases()
    assert not new_folder().startswith(str(base))
    monkeypatch.setattr("monarch_vs_ray.side.run_folder.bases", list)
    with pytest.raises(UnsafeFolder, match="set TMPDIR"):
        new_folder()


def test_what_parent_and_guardian_left_is_removed_by_the_next_run(start, base):
    segment: Path
    with killed_with_its_guardian() as folder:
        segment = Path(f"/dev/shm/mvr-test-{folder[-8:]}")
        reader = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], cwd=folder)
        try:
            until(lambda: len(processes.members(folder)) == 1, "the side's end with its guardian")
            assert segment.exists()
            start("").to_the_end()
            assert not os.path.exists(folder)
            assert processes.members(folder) == []
            assert not segment.exists()
            assert reader.poll() is None  # who only looks at a run's folder is nobody's leftover
        finally:
            reader.kill()
            reader.wait()


def test_a_run_that_goes_on_is_not_swept_by_another(start, base):
    living = start("print('up', flush=True); time.sleep(1000)")
    living.until(lambda: bool(living.text("stdout")), "the side")
    assert sweep_dead(lambda run_dir: []) == []
    start("").to_the_end()
    assert os.path.exists(inner(living.run.sides[0].folder))
    assert not living.run.over


def test_a_side_finds_no_module_in_the_callers_folder(start, tmp_path, monkeypatch):
    (tmp_path / "typing_extensions.py").write_text("print('hijacked', flush=True)")
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "wanted.py").touch()
    monkeypatch.chdir(tmp_path)
    code = "import os, sys, wanted, runpy; print(os.getcwd(), sys.path); import typing_extensions"
    (tmp_path / "found" / "program.py").write_text(code)
    monkeypatch.setenv(
        "PYTHONPATH", f"found{os.pathsep}"
    )  # relative, and with an entry for the current folder
    watched = start("", command=(sys.executable, "-m", "program")).to_the_end()
    (said,) = watched.text("stdout")
    assert said.startswith("<run> ")
    assert f"{tmp_path.name}/found'" in said
    assert f"{tmp_path.name}'" not in said


def test_a_program_with_a_relative_path_is_still_found(start, tmp_path, monkeypatch):
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path)
    watched = start("", command=("./python", "-c", "print('here')")).to_the_end()
    assert watched.text("stdout") == ["here"]
