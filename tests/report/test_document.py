"""The document: made of parts that are checked, and not made at all when one of them is wrong."""

from __future__ import annotations

import jinja2
import pytest

from ledger.experimented import ExperimentedSide
from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.concept import read
from monarch_vs_ray.core.errors import MissingFile, UnknownClaim, UnknownSymbol, UserError
from monarch_vs_ray.ledger.claims import Ledger
from monarch_vs_ray.ledger.evidence import evidence, over_repeats
from monarch_vs_ray.ledger.judge import judge
from monarch_vs_ray.report.comparison import comparison
from monarch_vs_ray.report.document import Document, contents, slug
from monarch_vs_ray.report.evidence_page import Material, page
from monarch_vs_ray.report.words import first_sentence

CLAIMS = """
number = 4
title = "Ordering"
[versions]
ray = ">=2.60,<2.61"

[[claim]]
id = "order"
aspect = "Order | by default"
[claim.ray]
statement = "It is in order."
experiment = "p"
control = "c"
check = { checker = "equals", key = "n", value = 0 }
brief = "Not guaranteed"
brief_verdict = "refuted"
brief_check = { checker = "at_least", key = "n", value = 1 }
note = "It never was."
"""
NATIVE = """'''Put into an inbox.'''

import ray


@ray.remote
class Inbox:
    def put(self):
        return 1


def main():
    inbox = Inbox.remote()
    inbox.put.remote()
"""


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "ordering"
    place.mkdir()
    (place / "ray").mkdir()
    (place / "concept.toml").write_text(CLAIMS)
    (place / "ray" / "example.py").write_text(NATIVE)
    (place / "ray" / "experiments.py").write_text("def p():\n    pass\n\n\ndef c():\n    pass\n")
    return place


def material(folder, seen=0, runs=1):
    concept = read(folder)
    ledger = Ledger([concept])
    history = (
        ExperimentedSide(concept="ordering")
        .experiment("p", {"n": seen, "ms": 12.345})
        .experiment("c", {"n": 7})
        .end()
    )
    (claim,) = ledger.claims
    found = evidence(claim, judge(claim, history.brackets), history.brackets.values(), "")
    return Material(
        ledger=ledger,
        evidence={claim.id: over_repeats([found] * runs)},
        elsewhere={},
        breaks={},
        root=folder.parent,
    )


def document(folder, **options):
    return Document(material(folder, **options), folder.parent, "../src", lambda name: f"<{name}>")


def made(folder, text, **options):
    return document(folder, **options).make([("1.md", text)])


def test_code_is_quoted_by_symbol_with_a_link_to_its_lines(folder):
    text = made(folder, '{{ quote("ordering/ray/example.py", "Inbox") }}')
    assert "```python\n@ray.remote\nclass Inbox:\n    def put(self):\n        return 1\n```" in text
    assert "ordering/ray/example.py: [Inbox](../src/ordering/ray/example.py#L6-L9)" in text


def test_each_symbol_of_a_quote_has_its_own_link(folder):
    text = made(folder, '{{ quote("ordering/ray/example.py", "main", "Inbox.put") }}')
    assert (
        "[main](../src/ordering/ray/example.py#L12-L14), [Inbox.put](../src/ordering/ray/example.py#L8-L9)"
        in text
    )


def test_a_whole_file_is_quoted_with_its_imports(folder):
    text = made(folder, '{{ quote("ordering/ray/example.py") }}')
    assert "```python\n'''Put into an inbox.'''\n\nimport ray\n" in text
    assert "[ordering/ray/example.py](../src/ordering/ray/example.py#L1-L14)" in text


def test_a_program_is_quoted_without_its_docstring_with_the_blank_lines_it_has(folder):
    text = made(folder, '{{ program("ordering/ray/example.py") }}')
    assert "```python\nimport ray\n\n\n@ray.remote\nclass Inbox:\n" in text
    assert "[ordering/ray/example.py](../src/ordering/ray/example.py#L3-L14)" in text


def test_a_claim_is_referred_to_by_its_row(folder):
    text = made(folder, 'In order {{ claim("ordering.order") }} {{ claim("ordering.order.ray") }}.')
    row = "[[order](evidence/ordering.md#ordering.order)]"
    assert f"In order {row} {row.replace('.order)', '.order.ray)')}." in text


def test_the_table_has_a_mark_one_sentence_and_a_link(folder):
    table = made(folder, '{{ claims_table("ordering") }}')
    link = "[`ordering.order`](evidence/ordering.md#ordering.order)"
    assert f"|Order \\| by default {link}||✓ It is in order.|" in table
    assert "more rows" not in table


