"""A port for what must be told one before it listens: a rendezvous, a dashboard, a host's address."""

from __future__ import annotations

import random
import socket

PORTS = range(20_000, 32_000)
"""Below those that Linux hands out by itself (32768 and up), so no engine's own sockets take it meanwhile."""


def free_port() -> int:
    """A port of loopback on which nobody listens now. Raises OSError when 100 tries found none."""
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"100 ports between {PORTS.start} and {PORTS.stop} are all taken; end what listens there")
