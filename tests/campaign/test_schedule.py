"""How ``mvr verify`` runs sides and judges, with sides that exist on paper only."""

from __future__ import annotations

import pytest

from histories import MACHINE, VERSIONS
from ledger.experimented import ExperimentedSide, claim
from monarch_vs_ray.campaign.plan import PlannedExperiment, SidePlan
from monarch_vs_ray.campaign.schedule import Campaign
from monarch_vs_ray.core.events import FORMAT
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.core.verdicts import Finding
from monarch_vs_ray.ledger.results import Manifest, Results, load

DATE = "2026-01-02T03:04:05+00:00"


class PaperClock:
    """Time passes only by waiting."""

    def __init__(self):
        self.time = 0

    def now(self):
        return self.time

    def wait(self, seconds, fd=None):
        self.time += int(seconds * 1e9)


class PaperSide:
    """Gives one event a poll; a side that hangs gives no more, until it is stopped."""

    def __init__(self, events, clock, hangs=False):
        self.events, self.clock, self.hangs = list(events), clock, hangs
        self.over = False

    def now(self):
        return self.clock.now()

    def poll(self, timeout):
        batch = Batch()
        if self.events:
            batch.add(self.events.pop(0))
        elif not self.hangs:
            self.over = True
        return batch

    def stop(self):
        self.hangs = False
        self.events += ExperimentedSide().end("stopped").events[-1:]


def side(*names, **settings):
    return SidePlan(
        "ray", "message_ordering", tuple(PlannedExperiment(name, 5.0) for name in names), **settings
    )


@pytest.fixture
def results(tmp_path):
    manifest = Manifest(
        format=FORMAT, date=DATE, machine=MACHINE, versions=VERSIONS, claims=1, repeats=1, slow=False
    )
    return Results(tmp_path, manifest)


@pytest.fixture
def verify(results):
    """Run claims over plans; ``histories`` are what the sides give, in the order in which they start."""

    def verify(claims, plans, histories, lanes=2):
        clock = PaperClock()
        started = []

        def start(plan):
            history = histories[len(started)]
            started.append(plan)
            events, hangs = (history.events, False) if isinstance(history, ExperimentedSide) else history
            return PaperSide(events, clock, hangs)

        pass_ = Campaign(
            claims, plans, start, results, lambda entry: Finding("holds", entry), clock, lanes, DATE
        )
        found = {}
        for _ in range(2000):
            if pass_.over:
                return found, started
            found |= {each.id: each for each in pass_.poll(0.1)}
        raise AssertionError("it did not end")

    return verify


def test_a_claim_is_judged_when_its_experiments_have_run(verify, results):
    history = ExperimentedSide().experiment("p", {"n": 0}).experiment("c", {"n": 1}).end()
    found, _ = verify([claim()], [side("p", "c")], [history])
    assert found["message_ordering.r.ray"].verdict == "holds"
    assert load(results.folder)[0].observed[0].history == "histories/message_ordering.ray.1.jsonl"


def test_what_a_dead_side_did_not_come_to_is_run_again_in_a_fresh_one(verify):
    died = ExperimentedSide().experiment("p", {"n": 0}).experiment("q", answer=None).end("signal", signal=6)
    again, rest = (
        ExperimentedSide().experiment("q", {"n": 0}).end(),
        ExperimentedSide().experiment("c", {"n": 1}).end(),
    )
    found, started = verify([claim()], [side("p", "q", "c")], [died, again, rest])
    assert [plan.names for plan in started] == [["p", "q", "c"], ["q"], ["c"]]
    assert found["message_ordering.r.ray"].verdict == "holds"


def test_an_experiment_that_failed_is_tried_once_more_and_the_evidence_says_so(verify):
    failed = ExperimentedSide().experiment("p", answer="failed", error="E: x").experiment("c", {"n": 1}).end()
    found, started = verify(
        [claim()], [side("p", "c")], [failed, ExperimentedSide().experiment("p", {"n": 0}).end()]
    )
    assert [plan.names for plan in started] == [["p", "c"], ["p"]]
    each = found["message_ordering.r.ray"]
    assert (each.verdict, each.first_try) == ("holds", "p failed: E: x")


def test_an_experiment_that_fails_twice_is_unknown(verify):
    failed = ExperimentedSide().experiment("p", answer="failed", error="E: x").end()
    found, started = verify(
        [claim()], [side("p", "c")], [failed, failed, ExperimentedSide().experiment("c", {"n": 1}).end()]
    )
    assert len(started) == 3
    assert found["message_ordering.r.ray"].said == "p failed: E: x"


def test_a_side_that_did_not_start_is_tried_once_more_and_the_evidence_says_so(verify):
    well = ExperimentedSide().experiment("p", {"n": 0}).experiment("c", {"n": 1}).end()
    found, started = verify([claim()], [side("p", "c")], [ExperimentedSide().end("exit"), well])
    assert [plan.names for plan in started] == [["p", "c"], ["p", "c"]]
    each = found["message_ordering.r.ray"]
    assert each.verdict == "holds"
    assert each.first_try == "the side did not start: it said nothing"


def test_a_side_that_never_starts_is_not_tried_for_ever(verify):
    found, started = verify(
        [claim()], [side("p", "c")], [ExperimentedSide().end("exit"), ExperimentedSide().end("exit")]
    )
    assert len(started) == 2
    assert found["message_ordering.r.ray"].said == "the side did not start: it said nothing"


def test_an_experiment_that_takes_too_long_is_stopped_and_the_others_go_on(verify):
    hanging = ExperimentedSide().experiment("p", {"n": 0}).experiment("c", answer=None)
    found, _ = verify([claim()], [side("p", "c")], [(hanging.events, True)])
    each = found["message_ordering.r.ray"]
    assert each.verdict == "unknown"
    assert each.said == "no control: c did not end: it took too long and was stopped"


def test_a_judgement_comes_after_what_it_rests_on(verify):
    advice = claim(
        tested="judgement", experiment="", control="", check=[], rests_on=["message_ordering.r.ray"]
    )
    advice = type(advice)(concept="when", row="r", aspect="a", engine="ray", cell=advice.cell, versions="")
    history = ExperimentedSide().experiment("p", {"n": 1}).experiment("c", {"n": 1}).end()
    found, _ = verify([advice, claim()], [side("p", "c")], [history])
    assert list(found) == ["message_ordering.r.ray", "when.r.ray"]
    assert found["when.r.ray"].said == "message_ordering.r.ray refuted"


def test_what_rests_on_a_claim_that_was_not_asked_for_is_unknown(verify):
    advice = claim(tested="judgement", experiment="", control="", check=[], rests_on=["elsewhere.r.ray"])
    found, _ = verify([advice], [], [])
    assert found["message_ordering.r.ray"].verdict == "unknown"


def test_claims_of_the_source_need_no_side(verify):
    of_source = claim(tested="reference", experiment="", control="", check=[], holds_in=["ray.A"])
    found, started = verify([of_source], [], [])
    assert found["message_ordering.r.ray"].verdict == "holds"
    assert started == []


def test_both_engines_go_forward_together(verify):
    monarch = SidePlan("monarch", "message_ordering", (PlannedExperiment("m", 5.0),))
    ray = [side("p"), side("c")]
    experiments = (("ray", "p"), ("monarch", "m"), ("ray", "c"))
    histories = [ExperimentedSide(engine).experiment(name, {"n": 0}).end() for engine, name in experiments]
    _, started = verify([claim()], [*ray, monarch], histories, lanes=2)
    assert [plan.engine for plan in started][:2] == ["ray", "monarch"]
