"""What several experiments use: the session, and processes and hosts that they share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from monarch.actor import HostMesh, this_host

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.concepts.interactive_devx.monarch.actors import Learner
from monarch_vs_ray.concepts.interactive_devx.monarch.programs import JOB, TRAINING, TRAINING_SCRIPT
from monarch_vs_ray.engines.monarch import running
from monarch_vs_ray.side import shared

LOADING = 120.0
"""Seconds for a call whose processes import torch first."""
jobs = ExitStack()
"""Ends the jobs that experiments share."""


@contextmanager
def session() -> Iterator[None]:
    """Run Monarch in a project of its own, and end all jobs with it."""
    project = inputs.make_project()
    (project / TRAINING_SCRIPT).write_text(TRAINING)
    inputs.enter(project)
    try:
        with running(), jobs:
            yield
    finally:
        # Earlier, it would delay Monarch's own end, which takes 10 s to give up an actor that is gone.
        if Path(JOB).exists():
            from monarch.job import job_load

            job_load(JOB).kill()


@shared
def procs() -> Any:
    """Return processes of the session that no experiment ends."""
    return this_host().spawn_procs(per_host={"gpus": inputs.RANKS})


def learners() -> Any:
    """Return new learners in these processes."""
    return procs().spawn("learners", Learner)


@shared
def hosts_of_a_job() -> HostMesh:
    """Return a host that is no child of the session."""
    from monarch.job import ProcessJob  # takes 0.3 s, and few experiments need it

    job = ProcessJob({"workers": 1})
    workers: HostMesh = job.state(cached_path=None).workers
    jobs.callback(job.kill)
    return workers
