"""Scripts and programs: run from the session, typed in, and submitted as jobs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.concepts.interactive_devx.ray.experiments.subjects import (
    address,
    jobs_kept,
    ranks,
    submit,
    submitted,
)
from monarch_vs_ray.concepts.interactive_devx.ray.programs import RANKS_OF_RAY_TRAIN, TRAINING, run_script
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.side import observe, operation, shared


def script_in_the_session() -> None:
    """Run a torchrun-style script in an actor for each rank, twice."""
    needs.package("torch")
    results = tempfile.mkdtemp()
    for _ in range(2):
        with operation("run_script"):
            run_script(ranks(), inputs.SCRIPT, results)
    first, second = inputs.read_runs(Path(results))
    observe("sums", inputs.sums(second))
    observe("same_processes", inputs.same_processes(first, second))


def script_as_a_job() -> None:
    """Look at what a submitted job made of the same script, and what the cluster says of the job."""
    needs.package("torch")
    _, job = submitted()
    observe("sums", job["reported"]["sums"])
    observe("module", job["reported"]["module"])
    observe("module_is_in_a_copy", not Path(job["reported"]["module_file"]).is_relative_to(Path.cwd()))
    observe("status", job["status"])


def program_everywhere() -> None:
    """Run one program in an interactive Python, and as a submitted job."""
    exit_code, job = submitted()
    typed = inputs.typed(TRAINING, env={**os.environ, "RAY_ADDRESS": address()})
    observe("exit_code", exit_code)
    observe("exit_code_of_a_failure", failed())
    observe("typed", typed["weight"])
    observe("job", job["reported"]["weight"])
    observe("was_interactive", [typed["interactive"], job["reported"]["interactive"]])
    observe("has_ray_serve", find_spec("ray.serve") is not None)
    observe("has_an_extra_for_it", "serve" in (metadata("ray").get_all("Provides-Extra") or []))


def program_that_fails() -> None:
    """Submit a program that ends with an error."""
    observe("exit_code", failed())


@shared
def failed() -> int:
    """Submit a program that ends with an error; return the command's exit code."""
    return submit("the-failing-job", "false")


def output_of_a_job() -> None:
    """Look at what is kept of a submitted job that has ended."""
    _, job = submitted()
    observe("status", job["status"])
    observe("has_the_output", inputs.REPORT in job["output"])


def output_of_a_session() -> None:
    """Look at what is kept of this session, which is among the jobs too."""
    job = next(job for job in jobs_kept() if job["type"] == "DRIVER" and job["status"] == "RUNNING")
    observe("status", job["status"])
    observe("has_the_output", inputs.REPORT in job["output"])


def methods_of_a_job() -> None:
    """List the public methods of a client of jobs."""
    from ray.job_submission import JobSubmissionClient

    observe("names", [name for name in dir(JobSubmissionClient) if not name.startswith("_")])


@shared
def prepared() -> dict[str, str]:
    """Return what Ray Train makes of a model by each strategy, with two ranks.

    That is its local mode, which takes its ranks from torchrun's variables: it needs no cluster. Unlike the
    rendezvous of a cluster's workers, which listens on all interfaces, this one can be kept on loopback.
    """
    needs.package("torch")
    done = subprocess.run(
        [sys.executable, "-c", RANKS_OF_RAY_TRAIN],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=inputs.PROGRAM,
    )
    return inputs.reported(done.stdout)


def model_of_ray_train() -> None:
    """Prepare a model for DDP, and one for FSDP on CPUs."""
    observe("model", prepared()["ddp"])
    observe("fsdp_on_cpus", prepared()["fsdp"])


def model_without_a_strategy() -> None:
    """Prepare a model for nothing."""
    observe("model", prepared()["None"])
