"""Every checker has a history that it accepts, one that it refuses, and one that says nothing to it."""

from __future__ import annotations

import pytest

from ledger.experimented import ExperimentedSide
from monarch_vs_ray.ledger.checkers import CHECKERS, check, complaint, show

SAYS = {
    # checker: its fields, what must be accepted, what must be refused
    "equals": ({"key": "n", "value": [1, 2]}, {"n": [1, 2]}, {"n": [2, 1]}),
    "differs": ({"key": "n", "value": "a"}, {"n": "b"}, {"n": "a"}),
    "at_least": ({"key": "n", "value": 3}, {"n": 3}, {"n": 2.9}),
    "at_most": ({"key": "n", "value": 3}, {"n": 3}, {"n": 3.1}),
    "between": ({"key": "n", "low": 1, "high": 2}, {"n": 1}, {"n": 2.5}),
    "one_of": ({"key": "n", "values": ["a", "b"]}, {"n": "b"}, {"n": "c"}),
    "contains": ({"key": "n", "value": "x"}, {"n": "axe"}, {"n": "ace"}),
    "lacks": ({"key": "n", "value": "x"}, {"n": ["a"]}, {"n": ["x"]}),
    "matches": ({"key": "n", "pattern": "^Actor.*Error$"}, {"n": "ActorDiedError"}, {"n": "RayActorError"}),
    "same": ({"key": "n", "other": "m"}, {"n": 1, "m": 1}, {"n": 1, "m": 2}),
    "different": ({"key": "n", "other": "m"}, {"n": 1, "m": 2}, {"n": 1, "m": 1}),
    "less": ({"key": "n", "other": "m", "factor": 0.5}, {"n": 1, "m": 3}, {"n": 2, "m": 3}),
}


def found(name, fields, seen=None, **probe):
    bracket = ExperimentedSide().experiment("p", seen, **probe).brackets["p"]
    return check(bracket, {"checker": name, **fields})


@pytest.mark.parametrize("name", SAYS)
def test_a_checker_accepts_and_refuses(name):
    fields, accepted, refused = SAYS[name]
    assert found(name, fields, accepted).verdict == "holds"
    refusal = found(name, fields, refused)
    assert refusal.verdict == "refuted"
    assert refusal.said.startswith("n = ")


@pytest.mark.parametrize("name", SAYS)
def test_what_was_not_observed_is_unknown(name):
    fields, accepted, _ = SAYS[name]
    assert found(name, fields, {"elsewhere": 1}).verdict == "unknown"
    for missing in accepted:
        rest = {key: value for key, value in accepted.items() if key != missing}
        assert f"{missing} was not observed" in found(name, fields, rest).said


@pytest.mark.parametrize("name", ["at_least", "at_most", "between", "contains", "matches"])
def test_what_cannot_be_compared_is_unknown(name):
    assert found(name, SAYS[name][0], {"n": None}).verdict == "unknown"


def test_a_call_that_had_to_fail():
    fields = {"operation": "ping", "error": "ActorDiedError"}
    assert found("fails", fields, calls={"ping": "ActorDiedError"}).verdict == "holds"
    assert found("fails", fields, calls={"ping": "ValueError"}).verdict == "refuted"
    assert found("fails", fields, calls={"ping": ""}).verdict == "refuted"
    assert found("fails", fields, calls={"other": ""}).verdict == "unknown"
    assert found("fails", {"operation": "ping"}, calls={"ping": "ValueError"}).verdict == "holds"


def test_all_checkers_are_tested_here():
    assert set(CHECKERS) == {*SAYS, "fails"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"checker": "equal", "key": "n", "value": 1}, "no checker is called 'equal'"),
        ({"key": "n"}, "no checker is called None"),
        ({"checker": "equals", "key": "n"}, "missing a required argument: 'value'"),
        ({"checker": "equals", "key": "n", "value": 1, "unit": "s"}, "unexpected keyword argument 'unit'"),
    ],
)
def test_a_check_that_cannot_work_is_complained_of(fields, said):
    assert said in complaint(fields)
    assert complaint({"checker": "equals", "key": "n", "value": 1}) == ""


def test_long_values_are_cut_in_the_evidence():
    assert len(show("x" * 1000)) <= 160
    assert show(0.1 + 0.2) == "0.3"
