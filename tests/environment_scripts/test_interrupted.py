"""A sync that was cut short, that meets another one, or that fails."""

from __future__ import annotations

import fcntl
import os
import signal

from environment_scripts.make_believe import DEADLINE_S, Project, assert_failed, wait_for


def test_a_sync_that_was_killed_is_repaired(project: Project) -> None:
    reached = project.machine / "reached"
    project.trouble.write_text(
        f'"$uv" "$@"; rm "{project.venv}"/lib/python*/site-packages/motor.py\n'
        f'touch "{reached}"; sleep {DEADLINE_S}\n'
    )
    killed = project.start(project.root / "scripts/zephyr_uv_sync.sh", start_new_session=True)
    wait_for(reached)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    project.trouble.unlink()
    assert not project.stamp.exists()
    done = project.run("python", "-c", "import motor, hammer, pretend; print('whole')")
    assert done.stdout == "whole\n", done.stderr
    assert "cut short" in done.stderr


def test_a_change_that_was_cut_short_after_a_good_sync_is_noticed(project: Project) -> None:
    assert project.sync().returncode == 0
    (project.venv / ".zephyr-unfinished").touch()  # as when pip is killed while it installs torch
    del project.environment["ZEPHYR_PYTHON"]  # so that the venv is asked what it was made from
    assert "cut short" in project.sync().stderr
    assert project.sync().stderr == ""


def test_two_calls_at_once_install_once(project: Project) -> None:
    project.trouble.write_text("sleep 0.5\n")
    calls = [project.start(project.root / "scripts/zephyr_uv_sync.sh") for _ in range(2)]
    said = [call.communicate(timeout=DEADLINE_S)[1] for call in calls]
    assert [call.returncode for call in calls] == [0, 0], said
    assert sum("waits for another sync" in text for text in said) == 1, said
    assert sum("pip install" in call for call in project.uv_calls) == 1
    holder, waiter = (0, 1) if "waits" in said[1] else (1, 0)
    assert f"process {calls[holder].pid} (since " in said[waiter]


def test_waiting_has_a_deadline_that_names_whom_it_waited_for(project: Project) -> None:
    lock = project.root / ".tools/sync.lock"
    lock.parent.mkdir()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("process 4711 (since 10:22:03)\n")
        held.flush()
        project.environment["ZEPHYR_LOCK_WAIT_S"] = "0.3"
        assert_failed(project.sync(), "gave up after 0.3 s", "process 4711 (since 10:22:03)")
    assert not project.venv.exists()


def test_a_call_with_nothing_to_do_waits_for_nobody(ready: Project) -> None:
    with (ready.root / ".tools/sync.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert ready.run("true").returncode == 0


def test_what_cannot_be_resolved_is_said_and_leaves_no_stamp(project: Project) -> None:
    project.depend_on("no-such-package")
    done = project.run("true")
    assert (done.returncode, done.stdout) == (125, "")
    assert "no-such-package" in done.stderr
    assert not project.stamp.exists()
    project.depend_on()
    assert project.run("true").returncode == 0


def test_an_installation_that_fails_leaves_no_stamp(project: Project) -> None:
    project.trouble.write_text("echo 'error: the disk is full' >&2; exit 2\n")
    assert_failed(project.sync(), "the disk is full")
    assert not project.stamp.exists()
    project.trouble.unlink()
    assert project.run("python", "-c", "import motor").returncode == 0
