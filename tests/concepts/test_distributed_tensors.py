"""Distributed tensors: the inputs' functions, and what a run is worth in which another value was observed."""

from __future__ import annotations

import json
import os

import pytest

from monarch_vs_ray.concepts import find
from monarch_vs_ray.concepts.distributed_tensors import inputs
from recorded import doctored, recording, verdict

CONCEPT = find("distributed_tensors")


@pytest.fixture(autouse=True)
def torch_leaves_no_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))


@pytest.fixture(scope="module")
def events():
    return recording(CONCEPT)


def test_the_recorded_run_is_as_claimed(events):
    assert verdict(CONCEPT, events) == 0


WRONG = [
    ("used_before_fetching.used", "none"),
    ("own_gradients.from_own_share", float("nan")),
    ("own_gradients.differ_by", 0.0),  # where nothing differs, an average shows nothing
    ("training_led_by_the_caller.weights", 2e-6),
    ("reduced_by_name.sum_dp", [1.0, 1.0, 5.0, 5.0]),
    ("reduced_by_name.sum_tp", [2.0, 4.0, 2.0, 4.0]),
    ("reduced_by_name.average_dp", [1.5, 1.5, 1.5, 1.5]),
    ("split_over_dp_and_tp.differ_by", 0.5),
    ("ddp_training.wrapped", "Sequential"),
    ("ddp_training.processes", 1),
    ("ddp_training.weights", 1e-5),
    ("random_numbers.different", 1),
    ("shared_processes.shared", 2),
    ("checkpoint.differ_by", 1e-5),
]
OF_ONE = [
    ("monarch", "tensor_on_all_ranks.held", ["torch.Tensor"]),
    ("monarch", "tensor_on_all_ranks.values", [10.0, 10.0, 10.0, 10.0]),
    ("monarch", "tensor_on_all_ranks.operations", 1e-3),
    ("monarch", "backward_from_the_caller.ranks_that_learned", 1),
    ("monarch", "ddp_training.answers", [0]),
    ("monarch", "tried_without_ranks.reductions", 1),
    ("monarch", "native_reduction.answer", "10"),
    ("ray", "tensor_on_all_ranks.held", ["ray.ObjectRef"]),
    ("ray", "backward_from_the_caller.ranks_that_learned", 4),
    ("ray", "ddp_training.gradient", 1e-5),
    ("ray", "ddp_training.answers", [0, 1, 2, 3]),
    ("ray", "tried_without_ranks.ranks", 2),
    ("ray", "native_reduction.answer", [10.0, 10.0, 10.0, 10.0]),
]


@pytest.mark.parametrize(
    ("side", "key", "value"), [*((side, *wrong) for side in ("monarch", "ray") for wrong in WRONG), *OF_ONE]
)
def test_what_must_not_be_changes_the_exit_code(events, side, key, value):
    assert verdict(CONCEPT, doctored(events, side, key, value)) == 1


def test_reductions_in_a_trace_are_counted(tmp_path):
    trace = tmp_path / "trace.json"
    names = ["reduce_scatter", "aten.ones", "reduce_scatter", None]
    trace.write_text(json.dumps({"traceEvents": [{"name": name} for name in names]}))
    assert inputs.reductions_in(trace) == 2


def test_the_reason_of_a_failure_is_found_below_its_announcements():
    failure = "event: a failed because\n event: b failed:\n    no comm found for stream X {\n  }"
    assert inputs.reason(failure) == "no comm found"
    assert inputs.reason("") == "no reason given"


def test_the_cause_is_not_a_message_that_did_not_reach_who_had_failed():
    late = "event: client failed:\n  undeliverable message to worker_0 for stream X"
    why = "event: a failed:\n  no comm found for stream X"
    assert inputs.cause([late, why]) == inputs.cause([why, late]) == "no comm found"
    assert inputs.cause([late]) == "undeliverable message to worker_0"
    assert inputs.cause([]) == "no failure"


def test_a_failure_inside_a_folder_leaves_it_too(tmp_path):
    before = os.getcwd()
    with pytest.raises(FileNotFoundError), inputs.inside(tmp_path):
        os.rmdir("nothing of that name")
    assert os.getcwd() == before


def test_work_is_done_inside_the_folder(tmp_path):
    with inputs.inside(tmp_path):
        assert os.path.samefile(os.getcwd(), tmp_path)


def test_a_type_is_named_in_full():
    assert inputs.type_name(()) == "builtins.tuple"


def test_the_reference_is_the_mean_over_equal_shares():
    pytest.importorskip("torch")
    from monarch_vs_ray.concepts.distributed_tensors import workload

    own = workload.local_gradients()
    mean = sum(own) / inputs.RANKS
    assert workload.difference(mean, workload.alone().gradient) <= inputs.TOLERANCE
    assert workload.furthest(own, mean) > 1000 * inputs.TOLERANCE
    assert workload.ranks_with([own[0], own[0], own[2]], own) == [0, 2]
    with pytest.raises(ValueError, match="cannot be compared"):
        workload.difference(mean, mean[:1])