def test_a_table_of_some_rows_says_where_the_others_are():
    claims = catalogue.ledger().claims
    rows = len(comparison(claims, {}, "supervision").splitlines()) - 2
    table = comparison(claims, {}, "supervision", ["restart", "orphans"])
    assert [line.split("`")[1] for line in table.splitlines()[2:4]] == [
        "supervision.restart",
        "supervision.orphans",
    ]
    assert f"[{rows - 2} more rows, and the evidence of all {rows}](evidence/supervision.md)." in table
    with pytest.raises(UnknownClaim):
        comparison(claims, {}, "supervision", ["disorder"])


def test_a_number_leads_to_where_it_was_measured(folder):
    text = made(folder, 'It took {{ number("ordering.order.ray", "ms", "ms") }}.')
    assert "It took [12.3 ms](evidence/ordering.md#ordering.order.ray)." in text


def test_what_was_refuted_is_named_with_what_is_true(folder):
    table = made(folder, "{{ refuted() }}")
    link = "[`ordering.order`](evidence/ordering.md#ordering.order.ray)"
    assert f"|Ray: Not guaranteed|It is in order.|{link}|" in table


def test_contents_and_counts(folder):
    text = made(folder, "{{ contents() }}\n\n## 1. One: a `b`\n\n{{ verdicts() }}\n\n{{ versions() }}")
    assert "[1. One: a `b`](#1-one-a-b)" in text
    assert "- Of 1 claim of ours, 1 hold, 0 are refuted, 0 are unknown." in text
    assert "Ray 2.60.0, Python 3.11.7, 2 cores, 24 GB, Linux, no GPU, on 2026-01-02\n" in text


def test_it_is_said_how_often_the_experiments_ran(folder):
    text = made(folder, "{{ versions() }}", runs=5)
    assert "on 2026-01-02; every experiment ran in 5 passes, one after the other" in text


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{{ quote("ordering/ray/example.py", "Outbox") }}', UnknownSymbol),
        ('{{ claim("ordering.disorder") }}', UnknownClaim),
        ('{{ claim("ordering") }}', None),
        ('{{ number("ordering.order.ray", "seconds") }}', UnknownClaim),
        ('{{ picture("04-ordering", "A picture.") }}', MissingFile),
        ('{{ notebook("04_ordering") }}', MissingFile),
        ("{{ unheard_of }}", jinja2.UndefinedError),
    ],
)
def test_what_is_missing_ends_the_making(folder, text, error):
    if error is None:
        assert "#ordering.order)" in made(folder, text)  # one row only: the concept stands for it
        return
    with pytest.raises(error):
        made(folder, text)


def test_a_refuted_statement_cannot_be_referred_to(folder):
    with pytest.raises(UserError, match="the published run refutes it"):
        made(folder, '{{ claim("ordering.order") }}', seen=3)


def test_a_claim_without_evidence_is_not_yet_published(folder):
    of = material(folder)
    of = Material(of.ledger, {}, {}, {}, of.root)
    maker = Document(of, folder.parent, "../src", lambda name: name)
    text = maker.make([("1.md", '{{ claims_table("ordering") }} {{ claim("ordering.order") }}')])
    assert "… It is in order." in text
    assert "[[order](evidence/ordering.md#ordering.order)]" in text
    assert "### Ray: not yet published" in page(of, of.ledger.concepts["ordering"], "")


def test_a_picture_has_two_themes_and_a_text(folder):
    place = folder.parent / "docs" / "pictures"
    place.mkdir(parents=True)
    for theme in ("light", "dark"):
        (place / f"a-{theme}.svg").write_text("<svg/>")
    text = made(folder, '{{ picture("a", "Two \\"actors\\".") }} {{ plot("a", "None.") }}')
    assert 'srcset="pictures/a-dark.svg"' in text
    assert '<img alt="Two &quot;actors&quot;." src="pictures/a-light.svg">' in text
    assert "None." not in text, "without data beside it nothing was published"


def test_making_it_twice_gives_the_same(folder):
    text = '{{ claims_table("ordering") }} {{ number("ordering.order.ray", "ms") }}'
    assert made(folder, text) == made(folder, text)


def test_anchors_are_those_of_the_site():
    assert slug("4. Message ordering: who's first?") == "4-message-ordering-whos-first"
    assert contents("# No\n## Yes\n### No") == "[Yes](#yes)"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("`a.b(). C` is one. Two.", "`a.b(). C` is one."),
        ("For 2.5 s it ran on.", "For 2.5 s it ran on."),
        ("One (A. B.) sentence", "One (A."),
        ("", ""),
    ],
)
def test_the_first_sentence_of_a_text(text, first):
    assert first_sentence(text) == first
