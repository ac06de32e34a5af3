"""Training: led by the caller, split over dimensions, as SPMD code under DDP; and its checkpoints."""

from __future__ import annotations

from math import prod
from typing import Any

import monarch
import monarch.actor
import torch
from monarch import inspect
from torch import Tensor

from monarch_vs_ray.concepts.distributed_tensors import inputs, workload
from monarch_vs_ray.concepts.distributed_tensors.monarch.actors import place, share
from monarch_vs_ray.concepts.distributed_tensors.monarch.experiments.subjects import (
    LINE,
    everywhere,
    joined,
    mesh_of,
    procs,
    ranks,
    reduce,
    two_dimensions,
)
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.instruments.flags import new_path
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.outcome import error_type
from monarch_vs_ray.side import observe

HALF = inputs.HIDDEN // inputs.MESH["tp"]


def training_led_by_the_caller(average: bool = True) -> None:
    """Train data-parallel in one program: the average is a line of it."""
    gradients = []
    with procs().activate():
        model = workload.network(workload.device())
        x, y = on_device(share(procs().rank_tensor(LINE)))
        optimizer = torch.optim.SGD(model.parameters(), lr=inputs.LEARNING_RATE)
        for _ in range(inputs.STEPS):
            optimizer.zero_grad()
            workload.loss_of(model, x, y).backward()
            for parameter in model.parameters() if average else ():
                parameter.grad = reduce(parameter.grad, LINE, average=True)
            gradients.append(workload.gradient_of(model))
            optimizer.step()
        weights = workload.weights_of(model)
    observe("gradient", workload.furthest(everywhere(gradients[0]), workload.alone().gradient))
    observe("weights", workload.furthest(everywhere(weights), workload.alone().weights))


