"""What the probes of both engines use; nothing in it knows an engine."""

from __future__ import annotations

import ipaddress
import mmap
import shutil
import subprocess

import psutil

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.engines.connections import listening
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.side import Unavailable

CALLS = 60
"""So many random choices that none of three actors is left out, nor is chosen once only."""
AT_ONCE = 3
OUTER_ADDRESS = "192.0.2.1"
"""One of those that are set apart for documentation (RFC 5737): no machine has it."""


def listening_addresses() -> list[str]:
    """What this process and all below it listen on: loopback, or any other address."""
    family = [psutil.Process(), *members()]
    found = {address.ip.removeprefix("::ffff:") for each in family for address in listening(each.pid)}
    return sorted({"loopback" if ipaddress.ip_address(ip).is_loopback else "other" for ip in found})


def language(library: str) -> str:
    """What a library was compiled from, by the mark that Rust's compiler leaves in it."""
    with open(library, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as bytes_:
        return "Rust" if bytes_.find(b"rustc version") >= 0 else "unknown"


def in_a_network_of_its_own() -> list[str]:
    """What a command is begun with, so that it has loopback and one outer address, and nobody sees it.

    Raises Unavailable where the machine does not let us.
    """
    commands = (
        "ip link set lo up",
        f"ip address add {OUTER_ADDRESS}/32 dev lo",
        f"ip route add default dev lo src {OUTER_ADDRESS}",
        'exec "$@"',
    )
    prefix = ["unshare", "-rn", "sh", "-ec", "\n".join(commands), "sh"]
    there = all(map(shutil.which, ("unshare", "ip")))
    if not there or subprocess.run([*prefix, "true"], capture_output=True, timeout=spec.PATIENCE).returncode:
        raise Unavailable("needs a network namespace of its own: unshare and ip")
    return prefix
