"""However a stream is cut into pieces, the same lines come out of it; nothing raises."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monarch_vs_ray.core.events import HarnessNote, Metric, encode
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.side.wire import EventReader, LineBuffer, OutputReader


def nothing_to_hide(data: bytes) -> bytes:
    return data


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


CUTS = st.lists(st.integers(0, 10_000), max_size=20)


@given(lines=st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b""))), cuts=CUTS)
def test_lines_survive_any_cutting(lines, cuts):
    buffer = LineBuffer(limit=20)
    kept, oversized = b"", []
    for piece in pieces(b"".join(line + b"\n" for line in lines), cuts):
        block, sizes = buffer.feed(piece)
        kept, oversized = kept + block, oversized + sizes
    assert kept.split(b"\n")[:-1] == [line for line in lines if len(line) <= 20]
    assert oversized == [len(line) for line in lines if len(line) > 20]
    assert buffer.rest() == (b"", [])


@given(data=st.binary(max_size=2000), cuts=CUTS)
def test_no_bytes_whatever_raise(data, cuts):
    events, output = Batch(), Batch()
    event_reader = EventReader("ray", nothing_to_hide, lambda: 0, 100)
    output_reader = OutputReader("ray", "stdout", nothing_to_hide, lambda: 0, 100)
    for piece in pieces(data, cuts):
        event_reader.feed(piece, events)
        output_reader.feed(piece, output)
    event_reader.end(events)
    output_reader.end(output)
    assert all(isinstance(event, HarnessNote) for event in events.events)


@given(count=st.integers(0, 50), garbage=st.lists(st.integers(0, 50)), cuts=CUTS)
def test_good_events_survive_among_garbage(count, garbage, cuts):
    good = [Metric(side="ray", at=i, seq=i, name="m", value=1.0, unit="us") for i in range(count)]
    lines = [encode(event) for event in good]
    for place in garbage:
        lines.insert(min(place, len(lines)), b"{no event\n")
    batch = Batch()
    reader = EventReader("ray", nothing_to_hide, lambda: 0, 1000)
    for piece in pieces(b"".join(lines), cuts):
        reader.feed(piece, batch)
    assert [event for event in batch.events if isinstance(event, Metric)] == good
    assert sum(isinstance(event, HarnessNote) for event in batch.events) == len(garbage)
    assert bytes(batch.raw) == b"".join(encode(event) for event in batch.events)
