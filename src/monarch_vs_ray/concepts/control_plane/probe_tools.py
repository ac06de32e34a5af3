"""What the probes of both engines use; nothing in it knows an engine."""

from __future__ import annotations

import ipaddress
import mmap
import shutil
import socket
import subprocess
from typing import Any

import psutil

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.engines.family import members
from monarch_vs_ray.side import Unavailable

CALLS = 60
"""So many random choices that none of three actors is left out, nor is chosen once only."""
AT_ONCE = 3
HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""How a client of HTTP/2, on which gRPC rests, begins: the preface and a frame of settings."""
SETTINGS = 4
OUTER_ADDRESS = "192.0.2.1"
"""One of those that are set apart for documentation (RFC 5737): no machine has it."""


def listening(pid: int) -> list[Any]:
    """The TCP addresses on which a process listens; one that has ended meanwhile listens on none."""
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.NoSuchProcess:
        return []
    return [each.laddr for each in connections if each.status == psutil.CONN_LISTEN]


def listening_addresses() -> list[str]:
    """What this process and all below it listen on: loopback, or any other address."""
    family = [psutil.Process(), *members()]
    found = {address.ip.removeprefix("::ffff:") for each in family for address in listening(each.pid)}
    return sorted({"loopback" if ipaddress.ip_address(ip).is_loopback else "other" for ip in found})


def connections(one: int, other: int) -> int:
    """How many TCP connections there are between two processes."""
    ends = [
        {(each.laddr, each.raddr) for each in psutil.Process(pid).net_connections("tcp") if each.raddr}
        for pid in (one, other)
    ]
    return len(ends[0] & {(there, here) for here, there in ends[1]})


def speaks_http2(port: int) -> bool:
    """Whether the server there answers a frame of settings by one of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=spec.PATIENCE) as line:
        line.sendall(HTTP2)
        return line.recv(9)[3] == SETTINGS


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
