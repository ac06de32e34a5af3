"""Tensors through the store and past it, by Ray's tensor transports; and collectives."""

from __future__ import annotations

from typing import Any

import ray
from ray.experimental.collective import create_collective_group
from ray.experimental.rdt import util as transports  # no public name yet

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.concepts.data_plane.ray.experiments.reading import copies
from monarch_vs_ray.concepts.data_plane.ray.experiments.subjects import (
    busy,
    locked,
    owner,
    peers,
    peers_in_no_group,
    published,
    reader,
    two_peers,
)
from monarch_vs_ray.instruments import faults, needs
from monarch_vs_ray.instruments.outcome import error_type
from monarch_vs_ray.instruments.ray import finishes, get
from monarch_vs_ray.side import Unavailable, observe

NIXL = "pip install --no-deps nixl nixl-cu12"
FINISHING = {("nixl", "lock"), ("gloo", "busy")}
"""Transports and owners for which a read should finish; the others are watched for HOLD seconds."""


def read_tensor(transport: str = "gloo", changed: bool = False) -> None:
    """Hand a tensor out by a transport, and read it; ``changed``: its owner overwrites it before that."""
    first, second = by(transport)
    tensor = handed_out(first, transport)
    observe("stores_that_have_it", copies([tensor]))
    if changed:
        get(first.clear.remote())
    compared = get(second.read.remote(tensor))
    observe("tensor", compared)
    observe("as_it_was", compared.startswith("equal"))
    observe("handle_bytes", len(ray.cloudpickle.dumps(tensor)))


def by(transport: str) -> tuple[Any, Any]:
    """Return two actors that a transport can be used between."""
    if transport == "gloo":
        return peers()[:2]
    needs.package("nixl", NIXL)
    return peers_in_no_group()


def handed_out(first: Any, transport: str) -> Any:
    """Return the reference to a tensor that an actor has handed out."""
    tensor = first.publish.options(tensor_transport=transport).remote()
    ray.wait([tensor], timeout=inputs.GRACE, fetch_local=False)
    return tensor


def tensor_of_a_held_owner(transport: str, held: str = "lock") -> None:
    """Read a tensor while its owner keeps the interpreter's lock, is in a method, or is stopped."""
    first, second = by(transport)
    get(second.read.remote(handed_out(first, transport)))  # the transport is set up
    tensor, pid = handed_out(first, transport), get(first.pid.remote())
    observe("stores_that_have_it", copies([tensor]))
    holding = {
        "lock": locked(first),
        "busy": busy(first),
        "stopped": faults.stopped(pid, "the owner's process"),
    }
    finishing = (transport, held) in FINISHING
    with holding[held] as earlier_call:
        reading = second.read.remote(tensor)
        window = inputs.GRACE if finishing else inputs.HOLD
        observe("read", inputs.went(finishes, [reading], [window])[0])
        calls = [earlier_call] if earlier_call else []
        observe("earlier_call", inputs.went(finishes, calls, [0] * len(calls)))
    observe("equal", get(reading).startswith("equal"))


def tensor_in_the_store() -> None:
    """Get a tensor from the object store, write into what was got, and let another actor get it."""
    first, second, _ = peers()
    box = get(first.put.remote())
    compared, lies = get(second.read_object.remote(box))
    observe("equal", compared.startswith("equal"))
    observe("lies", lies)
    error, written = get(second.write_into_object.remote(box))
    observe("write", error)
    observe("written", written)
    observe("others_have_it", get(first.read_object.remote(box))[0].startswith("different"))


def tensor_got_by_the_program(transport: str = "gloo", through_the_store: bool = False) -> None:
    """Get a tensor in the program that made the call, which is in no collective group."""
    first, _ = by(transport)
    tensor = handed_out(first, transport)
    options = {"_use_object_store": True} if through_the_store else {}
    observe("error", error_type(lambda: ray.get(tensor, timeout=inputs.GRACE, **options)))


def tensor_transports() -> None:
    """List the transports that Ray names, and those of them that it calls one-sided."""
    needs.package("torch")
    transports.normalize_and_validate_tensor_transport("gloo")  # registers all of them
    names = sorted(transports.transport_manager_info)
    observe("transports", names)
    observe("one_sided", [name for name in names if transports.is_one_sided_transport(name)])
    observe("unknown_name", error_type(lambda: transports.normalize_and_validate_tensor_transport("rdma")))


def group_without_its_hardware(backend: str = "nccl") -> None:
    """Make a group for a transport that needs GPUs, where there are none; and call without a transport."""
    if needs.number_of_gpus():
        raise Unavailable("needs a machine without GPUs")
    first, second = two_peers()
    observe("group", error_type(lambda: create_collective_group([first, second], backend=backend)))
    observe("without_transport", get(second.read.remote(first.publish.remote())))


def read_tensor_on_a_gpu(transport: str = "cuda_ipc") -> None:
    """Hand a CUDA tensor to an actor: on the same GPU, or by NCCL to one with a GPU of its own."""
    needs.gpus(2 if transport == "nccl" else 1)
    needs.package("torch")
    if transport == "nixl":
        needs.package("nixl", NIXL)
    from monarch_vs_ray.concepts.data_plane import workload

    workload.needs_cuda()
    first, second = two_peers(gpus=1.0 if transport == "nccl" else 0.5)
    if transport == "nccl":
        create_collective_group([first, second], backend="nccl")
    tensor = first.publish.options(tensor_transport=transport).remote("cuda")
    observe("tensor", get(second.read.remote(tensor)))


def receiver_alone() -> None:
    """Receive by a gloo group, before the sender comes and after."""
    first, second, group = peers()
    receiving = second.receive.remote(0, group)
    observe("alone", inputs.went(finishes, [receiving], [inputs.HOLD])[0])
    get(first.send.remote(1, group))
    observe("together", inputs.went(finishes, [receiving], [inputs.GRACE])[0])


def reader_alone() -> None:
    """Read an object whose owner is inside a method, so that it cannot come."""
    box, reads = published(), reader()
    with busy(owner()) as earlier_call:
        reading = reads.read.remote(box)
        observe("alone", inputs.went(finishes, [reading], [inputs.GRACE])[0])
        observe("earlier_call", inputs.went(finishes, [earlier_call], [0])[0])
    observe("together", inputs.went(finishes, [reading], [inputs.GRACE])[0])
