"""The claims on distributed tensors: all of the first document is there, and a wrong engine is found out."""

from __future__ import annotations

import pytest

from ledger.probed import ProbedSide, Seen, claims_of, judged
from monarch_vs_ray.ledger.judge import judge

CLAIMS = claims_of("distributed_tensors")
NAMES = ["dp", "tp", "pp"]
SUMS = {"dp": [2.0, 4.0, 2.0, 4.0], "tp": [1.0, 1.0, 5.0, 5.0]}


# What the probe and its control see of an engine as it is.
AS_IT_IS: dict[str, tuple[Seen, Seen]] = {
    "distributed_tensor.monarch": (
        {"type": "monarch.common.tensor.Tensor", "values": [10.0, 11.0, 12.0, 13.0], "operations": 0.0},
        {"type": "torch.Tensor", "values": [11.0]},
    ),
    "distributed_tensor.ray": (
        {"held": ["ray.ObjectRef"] * 2, "used": "TypeError", "wrapped": "DistributedDataParallel"},
        {"held": ["DTensor"], "used": "allowed", "wrapped": "DTensor"},
    ),
    "programming_model.monarch": (
        {"entered": 1, "by_the_caller": True, "ranks": 4},
        {"entered": 4, "by_the_caller": False, "ranks": 4},
    ),
    "programming_model.ray": (
        {"entered": 4, "by_the_caller": False, "ranks": [0, 1, 2, 3]},
        {"entered": 1, "by_the_caller": True, "ranks": [0, 1]},
    ),
    "collective_ops.monarch": ({"average": [1.0, 2.0, 1.0, 2.0]}, {"average": [0.5, 0.5, 2.5, 2.5]}),
    "collective_ops.ray": ({"differ_by": 1.1e-16}, {"differ_by": 1.08}),
    "mesh_dimensions.monarch": (
        {
            "names": NAMES,
            "unknown_name": "KeyError",
            "on_a_part": {"dims": ["dp", "tp"], "values": [10.0, 11.0]},
            "sums": SUMS,
        },
        {"names": ["gpus"], "unknown_name": "KeyError", "sums": SUMS},
    ),
    "mesh_dimensions.ray": (
        {"averages_over": 4, "about_a_mesh": []},
        {"averages_over": 2, "about_a_mesh": ["dp", "tp"]},
    ),
    "inspect_fetch.monarch": (
        {"values": [0, 1, 2, 3], "type": "torch.Tensor"},
        {"values": "DataDependentOutputException", "type": "monarch.common.tensor.Tensor"},
    ),
    "inspect_fetch.ray": ({"got": [10.0, 11.0], "reported": 0.0}, {"got": "TypeError", "reported": "None"}),
    "parallelism_strategies.monarch": (
        {"differs_by": 1.1e-16, "pipeline_differs_by": 2.2e-16},
        {"differs_by": 1.08, "pipeline_differs_by": 1.08},
    ),
    "autograd_from_the_caller.monarch": (
        {"backward": "allowed", "ranks_that_learned": 4},
        {"backward": "RuntimeError", "ranks_that_learned": 0},
    ),
    "autograd_from_the_caller.ray": (
        {"backward": ["allowed"] * 2, "ranks_that_learned": 0},
        {"ranks_that_learned": 2},
    ),
    "random_numbers.monarch": (
        {"different": 4, "different_in_both": 8},
        {"different": 1, "different_in_both": 1},
    ),
    "checkpoints.ray": ({"kept": 2, "differ_by": 0.0}, {"kept": 2, "differ_by": 0.29}),
    "without_ranks.monarch": (
        {"processes": 0, "reductions": 4, "shape": [16], "value": 0.0},
        {"processes": 4, "shape": [16], "value": 10.0},
    ),
    "own_reduction_on_a_cpu.monarch": (
        {"answer": "a fault", "reason": "no comm found"},
        {"answer": "averages to 10"},
    ),
}

