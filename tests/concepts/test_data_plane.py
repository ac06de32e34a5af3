"""The data plane: what both engines are given, and what a run with another observation is worth."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time

import pytest

from monarch_vs_ray.concepts import find
from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.instruments.flags import Flag
from recorded import doctored, recording, verdict

CONCEPT = find("data_plane")


@pytest.fixture(autouse=True)
def temporary_files_go_with_the_test(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(scope="module")
def events():
    return recording(CONCEPT)


def test_the_recorded_run_is_as_claimed(events):
    assert verdict(CONCEPT, events) == 0


WRONG = [
    ("busy_owner.near", "waited"),
    ("busy_owner.far", "waited"),
    ("busy_owner.earlier_call", "finished"),
    ("owner_keeps_lock.near", "waited"),
    ("stopped_owner.far", "finished"),
    ("stopped_owner.afterwards", ["finished", "waited"]),
    ("pull_weights.versions", 2),
    ("pull_weights.steps", 0),
]
OF_ONE = [
    ("monarch", "read.lies", "shared memory"),
    ("monarch", "read_after_a_change.as_it_was", True),
    ("monarch", "write_to_the_owner.owner_has_it", False),
    ("monarch", "stopped_owner.near", "finished"),
    ("monarch", "pull_live_weights.versions", 1),
    ("monarch", "withdrawn.read", "finished"),
    ("monarch", "dead_owner.read", "finished"),
    ("ray", "read.lies", "private memory"),
    ("ray", "read_elsewhere.copies_after", 1),
    ("ray", "read_elsewhere.equal", False),
    ("ray", "read_after_a_change.as_it_was", False),
    ("ray", "write_into_what_was_read.write", "none"),
    ("ray", "stopped_owner.near", "waited"),
    ("ray", "receiver_alone.alone", "finished"),
    ("ray", "withdrawn.read", "OwnerDiedError"),
    ("ray", "dead_owner.read", "finished"),
]


@pytest.mark.parametrize(
    ("side", "key", "value"), [*((side, *wrong) for side in ("monarch", "ray") for wrong in WRONG), *OF_ONE]
)
def test_what_must_not_be_changes_the_exit_code(events, side, key, value):
    assert verdict(CONCEPT, doctored(events, side, key, value)) == 1


def test_payloads_are_the_same_in_every_process():
    code = "from monarch_vs_ray.concepts.data_plane import inputs; print(inputs.expected(1000))"
    again = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert again.stdout.strip() == inputs.expected(1000) == inputs.checksum(inputs.payload(1000))
    assert len(inputs.payload(1000)) == 1000
    assert inputs.expected(1000) != inputs.expected(1001)


def test_a_step_fills_the_weights_and_a_torn_pull_shows():
    weights = memoryview(bytearray(8 * inputs.KB))
    inputs.step(weights, 7)
    assert bytes(weights) == bytes([7]) * len(weights)
    assert inputs.versions(weights) == 1
    inputs.step(weights[: 4 * inputs.KB], 8)
    assert inputs.versions(weights) == 2


def test_the_expected_weights_are_those_of_the_step():
    weights = memoryview(bytearray(inputs.WEIGHTS))
    inputs.step(weights, inputs.VERSION)
    assert inputs.checksum(weights) == inputs.expected_weights(inputs.VERSION)


def test_training_goes_on_until_the_flag_is_up():
    inside, done = Flag.new(), Flag.new()
    trained: list[float] = []
    weights = memoryview(bytearray(inputs.KB))
    thread = threading.Thread(target=lambda: trained.extend(inputs.train(weights, inside, done)))
    thread.start()
    inside.wait()
    done.put_up()
    thread.join(timeout=30)
    assert trained == sorted(trained)
    assert trained


def test_pulls_say_when_they_were_and_how_torn():
    weights = [memoryview(b"a" * 4096), memoryview(b"a" * 2048 + b"b" * 2048), memoryview(b"b" * 4096)]
    left = iter(weights)
    pulled = inputs.pull(lambda: next(left), 3)
    assert pulled.versions == 2
    assert pulled.checksum == inputs.checksum(weights[-1])
    steps = [pulled.began - 1, pulled.began, pulled.ended, pulled.ended + 1]
    assert inputs.steps_within(steps, pulled) == 2


@pytest.fixture
def slow_training():
    """A trainer in a thread that takes a step every 50 ms; yields its flag and when its steps ended."""
    inside, done, trained = Flag.new(), Flag.new(), []

    def train() -> None:
        while not done.is_up():
            time.sleep(0.05)
            trained.append(time.monotonic())
            inside.put_up()

    thread = threading.Thread(target=train)
    thread.start()
    yield inside, trained
    done.put_up()
    thread.join(timeout=30)


def test_pulls_go_on_until_a_step_has_ended_however_slow_the_trainer_is(slow_training):
    inside, trained = slow_training
    weights = memoryview(bytearray(inputs.KB))
    pulled = inputs.pull_through_a_step(lambda times: inputs.pull(lambda: weights, times), inside)
    assert inputs.steps_within(trained, pulled) >= 1
    assert pulled.versions == 1


def test_pulls_go_on_until_one_is_torn(slow_training):
    inside, _ = slow_training
    torn = iter([*[1] * 500, 2])

    def pull(times: int) -> inputs.Pulled:
        return inputs.Pulled(0, 1, next(torn), "")

    assert inputs.pull_through_a_step(pull, inside, until_torn=True).versions == 2


def test_pulls_without_a_training_end_with_what_they_waited_for(monkeypatch):
    monkeypatch.setattr(inputs, "PATIENCE", 0.05)
    with pytest.raises(TimeoutError, match=r"waited 0\.05 s for a training step to end during the pulls"):
        inputs.pull_through_a_step(lambda _: inputs.Pulled(0, 1, 1, ""), Flag.new())


def test_reads_that_end_are_named_by_the_last_line_of_their_error():
    def fail(text: str) -> None:
        raise ValueError(text)

    assert inputs.ended(lambda: None) == "finished"
    assert inputs.ended(lambda: fail("first\n  last ")) == "ValueError: last"
    assert inputs.ended(lambda: fail("")) == "ValueError"
    assert len(inputs.ended(lambda: fail("x" * 999))) == inputs.LONGEST


def test_each_call_is_waited_for_in_its_own_window():
    waits = []

    def finishes(call: str, window: float) -> bool:
        waits.append((call, window))
        return call == "quick"

    assert inputs.went(finishes, ["quick", "slow"], [8, 2]) == ["finished", "waited"]
    assert waits == [("quick", 8), ("slow", 2)]
