"""Looking at and disturbing a process from inside."""

from __future__ import annotations

import ctypes
import mmap
import os
import subprocess
import sys
import tempfile
import time

import pytest

from monarch_vs_ray.instruments import memory
from monarch_vs_ray.instruments.flags import Flag


@pytest.fixture(autouse=True)
def temporary_files_go_with_the_test(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_memory_of_ones_own_is_private():
    array = bytearray(1 << 20)
    assert memory.where_it_lies(ctypes.addressof(ctypes.c_char.from_buffer(array))) == "private memory"


def test_mapped_memory_is_shared():
    shared = mmap.mmap(-1, 4096)  # MAP_SHARED is its default
    view = ctypes.c_char.from_buffer(shared)
    assert memory.where_it_lies(ctypes.addressof(view)) == "shared memory"
    del view
    shared.close()


def test_an_address_without_memory_is_refused():
    with pytest.raises(ValueError, match="no memory at 0x1"):
        memory.where_it_lies(1)


def test_processor_time_grows_with_work():
    before = memory.cpu_milliseconds(os.getpid())
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert memory.cpu_milliseconds(os.getpid()) - before >= 50


KEEPING = """
import sys, threading, time
from monarch_vs_ray.instruments import memory
from monarch_vs_ray.instruments.flags import Flag
from pathlib import Path
counted = 0
def count():
    global counted
    while True:
        counted += 1
        time.sleep(0.001)
threading.Thread(target=count, daemon=True).start()
before = counted
memory.keep_the_gil(sys.argv[1], Flag(Path(sys.argv[2])))
print(counted - before)
"""


def test_the_lock_is_kept_until_it_is_released(tmp_path):
    """In another process, whose second thread counts: it must not count while the lock is kept."""
    fifo, inside = memory.new_fifo(), Flag(tmp_path / "flag")
    command = [sys.executable, "-c", KEEPING, fifo, str(inside.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        inside.wait()
        time.sleep(0.3)
        memory.release(fifo)
        assert process.stdout
        assert int(process.stdout.readline()) < 50
