# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""Distributed tensors: one tensor on many ranks, and who averages the gradients

A batch is spread over ranks. Who runs the training loop, and who makes the ranks agree?
"""

import marimo

__generated_with = "0.25.2"

app = marimo.App(width="full", app_title="04 Distributed tensors")


@app.cell(hide_code=True)
def _():
    import marimo as mo

    from monarch_vs_ray.notebook import api as nb

    return mo, nb


@app.cell(hide_code=True)
def _(nb):
    nb.opening("04_distributed_tensors")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Why it hurts at scale

    A model with 405 billion weights of two bytes needs 810 GB for the weights alone. No GPU has that much memory. So a
    training run is spread in several ways at once.

    - Llama 3 405B was trained on up to 16,384 GPUs with four kinds of parallelism: tensor, pipeline, context and data
      ([Llama 3, section 3.3.2](https://arxiv.org/abs/2407.21783)).
    - Each kind is a *dimension* of a mesh of ranks. A collective runs along one of them: gradients are averaged over the
      data-parallel ranks, partial products are summed over the tensor-parallel ones
      ([Shoeybi et al., 2019](https://arxiv.org/abs/1909.08053)).

    Two questions decide how a program for this reads. *Who runs it*: one controller that speaks of all ranks, or the same
    program on every rank? *Who averages*: the program, or a library around the model?
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Words

    | word | meaning |
    |---|---|
    | rank | one of the processes that compute together, by its number |
    | mesh | a group of ranks with named dimensions, for instance `hosts` and `gpus` |
    | slice | a part of a mesh, taken by the names of its dimensions |
    | SPMD | single program, multiple data: every rank runs the same script, as `torchrun` starts it |
    | single controller | one program issues the work of all ranks |
    | collective | an operation that all ranks of a group enter together, for instance `all_reduce` |
    | `dp`, `tp`, `pp` | data-parallel, tensor-parallel, pipeline-parallel: usual names of dimensions |

    ## The idea

    **Monarch: one program, tensors on all ranks.** Inside `with procs.activate():` an ordinary line of PyTorch runs on every
    rank. The result is *one* `monarch.Tensor` with a value of its own on each rank. `inspect` fetches the value of one rank.
    The loop stands in your program, and so does the average: nothing is averaged by itself.

    **Ray: your function, on each worker.** Ray Train runs a training function on each worker. `prepare_model` puts the model
    into PyTorch's DDP, which averages during `backward`. Your program, the driver, holds no tensor; it gets what the
    workers report.

    ## A part of a mesh

    The mesh has two dimensions. Move the ends of the two ranges. On Monarch a slice is a mesh again: an index drops its
    dimension, a range keeps it. On Ray the caller holds a list of handles and selects from it.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    hosts = mo.ui.slider(1, 6, value=2, label="hosts", show_value=True)
    gpus = mo.ui.slider(1, 8, value=4, label="gpus of each", show_value=True)
    mo.hstack([hosts, gpus], justify="start", wrap=True)
    return gpus, hosts


@app.cell(hide_code=True)
def _(gpus, hosts, mo):
    host_range = mo.ui.range_slider(
        0, max(1, hosts.value - 1), value=[0, min(1, hosts.value - 1)], label="hosts taken", show_value=True
    )
    gpu_range = mo.ui.range_slider(
        0, max(1, gpus.value - 1), value=[0, 0], label="gpus taken", show_value=True
    )
    mo.hstack([host_range, gpu_range], justify="start", wrap=True)
    return gpu_range, host_range


@app.cell
def _(gpu_range, gpus, host_range, hosts, nb):
    nb.mesh_part(hosts.value, gpus.value, host_range.value, gpu_range.value)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    The picture is drawn from the rule. The runs of `topology_meshes.addressing` and `topology_meshes.grouping` tested the
    rule on meshes of 2 x 4 actors.

    ## What a run did

    The demo puts tensors on four ranks of each engine, trains, and compares every gradient with that of one process on the
    whole batch.
    """)
    return


@app.cell(hide_code=True)
def _(nb):
    press = nb.demo_button()
    press
    return (press,)


