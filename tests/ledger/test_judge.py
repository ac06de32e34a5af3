"""From what experiments saw to verdicts: how the harness fared is never taken for what was found out."""

from __future__ import annotations

import pytest

from ledger.experimented import ExperimentedSide, claim
from monarch_vs_ray.core.verdicts import Finding, merge, unstable
from monarch_vs_ray.ledger.evidence import evidence, over_repeats
from monarch_vs_ray.ledger.judge import judge, judge_by_others, judge_by_reference


def side(experiment=0, control=7):
    return ExperimentedSide().experiment("p", {"n": experiment}).experiment("c", {"n": control}).end()


def verdict(history, **fields):
    return judge(claim(**fields), history.brackets).statement


def test_a_statement_holds_when_its_control_comes_out_the_other_way():
    found = verdict(side())
    assert found == Finding("holds", "n = 0 (control: n = 7, not 0)")


def test_a_broken_subject_refutes_the_statement():
    assert verdict(side(experiment=3)).verdict == "refuted"


def test_a_control_that_does_not_discriminate_makes_it_unknown():
    found = verdict(side(control=0))
    assert found.verdict == "unknown"
    assert found.said.startswith("control did not discriminate: c")


def test_without_a_control_the_check_alone_decides():
    history = ExperimentedSide().experiment("p", {"n": 0}).end()
    assert verdict(history, control="", no_control="there is none").verdict == "holds"


OF_RUST = """RuntimeError: attach failed:
  - unix:x: reply timed out

Stack backtrace:
  18: start_thread
             at ./nptl/pthread_create.c:442:8
"""


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (ExperimentedSide().end(), "p did not run"),
        (
            ExperimentedSide().experiment("p", {"n": 0}, answer=None).end("signal", signal=9),
            "killed by signal 9",
        ),
        (ExperimentedSide().experiment("p", {"n": 0}, answer=None).end("stopped"), "took too long"),
        (ExperimentedSide().experiment("p", {"n": 0}, answer=None), "the run was cut short"),
        (
            ExperimentedSide().experiment("p", answer="unavailable", error="needs an RDMA NIC").end(),
            "needs an RDMA NIC",
        ),
        (
            ExperimentedSide().experiment("p", answer="failed", error="ValueError: x").end(),
            "p failed: ValueError: x",
        ),
        (
            ExperimentedSide()
            .experiment(
                "p", answer="failed", error="TaskError: \x1b[36mwork()\x1b[39m\n  File x\nKeyError: 'k'\n"
            )
            .end(),
            "p failed: TaskError: work() ... KeyError: 'k'",
        ),
        (
            ExperimentedSide().experiment("p", answer="failed", error=OF_RUST).end(),
            "p failed: RuntimeError: attach failed: ... - unix:x: reply timed out",
        ),
        (ExperimentedSide().experiment("p").end(), "p observed nothing"),
        (
            ExperimentedSide().experiment("p", {"n": 0}, calls={"a": "E", "b": "E"}).end(),
            "none of 2 calls succeeded",
        ),
        (ExperimentedSide().experiment("p", {"m": 0}).experiment("c", {"n": 1}).end(), "n was not observed"),
        (ExperimentedSide().experiment("p", {"n": 0}).end(), "no control: c did not run"),
        (
            ExperimentedSide()
            .experiment("p", {"n": 0})
            .experiment("c", answer="unavailable", error="needs CUDA")
            .end(),
            "no control: needs CUDA",
        ),
    ],
)
def test_a_run_that_found_out_nothing_is_unknown(history, said):
    found = verdict(history)
    assert found.verdict == "unknown"
    assert said in found.said


def test_a_fault_that_did_not_fire_makes_it_unknown():
    quiet = ExperimentedSide().experiment("p", {"n": 0}).experiment("c", {"n": 1})
    assert verdict(quiet, faults=1) == Finding("unknown", "0 of 1 planned faults fired")
    fired = ExperimentedSide().experiment("p", {"n": 0}, faults=1).experiment("c", {"n": 1})
    assert verdict(fired, faults=1).verdict == "holds"


def test_all_checks_must_hold():
    checks = [{"checker": "equals", "key": key, "value": 0} for key in ("n", "m")]
    history = ExperimentedSide().experiment("p", {"n": 0, "m": 0}).experiment("c", {"n": 0, "m": 1})
    assert verdict(history, check=checks).verdict == "holds"
    broken = ExperimentedSide().experiment("p", {"n": 0, "m": 1}).experiment("c", {"n": 0, "m": 1})
    assert verdict(broken, check=checks).verdict == "refuted"


def test_a_missing_probe_says_why():
    found = judge(claim(), {}, {"p": "the side did not start: no module"}).statement
    assert found == Finding("unknown", "the side did not start: no module")


BRIEF = {
    "brief": "Not guaranteed",
    "brief_verdict": "refuted",
    "brief_check": {"checker": "at_least", "key": "n", "value": 1},
}


