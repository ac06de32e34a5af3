"""Tensors in Monarch: RDMABuffer takes them as they are; for collectives there is torch.distributed."""

from __future__ import annotations

import pickle
from typing import Any

from monarch.actor import Actor, endpoint, this_host
from monarch.rdma import RDMABuffer, is_ibverbs_available

from monarch_vs_ray.concepts.data_plane import instruments, spec
from monarch_vs_ray.concepts.data_plane.calls_on_monarch import busy, finishes, get
from monarch_vs_ray.engines import machine
from monarch_vs_ray.side import observe, operation


class Peer(Actor):
    """Has a tensor; one of two ranks of a gloo process group."""

    def __init__(self) -> None:
        from monarch_vs_ray.concepts.data_plane.tensors import workload

        self.workload = workload
        self.tensor = workload.tensor()

    @endpoint
    def publish(self, device: str = "cpu") -> RDMABuffer:
        self.tensor = self.workload.tensor(device)
        return RDMABuffer(self.tensor)

    @endpoint
    def read(self, buffer: RDMABuffer, device: str = "cpu") -> str:
        destination = self.workload.empty().to(device)
        buffer.read_into(destination).get()
        return str(self.workload.compare(destination))

    @endpoint
    def join(self) -> None:
        import torch.distributed

        torch.distributed.init_process_group("gloo")
        self.group = torch.distributed

    @endpoint
    def send(self, to: int) -> None:
        self.group.send(self.tensor, to)

    @endpoint
    def receive(self, sender: int) -> str:
        destination = self.workload.empty()
        self.group.recv(destination, sender)
        return str(self.workload.compare(destination))

    @endpoint
    def sum(self) -> float:
        one = self.workload.tensor()[1:2].clone()
        self.group.all_reduce(one)
        return float(one.item())

    @endpoint
    def work(self, inside: instruments.Flag, done: instruments.Flag) -> None:
        inside.put_up()
        done.wait()


def pair() -> Any:
    """Two actors with a gloo process group, as torchrun would make one."""
    from monarch.spmd import setup_torch_elastic_env

    procs = this_host().spawn_procs(per_host={"gpus": 2})
    setup_torch_elastic_env(procs)
    peers = procs.spawn("peer", Peer)
    get(peers.join.call())
    return peers


def read(first: Any, second: Any) -> None:
    for device in devices():
        buffer = get(first.publish.call_one(device))
        with operation("read a tensor", device=device):
            observe("tensor", get(second.read.call_one(buffer, device)))
    observe("tensor_handle", len(pickle.dumps(buffer)))
    with busy(first):
        observe("tensor_busy", finishes(second.read.call_one(buffer, device), spec.GRACE))


def devices() -> list[str]:
    """Where tensors can be, the best last."""
    return ["cpu", "cuda"] if machine.cuda().state == "works" else ["cpu"]


def other_ways() -> dict[str, str]:
    ibverbs = "works" if is_ibverbs_available() else "missing (no card)"
    return {"ibverbs": ibverbs, "CUDA tensor": "works" if "cuda" in devices() else "missing (no GPU)"}


def wait_for_each_other(first: Any, second: Any) -> None:
    receiving = second.receive.call_one(0)
    observe("receiver_alone", finishes(receiving, spec.HOLD))
    get(first.send.call_one(1))
    get(receiving)
    sending = first.send.call_one(1)
    observe("sender_alone", finishes(sending, spec.HOLD))
    get(second.receive.call_one(0))
    get(sending)