@app.cell
def _(nb, press):
    demo = nb.demo("distributed_tensors", press)
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

    Both train the same linear model on two ranks and compare the weights with those of one process. Both need torch. In
    Monarch's program `train` is called once for the ranks and once for the comparison: it is the same function. In Ray's
    program `train_on_worker` runs on each worker.

    Try this: in Monarch's program, pass `torch.clone` in place of `average_over_ranks`. Which assertion fails?
    """)
    return


@app.cell
def _(nb):
    pair = nb.subject("distributed_tensors")
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

    One mark for each line that a program printed. The table has what the harness measured from outside. Both programs
    shared the same cores, so do not compare their times.
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

    ### Who runs the program
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "distributed_tensors.distributed_tensor",
        "distributed_tensors.programming_model",
        "distributed_tensors.inspect_fetch",
        "distributed_tensors.value_not_fetched",
        "distributed_tensors.same_processes",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### Who averages
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "distributed_tensors.own_gradients",
        "distributed_tensors.collective_ops",
        "distributed_tensors.one_process",
        "distributed_tensors.autograd_from_the_caller",
        "distributed_tensors.led_by_the_caller",
        "distributed_tensors.ddp_in_actors",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### Dimensions, and traps
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "distributed_tensors.mesh_dimensions",
        "topology_meshes.addressing",
        "distributed_tensors.parallelism_strategies",
        "distributed_tensors.some_of_the_ranks",
        "distributed_tensors.random_numbers",
        "distributed_tensors.own_reduction_on_a_cpu",
        "distributed_tensors.after_a_failed_reduction",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    No run here had a GPU. What goes over NCCL alone is *unknown*, and the claims say so.

    ## Exercises

    **1. Without an engine: the ranks of a slice.** Write `ranks(sizes, taken)`. `sizes` has the size of each dimension; the
    last one varies fastest. `taken` has a pair `(first, last)` for each, both ends included. Return the ranks in order.
    """)
    return


@app.cell
def _(nb):
    slicing = nb.Exercise(
        task="Compute the ranks of a slice.",
        engine="python",
        start="""def ranks(sizes, taken):
    return []


print(ranks([2, 4], [(1, 1), (0, 3)]))  # the second host
print(ranks([2, 4], [(0, 1), (1, 2)]))  # two GPUs of each host
print(ranks([2, 2, 2], [(0, 1), (0, 0), (1, 1)]))
""",
        needs=[
            nb.ends_well(),
            nb.prints(r"^\[4, 5, 6, 7\]$", "prints `[4, 5, 6, 7]` for the second host"),
            nb.prints(r"^\[1, 2, 5, 6\]$", "prints `[1, 2, 5, 6]` for two GPUs of each host"),
            nb.prints(r"^\[1, 5\]$", "prints `[1, 5]` for three dimensions"),
        ],
    )
    answer_1 = nb.exercise_editor(slicing)
    answer_1
    return answer_1, slicing


@app.cell
def _(answer_1, nb, slicing):
    nb.check(slicing, answer_1)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            Begin with `found = [0]`. For each dimension, replace each rank `r` by `r * size + at`, for each `at` that is
            taken.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    **2. Monarch: fetch before you decide.** The program below puts a tensor on two ranks and stops with an error in its
    `if`. Change it so that it prints the rank that has the larger value.
    """)
    return


@app.cell
def _(nb):
    fetching = nb.Exercise(
        task="Decide on the values of a distributed tensor.",
        engine="monarch",
        start="""import os

os.environ["HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE"] = "2m"

import torch
from monarch import inspect
from monarch.actor import shutdown_context, this_host

if __name__ == "__main__":
    procs = this_host().spawn_procs(per_host={"gpus": 2})
    with procs.activate():
        rank = procs.rank_tensor("gpus")
        value = (rank.to(torch.double) - 0.3).abs()
        if value > 0.5:
            print("the larger value is on rank 0")
        else:
            print("the larger value is on rank 1")
    shutdown_context().get(timeout=60)
""",
        needs=[
            nb.uses("inspect"),
            nb.ends_well(),
            nb.prints("^the larger value is on rank 1$"),
        ],
    )
    answer_2 = nb.exercise_editor(fetching)
    answer_2
    return answer_2, fetching


@app.cell
def _(answer_2, fetching, nb):
    nb.check(fetching, answer_2)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            `inspect(value, gpus=0)` returns the value of rank 0 as an ordinary tensor. Fetch both while the mesh is active, and
            compare their `.item()` after the `with` block.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(nb):
    nb.further(
        (
            "The section of the comparison",
            "docs/monarch-vs-ray-analysis.md#7-distributed-tensors-and-training",
            "all 28 rows, with code and evidence; section 2 has the meshes of processes",
        ),
        (
            "The training demo",
            "docs/guide/transformer.md",
            "a transformer on two workers of each engine; one may be killed",
        ),
        ("mvr pattern pipeline", "", "the layers of a model on several processes, one of which is killed"),
        ("05 Reinforcement learning", "notebooks/05_rl_intro.py", "a trainer and its generators"),
    )
    return


if __name__ == "__main__":
    app.run()
