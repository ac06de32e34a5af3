"""The claims on the data plane: another engine is found out, and what lacks its hardware is unknown."""

from __future__ import annotations

import pytest

from ledger.probed import ProbedSide, claims_of, judged
from monarch_vs_ray.ledger.judge import judge

CLAIMS = claims_of("data_plane")
MB = 1 << 20

# What the probe and its control see of an engine as it is, and what the probe would see of another one.
SEEN = {
    "intra_node.monarch": (
        {"one_process": True, "follows": False},
        {"one_process": True, "follows": True},
        {"one_process": True, "follows": True},
    ),
    "intra_node.ray": (
        {"lies": "shared memory", "equal": True},
        {"lies": "private memory", "equal": True},
        {"lies": "shared memory", "equal": False},  # a wrong checksum
    ),
    "cross_node.ray": (
        {"copies_before": 1, "copies_after": 2, "connected": True, "http2": True, "equal": True},
        {"copies_before": 1, "copies_after": 1, "connected": True, "http2": True, "equal": True},
        {"copies_before": 1, "copies_after": 2, "connected": True, "http2": False, "equal": True},
    ),
    "weight_sync.monarch": (
        {"handle_bytes": 532, "versions": 1, "steps": 40},
        {"handle_bytes": 532, "versions": 5, "steps": 40},
        {"handle_bytes": 532, "versions": 1, "steps": 0},  # the trainer stood still
    ),
    "handle_size.monarch": (
        {"largest": 532, "spread": 4},
        {"largest": 64 * MB, "spread": 64 * MB},
        {"largest": 150, "spread": 0},
    ),
    "live_memory.ray": ({"as_it_was": True}, {"as_it_was": False}, {"as_it_was": False}),
    "stopped_owner.ray": (
        {"near": "finished", "far": "waited"},
        {"near": "waited", "far": "waited"},
        {"near": "finished", "far": "finished"},
    ),
    "dead_owner.monarch": (
        {"until_its_limit": True, "read": "Exception: timed out"},
        {"until_its_limit": False, "read": "finished"},
        {"until_its_limit": False, "read": "Exception: timed out"},
    ),
    "memory_of_the_owner.ray": (
        {"megabytes_on_disk": 48, "restored": 5},
        {"megabytes_on_disk": 0, "restored": 5},
        {"megabytes_on_disk": 48, "restored": 4},  # one was lost on the way
    ),
    "without_torch.ray": (
        {"equal": True, "torch_loaded": [False, False]},
        {"equal": True, "torch_loaded": [True, True]},
        {"equal": True, "torch_loaded": [True, False]},
    ),
}


@pytest.mark.parametrize("name", SEEN)
def test_an_engine_as_it_is_is_accepted_and_another_one_refused(name):
    seen, control, otherwise = SEEN[name]
    assert judged(CLAIMS[name], seen, control).statement.verdict == "holds"
    assert judged(CLAIMS[name], otherwise, control).statement.verdict == "refuted"
    assert judged(CLAIMS[name], seen, seen).statement.verdict == "unknown"


def test_a_handle_of_150_bytes_would_make_the_mark_stale():
    _, control, small = SEEN["handle_size.monarch"]
    brief = judged(CLAIMS["handle_size.monarch"], {**small, "largest": 150}, control).brief
    assert brief
    assert brief.verdict == "holds" != CLAIMS["handle_size.monarch"].cell.brief_verdict


@pytest.mark.parametrize("name", ["cross_node.monarch", "gpu_to_gpu.monarch", "gpu_to_gpu.ray"])
def test_what_lacks_its_hardware_is_unknown_of_the_brief_alone(name):
    cell = CLAIMS[name].cell
    side = ProbedSide(CLAIMS[name].engine, "data_plane")
    side.probe(cell.brief_probe, answer="unavailable", error="needs an RDMA NIC")
    brief = judge(CLAIMS[name], side.end().brackets).brief
    assert brief
    assert (brief.verdict, brief.said) == ("unknown", "needs an RDMA NIC")


@pytest.mark.parametrize("name", ["stopped_owner.monarch", "stopped_owner.ray", "dead_owner.ray"])
def test_nothing_is_known_when_nobody_was_stopped(name):
    seen = {"near": "finished", "far": "waited", "read": "OwnerDiedError"}
    control = {"near": "", "far": "", "read": ""}
    assert judged(CLAIMS[name], seen, control).statement.verdict != "unknown"
    assert judged(CLAIMS[name], seen, control, faults=0).statement.verdict == "unknown"
