"""A side may do what it likes: the parent gets events, never an exception, and nothing is left."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
import time

import psutil
import pytest

from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.core.events import HarnessNote, LogLine, Metric
from monarch_vs_ray.side.launcher import Run
from monarch_vs_ray.side.run_folder import new_folder
from monarch_vs_ray.side.running import Limits, SideSpec


def notes(watched) -> list[str]:
    return [note.trouble for note in watched.of(HarnessNote)]


def test_events_arrive_in_order_and_complete(start):
    watched = start("for i in range(5000): send(event(i, value=i))").to_the_end()
    assert [event.value for event in watched.of(Metric)] == list(range(5000))
    assert watched.ended.ending == "exit"
    assert watched.ended.exit_code == 0
    assert notes(watched) == []
    assert watched.raw.count(b"\n") == len(watched.events)


def test_output_is_captured_line_by_line_with_its_origin(start):
    watched = start("print('one'); print('two', end=''); print('bad', file=sys.stderr)").to_the_end()
    assert watched.text("stdout") == ["one", "two"]
    assert watched.text("stderr") == ["bad"]


def test_a_garbled_line_is_noted_and_its_neighbours_are_kept(start):
    watched = start(
        "send(event(0)); send('{garbage\\n'); send(b'\\xff\\xfe\\n'); send(event(1))"
    ).to_the_end()
    assert notes(watched) == ["garbled", "garbled"]
    assert len(watched.of(Metric)) == 2


def test_an_event_of_no_known_type_or_with_a_field_too_many_is_garbled(start):
    watched = start("send(event(0, type='magic')); send(event(0, extra=1)); send(event(0))").to_the_end()
    assert notes(watched) == ["garbled", "garbled"]
    assert len(watched.of(Metric)) == 1


def test_an_oversized_line_is_skipped_without_being_kept(start):
    code = "send(event(0)); send(b'x' * 3_000_000); send('\\n'); send(event(1))"
    watched = start(code).to_the_end()
    (note,) = watched.of(HarnessNote)
    assert note.trouble == "oversized"
    assert "3000000" in note.detail
    assert len(watched.of(Metric)) == 2


def test_a_gap_in_the_sequence_and_a_foreign_event_are_noted(start):
    watched = start("send(event(0)); send(event(7)); send(event(8, side='monarch'))").to_the_end()
    assert notes(watched) == ["out_of_sequence", "wrong_side"]


def test_a_line_cut_off_by_the_end_is_noted(start):
    watched = start("send(event(0)); send('{\"type\":')").to_the_end()
    assert notes(watched) == ["garbled"]


def test_a_closed_pipe_is_noted_while_the_side_goes_on(start):
    watched = start("os.close(fd); time.sleep(0.6); print('still here')").to_the_end()
    assert notes(watched) == ["pipe_closed"]
    assert watched.text("stdout") == ["still here"]
    assert watched.ended.exit_code == 0


def test_a_flood_of_events_is_counted_not_kept(start):
    code = "send(''.join(event(i) for i in range(300)))"
    watched = start(code, limits=Limits(events=100)).to_the_end()
    assert len(watched.of(Metric)) == 100
    assert notes(watched) == ["flood"]
    assert watched.ended.dropped == 200


def test_a_flood_of_output_is_counted_not_kept(start):
    code = "sys.stdout.write('y\\n' * 50_000)"
    watched = start(code, limits=Limits(output_lines=1000)).to_the_end()
    assert len(watched.of(LogLine)) == 1000
    assert notes(watched) == ["flood"]
    assert watched.ended.dropped == 49_000


def test_a_line_of_output_without_end_is_not_kept_whole(start):
    watched = start("sys.stdout.write('x' * 1_000_000)").to_the_end()
    (text,) = watched.text("stdout")
    assert "1000000 bytes" in text


def test_a_crash_is_an_event_with_its_signal(start):
    watched = start("send(event(0)); os.kill(os.getpid(), 11)").to_the_end()
    assert (watched.ended.ending, watched.ended.signal) == ("signal", 11)
    assert len(watched.of(Metric)) == 1


def test_an_exit_code_is_told(start):
    assert start("sys.exit(3)").to_the_end().ended.exit_code == 3


def test_a_command_that_is_not_there_is_told(start, tmp_path):
    watched = start("", command=(str(tmp_path / "no-such-python"),)).to_the_end()
    assert watched.ended.exit_code == 127
    assert "could not be started" in watched.text("stderr")[0]


def test_a_hang_ends_at_the_deadline(start):
    watched = start("send(event(0)); time.sleep(1000)", deadline=0.3).to_the_end()
    assert watched.ended.ending == "deadline"
    assert len(watched.of(Metric)) == 1


def test_stop_ends_a_side_that_ignores_signals(start):
    code = """
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
send(event(0)); time.sleep(1000)"""
    watched = start(code)
    watched.until(lambda: bool(watched.of(Metric)), "the first event")
    watched.run.stop()
    assert watched.to_the_end().ended.ending == "stopped"


FORKS = """
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setpgid(0, 0)
            time.sleep(1000)
        os._exit(0)
time.sleep(0.2)
"""


def test_grandchildren_that_left_the_session_are_found_and_ended(start):
    watched = start(FORKS).to_the_end()
    assert len(watched.ended.strays) == 3
    assert processes_of(watched.run.sides[0].run_dir) == []


def processes_of(run_dir: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("MVR_RUN_DIR") == run_dir:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def test_the_run_folder_and_files_elsewhere_are_removed(start, tmp_path):
    code = f"""
