"""Breaks as ``breaks.toml`` states them: the form, and that each one can be made."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.campaign.broken_copy import broken_copy
from monarch_vs_ray.core import breaks
from monarch_vs_ray.core.breaks import Break, Change, altered, place, read
from monarch_vs_ray.core.concept import Cell, ClaimRow, Concept
from monarch_vs_ray.core.errors import BadBreaks
from monarch_vs_ray.core.paths import PACKAGE

CONCEPTS = catalogue.ledger().concepts
READ = {name: read(concept) for name, concept in CONCEPTS.items()}
ALL = [(CONCEPTS[name], each) for name, found in READ.items() for each in found.all]


def after(concept, broken):
    """Return the texts of the files that a break changes, by path, with all its changes made."""
    texts: dict[Path, str] = {}
    for change in broken.changes:
        path = place(Path(concept.folder), change.file)
        texts[path] = texts.get(path, path.read_text()).replace(change.old, change.new)
    return texts


@pytest.mark.parametrize(("concept", "broken"), ALL, ids=[f"{one.name}: {each.what}" for one, each in ALL])
def test_a_break_changes_something_and_leaves_python(concept, broken):
    assert broken.environment or broken.changes
    for path, text in after(concept, broken).items():
        assert text != path.read_text()
        if path.suffix == ".py":
            ast.parse(text)


def test_a_claim_has_no_two_breaks_of_one_name():
    for concept in CONCEPTS.values():
        for row in concept.claim:
            for engine in ("monarch", "ray"):
                names = [each.what for each in READ[concept.name].all if each.breaks(f"{row.id}.{engine}")]
                assert len(names) == len(set(names)), (concept.name, row.id, engine)


@pytest.mark.parametrize("concept", CONCEPTS.values(), ids=CONCEPTS)
def test_a_claim_with_breaks_gives_no_reason_for_having_none(concept):
    for row in concept.claim:
        for engine in ("monarch", "ray"):
            cell = row.cell(engine)
            if cell and cell.no_break:
                assert not any(each.breaks(f"{row.id}.{engine}") for each in READ[concept.name].all)


@pytest.fixture
def concept(tmp_path):
    """Return a concept with one claim, on Ray, and one file."""
    (tmp_path / "actors.py").write_text("x = 1\ny = 1\n")
    row = ClaimRow(id="order", aspect="Order", ray=Cell(statement="It is in order."))
    return Concept(title="T", versions={}, folder=str(tmp_path), claim=[row])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[break]]\nof = ['order.monarch']\nwhat = 'w'", "breaks order.monarch, which is not a claim"),
        ("[[break]]\nof = ['other']\nwhat = 'w'", "breaks other, which is not a claim"),
        ("[[break]]\nof = ['order']\nwhat = 'w'\nfile = 'actors.py'\nold = '= 1'\nnew = '2'", "2 times"),
        ("[[break]]\nof = ['order']\nwhat = 'w'\nfile = 'actors.py'\nold = 'z'\nnew = '2'", "0 times"),
        ("[[break]]\nof = ['order']\nwhat = 'w'\nfile = 'none.py'\nold = 'z'\nnew = '2'", "no such file"),
        ("[[break]]\nof = ['order']\nwhat = 'w'\nwhy = 'x'", "why"),
        ("[[break", "Expected"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(concept, text, reason):
    Path(concept.folder, breaks.FILE).write_text(text)
    with pytest.raises(BadBreaks, match=reason):
        read(concept)


def test_a_concept_without_the_file_has_no_breaks(concept):
    assert read(concept).all == []


def test_a_row_stands_for_both_engines():
    assert Break(of=["order"], what="w").breaks("order.ray")
    assert Break(of=["order.ray"], what="w").breaks("order.ray")
    assert not Break(of=["order.ray"], what="w").breaks("order.monarch")


def test_a_file_that_the_concept_has_not_is_the_packages(concept):
    assert place(Path(concept.folder), "actors.py").parent == Path(concept.folder)
    assert place(Path(concept.folder), "side/main.py") == PACKAGE / "side/main.py"


def test_the_copy_differs_only_by_the_break():
    folder = Path(CONCEPTS["supervision"].folder)
    change = Change(file="inputs.py", old="EXIT_CODE = 3\n", new="EXIT_CODE = 4\n")
    again = Change(file="inputs.py", old="EXIT_CODE = 4\n", new="EXIT_CODE = 5\n")
    with broken_copy(folder, [change, again]) as top:
        copy = top / PACKAGE.name
        different = [
            str(path.relative_to(PACKAGE))
            for path in PACKAGE.rglob("*.py")
            if path.read_bytes() != (copy / path.relative_to(PACKAGE)).read_bytes()
        ]
        assert "EXIT_CODE = 5" in (copy / "concepts/supervision/inputs.py").read_text()
    assert sorted(different) == ["concepts/supervision/inputs.py", "instruments/wait.py"]
    assert not top.exists()


def test_altered_replaces_what_stands_there_once(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("one two")
    assert altered(path, Change(file="a.py", old="two", new="three")) == "one three"