# What the probe would see of an engine that is otherwise.
OTHERWISE: dict[str, Seen] = {
    "distributed_tensor.monarch": {
        "type": "monarch.common.tensor.Tensor",
        "values": [10.0, 10.0, 10.0, 10.0],
        "operations": 0.0,
    },
    "distributed_tensor.ray": {
        "held": ["ray.DistributedTensor"],
        "used": "allowed",
        "wrapped": "DistributedDataParallel",
    },
    "programming_model.monarch": {"entered": 4, "by_the_caller": False, "ranks": 4},
    "programming_model.ray": {"entered": 1, "by_the_caller": True, "ranks": [0]},
    "collective_ops.monarch": {"average": [1.5, 1.5, 1.5, 1.5]},
    "collective_ops.ray": {"differ_by": 0.01},
    "mesh_dimensions.monarch": {
        "names": NAMES,
        "unknown_name": "allowed",
        "on_a_part": {"dims": ["dp", "tp"], "values": [10.0, 11.0]},
        "sums": SUMS,
    },
    "mesh_dimensions.ray": {"averages_over": 4, "about_a_mesh": ["get_mesh"]},
    "inspect_fetch.monarch": {"values": [0, 0, 0, 0], "type": "torch.Tensor"},
    "inspect_fetch.ray": {"got": [10.0, 11.0], "reported": 0.5},
    "parallelism_strategies.monarch": {"differs_by": 1.1e-16, "pipeline_differs_by": 0.01},
    "autograd_from_the_caller.monarch": {"backward": "allowed", "ranks_that_learned": 1},
    "autograd_from_the_caller.ray": {"backward": ["allowed"] * 2, "ranks_that_learned": 2},
    "random_numbers.monarch": {"different": 4, "different_in_both": 4},
    "checkpoints.ray": {"kept": 2, "differ_by": 0.1},
    "without_ranks.monarch": {"processes": 4, "reductions": 4, "shape": [16], "value": 0.0},
    "own_reduction_on_a_cpu.monarch": {"answer": "averages to 10"},
}


@pytest.mark.parametrize("name", AS_IT_IS)
def test_an_engine_as_it_is_is_accepted(name: str) -> None:
    judgement = judged(CLAIMS[name], *AS_IT_IS[name])
    assert judgement.statement.verdict == "holds", judgement.statement.said
    if judgement.brief:
        assert judgement.brief.verdict == CLAIMS[name].cell.brief_verdict


@pytest.mark.parametrize("name", OTHERWISE)
def test_an_engine_that_is_otherwise_is_refused(name: str) -> None:
    judgement = judged(CLAIMS[name], OTHERWISE[name], AS_IT_IS[name][1])
    assert judgement.statement.verdict == "refuted", judgement.statement.said


@pytest.mark.parametrize("name", AS_IT_IS)
def test_a_control_that_sees_the_same_makes_it_unknown(name: str) -> None:
    seen, _ = AS_IT_IS[name]
    assert judged(CLAIMS[name], seen, seen).statement.verdict == "unknown"


def test_where_there_is_no_nccl_nothing_is_known_of_tensor_reduce() -> None:
    claim = CLAIMS["collective_ops.monarch"]
    seen, control = AS_IT_IS["collective_ops.monarch"]
    side = ProbedSide("monarch", "distributed_tensors")
    side.probe(claim.cell.probe, seen).probe(claim.cell.control, control)
    side.probe(claim.cell.brief_probe, answer="unavailable", error="needs NCCL and 4 GPUs")
    judgement = judge(claim, side.end().brackets)
    assert judgement.statement.verdict == "holds"
    assert judgement.brief
    assert (judgement.brief.verdict, judgement.brief.said) == ("unknown", "needs NCCL and 4 GPUs")


@pytest.mark.parametrize(("average", "verdict"), [([1.0, 2.0, 1.0, 2.0], "holds"), ([1.5] * 4, "refuted")])
def test_where_there_is_nccl_its_values_decide(average: list[float], verdict: str) -> None:
    claim = CLAIMS["collective_ops.monarch"]
    seen, control = AS_IT_IS["collective_ops.monarch"]
    side = ProbedSide("monarch", "distributed_tensors")
    side.probe(claim.cell.probe, seen).probe(claim.cell.control, control)
    side.probe(claim.cell.brief_probe, {"average": average})
    brief = judge(claim, side.end().brackets).brief
    assert brief
    assert brief.verdict == verdict


@pytest.mark.parametrize("engine", ["monarch", "ray"])
def test_without_torch_nothing_is_known(engine: str) -> None:
    for name, claim in CLAIMS.items():
        if claim.engine == engine:
            side = ProbedSide(claim.engine, "distributed_tensors")
            for probe in claim.probes:
                side.probe(probe, answer="unavailable", error="needs torch")
            statement = judge(claim, side.end().brackets).statement
            assert (statement.verdict, statement.said) == ("unknown", "needs torch"), name
