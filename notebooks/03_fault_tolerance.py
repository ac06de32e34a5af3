# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""Fault tolerance: who learns of a failure, and who repairs it

A worker raises an exception, exits or is killed: who learns of it, how soon, and what is left to do?
"""

import marimo

__generated_with = "0.25.2"

app = marimo.App(width="full", app_title="03 Fault tolerance")


@app.cell(hide_code=True)
def _():
    import marimo as mo

    from monarch_vs_ray.notebook import api as nb

    return mo, nb


@app.cell(hide_code=True)
def _(nb):
    nb.opening("03_fault_tolerance")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Why it hurts at scale

    Every process can fail. One that fails every 2,000 days is reliable. Of 16,384 such processes, eight fail every day.

    - Llama 3 405B was trained on 16,384 GPUs. In 54 days the job was interrupted 419 times without plan, once in three
      hours ([Llama 3, section 3.3.4](https://arxiv.org/abs/2407.21783)). Training was synchronous: the death of one
      rank stopped all ranks.
    - TorchFT, a library for training with a changing set of replicas, kept a job on 300 GPUs running through some 1,200
      injected failures without a checkpoint
      ([PyTorch, 2025](https://pytorch.org/blog/fault-tolerant-llama-training-with-2000-synthetic-failures-every-15-seconds-and-no-checkpoints-on-crusoe-l40s/)).

    A program that survives needs three answers. *Who* learns of the failure? *How soon*? *Who decides* what is done?
    Monarch and Ray answer all three differently.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Words

    | word | meaning |
    |---|---|
    | actor | an object in a process of its own; you call its methods from other processes |
    | endpoint | on Monarch, a method that may be called from outside; it is marked with `@endpoint` |
    | owner, parent | the actor or program that created an actor |
    | supervision | on Monarch, an owner is notified of the failures of its actors, through its method `__supervise__` |
    | restart policy | on Ray, options of an actor: `max_restarts` for its process, `max_task_retries` for its calls |

    ## The idea

    **Monarch: failures climb.** An actor's failure goes to its owner. If `__supervise__` returns `True`, the failure was
    handled and climbs no further. If not, the owner fails as well, and *its* owner is next. At the top, the main program
    is interrupted. Nothing is restarted for you: the owner spawns a new actor, on a new process.

    **Ray: failures wait for the next call.** A death calls nothing in your program. Whoever calls the dead actor next gets
    an error. Restarts and retries are options: Ray starts the process again, and repeats the calls that the death broke.

    On both engines the new process has no state. State comes from a checkpoint.

    ## One fault at a time

    A program has a parent, and the parent owns two workers. Choose a fault. The trees show who died, who still runs, and
    which way the news took.
    """)
    return


@app.cell(hide_code=True)
def _(nb):
    press = nb.demo_button()
    press
    return (press,)


@app.cell
def _(nb, press):
    demo = nb.demo("supervision", press)
    return (demo,)


@app.cell
def _(demo, nb):
    fault = nb.fault_choice(demo)
    fault
    return (fault,)


@app.cell
def _(demo, fault, nb):
    nb.supervision_tree(demo, fault)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    All faults of the same run in one picture. A cross is a dead process. An arrow to the left is a report to the owner; an
    arrow to the right is an error that a call brought back.
    """)
    return


@app.cell
def _(demo, nb):
    nb.picture(demo)
    return


@app.cell
def _(demo, nb):
    nb.findings(demo)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## The programs

    Both programs train in steps and save each step in a file. Then they break their own worker twice: by an exception, and
    by SIGKILL while it is idle. Read them, then press the button. Then change something and press it again: for instance,
    set the poll of Monarch's program to `"5s"`, or `max_restarts` of Ray's to 0.
    """)
    return


@app.cell
def _(nb):
    pair = nb.subject("supervision")
    programs = nb.editors(pair)
    programs
    return pair, programs


@app.cell
def _(nb, pair, programs):
    run = nb.run(pair, programs)
    return (run,)


@app.cell
def _(nb, run):
    nb.outcome(run)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## What happened

    The timeline has a mark for each line that a program printed, and one for its end. The table has what the harness
    measured from outside: processes, memory, and what was left behind. Both programs ran at the same time on the same
    cores, so do not compare their times; `mvr bench` does that.
    """)
    return


@app.cell
def _(nb, run):
    nb.timeline(run)
    return


@app.cell
def _(nb, run):
    nb.resources(run)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## What this rests on

    Each statement was put to the test on the real engine, with a control in which it must come out otherwise. The verdict
    is that of the published run; open *evidence* for the observation.

    ### Who learns of it, and how soon
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "supervision.failure_notification",
        "supervision.detection_time",
        "supervision.detection_in_a_call",
        "supervision.awaited_exception",
        "supervision.unawaited_exception",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### Who decides, and what comes back
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "supervision.model",
        "supervision.propagation",
        "supervision.restart",
        "supervision.no_restart_by_itself",
        "supervision.repeated_by_default",
        "supervision.default_at_the_root",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### Traps
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "supervision.type_of_an_exception",
        "supervision.second_death",
        "supervision.caller_of_a_dead_actor",
        "supervision.orphans",
        "message_ordering.retries_by_the_engine",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Exercises

    Each exercise has an editor, and a button that runs your program and says what it lacks.

    **1. Ray: survive two deaths.** The program below dies of the second kill. Change it so that the worker survives both,
    and so that it prints `step 4`.
    """)
    return


