"""Claims are data that are checked: the form of a file, what it refers to, and every file that there is."""

from __future__ import annotations

import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.campaign.plan import plan
from monarch_vs_ray.core.concept import read
from monarch_vs_ray.core.errors import BadConcept, UnknownClaim
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.ledger.claims import Ledger
from monarch_vs_ray.ledger.code import experiment_code

GOOD = """
title = "Ordering"

[versions]
ray = ">=2.60,<2.61"

[[claim]]
id = "order"
aspect = "Order"
[claim.ray]
statement = "It is in order."
experiment = "p"
control = "c"
check = { checker = "equals", key = "n", value = 0 }
"""
EXPERIMENTS = "".join(f"def {name}():\n    observe('n', 0)\n\n\n" for name in "pqcd")
LEDGER = catalogue.ledger()


def ledger(root, **texts):
    """Return the ledger of some concepts, each with experiments of one letter."""
    for name, text in texts.items():
        (root / name / "ray").mkdir(parents=True)
        (root / name / "ray" / "experiments.py").write_text(EXPERIMENTS)
        (root / name / "concept.toml").write_text(text)
    return Ledger(read(root / name) for name in texts)


def test_a_good_file_is_read(tmp_path):
    (claim,) = ledger(tmp_path, ordering=GOOD).claims
    assert claim.id == "ordering.order.ray"
    assert claim.versions == ">=2.60,<2.61"
    assert claim.experiments == ["p", "c"]


ONE = 'experiment = "p"'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('aspect = "Order"', 'aspekt = "Order"'), "unknown field `aspekt`"),
        (('statement = "It is in order."', ""), "missing required field `statement`"),
        (('checker = "equals"', 'checker = "equal"'), "no checker is called 'equal'"),
        ((", value = 0", ""), "missing a required argument"),
        (('control = "c"', ""), "either control or no_control"),
        (('control = "c"', 'control = "c"\nno_control = "x"'), "either control or no_control"),
        (('control = "c"', 'control = "sea"'), "no experiment is called sea in ray/experiments"),
        ((ONE, 'experiment = "pee"'), "no experiment is called pee in ray/experiments"),
        ((ONE, ""), "needs experiment and check"),
        ((ONE, f'{ONE}\nbrief = "x"'), "brief and brief_verdict come together"),
        ((ONE, f'{ONE}\nbrief = "x"\nbrief_verdict = "maybe"'), "Invalid enum value"),
        ((ONE, f'{ONE}\nbrief = "x"\nbrief_verdict = "refuted"'), "needs a brief_check"),
        ((ONE, f'{ONE}\nbrief = "x"\nbrief_verdict = "partly"'), "brief_missing says what is missing"),
        (
            (ONE, f'{ONE}\nbrief = "x"\nbrief_verdict = "holds"\nbrief_missing = "y"'),
            "where brief_verdict is partly, and nowhere else",
        ),
        ((ONE, 'tested = "reference"'), "needs holds_in"),
        ((ONE, 'tested = "judgement"'), "needs rests_on"),
        ((ONE, 'tested = "judgement"\nrests_on = ["a.b.ray"]'), "rests on a.b.ray, which is not"),
        (("[[claim]]", "[[claim"), "concept.toml"),
        (("[versions]", "[experiments.ray.p]\nfresh = 1\n[versions]"), "Expected `bool`"),
        (('title = "Ordering"', ""), "missing required field `title`"),
        (('title = "Ordering"', 'title = "\x00"'), "concept.toml"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path, change, said):
    with pytest.raises(BadConcept, match=r"concept\.toml") as error:
        ledger(tmp_path, ordering=GOOD.replace(*change))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_two_claims_of_one_name_are_refused(tmp_path):
    row = GOOD[GOOD.index("[[claim]]") :]
    with pytest.raises(BadConcept, match="same id"):
        ledger(tmp_path, ordering=GOOD + row)


def test_claims_are_found_by_id_row_and_concept(tmp_path):
    found = ledger(tmp_path, ordering=GOOD)
    for asked in ("ordering", "ordering.order", "ordering.order.ray", "A.1"):
        assert len(found.find(asked)) == 1
    with pytest.raises(UnknownClaim, match=r"near it: ordering\.order\.ray"):
        found.find("ordering.ordr.ray")


