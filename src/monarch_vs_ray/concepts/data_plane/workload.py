"""The tensor that both sides move, for where torch is installed."""

from __future__ import annotations

import torch

from monarch_vs_ray.concepts.data_plane import spec


def tensor(device: str = "cpu") -> torch.Tensor:
    """The same float32 values in every process."""
    return torch.arange(spec.FLOATS, dtype=torch.float32, device=device)


def empty() -> torch.Tensor:
    """As large, with other values in it."""
    return torch.full((spec.FLOATS,), -1.0)


def compare(received: torch.Tensor) -> str:
    """Whether it holds the values of the tensor."""
    equal = torch.equal(received.cpu(), tensor())
    return f"{'equal' if equal else 'different'}: {received.dtype}, {received.device}"
