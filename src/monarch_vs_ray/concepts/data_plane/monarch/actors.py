"""Bulk data in Monarch: a handle is sent in a message, and whoever has it pulls the bytes when it likes.

What to watch: RDMABuffer names memory that stays where it is, be it of a memoryview or a tensor. The
owner's endpoints take no part in a read; with an RDMA card its CPU takes none either, while over TCP, the
fallback that is used here without one, threads of the owner's process send the bytes. The buffer is live
memory: what must not change under a reader is copied into a second buffer first.

Run it alone: python -m monarch_vs_ray.concepts.data_plane.on_monarch
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import time
from typing import TYPE_CHECKING, Any

import monarch.actor
from monarch.actor import Actor, endpoint, shutdown_context, this_host
from monarch.rdma import RDMAAction, RDMABuffer, get_rdma_backend, is_ibverbs_available

from monarch_vs_ray.concepts.data_plane import instruments, spec
from monarch_vs_ray.concepts.data_plane.calls_on_monarch import busy, finishes, get, locked
from monarch_vs_ray.concepts.data_plane.tensors import on_monarch as tensors
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.monarch import stop
from monarch_vs_ray.side import fault, log, metric, observe, operation, step

if TYPE_CHECKING:
    from monarch.job import ProcessJob


class Owner(Actor):
    """Keeps bytes and gives out handles on them; the bytes stay where they are."""

    def __init__(self) -> None:
        self.memory: dict[int, memoryview] = {}
        self.pieces: list[memoryview] = []

    @endpoint
    def publish(self, size: int) -> RDMABuffer:
        self.memory[size] = memoryview(bytearray(spec.payload(size)))
        return RDMABuffer(self.memory[size])

    @endpoint
    def publish_many(self, count: int, size: int) -> list[RDMABuffer]:
        self.pieces = [memoryview(bytearray(spec.payload(size))) for _ in range(count)]
        return [RDMABuffer(piece) for piece in self.pieces]

    @endpoint
    def withdraw(self, buffer: RDMABuffer) -> None:
        buffer.drop().get()

    @endpoint
    def checksum(self, size: int) -> str:
        return spec.checksum(self.memory[size])

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def work(self, inside: instruments.Flag, done: instruments.Flag) -> None:
        inside.put_up()
        done.wait()

    @endpoint
    def keep_the_gil(self, fifo: str, inside: instruments.Flag) -> None:
        instruments.keep_the_gil(fifo, inside)


class Reader(Actor):
    """Reads what it has a handle of, into memory of its own."""

    @endpoint
    def read(self, buffer: RDMABuffer) -> spec.Arrived:
        destination = memoryview(bytearray(buffer.size()))
        began = time.perf_counter()
        buffer.read_into(destination).get()
        seconds = time.perf_counter() - began
        return spec.Arrived(
            spec.checksum(destination), instruments.where_it_lies(address(destination)), seconds
        )

    @endpoint
    def read_many(self, buffers: list[RDMABuffer]) -> tuple[list[str], float]:
        destinations = [memoryview(bytearray(buffer.size())) for buffer in buffers]
        all_at_once = RDMAAction()
        for buffer, destination in zip(buffers, destinations, strict=True):
            all_at_once.read_remote(destination, buffer)
        began = time.perf_counter()
        all_at_once.submit().get()
        seconds = time.perf_counter() - began
        return [spec.checksum(destination) for destination in destinations], seconds

    @endpoint
    def read_into_size(self, buffer: RDMABuffer, size: int) -> str:
        destination = memoryview(bytearray(size))
        answer = instruments.refusal(lambda: buffer.read_into(destination).get())
        equal = spec.checksum(destination[: buffer.size()]) == spec.expected(buffer.size())
        return f"{answer}, the rest left alone" if equal and not any(destination[buffer.size() :]) else answer

    @endpoint
    def try_to_read(self, buffer: RDMABuffer, timeout: int) -> str:
        destination = memoryview(bytearray(buffer.size()))
        return instruments.attempt(lambda: buffer.read_into(destination, timeout=timeout).get())

    @endpoint
    def write(self, buffer: RDMABuffer, data: bytes) -> None:
        buffer.write_from(memoryview(bytearray(data))).get()

    @endpoint
    def pid(self) -> int:
        return os.getpid()


class Trainer(Actor):
    """Changes its weights in place, step by step; ``published`` holds still between two publications."""

    def __init__(self) -> None:
        self.weights = memoryview(bytearray(spec.WEIGHTS))
        self.published = memoryview(bytearray(spec.WEIGHTS))

    @endpoint
    def handles(self) -> tuple[RDMABuffer, RDMABuffer]:
        return RDMABuffer(self.weights), RDMABuffer(self.published)

    @endpoint
    def publish(self, version: int) -> float:
        spec.step(self.weights, version)
        began = time.perf_counter()
        self.published[:] = self.weights
        return time.perf_counter() - began

    @endpoint
    def train(self, inside: instruments.Flag, done: instruments.Flag) -> list[float]:
        return spec.train(self.weights, inside, done)


class Generator(Actor):
    """Pulls the weights whenever it wants to."""

    def __init__(self) -> None:
        self.weights = memoryview(bytearray(spec.WEIGHTS))

    @endpoint
    def pull(self, buffer: RDMABuffer, times: int) -> spec.Pulled:
        return spec.pull(lambda: self.pull_once(buffer), times)

    def pull_once(self, buffer: RDMABuffer) -> memoryview:
        buffer.read_into(self.weights).get()
        return self.weights


def main() -> None:
    """Tell the story, from the handle to the owner's end."""
    from monarch.job import ProcessJob  # takes 0.3 s, and only this process needs it

    job = ProcessJob({"far": 1})  # a second host, here on the same machine
    try:
        tell(job)
        with step("Stop"):
            get(shutdown_context())  # before the host ends, for it says good-bye to it
    finally:
        job.kill()
        stop()


