"""The document: made of parts that are checked, and not made at all when one of them is wrong."""

from __future__ import annotations

import jinja2
import pytest

from ledger.experimented import ExperimentedSide
from monarch_vs_ray.core.concept import read
from monarch_vs_ray.core.errors import UnknownClaim, UnknownSymbol, UserError
from monarch_vs_ray.ledger.claims import Ledger
from monarch_vs_ray.ledger.evidence import evidence, over_repeats
from monarch_vs_ray.ledger.judge import judge
from monarch_vs_ray.report.document import Document, contents, slug

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
NATIVE = """import ray


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


def document(folder, seen=0, runs=1):
    ledger = Ledger([read(folder)])
    history = (
        ExperimentedSide(concept="ordering")
        .experiment("p", {"n": seen, "ms": 12.345})
        .experiment("c", {"n": 7})
        .end()
    )
    (claim,) = ledger.claims
    found = evidence(claim, judge(claim, history.brackets), history.brackets.values(), "")
    return Document(
        ledger,
        [over_repeats([found] * runs)],
        folder.parent,
        "../src",
        lambda name: f"<{name}>",
        lambda: "index",
    )


def made(folder, text, **options):
    return document(folder, **options).make([("1.md", text)])


def test_code_is_quoted_by_symbol_with_a_link_to_its_lines(folder):
    text = made(folder, '{{ quote("ordering/ray/example.py", "Inbox") }}')
    assert "```python\n@ray.remote\nclass Inbox:\n    def put(self):\n        return 1\n```" in text
    assert "ordering/ray/example.py: [Inbox](../src/ordering/ray/example.py#L4-L7)" in text


def test_each_symbol_of_a_quote_has_its_own_link(folder):
    text = made(folder, '{{ quote("ordering/ray/example.py", "main", "Inbox.put") }}')
    assert (
        "[main](../src/ordering/ray/example.py#L10-L12), [Inbox.put](../src/ordering/ray/example.py#L6-L7)"
        in text
    )


def test_a_whole_file_is_quoted_with_its_imports(folder):
    text = made(folder, '{{ quote("ordering/ray/example.py") }}')
    assert "```python\nimport ray\n" in text
    assert "[ordering/ray/example.py](../src/ordering/ray/example.py)" in text


def test_a_claim_is_referred_to_by_its_number(folder):
    assert "In order [[4.1](#ordering.order)]." in made(folder, 'In order {{ claim("ordering.order") }}.')
    assert '<a id="ordering.order"></a>**4.1** Order \\| by default<br><sub>`order`</sub>' in made(
        folder, '{{ claims_table("ordering") }}'
    )


def test_the_table_says_what_the_brief_said_otherwise(folder):
    table = made(folder, '{{ claims_table("ordering") }}')
    assert "It is in order.<br><sub>**holds**: n = 0 (control: n = 7, not 0)</sub>" in table
    assert "The brief said: Not guaranteed (**refuted**)" in table


def test_a_number_says_where_and_when_it_was_measured(folder):
    text = made(folder, 'It took {{ number("ordering.order.ray", "ms", "ms") }}.\n\n{{ measured() }}')
    assert "It took 12.3 ms [[m1](#measured)]." in text
    assert (
        "| m1 | 12.3 ms | [4.1](#ordering.order) `ordering.order.ray` | `ms` | Ray 2.60.0, linux-x86_64"
        in text
    )
    assert "2026-01-02 |" in text


def test_what_was_refuted_is_named_with_what_is_true(folder):
    table = made(folder, "{{ refuted() }}")
    assert (
        "| [4.1](#ordering.order) | Ray | Not guaranteed | It is in order. It never was. | n = 0, less"
        in table
    )


def test_contents_and_counts(folder):
    text = made(folder, "{{ contents() }}\n\n## 1. One: a `b`\n\n{{ verdicts() }}\n\n{{ versions() }}")
    assert "- [1. One: a `b`](#1-one-a-b)" in text
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
        ("{{ unheard_of }}", jinja2.UndefinedError),
    ],
)
def test_what_is_missing_ends_the_making(folder, text, error):
    if error is None:
        assert "4.1" in made(folder, text)  # one row only: the concept stands for it
        return
    with pytest.raises(error):
        made(folder, text)


def test_a_refuted_statement_cannot_be_referred_to(folder):
    with pytest.raises(UserError, match="the published run refutes it"):
        made(folder, '{{ claim("ordering.order") }}', seen=3)


def test_a_claim_without_evidence_is_not_yet_published(folder):
    maker = document(folder)
    maker._evidence.clear()
    text = maker.make([("1.md", '{{ claims_table("ordering") }} {{ claim("ordering.order") }}')])
    assert "It is in order.<br><sub>**not yet published**</sub>" in text
    assert "[[4.1](#ordering.order)]" in text


def test_making_it_twice_gives_the_same(folder):
    text = '{{ claims_table("ordering") }} {{ number("ordering.order.ray", "ms") }}'
    assert made(folder, text) == made(folder, text)


def test_anchors_are_those_of_the_site():
    assert slug("4. Message ordering: who's first?") == "4-message-ordering-whos-first"
    assert contents("# No\n## Yes\n### No") == "- [Yes](#yes)"
