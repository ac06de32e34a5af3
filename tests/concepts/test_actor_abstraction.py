"""Actor abstraction: the inputs, and what a run is worth in which something else was observed."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from monarch_vs_ray.concepts import find
from monarch_vs_ray.concepts.actor_abstraction import inputs
from monarch_vs_ray.instruments.flags import Tally
from recorded import doctored, recording, verdict

CONCEPT = find("actor_abstraction")


@pytest.fixture(autouse=True)
def temporary_files_go_with_the_test(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(scope="module")
def events():
    return recording(CONCEPT)


def test_the_recorded_run_is_as_claimed(events):
    assert verdict(CONCEPT, events) == 0


WRONG = [
    ("what_is_returned.reached", 0),
    ("error_of_a_method.caught", "ValueError"),
    ("error_of_a_method.original", "KeyError: no ball"),
    ("list_argument.callers", [0, 1]),
    ("failing_constructor.failed_at", "creation"),
    ("printed.stdout", 3),
]
OF_ONE = [
    ("monarch", "siblings.processes", 3),
    ("monarch", "plain_methods_at_once.at_once", 2),
    ("monarch", "array_argument.overwrite", "ActorError: ValueError: assignment destination is read-only"),
    ("ray", "concurrency_asked_for.at_once", 1),
    ("ray", "private_method.private", "AttributeError: no such method"),
    ("monarch", "unmarked_method.unmarked", "answered 'pong hello'"),
    ("monarch", "async_methods_at_once.at_once", 4),
    ("monarch", "waits_for_itself.answered", True),
    ("monarch", "last_reference_dropped.lives", False),
    ("ray", "siblings.processes", 2),
    ("ray", "async_methods_at_once.at_once", 3),
    ("ray", "waits_for_itself.answered", False),
    ("ray", "array_argument.overwrite", "answered 1.0"),
    ("ray", "last_reference_dropped.lives", True),
]


@pytest.mark.parametrize(
    ("side", "key", "value"), [*((side, *wrong) for side in ("monarch", "ray") for wrong in WRONG), *OF_ONE]
)
def test_what_must_not_be_changes_the_exit_code(events, side, key, value):
    assert verdict(CONCEPT, doctored(events, side, key, value)) == 1


def test_a_room_counts_who_is_inside_at_once():
    room = inputs.Room()
    assert [room.enter(0) for _ in range(2)] == [(1, 1)] * 2
    with ThreadPoolExecutor(inputs.CALLS) as threads:
        counts = [visit.result() for visit in [threads.submit(room.enter, 30) for _ in range(inputs.CALLS)]]
    assert max(most for most, _ in counts) == inputs.CALLS
    assert room.inside == 0


def test_an_async_room_counts_them_too():
    async def visit():
        room = inputs.AsyncRoom()
        alone = await room.enter(0)
        return alone, await asyncio.gather(*(room.enter(30) for _ in range(inputs.CALLS)))

    alone, together = asyncio.run(visit())
    assert alone == (1, 1)
    assert max(most for most, _ in together) == inputs.CALLS


def test_a_list_on_file_is_the_same_for_who_gets_a_copy():
    items = inputs.ListOnFile()
    inputs.ListOnFile.append(items, 0)
    copied = inputs.ListOnFile()
    copied.tally = Tally(items.tally.path)
    copied.append(1)
    assert list(items) == [0, 1]


def test_an_end_is_seen_and_a_life_too(monkeypatch):
    monkeypatch.setattr(inputs, "SILENCE", 0.5)
    tally, over = Tally.new(), threading.Event()

    def write():
        while not over.wait(0.01):
            tally.add()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert not inputs.ends(tally, 1.5)
        over.set()
        began = time.monotonic()
        assert inputs.ends(tally, 30)
        assert time.monotonic() - began < 30
    finally:
        over.set()
        writer.join()


PROGRAM = """
import sys
from pathlib import Path
for _ in range({count}):
    print("spoken", flush=True)
    print("spoken", file=sys.stderr)
Path(sys.argv[1]).touch()
sys.stdin.read()
"""


@pytest.mark.parametrize("count", [2, inputs.SPEAKERS])
def test_what_a_program_prints_is_counted(monkeypatch, tmp_path, count):
    monkeypatch.setattr(inputs, "OUTPUT", 0.1)
    (tmp_path / "speaking.py").write_text(PROGRAM.format(count=count))
    assert inputs.printed_by("speaking", PYTHONPATH=str(tmp_path)) == {"stdout": count, "stderr": count}