def tell(job: ProcessJob) -> None:
    checks = spec.Checks()
    with step("Spawn an owner, and readers in another process and on another host"):
        observe("way", f"{get_rdma_backend()} ({'with' if is_ibverbs_available() else 'no'} ibverbs)")
        procs = this_host().spawn_procs(per_host={"procs": 1})
        owner = procs.spawn("owner", Owner)
        reader = this_host().spawn_procs(per_host={"procs": 1}).spawn("reader", Reader)
        far = job.state(cached_path=None).far.spawn_procs(per_host={"procs": 1}).spawn("far", Reader)
        neighbour = procs.spawn("neighbour", Reader)
        together = get(neighbour.pid.call_one()) == get(owner.pid.call_one())
        observe("one_process", "shared" if together else "not shared")

    buffers = publish(owner, reader, checks)
    move(owner, neighbour, reader, far, buffers[spec.LARGE], checks)
    write(owner, reader, buffers[spec.MB], checks)
    be_busy(owner, reader, buffers[spec.MB], checks)
    be_stopped(owner, reader, far, buffers[spec.MB], checks)
    measure(owner, reader, buffers[spec.LARGE], checks)
    synchronize_weights(checks)
    move_tensors()
    be_gone(owner, reader, buffers)
    observe("checksums", checks.made)
    observe("checksums_wrong", checks.wrong)


def address(memory: memoryview) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def publish(owner: Any, reader: Any, checks: spec.Checks) -> dict[int, RDMABuffer]:
    with step("Publish: a handle is all that is sent"):
        buffers = {size: get(owner.publish.call_one(size)) for size in spec.SIZES.values()}
        observe("handle_bytes", [len(pickle.dumps(buffer)) for buffer in buffers.values()])

    with step("read_into: pull the bytes, into memory of the reader's own"):
        for name, size in spec.SIZES.items():
            for _ in range(spec.READS):
                with operation(f"read {name}"):
                    arrived = get(reader.read.call_one(buffers[size]))
                checks.add(arrived.checksum, spec.expected(size))
        observe("lies", arrived.lies)
    return buffers


def move(owner: Any, neighbour: Any, reader: Any, far: Any, buffer: RDMABuffer, checks: spec.Checks) -> None:
    with step("The same from the owner's own process, and from another host"):
        for who in (neighbour, far):
            arrived = get(who.read.call_one(buffer))
            checks.add(arrived.checksum, spec.expected(buffer.size()))
        observe("moved", f"copied over {buffer.backend}, into {arrived.lies}")

    with step("What reads cost the owner's process"):
        pid = get(owner.pid.call_one())
        before = instruments.cpu_milliseconds(pid)
        for _ in range(4):
            checks.add(get(reader.read.call_one(buffer)).checksum, spec.expected(buffer.size()))
        observe("owner_cpu", instruments.cpu_milliseconds(pid) - before)


def write(owner: Any, reader: Any, buffer: RDMABuffer, checks: spec.Checks) -> None:
    with step("write_from: the other way round; and wrong sizes"):
        size = buffer.size()
        other = spec.payload(size)[::-1]
        get(reader.write.call_one(buffer, other))
        written = get(owner.checksum.call_one(size))
        checks.add(written, spec.checksum(other))
        observe("write_back", "written" if written == spec.checksum(other) else "not written")
        get(reader.write.call_one(buffer, spec.payload(size)))
        observe("too_small", get(reader.read_into_size.call_one(buffer, size - 1)))
        observe("too_large", get(reader.read_into_size.call_one(buffer, size + 1)))


