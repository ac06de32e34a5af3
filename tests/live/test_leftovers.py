"""The search for leftovers finds each kind of them; without this, finding nothing would mean nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from live.leftovers import place

SLEEP = [sys.executable, "-c", "print(flush=True); import time; time.sleep(60)"]


def test_a_place_where_nothing_happened_is_clean():
    with place() as here:
        assert not here.look()
        here.wait_until_clean(0.0)


def test_a_process_is_found_by_its_environment():
    with place() as here, subprocess.Popen(SLEEP, env=here.environment, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert [line.split()[0] for line in here.look().processes] == [str(process.pid)]
        with pytest.raises(AssertionError, match="there is still"):
            here.wait_until_clean(0.0)
        process.kill()


def test_a_process_that_hides_its_environment_is_found_by_its_files():
    with (
        place() as here,
        open(here.folder / "log", "w") as log,
        subprocess.Popen(SLEEP, env={}, stderr=log, stdout=subprocess.PIPE) as process,
    ):
        assert process.stdout
        process.stdout.readline()
        assert str(process.pid) in "".join(here.look().processes)
        process.kill()


def test_files_sockets_and_segments_are_found():
    with place() as here, socket.socket(socket.AF_UNIX) as listener:
        (here.folder / "file").touch()
        listener.bind(str(here.folder / "socket"))
        segment = Path("/dev/shm") / f"{here.folder.name}-segment"
        segment.touch()
        try:
            found = here.look()
        finally:
            os.unlink(segment)
        assert found.files == {str(here.folder / "file"), str(here.folder / "socket")}
        assert found.sockets == {str(here.folder / "socket")}
        assert segment.name in found.segments
