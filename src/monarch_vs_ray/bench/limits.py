"""Measure the machine without an engine: two bare Python processes on two cores, memory, and nothing else.

Each side process measures them before it imports its engine, so every row of an engine has its limits from
the same run, and the two engines' processes must find the same: a difference between them is the machine's.
"""

from __future__ import annotations

import mmap
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import Pipe

from monarch_vs_ray.bench import graph
from monarch_vs_ray.bench.bare_graph import bare_graph
from monarch_vs_ray.bench.forked import opposite
from monarch_vs_ray.bench.measure import Measure
from monarch_vs_ray.bench.payload import checksum, payload

WORD = 16
"""Bytes of a message whose size does not matter."""


def pipe_round_trip(measure: Measure) -> None:
    """Send a word through a pipe to a process on another core, and wait for it to come back."""
    _pipe(measure, cores=2)


def pipe_round_trip_one_core(measure: Measure) -> None:
    """Do the same with both processes on one core."""
    _pipe(measure, cores=1)


def _pipe(measure: Measure, cores: int) -> None:
    here, there = os.pipe()
    back, answer = os.pipe()

    def echo() -> None:
        while data := os.read(here, WORD):
            os.write(answer, data)

    word = b"x" * WORD

    def round_trip() -> bytes:
        os.write(there, word)
        return os.read(back, WORD)

    with opposite(echo, cores=cores):
        measure.valid(round_trip() == word, "another word came back")
        measure.latency(round_trip)
    for descriptor in (here, there, back, answer):
        os.close(descriptor)


def socket_round_trip(measure: Measure) -> None:
    """Send a word through a unix socket and wait for it to come back."""
    ours, theirs = socket.socketpair()
    word = b"x" * WORD

    def echo() -> None:
        while data := theirs.recv(WORD):
            theirs.sendall(data)

    def round_trip() -> bytes:
        ours.sendall(word)
        return ours.recv(WORD)

    with ours, theirs, opposite(echo):
        measure.valid(round_trip() == word, "another word came back")
        measure.latency(round_trip)


def pickle_one_way(measure: Measure) -> None:
    """Send pickled bytes of the row's size through a ``multiprocessing`` pipe and wait for a word."""
    ours, theirs = Pipe()
    load = os.urandom(max(1, measure.row.size))

    def echo() -> None:
        theirs.send(checksum(theirs.recv()))
        while True:
            theirs.recv()
            theirs.send(0)

    def round_trip() -> int:
        ours.send(load)
        return int(ours.recv())

    with opposite(echo):
        measure.valid(round_trip() == checksum(load), "other bytes arrived")
        measure.latency(round_trip)
    ours.close()
    theirs.close()


def memory_copy(measure: Measure) -> None:
    """Copy bytes of the row's size from one buffer to another, within one process."""
    size = measure.row.size
    source, target = payload(size), bytearray(size)
    view = memoryview(target)

    def copy() -> None:
        view[:] = source

    copy()
    measure.valid(target == source, "the copy differs")
    measure.latency(copy)


def shared_memory_hand_over(measure: Measure) -> None:
    """Fill memory that two processes share, tell the other one through a pipe, and wait for its word."""
    size = measure.row.size
    memory = mmap.mmap(-1, size)
    load = bytes(payload(size))
    here, there = os.pipe()
    back, answer = os.pipe()

    def look() -> None:
        while os.read(here, 1):
            os.write(answer, memory[size - 1 : size])

    def hand_over() -> bytes:
        memory[:] = load
        os.write(there, b"x")
        return os.read(back, 1)

    with opposite(look):
        measure.valid(hand_over() == load[-1:], "the other process saw something else")
        measure.latency(hand_over)
    for descriptor in (here, there, back, answer):
        os.close(descriptor)
    memory.close()


def bare_spawn(measure: Measure) -> None:
    """Start a Python process that imports nothing, and wait for its first byte."""

    def spawn() -> tuple[subprocess.Popen[bytes], bytes]:
        program = "import sys; sys.stdout.write('x'); sys.stdout.flush(); sys.stdin.read()"
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdout
        return process, process.stdout.read(1)

    def end(process: subprocess.Popen[bytes]) -> None:
        with process:
            assert process.stdin
            process.stdin.close()

    process, first = spawn()
    end(process)
    measure.valid(first == b"x", "another byte came")
    measure.latency(spawn, after=lambda spawned: end(spawned[0]))


def pickle_only(measure: Measure) -> None:
    """Pickle and unpickle bytes of the row's size, within one process."""
    load = os.urandom(max(1, measure.row.size))
    measure.valid(pickle.loads(pickle.dumps(load)) == load, "other bytes came back")
    measure.latency(lambda: pickle.loads(pickle.dumps(load, protocol=5)))


LIMITS: dict[str, Callable[[Measure], None]] = {
    **{
        function.__name__: function
        for function in (
            pipe_round_trip,
            pipe_round_trip_one_core,
            socket_round_trip,
            pickle_one_way,
            pickle_only,
            memory_copy,
            shared_memory_hand_over,
            bare_spawn,
        )
    },
    **{f"bare_graph_{pattern}": bare_graph for pattern in graph.PATTERNS},
}