@app.cell
def _(nb):
    two_deaths = nb.Exercise(
        task="Survive two deaths on Ray.",
        engine="ray",
        start="""import os
import signal
import tempfile
from pathlib import Path

import ray


@ray.remote(max_restarts=1, max_task_retries=-1)
class Worker:
    def __init__(self, checkpoint):
        self.checkpoint = checkpoint
        self.step = int(checkpoint.read_text()) if checkpoint.exists() else 0

    def train(self):
        self.step += 1
        self.checkpoint.write_text(str(self.step))
        return self.step, os.getpid()


ray.init()
with tempfile.TemporaryDirectory() as folder:
    worker = Worker.remote(Path(folder, "step"))
    for death in range(2):
        step, process = ray.get(worker.train.remote())
        os.kill(process, signal.SIGKILL)
    step, process = ray.get(worker.train.remote())
    print(f"step {step}, in process {process}")
ray.shutdown()
""",
        needs=[
            nb.uses("max_restarts", "kill", text="keeps max_restarts and the kills"),
            nb.ends_well(),
            nb.prints(r"^step 4\b", "prints `step 4, in process ...`"),
        ],
    )
    answer_1 = nb.exercise_editor(two_deaths)
    answer_1
    return answer_1, two_deaths


@app.cell
def _(answer_1, nb, two_deaths):
    nb.check(two_deaths, answer_1)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            `max_restarts` is a number of restarts. How many deaths are there? Step 4 also needs one more training step
            than the loop takes now.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    **2. Monarch: let it climb, then catch it at the top.** The supervisor below does not handle the death of its worker, so
    the supervisor fails too. Replace `monarch.actor.unhandled_fault_hook` so that the main program is not interrupted but
    prints `the failure came to the top`.
    """)
    return


@app.cell
def _(nb):
    at_the_top = nb.Exercise(
        task="Catch an unhandled failure at the root of a Monarch program.",
        engine="monarch",
        start="""import os
import signal
import threading

os.environ["HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY"] = "1s"

import monarch.actor
from monarch.actor import Actor, endpoint, shutdown_context, this_host

arrived = threading.Event()


class Worker(Actor):
    @endpoint
    def process(self) -> int:
        return os.getpid()


class Supervisor(Actor):
    def __init__(self) -> None:
        self.worker = this_host().spawn_procs().spawn("worker", Worker)

    def __supervise__(self, failure) -> bool:
        return False  # not handled: it climbs

    @endpoint
    async def process_of_the_worker(self) -> int:
        return await self.worker.process.call_one()


# Your code here.

if __name__ == "__main__":
    supervisor = this_host().spawn_procs().spawn("supervisor", Supervisor)
    os.kill(supervisor.process_of_the_worker.call_one().get(), signal.SIGKILL)
    assert arrived.wait(30), "nothing came to the top within 30 s"
    print("the failure came to the top")
    shutdown_context().get(30)
""",
        needs=[
            nb.uses("unhandled_fault_hook"),
            nb.ends_well(),
            nb.prints("^the failure came to the top$"),
        ],
    )
    answer_2 = nb.exercise_editor(at_the_top)
    answer_2
    return answer_2, at_the_top


@app.cell
def _(answer_2, at_the_top, nb):
    nb.check(at_the_top, answer_2)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            The hook is a function of one argument, the failure. It is looked up when a failure arrives:
            `monarch.actor.unhandled_fault_hook = my_function` before anything is spawned is enough.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(nb):
    nb.further(
        (
            "The section of the comparison",
            "docs/monarch-vs-ray-analysis.md#5-supervision-and-fault-tolerance",
            "all 25 rows, with code and evidence",
        ),
        (
            "mvr pattern supervised_training",
            "",
            "a training run whose ranks are killed from outside, on both engines",
        ),
        ("mvr pattern quorum_training", "", "training goes on with the replicas that are left"),
        ("mvr ask worker killed restart", "", "the claims on a question; `mvr explain 5.16` shows one whole"),
        ("04 Distributed tensors", "notebooks/04_distributed_tensors.py", "the next notebook"),
        ("06 Services", "notebooks/06_services.py", "services that survive the death of a replica"),
    )
    return


if __name__ == "__main__":
    app.run()
