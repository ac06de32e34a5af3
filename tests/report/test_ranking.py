"""Asking: the rows that answer come first, also with typing errors."""

from __future__ import annotations

import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.errors import NothingFound
from monarch_vs_ray.report.answers import answers, near, search
from monarch_vs_ray.report.passages import rows, sections
from monarch_vs_ray.report.ranking import Index, Text, stem, words

TEXTS = [
    Text("a", "Restart", "An actor is restarted by max_restarts after a crash."),
    Text("b", "Tensors", "A tensor is read. " * 20),
    Text("c", "Names", "Read a tensor by its name, where this does have one."),
]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("restarting actors", "a"),
        ("max_restarts", "a"),
        ("MaxRestarts", "a"),
        ("restrat", "a"),
        ("killed", "a"),
        ("tensor name", "c"),
        ("what is the name of it", "c"),
    ],
)
def test_the_text_that_is_about_it_comes_first(asked, first):
    assert Index(TEXTS).search(asked)[0].text.name == first


@pytest.mark.parametrize("asked", ["", "the of and", "does this have one", "zzzzzz", "?!"])
def test_what_has_no_word_of_it_is_not_found(asked):
    assert Index(TEXTS).search(asked) == []
    assert Index([]).search("restart") == []


def test_scores_fall_and_are_above_zero():
    scores = [hit.score for hit in Index(TEXTS).search("read a tensor by name")]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0


def test_a_rare_word_counts_more_than_a_common_one():
    index = Index([Text(str(n), "", "common rare" if n == 0 else "common") for n in range(9)])
    assert index.search("rare")[0].score > index.search("common")[0].score


def test_words_lose_their_endings_and_names_keep_their_parts():
    assert stem("restarts") == stem("restarting") == stem("restarted") == "restart"
    assert {"max_restart", "max", "restart"} <= set(words("`max_restarts`"))
    assert "processes"[:5] in stem("processes")


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("worker kiled restart", "supervision.restart"),
        ("async method awaits itself", "actor_abstraction.waits_for_itself"),
        ("does an actor's print output show", "actor_abstraction.printed_output"),
        ("mutual tls certificates", "control_plane.certificates"),
        ("detached actor outlive program", "supervision.detached_actors"),
        ("changed module reload", "interactive_devx.reloaded_module"),
        ("spread placement group across nodes", "topology_meshes.multi_host"),
        ("back pressure generator", "control_plane.back_pressure"),
        ("zero copy numpy shared memory", "data_plane.intra_node"),
        ("order of calls from two threads", "message_ordering.threads_of_one_sender"),
    ],
)
def test_questions_of_users_lead_to_their_rows(question, row):
    assert row in [each.get("row") for each in answers(question)[:4]]


def test_every_row_is_found_by_its_own_title():
    ledger = catalogue.ledger()
    index = Index(rows(ledger))
    for text in index.texts:
        assert text.name in [hit.text.name for hit in index.search(text.title)[:5]], text.name


def test_an_answer_has_statement_verdict_id_and_where_to_read():
    (first, *_) = answers("restart after a kill")
    assert first["number"] == catalogue.ledger().numbers[first["row"]]
    assert {"id", "statement", "verdict"} == set(first["claims"][0])
    assert first["read"].endswith(f"#{first['row']}")


def test_passages_of_guides_are_found():
    names = {text.name for text in sections()}
    assert any(name.startswith("docs/guide/evidence.md#") for name in names)
    found = [hit.text.name for hit in search("publish evidence of several machines", most=10)]
    assert any(name.startswith("docs/guide/") for name in found)


def test_unknown_names_lead_to_rows():
    assert near("orfans")[0].startswith("supervision.orphans")
    with pytest.raises(NothingFound, match="ask with other words"):
        search("zzzzzz")