def be_busy(owner: Any, reader: Any, buffer: RDMABuffer, checks: spec.Checks) -> None:
    with step("The owner is busy: in an endpoint, then in a call that keeps Python's lock"):
        with busy(owner):
            observe("busy_call", finishes(owner.pid.call_one(), spec.HOLD))
            reading = reader.read.call_one(buffer)
            observe("busy_read", finishes(reading, spec.GRACE))
        checks.add(get(reading).checksum, spec.expected(buffer.size()))
        with locked(owner):
            reading = reader.read.call_one(buffer)
            observe("gil_read", finishes(reading, spec.GRACE))
        checks.add(get(reading).checksum, spec.expected(buffer.size()))


def be_stopped(owner: Any, reader: Any, far: Any, buffer: RDMABuffer, checks: spec.Checks) -> None:
    with step("The owner's process is stopped"):
        pid = get(owner.pid.call_one())
        fault("SIGSTOP", "the owner's process")
        with instruments.frozen(pid):
            near, distant = reader.read.call_one(buffer), far.read.call_one(buffer)
            observe("stopped_read", finishes(near, spec.HOLD))
            observe("stopped_far", finishes(distant, spec.HOLD))
        observe("continued_read", [finishes(reading, spec.GRACE) for reading in (near, distant)])
        for reading in (near, distant):
            checks.add(get(reading).checksum, spec.expected(buffer.size()))


def measure(owner: Any, reader: Any, buffer: RDMABuffer, checks: spec.Checks) -> None:
    with step(f"One large, and {spec.SMALL_COUNT} small: RDMAAction takes many at once"):
        pieces = get(owner.publish_many.call_one(spec.SMALL_COUNT, spec.SMALL))
        for row, buffers in (("large_rate", [buffer]), ("small_rate", pieces)):
            checksums, seconds = get(reader.read_many.call_one(buffers))
            size = buffers[0].size()
            for checksum in checksums:
                checks.add(checksum, spec.expected(size))
            rate = spec.megabytes_per_second(size * len(buffers), seconds)
            observe(row, rate)
            metric(row, rate, "MB/s")


def synchronize_weights(checks: spec.Checks) -> None:
    with step("Weight sync: the trainer trains on, in one endpoint; the generator pulls"):
        trainer = this_host().spawn_procs(per_host={"procs": 1}).spawn("trainer", Trainer)
        generator = this_host().spawn_procs(per_host={"procs": 1}).spawn("generator", Generator)
        live, published = get(trainer.handles.call_one())
        observe("publish_ms", round(get(trainer.publish.call_one(spec.VERSION)) * 1000))
        inside, done = instruments.Flag.new(), instruments.Flag.new()
        training = trainer.train.call_one(inside, done)
        inside.wait()
        pulled = get(generator.pull.call_one(published, spec.PULLS))
        torn = get(generator.pull.call_one(live, spec.LIVE_PULLS))
        done.put_up()
        observe("steps", spec.steps_within(get(training), pulled))
        observe("versions", pulled.versions)
        observe("versions_live", torn.versions)
        checks.add(pulled.checksum, spec.expected_weights(spec.VERSION))
        observe("spilled", "no store: it stays in the owner's memory")


def move_tensors() -> None:
    with step("Tensors: RDMABuffer takes them too; collectives are torch's own"):
        observe("other_ways", "; ".join(f"{name}: {state}" for name, state in tensors.other_ways().items()))
        if not instruments.has("torch"):
            log("torch is not installed; the steps above did without it.")
            for row in spec.TORCH_ROWS:
                observe(row, spec.NEEDS_TORCH)
            return
        peers = tensors.pair()
        first, second = (peers.slice(gpus=rank) for rank in range(2))
        tensors.read(first, second)
        tensors.wait_for_each_other(first, second)
        observe("allreduce", sorted(get(peers.sum.call()).values()))


def be_gone(owner: Any, reader: Any, buffers: dict[int, RDMABuffer]) -> None:
    with step("The owner withdraws a buffer, then its process dies"):
        failures: list[monarch.actor.MeshFailure] = []
        monarch.actor.unhandled_fault_hook = failures.append
        get(owner.withdraw.call_one(buffers[spec.KB]))
        observe("dropped_read", get(reader.try_to_read.call_one(buffers[spec.KB], spec.GONE)))
        pid = get(owner.pid.call_one())
        fault("SIGKILL", "the owner's process")
        os.kill(pid, signal.SIGKILL)
        began = time.perf_counter()
        observe("gone_read", get(reader.try_to_read.call_one(buffers[spec.MB], spec.GONE)))
        observe("gone_seconds", round(time.perf_counter() - began, 1))
        log(f"The read was given {spec.GONE} s; failures that reached the root meanwhile: {len(failures)}")


if __name__ == "__main__":
    run_alone(main, spec.CONCEPT.environment)
