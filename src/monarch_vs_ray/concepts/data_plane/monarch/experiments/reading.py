"""Handles, reads and writes: where the bytes are, and who may change them."""

from __future__ import annotations

import pickle

from monarch.rdma import is_ibverbs_available

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.concepts.data_plane.monarch.actors import Owner, Peer, Reader
from monarch_vs_ray.concepts.data_plane.monarch.experiments.subjects import (
    far,
    new_process,
    owner,
    pair,
    published,
    reader,
)
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.wait import happens
from monarch_vs_ray.side import Unavailable, observe

GIVEN_BACK = 1.0
"""Seconds in which memory may still go down after the call that let it go."""


def handles(by_value: bool = False) -> None:
    """Pickle the buffers of 1 KB, 1 MB and 64 MB; as the control, return the bytes by value."""
    if by_value:
        sizes = [len(get(owner().by_value.call_one(size))) for size in inputs.SIZES]
    else:
        sizes = [len(pickle.dumps(get(owner().publish.call_one(size)))) for size in inputs.SIZES]
    observe("handle_bytes", sizes)
    observe("largest", max(sizes))
    observe("spread", max(sizes) - min(sizes))


def read(into_shared_memory: bool = False) -> None:
    """Read 1 MB into memory that the reader has made."""
    read_once = reader().read_into_shared_memory if into_shared_memory else reader().read
    arrived = get(read_once.call_one(published()))
    observe("lies", arrived.lies)
    observe("equal", arrived.checksum == inputs.expected(inputs.MB))


def read_elsewhere() -> None:
    """Read 1 MB from another host."""
    arrived = get(far().read.call_one(published()))
    observe("lies", arrived.lies)
    observe("equal", arrived.checksum == inputs.expected(inputs.MB))


def read_within_a_process() -> None:
    """Read from an actor of the same process, and change the owner's memory afterwards."""
    own, neighbour = pair()
    observe("one_process", get(own.pid.call_one()) == get(neighbour.pid.call_one()))
    get(neighbour.keep.call_one(get(own.publish.call_one(inputs.KB))))
    read_before = get(neighbour.checksum_of_kept.call_one())
    get(own.clear.call_one(inputs.KB))
    observe("owner_changed", get(own.checksum.call_one(inputs.KB)) != read_before)
    observe("equal", read_before == inputs.expected(inputs.KB))
    observe("follows", get(neighbour.checksum_of_kept.call_one()) != read_before)


def object_of_a_shared_module() -> None:
    """Let the owner change an object of a module that both actors of the process have imported."""
    own, neighbour = pair()
    observe("one_process", get(own.pid.call_one()) == get(neighbour.pid.call_one()))
    before = get(neighbour.checksum_of_shared.call_one())
    observe("equal", before == inputs.checksum(bytes(inputs.KB)))
    observe("owner_changed", get(own.write_shared.call_one()) != before)
    observe("follows", get(neighbour.checksum_of_shared.call_one()) != before)


def read_after_a_change(changed: bool = True) -> None:
    """Let the owner change its bytes after it has published them, and before anybody reads them."""
    own = new_process().spawn("owner", Owner)
    buffer = get(own.publish.call_one(inputs.KB))
    if changed:
        get(own.clear.call_one(inputs.KB))
    arrived = get(reader().read.call_one(buffer))
    observe("owner_changed", get(own.checksum.call_one(inputs.KB)) != inputs.expected(inputs.KB))
    observe("as_it_was", arrived.checksum == inputs.expected(inputs.KB))
    get(own.stop())


def write_into_what_was_read() -> None:
    """Let a reader write into the bytes that it has read."""
    buffer = get(owner().publish.call_one(inputs.KB))
    get(reader().keep.call_one(buffer))
    observe("write", get(reader().write_into_kept.call_one()))
    observe("owner_has_it", get(owner().checksum.call_one(inputs.KB)) != inputs.expected(inputs.KB))


def write_to_the_owner() -> None:
    """Let a reader write to the owner's memory, while the owner is asked for nothing."""
    buffer = get(owner().publish.call_one(inputs.KB))
    observe("write", get(reader().write.call_one(buffer, bytes(inputs.KB))))
    written = inputs.checksum(bytes(inputs.KB))
    observe("owner_has_it", get(owner().checksum.call_one(inputs.KB)) == written)


def read_into_wrong_sizes() -> None:
    """Read 1 MB into a destination that is a byte too small, and into one that is a byte too large."""
    for key, size in (("too_small", inputs.MB - 1), ("too_large", inputs.MB + 1)):
        error, filled = get(reader().read_into_size.call_one(published(), size))
        observe(key, error)
    observe("beginning_filled_rest_untouched", filled)


def write_from_wrong_sizes() -> None:
    """Write from a source that is a byte too small, and from one that is a byte too large."""
    buffer = get(owner().publish.call_one(inputs.KB))
    for key, size in (("too_small", inputs.KB - 1), ("too_large", inputs.KB + 1)):
        observe(key, get(reader().write.call_one(buffer, bytes(size))))


def memory_of_the_owner(withdrawn: bool = False) -> None:
    """Publish four buffers of 24 MB, and look at how much memory of its own the owner then has."""
    holder = new_process().spawn("holder", Owner)
    get(holder.publish.call_one(inputs.PIECE))  # what comes with the first buffer is not counted
    before = get(holder.own_megabytes.call_one())
    buffers = get(holder.publish_many.call_one(inputs.HELD, inputs.PIECE))
    if withdrawn:
        get(holder.withdraw.call_one(buffers))
        get(holder.let_go.call_one())
    sizes: list[int] = []

    def fell() -> bool:
        sizes.append(get(holder.own_megabytes.call_one()) - before)
        return sizes[-1] <= 0

    happens(fell, GIVEN_BACK)
    observe("grown_by", min(sizes))
    get(holder.stop())


def read_together(submitted: bool = True) -> None:
    """Read many small pieces in one action, and wait once; as the control, do not submit the action."""
    buffers = get(owner().publish_many.call_one(inputs.BATCH, inputs.SMALL))
    observe("right", get(reader().read_together.call_one(buffers, submitted)))


def read_without_torch(with_torch: bool = False) -> None:
    """Publish and read in new processes, and look whether torch came with it; the control has a tensor."""
    if with_torch:
        needs.package("torch")
    own, other = (
        new_process().spawn("owner", Peer if with_torch else Owner),
        new_process().spawn("reader", Reader),
    )
    publish = own.publish_payload if with_torch else own.publish
    buffer = get(publish.call_one(inputs.MB))
    arrived = get(other.read.call_one(buffer))
    observe("equal", arrived.checksum == inputs.expected(inputs.MB))
    observe("torch_loaded", [get(each.has_torch.call_one()) for each in (own, other)])
    for each in (own, other):
        get(each.stop())


def fallback(allowed: bool = True) -> None:
    """Make a buffer where there is no RDMA NIC, with the fallback to TCP allowed or forbidden."""
    if is_ibverbs_available():
        raise Unavailable("needs a machine without an RDMA NIC")
    observe("by_default", get(owner().publish.call_one(inputs.KB)).backend)
    error, backend = get(owner().publish_with_fallback.call_one(allowed))
    observe("error", error)
    observe("backend", backend)
