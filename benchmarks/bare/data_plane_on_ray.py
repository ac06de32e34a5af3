"""What ``concepts/data_plane/on_ray.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/data_plane_on_ray.py
It prints what it saw, as JSON, and how long it took. Ray gets the same settings as in the demo.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
import random
import secrets
import select
import signal
import struct
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

BEGAN = time.perf_counter()
FOLDER = TemporaryDirectory(prefix="mvr-")
TOKEN = Path(FOLDER.name, "ray-token")
TOKEN.write_text(secrets.token_hex(32))
os.environ.pop("RAY_ADDRESS", None)
os.environ.pop("RAY_AUTH_TOKEN", None)
os.environ.update(
    TMPDIR=FOLDER.name,
    GLOO_SOCKET_IFNAME="lo",
    RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",  # listen on loopback only
    RAY_AUTH_MODE="token",
    RAY_AUTH_TOKEN_PATH=str(TOKEN),
    RAY_USAGE_STATS_ENABLED="0",
    RAY_ENABLE_UV_RUN_RUNTIME_ENV="0",
    RAY_worker_niceness="0",
)
tempfile.tempdir = FOLDER.name

import ray  # noqa: E402 - reads its settings when imported
from ray.cluster_utils import Cluster  # noqa: E402
from ray.experimental import get_object_locations  # noqa: E402
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: E402

SEEN = {}
PATIENCE = 30.0


@dataclass(frozen=True)
class Flag:
    path: Path

    @classmethod
    def new(cls):
        return cls(Path(tempfile.mkdtemp(), "flag"))

    def put_up(self):
        self.path.touch()

    def is_up(self):
        return self.path.exists()

    def wait(self):
        until(self.is_up, "another process to put up its flag")


def until(condition, what, seconds=PATIENCE):
    began = time.monotonic()
    while not condition():
        if time.monotonic() > began + seconds:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.005)
    return time.monotonic() - began


def keep_the_gil(fifo, inside):
    file = os.open(fifo, os.O_RDWR)
    readable = ctypes.create_string_buffer(struct.pack("ihh", file, select.POLLIN, 0))
    inside.put_up()
    ctypes.PyDLL(None).poll(readable, 1, int(PATIENCE * 1000))
    os.close(file)


def new_fifo():
    fifo = str(Path(tempfile.mkdtemp(), "fifo"))
    os.mkfifo(fifo)
    return fifo


def release(fifo):
    file = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    os.write(file, b".")
    os.close(file)


@contextmanager
def frozen(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        tasks = Path(f"/proc/{pid}/task")
        until(lambda: all(map(_is_stopped, tasks.iterdir())), f"process {pid} to stop")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _is_stopped(task):
    return (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"


def cpu_milliseconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


def where_it_lies(address):
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, permissions = line.split()[:2]
        low, high = (int(end, 16) for end in span.split("-"))
        if low <= address < high:
            return "shared memory" if permissions.endswith("s") else "private memory"
    raise ValueError(f"no memory at {address:#x}")


def attempt(call):
    try:
        call()
    except Exception as error:
        said = str(error).strip().splitlines() or [""]
        return f"{type(error).__name__}: {said[-1]}" if len(said[-1]) < 60 else type(error).__name__
    return "finished"


def refusal(call):
    try:
        call()
    except Exception as error:
        return f"refused: {type(error).__name__}"
    return "accepted"


def has(module):
    return importlib.util.find_spec(module) is not None


KB, MB = (1024, 1024 * 1024)

SIZES = {"1 KB": KB, "1 MB": MB, "64 MB": 64 * MB}

LARGE = 64 * MB

READS = 3

SMALL, SMALL_COUNT = (16 * KB, 256)

WEIGHTS = 16 * MB

VERSION = 200

PULLS = 16

LIVE_PULLS = 4

FLOATS = 1 << 18

PIECE, PIECES = (24 * MB, 5)

GRACE = 8

HOLD = 1.0

GONE = 2

NEEDS_TORCH = "needs torch"

TORCH_ROWS = ("tensor", "tensor_handle", "tensor_busy", "receiver_alone", "sender_alone", "allreduce")


class Arrived(NamedTuple):
    checksum: str
    lies: str
    seconds: float


class Pulled(NamedTuple):
    began: float
    ended: float
    versions: int
    checksum: str


def payload(size):
    return random.Random(size).randbytes(size)


def checksum(data):
    return hashlib.sha256(data).hexdigest()


class Checks:
    def __init__(self):
        self.made = 0
        self.wrong = 0

    def add(self, got, want):
        self.made += 1
        self.wrong += got != want


def train(weights, inside, done):
    ended = []
    deadline = time.monotonic() + PATIENCE
    while not done.is_up() and time.monotonic() < deadline:
        step(weights, len(ended))
        ended.append(time.monotonic())
        if len(ended) == 1:
            inside.put_up()
    return ended


def step(weights, number):
    ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(weights)), number % 256, len(weights))


def pull(once, times):
    began = time.monotonic()
    found = [versions(weights := once()) for _ in range(times)]
    return Pulled(began, time.monotonic(), max(found), checksum(weights))


def expected_weights(version):
    return checksum(bytes([version]) * WEIGHTS)


def versions(weights):
    return len(set(weights[::KB]))


def steps_within(steps, pulled):
    return sum(pulled.began <= ended <= pulled.ended for ended in steps)


def megabytes_per_second(size, seconds):
    return int(float(f"{size / MB / max(seconds, 1e-09):.2g}"))


EXPECTED = {}


def expected(size):
    if size not in EXPECTED:
        EXPECTED[size] = checksum(payload(size))
    return EXPECTED[size]


def get(refs):
    return ray.get(refs, timeout=PATIENCE)


def finishes(ref, seconds):
    ready, _ = ray.wait([ref], timeout=seconds)
    return "finished" if ready else "waited"


@contextmanager
def busy(actor):
    inside, done = (Flag.new(), Flag.new())
    working = actor.work.remote(inside, done)
    inside.wait()
    try:
        yield
    finally:
        done.put_up()
    get(working)


@contextmanager
def locked(actor):
    inside, fifo = (Flag.new(), new_fifo())
    working = actor.keep_the_gil.remote(fifo, inside)
    inside.wait()
    try:
        yield
    finally:
        release(fifo)
    get(working)


STORE = 320 * MB

SMALL_STORE = 80 * MB


@contextmanager
def nodes(spilled):
    cluster = two_nodes(spilled)
    here = ray.get_runtime_context().get_node_id()
    others = [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["NodeID"] != here]
    placed = [NodeAffinitySchedulingStrategy(node, soft=False) for node in (here, *others, here)]
    try:
        yield ({"scheduling_strategy": placed[0]}, {"scheduling_strategy": placed[1]})
    finally:
        ray.shutdown()
        cluster.shutdown()


def two_nodes(spilled):
    cluster = Cluster(shutdown_at_exit=False)
    cluster.add_node(num_cpus=2, num_gpus=gpus(), object_store_memory=STORE, include_dashboard=False)
    cluster.add_node(
        num_cpus=2, object_store_memory=SMALL_STORE, object_spilling_directory=str(spilled), wait=False
    )
    ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
    until(lambda: sum(node["Alive"] for node in ray.nodes()) == 2, "the second node to join")
    return cluster


def gpus():
    return len(list(Path("/dev").glob("nvidia[0-9]*")))


def tensor(device="cpu"):
    import torch

    return torch.arange(FLOATS, dtype=torch.float32, device=device)


def empty():
    import torch

    return torch.full((FLOATS,), -1.0)


def compare(received):
    import torch

    equal = torch.equal(received.cpu(), tensor())
    return f"{('equal' if equal else 'different')}: {received.dtype}, {received.device}"


@ray.remote(enable_tensor_transport=True)
class Peer:
    def __init__(self):
        self.tensor = tensor()

    def publish(self, device="cpu"):
        return tensor(device)

    def read(self, tensor):
        return str(compare(tensor))

    def send(self, to, group):
        from ray.util import collective

        collective.send(self.tensor, to, group)

    def receive(self, sender, group):
        from ray.util import collective

        destination = empty()
        collective.recv(destination, sender, group)
        return str(compare(destination))

    def sum(self, group):
        from ray.util import collective

        one = tensor()[1:2].clone()
        collective.allreduce(one, group)
        return float(one.item())

    def work(self, inside, done):
        inside.put_up()
        done.wait()


def pair(here):
    from ray.experimental.collective import create_collective_group

    first, second = (Peer.options(**here).remote() for _ in range(2))
    return (first, second, create_collective_group([first, second], backend="gloo").name)


def read_tensors(first, second):
    published = first.publish.options(tensor_transport="gloo")
    ref = published.remote()
    SEEN["tensor"] = get(second.read.remote(ref))
    SEEN["tensor_handle"] = len(ray.cloudpickle.dumps(ref))
    ref = published.remote()
    ray.wait([ref], timeout=PATIENCE)
    with busy(first):
        SEEN["tensor_busy"] = finishes(second.read.remote(ref), GRACE)


def wait_for_each_other(first, second, group):
    receiving = second.receive.remote(0, group)
    SEEN["receiver_alone"] = finishes(receiving, HOLD)
    get([first.send.remote(1, group), receiving])
    sending = first.send.remote(1, group)
    SEEN["sender_alone"] = finishes(sending, HOLD)
    get([second.receive.remote(0, group), sending])


def missing():
    why = {} if has("nixl") else {"nixl": "missing (package nixl)"}
    if gpus() < 1:
        why["cuda_ipc"] = "missing (no GPU)"
    if gpus() < 2:
        why["nccl"] = f"missing ({gpus()} of 2 GPUs)"
    return why


def other_ways(here):
    why = missing()
    return {way: why.get(way) or by(way, here) for way in ("nixl", "cuda_ipc", "nccl")}


def by(transport, here):
    from ray.experimental.collective import create_collective_group

    share = {"nixl": 0.0, "cuda_ipc": 0.5, "nccl": 1.0}[transport]
    first, second = (Peer.options(num_gpus=share, **here).remote() for _ in range(2))
    if transport == "nccl":
        create_collective_group([first, second], backend="nccl")
    ref = first.publish.options(tensor_transport=transport).remote("cuda" if share else "cpu")
    return str(get(second.read.remote(ref)))


Box = list[ray.ObjectRef]


@ray.remote
class Owner:
    def __init__(self):
        self.kept = {}

    def publish(self, size):
        self.kept[size] = ray.put(np.frombuffer(payload(size), np.uint8))
        return [self.kept[size]]

    def publish_many(self, count, size):
        return [ray.put(np.frombuffer(payload(size), np.uint8)) for _ in range(count)]

    def withdraw(self, size):
        del self.kept[size]

    def pid(self):
        return os.getpid()

    def work(self, inside, done):
        inside.put_up()
        done.wait()

    def keep_the_gil(self, fifo, inside):
        keep_the_gil(fifo, inside)


@ray.remote
class Reader:
    def read(self, box):
        began = time.perf_counter()
        array = ray.get(box[0])
        seconds = time.perf_counter() - began
        return Arrived(checksum(array.data), where_it_lies(array.ctypes.data), seconds)

    def copy_many(self, boxes, size):
        destinations = [np.zeros(size, np.uint8) for _ in boxes]
        began = time.perf_counter()
        for destination, array in zip(destinations, ray.get(boxes), strict=True):
            np.copyto(destination, array)
        seconds = time.perf_counter() - began
        return ([checksum(destination.data) for destination in destinations], seconds)

    def write(self, box):
        array = ray.get(box[0])
        return refusal(lambda: array.fill(0))

    def try_to_read(self, box):
        return attempt(lambda: ray.get(box[0], timeout=PATIENCE))

    def pid(self):
        return os.getpid()


@ray.remote
class Trainer:
    def __init__(self):
        self.weights = np.zeros(WEIGHTS, np.uint8)

    def publish(self, version):
        step(self.weights.data, version)
        began = time.perf_counter()
        reference = ray.put(self.weights)
        return ([reference], time.perf_counter() - began)

    def train(self, inside, done):
        return train(self.weights.data, inside, done)


@ray.remote
class Generator:
    def __init__(self):
        self.weights = np.zeros(WEIGHTS, np.uint8)

    def pull(self, box, times):
        return pull(lambda: self.pull_once(box), times)

    def pull_once(self, box):
        np.copyto(self.weights, ray.get(box[0]))
        return self.weights.data


def main():
    spilled = Path(tempfile.mkdtemp(), "spilled")
    with nodes(spilled) as (here, there):
        tell(here, there, spilled)


def tell(here, there, spilled):
    checks = Checks()
    owner, reader = (Owner.options(**here).remote(), Reader.options(**here).remote())
    far, hoarder = (Reader.options(**there).remote(), Owner.options(**there).remote())
    together = len(set(get([actor.pid.remote() for actor in (owner, reader, far)]))) == 1
    SEEN["one_process"] = "shared" if together else "not shared: a process each"
    boxes = publish(owner, reader, checks)
    move(owner, reader, far, boxes[LARGE], checks)
    write(reader, boxes[MB], checks)
    be_busy(owner, reader, checks)
    be_stopped(owner, reader, far, checks)
    measure(owner, reader, boxes[LARGE], checks)
    synchronize_weights(here, checks)
    overfill(hoarder, far, spilled, checks)
    move_tensors(here)
    be_gone(owner, reader, boxes)
    SEEN["checksums"] = checks.made
    SEEN["checksums_wrong"] = checks.wrong


def copies(box):
    return len(get_object_locations(box)[box[0]]["node_ids"])


def publish(owner, reader, checks):
    boxes = {size: get(owner.publish.remote(size)) for size in SIZES.values()}
    SEEN["handle_bytes"] = [len(ray.cloudpickle.dumps(box[0])) for box in boxes.values()]
    SEEN["way"] = f"the object store, {copies(boxes[LARGE])} copy on a node"
    for size in SIZES.values():
        for _ in range(READS):
            arrived = get(reader.read.remote(boxes[size]))
            checks.add(arrived.checksum, expected(size))
    SEEN["lies"] = arrived.lies
    return boxes


def move(owner, reader, far, box, checks):
    before = copies(box)
    arrived = get(far.read.remote(box))
    checks.add(arrived.checksum, expected(LARGE))
    until(lambda: copies(box) > before, "the second copy to be known")
    SEEN["moved"] = f"{before} copy in a store, then {copies(box)}; read in {arrived.lies}"
    pid = get(owner.pid.remote())
    used = cpu_milliseconds(pid)
    for _ in range(4):
        checks.add(get(reader.read.remote(box)).checksum, expected(LARGE))
    SEEN["owner_cpu"] = cpu_milliseconds(pid) - used


def write(reader, box, checks):
    SEEN["write_back"] = get(reader.write.remote(box))
    checks.add(get(reader.read.remote(box)).checksum, expected(MB))
    SEEN["too_small"] = "get() takes no destination"
    SEEN["too_large"] = "get() takes no destination"


def be_busy(owner, reader, checks):
    box = get(owner.publish.remote(MB))
    with busy(owner):
        SEEN["busy_call"] = finishes(owner.pid.remote(), HOLD)
        reading = reader.read.remote(box)
        SEEN["busy_read"] = finishes(reading, GRACE)
    checks.add(get(reading).checksum, expected(MB))
    box = get(owner.publish.remote(MB))
    with locked(owner):
        reading = reader.read.remote(box)
        SEEN["gil_read"] = finishes(reading, GRACE)
    checks.add(get(reading).checksum, expected(MB))


def be_stopped(owner, reader, far, checks):
    box, pid = (get(owner.publish.remote(MB)), get(owner.pid.remote()))
    with frozen(pid):
        near, distant = (reader.read.remote(box), far.read.remote(box))
        SEEN["stopped_read"] = finishes(near, HOLD)
        SEEN["stopped_far"] = finishes(distant, HOLD)
    SEEN["continued_read"] = [finishes(reading, GRACE) for reading in (near, distant)]
    for arrived in get([near, distant]):
        checks.add(arrived.checksum, expected(MB))


def measure(owner, reader, box, checks):
    pieces = get(owner.publish_many.remote(SMALL_COUNT, SMALL))
    for row, size, refs in (("large_rate", LARGE, box), ("small_rate", SMALL, pieces)):
        checksums, seconds = get(reader.copy_many.remote(refs, size))
        for checksum in checksums:
            checks.add(checksum, expected(size))
        rate = megabytes_per_second(size * len(refs), seconds)
        SEEN[row] = rate


def synchronize_weights(here, checks):
    trainer, generator = (Trainer.options(**here).remote(), Generator.options(**here).remote())
    box, seconds = get(trainer.publish.remote(VERSION))
    SEEN["publish_ms"] = round(seconds * 1000)
    inside, done = (Flag.new(), Flag.new())
    training = trainer.train.remote(inside, done)
    inside.wait()
    pulled = get(generator.pull.remote(box, PULLS))
    done.put_up()
    SEEN["steps"] = steps_within(get(training), pulled)
    SEEN["versions"] = pulled.versions
    SEEN["versions_live"] = "no live memory: objects never change"
    checks.add(pulled.checksum, expected_weights(VERSION))


def overfill(owner, reader, spilled, checks):
    boxes = [[ref] for ref in get(owner.publish_many.remote(PIECES, PIECE))]
    on_disk = sum(file.stat().st_size for file in spilled.rglob("*") if file.is_file())
    checksums = [get(reader.read.remote(box)).checksum for box in boxes]
    for checksum in checksums:
        checks.add(checksum, expected(PIECE))
    put = PIECES * PIECE
    SEEN["spilled"] = f"{put // MB} MB put, {on_disk // MB} MB spilled, {len(boxes)} restored"


def move_tensors(here):
    if not has("torch"):
        for row in TORCH_ROWS:
            SEEN[row] = NEEDS_TORCH
        SEEN["other_ways"] = "; ".join((f"{name}: {why}" for name, why in missing().items()))
        return
    first, second, group = pair(here)
    read_tensors(first, second)
    wait_for_each_other(first, second, group)
    SEEN["allreduce"] = get([peer.sum.remote(group) for peer in (first, second)])
    SEEN["other_ways"] = "; ".join((f"{name}: {how}" for name, how in other_ways(here).items()))


def be_gone(owner, reader, boxes):
    get(owner.withdraw.remote(KB))
    SEEN["dropped_read"] = get(reader.try_to_read.remote(boxes[KB]))
    pid = get(owner.pid.remote())
    os.kill(pid, signal.SIGKILL)
    began = time.perf_counter()
    answers = []

    def failed():
        answers.append(get(reader.try_to_read.remote(boxes[LARGE])))
        return answers[-1] != "finished"

    until(failed, "a read from a dead owner to fail")
    SEEN["gone_read"] = answers[-1]
    SEEN["gone_seconds"] = round(time.perf_counter() - began, 1)


if __name__ == "__main__":
    try:
        main()
        print(json.dumps(SEEN, indent=1))
    finally:
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