def on_device(parts: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Return a share of the batch on the ranks' device."""
    x, y = parts
    return x.to(workload.device()), y.to(workload.device())


def own_gradients() -> None:
    """Let each rank compute the gradient of its own share, and average nothing."""
    with procs().activate():
        model = workload.network(workload.device())
        workload.loss_of(model, *on_device(share(procs().rank_tensor(LINE)))).backward()
        gradient = workload.gradient_of(model)
    gradients = everywhere(gradient)
    observe("from_own_share", workload.furthest(gradients, workload.local_gradients()))
    observe("differ_by", workload.furthest(gradients, workload.alone().gradient))


def backward_from_the_caller(fetched: bool = False) -> None:
    """Call ``backward`` and one step of the optimizer here; the control fetches the loss before that."""
    with procs().activate():
        model = workload.network(workload.device())
        optimizer = torch.optim.SGD(model.parameters(), lr=inputs.LEARNING_RATE)
        loss: Any = workload.loss_of(model, *on_device(share(procs().rank_tensor(LINE))))
        if fetched:
            loss = inspect(loss)
        observe("backward", error_type(loss.backward))
        optimizer.step()
        weights = workload.weights_of(model)
    observe("ranks_that_learned", len(workload.ranks_with(everywhere(weights), workload.after_one_step())))


def split_over_dp_and_tp(summed: bool = True) -> None:
    """Split the hidden layer over tp and the batch over dp, by coordinates; the control sums up nothing."""
    mesh = two_dimensions()
    with mesh.activate():
        first, _, second = workload.network(workload.device())
        hidden = mesh.rank("tp") * HALF + torch.arange(HALF, device=workload.device())
        up, up_bias, down = (
            part.detach().requires_grad_()
            for part in (first.weight[hidden], first.bias[hidden], second.weight[:, hidden])
        )
        bias = second.bias.detach().requires_grad_()
        x, y = on_device(share(mesh.rank("dp"), inputs.MESH["dp"]))
        partial = torch.tanh(x @ up.T + up_bias) @ down.T
        # The sum over tp is no operation that autograd knows: its gradient, the identity, is passed by hand.
        product = reduce(partial.detach(), "tp") if summed else partial.detach().clone()
        total = product.requires_grad_()
        torch.nn.functional.mse_loss(total + bias, y).backward()
        partial.backward(total.grad)
        grads = [reduce(part.grad, "dp", average=True) for part in (up, up_bias, down, bias)]
    up, up_bias, down, bias = (everywhere(grad)[: inputs.MESH["tp"]] for grad in grads)
    parts = (torch.cat(up), torch.cat(up_bias), torch.cat(down, dim=1), bias[0])
    observe_difference(torch.cat([part.flatten().cpu() for part in parts]))


def split_over_dp_and_pp(averaged: bool = True) -> None:
    """Split the layers over pp and the batch over dp; the caller hands activations and gradients over."""
    mesh = mesh_of("dp", "pp", pp=2)
    front, back = (mesh.slice(pp=stage) for stage in range(2))
    with front.activate():
        first, squash, _ = workload.network(workload.device())
        x, _ = on_device(share(front.rank("dp"), inputs.MESH["dp"]))
        sent = squash(first(x))
        leaving = sent.detach()
    with back.activate():
        _, _, second = workload.network(workload.device())
        _, y = on_device(share(back.rank("dp"), inputs.MESH["dp"]))
        received = place(back.rank("dp"), numbers(leaving)).requires_grad_()
        torch.nn.functional.mse_loss(second(received), y).backward()
        of_back = workload.gradient_of(second)
    with front.activate():
        sent.backward(place(front.rank("dp"), numbers(received.grad)))
        of_front = workload.gradient_of(first)
    replicas = [torch.stack(everywhere(part)) for part in (of_front, of_back)]
    observe_difference(torch.cat([part.mean(dim=0) if averaged else part[0] for part in replicas]))


def split_over_dp_tp_and_pp(summed: bool = True) -> None:
    """Split each layer over tp, the layers over pp and the batch over dp: eight ranks, in one program."""
    if workload.device() == "cuda":
        needs.gpus(prod(inputs.CUBE.values()))
    mesh = joined(inputs.CUBE)[0]._device_mesh.split(**{LINE: tuple(inputs.CUBE)}, pp=2, tp=2)
    front, back = (mesh.slice(pp=stage) for stage in range(2))
    with front.activate():
        first, squash, _ = workload.network(workload.device())
        up, up_bias = halves(front, first.weight, first.bias)
        x, _ = on_device(share(front.rank("dp"), inputs.CUBE["dp"]))
        sent = squash(x @ up.T + up_bias)
        leaving = sent.detach()
    with back.activate():
        _, _, second = workload.network(workload.device())
        (down,) = halves(back, second.weight.T)
        bias = second.bias.detach().requires_grad_()
        _, y = on_device(share(back.rank("dp"), inputs.CUBE["dp"]))
        received = place(back.rank(("dp", "tp")), numbers(leaving)).requires_grad_()
        partial = received @ down
        product = reduce(partial.detach(), "tp") if summed else partial.detach().clone()
        total = product.requires_grad_()
        torch.nn.functional.mse_loss(total + bias, y).backward()
        partial.backward(total.grad)
    with front.activate():
        sent.backward(place(front.rank(("dp", "tp")), numbers(received.grad)))
    observe("ranks", prod(mesh.processes.sizes))
    gradients = [put_together(part.grad) for part in (up, up_bias, down)]
    observe_difference(torch.cat([*gradients, torch.stack(everywhere(bias.grad)).mean(dim=0)]))


def halves(mesh: Any, *parts: Tensor) -> list[Tensor]:
    """Return each rank's half of the hidden layer, by its coordinate in tp."""
    hidden = mesh.rank("tp") * HALF + torch.arange(HALF, device=workload.device())
    return [part.detach()[hidden].requires_grad_() for part in parts]


def put_together(part: Tensor) -> Tensor:
    """Return the mean over dp of what is split over tp, in one vector."""
    found = [one.flatten().cpu() for one in everywhere(part)]
    rows = [torch.cat(found[at : at + inputs.CUBE["tp"]]) for at in range(0, len(found), inputs.CUBE["tp"])]
    return torch.stack(rows).mean(dim=0)


def numbers(tensor: Tensor) -> list[Any]:
    """Return what each rank has, as numbers of the caller's."""
    return [one.tolist() for one in everywhere(tensor)]


def observe_difference(gradient: Tensor) -> None:
    """Observe how far a gradient is from that of one process on the whole batch."""
    observe("differ_by", workload.difference(gradient.cpu(), workload.alone().gradient))


def ddp_training(ddp: bool = True) -> None:
    """Train as SPMD code in actors: the same function on each rank, with PyTorch's DDP or without."""
    answers = list(get(ranks().train.call(ddp), inputs.START).values())
    observe("answers", [answer["rank"] for answer in answers])
    for key in ("wrapped", "processes", "gradient", "weights", "ranks_differ_by", "loss"):
        observe(key, answers[0][key])
    workload.show_losses(answers[0]["losses"])


def checkpoint(steps: int = inputs.STEPS) -> None:
    """Fetch each tensor of rank 0 after some steps, save them, and read them back."""
    path = new_path("weights.pt")
    with procs().activate():
        model = workload.network(workload.device())
        x, y = on_device(share(0, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=inputs.LEARNING_RATE)
        for _ in range(steps):
            optimizer.zero_grad()
            workload.loss_of(model, x, y).backward()
            optimizer.step()
        state = {name: inspect(tensor) for name, tensor in model.state_dict().items()}
    torch.save(state, path)
    observe("differ_by", workload.difference(workload.read(path), workload.alone().weights))


def checkpoint_names() -> None:
    """List the public names that speak of checkpoints, and ``inspect``, which must be found by the same."""
    public = {*monarch.__all__, *monarch.actor.__all__}
    named = [name for name in public if any(word in name.lower() for word in ("checkpoint", "inspect"))]
    observe("names", sorted(named))
