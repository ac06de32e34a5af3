"""What ``concepts/data_plane/on_monarch.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/data_plane_on_monarch.py
It prints what it saw, as JSON, and how long it took.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
import pickle
import random
import select
import signal
import struct
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

BEGAN = time.perf_counter()
FOLDER = TemporaryDirectory(prefix="mvr-")
MARK = os.path.basename(FOLDER.name)
# SPMDActor sets these in running processes; where they are new, Monarch's telemetry thread may crash (0.7.0).
os.environ.update(dict.fromkeys(("MASTER_ADDR", "MASTER_PORT", "RANK", "WORLD_SIZE"), ""))
os.environ.update({f"{kind}_RANK": "" for kind in ("LOCAL", "GROUP", "ROLE")} | {"ROLE_NAME": ""})
os.environ.update({f"{kind}_WORLD_SIZE": "" for kind in ("LOCAL", "GROUP", "ROLE")})
os.environ.update(
    TMPDIR=FOLDER.name,
    MONARCH_LOG_SUFFIX=MARK,
    MONARCH_FILE_LOG="warn",
    GLOO_SOCKET_IFNAME="lo",
    HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY="1s",
)
tempfile.tempdir = FOLDER.name

import monarch.actor  # noqa: E402 - reads its settings when imported
from monarch.actor import Actor, endpoint, shutdown_context, this_host  # noqa: E402
from monarch.job import ProcessJob  # noqa: E402
from monarch.rdma import RDMAAction, RDMABuffer, get_rdma_backend, is_ibverbs_available  # noqa: E402

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


def get(future):
    return future.get(timeout=PATIENCE)


def finishes(future, seconds):
    try:
        future.get(timeout=seconds)
    except TimeoutError:
        return "waited"
    return "finished"


@contextmanager
def busy(actor):
    inside, done = (Flag.new(), Flag.new())
    working = actor.work.call_one(inside, done)
    inside.wait()
    try:
        yield
    finally:
        done.put_up()
    get(working)


@contextmanager
def locked(actor):
    inside, fifo = (Flag.new(), new_fifo())
    working = actor.keep_the_gil.call_one(fifo, inside)
    inside.wait()
    try:
        yield
    finally:
        release(fifo)
    get(working)


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


class Peer(Actor):
    def __init__(self):
        self.tensor = tensor()

    @endpoint
    def publish(self, device="cpu"):
        self.tensor = tensor(device)
        return RDMABuffer(self.tensor)

    @endpoint
    def read(self, buffer, device="cpu"):
        destination = empty().to(device)
        buffer.read_into(destination).get()
        return str(compare(destination))

    @endpoint
    def join(self):
        import torch.distributed

        torch.distributed.init_process_group("gloo")
        self.group = torch.distributed

    @endpoint
    def send(self, to):
        self.group.send(self.tensor, to)

    @endpoint
    def receive(self, sender):
        destination = empty()
        self.group.recv(destination, sender)
        return str(compare(destination))

    @endpoint
    def sum(self):
        one = tensor()[1:2].clone()
        self.group.all_reduce(one)
        return float(one.item())

    @endpoint
    def work(self, inside, done):
        inside.put_up()
        done.wait()


def pair():
    from monarch.spmd import setup_torch_elastic_env

    procs = this_host().spawn_procs(per_host={"gpus": 2})
    setup_torch_elastic_env(procs)
    peers = procs.spawn("peer", Peer)
    get(peers.join.call())
    return peers


def read_tensors(first, second):
    for device in devices():
        buffer = get(first.publish.call_one(device))
        SEEN["tensor"] = get(second.read.call_one(buffer, device))
    SEEN["tensor_handle"] = len(pickle.dumps(buffer))
    with busy(first):
        SEEN["tensor_busy"] = finishes(second.read.call_one(buffer, device), GRACE)


def devices():
    return ["cpu", "cuda"] if gpus() else ["cpu"]


def other_ways():
    ibverbs = "works" if is_ibverbs_available() else "missing (no card)"
    return {"ibverbs": ibverbs, "CUDA tensor": "works" if "cuda" in devices() else "missing (no GPU)"}


def wait_for_each_other(first, second):
    receiving = second.receive.call_one(0)
    SEEN["receiver_alone"] = finishes(receiving, HOLD)
    get(first.send.call_one(1))
    get(receiving)
    sending = first.send.call_one(1)
    SEEN["sender_alone"] = finishes(sending, HOLD)
    get(second.receive.call_one(0))
    get(sending)


class Owner(Actor):
    def __init__(self):
        self.memory = {}
        self.pieces = []

    @endpoint
    def publish(self, size):
        self.memory[size] = memoryview(bytearray(payload(size)))
        return RDMABuffer(self.memory[size])

    @endpoint
    def publish_many(self, count, size):
        self.pieces = [memoryview(bytearray(payload(size))) for _ in range(count)]
        return [RDMABuffer(piece) for piece in self.pieces]

    @endpoint
    def withdraw(self, buffer):
        buffer.drop().get()

    @endpoint
    def checksum(self, size):
        return checksum(self.memory[size])

    @endpoint
    def pid(self):
        return os.getpid()

    @endpoint
    def work(self, inside, done):
        inside.put_up()
        done.wait()

    @endpoint
    def keep_the_gil(self, fifo, inside):
        keep_the_gil(fifo, inside)


class Reader(Actor):
    @endpoint
    def read(self, buffer):
        destination = memoryview(bytearray(buffer.size()))
        began = time.perf_counter()
        buffer.read_into(destination).get()
        seconds = time.perf_counter() - began
        return Arrived(checksum(destination), where_it_lies(address(destination)), seconds)

    @endpoint
    def read_many(self, buffers):
        destinations = [memoryview(bytearray(buffer.size())) for buffer in buffers]
        all_at_once = RDMAAction()
        for buffer, destination in zip(buffers, destinations, strict=True):
            all_at_once.read_remote(destination, buffer)
        began = time.perf_counter()
        all_at_once.submit().get()
        seconds = time.perf_counter() - began
        return ([checksum(destination) for destination in destinations], seconds)

    @endpoint
    def read_into_size(self, buffer, size):
        destination = memoryview(bytearray(size))
        answer = refusal(lambda: buffer.read_into(destination).get())
        equal = checksum(destination[: buffer.size()]) == expected(buffer.size())
        return (
            f"{answer}, the rest left alone" if equal and (not any(destination[buffer.size() :])) else answer
        )

    @endpoint
    def try_to_read(self, buffer, timeout):
        destination = memoryview(bytearray(buffer.size()))
        return attempt(lambda: buffer.read_into(destination, timeout=timeout).get())

    @endpoint
    def write(self, buffer, data):
        buffer.write_from(memoryview(bytearray(data))).get()

    @endpoint
    def pid(self):
        return os.getpid()


class Trainer(Actor):
    def __init__(self):
        self.weights = memoryview(bytearray(WEIGHTS))
        self.published = memoryview(bytearray(WEIGHTS))

    @endpoint
    def handles(self):
        return (RDMABuffer(self.weights), RDMABuffer(self.published))

    @endpoint
    def publish(self, version):
        step(self.weights, version)
        began = time.perf_counter()
        self.published[:] = self.weights
        return time.perf_counter() - began

    @endpoint
    def train(self, inside, done):
        return train(self.weights, inside, done)


class Generator(Actor):
    def __init__(self):
        self.weights = memoryview(bytearray(WEIGHTS))

    @endpoint
    def pull(self, buffer, times):
        return pull(lambda: self.pull_once(buffer), times)

    def pull_once(self, buffer):
        buffer.read_into(self.weights).get()
        return self.weights


def main():
    job = ProcessJob({"far": 1})
    try:
        tell(job)
        get(shutdown_context())
    finally:
        job.kill()


def tell(job):
    checks = Checks()
    SEEN["way"] = f"{get_rdma_backend()} ({('with' if is_ibverbs_available() else 'no')} ibverbs)"
    procs = this_host().spawn_procs(per_host={"procs": 1})
    owner = procs.spawn("owner", Owner)
    reader = this_host().spawn_procs(per_host={"procs": 1}).spawn("reader", Reader)
    far = job.state(cached_path=None).far.spawn_procs(per_host={"procs": 1}).spawn("far", Reader)
    neighbour = procs.spawn("neighbour", Reader)
    together = get(neighbour.pid.call_one()) == get(owner.pid.call_one())
    SEEN["one_process"] = "shared" if together else "not shared"
    buffers = publish(owner, reader, checks)
    move(owner, neighbour, reader, far, buffers[LARGE], checks)
    write(owner, reader, buffers[MB], checks)
    be_busy(owner, reader, buffers[MB], checks)
    be_stopped(owner, reader, far, buffers[MB], checks)
    measure(owner, reader, buffers[LARGE], checks)
    synchronize_weights(checks)
    move_tensors()
    be_gone(owner, reader, buffers)
    SEEN["checksums"] = checks.made
    SEEN["checksums_wrong"] = checks.wrong


def address(memory):
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def publish(owner, reader, checks):
    buffers = {size: get(owner.publish.call_one(size)) for size in SIZES.values()}
    SEEN["handle_bytes"] = [len(pickle.dumps(buffer)) for buffer in buffers.values()]
    for size in SIZES.values():
        for _ in range(READS):
            arrived = get(reader.read.call_one(buffers[size]))
            checks.add(arrived.checksum, expected(size))
    SEEN["lies"] = arrived.lies
    return buffers


def move(owner, neighbour, reader, far, buffer, checks):
    for who in (neighbour, far):
        arrived = get(who.read.call_one(buffer))
        checks.add(arrived.checksum, expected(buffer.size()))
    SEEN["moved"] = f"copied over {buffer.backend}, into {arrived.lies}"
    pid = get(owner.pid.call_one())
    before = cpu_milliseconds(pid)
    for _ in range(4):
        checks.add(get(reader.read.call_one(buffer)).checksum, expected(buffer.size()))
    SEEN["owner_cpu"] = cpu_milliseconds(pid) - before


def write(owner, reader, buffer, checks):
    size = buffer.size()
    other = payload(size)[::-1]
    get(reader.write.call_one(buffer, other))
    written = get(owner.checksum.call_one(size))
    checks.add(written, checksum(other))
    SEEN["write_back"] = "written" if written == checksum(other) else "not written"
    get(reader.write.call_one(buffer, payload(size)))
    SEEN["too_small"] = get(reader.read_into_size.call_one(buffer, size - 1))
    SEEN["too_large"] = get(reader.read_into_size.call_one(buffer, size + 1))


def be_busy(owner, reader, buffer, checks):
    with busy(owner):
        SEEN["busy_call"] = finishes(owner.pid.call_one(), HOLD)
        reading = reader.read.call_one(buffer)
        SEEN["busy_read"] = finishes(reading, GRACE)
    checks.add(get(reading).checksum, expected(buffer.size()))
    with locked(owner):
        reading = reader.read.call_one(buffer)
        SEEN["gil_read"] = finishes(reading, GRACE)
    checks.add(get(reading).checksum, expected(buffer.size()))


def be_stopped(owner, reader, far, buffer, checks):
    pid = get(owner.pid.call_one())
    with frozen(pid):
        near, distant = (reader.read.call_one(buffer), far.read.call_one(buffer))
        SEEN["stopped_read"] = finishes(near, HOLD)
        SEEN["stopped_far"] = finishes(distant, HOLD)
    SEEN["continued_read"] = [finishes(reading, GRACE) for reading in (near, distant)]
    for reading in (near, distant):
        checks.add(get(reading).checksum, expected(buffer.size()))


def measure(owner, reader, buffer, checks):
    pieces = get(owner.publish_many.call_one(SMALL_COUNT, SMALL))
    for row, buffers in (("large_rate", [buffer]), ("small_rate", pieces)):
        checksums, seconds = get(reader.read_many.call_one(buffers))
        size = buffers[0].size()
        for checksum in checksums:
            checks.add(checksum, expected(size))
        rate = megabytes_per_second(size * len(buffers), seconds)
        SEEN[row] = rate


def synchronize_weights(checks):
    trainer = this_host().spawn_procs(per_host={"procs": 1}).spawn("trainer", Trainer)
    generator = this_host().spawn_procs(per_host={"procs": 1}).spawn("generator", Generator)
    live, published = get(trainer.handles.call_one())
    SEEN["publish_ms"] = round(get(trainer.publish.call_one(VERSION)) * 1000)
    inside, done = (Flag.new(), Flag.new())
    training = trainer.train.call_one(inside, done)
    inside.wait()
    pulled = get(generator.pull.call_one(published, PULLS))
    torn = get(generator.pull.call_one(live, LIVE_PULLS))
    done.put_up()
    SEEN["steps"] = steps_within(get(training), pulled)
    SEEN["versions"] = pulled.versions
    SEEN["versions_live"] = torn.versions
    checks.add(pulled.checksum, expected_weights(VERSION))
    SEEN["spilled"] = "no store: it stays in the owner's memory"


def move_tensors():
    SEEN["other_ways"] = "; ".join((f"{name}: {state}" for name, state in other_ways().items()))
    if not has("torch"):
        for row in TORCH_ROWS:
            SEEN[row] = NEEDS_TORCH
        return
    peers = pair()
    first, second = (peers.slice(gpus=rank) for rank in range(2))
    read_tensors(first, second)
    wait_for_each_other(first, second)
    SEEN["allreduce"] = sorted(get(peers.sum.call()).values())


def be_gone(owner, reader, buffers):
    failures = []
    monarch.actor.unhandled_fault_hook = failures.append
    get(owner.withdraw.call_one(buffers[KB]))
    SEEN["dropped_read"] = get(reader.try_to_read.call_one(buffers[KB], GONE))
    pid = get(owner.pid.call_one())
    os.kill(pid, signal.SIGKILL)
    began = time.perf_counter()
    SEEN["gone_read"] = get(reader.try_to_read.call_one(buffers[MB], GONE))
    SEEN["gone_seconds"] = round(time.perf_counter() - began, 1)


def gpus():
    return len(list(Path("/dev").glob("nvidia[0-9]*")))


if __name__ == "__main__":
    try:
        main()
        print(json.dumps(SEEN, indent=1))
    finally:
        for log in glob(f"/tmp/*/monarch_log_{MARK}*.log"):
            os.unlink(log)
            with suppress(OSError):  # somebody else's logs are there too
                os.rmdir(os.path.dirname(log))
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
