"""What the claims on the data plane rest on, on Monarch: one function puts one thing to the test.

Actors and helpers are those of ``on_monarch.py``; those that every probe leaves as they were are shared.
What needs an RDMA card says so, and is the same code over another way.
"""

from __future__ import annotations

import mmap
import os
import pickle
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import monarch
import monarch.actor
from monarch.actor import endpoint, shutdown_context, this_host
from monarch.job import ProcessJob
from monarch.rdma import RDMAAction, RDMABuffer, is_ibverbs_available

from monarch_vs_ray.concepts.data_plane import instruments, spec
from monarch_vs_ray.concepts.data_plane.calls_on_monarch import busy, finishes, get, locked
from monarch_vs_ray.concepts.data_plane.on_monarch import Generator, Owner, Reader, Trainer, address
from monarch_vs_ray.concepts.data_plane.tensors import on_monarch as tensors
from monarch_vs_ray.engines import machine
from monarch_vs_ray.engines.monarch import stop
from monarch_vs_ray.side import Unavailable, fault, observe

FAILURES: list[monarch.actor.MeshFailure] = []
FAR = ProcessJob({"far": 1})
"""A second host, on the same machine; it starts when it is first asked for."""
SHARED = bytearray(spec.KB)
"""An object of this module: each process that imports it has one."""
BATCH = 64
PULLS_OF_IDLE = 8
PIECES_HELD = 4
SHORT = 1
"""Seconds that a read gets whose owner is dead."""


class WatchedOwner(Owner):
    """An owner that says what its process has, and may be told to do without TCP."""

    @endpoint
    def own_megabytes(self) -> int:
        """Memory that belongs to this process alone."""
        status = Path("/proc/self/status").read_text()
        return int(status.partition("RssAnon:")[2].split()[0]) // spec.KB

    @endpoint
    def let_go(self) -> None:
        self.memory.clear()
        self.pieces.clear()

    @endpoint
    def by_value(self, size: int) -> bytes:
        return spec.payload(size)

    @endpoint
    def publish_tensor(self, size: int) -> RDMABuffer:
        import torch

        self.tensor = torch.frombuffer(bytearray(spec.payload(size)), dtype=torch.uint8)
        return RDMABuffer(self.tensor)

    @endpoint
    def write_shared(self) -> None:
        SHARED[:] = b"1" * len(SHARED)

    @endpoint
    def has_torch(self) -> bool:
        return "torch" in sys.modules

    @endpoint
    def publish_without_fallback(self, allowed: bool) -> str:
        monarch.configure(rdma_allow_tcp_fallback=allowed)
        try:
            return instruments.refusal(lambda: RDMABuffer(memoryview(bytearray(spec.KB))))
        finally:
            monarch.configure(rdma_allow_tcp_fallback=True)


class WatchedTrainer(Trainer):
    """A trainer whose process can be watched."""

    @endpoint
    def pid(self) -> int:
        return os.getpid()


class WatchedReader(Reader):
    """A reader that keeps what it has read."""

    @endpoint
    def keep(self, buffer: RDMABuffer) -> None:
        self.kept = memoryview(bytearray(buffer.size()))
        buffer.read_into(self.kept).get()

    @endpoint
    def overwrite(self) -> None:
        self.kept[:] = bytes(len(self.kept))

    @endpoint
    def checksum_of_kept(self) -> str:
        return spec.checksum(self.kept)

    @endpoint
    def checksum_of_shared(self) -> str:
        return spec.checksum(SHARED)

    @endpoint
    def read_into_shared_memory(self, buffer: RDMABuffer) -> str:
        with tempfile.TemporaryFile() as file:
            file.truncate(buffer.size())
            destination = memoryview(mmap.mmap(file.fileno(), buffer.size()))
            buffer.read_into(destination).get()
            return instruments.where_it_lies(address(destination))

    @endpoint
    def write_from_size(self, buffer: RDMABuffer, size: int) -> str:
        source = memoryview(bytearray(size))
        return instruments.refusal(lambda: buffer.write_from(source).get())

    @endpoint
    def read_together(self, buffers: list[RDMABuffer]) -> int:
        """All of them in one action; says for how many answers it waited."""
        batch = RDMAAction()
        self.pieces = [memoryview(bytearray(buffer.size())) for buffer in buffers]
        for buffer, destination in zip(buffers, self.pieces, strict=True):
            batch.read_remote(destination, buffer)
        return sum(answer.get() is None for answer in [batch.submit()])

    @endpoint
    def read_one_by_one(self, buffers: list[RDMABuffer]) -> int:
        self.pieces = [memoryview(bytearray(buffer.size())) for buffer in buffers]
        pairs = zip(buffers, self.pieces, strict=True)
        return sum(buffer.read_into(destination).get() is None for buffer, destination in pairs)

    @endpoint
    def wrong_pieces(self, want: str) -> int:
        return sum(spec.checksum(piece) != want for piece in self.pieces)

    @endpoint
    def has_torch(self) -> bool:
        return "torch" in sys.modules


