"""Start Ray as it starts by itself, print who may connect to it as JSON, and stop it.

plain.py init: by ``ray.init()``; plain.py start: by ``ray start``. It listens on all addresses of the
machine: run it in a network of its own. Certificates of clients to try are named in CLIENTS.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from typing import Any

import grpc  # type: ignore[import-untyped]
import ray
from ray.core.generated import gcs_service_pb2, gcs_service_pb2_grpc

from monarch_vs_ray.engines.family import members, wait_until_gone
from monarch_vs_ray.engines.ray import STOP_SECONDS, stop
from monarch_vs_ray.instruments.network import listening_addresses
from monarch_vs_ray.instruments.wait import PATIENCE, wait_for

OURS = ("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN_PATH", "RAY_worker_niceness")
"""Settings of this project's Ray that a plain one must not have."""
CLIENTS = "CONTROL_PLANE_CLIENTS"
"""The environment variable with a JSON object: by name, three files of a client's certificate."""
PORT = 6379


def by_init() -> dict[str, Any]:
    """Start a local cluster by ``ray.init()``; only the dashboard is left out, and one CPU is enough."""
    folder = os.environ.get("MVR_RUN_DIR")
    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False, _temp_dir=folder)
    try:
        return look(ray.get_runtime_context().gcs_address)
    finally:
        stop()


def by_start() -> dict[str, Any]:
    """Start the head of a cluster by ``ray start``, as a cluster on several machines is started."""
    options = ["--head", "--block", f"--port={PORT}", "--num-cpus=1", "--include-dashboard=false"]
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", *options]
    with subprocess.Popen(
        [*command, f"--temp-dir={os.environ['MVR_RUN_DIR']}"], stdout=subprocess.DEVNULL
    ) as head:
        try:
            wait_for(listens, f"port {PORT} of ray start to open", 2 * PATIENCE)
            return look(f"127.0.0.1:{PORT}")
        finally:
            family = members()
            head.terminate()
            wait_until_gone(family, "Ray", STOP_SECONDS)


def listens() -> bool:
    """Return whether somebody listens at PORT."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", PORT), timeout=1):
        return True
    return False


def look(gcs: str) -> dict[str, Any]:
    """Return where Ray listens, and what the GCS at an address answers to whom."""
    answers = {"anybody": ask_gcs(gcs)}
    for name, files in json.loads(os.environ.get(CLIENTS, "{}")).items():
        answers[name] = ask_gcs(gcs, credentials=credentials(*files))
    return {"listening": listening_addresses(), "answers": answers}


def credentials(*files: str) -> Any:
    """Return what a client shows and trusts: certificate, key, and authority, each a file."""
    contents = []
    for file in files:
        with open(file, "rb") as opened:
            contents.append(opened.read())
    certificate, key, authority = contents
    return grpc.ssl_channel_credentials(authority, key, certificate)


def ask_gcs(gcs: str, *metadata: tuple[str, str], credentials: Any = None) -> str:
    """Return what the GCS answers to somebody who asks for its nodes: ``answered``, or an error's name."""
    channel = grpc.secure_channel(gcs, credentials) if credentials else grpc.insecure_channel(gcs)
    with channel:
        nodes = gcs_service_pb2_grpc.NodeInfoGcsServiceStub(channel)
        request = gcs_service_pb2.GetAllNodeInfoRequest()
        try:
            nodes.GetAllNodeInfo(request, metadata=metadata, timeout=PATIENCE)
        except grpc.RpcError as error:
            return str(error.code().name)
    return "answered"


if __name__ == "__main__":
    print(json.dumps({"init": by_init, "start": by_start}[sys.argv[1]]()))
