"""Handles, reads and writes: where the bytes are, and who may change them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ray
from ray.experimental import get_object_locations

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.concepts.data_plane.ray.actors import Box, Owner, Reader
from monarch_vs_ray.concepts.data_plane.ray.experiments.subjects import (
    PLACES,
    far,
    owner,
    published,
    reader,
    spilled,
    two_peers,
)
from monarch_vs_ray.engines.environment import RAY_ADDRESS
from monarch_vs_ray.engines.family import members, name_of
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.instruments.sockets import connections, listening, speaks_http2
from monarch_vs_ray.instruments.wait import happens
from monarch_vs_ray.side import Unavailable, observe


def handles(by_value: bool = False) -> None:
    """Pickle the references to 1 KB, 1 MB and 64 MB; as the control, look at the objects in the store."""
    boxes = [get(owner().publish.remote(size)) for size in inputs.SIZES]
    if by_value:
        sizes = [get_object_locations(box)[box[0]]["object_size"] for box in boxes]
    else:
        sizes = [len(ray.cloudpickle.dumps(box[0])) for box in boxes]
    observe("handle_bytes", sizes)
    observe("largest", max(sizes))
    observe("spread", max(sizes) - min(sizes))


def read(copied: bool = False) -> None:
    """Get an array of 1 MB on its owner's node; ``copied``: and copy it."""
    read_once = reader().read_and_copy if copied else reader().read
    arrived = get(read_once.remote(published()))
    observe("lies", arrived.lies)
    observe("equal", arrived.checksum == inputs.expected(inputs.MB))


def read_elsewhere() -> None:
    """Get an array on another node, and look at how the nodes' object managers are connected."""
    if os.environ.get(RAY_ADDRESS):
        raise Unavailable("needs both nodes on this machine; run it without a cluster of your own")
    observe_copies(far())
    node = {each["NodeID"]: each for each in ray.nodes()}[PLACES[1]["scheduling_strategy"].node_id]
    port = node["ObjectManagerPort"]
    raylets = [each.pid for each in members() if name_of(each) == "raylet"]
    reading = next(pid for pid in raylets if port in {address.port for address in listening(pid)})
    (sending,) = set(raylets) - {reading}
    observe("connected", connections(sending, reading, port) > 0)
    observe("http2", speaks_http2(port))


def read_here() -> None:
    """Get an array on the node where it is, and look for a second copy of it."""
    observe_copies(reader())


def observe_copies(actor: Any) -> None:
    """Observe in how many nodes' stores an object is before and after it was read."""
    box = published()
    before = copies(box)
    arrived = get(actor.read.remote(box))
    observe("lies", arrived.lies)
    observe("equal", arrived.checksum == inputs.expected(inputs.MB))
    happens(lambda: copies(box) > before, inputs.HOLD)
    observe("copies_before", before)
    observe("copies_after", copies(box))


def copies(box: Box) -> int:
    """Return in how many nodes' stores an object is."""
    return len(get_object_locations(box)[box[0]]["node_ids"])


def read_after_a_change(changed: bool = True) -> None:
    """Let the owner change its bytes after it has put them, and before anybody gets them."""
    box = published()
    if changed:
        get(owner().clear.remote(inputs.MB))
    arrived = get(reader().read.remote(box))
    observe("owner_changed", get(owner().checksum.remote(inputs.MB)) != inputs.expected(inputs.MB))
    observe("as_it_was", arrived.checksum == inputs.expected(inputs.MB))


def write_into_what_was_read(copied: bool = False) -> None:
    """Let a reader write into the array that it got; ``copied``: into a copy of it."""
    box = published()
    error, lies, written = get(reader().write.remote(box, copied))
    observe("write", error)
    observe("written", written)
    observe("lies", lies)
    arrived = get(reader().read.remote(box))
    observe("owner_has_it", arrived.checksum != inputs.expected(inputs.MB))


def destination_for_get(by_hand: bool = False) -> None:
    """Give ``ray.get`` an array to fill; as the control, fill one by hand."""
    fill = reader().copy_into if by_hand else reader().get_into
    observe("destination", get(fill.remote(published(), inputs.MB)))


def more_than_the_store_holds(size: int = inputs.PIECE) -> None:
    """Put five pieces on the node with a store of 80 MB; look at what is on disk, and get all of them."""
    if os.environ.get(RAY_ADDRESS):
        raise Unavailable("needs a node with a small store; run it without a cluster of your own")
    hoarder = Owner.options(**PLACES[1]).remote()
    before = on_disk()  # of an experiment before this one, whose files go meanwhile
    boxes = [[ref] for ref in get(hoarder.publish_many.remote(inputs.PIECES, size))]
    spilled_now = sum(size for path, size in on_disk().items() if path not in before)
    observe("megabytes_on_disk", spilled_now // inputs.MB, "MB")
    checksums = [get(far().read.remote(box)).checksum for box in boxes]
    observe("restored", sum(checksum == inputs.expected(size) for checksum in checksums))


def on_disk() -> dict[str, int]:
    """Return the files into which the second node has spilled, and their sizes."""
    return {entry.path: entry.stat().st_size for entry in walk(spilled())}


def walk(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    """Return the files below a folder."""
    for entry in os.scandir(folder):
        if entry.is_dir():
            yield from walk(entry.path)
        else:
            yield entry


def read_together(size: int = inputs.SMALL) -> None:
    """Get many small arrays by one ``get``; as the control, arrays of other bytes."""
    boxes = get(owner().publish_many.remote(inputs.BATCH, size))
    observe("right", get(reader().read_together.remote(boxes)))


def read_without_torch(with_torch: bool = False) -> None:
    """Put and get in new processes, and look whether torch came with it; the control moves a tensor."""
    if with_torch:
        own, other = two_peers()
        observe("equal", get(other.read_object.remote(get(own.put.remote())))[0].startswith("equal"))
    else:
        own, other = Owner.options(**PLACES[0]).remote(), Reader.options(**PLACES[0]).remote()
        arrived = get(other.read.remote(get(own.publish.remote(inputs.MB))))
        observe("equal", arrived.checksum == inputs.expected(inputs.MB))
    observe("torch_loaded", get([each.has_torch.remote() for each in (own, other)]))
