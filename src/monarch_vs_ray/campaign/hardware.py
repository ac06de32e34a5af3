"""Find missing hardware that experiments need, before a side is started for them."""

from __future__ import annotations

from collections.abc import Callable

from monarch_vs_ray.core.concept import Need
from monarch_vs_ray.core.engine import Ability
from monarch_vs_ray.engines import machine

FINDERS: dict[Need, Callable[[], Ability]] = {"cuda": machine.cuda, "rdma": machine.rdma_nic}


def missing() -> dict[Need, str]:
    """Return the reasons why experiments cannot run here, by need: ``needs cuda: no CUDA driver``."""
    found = {need: machine.find_out(need, find) for need, find in FINDERS.items()}
    return {
        need: f"needs {need}: {ability.detail}" for need, ability in found.items() if ability.state != "works"
    }
