"""Find out which hardware that experiments need is missing here, before a side is started for them."""

from __future__ import annotations

from collections.abc import Callable

from monarch_vs_ray.core.concept import Need
from monarch_vs_ray.core.engine import Ability
from monarch_vs_ray.engines import machine

FINDERS: dict[Need, Callable[[], Ability]] = {"cuda": machine.cuda, "rdma": machine.rdma_nic}


def missing() -> dict[Need, str]:
    """Return why an experiment cannot run here, by what it needs: ``needs cuda: no CUDA driver``."""
    found = {need: machine.find_out(need, find) for need, find in FINDERS.items()}
    return {
        need: f"needs {need}: {ability.detail}" for need, ability in found.items() if ability.state != "works"
    }
