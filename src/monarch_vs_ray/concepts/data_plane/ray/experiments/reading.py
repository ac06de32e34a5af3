"""What the claims on the data plane rest on, on Ray: one function puts one thing to the test.

Actors and helpers are those of ``on_ray.py``; those that every probe leaves as they were are shared. Two
nodes run for the whole side, both on this machine unless the user has a cluster.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from functools import cache
from typing import Any

import ray
from ray.experimental import get_object_locations

from monarch_vs_ray.concepts.data_plane import instruments, spec
from monarch_vs_ray.concepts.data_plane.calls_on_ray import busy, finishes, get, locked
from monarch_vs_ray.concepts.data_plane.nodes_on_ray import gpus
from monarch_vs_ray.concepts.data_plane.on_ray import Box, Generator, Owner, Reader, Trainer, copies
from monarch_vs_ray.concepts.data_plane.subjects_on_ray import (
    BATCH,
    PLACES,
    SPILLED,
    copier,
    far,
    owner,
    published,
    reader,
    session,  # noqa: F401 - the side looks for it here
)
from monarch_vs_ray.concepts.data_plane.tensors import on_ray as tensors
from monarch_vs_ray.engines import machine
from monarch_vs_ray.engines.connections import connections, listening, speaks_http2
from monarch_vs_ray.engines.family import members, name_of
from monarch_vs_ray.side import Unavailable, fault, observe

# -- handles -------------------------------------------------------------------------------------------


def handles() -> None:
    boxes = [get(owner().publish.remote(size)) for size in spec.SIZES.values()]
    _sizes([len(ray.cloudpickle.dumps(box[0])) for box in boxes])


def objects_in_the_store() -> None:
    """The control: how large what the references stand for is."""
    boxes = [get(owner().publish.remote(size)) for size in spec.SIZES.values()]
    _sizes([get_object_locations(box)[box[0]]["object_size"] for box in boxes])


def _sizes(sizes: list[int]) -> None:
    observe("largest", max(sizes))
    observe("spread", max(sizes) - min(sizes))


# -- where the bytes are -------------------------------------------------------------------------------


def read_on_the_same_node() -> None:
    _read(reader())


def read_and_copied() -> None:
    _read(copier())


def _read(actor: Any) -> None:
    arrived = get(actor.read.remote(published()))
    observe("lies", arrived.lies)
    observe("equal", arrived.checksum == spec.expected(spec.MB))


def written_into_what_was_read() -> None:
    observe("write", get(reader().write.remote(published())))


def written_into_a_copy() -> None:
    observe("write", get(copier().write.remote(published())))


def read_on_another_node() -> None:
    """Two nodes' object managers, which are in their raylets: how does one send the other an object?"""
    _copies(far())
    node = {each["NodeID"]: each for each in ray.nodes()}[PLACES[1]["scheduling_strategy"].node_id]
    port = node["ObjectManagerPort"]
    raylets = [each.pid for each in members() if name_of(each) == "raylet"]
    reading = next(pid for pid in raylets if port in {address.port for address in listening(pid)})
    (sending,) = set(raylets) - {reading}
    observe("connected", connections(sending, reading, port) > 0)
    observe("http2", speaks_http2(port))


def read_where_it_is() -> None:
    _copies(reader())


def _copies(actor: Any) -> None:
    """In how many nodes' stores an object is once it was read."""
    box = published()
    before = copies(box)
    observe("equal", get(actor.read.remote(box)).checksum == spec.expected(spec.MB))
    observe("copies_before", before)
    observe("copies_after", _settled(box, before))


def _settled(box: Box, before: int) -> int:
    """The number of copies once a second one is known, or after a while in which none came to be known."""
    with suppress(TimeoutError):
        instruments.until(lambda: copies(box) > before, "a second copy", spec.HOLD)
    return copies(box)


def more_than_the_store_holds() -> None:
    _put(spec.PIECE)


def less_than_the_store_holds() -> None:
    _put(spec.MB)


