"""Published measurements are read again; each row is taken from the file that knows most of it."""

from __future__ import annotations

import pytest

from bench.samples import manifest, measured
from monarch_vs_ray.bench.catalogue import Row
from monarch_vs_ray.bench.published import best, publish, published
from monarch_vs_ray.bench.store import Store, read
from monarch_vs_ray.core.errors import UnreadableBench, UserError

CALL, IMPORT = Row("call_round_trip"), Row("cold_start_import")


def kept(folder, name, rows, rounds=8, **of):
    path = folder / name
    store = Store(path, manifest(**of))
    store.append(measured(rows, rounds).records)
    store.close()
    return path


@pytest.fixture
def root(tmp_path):
    return tmp_path / "published"


def test_a_published_file_is_read_again(tmp_path, root):
    path = kept(tmp_path, "default.jsonl", {CALL: lambda side: 1e6})
    written = publish(path, root)
    (found,) = published(root)
    assert (found.name, found.machine, found.path) == ("default", "linux-x86_64-2-cores", written)
    assert found.measured == read(path)
    assert publish(written, root) == written, "what is published can be published again"


def test_the_same_samples_give_the_same_bytes(tmp_path, root):
    path = kept(tmp_path, "a.jsonl", {CALL: lambda side: 1e6})
    first = publish(path, root).read_bytes()
    assert publish(path, root).read_bytes() == first
    assert publish(path, root, "other").name == "other.jsonl.gz"


def test_an_unfinished_line_is_not_published(tmp_path, root):
    path = kept(tmp_path, "a.jsonl", {CALL: lambda side: 1e6})
    path.write_bytes(path.read_bytes()[:-5])
    assert read(publish(path, root)) == read(path)


def test_each_row_comes_from_the_file_with_most_pairs(tmp_path, root):
    publish(kept(tmp_path, "few.jsonl", {CALL: lambda side: 1e6, IMPORT: lambda side: 2e6}, 3), root)
    publish(kept(tmp_path, "many.jsonl", {CALL: lambda side: 1e6}, 8), root)
    lines = best(published(root))
    assert {row: (line.file.name, line.result.ratio.n) for row, line in lines.items()} == {
        IMPORT: ("few", 3),
        CALL: ("many", 8),
    }


def test_settings_are_not_mixed(tmp_path, root):
    publish(kept(tmp_path, "failure.jsonl", {CALL: lambda side: 1e6}, 3), root)
    publish(kept(tmp_path, "soon.jsonl", {CALL: lambda side: 1e6}, 8, choice="recommended"), root)
    files = published(root)
    assert best(files)[CALL].file.name == "failure"
    assert best(files, "recommended")[CALL].file.name == "soon"


def test_processors_are_not_mixed(tmp_path, root):
    publish(kept(tmp_path, "old.jsonl", {CALL: lambda side: 1e6}, 8, processor="A"), root)
    publish(
        kept(tmp_path, "new.jsonl", {CALL: lambda side: 1e6}, 3, processor="B", date="2026-12-01T12:00"), root
    )
    assert best(published(root))[CALL].file.name == "new"


def test_nothing_published_is_no_error(root):
    assert published(root) == []
    assert best([]) == {}


@pytest.mark.parametrize("data", [b"", b"no json\n", b"\x1f\x8b broken"])
def test_what_is_no_measurement_is_refused(tmp_path, root, data):
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(data)
    with pytest.raises(UnreadableBench):
        publish(path, root)


def test_a_run_of_one_engine_against_itself_is_refused(tmp_path, root):
    path = kept(tmp_path, "a.jsonl", {CALL: lambda side: 1e6}, sides=("ray", "ray again"))
    with pytest.raises(UserError, match="compares ray and ray again"):
        publish(path, root)
