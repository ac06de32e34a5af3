"""The models of the RL loop, the router and the pull: they keep their rules, and do what the runs did."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monarch_vs_ray.notebook import learning, subjects
from monarch_vs_ray.notebook.loops import Loop, Pull, Router, percentile, service, slow_share
from monarch_vs_ray.notebook.runs import recorded

lengths = st.floats(0.1, 5)


@settings(max_examples=30)
@given(st.integers(0, 4), lengths, st.floats(1, 8), lengths)
def test_no_step_takes_data_older_than_the_bound(bound, rollout, longer, step):
    loop = Loop(bound, rollout, longer, step).run(30)
    assert max(loop.ages) <= bound
    assert loop.version == 30
    taken = [span for span in loop.spans if span.actor != "trainer"]
    assert len(taken) == 2 * 30


def test_the_synchronous_loop_waits_for_each_rollout_and_the_asynchronous_one_does_not():
    synchronous, ahead = Loop(0).run(50), Loop(1).run(50)
    assert synchronous.steps_a_second == pytest.approx(0.5)
    assert synchronous.trainer_waits == pytest.approx(0.5)
    assert ahead.steps_a_second == pytest.approx(1, rel=0.05)
    assert set(synchronous.ages) == {0}


def test_recorded_runs_keep_the_bound_of_their_setting():
    for setting, bound in (("recommended", 2), ("synchronous", 0)):
        for engine in ("monarch", "ray"):
            run = recorded(learning.training(setting))
            steps = [step for step in learning.steps(run) if step["engine"].lower() == engine]
            assert len(steps) >= 120, (setting, engine)
            assert max(step["age"] for step in steps) <= bound


def test_a_setting_without_a_recorded_run_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(subjects, "RECORDED", tmp_path)
    run = recorded(learning.training("synchronous"))
    assert "No run with the setting synchronous is recorded" in learning.reward_curve(run).text


def test_the_added_line_is_in_the_program_once():
    subject = learning.training("recommended")
    for engine, text in subject.texts.items():
        lines = text.splitlines()
        assert lines.count(next(line for line in lines if learning.TOLD in line)) == 1
        assert len(lines) == len(subject.files[engine].read_text().splitlines()) + 1


def latencies(**rules):
    return [request.latency for request in service(Router(**rules), stall=2)]


def test_a_request_waits_for_a_stalled_replica_without_a_deadline_and_not_with_one():
    assert max(latencies(fewest=False, deadline=0)) > 1.5
    assert max(latencies(fewest=False, deadline=0.5)) < 0.6


def test_a_replica_that_is_left_out_makes_fewer_requests_late():
    late = [sum(each > 0.1 for each in latencies(fewest=False, leave_out=out)) for out in (False, True)]
    assert late[1] < late[0] / 2


def test_a_choice_of_the_fewest_open_requests_spares_the_stalled_replica():
    late = [sum(each > 0.1 for each in latencies(fewest=few, deadline=0)) for few in (False, True)]
    assert late[1] < late[0] / 10


def test_every_request_is_answered_once():
    requests = service(Router(), stall=3)
    assert len({request.sent for request in requests}) == len(requests) > 250
    assert all(request.latency >= 0.0199 for request in requests)


def test_percentiles_are_those_of_the_patterns_programs():
    assert percentile(range(250), 0.99) == 247
    assert percentile([1.0], 0.5) == 1.0


def test_a_hundred_servers_make_63_of_a_hundred_requests_slow():
    assert slow_share(100, 0.01) == pytest.approx(0.634, abs=0.001)


def test_a_pull_between_two_writes_is_whole_and_one_that_meets_a_write_is_torn():
    assert Pull(every=20, write=2, begin=5, length=10).whole
    assert Pull(every=20, write=2, begin=5, length=10).version(0) == 1
    torn = Pull(every=20, write=2, begin=15, length=10)
    assert not torn.whole
    assert set(torn.versions()) == {1, 2}


@given(st.floats(1, 50), st.floats(0, 1), st.floats(0, 100), st.floats(0.1, 100))
def test_versions_only_rise_during_a_pull_that_is_slower_than_the_writes(every, share, begin, length):
    write = share * every
    versions = Pull(every, write, begin, max(length, write + 0.01)).versions()
    assert versions == sorted(versions)
