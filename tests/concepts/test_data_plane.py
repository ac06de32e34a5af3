"""The oracle of the data plane, its closing sentences, and its instruments; no engine runs."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import threading
import time

import pytest

from monarch_vs_ray.concepts.data_plane import instruments, spec
from recorded import doctored, recording, seen, verdict

CONCEPT = spec.CONCEPT


@pytest.fixture(autouse=True)
def temporary_files_go_with_the_test(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(scope="module")
def events():
    return recording(CONCEPT)


def test_the_oracle_accepts_the_recorded_run(events):
    assert verdict(CONCEPT, events) == 0


@pytest.mark.parametrize("side", ["monarch", "ray"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("handle_bytes", [528, 1_048_576, 67_108_864]),  # the data itself
        ("handle_bytes", [5000, 5000, 5000]),
        ("busy_call", "finished"),  # then the owner was not busy
        ("busy_read", "waited"),
        ("gil_read", "waited"),
        ("continued_read", ["finished", "waited"]),
        ("steps", 0),
        ("versions", 2),
        ("tensor", "different: torch.float32, cpu"),
        ("receiver_alone", "finished"),
        ("sender_alone", "finished"),
        ("checksums", 0),  # nothing was compared
        ("checksums_wrong", 1),
    ],
)
def test_the_oracle_refuses_what_must_not_be(events, side, key, value):
    assert verdict(CONCEPT, doctored(events, side, key, value)) == 1


@pytest.mark.parametrize("key", ["tensor", "receiver_alone", "sender_alone"])
def test_without_torch_all_can_be_well(events, key):
    assert verdict(CONCEPT, doctored(events, "ray", key, spec.NEEDS_TORCH)) == 0


def test_every_row_is_observed_on_both_sides(events):
    keys = {row.key for row in CONCEPT.rows}
    assert set(seen(events, "monarch")) == keys == set(seen(events, "ray"))
    assert keys >= set(spec.TORCH_ROWS)


def said(monarch, ray):
    return " ".join(CONCEPT.conclude(monarch, ray))


@pytest.mark.parametrize(
    ("side", "key", "value", "words"),
    [
        ("monarch", "handle_bytes", [1, 2, 3], "takes 1, 2, 3 bytes on Monarch"),
        ("ray", "way", "a pigeon", "on Ray by a pigeon"),
        ("ray", "lies", "a cloud", "and in a cloud"),
        ("monarch", "busy_read", "waited", "a read waited and finished"),
        ("ray", "stopped_read", "waited", "it waited and waited"),
        ("monarch", "owner_cpu", 7654, "7654 ms of CPU time on Monarch"),
        ("ray", "owner_cpu", 7654, "7654 ms on Ray"),
        ("monarch", "steps", 98765, "98765 steps on Monarch"),
        ("monarch", "versions_live", 77, "held 77 versions"),
        ("ray", "publish_ms", 6543, "and 6543 ms; one pull"),
        ("monarch", "gone_read", "Oops", "Oops on Monarch"),
        ("ray", "gone_seconds", 98.7, "after 98.7 s."),
        ("ray", "large_rate", 123456, "and 123456 MB/s"),
        ("ray", "checksums", 5, "and 5 checksums"),
    ],
)
def test_the_closing_sentences_come_from_the_observations(events, side, key, value, words):
    observed = {"monarch": seen(events, "monarch"), "ray": seen(events, "ray")}
    assert len(CONCEPT.conclude(**observed)) == len(CONCEPT.closing)
    assert words not in said(**observed)
    observed[side][key] = value
    assert words in said(**observed)


def test_a_sentence_without_its_observations_is_not_said(events):
    monarch, ray = seen(events, "monarch"), seen(events, "ray")
    del ray["lies"], monarch["owner_cpu"]
    assert len(CONCEPT.conclude(monarch, ray)) == len(CONCEPT.closing) - 2


def test_the_payload_is_the_same_every_time_and_has_a_checksum():
    assert len(spec.payload(1000)) == 1000
    again = subprocess.run(
        [
            sys.executable,
            "-c",
            "from monarch_vs_ray.concepts.data_plane import spec; print(spec.expected(1000))",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert again.stdout.strip() == spec.expected(1000) == spec.checksum(spec.payload(1000))


def test_checks_count_what_is_wrong():
    checks = spec.Checks()
    checks.add("a", "a")
    checks.add("a", "b")
    assert (checks.made, checks.wrong) == (2, 1)


def test_a_step_fills_the_weights_and_a_torn_pull_shows():
    weights = memoryview(bytearray(8 * spec.KB))
    spec.step(weights, 7)
    assert bytes(weights) == bytes([7]) * 8 * spec.KB
    assert spec.versions(weights) == 1
    spec.step(weights[: 4 * spec.KB], 8)
    assert spec.versions(weights) == 2


def test_training_goes_on_until_the_flag_is_up():
    inside, done = instruments.Flag.new(), instruments.Flag.new()
    trained: list[float] = []
    weights = memoryview(bytearray(spec.KB))
    thread = threading.Thread(target=lambda: trained.extend(spec.train(weights, inside, done)))
    thread.start()
    inside.wait()
    done.put_up()
    thread.join(timeout=30)
    assert trained == sorted(trained)
    assert trained


def test_pulls_say_when_they_were_and_how_torn():
    weights = [memoryview(b"a" * 4096), memoryview(b"a" * 2048 + b"b" * 2048), memoryview(b"b" * 4096)]
    left = iter(weights)
    pulled = spec.pull(lambda: next(left), 3)
    assert pulled.versions == 2
    assert pulled.checksum == spec.checksum(weights[-1])
    steps = [pulled.began - 1, pulled.began, pulled.ended, pulled.ended + 1]
    assert spec.steps_within(steps, pulled) == 2


def test_pulls_go_on_until_a_step_has_ended_however_slow_the_trainer_is():
    inside, done = instruments.Flag.new(), instruments.Flag.new()
    trained: list[float] = []
    weights = memoryview(bytearray(spec.KB))

    def slow_training() -> None:
        while not done.is_up():
            time.sleep(0.05)
            trained.append(time.monotonic())
            inside.put_up()

    thread = threading.Thread(target=slow_training)
    thread.start()
    try:
        pulled = spec.pull_through_a_step(lambda times: spec.pull(lambda: weights, times), inside)
    finally:
        done.put_up()
        thread.join(timeout=30)
    assert spec.steps_within(trained, pulled) >= 1
    assert pulled.versions == 1


def test_pulls_without_a_training_end_with_what_they_waited_for(monkeypatch):
    monkeypatch.setattr(spec, "PATIENCE", 0.05)
    with pytest.raises(TimeoutError, match=r"no training step ended in 0\.05 s of pulls"):
        spec.pull_through_a_step(lambda _: spec.Pulled(0, 1, 1, ""), instruments.Flag.new())


def test_the_expected_weights_are_those_of_the_step():
    weights = memoryview(bytearray(spec.WEIGHTS))
    spec.step(weights, spec.VERSION)
    assert spec.checksum(weights) == spec.expected_weights(spec.VERSION)


def test_rates_claim_two_digits():
    assert spec.megabytes_per_second(64 * spec.MB, 0.123) == 520
    assert spec.megabytes_per_second(spec.MB, 3.0) == 0


def test_waiting_ends_or_says_for_what():
    assert instruments.until(lambda: True, "nothing") < 10
    with pytest.raises(TimeoutError, match=r"waited 0\.01 s for a miracle"):
        instruments.until(lambda: False, "a miracle", seconds=0.01)


def test_memory_is_private_or_shared():
    array = bytearray(1 << 20)
    assert instruments.where_it_lies(ctypes.addressof(ctypes.c_char.from_buffer(array))) == "private memory"
    with pytest.raises(ValueError, match="no memory at 0x1"):
        instruments.where_it_lies(1)


def test_shared_memory_is_seen():
    import mmap

    shared = mmap.mmap(-1, 4096)  # MAP_SHARED is its default
    view = ctypes.c_char.from_buffer(shared)
    assert instruments.where_it_lies(ctypes.addressof(view)) == "shared memory"
    del view
    shared.close()


def test_outcomes_are_named():
    def fail(text):
        raise ValueError(text)

    assert instruments.attempt(lambda: None) == "finished"
    assert instruments.attempt(lambda: fail("first\nlast")) == "ValueError: last"
    assert instruments.attempt(lambda: fail("x" * 99)) == "ValueError"
    assert instruments.refusal(lambda: None) == "accepted"
    assert instruments.refusal(lambda: fail("")) == "refused: ValueError"


def test_what_is_installed_is_known():
    assert instruments.has("json")
    assert not instruments.has("no_such_module_anywhere")


def test_cpu_time_grows_with_work():
    before = instruments.cpu_milliseconds(os.getpid())
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert instruments.cpu_milliseconds(os.getpid()) - before >= 50


def test_the_lock_is_kept_until_it_is_released(tmp_path):
    """In another process, whose second thread counts: it must not count while the lock is kept."""
    code = """
import sys, threading, time
from monarch_vs_ray.concepts.data_plane import instruments
from pathlib import Path
counted = 0
def count():
    global counted
    while True:
        counted += 1
        time.sleep(0.001)
threading.Thread(target=count, daemon=True).start()
before = counted
instruments.keep_the_gil(sys.argv[1], instruments.Flag(Path(sys.argv[2])))
print(counted - before)
"""
    fifo, inside = instruments.new_fifo(), instruments.Flag(tmp_path / "flag")
    command = [sys.executable, "-c", code, fifo, str(inside.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        inside.wait()
        time.sleep(0.3)
        instruments.release(fifo)
        assert process.stdout
        assert int(process.stdout.readline()) < 50
