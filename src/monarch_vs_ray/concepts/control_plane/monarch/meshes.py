"""The processes that the experiments of the control plane share, in Monarch; their actors are made anew."""

from __future__ import annotations

from typing import Any

from monarch.actor import ProcMesh, this_host

from monarch_vs_ray.concepts.control_plane import inputs
from monarch_vs_ray.concepts.control_plane.monarch.actors import Echo
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.side import shared


@shared
def procs() -> ProcMesh:
    """Return the processes that most experiments put their actors into."""
    return this_host().spawn_procs(per_host={"procs": inputs.ACTORS})


def three_echoes() -> Echo:
    """Return a new mesh of three, once all are up."""
    echoes = procs().spawn("echo", Echo)
    get(echoes.added.call())
    return echoes


def one(kind: type[Any], *arguments: object) -> Any:
    """Return a new actor in the first of the shared processes."""
    return procs().spawn(kind.__name__.lower(), kind, *arguments).slice(procs=0)
