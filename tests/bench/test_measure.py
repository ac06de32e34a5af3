"""Timing: what is kept, what is left out, what is refused."""

from __future__ import annotations

import time

import pytest

from monarch_vs_ray.bench import measure
from monarch_vs_ray.bench.catalogue import Row
from monarch_vs_ray.bench.measure import Measure, WrongAnswer

ROW = Row("call_round_trip")


@pytest.fixture
def kept(monkeypatch):
    found = []
    monkeypatch.setattr(measure, "observe", lambda key, value: found.append((key, value)))
    return found


def test_each_operation_has_a_sample(kept):
    calls = []
    Measure(ROW, 0.02).latency(lambda: calls.append(1))
    values = sum(len(value["values"]) for _, value in kept)
    assert {key for key, _ in kept} == {measure.SAMPLES}
    assert 0 < values <= min(len(calls), measure.MOST_SAMPLES)
    assert kept[0][1]["row"] == {"workload": "call_round_trip", "size": 0}


def test_what_comes_after_an_operation_is_outside_the_clock(kept):
    ended = []

    def end(answer: int) -> None:
        time.sleep(0.01)
        ended.append(answer)

    Measure(ROW, 0.03).latency(lambda: 7, after=end)
    assert set(ended) == {7}
    assert max(kept[0][1]["values"]) < 5e6


def test_large_bytes_are_moved_several_times_and_the_first_is_left_out(kept):
    calls = []
    Measure(Row("result", 64_000_000), 0.0).latency(lambda: calls.append(1))
    Measure(Row("rdma_read", 67_108_864), 0.0).batches(lambda count: 10_000_000, elsewhere=True)
    assert len(calls) == 6
    assert [(len(value["values"]), value["warm_up"]) for _, value in kept] == [(5, 1), (5, 1)]


def test_batches_grow_until_the_clock_costs_nothing(kept):
    sizes = []

    def run(count: int) -> None:
        sizes.append(count)
        time.sleep(count * 1e-5)

    Measure(ROW, 0.05).batches(run, least=1, most=10_000)
    assert sizes == sorted(sizes)
    assert kept[0][1]["operations"] == sizes[-1] > 50


def test_a_batch_may_stand_for_many_operations_and_be_timed_elsewhere(kept):
    Measure(ROW, 0.01).batches(lambda count: 8_000_000 * count, least=1, each=4, elsewhere=True)
    assert kept[0][1]["operations"] == 4
    assert set(kept[0][1]["values"]) == {2_000_000.0}


def test_a_planted_slow_down_is_as_long_as_it_says(kept):
    slowed = measure.slowed(lambda: time.sleep(0.01), 1.0)
    began = time.perf_counter()
    slowed()
    assert time.perf_counter() - began >= 0.02
    assert measure.slowed(lambda: 100, 0.5)() == 100, "a clock elsewhere is not reached"


def test_a_wrong_answer_is_not_timed(kept):
    with pytest.raises(WrongAnswer, match="another number"):
        Measure(ROW, 1.0).valid(False, "another number came back")
    assert kept == []


def test_warm_up_ends_where_the_times_level_out():
    warm = [100.0 - each for each in range(16)]
    assert measure.warm_up([*warm, *([10.0, 11.0, 12.0] * 40)]) == 16
    assert measure.warm_up([10.0, 11.0, 12.0] * 40) == 0


def test_warm_up_never_takes_most_of_the_samples():
    falling = [float(1_000 - each) for each in range(1_000)]
    assert measure.warm_up(falling) <= 400


def test_many_samples_are_thinned_over_their_whole_time(kept):
    Measure(ROW, 0.0).amounts(*map(float, range(50_000)))
    values = [each for _, value in kept for each in value["values"]]
    assert len(values) <= measure.MOST_SAMPLES
    assert values[0] == 0.0
    assert values[-1] > 49_000
    assert all(len(value["values"]) <= measure.PER_OBSERVATION for _, value in kept)
