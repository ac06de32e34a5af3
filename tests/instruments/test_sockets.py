"""Who is connected with whom, and who speaks HTTP/2: asked of real sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from monarch_vs_ray.instruments import sockets as tools

SETTINGS_FRAME = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


@pytest.fixture
def ear() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        yield listener


def answering(ear: socket.socket, answer: bytes) -> threading.Thread:
    """Answers whoever comes first."""

    def answer_one() -> None:
        line, _ = ear.accept()
        with line:
            line.recv(1024)
            line.sendall(answer)

    thread = threading.Thread(target=answer_one)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("answer", "speaks"),
    [(SETTINGS_FRAME, True), (b"HTTP/1.1 400 Bad Request\r\n\r\n", False), (b"", False)],
)
def test_a_server_that_answers_settings_by_settings_speaks_http2(ear, answer, speaks):
    thread = answering(ear, answer)
    assert tools.speaks_http2(ear.getsockname()[1]) is speaks
    thread.join(timeout=30)


def test_connections_are_counted_between_two_processes_and_by_port(ear):
    port = ear.getsockname()[1]
    code = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(1)"
    with subprocess.Popen([sys.executable, "-c", code, str(port)]) as caller:
        line, _ = ear.accept()
        with line:
            assert tools.connections(caller.pid, os.getpid()) == 1
            assert tools.connections(caller.pid, os.getpid(), port) == 1
            assert tools.connections(caller.pid, os.getpid(), port + 1) == 0
            assert tools.connections(os.getpid(), caller.pid, port) == 0
        caller.wait(timeout=30)


def test_a_process_that_has_ended_listens_on_none(ear):
    assert ear.getsockname()[1] in {address.port for address in tools.listening(os.getpid())}
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(timeout=30)
    assert tools.listening(process.pid) == []
