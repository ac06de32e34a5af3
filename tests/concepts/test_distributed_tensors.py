"""The oracle of distributed tensors, its closing sentences, and the helpers of its inputs; no engine runs."""

from __future__ import annotations

import json
import os

import pytest

from monarch_vs_ray.concepts.distributed_tensors import spec
from recorded import doctored, recording, seen, verdict

CONCEPT = spec.CONCEPT


@pytest.fixture(autouse=True)
def torch_leaves_no_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))


@pytest.fixture(scope="module")
def events():
    return recording(CONCEPT)


def test_the_oracle_accepts_the_recorded_run(events):
    assert verdict(CONCEPT, events) == 0


@pytest.mark.parametrize("side", ["monarch", "ray"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("per_rank", [10.0, 10.0, 10.0, 10.0]),
        ("operations", 1e-3),
        ("local_gradients", float("nan")),
        ("unsynced", 0.0),  # a control that finds no difference says nothing
        ("led_gradient", 2e-6),
        ("led_weights", 2e-6),
        ("coordinates", ["dp=0 tp=0", "dp=1 tp=0", "dp=0 tp=1", "dp=1 tp=1"]),
        ("sum_dp", [1.0, 1.0, 5.0, 5.0]),
        ("sum_tp", [2.0, 4.0, 2.0, 4.0]),
        ("average_dp", [2.0, 4.0, 2.0, 4.0]),
        ("composed_gradient", 0.5),
        ("shard", [16, 6]),
        ("full_tensor", 1.0),
        ("spmd", {"ranks": [0, 1, 2, 3], "processes": 1}),
        ("spmd", {"ranks": [0, 0, 0, 0], "processes": 4}),
        ("averaged_gradient", 1e-5),
        ("weights_equal", 1e-5),
        ("weights_reference", -1.0),
        ("loss", 1e-5),
        ("checkpoint", 1e-5),
        ("checkpoint", spec.NEEDS_TORCH),
    ],
)
def test_the_oracle_refuses_what_must_not_be(events, side, key, value):
    assert verdict(CONCEPT, doctored(events, side, key, value)) == 1


def test_every_row_is_observed_on_both_sides(events):
    keys = {row.key for row in CONCEPT.rows}
    assert set(seen(events, "monarch")) == keys == set(seen(events, "ray"))


def said(monarch, ray):
    return " ".join(CONCEPT.conclude(monarch, ray))


@pytest.mark.parametrize(
    ("side", "key", "value", "words"),
    [
        ("monarch", "held", "1 shoe", "held 1 shoe on Monarch"),
        ("ray", "held", "9 shoes", "9 shoes on Ray"),
        ("ray", "unfetched", "Surprise", "and Surprise."),
        ("monarch", "led_gradient", 0.25, "by 0.25 at most on Monarch"),
        ("ray", "composed_gradient", 0.75, "and 0.75 on Ray"),
        ("ray", "unsynced", 7.5, "and 7.5."),
        ("monarch", "weights_equal", 0.125, "up to 0.12 (Monarch)"),
        ("ray", "checkpoint", 0.5, "0.5 (Ray)"),
        ("monarch", "sum_dp", [9.0, 8.0], "9 8 on Monarch"),
        ("ray", "sum_tp", [7.0, 6.0], "7 6 on Ray"),
        ("ray", "answers", [0, 3], "0 3 on Ray"),
        ("monarch", "wrapped", "Bare", "was Bare and"),
        ("monarch", "native_reduce", "averages to 1", "Monarch averages to 1; Ray"),
        ("monarch", "simulated", "5 ranks", "simulated its reduction: 5 ranks"),
    ],
)
def test_the_closing_sentences_come_from_the_observations(events, side, key, value, words):
    observed = {"monarch": seen(events, "monarch"), "ray": seen(events, "ray")}
    assert len(CONCEPT.conclude(**observed)) == len(CONCEPT.closing)
    assert words not in said(**observed)
    observed[side][key] = value
    assert words in said(**observed)


def test_a_sentence_without_its_observations_is_not_said(events):
    monarch, ray = seen(events, "monarch"), seen(events, "ray")
    del ray["sum_tp"], monarch["led_gradient"]
    assert len(CONCEPT.conclude(monarch, ray)) == len(CONCEPT.closing) - 2


def test_without_torch_nothing_is_concluded():
    missing = dict.fromkeys(spec.needing_torch([]), spec.NEEDS_TORCH)
    assert CONCEPT.conclude(missing, missing) == []
    assert "coordinates" not in spec.needing_torch(["coordinates"])


def test_sums_and_averages_go_over_one_dimension():
    assert spec.places() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert spec.sums("dp") == [2.0, 4.0, 2.0, 4.0]
    assert spec.sums("tp") == [1.0, 1.0, 5.0, 5.0]
    assert spec.averages("tp") == [0.5, 0.5, 2.5, 2.5]
    assert spec.place([1, 0]) == "dp=1 tp=0"


def test_reductions_in_a_trace_are_counted(tmp_path):
    trace = tmp_path / "trace.json"
    names = ["reduce_scatter", "aten.ones", "reduce_scatter", None]
    trace.write_text(json.dumps({"traceEvents": [{"name": name} for name in names]}))
    assert spec.collectives(trace) == 2


def test_a_refusal_is_named():
    assert spec.refusal(lambda: None) == "allowed"
    assert spec.refusal(lambda: int("x")) == "ValueError"


def test_the_reason_of_a_failure_is_found_below_its_announcements():
    failure = "event: a failed because\n event: b failed:\n    no comm found for stream X {\n  }"
    assert spec.reason(failure) == "no comm found"
    assert spec.reason("") == "no reason given"


def test_the_cause_is_not_a_message_that_did_not_reach_who_had_failed():
    late = "event: client failed:\n  undeliverable message to worker_0 for stream X"
    why = "event: a failed:\n  no comm found for stream X"
    assert spec.cause([late, why]) == spec.cause([why, late]) == "no comm found"


def test_a_late_message_is_the_cause_when_nothing_else_comes(monkeypatch):
    monkeypatch.setattr(spec, "CAUSE_SECONDS", 0.0)
    late = "event: client failed:\n  undeliverable message to worker_0 for stream X"
    assert spec.cause([late]) == "undeliverable message to worker_0"


def test_work_inside_a_folder_ends_outside_of_it(tmp_path):
    before = os.getcwd()
    with spec.inside(tmp_path):
        assert os.path.samefile(os.getcwd(), tmp_path)
    assert os.getcwd() == before


def test_a_failure_inside_a_folder_leaves_it_too(tmp_path):
    before = os.getcwd()
    with pytest.raises(ZeroDivisionError), spec.inside(tmp_path):
        1 / 0  # noqa: B018
    assert os.getcwd() == before


def test_the_reference_is_the_mean_over_equal_shares():
    pytest.importorskip("torch")
    from monarch_vs_ray.concepts.distributed_tensors import workload

    mean = sum(workload.local_gradient(rank) for rank in range(spec.RANKS)) / spec.RANKS
    assert workload.difference(mean, workload.alone().gradient) <= spec.TOLERANCE
    assert workload.difference(workload.alone().weights, workload.alone().weights) == 0
    with pytest.raises(ValueError, match="cannot be compared"):
        workload.difference(mean, mean[:1])
