"""Data plane: the bytes that both sides move, how a transfer is judged, and what both must observe."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import random
import time
from collections.abc import Callable
from typing import NamedTuple

from monarch_vs_ray.concepts.data_plane.instruments import PATIENCE, Flag
from monarch_vs_ray.core.concept import Concept, Row, Seen

KB, MB = 1024, 1024 * 1024
SIZES = {"1 KB": KB, "1 MB": MB, "64 MB": 64 * MB}
LARGE = 64 * MB
READS = 3
"""Reads of each size, so that the first one's set-up does not stand for all."""
SMALL, SMALL_COUNT = 16 * KB, 256
WEIGHTS = 16 * MB
VERSION = 200
"""What the published weights are full of: more steps than the training makes."""
PULLS = 16
"""Pulls of the published weights while the trainer goes on."""
LIVE_PULLS = 4
"""Pulls of the weights that the trainer is changing."""
FLOATS = 1 << 18
"""Elements of the tensor, float32: 1 MB."""
PIECE, PIECES = 24 * MB, 5
"""What is put into a store that holds about 80 MB."""

GRACE = 8
"""Seconds that a read gets while its owner is busy: where it can, milliseconds do."""
HOLD = 1.0
"""Seconds that something which should not finish gets to do it all the same."""
GONE = 2
"""Seconds after which a read gives up that waits for an owner that is dead."""

NEEDS_TORCH = "needs torch"
TORCH_ROWS = ("tensor", "tensor_handle", "tensor_busy", "receiver_alone", "sender_alone", "allreduce")


class Arrived(NamedTuple):
    """What a reader says of a read that finished."""

    checksum: str
    lies: str
    seconds: float


class Pulled(NamedTuple):
    """What a generator says of its pulls: when they were, and how many versions one of them held."""

    began: float
    ended: float
    versions: int
    checksum: str


@functools.cache
def payload(size: int) -> bytes:
    """That many bytes, the same ones in every process."""
    return random.Random(size).randbytes(size)


@functools.cache
def expected(size: int) -> str:
    """The checksum that a reader of that payload must get."""
    return checksum(payload(size))


def checksum(data: bytes | bytearray | memoryview) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


class Checks:
    """The tally of all checksums of a run."""

    def __init__(self) -> None:
        self.made = 0
        self.wrong = 0

    def add(self, got: str, want: str) -> None:
        """Compare two checksums and count."""
        self.made += 1
        self.wrong += got != want


def train(weights: memoryview, inside: Flag, done: Flag) -> list[float]:
    """Take steps until told to stop; gives when each one ended. A step writes all the weights in place.

    Each puts ``inside`` up, so that whoever takes it down sees the next one.
    """
    ended: list[float] = []
    deadline = time.monotonic() + PATIENCE
    while not done.is_up() and time.monotonic() < deadline:
        step(weights, len(ended))
        ended.append(time.monotonic())
        inside.put_up()
    return ended


def step(weights: memoryview, number: int) -> None:
    """Write the number of the step into every byte of the weights."""
    ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(weights)), number % 256, len(weights))


def pull(once: Callable[[], memoryview], times: int) -> Pulled:
    """Pull that often; ``once`` gives the weights as they are in the generator's own memory then."""
    began = time.monotonic()
    found = [versions(weights := once()) for _ in range(times)]
    return Pulled(began, time.monotonic(), max(found), checksum(weights))


def pull_through_a_step(pull_often: Callable[[int], Pulled], inside: Flag) -> Pulled:
    """Pull until a step has ended between the first pull's begin and the last one's end, however busy the
    machine is; gives all the pulls as one. Raises TimeoutError when the trainer takes no step."""
    pulls = [pull_often(LIVE_PULLS)]
    for _ in range(2):  # the first time it may be the step that ended before the first pull
        inside.take_down()
        deadline = time.monotonic() + PATIENCE
        while not inside.is_up():
            if time.monotonic() > deadline:
                raise TimeoutError(f"no training step ended in {PATIENCE:g} s of pulls")
            pulls.append(pull_often(1))
    pulls.append(pull_often(1))
    versions_seen = max(pulled.versions for pulled in pulls)
    return Pulled(pulls[0].began, pulls[-1].ended, versions_seen, pulls[-1].checksum)


