"""The tensor that both engines move, where torch is installed."""

from __future__ import annotations

import torch

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.side import Unavailable


def tensor(device: str = "cpu") -> torch.Tensor:
    """Return the same float32 values in every process."""
    return torch.arange(inputs.FLOATS, dtype=torch.float32, device=device)


def empty(device: str = "cpu") -> torch.Tensor:
    """Return a tensor as large, with other values in it."""
    return torch.full((inputs.FLOATS,), -1.0, device=device)


def from_bytes(data: bytes) -> torch.Tensor:
    """Return a tensor of these bytes."""
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)


def compare(received: torch.Tensor) -> str:
    """Return whether a tensor holds the values of ``tensor``, its type and its device."""
    equal = torch.equal(received.cpu(), tensor())
    return f"{'equal' if equal else 'different'}: {received.dtype}, {received.device.type}"


def needs_cuda() -> None:
    """Return if this torch can use a GPU. Raises Unavailable if it cannot."""
    if not torch.cuda.is_available():
        raise Unavailable(f"needs CUDA: torch {torch.__version__} sees no GPU")
