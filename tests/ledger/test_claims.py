"""Claims are data that are checked: the form of a file, what it refers to, and every file that there is."""

from __future__ import annotations

import ast

import pytest

from monarch_vs_ray.concepts import FOLDER, claim_folders
from monarch_vs_ray.core.errors import BadClaims, UnknownClaim
from monarch_vs_ray.ledger.claims import load, read
from monarch_vs_ray.ledger.code import probe_code, probe_file
from monarch_vs_ray.ledger.plan import plan

GOOD = """
[versions]
ray = ">=2.60,<2.61"

[[claim]]
id = "order"
aspect = "Order"
[claim.ray]
statement = "It is in order."
probe = "p"
control = "c"
check = { checker = "equals", key = "n", value = 0 }
"""
LEDGER = load(claim_folders())


def file(folder, text):
    folder.mkdir(exist_ok=True)
    (folder / "claims.toml").write_text(text)
    return folder / "claims.toml"


def test_a_good_file_is_read(tmp_path):
    file(tmp_path / "ordering", GOOD)
    (claim,) = load([tmp_path / "ordering"]).claims
    assert claim.id == "ordering.order.ray"
    assert claim.versions == ">=2.60,<2.61"
    assert claim.probes == ["p", "c"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('aspect = "Order"', 'aspekt = "Order"'), "unknown field `aspekt`"),
        (('statement = "It is in order."', ""), "missing required field `statement`"),
        (('checker = "equals"', 'checker = "equal"'), "no checker is called 'equal'"),
        ((", value = 0", ""), "missing a required argument"),
        (('control = "c"', ""), "either control or no_control"),
        (('control = "c"', 'control = "c"\nno_control = "x"'), "either control or no_control"),
        (('probe = "p"', ""), "needs probe and check"),
        (('probe = "p"', 'probe = "p"\nbrief = "x"'), "brief and brief_verdict come together"),
        (('probe = "p"', 'probe = "p"\nbrief = "x"\nbrief_verdict = "maybe"'), "Invalid enum value"),
        (('probe = "p"', 'probe = "p"\nbrief = "x"\nbrief_verdict = "refuted"'), "needs a brief_check"),
        (('probe = "p"', 'tested = "source"'), "needs holds_in"),
        (('probe = "p"', 'tested = "judgement"'), "needs rests_on"),
        (('probe = "p"', 'tested = "judgement"\nrests_on = ["a.b.ray"]'), "rests on a.b.ray, which is not"),
        (("[[claim]]", "[[claim"), "claims.toml"),
        (("[versions]", "[probes.ray.p]\nfresh = 1\n[versions]"), "Expected `bool`"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path, change, said):
    path = file(tmp_path / "ordering", GOOD.replace(*change))
    with pytest.raises(BadClaims, match=r"claims\.toml") as error:
        load([path.parent])
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_two_claims_of_one_name_are_refused(tmp_path):
    row = GOOD[GOOD.index("[[claim]]") :]
    with pytest.raises(BadClaims, match="same id"):
        read(file(tmp_path / "ordering", GOOD + row))


def test_claims_are_found_by_id_row_and_concept(tmp_path):
    file(tmp_path / "ordering", GOOD)
    ledger = load([tmp_path / "ordering"])
    for asked in ("ordering", "ordering.order", "ordering.order.ray"):
        assert len(ledger.find(asked)) == 1
    with pytest.raises(UnknownClaim, match=r"near it: ordering\.order\.ray"):
        ledger.find("ordering.ordr.ray")


JUDGED = """
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
    file(tmp_path / "ordering", GOOD)
    file(tmp_path / "when", JUDGED)
    ledger = load([tmp_path / "ordering", tmp_path / "when"])
    asked = ledger.find("when.advice")
    assert [claim.id for claim in ledger.with_support(asked)] == ["ordering.order.ray", "when.advice.ray"]


SETTINGS = """
[probes.ray.p]
environment = { RAY_X = "1" }
[probes.ray.c]
fresh = true
seconds = 7
"""


def test_probes_share_a_side_unless_they_need_their_own(tmp_path):
    more = GOOD[GOOD.index("[[claim]]") :].replace('"order"', '"other"').replace('"p"', '"q"')
    file(tmp_path / "ordering", GOOD + SETTINGS + more.replace('"c"', '"d"'))
    ledger = load([tmp_path / "ordering"])
    sides = plan(ledger, ledger.claims, slow=False)
    assert [side.names for side in sides] == [["q", "d"], ["p"], ["c"]]
    assert [dict(side.environment) for side in sides] == [{}, {"RAY_X": "1"}, {}]
    assert sides[2].deadline < sides[0].deadline
    assert sides[0].without(["q"]).names == ["d"]
    assert sides[0].without(["q", "d"]) is None


def test_slow_probes_run_only_when_asked_for(tmp_path):
    file(tmp_path / "ordering", GOOD + "[probes.ray.c]\nslow = true\n")
    ledger = load([tmp_path / "ordering"])
    assert plan(ledger, ledger.claims, slow=False) == []
    assert [side.names for side in plan(ledger, ledger.claims, slow=True)] == [["p", "c"]]


# -- the files of this project -----------------------------------------------------------------------


@pytest.mark.parametrize("claim", LEDGER.claims, ids=lambda claim: claim.id)
def test_every_probe_exists_and_every_key_is_observed_in_it(claim):
    for name in claim.probes:
        assert probe_code(FOLDER / claim.concept, claim.engine, name)
    for probe, checks in ((claim.cell.probe, claim.checks), (claim.cell.brief_probe, claim.brief_checks)):
        if probe:
            code = "\n".join(
                line
                for each in probe_code(FOLDER / claim.concept, claim.engine, probe)
                for line in each.lines
            )
            assert "observe(" in code
            for check in checks:
                assert check.get("operation") or f'"{check["key"]}"' in code, (check, probe)


def test_a_control_is_another_probe():
    assert [
        claim.id for claim in LEDGER.claims if claim.cell.probe and claim.cell.control == claim.cell.probe
    ] == []


def test_every_row_speaks_of_both_engines():
    ids = {claim.id for claim in LEDGER.claims}
    assert ids == {f"{claim.concept}.{claim.row}.{e}" for claim in LEDGER.claims for e in ("monarch", "ray")}


def test_every_probe_is_used_by_a_claim():
    used = {(claim.concept, claim.engine, probe) for claim in LEDGER.claims for probe in claim.probes}
    for folder in claim_folders():
        for engine in ("monarch", "ray"):
            file = probe_file(folder, engine)
            for name in public_functions(file) if file.is_file() else ():
                assert (folder.name, engine, name) in used, f"{file.name}: {name}"


def public_functions(file):
    """The functions of a file that take nothing, give nothing and are not marked as helpers: its probes."""
    return [
        node.name
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and not node.args.args
        and isinstance(node.returns, ast.Constant)
        and node.name != "main"
    ]


def test_settings_are_of_probes_that_are_used():
    for folder in claim_folders():
        assert (folder / "claims.toml").is_file(), f"{folder.name} claims nothing"
        for engine, probes in read(folder / "claims.toml").probes.items():
            used = {
                p for c in LEDGER.claims if (c.concept, c.engine) == (folder.name, engine) for p in c.probes
            }
            assert set(probes) <= used
