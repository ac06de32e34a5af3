# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""Interactive development: a cluster in a session

The session leads the actors: spawn, call, look, change, spawn again. What stays loaded, and what starts anew?
"""

import marimo

__generated_with = "0.25.2"

app = marimo.App(width="full", app_title="02 Interactive development")


@app.cell(hide_code=True)
def _():
    import marimo as mo

    from monarch_vs_ray.notebook import api as nb

    return mo, nb


@app.cell(hide_code=True)
def _(nb):
    nb.opening("02_interactive_devx")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Why it hurts at scale

    On one machine you change a line and run the cell again. On a cluster a changed line often means a new job: wait for
    machines, start all processes, load the model, and see the next mistake.

    - A model of 405 billion weights of two bytes is 810 GB. At 10 GB/s, loading it takes 81 s, before the first line of yours
      runs.
    - A session that keeps the processes keeps what they have loaded. Then only the changed code is sent.

    So the questions are these. What does the session hold? What takes effect at once? Which processes start anew?

    ## Words

    | word | meaning |
    |---|---|
    | session | a running Python that you type into, such as this notebook's kernel |
    | controller | the session when it starts the processes itself and leads them |
    | client | the session when a server starts the processes |
    | by value, by name | a class of the session is sent with its code; a class of a module is sent as a name, and imported there |

    ## The idea

    **Monarch: the session is the controller.** It starts processes and puts actors on them. A class that you define again is
    spawned again on the *same* processes, beside the old actors. No process starts.

    **Ray: the session is a client.** A server of the node starts a process for each new actor. A changed class needs a new
    actor, so it begins in an empty process. What is expensive stays in another actor, or in the object store.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Both engines, from cells

    The cells below use an engine directly, in this kernel. A kernel uses one engine: for the other one, restart it (the menu
    *Restart kernel*) and choose again.
    """)
    return


@app.cell(hide_code=True)
def _(nb):
    choice = nb.engine_choice()
    choice
    return (choice,)


@app.cell
def _(choice, nb):
    here = nb.session(choice)
    nb.session_status(here)
    return (here,)


@app.cell(hide_code=True)
def _(mo):
    rate = mo.ui.slider(0.1, 1.0, step=0.1, value=0.5, label="learning rate", show_value=True)
    step = mo.ui.button(value=0, on_click=lambda count: count + 1, label="Take a step")
    mo.hstack([rate, step], justify="start", wrap=True)
    return rate, step


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### Monarch

    Spawn two trainers. The class is defined in this cell, so it is sent by value.
    """)
    return


@app.cell
def _(here):
    here.need("monarch")

    import os as monarch_os

    from monarch.actor import Actor, endpoint, this_host

    procs = this_host().spawn_procs(per_host={"gpus": 2})

    class MonarchTrainer(Actor):
        def __init__(self) -> None:
            self.weight = 0.0

        @endpoint
        def train(self, rate: float) -> float:
            self.weight += rate * (10 - self.weight)
            print(f"trained: the weight is {self.weight:.2f}")
            return self.weight

    trainers = procs.spawn("trainers", MonarchTrainer)
    return Actor, endpoint, monarch_os, procs, trainers


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    Call both. A notebook has an event loop, so `await` the call: `.get()` warns there. Move the slider or press the button: the
    cell runs again, in the actors that are there, and their weights go on from where they were.
    """)
    return


@app.cell
async def _(here, rate, step, trainers):
    here.need("monarch")
    weights = await trainers.train.call(rate.value)
    here.keep("weights", {"step": step.value, "weights": list(weights.values())})
    return (weights,)


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    Look and change. This cell has a mistake: an error must not be negative. Write `abs(weight - 10)` and run it again. The new
    class goes to the processes of the trainers. Compare the process ids.
    """)
    return


@app.cell
async def _(Actor, endpoint, here, monarch_os, procs, weights):
    here.need("monarch")

    class MonarchEvaluation(Actor):
        @endpoint
        def error(self, weight: float) -> tuple[float, int]:
            return weight - 10, monarch_os.getpid()

    evaluations = procs.spawn("evaluations", MonarchEvaluation)
    errors = await evaluations.error.call(weights.item(gpus=0))
    here.keep("errors", [error for error, process in errors.values()]), list(errors.values())
    return


@app.cell(hide_code=True)
def _(here, nb):
    nb.kept_cells(here, "02_interactive_devx", "monarch")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### Ray

    The same three steps. `ray.init()` starts a Ray of this kernel's own, on loopback.
    """)
    return


@app.cell
def _(here):
    here.need("ray")

    import os as ray_os

    import ray

    ray.init(num_cpus=4, include_dashboard=False)

    @ray.remote
    class RayTrainer:
        def __init__(self) -> None:
            self.weight = 0.0

        def train(self, rate: float) -> float:
            self.weight += rate * (10 - self.weight)
            print(f"trained: the weight is {self.weight:.2f}")
            return self.weight

    ray_trainers = [RayTrainer.remote() for _ in range(2)]
    return ray, ray_os, ray_trainers


@app.cell
async def _(here, rate, ray_trainers, step):
    here.need("ray")
    ray_weights = [await trainer.train.remote(rate.value) for trainer in ray_trainers]
    here.keep("weights", {"step": step.value, "weights": ray_weights})
    return (ray_weights,)


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    The same mistake. Change it and run the cell again: a new actor starts, in a new process.
    """)
    return


@app.cell
async def _(here, ray, ray_os, ray_weights):
    here.need("ray")

    @ray.remote
    class RayEvaluation:
        def error(self, weight: float) -> tuple[float, int]:
            return weight - 10, ray_os.getpid()

    evaluation = RayEvaluation.remote()
    error, process = await evaluation.error.remote(ray_weights[0])
    here.keep("error", error), process
    return


@app.cell(hide_code=True)
def _(here, nb):
    nb.kept_cells(here, "02_interactive_devx", "ray")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### The end

    The processes end with the kernel, however it ends. They also end here:
    """)
    return