@contextmanager
def session() -> Iterator[None]:
    """With the default hook, the death of an owner would end the side; and the second host must end."""
    monarch.actor.unhandled_fault_hook = FAILURES.append
    try:
        yield
        get(shutdown_context())  # before the host ends, for it says good-bye to it
    finally:
        FAR.kill()
        stop()


def _process() -> Any:
    return this_host().spawn_procs(per_host={"procs": 1})


@cache
def pair() -> tuple[Any, Any]:
    """An owner, and a reader in the same process."""
    process = _process()
    return process.spawn("owner", WatchedOwner), process.spawn("neighbour", WatchedReader)


def owner() -> Any:
    return pair()[0]


@cache
def reader() -> Any:
    return _process().spawn("reader", WatchedReader)


@cache
def far() -> Any:
    return FAR.state(cached_path=None).far.spawn_procs(per_host={"procs": 1}).spawn("far", WatchedReader)


@cache
def published() -> RDMABuffer:
    """A buffer of 1 MB that keeps its content."""
    buffer: RDMABuffer = get(owner().publish.call_one(spec.MB))
    return buffer


def _needs_rdma_card() -> None:
    if not is_ibverbs_available():
        raise Unavailable("needs an RDMA NIC")


def _needs_torch() -> None:
    if not instruments.has("torch"):
        raise Unavailable("needs torch")


# -- handles -------------------------------------------------------------------------------------------


def handles() -> None:
    _sizes([len(pickle.dumps(get(owner().publish.call_one(size)))) for size in spec.SIZES.values()])
    get(owner().let_go.call_one())
    published.cache_clear()


def bytes_in_the_message() -> None:
    """The control: what a call gives back by value."""
    _sizes([len(get(owner().by_value.call_one(size))) for size in spec.SIZES.values()])


def _sizes(sizes: list[int]) -> None:
    observe("largest", max(sizes))
    observe("spread", max(sizes) - min(sizes))


# -- where the bytes are -------------------------------------------------------------------------------


def read_within_a_process() -> None:
    """What a reader has got stays as it was when the owner's memory changes."""
    own, neighbour = pair()
    observe("one_process", get(own.pid.call_one()) == get(neighbour.pid.call_one()))
    buffer = get(own.publish.call_one(spec.KB))
    get(neighbour.keep.call_one(buffer))
    get(reader().write.call_one(buffer, bytes(spec.KB)))
    changed, kept = get(own.checksum.call_one(spec.KB)), get(neighbour.checksum_of_kept.call_one())
    observe("follows", changed == kept)


def object_of_a_shared_module() -> None:
    own, neighbour = pair()
    observe("one_process", get(own.pid.call_one()) == get(neighbour.pid.call_one()))
    get(own.write_shared.call_one())
    observe("follows", get(neighbour.checksum_of_shared.call_one()) == spec.checksum(b"1" * spec.KB))


def read_into_own_memory() -> None:
    observe("lies", get(reader().read.call_one(published())).lies)


def read_into_shared_memory() -> None:
    observe("lies", get(reader().read_into_shared_memory.call_one(published())))


def written_by_a_reader() -> None:
    buffer = get(owner().publish.call_one(spec.KB))
    get(reader().write.call_one(buffer, bytes(spec.KB)))
    observe("owner_has_it", get(owner().checksum.call_one(spec.KB)) == spec.checksum(bytes(spec.KB)))


def written_into_what_was_read() -> None:
    buffer = get(owner().publish.call_one(spec.KB))
    get(reader().keep.call_one(buffer))
    get(reader().overwrite.call_one())
    observe("owner_has_it", get(owner().checksum.call_one(spec.KB)) == spec.checksum(bytes(spec.KB)))


def wrong_sizes_of_a_read() -> None:
    for key, size in (("too_small", spec.MB - 1), ("too_large", spec.MB + 1)):
        observe(key, get(reader().read_into_size.call_one(published(), size)))


def wrong_sizes_of_a_write() -> None:
    buffer = get(owner().publish.call_one(spec.KB))
    for key, size in (("too_small", spec.KB - 1), ("too_large", spec.KB + 1)):
        observe(key, get(reader().write_from_size.call_one(buffer, size)))


def memory_of_the_published() -> None:
    _memory(withdrawn=False)


