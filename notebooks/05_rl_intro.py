# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""RL post-training: generators, a trainer, and the age of the data

A model answers, the answers are scored, and the model is trained on its own answers: who waits for whom, and how old may the data be?
"""

import marimo

__generated_with = "0.25.2"

app = marimo.App(width="full", app_title="05 RL post-training")


@app.cell(hide_code=True)
def _():
    import marimo as mo

    from monarch_vs_ray.notebook import api as nb

    return mo, nb


@app.cell(hide_code=True)
def _(nb):
    nb.opening("05_rl_intro")
    return


@app.cell(hide_code=True)
def _(mo, nb):
    mo.md(f"""
    ## Why it hurts at scale

    Pre-training reads its data from disks. Reinforcement learning makes its data during training, with the model that it
    trains. So two large systems run at once: one generates text, one trains. They are on different GPUs, and each needs
    what the other one makes.

    - In a synchronous loop, generation waits for the longest answer of a batch, and training waits for generation.
      AReaL, an asynchronous system, reports up to 2.77 times the training speed of synchronous systems on the same number
      of GPUs ([Fu et al., 2025](https://arxiv.org/abs/2505.24298)).
    - Of 16 open libraries for asynchronous RL, most keep generation and training on separate GPUs, and 8 orchestrate them
      with Ray: {nb.source("page.rl.survey", "Hugging Face's survey, March 2026")}.
    - On Monarch, TorchTitan's RL experiment runs a trainer and a generator on separate meshes:
      {nb.source("page.rl.torchtitan", "TorchTitan")}.
    - The libraries let the user bound the age of the data: {nb.source("page.rl.areal", "AReaL")},
      {nb.source("page.rl.verl_async", "verl")}, {nb.source("page.rl.nemo_staleness", "NeMo RL")},
      {nb.source("page.rl.torchtitan_staleness", "TorchTitan")}.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Words

    | word | meaning |
    |---|---|
    | policy | the model that is trained; here a table of 16 x 16 numbers |
    | rollout | one batch of answers of the policy, with their rewards |
    | generator | an actor that makes rollouts with a copy of the weights |
    | trainer | an actor that computes gradients from rollouts and updates the weights |
    | reward | a score for an answer; here 1 for the right action, else 0 |
    | replay buffer | rollouts that wait for the trainer |
    | version | the number of training steps that made the weights |
    | age, staleness | the version that is trained, less the version that made the rollout |
    | off-policy correction | a weight for each sample: its probability now, over its probability when it was made |

    ## The idea

    Four roles: *generators* make rollouts, a *reward* scores them, a *buffer* holds them, a *trainer* uses them. On both
    engines generators and the trainer are actors. The reward is a line in the generator here; a reward that is a model is
    a service of its own (notebook 06). The buffer and the rule below are in a controller: an actor on Monarch, the driver
    on Ray.

    **One rule bounds the age.** With a bound of *k* steps, two generators, and one rollout of each in a step, a
    generator may begin a rollout while fewer than

    `(version + k + 1) * 2`

    rollouts have begun. Rollouts that run count, and so do those in the buffer. With *k* = 0 this is the synchronous loop:
    generate, train, generate, train. With a larger *k* the generators run ahead.

    Move the sliders. The colour of a rollout is its age when the trainer takes it.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    bound = mo.ui.slider(0, 5, value=0, label="bound on the age, in steps", show_value=True)
    longer = mo.ui.slider(
        1, 8, value=4, label="one rollout in five takes this many times as long", show_value=True
    )
    rollout = mo.ui.slider(0.5, 3, step=0.5, value=1, label="seconds of the others", show_value=True)
    step = mo.ui.slider(0.5, 3, step=0.5, value=1, label="seconds of a step", show_value=True)
    mo.hstack([bound, longer, rollout, step], justify="start", wrap=True)
    return bound, longer, rollout, step


@app.cell
def _(bound, longer, nb, rollout, step):
    nb.rl_loop(bound.value, longer.value, rollout.value, step.value)
    return


@app.cell
def _(bound, longer, nb, rollout, step):
    nb.staleness_curve(bound.value, longer.value, rollout.value, step.value)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    What to look for:

    - With a bound of 0 the trainer waits for each rollout. A bound of 1 removes most of the waiting. From some bound on,
      nothing is gained.
    - Long rollouts need a larger bound. Set the fourfold length to 1: a bound of 1 is then enough.
    - When generation is the bottleneck (rollouts take longer than steps), the trainer waits whatever the bound is. Only
      more generators help.

    The price is the age. Samples of an older policy pull in a direction that was right for it. The programs multiply each
    sample with the ratio of new to old probability, the off-policy correction.

    ## The programs

    Pattern `async_rl`: 16 contexts, 16 actions, one of them right in each context. Two generators sample, a trainer
    improves the policy for 120 steps. A rollout sleeps for 50 ms and a step for 150 ms, as a larger model would compute. From
    outside, one generator is stopped for two seconds, and the other one is killed. One line was added to each program, in
    `train`: it prints each step.

    The weights take different ways. On Monarch the generators pull them from the trainer's memory with an `RDMABuffer`. On
    Ray each version is an object, and its reference is an argument of the next rollout. Notebook 07 is about that.

    The button runs both programs twice: with a bound of 2 steps (setting `recommended`), then with 0 (`synchronous`). That
    takes about a minute and a half on two cores.
    """)
    return


@app.cell
def _(nb):
    pair = nb.training("recommended")
    synchronous = nb.training("synchronous", seed=3)
    programs = nb.editors(pair)
    programs
    return pair, programs, synchronous


@app.cell
def _(nb, pair, programs):
    run = nb.run(pair, programs)
    return (run,)


@app.cell
def _(nb, programs, run, synchronous):
    run_synchronous = nb.run(synchronous, programs) if run else None
    return (run_synchronous,)


@app.cell
def _(nb, run):
    nb.outcome(run)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## What happened

    The ages of the data in both runs. The bound is kept in each step, also when the generator dies.
    """)
    return


@app.cell
def _(nb, run, run_synchronous):
    nb.ages(run, run_synchronous)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    A tick is a printed line, a cross is the kill. First the run with a bound of 2, then the synchronous one.
    """)
    return


@app.cell
def _(nb, run):
    nb.timeline(run)
    return


@app.cell
def _(nb, run_synchronous):
    nb.timeline(run_synchronous)
    return


@app.cell
def _(mo, nb, run, run_synchronous):
    mo.vstack(
        [
            mo.md("With a bound of 2 steps:"),
            nb.figures(run),
            mo.md("Synchronous:"),
            nb.figures(run_synchronous),
        ]
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### Staleness against throughput, measured

    One run says little: both programs share the cores, and the fault comes at another moment each time. These are
    published runs, one engine at a time.
    """)
    return


