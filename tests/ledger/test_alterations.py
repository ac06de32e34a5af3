"""Breaks without an engine: what published claims rest on, altered in each plausible way."""

from __future__ import annotations

from functools import cache

import pytest

from ledger.experimented import ExperimentedSide, claim
from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.campaign.sabotage import altered, evidenced, written
from monarch_vs_ray.ledger.alterations import alterations, numbers_in

CLAIMS = {each.id: each for each in catalogue.ledger().claims}
LISTED = {
    (f"{concept.name}.{each.of}", each.what): each
    for concept in catalogue.ledger().concepts.values()
    for each in written(concept.name).unnoticed
}


@cache
def outcomes():
    return altered(list(CLAIMS.values()), evidenced())


def test_each_altered_observation_is_noticed_or_listed_with_a_reason():
    missed = {(id_, each.what) for id_, all_ in outcomes().items() for each in all_ if not each.noticed}
    assert missed - LISTED.keys() == set()


def test_what_is_listed_as_unnoticed_is_not_noticed():
    """A claim that has been sharpened needs its excuse no more."""
    tried = {(id_, each.what): each.noticed for id_, all_ in outcomes().items() for each in all_}
    assert [key for key, each in LISTED.items() if tried.get(key) and not each.chance] == []
    assert all(each.reason for each in LISTED.values())


def test_nearly_all_are_noticed():
    all_ = [each.noticed for of_claim in outcomes().values() for each in of_claim]
    assert len(all_) > 5 * len(outcomes())
    assert sum(all_) >= 0.98 * len(all_)


def test_every_claim_that_rests_on_observations_has_alterations():
    assert [id_ for id_, all_ in outcomes().items() if not all_] == []


def missed(seen, check, statement="It is so.", faults=0, **fields):
    """Return the alterations that a claim does not notice whose experiment observed this."""
    mine = claim(statement=statement, check=check, control="", no_control="none", **fields)
    side = ExperimentedSide().experiment("p", seen, faults=faults).end()
    return [each.what for each in alterations(mine, side.brackets) if not each.noticed]


@pytest.mark.parametrize(
    ("value", "check"),
    [
        (True, {"checker": "equals", "key": "n", "value": True}),
        (7, {"checker": "equals", "key": "n", "value": 7}),
        ([1, 2], {"checker": "equals", "key": "n", "value": [1, 2]}),
        ({"a": 1}, {"checker": "equals", "key": "n", "value": {"a": 1}}),
        ("ValueError: no", {"checker": "matches", "key": "n", "pattern": "^ValueError"}),
        (["b", "a"], {"checker": "contains", "key": "n", "value": "a"}),
    ],
    ids=str,
)
def test_a_sharp_check_misses_nothing(value, check):
    assert missed({"n": value}, check, "It raises ValueError.") == []


@pytest.mark.parametrize(
    ("value", "check", "unnoticed"),
    [
        (["b"], {"checker": "lacks", "key": "n", "value": "a"}, "n empty"),
        (3, {"checker": "differs", "key": "n", "value": 9}, "n 0"),
        (3, {"checker": "at_most", "key": "n", "value": 100}, "n doubled"),
        (300, {"checker": "at_least", "key": "n", "value": 20}, "n halved"),
        ("A: ValueError", {"checker": "matches", "key": "n", "pattern": "."}, "n another text"),
        ("x", {"checker": "one_of", "key": "n", "values": ["x", ""]}, "n empty"),
    ],
    ids=str,
)
def test_a_weak_check_shows(value, check, unnoticed):
    assert unnoticed in missed({"n": value}, check)


def test_a_pair_that_is_equal_because_nothing_was_observed_shows():
    check = {"checker": "same", "key": "n", "other": "m"}
    assert missed({"n": [1], "m": [1]}, check) == ["n and m emptied"]


def test_a_fault_that_no_claim_demands_shows():
    check = {"checker": "equals", "key": "n", "value": 1}
    one = ["one SIGKILL of an actor dropped"]
    assert missed({"n": 1}, check, faults=1) == one


@pytest.mark.parametrize(
    "statement", ["It takes at most 100 s.", "It takes some 3 to 100 s."], ids=["bound", "range"]
)
def test_a_number_within_what_the_statement_says_is_no_break(statement):
    assert missed({"n": 3}, {"checker": "at_most", "key": "n", "value": 100}, statement) == []


def test_numbers_are_read_from_statements():
    assert numbers_in("Some 530 bytes, twice within 2.5 s, none of six") == {530, 2, 2.5, 0, 6}