def memory_of_the_withdrawn() -> None:
    _memory(withdrawn=True)


def _memory(withdrawn: bool) -> None:
    holder = _process().spawn("holder", WatchedOwner)
    get(holder.publish.call_one(spec.PIECE))  # what comes with the first buffer is not counted
    before = get(holder.own_megabytes.call_one())
    buffers = get(holder.publish_many.call_one(PIECES_HELD, spec.PIECE))
    if withdrawn:
        for buffer in buffers:
            get(holder.withdraw.call_one(buffer))
        get(holder.let_go.call_one())
    observe("grown_by", get(holder.own_megabytes.call_one()) - before)
    get(holder.stop())


def read_in_one_action() -> None:
    _pieces(reader().read_together)


def read_one_by_one() -> None:
    _pieces(reader().read_one_by_one)


def _pieces(read: Any) -> None:
    buffers = get(owner().publish_many.call_one(BATCH, spec.SMALL))
    observe("waited_for", get(read.call_one(buffers)))
    observe("wrong", get(reader().wrong_pieces.call_one(spec.expected(spec.SMALL))))


# -- who has to take part ------------------------------------------------------------------------------


def read_from_a_busy_owner() -> None:
    """From its own host, and from another one."""
    buffer, readers = published(), (reader(), far())
    with busy(owner()):
        reading = [each.read.call_one(buffer) for each in readers]
        _observe_both(finishes(each, spec.GRACE) for each in reading)
    observe("equal", all(get(each).checksum == spec.expected(spec.MB) for each in reading))


def call_of_a_busy_owner() -> None:
    own = owner()
    with busy(own):
        call = own.pid.call_one()
        _observe_both(finishes(call, seconds) for seconds in (spec.HOLD, 0))
    observe("equal", isinstance(get(call), int))


def _observe_both(answers: Iterator[str]) -> None:
    near, distant = answers
    observe("near", near)
    observe("far", distant)


def read_with_lock_kept() -> None:
    buffer, own = published(), owner()
    get(reader().read.call_one(buffer))
    with locked(own):
        reading = reader().read.call_one(buffer)
        observe("read", finishes(reading, spec.GRACE))
    observe("equal", get(reading).checksum == spec.expected(spec.MB))


def call_with_lock_kept() -> None:
    own = owner()
    with locked(own):
        call = own.pid.call_one()
        observe("read", finishes(call, spec.HOLD))
    observe("equal", isinstance(get(call), int))


def read_from_a_stopped_owner() -> None:
    """By readers who have read the same before."""
    buffer, readers = published(), (reader(), far())
    for each in readers:
        get(each.read.call_one(buffer))
    pid = get(owner().pid.call_one())
    fault("SIGSTOP", "the owner's process")
    with instruments.frozen(pid):
        reading = [each.read.call_one(buffer) for each in readers]
        _observe_both(finishes(each, seconds) for each, seconds in zip(reading, (spec.HOLD, 0), strict=True))
    observe("continued", [finishes(each, spec.GRACE) for each in reading])


# -- weight sync ---------------------------------------------------------------------------------------


@cache
def training() -> tuple[Any, Any, RDMABuffer, RDMABuffer]:
    """A trainer and a generator, and the handles on the live and on the published weights."""
    trainer = _process().spawn("trainer", WatchedTrainer)
    generator = _process().spawn("generator", Generator)
    get(trainer.publish.call_one(spec.VERSION))
    live, still = get(trainer.handles.call_one())
    return trainer, generator, live, still


def pull_of_published_weights() -> None:
    _pull(live=False)


def pull_of_live_weights() -> None:
    _pull(live=True)


def _pull(live: bool) -> None:
    """While the trainer trains, in one endpoint."""
    trainer, generator, changing, still = training()
    handle = changing if live else still
    inside, done = instruments.Flag.new(), instruments.Flag.new()
    steps = trainer.train.call_one(inside, done)
    inside.wait()
    pulled = get(generator.pull.call_one(handle, spec.LIVE_PULLS))
    done.put_up()
    observe("handle_bytes", len(pickle.dumps(handle)))
    observe("steps", spec.steps_within(get(steps), pulled))
    observe("versions", pulled.versions)


def owner_of_pulled_weights() -> None:
    """What pulls over TCP cost the process that has the weights, while it does nothing else."""
    if is_ibverbs_available():
        raise Unavailable("needs a machine without an RDMA NIC, where reads go over TCP")
    _cost_of_pulls(training()[0])


def bystander_of_pulls() -> None:
    """The control: a process that has other bytes."""
    _cost_of_pulls(owner())


def owner_of_weights_read_by_a_card() -> None:
    _needs_rdma_card()
    _cost_of_pulls(training()[0])


