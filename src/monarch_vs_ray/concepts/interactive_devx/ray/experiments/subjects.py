"""What several experiments use: the session, actors that nobody changes, and the one job."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.concepts.interactive_devx.ray.actors import Learner, Rank
from monarch_vs_ray.concepts.interactive_devx.ray.programs import JOB, JOB_SCRIPT, NAMESPACE
from monarch_vs_ray.engines.environment import RAY_ADDRESS
from monarch_vs_ray.engines.ray import OBJECT_STORE_BYTES, interpreter, running
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.instruments.ports import free_port
from monarch_vs_ray.instruments.ray import nodes
from monarch_vs_ray.side import operation, shared

DASHBOARD = "aiohttp_cors"
"""A package that comes with ray[default] and nothing else here; jobs go through the dashboard."""


@contextmanager
def session() -> Iterator[None]:
    """Join the user's own cluster; or a head node with its dashboard, on loopback, which is started first.

    ``ray.init`` alone can start both too, but then every dashboard agent wants the same port.
    """
    project = inputs.make_project()
    (project / JOB_SCRIPT).write_text(JOB)
    inputs.enter(project)
    if os.environ.get(RAY_ADDRESS):
        with running(namespace=NAMESPACE):
            yield
        return
    head = {
        "num_cpus": 4,
        "object_store_memory": OBJECT_STORE_BYTES,
        "include_dashboard": True,
        "dashboard_host": "127.0.0.1",
        "dashboard_port": free_port(),
        "dashboard_agent_listen_port": 0,  # a free one
    }
    with nodes(head, namespace=NAMESPACE, runtime_env=interpreter() or None):
        yield


def address() -> str:
    """Return the cluster's address."""
    return str(ray.get_runtime_context().gcs_address)


@shared
def learner() -> Any:
    """Return an actor that nobody changes."""
    return ray.remote(Learner).remote(rank=0)


@shared
def ranks() -> list[Any]:
    """Return actors that run scripts."""
    return [Rank.remote(rank) for rank in range(inputs.RANKS)]


@shared
def submitted() -> tuple[int, dict[str, Any]]:
    """Submit the one job; return the command's exit code, and what the cluster keeps of the job."""
    inputs.write_recipe(inputs.NEW)
    with operation("ray job submit"):
        exit_code = submit("the-job", sys.executable, JOB_SCRIPT)
    return exit_code, next(job for job in jobs_kept() if job["id"] == "the-job")


def submit(name: str, *entrypoint: str) -> int:
    """Submit a command with a copy of the project, as one does in a shell; return the exit code."""
    needs.package(DASHBOARD, remedy="pip install 'ray[default]'")
    settings = json.dumps({"working_dir": os.getcwd(), **interpreter()})
    command = ["ray", "job", "submit", "--address", address(), "--submission-id", name]
    quoted = [shlex.quote(word) for word in entrypoint]
    return subprocess.run(
        [*command, "--runtime-env-json", settings, "--", *quoted],
        capture_output=True,
        timeout=inputs.PROGRAM,
    ).returncode


def jobs_kept() -> list[dict[str, Any]]:
    """Return what the cluster keeps of each job, as another client than the submitter learns it."""
    from ray.job_submission import JobSubmissionClient

    client = JobSubmissionClient(address())
    return [_kept(client, job) for job in client.list_jobs()]


def _kept(client: Any, job: Any) -> dict[str, Any]:
    output = client.get_job_logs(job.submission_id) if job.submission_id else ""
    return {
        "id": job.submission_id,
        "type": job.type.value,
        "status": str(job.status.value),
        "output": output,
        "reported": inputs.reported(output) if inputs.REPORT in output else {},
    }
