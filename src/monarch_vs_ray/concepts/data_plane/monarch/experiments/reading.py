"""What the claims on the data plane rest on, on Monarch: one function puts one thing to the test.

Actors and helpers are those of ``on_monarch.py``; those that every probe leaves as they were are shared.
What needs an RDMA card says so, and is the same code over another way.
"""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

from monarch.rdma import RDMABuffer, is_ibverbs_available

from monarch_vs_ray.concepts.data_plane import instruments, spec
from monarch_vs_ray.concepts.data_plane.calls_on_monarch import busy, finishes, get, locked
from monarch_vs_ray.concepts.data_plane.on_monarch import Generator
from monarch_vs_ray.concepts.data_plane.subjects_on_monarch import (
    BATCH,
    FAILURES,
    PIECES_HELD,
    PULLS_OF_IDLE,
    SHORT,
    WatchedOwner,
    WatchedReader,
    WatchedTrainer,
    far,
    needs_rdma_card,
    needs_torch,
    new_process,
    owner,
    pair,
    published,
    reader,
    session,  # noqa: F401 - the side looks for it here
)
from monarch_vs_ray.concepts.data_plane.tensors import on_monarch as tensors
from monarch_vs_ray.engines import machine
from monarch_vs_ray.side import Unavailable, fault, observe

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
    holder = new_process().spawn("holder", WatchedOwner)
    get(holder.publish.call_one(spec.PIECE))  # what comes with the first buffer is not counted
    before = get(holder.own_megabytes.call_one())
    buffers = get(holder.publish_many.call_one(PIECES_HELD, spec.PIECE))
    if withdrawn:
        for buffer in buffers:
            get(holder.withdraw.call_one(buffer))
        get(holder.let_go.call_one())
    # The last references may go a moment after the call that dropped them has answered.
    kept = min(get(holder.own_megabytes.call_one()) for _ in instruments.moments(1.0))
    observe("grown_by", kept - before)
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
    trainer = new_process().spawn("trainer", WatchedTrainer)
    generator = new_process().spawn("generator", Generator)
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
    pulled = spec.pull_through_a_step(lambda times: get(generator.pull.call_one(handle, times)), inside)
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
    needs_rdma_card()
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
    needs_rdma_card()
    read_from_a_stopped_owner()
    observe("backend", published().backend)


# -- tensors and collectives ---------------------------------------------------------------------------


@cache
def peers() -> tuple[Any, Any]:
    needs_torch()
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
    needs_rdma_card()
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
    own = new_process().spawn("owner", WatchedOwner)
    _read_and_look_for_torch(own, get(own.publish.call_one(spec.MB)))


def read_with_torch() -> None:
    """The control: the owner publishes a tensor of the same bytes."""
    needs_torch()
    own = new_process().spawn("owner", WatchedOwner)
    _read_and_look_for_torch(own, get(own.publish_tensor.call_one(spec.MB)))


def _read_and_look_for_torch(own: Any, buffer: RDMABuffer) -> None:
    other = new_process().spawn("reader", WatchedReader)
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
    victim = new_process().spawn("victim", WatchedOwner)
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
