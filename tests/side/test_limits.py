"""Every limit of the machine that is too low is named with its number and the next step."""

from __future__ import annotations

import os
import resource
import socket
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from monarch_vs_ray.core.errors import ExitCode, LimitTooLow
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.engines import limits

Space = namedtuple("Space", "f_bavail f_frsize f_files f_favail")


def limit(monkeypatch, which: int, value: int) -> None:
    real = resource.getrlimit
    monkeypatch.setattr(
        limits.resource, "getrlimit", lambda asked: (value, value) if asked == which else real(asked)
    )


def one_refusal() -> str:
    with pytest.raises(LimitTooLow) as refused:
        limits.require(ENGINES)
    assert refused.value.exit_code == ExitCode.SIDE_FAILED
    assert "; next: " in str(refused.value)
    return str(refused.value)


def test_this_machine_passes_and_every_fact_has_a_name_of_its_own():
    limits.require(ENGINES)
    found = limits.facts(ENGINES, Path("/no/such/folder"))
    assert len({fact.name for fact in found}) == len(found) == 8


def test_too_few_open_files(monkeypatch):
    limit(monkeypatch, resource.RLIMIT_NOFILE, 64)
    assert "open files: 64 allowed, 512 needed; next: ulimit -n" in one_refusal()
    limit(monkeypatch, resource.RLIMIT_NOFILE, resource.RLIM_INFINITY)
    limits.require(ENGINES)


def test_too_few_processes_for_a_user_who_is_not_root(monkeypatch):
    limit(monkeypatch, resource.RLIMIT_NPROC, 60)
    monkeypatch.setattr(limits.os, "geteuid", lambda: 0)
    limits.require(ENGINES)
    monkeypatch.setattr(limits, "_threads_of_this_user", lambda: 50)
    monkeypatch.setattr(limits.os, "geteuid", lambda: 1000)
    fact = limits.processes(ENGINES)
    assert (fact.state, fact.detail) == ("low", "10 more can be started, 550 needed")


def test_the_threads_of_this_user_are_counted():
    assert limits._threads_of_this_user() >= len(os.listdir("/proc/self/task"))


def test_too_few_processes_for_the_container(monkeypatch, tmp_path):
    monkeypatch.setattr(limits, "CGROUP", tmp_path)
    (tmp_path / "pids.max").write_text("100\n")
    (tmp_path / "pids.current").write_text("60\n")
    assert "processes: 40 more can be started" in one_refusal()
    (tmp_path / "pids.max").write_text("max\n")
    limits.require(ENGINES)


def test_a_full_disk_and_full_shared_memory(monkeypatch):
    monkeypatch.setattr(limits.os, "statvfs", lambda folder: Space(1, 4096, 100, 50))
    assert "temporary folder: 0 MiB free" in one_refusal()
    assert limits.shared_memory().state == "low"
    assert limits.result_space(Path("/tmp/not/there")).state == "low"
    certain = {suspect.text.partition(":")[0]: suspect.certain for suspect in limits.suspects("ray", "/x")}
    assert certain == {"/dev/shm": True, "temporary folder": True}
    monkeypatch.setattr(limits.os, "statvfs", lambda folder: Space(1 << 30, 4096, 100, 0))
    assert "no more files can be made" in one_refusal()


def test_a_temporary_folder_that_others_can_write_to(monkeypatch):
    monkeypatch.setattr(limits, "bases", list)
    assert "other users could replace a run's folder" in one_refusal()


def test_no_loopback(monkeypatch):
    def unreachable(*_: object, **__: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(limits.socket, "create_connection", unreachable)
    assert "loopback: 127.0.0.1 does not answer: Network is unreachable" in one_refusal()
    assert socket.socket  # the ear was closed again: no warning of an open socket


def test_variables_of_the_engines_that_reach_a_run_are_named(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("RAY_", "MONARCH_", "HYPERACTOR_"))]:
        monkeypatch.delenv(name)
    assert limits.variables().state == "works"
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")  # a run removes it
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")  # a run sets it
    assert limits.variables().state == "works"
    monkeypatch.setenv("RAY_num_heartbeats_timeout", "garbage")
    monkeypatch.setenv("HYPERACTOR_CODEC_MAX_FRAME_LENGTH", "1")
    fact = limits.variables()
    assert fact.state == "changed"
    assert fact.remedy == "unset HYPERACTOR_CODEC_MAX_FRAME_LENGTH RAY_num_heartbeats_timeout"
    (suspect,) = limits.suspects("ray", "/x")
    assert "env -u RAY_num_heartbeats_timeout mvr" in suspect.text
    assert not suspect.certain


def test_a_log_folder_of_another_user_is_named(monkeypatch, tmp_path):
    assert limits.log_folder().state == "works"
    (tmp_path / "link").symlink_to("/tmp")
    monkeypatch.setattr(limits, "Path", lambda *parts: tmp_path / "link")
    assert limits.log_folder().state == "low"


def test_results_where_nothing_can_be_written(monkeypatch):
    monkeypatch.setattr(limits.os, "access", lambda folder, how: False)
    assert limits.result_space(Path(tempfile.gettempdir())).state == "missing"
