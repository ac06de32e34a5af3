"""Recordings from outside: shown, or refused in one line; never a traceback, never an escape sequence."""

from __future__ import annotations

import gzip
import io
import os
import re
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.strategies import HOSTILE, campaign, damaged, texts, values
from histories import CONCEPT, GREETS, both
from monarch_vs_ray.core.concept import ClaimRow, Row
from monarch_vs_ray.core.errors import UnreadableHistory
from monarch_vs_ray.core.events import FORMAT, Observation, RunStarted, encode
from monarch_vs_ray.history import Header, read
from monarch_vs_ray.history.reader import MAX_BYTES
from monarch_vs_ray.stage.closing import print_closing
from monarch_vs_ray.stage.lines import PlainLines
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import exit_code

HEADER = msgspec.json.encode(
    Header(format=FORMAT, concept=CONCEPT.name, sides=["monarch", "ray"], date="2026-01-02T03:04:05")
)
GOOD = HEADER + b"\n" + b"".join(map(encode, both()))
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def shown(events, date="2026-01-02", concept=CONCEPT) -> str:
    """Return all that a replay prints of some events."""
    state, stream = State(concept, ("monarch", "ray")), io.StringIO()
    state.apply(events)
    lines = PlainLines(state, stream)
    lines.update(None, 0)
    print_closing(state, Banner("REPLAY", f"recorded {date}"), stream=stream)
    exit_code(state)
    return stream.getvalue()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("recordings") / "run.jsonl"


@campaign(2000)
@given(data=damaged(GOOD))
def test_a_damaged_recording_is_shown_or_refused_in_one_line(file, data):
    file.write_bytes(data)
    try:
        history = read(file)
    except UnreadableHistory as error:
        assert "\n" not in str(error)
        return
    assert not STEERS.search(shown(history.events, history.header.date))


AT_ONCE = 25
"""Odd observations in one run; a campaign of 400 runs has 10,000 of them."""


@campaign(400)
@given(odd=st.lists(st.tuples(values, texts), min_size=AT_ONCE, max_size=AT_ONCE))
def test_odd_observations_crash_nothing_and_steer_nothing(odd):
    events = []
    for event in both():
        events.append(event)
        if isinstance(event, Observation):
            events += [
                msgspec.structs.replace(event, key=f"odd{at}", value=value, unit=unit)
                for at, (value, unit) in enumerate(odd)
            ]
    rows = [{"observation": f"odd{at}", "label": f"Odd {at}"} for at in range(AT_ONCE)]
    step = msgspec.structs.replace(CONCEPT.demo[1], rows=msgspec.convert(rows, list[Row]))
    checked = msgspec.structs.replace(CONCEPT, demo=[step], claim=[CLAIM_ON_ODD])
    assert not STEERS.search(shown(events, concept=checked))


CLAIM_ON_ODD = msgspec.convert(
    {
        "id": "odd",
        "aspect": "Odd",
        "ray": {
            **GREETS,
            "check": [
                {"checker": "equals", "key": "odd0", "value": 0},
                {"checker": "at_least", "key": "odd1", "value": 0},
                {"checker": "matches", "key": "odd2", "pattern": "x"},
                {"checker": "contains", "key": "odd3", "value": "x"},
                {"checker": "less", "key": "odd4", "other": "odd5"},
                {"checker": "one_of", "key": "odd6", "values": [0]},
                {"checker": "between", "key": "odd7", "low": 0, "high": 1},
            ],
        },
    },
    ClaimRow,
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_text_anywhere_reaches_no_terminal(hostile):
    events = [
        msgspec.structs.replace(event, versions={event.side: hostile}, concept=hostile)
        if isinstance(event, RunStarted)
        else event
        for event in both(reply=hostile)
    ]
    assert not STEERS.search(shown(events, date=hostile))


def test_an_archive_that_unpacks_to_gigabytes_is_refused_before_it_is_held(tmp_path):
    packer = zlib.compressobj(wbits=31)
    bomb = packer.compress(HEADER + b"\n")
    block = bytes(1 << 20)
    for _ in range(3 * (MAX_BYTES >> 20)):
        bomb += packer.compress(block)
    (tmp_path / "bomb.jsonl.gz").write_bytes(bomb + packer.flush())
    with pytest.raises(UnreadableHistory, match="larger than 32 MB"):
        read(tmp_path / "bomb.jsonl.gz")


OBSERVED = b'{"type":"observation","side":"ray","at":1,"seq":0,"key":"k","value":'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"type":"metric","side":"ray","at":-1,"seq":0,"name":"m","value":1,"unit":""}', "no moment"),
        (b'{"type":"metric","side":"ray","at":1e30,"seq":0,"name":"m","value":1,"unit":""}', "line 2"),
        (OBSERVED + b"[" * 20 + b"]" * 20 + b"}", "levels"),
        (OBSERVED + b"[" * 5000, "line 2"),
        (OBSERVED + b'"' + b"x" * 300_000 + b'"}', "longer"),
    ],
)
def test_what_cannot_be_an_event_is_named_with_its_line(tmp_path, line, said):
    (tmp_path / "h.jsonl").write_bytes(HEADER + b"\n" + line + b"\n")
    with pytest.raises(UnreadableHistory, match=said):
        read(tmp_path / "h.jsonl")


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8b", gzip.compress(b"x", mtime=0)[:12], b"\x1f\x8b\x08" + b"\xff" * 40]
)
def test_a_broken_archive_is_one_line(tmp_path, data):
    (tmp_path / "h.jsonl.gz").write_bytes(data)
    with pytest.raises(UnreadableHistory) as error:
        read(tmp_path / "h.jsonl.gz")
    assert "\n" not in str(error.value)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "h.jsonl")
    with pytest.raises(UnreadableHistory, match="not a regular file"):
        read(tmp_path / "h.jsonl")