def expected_weights(version: int) -> str:
    """The checksum of the weights right after that step."""
    return checksum(bytes([version]) * WEIGHTS)


def versions(weights: memoryview) -> int:
    """How many steps' bytes are in these weights: more than one means that the pull was torn."""
    return len(set(weights[::KB]))


def steps_within(steps: list[float], pulled: Pulled) -> int:
    """How many steps of the training ended between the first pull's begin and the last one's end."""
    return sum(pulled.began <= ended <= pulled.ended for ended in steps)


def megabytes_per_second(size: int, seconds: float) -> int:
    """Rounded to two digits, for more would claim too much."""
    return int(float(f"{size / MB / max(seconds, 1e-9):.2g}"))


def _positive(value: object) -> bool:
    return isinstance(value, int) and value > 0


def _does_not_grow(value: object) -> bool:
    """Handles of payloads of very different sizes are all small and about the same."""
    return isinstance(value, list) and max(value) < 4 * KB and max(value) - min(value) <= 16


def _or_needs_torch(value: object) -> bool:
    return value in ("waited", NEEDS_TORCH)


def _good_or_needs_torch(value: object) -> bool:
    return value == NEEDS_TORCH or (isinstance(value, str) and value.startswith("equal: "))


def _handles(monarch: Seen, ray: Seen) -> str:
    on_monarch, on_ray = (_listed(seen["handle_bytes"]) for seen in (monarch, ray))
    return (
        f"A handle takes {on_monarch} bytes on Monarch, {on_ray} on Ray, for 1 KB, 1 MB and 64 MB: neither"
        f" holds the data. On Monarch the bytes go by {monarch['way']}, on Ray by {ray['way']}; a reader"
        f" finds them in {monarch['lies']} and in {ray['lies']}."
    )


def _listed(numbers: object) -> str:
    assert isinstance(numbers, list)
    return ", ".join(map(str, numbers))


def _rates(monarch: Seen, ray: Seen) -> str:
    return (
        f"Indicative, both engines shared the cores: into the reader's own memory, 64 MB at"
        f" {monarch['large_rate']} and {ray['large_rate']} MB/s, {SMALL_COUNT} pieces of {SMALL // KB} KB at"
        f" {monarch['small_rate']} and {ray['small_rate']} MB/s (Monarch, Ray)."
    )


