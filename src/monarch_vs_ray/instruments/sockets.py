"""Which processes of this machine are connected by TCP, and in what way a server there speaks."""

from __future__ import annotations

import socket
from typing import Any

import psutil

ANSWER_SECONDS = 30.0
HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""How a client of HTTP/2, on which gRPC rests, begins: the preface and a frame of settings (RFC 9113)."""
SETTINGS = 4


def listening(pid: int) -> list[Any]:
    """The TCP addresses on which a process listens; one that has ended meanwhile listens on none."""
    try:
        found = psutil.Process(pid).net_connections("tcp")
    except psutil.NoSuchProcess:
        return []
    return [each.laddr for each in found if each.status == psutil.CONN_LISTEN]


def connections(one: int, other: int, port: int = 0) -> int:
    """How many TCP connections there are between two processes; with ``port``, to that port of ``other``."""
    ends = [
        {(each.laddr, each.raddr) for each in psutil.Process(pid).net_connections("tcp") if each.raddr}
        for pid in (one, other)
    ]
    both = {(here, there) for here, there in ends[1] if (there, here) in ends[0]}
    return sum(not port or here.port == port for here, _ in both)


def speaks_http2(port: int) -> bool:
    """Whether the server at that port of loopback answers a frame of settings by one of its own.

    Raises TimeoutError after ``ANSWER_SECONDS``.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as line:
        line.sendall(HTTP2)
        with line.makefile("rb") as answer:
            return answer.read(9)[3:4] == bytes([SETTINGS])
