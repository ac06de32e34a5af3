"""The table of references: read, checked, and asked by id."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch_vs_ray.core.errors import BadTable, UnknownReference, UserError
from monarch_vs_ray.references import link, markdown, table
from monarch_vs_ray.references.table import FILE, nearest, read

RELEASES = """
[release.monarch]
repo = "meta-pytorch/monarch"
ref = "v0.7.0"
package = "torchmonarch"
version = "0.7.0"
[release.ray]
repo = "ray-project/ray"
ref = "ray-2.60.0"
package = "ray"
version = "2.60.0"
"""
ENTRY = """
[reference."monarch.Actor"]
concept = 1
symbol = "Actor"
path = "python/monarch/actor.py"
line = 7
text = "class Actor:"
"""


def written(folder: Path, *changes: tuple[str, str], more: str = "") -> Path:
    text = RELEASES + ENTRY + more
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "table.toml"
    path.write_text(text)
    return path


def test_a_link_is_markdown_to_the_line_at_the_tag():
    reference = table()["monarch.Actor"]
    url = f"https://github.com/meta-pytorch/monarch/blob/v0.7.0/{reference.path}#L{reference.line}"
    assert link("monarch.Actor") == url
    assert markdown("monarch.Actor") == f"[`Actor`]({url})"
    assert markdown("monarch.Actor", "the base class") == f"[the base class]({url})"


def test_what_is_not_in_the_wheel_links_to_where_it_was_read():
    reference = table()["monarch.SequencedReceiver.rust"]
    assert (reference.in_wheel, reference.language) == (False, "Rust")
    assert f"/blob/{reference.ref}/" in reference.url
    assert reference.verified_from == f"repository at {reference.ref}"


def test_both_engines_and_all_concepts_have_entries():
    counts = Counter((reference.engine, reference.concept) for reference in table().references.values())
    assert {concept for _, concept in counts} == set(range(1, 9))
    assert all(len(table().of(engine)) > 50 for engine in ("monarch", "ray"))


def test_no_two_entries_are_the_same_line():
    counts = Counter(reference.url for reference in table().references.values())
    assert [url for url, count in counts.items() if count > 1] == []


def test_an_unknown_id_names_the_nearest(monkeypatch):
    with pytest.raises(UnknownReference, match=r"'ray\.actorhandel'; the table .* near it: ray\.ActorHandle"):
        markdown("ray.actorhandel")
    assert issubclass(UnknownReference, UserError)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('"monarch.Actor"', '"actor"'), "an id is an engine"),
        (("concept = 1", "concept = 9"), "concept is a number from 1 to 8"),
        (("line = 7", "line = 0"), "line counts from 1"),
        (("line = 7", 'line = "7"'), "Expected `int`"),
        (('"class Actor:"', '" class Actor:"'), "text is a whole line"),
        (("actor.py", "actor.java"), "no known language"),
        (("python/monarch", "src/monarch"), "needs a ref"),
        (('symbol = "Actor"', 'symbol = "Act"'), "neither text nor path has 'Act'"),
        (("[release.ray]", "[release.rey]"), "rey"),
        (("line = 7", "lines = 7"), "lines"),
        (("[release.monarch]", "[release.monarch"), "line 2"),
    ],
)
def test_a_table_that_is_wrong_says_how(tmp_path, change, complaint):
    with pytest.raises(BadTable, match=complaint):
        read(written(tmp_path, change))


def test_ids_differ_in_more_than_upper_and_lower_case(tmp_path):
    twin = ENTRY.replace("monarch.Actor", "monarch.actor")
    with pytest.raises(
        BadTable, match=r"monarch\.Actor and monarch\.actor differ in upper and lower case only"
    ):
        read(written(tmp_path, more=twin))


def test_a_file_that_is_not_there_is_a_message(tmp_path):
    with pytest.raises(BadTable, match="No such file"):
        read(tmp_path / "none.toml")


def test_the_table_says_in_its_first_lines_what_its_fields_are():
    first = FILE.read_text(encoding="utf-8").partition("[release")[0]
    assert all(f"`{field}`" in first for field in ("ref", "text", "earlier_line", "earlier_path"))


@given(st.sampled_from(sorted(table().references)), st.integers(0, 30))
def test_one_wrong_letter_still_finds_the_id(id, at):
    at %= len(id)
    wrong = id[:at] + "~" + id[at + 1 :]
    assert id in nearest(wrong, sorted(table().references), count=10)