CONCEPT = Concept(
    number=6,
    name="data_plane",
    script="data_plane_rdma",
    title="Data plane",
    question="How do bulk bytes get from their owner to a reader, and who has to take part?",
    watch=(
        "A handle is a few hundred bytes on both engines, whatever it stands for.",
        "Monarch copies from the owner's memory into the reader's; Ray lets readers map a shared store.",
        "A busy owner holds nobody up, on either engine; a stopped one holds up Monarch's TCP fallback.",
        "Monarch's buffer is live memory, Ray's object a snapshot: count the versions in one pull.",
        "Collectives are two-sided on both engines: whoever is alone waits.",
    ),
    rows=(
        Row(key="way", label="What carries the bytes here"),
        Row(
            key="handle_bytes",
            label="Handle, pickled, for 1 KB, 1 MB, 64 MB",
            want=_does_not_grow,
            unit="bytes",
        ),
        Row(key="lies", label="Where the bytes lie that a reader gets"),
        Row(key="one_process", label="Owner and reader as two actors of one process"),
        Row(key="owner_cpu", label="CPU time of the owner's process while 64 MB are read 4 times", unit="ms"),
        Row(key="write_back", label="A reader writes into the owner's memory"),
        Row(key="too_small", described=("ray",), label="Destination a byte too small"),
        Row(key="too_large", described=("ray",), label="Destination a byte too large"),
        Row(key="busy_call", label="Owner inside a long method: an ordinary call", want="waited"),
        Row(key="busy_read", label="... a read", want="finished"),
        Row(key="gil_read", label="Owner keeps its interpreter's lock: a read", want="finished"),
        Row(key="stopped_read", label="Owner's process stopped (SIGSTOP): a read"),
        Row(key="stopped_far", label="... a read from another host"),
        Row(key="continued_read", label="... when it goes on", want=["finished", "finished"]),
        Row(key="moved", label="To another host, on this machine"),
        Row(
            key="steps",
            label=f"Training steps that ended during {PULLS} pulls of the weights",
            want=_positive,
        ),
        Row(key="versions", label="Versions of the weights in one pull, of what was published", want=1),
        Row(key="versions_live", described=("ray",), label="... of the live weights"),
        Row(
            key="publish_ms",
            label=f"Trainer's own time to publish {WEIGHTS // MB} MB (indicative)",
            unit="ms",
        ),
        Row(key="large_rate", label="64 MB into the reader's own memory (indicative)", unit="MB/s"),
        Row(
            key="small_rate",
            label=f"{SMALL_COUNT} pieces of {SMALL // KB} KB, in one go (indicative)",
            unit="MB/s",
        ),
        Row(key="spilled", described=("monarch",), label="More than the store holds"),
        Row(key="tensor", label="A torch tensor of 1 MB", want=_good_or_needs_torch),
        Row(key="tensor_handle", label="... its handle, pickled", unit="bytes"),
        Row(key="tensor_busy", label="... read while its owner is busy"),
        Row(key="receiver_alone", label="Collective (gloo): the receiver alone", want=_or_needs_torch),
        Row(key="sender_alone", label="... the sender alone", want=_or_needs_torch),
        Row(key="allreduce", label="... allreduce of 1 over two ranks"),
        Row(key="other_ways", label="Other ways for tensors"),
        Row(key="dropped_read", label="Owner gives the buffer up: a read through a handle kept"),
        Row(key="gone_read", label="Owner's process killed: a read"),
        Row(key="gone_seconds", label="... that error came, after the kill", unit="s"),
        Row(key="checksums", label="Checksums compared", want=_positive),
        Row(key="checksums_wrong", label="... of them wrong", want=0),
    ),
    deadline=180.0,
    environment={
        # gloo would ask the machine's name for an address, and listen there.
        "GLOO_SOCKET_IFNAME": "lo",
        # How often Monarch looks whether its processes live; the default, 10 s, would be waited for.
        "HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY": "1s",
        # An actor that reads tensors imports torch first: on a busy machine longer than the usual 30 s.
        "HYPERACTOR_MESH_ACTOR_SPAWN_MAX_IDLE": "120s",
    },
    closing=(
        _handles,
        (
            "While the owner was busy, an ordinary call {monarch[busy_call]} and {ray[busy_call]}, a read"
            " {monarch[busy_read]} and {ray[busy_read]}; with the interpreter's lock taken, it"
            " {monarch[gil_read]} and {ray[gil_read]}; with the process stopped, it {monarch[stopped_read]}"
            " and {ray[stopped_read]}, from another host {monarch[stopped_far]} and {ray[stopped_far]}"
            " (Monarch, Ray)."
        ),
        (
            "Reading 64 MB four times cost the owner's process {monarch[owner_cpu]} ms of CPU time on"
            " Monarch, {ray[owner_cpu]} ms on Ray."
        ),
        (
            f"During {PULLS} pulls of {WEIGHTS // MB} MB the trainer made {{monarch[steps]}} steps on Monarch"
            " and {ray[steps]} on Ray. Publishing a version that holds still took it {monarch[publish_ms]}"
            " and {ray[publish_ms]} ms; one pull of Monarch's live weights held {monarch[versions_live]}"
            " versions."
        ),
        (
            "From a dead owner: {monarch[gone_read]} on Monarch, after {monarch[gone_seconds]} s (the read's"
            f" own limit of {GONE} s); {{ray[gone_read]}} on Ray, after {{ray[gone_seconds]}} s."
        ),
        _rates,
        (
            "{monarch[checksums]} and {ray[checksums]} checksums were compared;"
            " {monarch[checksums_wrong]} and {ray[checksums_wrong]} were wrong."
        ),
    ),
)