JUDGED = """
title = "When"
[versions]
[[claim]]
id = "advice"
aspect = "Advice"
[claim.ray]
statement = "Take it."
tested = "judgement"
rests_on = ["ordering.order.ray"]
"""


def test_what_a_judgement_rests_on_comes_along(tmp_path):
    both = ledger(tmp_path, ordering=GOOD, when=JUDGED)
    asked = both.find("when.advice")
    assert [claim.id for claim in both.with_support(asked)] == ["ordering.order.ray", "when.advice.ray"]


SETTINGS = """
[experiments.ray.p]
environment = { RAY_X = "1" }
[experiments.ray.c]
fresh = true
seconds = 7
[experiments.ray.e]
function = "q"
options = { max_restarts = 1 }
"""


def test_experiments_share_a_side_unless_they_need_their_own(tmp_path):
    more = GOOD[GOOD.index("[[claim]]") :].replace('"order"', '"other"').replace('"p"', '"q"')
    found = ledger(tmp_path, ordering=GOOD + SETTINGS + more.replace('"c"', '"d"'))
    sides = plan(found, found.claims, slow=False)
    assert [side.names for side in sides] == [["q", "d"], ["p"], ["c"]]
    assert [dict(side.environment) for side in sides] == [{}, {"RAY_X": "1"}, {}]
    assert sides[2].deadline < sides[0].deadline
    assert sides[0].without(["q"]).names == ["d"]
    assert sides[0].without(["q", "d"]) is None


def test_an_experiment_may_be_a_function_of_another_name(tmp_path):
    found = ledger(tmp_path, ordering=GOOD.replace('control = "c"', 'control = "e"') + SETTINGS)
    assert found.function(found.claims[0], "e") == "q"


def test_experiments_wait_for_their_hardware_and_their_controls_with_them(tmp_path):
    needy = GOOD + '[experiments.ray.p]\nneeds = "cuda"\n'
    found = ledger(tmp_path, ordering=needy)
    assert plan(found, found.claims, slow=False, lacking={"cuda": "no driver"}) == []
    assert [side.names for side in plan(found, found.claims, slow=False, lacking={"rdma": ""})] == [
        ["p", "c"]
    ]


def test_slow_experiments_run_only_when_asked_for(tmp_path):
    found = ledger(tmp_path, ordering=GOOD + "[experiments.ray.c]\nslow = true\n")
    assert plan(found, found.claims, slow=False) == []
    assert [side.names for side in plan(found, found.claims, slow=True)] == [["p", "c"]]


# -- the files of this project -----------------------------------------------------------------------


@pytest.mark.parametrize("claim", LEDGER.claims, ids=lambda claim: claim.id)
def test_every_key_of_a_check_is_observed_in_the_experiment(claim):
    tested = ((claim.cell.experiment, claim.checks), (claim.cell.brief_experiment, claim.brief_checks))
    for experiment, checks in tested:
        if not experiment:
            continue
        code = "\n".join(file.read_text() for file in (LEDGER.folder(claim) / claim.engine).rglob("*.py"))
        for check in checks:
            assert check.get("operation") or f'"{check["key"]}"' in code, (check, experiment)


def test_what_asks_for_gpus_says_so_in_the_concept_and_the_other_way_round():
    for claim in LEDGER.claims:
        for name in claim.experiments:
            code = experiment_code(LEDGER.folder(claim), claim.engine, LEDGER.function(claim, name))
            asks = any(line.startswith("    needs.gpus(") for line in code[0].lines)  # whatever its options
            assert (LEDGER.settings(claim, name).needs == "cuda") == asks, (claim.id, name)


def test_a_control_is_another_experiment():
    same = [claim.id for claim in LEDGER.claims if claim.cell.experiment == claim.cell.control != ""]
    assert same == []


def test_settings_are_of_experiments_that_are_used():
    for concept in LEDGER.concepts.values():
        for engine, experiments in concept.experiments.items():
            used = {step.experiment for step in concept.steps(engine)}
            for claim in LEDGER.claims:
                if (claim.concept, claim.engine) == (concept.name, engine):
                    used |= set(claim.experiments)
            assert set(experiments) <= used, (concept.name, engine)


def test_steps_of_a_demo_exist_on_the_engines_that_take_them():
    for concept in LEDGER.concepts.values():
        for engine in ENGINES:
            for step in concept.steps(engine):
                function = concept.function(engine, step.experiment)
                assert experiment_code(LEDGER.folder_of(concept), engine, function)
