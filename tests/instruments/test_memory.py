"""Looking at and disturbing a process from inside."""

from __future__ import annotations

import ctypes
import mmap
import os
import subprocess
import tempfile
import threading
import time

import pytest

from monarch_vs_ray.instruments import memory
from monarch_vs_ray.instruments.flags import Flag
from monarch_vs_ray.instruments.wait import wait_for


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


def keep_for_a_while():
    """Keep the lock for about a second; another process lets it go, as this one runs no Python meanwhile."""
    fifo, inside = memory.new_fifo(), Flag.new()
    wait = f"while [ ! -e {inside.path} ]; do sleep 0.01; done; sleep 1; echo > {fifo}"
    letting_go = subprocess.Popen(["sh", "-c", wait])
    try:
        memory.keep_the_gil(fifo, inside)
    finally:
        letting_go.wait(timeout=30)


def test_the_lock_is_kept_until_it_is_released():
    ran, over = [], threading.Event()

    def watch() -> None:
        while not over.wait(0.001):
            ran.append(time.monotonic())

    thread = threading.Thread(target=watch)
    thread.start()
    wait_for(lambda: ran, "the watching thread to run")
    keep_for_a_while()
    over.set()
    thread.join(timeout=30)
    assert (
        max(later - earlier for earlier, later in zip(ran, [*ran[1:], time.monotonic()], strict=True)) > 0.25
    )


def test_a_lock_that_is_not_kept_is_noticed(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "PyDLL", ctypes.CDLL)  # gives the lock up during a call
    with pytest.raises(RuntimeError, match="another thread ran"):
        keep_for_a_while()