def _put(size: int) -> None:
    """Puts on the node with the small store; what is on disk afterwards, and whether all comes back."""
    hoarder = Owner.options(**PLACES[1]).remote()
    before = _on_disk()
    boxes = [[ref] for ref in get(hoarder.publish_many.remote(spec.PIECES, size))]
    observe("megabytes_on_disk", (_on_disk() - before) // spec.MB)
    checksums = [get(far().read.remote(box)).checksum for box in boxes]
    observe("restored", sum(checksum == spec.expected(size) for checksum in checksums))


def _on_disk() -> int:
    return sum(file.stat().st_size for file in SPILLED[0].rglob("*") if file.is_file())


def destination_given_to_get() -> None:
    observe("destination", get(copier().get_into.remote(published(), spec.MB)))


def destination_filled_by_hand() -> None:
    observe("destination", get(copier().copy_into.remote(published(), spec.MB)))


def read_together() -> None:
    _pieces(copier().get_together)


def read_one_by_one() -> None:
    _pieces(copier().get_one_by_one)


def _pieces(read: Any) -> None:
    pieces = get(owner().publish_many.remote(BATCH, spec.SMALL))
    waited_for, wrong = get(read.remote(pieces))
    observe("waited_for", waited_for)
    observe("wrong", wrong)


# -- who has to take part ------------------------------------------------------------------------------


def read_from_a_busy_owner() -> None:
    """From its own node, and from another one."""
    box = published()
    with busy(owner()):
        reading = [each.read.remote(box) for each in (reader(), far())]
        near, distant = [finishes(each, spec.GRACE) for each in reading]
    observe("near", near)
    observe("far", distant)
    observe("equal", all(arrived.checksum == spec.expected(spec.MB) for arrived in get(reading)))


def call_of_a_busy_owner() -> None:
    with busy(owner()):
        call = owner().pid.remote()
        answer = finishes(call, spec.HOLD)
    for key in ("near", "far"):
        observe(key, answer)
    observe("equal", isinstance(get(call), int))


def read_with_lock_kept() -> None:
    box = published()
    with locked(owner()):
        reading = reader().read.remote(box)
        observe("read", finishes(reading, spec.GRACE))
    observe("equal", get(reading).checksum == spec.expected(spec.MB))


def call_with_lock_kept() -> None:
    with locked(owner()):
        call = owner().pid.remote()
        observe("read", finishes(call, spec.HOLD))
    observe("equal", isinstance(get(call), int))


def read_from_a_stopped_owner() -> None:
    """By readers who have not read the object before."""
    box, pid = published(), get(owner().pid.remote())
    get([each.pid.remote() for each in (reader(), far())])
    fault("SIGSTOP", "the owner's process")
    with instruments.frozen(pid):
        reading = [each.read.remote(box) for each in (reader(), far())]
        near, distant = finishes(reading[0], spec.GRACE), finishes(reading[1], spec.HOLD)
    observe("near", near)
    observe("far", distant)
    observe("continued", [finishes(each, spec.GRACE) for each in reading])


def call_of_a_stopped_owner() -> None:
    pid = get(owner().pid.remote())
    fault("SIGSTOP", "the owner's process")
    with instruments.frozen(pid):
        call = owner().pid.remote()
        answer = finishes(call, spec.HOLD)
    for key in ("near", "far"):
        observe(key, answer)
    observe("continued", [finishes(call, spec.GRACE)])


# -- weight sync ---------------------------------------------------------------------------------------


@cache
def training() -> tuple[Any, Any, Box]:
    """A trainer, a generator, and the reference to a version of the weights."""
    trainer, generator = Trainer.options(**PLACES[0]).remote(), Generator.options(**PLACES[0]).remote()
    box, _ = get(trainer.publish.remote(spec.VERSION))
    return trainer, generator, box


def pull_of_what_was_put() -> None:
    trainer, generator, box = training()
    inside, done = instruments.Flag.new(), instruments.Flag.new()
    steps = trainer.train.remote(inside, done)
    inside.wait()
    observe("pull", finishes(generator.pull.remote(box, spec.LIVE_PULLS), spec.GRACE))
    pulled = spec.pull_through_a_step(lambda times: get(generator.pull.remote(box, times)), inside)
    done.put_up()
    observe("steps", spec.steps_within(get(steps), pulled))
    observe("versions", pulled.versions)
    observe("equal", pulled.checksum == spec.expected_weights(spec.VERSION))


def pull_by_asking_the_trainer() -> None:
    """The control: the version is put when it is asked for, by a method of the trainer, which is training."""
    trainer, generator, _ = training()
    inside, done = instruments.Flag.new(), instruments.Flag.new()
    trainer.train.remote(inside, done)
    inside.wait()
    asking = trainer.publish.remote(spec.VERSION)
    observe("pull", finishes(asking, spec.HOLD))
    done.put_up()
    box, _ = get(asking)
    pulled = get(generator.pull.remote(box, 1))
    observe("versions", pulled.versions)
    observe("equal", pulled.checksum == spec.expected_weights(spec.VERSION))


# -- collectives ---------------------------------------------------------------------------------------


@cache
def peers() -> tuple[Any, Any, str]:
    if not instruments.has("torch"):
        raise Unavailable("needs torch")
    return tensors.pair(PLACES[0])


def receiver_alone() -> None:
    """A collective is two-sided."""
    first, second, group = peers()
    receiving = second.receive.remote(0, group)
    observe("alone", finishes(receiving, spec.HOLD))
    get(first.send.remote(1, group))
    observe("together", finishes(receiving, spec.GRACE))


def reader_alone() -> None:
    """The object store is not."""
    box = published()
    with busy(owner()):
        reading = reader().read.remote(box)
        observe("alone", finishes(reading, spec.GRACE))
    observe("together", finishes(reading, spec.GRACE))


def tensor_by_a_transport() -> None:
    first, second, _ = peers()
    observe("tensor", get(second.read.remote(first.publish.options(tensor_transport="gloo").remote())))


def tensor_read_after_a_change() -> None:
    """The owner changes the tensor after it was published, and before anybody reads it."""
    first, second, _ = peers()
    handed_out = first.publish_own.options(tensor_transport="gloo").remote()
    ray.wait([handed_out], timeout=instruments.PATIENCE)
    _read_after_a_change(first, second.read, handed_out)


def object_read_after_a_change() -> None:
    first, second, _ = peers()
    _read_after_a_change(first, second.read_object, get(first.put_own.remote()))


def _read_after_a_change(first: Any, read: Any, handed_out: Any) -> None:
    get(first.overwrite_own.remote())
    compared = get(read.remote(handed_out))
    observe("tensor", compared)
    observe("as_it_was", compared.startswith("equal"))
    get(first.renew_own.remote())


def transport_without_its_hardware() -> None:
    if gpus():
        raise Unavailable("needs a machine without GPUs")
    _transport("nccl")


def transport_that_needs_none() -> None:
    _transport("gloo")


def _transport(name: str) -> None:
    first, second, _ = peers()

    def read() -> str:
        return str(get(second.read.remote(first.publish.options(tensor_transport=name).remote())))

    observe("transport", instruments.refusal(read))


def read_without_torch() -> None:
    own, other = Owner.options(**PLACES[0]).remote(), Reader.options(**PLACES[0]).remote()
    arrived = get(other.read.remote(get(own.publish.remote(spec.MB))))
    observe("equal", arrived.checksum == spec.expected(spec.MB))
    observe("torch_loaded", _torch_loaded(own, other))


def read_with_torch() -> None:
    first, second, _ = peers()
    observe("equal", get(second.read_object.remote(get(first.put_own.remote()))).startswith("equal"))
    observe("torch_loaded", _torch_loaded(first, second))


def _torch_loaded(*actors: Any) -> list[bool]:
    return list(get([actor.__ray_call__.remote(lambda _: "torch" in sys.modules) for actor in actors]))


def tensor_between_gpus() -> None:
    if gpus() < 2 or machine.nccl().state != "works":
        raise Unavailable("needs CUDA and NCCL, with two GPUs")
    observe("tensor", tensors.by("nccl", PLACES[0]))


# -- what goes wrong -----------------------------------------------------------------------------------


def read_of_the_withdrawn() -> None:
    """The owner has dropped its own reference; the reader's keeps the object."""
    box = get(owner().publish.remote(spec.KB))
    get(owner().withdraw.remote(spec.KB))
    observe("read", get(reader().try_to_read.remote(box)))


def read_from_a_dead_owner() -> None:
    """Reads until one fails: the object goes a little after its owner."""
    victim = Owner.options(**PLACES[0]).remote()
    box, pid = get(victim.publish.remote(spec.MB)), get(victim.pid.remote())
    fault("SIGKILL", "the owner's process")
    os.kill(pid, signal.SIGKILL)
    answers: list[str] = []

    def failed() -> bool:
        answers.append(get(reader().try_to_read.remote(box)))
        return answers[-1] != "finished"

    instruments.until(failed, "a read from a dead owner to fail")
    observe("read", answers[-1].partition(":")[0])


def read_from_a_living_owner() -> None:
    observe("read", get(reader().try_to_read.remote(published())))