folder = os.environ["MVR_RUN_DIR"]
os.makedirs(folder + "/deep/er"); open(folder + "/deep/er/file", "w").close()
os.symlink("/etc", folder + "/link")
open({str(tmp_path)!r} + "/trace-" + folder[-10:-2], "w").close()
"""
    (tmp_path / "other").touch()
    watched = start(code, traces=lambda run_dir: [f"{tmp_path}/trace-{run_dir[-10:-2]}"]).to_the_end()
    assert watched.ended.removed == 3
    assert not os.path.exists(watched.run.sides[0].folder)
    assert list(tmp_path.iterdir()) == [tmp_path / "other"]
    assert os.path.exists("/etc/passwd")


def test_shared_memory_of_a_killed_side_is_unlinked(start):
    code = """
import mmap
path = "/dev/shm/mvr-test-" + os.environ["MVR_RUN_DIR"][-10:-2]
file = open(path, "w+b"); file.truncate(4096); memory = mmap.mmap(file.fileno(), 4096)
print(path); sys.stdout.flush(); time.sleep(1000)"""
    watched = start(code)
    watched.until(lambda: bool(watched.text("stdout")), "the segment's name")
    path = watched.text("stdout")[0]
    assert os.path.exists(path)
    watched.run.stop()
    assert watched.to_the_end().ended.removed == 1
    assert not os.path.exists(path)


def test_the_environment_is_the_sides_own(start):
    code = "print(os.environ['A'], os.environ.get('HOME'), os.environ['TMPDIR'] == os.environ['MVR_RUN_DIR'])"
    watched = start(code, environment=lambda run_dir: {"A": "b", "HOME": None}).to_the_end()
    assert watched.text("stdout") == ["b None True"]


def test_stdin_is_empty_and_the_session_is_the_sides_own(start):
    watched = start("print(repr(sys.stdin.read()), os.getsid(0) == os.getpid())").to_the_end()
    assert watched.text("stdout") == ["'' True"]


def test_what_comes_after_the_end_is_late(start, tmp_path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    code = f"""
import socket, array
peer = socket.socket(socket.AF_UNIX); peer.connect({str(tmp_path / "s")!r})
socket.send_fds(peer, [b"x"], [fd])
send(event(0))"""
    watched = start(code)
    peer, _ = listener.accept()
    _, (pipe, *_), _, _ = socket.recv_fds(peer, 1, 1)
    side = watched.run.sides[0]
    watched.until(lambda: side._drained, "the guardian's end")
    os.write(pipe, b'{"too":"late"}\n')
    watched.to_the_end()
    os.close(pipe)
    assert notes(watched) == ["late"]
    assert len(watched.of(Metric)) == 1


def test_a_killed_guardian_leaves_nothing_either(start):
    code = FORKS + "send(event(0)); time.sleep(1000)"
    watched = start(code)
    watched.until(lambda: bool(watched.of(Metric)), "the first event")
    side = watched.run.sides[0]
    psutil.Process(side._guardian.pid).kill()
    assert watched.to_the_end().ended.ending == "lost"
    assert processes_of(side.run_dir) == []
    assert not os.path.exists(side.folder)


def test_names_of_this_machine_do_not_enter_the_history(start):
    code = "print(os.environ['MVR_RUN_DIR'] + '/x', os.path.expanduser('~/y'))"
    watched = start(code).to_the_end()
    assert watched.text("stdout") == ["<run>/x ~/y"]


def test_two_sides_share_one_clock_and_are_told_apart():
    command = (sys.executable, "-c", "print('hello')")
    run = Run([SideSpec("monarch", command), SideSpec("ray", command)], MonotonicClock())
    events = []
    while not run.over:
        events += run.poll(0.1).events
    assert {event.side for event in events if isinstance(event, LogLine)} == {"monarch", "ray"}
    assert all(0 <= event.at <= run.now() for event in events)


def test_the_run_folders_path_is_short_enough_for_unix_sockets(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("long" * 20)))
    assert len(new_folder()) <= 40


@pytest.mark.parametrize("number", range(5))
def test_when_the_parent_is_killed_nothing_of_the_side_is_left(tmp_path, number):
    code = textwrap.dedent(
        """
        import sys
        from monarch_vs_ray.core.clock import MonotonicClock
        from monarch_vs_ray.side.launcher import Run
        from monarch_vs_ray.side.running import SideSpec
        run = Run([SideSpec("ray", (sys.executable, "-c", sys.argv[1]), deadline=60)], MonotonicClock())
        print(run.sides[0].folder, flush=True)
        while True: run.poll(1)
        """
    )
    side = "import os, time\n" + FORKS + "time.sleep(1000)"
    parent = subprocess.Popen([sys.executable, "-c", code, side], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    folder = parent.stdout.readline().strip()
    assert re.search(r"/mvr-run-[0-9a-f]{8}$", folder)
    end = time.monotonic() + 0.08 * number  # a different moment of the side's life each time
    while time.monotonic() < end:
        pass
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 5
    while processes_of(f"{folder}/r") or os.path.exists(folder):
        assert time.monotonic() < end, f"5 s after the kill: {processes_of(f'{folder}/r')}, {folder}"
