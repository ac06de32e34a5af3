"""Tensors over the same data plane, and collectives beside it."""

from __future__ import annotations

import pickle

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.concepts.data_plane.monarch.experiments.subjects import (
    busy,
    owner,
    peers,
    published,
    reader,
)
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.instruments.monarch import finishes, get
from monarch_vs_ray.side import observe


def read_tensor(device: str = "cpu", changed: bool = False) -> None:
    """Read a published tensor into one of the reader; ``changed``: its owner overwrites it before that."""
    first, second = peers()
    buffer = get(first.publish.call_one(device))
    if changed:
        get(first.clear.call_one())
    tensor, lies = get(second.read.call_one(buffer, device))
    observe("tensor", tensor)
    observe("as_it_was", tensor.startswith("equal"))
    observe("lies", lies)
    observe("handle_bytes", len(pickle.dumps(buffer)))


def read_tensor_on_a_gpu() -> None:
    """Publish a CUDA tensor, and read it into a CUDA tensor."""
    needs.gpus()
    needs.package("torch")
    from monarch_vs_ray.concepts.data_plane import workload

    workload.needs_cuda()
    read_tensor("cuda")


def receiver_alone() -> None:
    """Receive by torch's gloo group, before the sender comes and after."""
    first, second = peers()
    receiving = second.receive.call_one(0)
    observe("alone", inputs.went(finishes, [receiving], [inputs.HOLD])[0])
    get(first.send.call_one(1))
    observe("together", inputs.went(finishes, [receiving], [inputs.GRACE])[0])


def reader_alone() -> None:
    """Read a buffer whose owner is inside an endpoint, so that it cannot come."""
    buffer, reads, own = published(), reader(), owner()
    with busy(own) as earlier_call:
        reading = reads.read.call_one(buffer)
        observe("alone", inputs.went(finishes, [reading], [inputs.GRACE])[0])
        observe("earlier_call", inputs.went(finishes, [earlier_call], [0])[0])
    observe("together", inputs.went(finishes, [reading], [inputs.GRACE])[0])