def test_the_brief_is_judged_by_a_check_of_its_own():
    assert judge(claim(**BRIEF), side().brackets).brief == Finding("refuted", "n = 0, less than 1")
    assert judge(claim(**BRIEF), side(experiment=2).brackets).brief.verdict == "holds"


def test_the_brief_without_a_check_of_its_own_says_what_we_say():
    judged = judge(claim(brief="In order", brief_verdict="holds"), side().brackets)
    assert judged.brief == judged.statement


PARTLY = {"brief": "In order, always", "brief_verdict": "partly", "brief_missing": "Not always."}


@pytest.mark.parametrize(
    ("history", "found"), [(side(), "partly"), (side(experiment=3), "refuted"), (side(control=0), "unknown")]
)
def test_of_a_statement_that_stands_in_part_the_part_has_to_hold(history, found):
    judged = judge(claim(**PARTLY), history.brackets)
    assert judged.brief.verdict == found
    assert ("missing: Not always." in judged.brief.said) == (found == "partly")
    stale = evidence(claim(**PARTLY), judged, history.brackets.values(), "").stale
    assert stale == (found == "refuted")


def test_a_judgement_of_a_part_says_what_is_missing():
    advice = claim(tested="judgement", rests_on=["a.b.ray"], **PARTLY)
    judged = judge_by_others(advice, {"a.b.ray": Finding("holds", "seen")})
    assert judged.brief == Finding("partly", "Not always.")


def test_an_experiment_that_cannot_tell_cannot_tell_about_the_brief_either():
    assert judge(claim(**BRIEF), side(control=0).brackets).brief.verdict == "unknown"


def test_the_brief_may_have_an_experiment_of_its_own():
    history = side().experiment("b", {"n": 0})
    judged = judge(claim(**BRIEF, brief_experiment="b"), history.brackets)
    assert (judged.statement.verdict, judged.brief.verdict) == ("holds", "refuted")


def test_a_mark_is_stale_when_the_brief_holds_again():
    marked = claim(**BRIEF)
    for history, stale in ((side(), False), (side(experiment=1), True), (side(control=0), False)):
        found = evidence(marked, judge(marked, history.brackets), history.brackets.values(), "")
        assert found.stale is stale


def test_what_only_the_code_shows():
    of_source = claim(tested="reference", experiment="", control="", check=[], holds_in=["ray.A", "ray.B"])
    entries = {"ray.A": Finding("holds", "A"), "ray.B": Finding("holds", "B")}
    assert judge_by_reference(of_source, entries.__getitem__).statement == Finding("holds", "A; B")
    entries["ray.B"] = Finding("refuted", "B is gone")
    assert judge_by_reference(of_source, entries.__getitem__).statement == Finding("refuted", "B is gone")


def test_advice_stands_and_falls_with_what_it_rests_on():
    advice = claim(
        tested="judgement",
        experiment="",
        control="",
        check=[],
        rests_on=["a", "b"],
        **{"brief": "Strong fit", "brief_verdict": "holds", "note": "because of a"},
    )
    held = {"a": Finding("holds", "x"), "b": Finding("holds", "y")}
    judged = judge_by_others(advice, held)
    assert judged.statement == Finding("holds", "rests on 2 claims")
    assert judged.brief == Finding("holds", "because of a")
    assert judge_by_others(advice, {**held, "b": Finding("refuted", "y")}).statement.said == "b refuted"
    assert judge_by_others(advice, {"a": held["a"]}).statement == Finding("unknown", "b unknown")


def test_refuted_weighs_more_than_unknown_and_unknown_more_than_holds():
    parts = {verdict: Finding(verdict, verdict) for verdict in ("holds", "unknown", "refuted")}
    assert merge(parts.values()).verdict == "refuted"
    assert merge([parts["holds"], parts["unknown"]]).verdict == "unknown"
    assert merge([parts["holds"]]).verdict == "holds"
    with pytest.raises(ValueError, match="nothing to merge"):
        merge([])


def test_a_verdict_that_changes_between_repeats_is_unstable():
    tries = [
        evidence(claim(), judge(claim(), history.brackets), history.brackets.values(), "")
        for history in (side(), side(experiment=1), side())
    ]
    last = over_repeats(tries)
    assert (last.verdict, last.said, last.runs) == ("unknown", "unstable: holds 2 of 3, refuted 1 of 3", 3)
    assert over_repeats(tries[:1]).verdict == "holds"
    assert unstable([Finding("holds", "x"), Finding("unknown", "y")]).verdict == "unknown"


def test_evidence_carries_its_identity():
    history = side()
    found = evidence(claim(), judge(claim(), history.brackets), history.brackets.values(), "")
    assert (found.version, found.date) == ("2.60.0", "2026-01-02T03:04:05+00:00")
    assert found.machine
    assert [each.experiment for each in found.observed] == ["p", "c"]
    assert found.observed[0].seen == {"n": 0}
    assert found.observed[0].code_sha256 == "1" * 64
    assert found.observed[0].history == "histories/a.jsonl"
