"""Scripts and programs: run from the session, typed in, and launched as jobs."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from monarch.actor import HostMesh, this_host

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.concepts.interactive_devx.monarch.actors import Reader
from monarch_vs_ray.concepts.interactive_devx.monarch.experiments.subjects import (
    LOADING,
    hosts_of_a_job,
    procs,
)
from monarch_vs_ray.concepts.interactive_devx.monarch.programs import (
    TRAINING,
    TRAINING_SCRIPT,
    train,
    values,
)
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.outcome import outcome
from monarch_vs_ray.instruments.wait import happens
from monarch_vs_ray.side import observe, operation, shared


def script_in_the_session() -> None:
    """Run a torchrun-style script on the processes of a mesh, twice."""
    needs.package("torch")
    results = tempfile.mkdtemp()
    for _ in range(2):
        with operation("SPMDActor.main"):
            run_script(inputs.SCRIPT, results)
    first, second = inputs.read_runs(Path(results))
    observe("sums", inputs.sums(second))
    observe("same_processes", inputs.same_processes(first, second))


def run_script(*command: str) -> None:
    """Run a script on all processes of the session, as torchrun would on processes of its own."""
    from monarch.spmd import SPMDActor

    ranks = procs().spawn("ranks", SPMDActor)
    address, port = get(ranks.slice(gpus=0).get_host_port.call_one(None))
    get(ranks.main.call(address, port, list(command)), LOADING)


def script_in_a_plain_actor() -> None:
    """Run the same script in actors that set none of the variables that it asks for."""
    readers = this_host().spawn_procs(per_host={"gpus": inputs.RANKS}).spawn("reader", Reader)
    observe("sums", outcome(lambda: values(readers.run.call(inputs.SCRIPT, tempfile.mkdtemp()))))


@shared
def served() -> dict[str, Any]:
    """Launch the script as a job by a torchrun command; return what came of it."""
    needs.package("torch")
    needs.package("torchx")
    from monarch.job.spmd import serve

    results = tempfile.mkdtemp()
    inputs.write_recipe(inputs.NEW)
    command = ["torchrun", f"--nproc-per-node={inputs.RANKS}", "--standalone", inputs.SCRIPT, results]
    job = serve(command, scheduler="local_cwd")
    try:
        with operation("run_spmd"):
            job.run_spmd()
        (run,) = inputs.read_runs(Path(results))
        logged = happens(lambda: inputs.is_in_a_log(inputs.PRINTED), inputs.KEEPS)
        return {"run": run, "status": f"active: {job.active}", "logged": logged}
    finally:
        job.kill()


def script_as_a_job() -> None:
    """Look at the results of a launched script."""
    job = served()
    observe("sums", inputs.sums(job["run"]))
    observe("module", inputs.one_of(result.recipe for result in job["run"]))
    observe("status", job["status"])


def output_of_a_script() -> None:
    """Look for what the launched script printed."""
    observe("output_is_in_a_file", served()["logged"])


@shared
def typed_and_as_a_batch() -> dict[str, Any]:
    """Run the same lines typed into an interactive Python, and as the script of a job."""
    from monarch.job import LocalJob

    batch = LocalJob()
    batch.apply(client_script=TRAINING_SCRIPT)
    typed = inputs.typed(TRAINING)
    exit_code = _wait(batch.process)
    (log,) = Path(".monarch", "logs").glob("*/stdout.log")
    return {"typed": typed, "batch": inputs.reported(log.read_text()), "exit_code": exit_code}


def _wait(process: subprocess.Popen[bytes]) -> int:
    return process.wait(timeout=inputs.PROGRAM)


def program_everywhere() -> None:
    """Run one program in an interactive Python, as a batch, and here on the hosts of a job."""
    _observe_runs(train)


def program_with_its_own_host() -> None:
    """Do the same with a program that says itself where it runs."""
    _observe_runs(lambda _: train(this_host()))


def _observe_runs(program: Callable[[HostMesh], dict[str, Any]]) -> None:
    ran = typed_and_as_a_batch()
    observe("typed", ran["typed"]["weights"])
    observe("batch", ran["batch"]["weights"])
    observe("was_interactive", [ran["typed"]["interactive"], ran["batch"]["interactive"]])
    on_hosts_of_a_job = program(hosts_of_a_job())
    observe("on_hosts_of_a_job", on_hosts_of_a_job["weights"])
    observe("there_in_processes_of_the_session", on_hosts_of_a_job["in_processes_of_its_own"])


def output_of_a_batch() -> None:
    """Look for what is left of a job that was given a script."""
    ran = typed_and_as_a_batch()
    observe("exit_code", ran["exit_code"])
    observe("output_is_in_a_file", inputs.is_in_a_log(inputs.report(ran["batch"])))


def methods_of_a_job() -> None:
    """List the public methods and attributes of every job."""
    from monarch.job import JobTrait

    observe("names", [name for name in dir(JobTrait) if not name.startswith("_")])
