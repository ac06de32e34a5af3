"""Where Monarch listens, and who may connect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import psutil

from monarch_vs_ray.concepts.control_plane import inputs
from monarch_vs_ray.concepts.control_plane.monarch.meshes import three_echoes
from monarch_vs_ray.engines.family import wait_until_gone
from monarch_vs_ray.instruments.certificates import Certificate, new_certificate
from monarch_vs_ray.instruments.network import addresses_in_use
from monarch_vs_ray.instruments.ports import free_port
from monarch_vs_ray.instruments.sockets import listening
from monarch_vs_ray.instruments.wait import PATIENCE, wait_for
from monarch_vs_ray.side import observe, shared

WORKER = """
import sys
from monarch.actor import run_worker_loop_forever
run_worker_loop_forever(address=sys.argv[1], ca="trust_all_connections")
"""
ATTACH = "monarch_vs_ray.concepts.control_plane.monarch.attach"


def sockets() -> None:
    """Look at the sockets of the program and of all processes below it, with a mesh on this host."""
    three_echoes()
    observe_sockets(addresses_in_use())


def sockets_over_tcp() -> None:
    """Look at those of a program that asked for TCP."""
    observe_sockets(attached_over_tcp())


def observe_sockets(found: dict[str, Any]) -> None:
    """Observe internet addresses, and whether there are unix sockets."""
    observe("internet", found["internet"])
    observe("unix", bool(found["unix"]))


def connect_without_secret() -> None:
    """Attach by TCP to a worker that waits for work, and run code there, without any secret."""
    observe("answer", attached_over_tcp()["answer"])


def connect_with_own_certificate() -> None:
    """Attach by TLS, with a certificate whose authority is the worker's own."""
    own = new_certificate("own")
    observe("answer", attached("tls://localhost", variables(own), variables(own))["answer"])


def connect_with_foreign_certificate() -> None:
    """Do the same with a certificate of another authority; the client trusts the worker's."""
    own, foreign = new_certificate("own"), new_certificate("foreign")
    theirs = variables(foreign) | {"HYPERACTOR_TLS_CA": str(own.authority)}
    observe("answer", attached("tls://localhost", variables(own), theirs)["answer"])


@shared
def attached_over_tcp() -> dict[str, Any]:
    """Return what came of attaching by TCP."""
    return attached("tcp://127.0.0.1", {}, {})


def variables(certificate: Certificate) -> dict[str, str]:
    """Return the environment variables by which Monarch is told of a certificate."""
    return {
        "HYPERACTOR_TLS_CERT": str(certificate.certificate),
        "HYPERACTOR_TLS_KEY": str(certificate.key),
        "HYPERACTOR_TLS_CA": str(certificate.authority),
    }


def attached(host: str, for_worker: dict[str, str], for_program: dict[str, str]) -> dict[str, Any]:
    """Let a program attach to a worker; return its sockets, and as ``answer`` what came of it."""
    address = f"{host}:{(port := free_port())}"
    worker = subprocess.Popen([sys.executable, "-c", WORKER, address], env={**os.environ, **for_worker})
    try:
        wait_for(lambda: port in [each.port for each in listening(worker.pid)], "the worker to listen")
        command = [sys.executable, "-m", ATTACH, address, f"{host}:0", str(inputs.CONNECTING)]
        done = subprocess.run(
            command,
            env={**os.environ, **for_program},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=inputs.CONNECTING + PATIENCE,
        )
    finally:
        family = psutil.Process(worker.pid).children(recursive=True)
        worker.kill()
        worker.wait()
        wait_until_gone(family, "Monarch", PATIENCE)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    above = found.pop("above")
    where = "ran in the worker" if worker.pid in above else "ran elsewhere"
    return {**found, "answer": where if above else "no answer"}
