"""Where Ray listens, and who may connect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import ray

from monarch_vs_ray.concepts.control_plane.ray.experiments.calls import echoes
from monarch_vs_ray.concepts.control_plane.ray.plain import CLIENTS, OURS, ask_gcs
from monarch_vs_ray.instruments.certificates import Certificate, new_certificate
from monarch_vs_ray.instruments.flags import new_path
from monarch_vs_ray.instruments.network import listening_addresses, own_network
from monarch_vs_ray.side import observe, shared

PLAIN = "monarch_vs_ray.concepts.control_plane.ray.plain"
SECONDS = 100.0


def sockets() -> None:
    """Look where a Ray without our settings listens."""
    observe("listening", started_by_init()["listening"])


def sockets_of_this_project() -> None:
    """Look where this project's Ray listens, which RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 keeps on loopback."""
    echoes()
    observe("listening", listening_addresses())


def connect_without_secret() -> None:
    """Ask the GCS that a local ray.init() started, without its token."""
    observe("answer", started_by_init()["answers"]["anybody"])


def connect_with_token() -> None:
    """Ask this project's GCS with its token."""
    with open(os.environ["RAY_AUTH_TOKEN_PATH"]) as file:
        token = ("authorization", f"Bearer {file.read()}")
    observe("answer", ask_gcs(ray.get_runtime_context().gcs_address, token))


def connect_to_a_started_cluster(**settings: str) -> None:
    """Ask the GCS that `ray start` started, without a token."""
    observe("answer", plainly("start", settings)["answers"]["anybody"])


def connect_with_own_certificate() -> None:
    """Ask a GCS that has RAY_USE_TLS, with a certificate whose authority is its own."""
    observe("answer", started_with_tls()["answers"]["own"])


def connect_with_foreign_certificate() -> None:
    """Do the same with a certificate of another authority; the client trusts the GCS's."""
    observe("answer", started_with_tls()["answers"]["foreign"])
    observe("answer_to_own", started_with_tls()["answers"]["own"])


@shared
def started_by_init() -> dict[str, Any]:
    """Return what a cluster that ray.init() started says."""
    return plainly("init", {})


@shared
def started_with_tls() -> dict[str, Any]:
    """Return what a cluster with TLS and without a token says to clients with two certificates."""
    own, foreign = new_certificate("own"), new_certificate("foreign")
    settings = {
        "RAY_AUTH_MODE": "disabled",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on loopback, which the certificates name
        "RAY_USE_TLS": "1",
        "RAY_TLS_SERVER_CERT": str(own.certificate),
        "RAY_TLS_SERVER_KEY": str(own.key),
        "RAY_TLS_CA_CERT": str(own.authority),
    }
    clients = {"own": files(own, own), "foreign": files(foreign, own)}
    return plainly("init", {**settings, CLIENTS: json.dumps(clients)})


def files(shown: Certificate, trusted: Certificate) -> list[str]:
    """Return the files of a client that shows one certificate and trusts the authority of another."""
    return [str(shown.certificate), str(shown.key), str(trusted.authority)]


def plainly(how: str, settings: Mapping[str, str]) -> dict[str, Any]:
    """Start a Ray without our settings in a network of its own; return what it says."""
    home = new_path("home")  # Ray puts a new token there, and takes one that it finds there
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    done = subprocess.run(
        [*own_network(), sys.executable, "-m", PLAIN, how],
        env={**environment, "HOME": str(home), **settings},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
