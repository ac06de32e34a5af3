"""What the probes of both engines use alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from monarch_vs_ray.concepts.distributed_tensors import spec
from monarch_vs_ray.side import Unavailable


def needs_torch(probe: Callable[[], None]) -> Callable[[], None]:
    """A probe that cannot run without torch, and says so."""

    @wraps(probe)
    def with_torch() -> None:
        if not spec.has_torch():
            raise Unavailable(spec.NEEDS_TORCH)
        probe()

    return with_torch