def _cost_of_pulls(watched: Any) -> None:
    _, generator, _, still = training()
    pid = _pid(watched)
    get(generator.pull.call_one(still, 1))
    before = instruments.cpu_milliseconds(pid)
    pulled = get(generator.pull.call_one(still, PULLS_OF_IDLE))
    observe("cpu_milliseconds", instruments.cpu_milliseconds(pid) - before)
    observe("versions", pulled.versions)


def read_from_a_stopped_owner_by_a_card() -> None:
    _needs_rdma_card()
    read_from_a_stopped_owner()
    observe("backend", published().backend)


# -- tensors and collectives ---------------------------------------------------------------------------


@cache
def peers() -> tuple[Any, Any]:
    _needs_torch()
    mesh = tensors.pair()
    return mesh.slice(gpus=0), mesh.slice(gpus=1)


def tensor_read() -> None:
    first, second = peers()
    observe("tensor", get(second.read.call_one(get(first.publish.call_one("cpu")), "cpu")))


def tensor_before_the_owner_changed_it() -> None:
    """The control of what is compared: other bytes are put into the buffer."""
    first, second = peers()
    buffer = get(first.publish.call_one("cpu"))
    get(reader().write.call_one(buffer, bytes(buffer.size())))
    observe("tensor", get(second.read.call_one(buffer, "cpu")))


def tensor_read_between_gpus() -> None:
    _needs_rdma_card()
    if machine.cuda().state != "works":
        raise Unavailable("needs CUDA")
    first, second = peers()
    buffer = get(first.publish.call_one("cuda"))
    observe("tensor", get(second.read.call_one(buffer, "cuda")))


def receiver_alone() -> None:
    """torch's collectives, which are what Monarch's users use on CPUs, are two-sided."""
    first, second = peers()
    receiving = second.receive.call_one(0)
    observe("alone", finishes(receiving, spec.HOLD))
    get(first.send.call_one(1))
    observe("together", finishes(receiving, spec.GRACE))


def reader_alone() -> None:
    buffer, own = published(), owner()
    with busy(own):
        reading = reader().read.call_one(buffer)
        observe("alone", finishes(reading, spec.GRACE))
    observe("together", finishes(reading, spec.GRACE))


def read_without_torch() -> None:
    own = _process().spawn("owner", WatchedOwner)
    _read_and_look_for_torch(own, get(own.publish.call_one(spec.MB)))


def read_with_torch() -> None:
    """The control: the owner publishes a tensor of the same bytes."""
    _needs_torch()
    own = _process().spawn("owner", WatchedOwner)
    _read_and_look_for_torch(own, get(own.publish_tensor.call_one(spec.MB)))


def _read_and_look_for_torch(own: Any, buffer: RDMABuffer) -> None:
    other = _process().spawn("reader", WatchedReader)
    observe("equal", get(other.read.call_one(buffer)).checksum == spec.expected(spec.MB))
    observe("torch_loaded", [get(each.has_torch.call_one()) for each in (own, other)])
    for each in (own, other):
        get(each.stop())


# -- what goes wrong -----------------------------------------------------------------------------------


def fallback_forbidden() -> None:
    _fallback(allowed=False)


def fallback_allowed() -> None:
    _fallback(allowed=True)


def _fallback(allowed: bool) -> None:
    if is_ibverbs_available():
        raise Unavailable("needs a machine without an RDMA NIC")
    observe("buffer", get(owner().publish_without_fallback.call_one(allowed)))


def read_of_the_withdrawn() -> None:
    buffer = get(owner().publish.call_one(spec.KB))
    get(owner().withdraw.call_one(buffer))
    _try_to_read(buffer, spec.GONE)


def read_of_the_kept() -> None:
    """The control."""
    _try_to_read(get(owner().publish.call_one(spec.KB)), spec.GONE)


def read_from_a_dead_owner() -> None:
    """Only the process of this owner dies."""
    victim = _process().spawn("victim", WatchedOwner)
    buffer, pid = get(victim.publish.call_one(spec.KB)), _pid(victim)
    known = len(FAILURES)
    fault("SIGKILL", "the owner's process")
    os.kill(pid, signal.SIGKILL)
    instruments.until(lambda: len(FAILURES) > known, "the death to be reported")
    _try_to_read(buffer, SHORT)


def _try_to_read(buffer: RDMABuffer, limit: int) -> None:
    began = time.monotonic()
    observe("read", get(reader().try_to_read.call_one(buffer, limit)))
    observe("until_its_limit", time.monotonic() - began >= 0.9 * limit)


def _pid(actor: Any) -> int:
    return int(get(actor.pid.call_one()))
