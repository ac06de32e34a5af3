"""Tensors in Ray: past the object store, by a collective group or by a one-sided transport."""

from __future__ import annotations

from typing import Any

import ray

from monarch_vs_ray.concepts.data_plane import instruments, spec
from monarch_vs_ray.concepts.data_plane.calls_on_ray import busy, finishes, get
from monarch_vs_ray.concepts.data_plane.nodes_on_ray import gpus
from monarch_vs_ray.engines import machine
from monarch_vs_ray.side import observe, operation


@ray.remote(enable_tensor_transport=True)
class Peer:
    """Has a tensor; one of two ranks of a collective group."""

    def __init__(self) -> None:
        from monarch_vs_ray.concepts.data_plane.tensors import workload

        self.workload = workload
        self.tensor = workload.tensor()

    def publish(self, device: str = "cpu") -> Any:
        return self.workload.tensor(device)

    def publish_own(self) -> Any:
        return self.tensor

    def put_own(self) -> list[Any]:
        return [ray.put(self.tensor)]

    def overwrite_own(self) -> None:
        self.tensor.copy_(self.workload.empty())

    def renew_own(self) -> None:
        self.tensor = self.workload.tensor()

    def read(self, tensor: Any) -> str:
        return str(self.workload.compare(tensor))

    def read_object(self, box: list[Any]) -> str:
        return str(self.workload.compare(ray.get(box[0])))

    def send(self, to: int, group: str) -> None:
        from ray.util import collective

        collective.send(self.tensor, to, group)

    def receive(self, sender: int, group: str) -> str:
        from ray.util import collective

        destination = self.workload.empty()
        collective.recv(destination, sender, group)
        return str(self.workload.compare(destination))

    def sum(self, group: str) -> float:
        from ray.util import collective

        one = self.workload.tensor()[1:2].clone()
        collective.allreduce(one, group)
        return float(one.item())

    def work(self, inside: instruments.Flag, done: instruments.Flag) -> None:
        inside.put_up()
        done.wait()


def pair(here: dict[str, Any]) -> tuple[Any, Any, str]:
    """Two actors, and the name of their gloo group."""
    from ray.experimental.collective import create_collective_group

    first, second = (Peer.options(**here).remote() for _ in range(2))
    return first, second, create_collective_group([first, second], backend="gloo").name


def read(first: Any, second: Any) -> None:
    published = first.publish.options(tensor_transport="gloo")
    ref = published.remote()
    with operation("read a tensor", device="cpu"):
        observe("tensor", get(second.read.remote(ref)))
    observe("tensor_handle", len(ray.cloudpickle.dumps(ref)))
    ref = published.remote()
    ray.wait([ref], timeout=instruments.PATIENCE)
    with busy(first):
        observe("tensor_busy", finishes(second.read.remote(ref), spec.GRACE))


def wait_for_each_other(first: Any, second: Any, group: str) -> None:
    receiving = second.receive.remote(0, group)
    observe("receiver_alone", finishes(receiving, spec.HOLD))
    get([first.send.remote(1, group), receiving])
    sending = first.send.remote(1, group)
    observe("sender_alone", finishes(sending, spec.HOLD))
    get([second.receive.remote(0, group), sending])


def missing() -> dict[str, str]:
    """Why a tensor transport cannot be used here."""
    why = {} if instruments.has("nixl") else {"nixl": "missing (package nixl)"}
    if gpus() < 1 or machine.cuda().state != "works":
        why["cuda_ipc"] = "missing (no GPU)"
    if gpus() < 2 or machine.nccl().state != "works":
        why["nccl"] = f"missing ({gpus()} of 2 GPUs, {machine.nccl().detail})"
    return why


def other_ways(here: dict[str, Any]) -> dict[str, str]:
    """How each tensor transport besides gloo did, or why it is missing."""
    why = missing()
    return {way: why.get(way) or by(way, here) for way in ("nixl", "cuda_ipc", "nccl")}


def by(transport: str, here: dict[str, Any]) -> str:
    """What comes out when two new actors move a tensor that way: nixl and cuda_ipc are one-sided."""
    from ray.experimental.collective import create_collective_group

    share = {"nixl": 0.0, "cuda_ipc": 0.5, "nccl": 1.0}[transport]  # cuda_ipc: both on the same GPU
    first, second = (Peer.options(num_gpus=share, **here).remote() for _ in range(2))
    if transport == "nccl":
        create_collective_group([first, second], backend="nccl")
    ref = first.publish.options(tensor_transport=transport).remote("cuda" if share else "cpu")
    return str(get(second.read.remote(ref)))
