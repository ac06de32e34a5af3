"""A side that dies in an experiment: the others are not lost, and the second try is recorded."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from monarch_vs_ray.campaign.plan import PlannedExperiment, SidePlan
from monarch_vs_ray.campaign.schedule import Campaign
from monarch_vs_ray.campaign.sides import side_spec
from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.core.concept import Cell
from monarch_vs_ray.core.events import FORMAT
from monarch_vs_ray.core.verdicts import Finding
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.results import Manifest, Results, load
from monarch_vs_ray.side.launcher import Run
from monarch_vs_ray.side.main import this_machine

pytestmark = pytest.mark.live

CONCEPT = "live.second_try"
DATE = "2026-01-02T03:04:05+00:00"
TESTS = Path(__file__).parents[1]


EXPERIMENTS = ("first", "dies_once", "last")


def about(experiment: str) -> Claim:
    """A claim that says: the counter's first count in this experiment is 1."""
    cell = Cell(
        statement="It begins at one.",
        experiment=experiment,
        no_control="nothing is said of an engine here",
        check={"checker": "equals", "key": "count", "value": 1},
    )
    return Claim(concept=CONCEPT, row=experiment, aspect="Count", engine="monarch", cell=cell, versions="")


@pytest.mark.timeout(180)
def test_an_experiment_in_which_its_side_died_runs_once_more_and_the_others_are_not_lost(tmp_path, here):
    started: list[list[str]] = []

    def start(plan: SidePlan) -> Run:
        started.append(plan.names)
        settings = {"PYTHONPATH": str(TESTS), "DIED_ONCE": str(tmp_path / "died")}
        spec = side_spec("monarch", CONCEPT, *plan.names, deadline=plan.deadline, settings=settings)
        return Run([spec], MonotonicClock())

    manifest = Manifest(
        format=FORMAT, date=DATE, machine=this_machine(), versions={}, claims=3, repeats=1, slow=False
    )
    results = Results(tmp_path / "results", manifest)
    pass_ = Campaign(
        [about(experiment) for experiment in EXPERIMENTS],
        [SidePlan("monarch", CONCEPT, tuple(PlannedExperiment(name, 60.0) for name in EXPERIMENTS))],
        start,
        results,
        lambda entry: Finding("holds", entry),
        MonotonicClock(),
        lanes=1,
        date=DATE,
    )
    found = {}
    give_up = time.monotonic() + 150
    while not pass_.over:
        assert time.monotonic() < give_up, f"waited 150 s for three experiments; started so far: {started}"
        found |= {each.id: each for each in pass_.poll(0.05)}
    results.close()
    assert started == [["first", "dies_once", "last"], ["dies_once"], ["last"]]
    assert {each.verdict for each in found.values()} == {"holds"}
    first_tries = {name: each.first_try for name, each in found.items() if each.first_try}
    assert list(first_tries) == [f"{CONCEPT}.dies_once.monarch"]
    assert "killed by signal 9" in first_tries[f"{CONCEPT}.dies_once.monarch"]
    assert load(results.folder)[1].first_try
    here.wait_until_clean(10.0)