@app.cell(hide_code=True)
def _(nb):
    stop = nb.end_button()
    stop
    return (stop,)


@app.cell
def _(here, nb, stop):
    nb.end(here, stop)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## What runs observed

    The demo does all this in sessions of both engines: changed arguments, changed classes, changed modules, a torchrun script,
    a job, a second session.
    """)
    return


@app.cell(hide_code=True)
def _(nb):
    press = nb.demo_button()
    press
    return (press,)


@app.cell
def _(nb, press):
    demo = nb.demo("interactive_devx", press)
    nb.picture(demo)
    return (demo,)


@app.cell
def _(demo, nb):
    nb.findings(demo)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## The programs

    A trained actor stays loaded while the evaluation beside it is edited. Here the evaluation is a *module*, so it is sent by
    name. Press the button. Then, in Monarch's program, leave out the line with `Reloader`: which assertion fails, and why?
    """)
    return


@app.cell
def _(nb):
    pair = nb.subject("interactive_devx")
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

    ### The session
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "interactive_devx.development_model",
        "interactive_devx.interaction",
        "interactive_devx.await_in_a_cell",
        "interactive_devx.hyperparameter_changes",
        "interactive_devx.state_inspection",
        "interactive_devx.end_of_the_session",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### Changed code
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "interactive_devx.restart_on_code_change",
        "interactive_devx.processes_for_a_changed_class",
        "interactive_devx.changed_module",
        "interactive_devx.reloaded_module",
        "interactive_devx.changed_module_of_a_task",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### From the session to production
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "interactive_devx.production_deployment",
        "interactive_devx.script_in_the_session",
        "interactive_devx.script_as_a_job",
        "interactive_devx.second_session",
        "interactive_devx.outliving_a_session",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Exercises

    **1. Monarch: a second version beside the first.** The program spawns `Scorer` on two processes. Define a class `BetterScorer`
    whose `score(x)` returns `x * x`, spawn it on the same processes, and print the scores of 3 of both versions: `[3, 3] [9, 9]`.
    Print also whether both are in the same processes: `same processes: True`.
    """)
    return


@app.cell
def _(nb):
    second_version = nb.Exercise(
        task="Spawn a changed class beside the old one.",
        engine="monarch",
        start="""import os

from monarch.actor import Actor, endpoint, shutdown_context, this_host


class Scorer(Actor):
    @endpoint
    def score(self, x: int) -> tuple[int, int]:
        return x, os.getpid()


if __name__ == "__main__":
    procs = this_host().spawn_procs(per_host={"gpus": 2})
    scorers = procs.spawn("scorers", Scorer)
    old = list(scorers.score.call(3).get(timeout=60).values())
    print([score for score, _ in old])
    # your code
    shutdown_context().get(timeout=60)
""",
        needs=[
            nb.uses("BetterScorer"),
            nb.ends_well(),
            nb.prints(r"^\[3, 3\] \[9, 9\]$", "prints `[3, 3] [9, 9]`"),
            nb.prints("^same processes: True$"),
        ],
    )
    answer_1 = nb.exercise_editor(second_version)
    answer_1
    return answer_1, second_version


@app.cell
def _(answer_1, nb, second_version):
    nb.check(second_version, answer_1)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            `procs.spawn("better", BetterScorer)` needs no new processes. Each answer has the process id as its second value.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    **2. Ray: keep what is expensive.** The program loads a table in each new `Evaluation`, and so it loads it three times. Load
    it once, in the driver, put it into the object store, and pass the reference to each new actor. It must print `loaded` once.
    """)
    return


@app.cell
def _(nb):
    kept = nb.Exercise(
        task="Load once, and evaluate with three versions.",
        engine="ray",
        start="""import ray


def load() -> list[int]:
    print("loaded")
    return list(range(1000))


@ray.remote
class Evaluation:
    def __init__(self, version: int) -> None:
        self.table = load()
        self.version = version

    def run(self) -> int:
        return self.version * sum(self.table)


ray.init()
print([ray.get(Evaluation.remote(version).run.remote()) for version in range(3)])
ray.shutdown()
""",
        needs=[
            nb.uses("put"),
            nb.ends_well(),
            nb.prints(r"^\[0, 499500, 999000\]$", "prints `[0, 499500, 999000]`"),
            nb.Need(
                "prints `loaded` once",
                lambda attempt: sum("loaded" in line for line in attempt.lines or ()) == 1,
            ),
        ],
    )
    answer_2 = nb.exercise_editor(kept)
    answer_2
    return answer_2, kept


@app.cell
def _(answer_2, kept, nb):
    nb.check(kept, answer_2)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            `ray.put(load())` returns a reference. A reference that is an argument of `.remote(...)` arrives as its value.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(nb):
    nb.further(
        (
            "The section of the comparison",
            "docs/monarch-vs-ray-analysis.md#8-interactive-development",
            "all 23 rows, with code and evidence",
        ),
        ("mvr example 8", "", "both programs, to copy"),
        ("03 Fault tolerance", "notebooks/03_fault_tolerance.py", "the next notebook"),
    )
    return


if __name__ == "__main__":
    app.run()
