"""A history is kept as it happens, read back strictly, and replayed with its own timing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch_vs_ray.core.errors import CannotRecord, UnreadableHistory
from monarch_vs_ray.core.events import FORMAT, LogLine, Metric, Observation, decoder, encode
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.history import Header, Recorder, Replay, read

HEADER = Header(
    format=FORMAT, concept="actor_abstraction", sides=["monarch", "ray"], date="2026-01-02T03:04:05"
)


class FakeClock:
    """A clock that moves only when somebody waits on it."""

    def __init__(self) -> None:
        self.time = 0
        self.waits: list[float] = []

    def now(self) -> int:
        return self.time

    def wait(self, seconds: float, fd: int | None = None) -> None:
        self.waits.append(seconds)
        self.time += int(seconds * 1e9)


def events(*seconds: float) -> list[LogLine]:
    return [LogLine(side="ray", at=int(at * 1e9), origin="demo", text=f"at {at}") for at in seconds]


def recorded(path: Path, *seconds: float) -> Path:
    recorder = Recorder(path, HEADER)
    for event in events(*seconds):
        batch = Batch()
        batch.add(event)
        recorder.append(batch)
    recorder.close()
    return path


def test_what_was_recorded_is_read_back(tmp_path):
    history = read(recorded(tmp_path / "h.jsonl", 0.0, 1.0))
    assert history.header == HEADER
    assert history.events == events(0.0, 1.0)


def test_every_event_is_in_the_file_before_append_returns(tmp_path):
    recorder = Recorder(tmp_path / "h.jsonl", HEADER)
    batch = Batch()
    batch.add(events(1.0)[0])
    recorder.append(batch)
    assert len(read(tmp_path / "h.jsonl").events) == 1
    recorder.close()


def test_an_existing_file_is_never_overwritten(tmp_path):
    path = recorded(tmp_path / "h.jsonl", 0.0)
    before = path.read_bytes()
    with pytest.raises(CannotRecord, match="never overwritten"):
        Recorder(path, HEADER)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CannotRecord, match="is no folder"):
        Recorder(tmp_path / "file" / "h.jsonl", HEADER)


def test_a_full_disk_ends_the_history_not_the_run():
    recorder = Recorder.__new__(Recorder)
    recorder.path, recorder.events, recorder.trouble = Path("/dev/full"), 0, ""
    recorder._fd = os.open("/dev/full", os.O_WRONLY)
    batch = Batch()
    batch.add(events(1.0)[0])
    recorder.append(batch)
    recorder.append(batch)
    recorder.close()
    assert recorder.trouble == "No space left on device"


def test_a_line_that_a_crash_cut_off_is_passed_over(tmp_path):
    path = recorded(tmp_path / "h.jsonl", 0.0, 1.0)
    path.write_bytes(path.read_bytes()[:-10])
    assert len(read(path).events) == 1


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", 1, "empty"),
        (b"not json\n", 1, "no header"),
        (b'{"type":"history","format":999,"concept":"x","sides":[],"date":""}\n', 1, "format 999"),
        (b'{"type":"history","format":3,"concept":"x","sides":[],"date":""}\n{"a":1}\n', 2, "type"),
    ],
)
def test_what_is_not_a_history_is_told_with_its_line(tmp_path, content, line, reason):
    path = tmp_path / "h.jsonl"
    path.write_bytes(content)
    with pytest.raises(UnreadableHistory, match=f"line {line}: .*{reason}"):
        read(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UnreadableHistory, match="No such file"):
        read(tmp_path / "none")


@pytest.mark.parametrize(("speed", "total"), [(1.0, 3.0), (4.0, 0.75), (0.5, 6.0)])
def test_a_replay_keeps_the_timing_at_its_speed(tmp_path, speed, total):
    clock = FakeClock()
    replay = Replay(read(recorded(tmp_path / "h.jsonl", 0.0, 1.0, 3.0)), clock, speed)
    given_at = []
    while not replay.over:
        given_at += [clock.time / 1e9 for _ in replay.poll(100).events]
    assert given_at == pytest.approx([0.0, total / 3, total])
    assert replay.now() == 3_000_000_000


def test_a_replay_at_speed_0_gives_everything_at_once_and_never_waits(tmp_path):
    clock = FakeClock()
    replay = Replay(read(recorded(tmp_path / "h.jsonl", 0.0, 1.0, 3.0)), clock, 0)
    assert len(replay.poll(100).events) == 3
    assert replay.over
    assert clock.waits == []


def test_a_replay_waits_no_longer_than_it_is_asked_to(tmp_path):
    clock = FakeClock()
    replay = Replay(read(recorded(tmp_path / "h.jsonl", 10.0)), clock)
    assert replay.poll(0.1).events == []
    assert clock.waits == [pytest.approx(0.1)]


def test_a_replay_gives_the_recorded_lines_again(tmp_path):
    path = recorded(tmp_path / "h.jsonl", 0.0, 1.0)
    batch = Replay(read(path), FakeClock(), 0).poll(0)
    assert bytes(batch.raw) == path.read_bytes().partition(b"\n")[2]


def test_a_replay_that_is_stopped_gives_no_more(tmp_path):
    replay = Replay(read(recorded(tmp_path / "h.jsonl", 1.0)), FakeClock())
    replay.stop()
    assert replay.over


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@given(
    value=JSON,
    text=st.text(),
    at=st.integers(0, 2**62),
    number=st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_event_survives_the_wire(value, text, at, number):
    for event in (
        Observation(side="ray", at=at, seq=0, key=text, value=value),
        LogLine(side="monarch", at=at, origin="stdout", text=text),
        Metric(side="ray", at=at, name=text, value=number, unit=text),
    ):
        line = encode(event)
        assert line.count(b"\n") == 1
        assert decoder.decode(line) == event
