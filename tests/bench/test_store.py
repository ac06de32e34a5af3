"""What is kept: line by line, read again, refused when it is something else."""

from __future__ import annotations

import msgspec
import pytest

from bench.samples import manifest, process, samples
from monarch_vs_ray.bench import store
from monarch_vs_ray.bench.catalogue import Row
from monarch_vs_ray.bench.store import Store, Trouble, read
from monarch_vs_ray.core.errors import CannotRecord, UnreadableBench

RECORDS = [
    process("ray", 1, foreign=0.5, idle=False, ended="signal 9: it said nothing"),
    samples(Row("argument", 1_000), "ray", 1, 1e6, 2e6),
    Trouble(round=1, side="ray", row=Row("result", 1_000), why="WrongAnswer: other bytes"),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "bench.jsonl"


def written(path):
    kept = Store(path, manifest())
    kept.append(RECORDS)
    kept.close()
    return kept


def test_what_is_kept_is_read_again(path):
    kept = written(path)
    assert read(path) == kept.measured
    assert kept.measured.processes == RECORDS[:1]
    assert kept.measured.samples == RECORDS[1:2]
    assert kept.measured.troubles == RECORDS[2:]


def test_a_file_is_not_written_over(path):
    written(path)
    with pytest.raises(CannotRecord):
        Store(path, manifest())


def test_an_unfinished_line_is_left_out(path):
    written(path)
    path.write_bytes(path.read_bytes()[:-5])
    assert read(path).records == RECORDS[:2]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 1),
        (b"{}\n", 1),
        (b"[" * 5_000 + b"\n", 1),
        (b'{"type":"manifest"}\n', 1),
        (b"\xff\n", 1),
    ],
)
def test_another_file_is_refused_with_its_line(path, content, line):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(UnreadableBench, match=f"line {line}:"):
        read(path)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_time_that_is_not_above_zero_is_refused_and_an_amount_is_not(path, value):
    store = Store(path, manifest())
    store.append([samples(Row("churn_memory", 200), "ray", 1, value)])
    assert read(path).samples[0].values == [value]
    store.append([samples(Row("call_round_trip"), "ray", 1, 1e6, value)])
    store.close()
    with pytest.raises(UnreadableBench, match=r"line 3: call_round_trip took"):
        read(path)


def test_a_second_manifest_is_refused(path):
    written(path)
    path.write_bytes(path.read_bytes() + msgspec.json.encode(manifest()) + b"\n")
    with pytest.raises(UnreadableBench, match="only that"):
        read(path)


def test_a_newer_format_is_refused(path):
    Store(path, manifest(format=store.FORMAT + 1)).close()
    with pytest.raises(UnreadableBench, match="newer"):
        read(path)


def test_no_file(tmp_path):
    with pytest.raises(UnreadableBench, match="No such file"):
        read(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("text", "model"),
    [("processor\t: 0\nmodel name\t: A: 3 GHz\nmodel name\t: B\n", "A: 3 GHz"), ("cpu: 1\n", "")],
)
def test_the_first_processors_model_is_named(tmp_path, text, model):
    (tmp_path / "cpuinfo").write_text(text)
    assert store.processor_model(tmp_path / "cpuinfo") == model
    assert store.processor_model(tmp_path / "none") == ""
