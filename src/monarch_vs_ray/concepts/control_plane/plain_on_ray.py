"""Starts Ray as it starts by itself, tells who may connect to it as JSON, and stops it.

It listens on all addresses of the machine: run it in a network of its own.
"""

from __future__ import annotations

import json
import os

import grpc  # type: ignore[import-untyped]
import ray
from ray.core.generated import gcs_service_pb2, gcs_service_pb2_grpc

from monarch_vs_ray.concepts.control_plane import spec
from monarch_vs_ray.concepts.control_plane.probe_tools import listening_addresses
from monarch_vs_ray.engines.ray import stop

OURS = ("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN_PATH", "RAY_worker_niceness")
"""Settings of this project's Ray that a plain one must not have."""


def main() -> None:
    """Only the dashboard is left out, and one CPU is enough; the files go where they are removed."""
    folder = os.environ.get("MVR_RUN_DIR")
    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False, _temp_dir=folder)
    told = {"listening": listening_addresses(), "without_token": ask_gcs()}
    stop()
    print(json.dumps(told))


def ask_gcs(*metadata: tuple[str, str]) -> str:
    """What the GCS answers to somebody who asks for its nodes."""
    with grpc.insecure_channel(ray.get_runtime_context().gcs_address) as channel:
        nodes = gcs_service_pb2_grpc.NodeInfoGcsServiceStub(channel)
        request = gcs_service_pb2.GetAllNodeInfoRequest()
        try:
            reply = nodes.GetAllNodeInfo(request, metadata=metadata, timeout=spec.PATIENCE)
        except grpc.RpcError as error:
            return str(error.code().name)
    alive = [node for node in reply.node_info_list if node.state == node.ALIVE]
    return f"{len(alive)} node"


if __name__ == "__main__":
    main()
