"""Distributed tensors: the inputs that both sides get, and what both must observe. Needs no torch."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from math import prod
from pathlib import Path

from monarch_vs_ray.core.concept import Concept, Row, Seen

MESH = {"dp": 2, "tp": 2}
"""Data-parallel and tensor-parallel: four ranks, seen as two rows and two columns."""
RANKS = prod(MESH.values())

SEED = 7
BATCH = 16
FEATURES = 6
HIDDEN = 8
STEPS = 4
LEARNING_RATE = 0.1

TOLERANCE = 1e-6
"""The largest difference that rounding in double precision may explain, with much room."""
PATIENCE = 150.0
"""Seconds to wait for what must come: importing torch in many processes takes its time on a busy machine."""
CAUSE_SECONDS = 2.0
"""What a failure that says why may come later than one that does not."""

NEEDS_TORCH = "needs torch"


def needing_torch(seen: Sequence[str]) -> list[str]:
    """The keys of all rows that were not seen, since that needs torch."""
    return [row.key for row in CONCEPT.rows if row.key not in seen]


def has_torch() -> bool:
    """Whether torch can be imported; it is not imported here."""
    return find_spec("torch") is not None


def places() -> list[list[int]]:
    """Each rank's coordinates in the mesh, in the order of ranks."""
    return [[rank // MESH["tp"], rank % MESH["tp"]] for rank in range(RANKS)]


def place(coordinates: Sequence[int]) -> str:
    """Coordinates in the mesh, as a reader would write them."""
    return " ".join(f"{dim}={at}" for dim, at in zip(MESH, coordinates, strict=True))


def sums(dim: str) -> list[float]:
    """What each rank must have after its number was summed up over one dimension of the mesh."""
    axis = list(MESH).index(dim)
    rest = [at[:axis] + at[axis + 1 :] for at in places()]
    return [float(sum(r for r in range(RANKS) if rest[r] == mine)) for mine in rest]


def averages(dim: str) -> list[float]:
    """The same, averaged."""
    return [total / MESH[dim] for total in sums(dim)]


def collectives(trace: Path) -> int:
    """How many reductions a simulator's trace file holds, all ranks together."""
    content = json.loads(trace.read_text())
    return sum(event.get("name") == "reduce_scatter" for event in content["traceEvents"])


def refusal(call: Callable[[], object]) -> str:
    """How a call was refused, in a word; or that it was not."""
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "allowed"


def reason(failure: str) -> str:
    """The words of a long failure that say why: what follows its last "failed:", without the particulars."""
    lines = failure.rpartition("failed:")[2].split("\n")
    return next((line.strip().split(" for ")[0] for line in lines if line.strip()), "no reason given")


def cause(failures: Sequence[object]) -> str:
    """The reason of the first failure that has one of its own; after a moment, that of the first one.

    A message to somebody who has failed becomes a failure too, and may come first, or be all that comes.
    """
    until = time.monotonic() + CAUSE_SECONDS
    while True:
        reasons = [reason(str(failure)) for failure in failures]
        own = [each for each in reasons if not each.startswith("undeliverable message")]
        if own or time.monotonic() > until:
            return (own or reasons)[0]
        time.sleep(0.05)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Within the block this process works in the folder."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _tiny(value: object) -> bool:
    return isinstance(value, float) and 0 <= value <= TOLERANCE


def _large(value: object) -> bool:
    return isinstance(value, float) and value > 1000 * TOLERANCE


def _largest(seen: Seen, *keys: str) -> str:
    values = [seen[key] for key in keys]
    if not all(isinstance(value, float) for value in values):
        raise TypeError(keys)
    return f"{max(float(str(value)) for value in values):.2g}"


def _gradients(monarch: Seen, ray: Seen) -> str:
    keys = ("led_gradient", "averaged_gradient", "composed_gradient")
    return (
        f"The gradient of {RANKS} ranks differed from that of one process by {_largest(monarch, *keys)} at"
        f" most on Monarch and {_largest(ray, *keys)} on Ray: led by the caller, by DDP, split over dp"
        f" and tp; that of a single rank, not averaged, by {_largest(monarch, 'unsynced')} and"
        f" {_largest(ray, 'unsynced')}."
    )


def _weights(monarch: Seen, ray: Seen) -> str:
    keys = ("led_weights", "weights_equal", "weights_reference", "checkpoint")
    return (
        f"After {STEPS} steps the weights of all ranks, the checkpoint's too, were those of one process up to"
        f" {_largest(monarch, *keys)} (Monarch) and {_largest(ray, *keys)} (Ray)."
    )


def _sums(monarch: Seen, ray: Seen) -> str:
    over = [
        f"{_joined(monarch, key)} on Monarch and {_joined(ray, key)} on Ray" for key in ("sum_dp", "sum_tp")
    ]
    return f"The ranks summed up by name, over dp: {over[0]}; over tp: {over[1]}."


def _answers(monarch: Seen, ray: Seen) -> str:
    came = [_joined(seen, "answers") for seen in (monarch, ray)]
    return (
        f"The training function's return value came back from ranks {came[0]} on Monarch and {came[1]} on"
        f" Ray; the model in it was {monarch['wrapped']} and {ray['wrapped']}."
    )


def _joined(seen: Seen, key: str) -> str:
    values = seen[key]
    if not isinstance(values, list):
        raise TypeError(key)
    return " ".join(f"{value:g}" for value in values)


def _with_torch(template: str) -> Callable[[Seen, Seen], str]:
    """The sentence, unless the values that it speaks of needed a torch that is not there."""

    def sentence(monarch: Seen, ray: Seen) -> str:
        missing = NEEDS_TORCH in (monarch.get("device"), ray.get("device"))
        return "" if missing else template.format(monarch=monarch, ray=ray)

    return sentence


CONCEPT = Concept(
    number=7,
    name="distributed_tensors",
    title="Distributed tensors and training",
    question="Who holds a tensor that lives on many ranks, and who keeps the ranks equal while they train?",
    watch=(
        "On Monarch the caller holds one tensor and writes ordinary PyTorch; every line runs on all ranks.",
        "On Ray the caller holds handles and references; tensor code runs in actors or a training function.",
        "Both run DDP: the same training loop on each rank, and nobody writes the averaging down.",
        "Reducing over dp or tp by name: torch's process groups do it here, since there is no NCCL.",
        "Every gradient is checked against one process that computes on the whole batch.",
    ),
    rows=(
        Row(key="device", label="Tensors live on, collectives go over"),
        Row(key="held", label="What the caller holds of a tensor on all ranks"),
        Row(
            key="per_rank",
            label="10 + its rank, fetched from each rank",
            want=[10.0 + r for r in range(RANKS)],
        ),
        Row(key="operations", label="Operations on each rank: differ from one process by", want=_tiny),
        Row(key="unfetched", label="Using its value before fetching it"),
        Row(key="by_coordinates", label="Fetched by coordinates", described=("ray",)),
        Row(key="local_gradients", label="Each rank's own gradient: differs by", want=_tiny),
        Row(key="unsynced", label="... from the whole batch's, not averaged (control)", want=_large),
        Row(key="led_gradient", label="Averaged by the caller's program: differs by", want=_tiny),
        Row(key="led_weights", label=f"... weights after {STEPS} optimizer steps", want=_tiny),
        Row(key="coordinates", label="Place of each rank in a 2x2 mesh", want=[place(at) for at in places()]),
        Row(key="sum_dp", label="The rank, summed over dp", want=sums("dp")),
        Row(key="sum_tp", label="... summed over tp", want=sums("tp")),
        Row(key="average_dp", label="... averaged over dp", want=averages("dp")),
        Row(key="composed_gradient", label="Split over dp and tp: gradient differs by", want=_tiny),
        Row(key="shard", label="A DTensor's shard on one rank", want=[BATCH // 2, FEATURES // 2]),
        Row(key="full_tensor", label="... put together again: differs by", want=_tiny),
        Row(
            key="spmd",
            label="The training function ran on",
            want={"ranks": list(range(RANKS)), "processes": RANKS},
        ),
        Row(key="wrapped", label="The model there is"),
        Row(key="averaged_gradient", label="DDP's gradient: differs from one process by", want=_tiny),
        Row(key="weights_equal", label=f"Weights after {STEPS} steps: ranks differ by", want=_tiny),
        Row(key="weights_reference", label="... from one process by", want=_tiny),
        Row(key="loss", label="Loss brought to the caller: differs by", want=_tiny),
        Row(key="answers", label="Ranks whose return value reaches the caller"),
        Row(key="checkpoint", label="Checkpoint read by the caller: weights differ by", want=_tiny),
        Row(key="simulated", label="Reduction simulated without ranks", described=("ray",)),
        Row(key="native_reduce", label="The engine's own reduction, here"),
    ),
    deadline=400.0,
    environment={
        # Ray Train as it is today, also in releases in which that was still a choice.
        "RAY_TRAIN_V2_ENABLED": "1",
        # Torch's gloo would otherwise pick the interface that the host's name leads to.
        "GLOO_SOCKET_IFNAME": "lo",
        # Torch warns of its own internals, once in each process.
        "PYTHONWARNINGS": "ignore",
        # How often Ray Train's controller looks at its workers, in seconds; 2 by default.
        "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",
        # Starting means importing torch in every process: on a busy machine longer than the usual 30 or 60 s.
        "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": f"{PATIENCE:g}",
        "HYPERACTOR_MESH_PROC_SPAWN_MAX_IDLE": f"{PATIENCE:g}s",
        "HYPERACTOR_MESH_ACTOR_SPAWN_MAX_IDLE": f"{PATIENCE:g}s",
        "HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE": f"{PATIENCE:g}s",
    },
    closing=(
        _with_torch(
            "The caller held {monarch[held]} on Monarch and {ray[held]} on Ray; using the value before"
            " fetching it gave {monarch[unfetched]} and {ray[unfetched]}."
        ),
        _gradients,
        _weights,
        _sums,
        _answers,
        _with_torch(
            "The engines' own reductions, on {monarch[device]}: Monarch {monarch[native_reduce]}; Ray"
            " {ray[native_reduce]}. Monarch simulated its reduction: {monarch[simulated]}."
        ),
    ),
)
