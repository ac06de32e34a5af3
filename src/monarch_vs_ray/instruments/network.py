"""A network of our own for what listens on all addresses, and the addresses that processes listen on."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
from contextlib import suppress

import psutil

from monarch_vs_ray.engines.family import members
from monarch_vs_ray.instruments.sockets import listening
from monarch_vs_ray.instruments.wait import PATIENCE
from monarch_vs_ray.side import Unavailable

OUTER_ADDRESS = "192.0.2.1"
"""One of those that are set apart for documentation (RFC 5737): no machine has it."""


def own_network() -> list[str]:
    """Return the words before a command that give it a network of its own: loopback and one outer address.

    Raises:
        Unavailable: If this machine does not let us.
    """
    commands = (
        "ip link set lo up",
        f"ip address add {OUTER_ADDRESS}/32 dev lo",
        f"ip route add default dev lo src {OUTER_ADDRESS}",
        'exec "$@"',
    )
    prefix = ["unshare", "-rn", "sh", "-ec", "\n".join(commands), "sh"]
    there = all(map(shutil.which, ("unshare", "ip")))
    if not there or subprocess.run([*prefix, "true"], capture_output=True, timeout=PATIENCE).returncode:
        raise Unavailable("needs a network namespace of its own: unshare and ip")
    return prefix


def listening_addresses() -> list[str]:
    """Return what this process and all below it listen on by TCP: ``loopback``, ``other``, or both."""
    family = [psutil.Process(), *members()]
    found = {address.ip.removeprefix("::ffff:") for each in family for address in listening(each.pid)}
    return sorted({"loopback" if ipaddress.ip_address(ip).is_loopback else "other" for ip in found})


def addresses_in_use() -> dict[str, list[str]]:
    """Return the internet addresses and the unix sockets of this process and all below it."""
    found: dict[str, set[str]] = {"internet": set(), "unix": set()}
    for process in (psutil.Process(), *members()):
        with suppress(psutil.NoSuchProcess):  # ended while we looked
            found["internet"] |= {each.laddr.ip for each in process.net_connections("inet")}
            found["unix"] |= {each.laddr for each in process.net_connections("unix") if each.laddr}
    return {kind: sorted(addresses) for kind, addresses in found.items()}