@app.cell
def _(nb):
    nb.pattern_figures(
        "async_rl",
        ["recommended", "synchronous"],
        ["steps a second", "mean staleness", "the trainer waits"],
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    A step takes 150 ms and its rollouts 50 ms. So the rule allows 6.7 steps a second with a bound of 1 or more, and 5 with
    0. With equal times the factor is 2: set all three sliders so. Where a run stays below, look at the figures: the wait
    for the replacement of the killed generator counts too, and the processes share two cores.

    ## What this rests on
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "when_to_choose.async_rl",
        "data_plane.weight_sync",
        "data_plane.training_interruption",
        "actor_abstraction.async_methods",
        "supervision.detection_in_a_call",
        "supervision.restart",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Exercises

    **1. Without an engine: the rule.** Write `may_begin`. It returns whether a generator may begin a rollout. A step takes
    `generators` rollouts. `taken` have been taken by the trainer, `waiting` are in the buffer, `running` are being made.
    """)
    return


@app.cell
def _(nb):
    admission = nb.Exercise(
        task="Bound the age of the data.",
        engine="python",
        start="""def may_begin(version, bound, generators, taken, waiting, running):
    return True


def longest_lead(bound):
    \"\"\"Let two generators run while the trainer makes no step.\"\"\"
    begun = 0
    while begun < 100 and may_begin(0, bound, 2, taken=0, waiting=begun, running=0):
        begun += 1
    return begun


print("begun while the trainer stands still:", [longest_lead(bound) for bound in range(4)])
print("in step 5:", may_begin(5, 0, 2, 10, 0, 0), may_begin(5, 0, 2, 10, 1, 1), may_begin(5, 1, 2, 10, 1, 1))
""",
        needs=[
            nb.ends_well(),
            nb.prints(
                r"stands still: \[2, 4, 6, 8\]$", "two more rollouts may begin for each step of the bound"
            ),
            nb.prints(r"^in step 5: True False True$", "running and waiting rollouts count"),
        ],
    )
    answer_1 = nb.exercise_editor(admission)
    answer_1
    return admission, answer_1


@app.cell
def _(admission, answer_1, nb):
    nb.check(admission, answer_1)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            All rollouts that have begun are taken, waiting or running. Compare their number with the rule above.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    **2. Ray: from synchronous to asynchronous.** The loop below begins a rollout only when the step before has ended. Let
    the generator make the next rollout *while* the trainer trains, with the version that is known then. The ages become 0,
    then 1 in each further step. `rollout` and `step` stay as they are.
    """)
    return


@app.cell
def _(nb):
    ahead = nb.Exercise(
        task="Generate while the trainer trains, on Ray.",
        engine="ray",
        start="""import ray


@ray.remote
class Generator:
    def rollout(self, version):
        return version  # of the weights that it used


@ray.remote
class Trainer:
    def __init__(self):
        self.version = 0

    def step(self, used):
        age = self.version - used
        self.version += 1
        return age


ray.init()
generator, trainer = Generator.remote(), Trainer.remote()
ages = []
for version in range(5):
    rollout = generator.rollout.remote(version)
    ages.append(ray.get(trainer.step.remote(rollout)))
print("ages", ages)
ray.shutdown()
""",
        needs=[
            nb.uses(
                "rollout", "step", "get", text="still calls `rollout` and `step`, and waits with `ray.get`"
            ),
            nb.ends_well(),
            nb.prints(r"^ages \[0, 1, 1, 1, 1\]$", "prints `ages [0, 1, 1, 1, 1]`"),
        ],
    )
    answer_2 = nb.exercise_editor(ahead)
    answer_2
    return ahead, answer_2


@app.cell
def _(ahead, answer_2, nb):
    nb.check(ahead, answer_2)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            Begin the first rollout before the loop. In the loop, begin the next one before you wait for the step. A call of
            `.remote` returns at once; only `ray.get` waits.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(nb):
    nb.further(
        (
            "The pattern",
            "src/monarch_vs_ray/patterns/async_rl/README.md",
            "both programs, their traps and settings",
        ),
        (
            "RL libraries on both engines",
            "docs/monarch-vs-ray-analysis.md#rl-post-training",
            "which library runs on which engine, with sources",
        ),
        (
            "mvr port",
            "docs/guide/porting/async_rl/README.md",
            "this program ported from Ray to Monarch and back",
        ),
        ("06 Services", "notebooks/06_services.py", "generators and rewards as replicated services"),
        ("07 Weight sync", "notebooks/07_rdma_weight_sync.py", "how the weights reach the generators"),
        ("08 RL end to end", "notebooks/08_rl_e2e.py", "all of it in one run, with the curve of the reward"),
    )
    return


if __name__ == "__main__":
    app.run()
