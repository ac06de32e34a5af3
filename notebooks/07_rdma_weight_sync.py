# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""Weight sync: new weights for the generators while the trainer trains

The trainer has new weights after each step: how do they reach the generators, who has to take part, and what does a reader find?
"""

import marimo

__generated_with = "0.25.2"

app = marimo.App(width="full", app_title="07 Weight sync")


@app.cell(hide_code=True)
def _():
    import marimo as mo

    from monarch_vs_ray.notebook import api as nb

    return mo, nb


@app.cell(hide_code=True)
def _(nb):
    nb.opening("07_rdma_weight_sync")
    return


@app.cell(hide_code=True)
def _(mo, nb):
    mo.md(f"""
    ## Why it hurts at scale

    A model with 70 billion weights of two bytes is 140 GB. In RL post-training these bytes go from the trainer's GPUs to the
    generators' GPUs after each step, or after every few steps. While they travel, somebody may have to wait.

    - Perplexity moves the weights of Kimi-K2, a model of one trillion parameters, from 256 training GPUs to 128 inference
      GPUs in 1.3 s, by RDMA writes. It says that many existing frameworks take several seconds or even minutes for a model
      of that size ([Perplexity, September 2025](https://research.perplexity.ai/articles/weight-transfer-for-rl-post-training-in-under-2-seconds)).
    - An NCCL broadcast is the usual way in open RL libraries: {nb.source("page.rl.survey", "Hugging Face's survey, March 2026")},
      {nb.source("page.rl.nemo_weights", "NeMo RL")}.
    - On Monarch, TorchStore stores tensors on actors and moves them by RDMA or TCP: {nb.source("page.rl.torchstore", "TorchStore")}.
    - On Ray, Ray Direct Transport (RDT) moves tensors past the object store. It is in alpha:
      {nb.source("page.ray.rdt", "Ray's guide")}.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Words

    | word | meaning |
    |---|---|
    | control plane, data plane | small messages between actors; the way of large amounts of bytes |
    | handle | a few hundred bytes that stand for bytes elsewhere |
    | RDMA | remote direct memory access: a network card reads or writes another host's memory without its processor |
    | one-sided | only the reader (or the writer) takes part, and no code of the owner |
    | two-sided | sender and receiver both call; a collective is of this kind |
    | `RDMABuffer` | on Monarch, a handle on an actor's memory; `read_into` pulls, `write_from` pushes |
    | object store | on Ray, shared memory of a node with objects that never change; a reference is the handle |
    | RDT, tensor transport | on Ray, tensors stay with their actor and go to a reader by gloo, NCCL, NIXL or CUDA IPC |
    | live memory | what the owner changes reaches whoever reads later |
    | snapshot | a copy of one moment |

    ## The idea

    The message is small and the bytes are large. So both engines send a *handle* by message, and the bytes take their own way.

    **Monarch: the handle names the trainer's memory.** `RDMABuffer(tensor)` copies nothing. A generator pulls with
    `read_into`, whenever it wants, into its own memory. No endpoint of the trainer runs for it. The memory is live: a pull
    during a step finds parts of several versions. To publish one version, the trainer copies it into a second buffer.

    **Ray: the handle names a snapshot.** A result, or `ray.put`, is copied into the object store once. Readers of the same
    node map it, without a further copy; another node gets a copy. It never changes, so each version is a new object with a
    new reference, and the reference has to reach every reader. With RDT the tensor stays with the trainer, and is live
    as well.

    ## What a run did

    The demo moves the same bytes on both engines. It stops the owner, keeps its lock, kills it, and looks at what a reader
    finds.
    """)
    return


@app.cell(hide_code=True)
def _(nb):
    press = nb.demo_button()
    press
    return (press,)


@app.cell
def _(nb, press):
    demo = nb.demo("data_plane", press)
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

    A trainer adds 1 to each of 4 million weights in each step, in one long method. A generator pulls 16 MB twice during it:
    once what was published, once what is live. It returns the smallest and the largest weight. If both are equal, it holds
    one version.

    - On Monarch the published weights are a second `RDMABuffer`, and the live weights the first. The generator ends the
      training by writing into the trainer's memory.
    - On Ray the published weights are an object. The live ones go by a tensor transport, gloo.

    Try this: set `SIZE` to 40_000. Is the live pull still mixed? (It may be whole by chance. Run it again.)
    """)
    return


@app.cell
def _(nb):
    pair = nb.subject("data_plane")
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

    One mark for each line that a program printed, and one for its end. Both programs shared the same cores, so do not
    compare their times.
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
    ## Bytes a second by size

    Two actors on one host, one engine at a time. The grey line is a copy within one process: what this machine's memory
    can do. A click on a name in the legend picks that way; Shift and a click add one.
    """)
    return


@app.cell
def _(nb):
    nb.bytes_by_size()
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    How to read it:

    - There was no RDMA network card. Monarch's reads went over TCP on the loopback device. Over RDMA the numbers are others,
      and none is known here.
    - *Mapped* may be faster than a copy: the reader of Ray's object store gets the address of shared memory and copies
      nothing. The bytes were put into the store before. *Copied* includes a copy into memory of the reader's own, which is
      what a generator does that needs the weights in its model.
    - Small sizes show the cost of a call, large ones the cost of moving bytes.

    `mvr bench` measures this on your machine.

    ## What this rests on

    ### Who takes part
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "data_plane.weight_sync",
        "data_plane.handle_size",
        "data_plane.blocking",
        "data_plane.training_interruption",
        "data_plane.interpreter_lock",
        "data_plane.stopped_owner",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### What a reader finds
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "data_plane.live_memory",
        "data_plane.changed_before_read",
        "data_plane.intra_node",
        "data_plane.zero_copy",
        "data_plane.cross_node",
        "data_plane.writing",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### Without the hardware
    """)
    return


@app.cell
def _(nb):
    nb.claims("data_plane.without_a_card", "data_plane.gpu_to_gpu", "data_plane.tensor_transports")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Exercises

    **1. Monarch: publish a version.** The generator below pulls the weights that the trainer is changing, and prints how
    many values it found. Let the trainer publish a copy before it trains, and let the generator pull that. It then finds one
    value, 7. The trainer goes on training as before.
    """)
    return


@app.cell
def _(nb):
    publishing = nb.Exercise(
        task="Publish a version on Monarch.",
        engine="monarch",
        start="""import os

os.environ["HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE"] = "2m"

import torch
from monarch.actor import Actor, Channel, Port, endpoint, shutdown_context, this_host
from monarch.rdma import RDMABuffer

SIZE = 1_000_000


class Trainer(Actor):
    def __init__(self) -> None:
        self.weights = torch.full((SIZE,), 7.0)

    @endpoint
    def buffer(self) -> RDMABuffer:
        return RDMABuffer(self.weights.view(torch.uint8))

    @endpoint
    def train(self, started: Port[None]) -> None:
        for step in range(2000):
            self.weights += 1
            if step == 0:
                started.send(None)


class Generator(Actor):
    @endpoint
    def pull(self, source: RDMABuffer) -> list[float]:
        weights = torch.empty(SIZE)
        source.read_into(weights.view(torch.uint8)).get(timeout=60)
        return weights.unique().tolist()


if __name__ == "__main__":
    trainer = this_host().spawn_procs().spawn("trainer", Trainer)
    generator = this_host().spawn_procs().spawn("generator", Generator)
    source = trainer.buffer.call_one().get(60)
    started, first_step = Channel.open()
    training = trainer.train.call_one(started)
    first_step.recv().get(60)
    values = generator.pull.call_one(source).get(60)
    print(f"{len(values)} values, the first is {values[0]:g}")
    training.get(60)
    shutdown_context().get(60)
""",
        needs=[
            nb.uses("read_into", "train", "weights", text="still trains, and pulls by `read_into`"),
            nb.ends_well(),
            nb.prints("^1 values, the first is 7$", "prints `1 values, the first is 7`"),
        ],
    )
    answer_1 = nb.exercise_editor(publishing)
    answer_1
    return answer_1, publishing


@app.cell
def _(answer_1, nb, publishing):
    nb.check(publishing, answer_1)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            `self.published = self.weights.clone()` in the constructor, and an `RDMABuffer` of that. Keep the tensor in an
            attribute: the buffer is a handle on its memory.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    **2. Ray: the reference of the new version.** The trainer below makes three steps, but the generator prints `weights 0`
    each time. An object never changes. Hand the newest reference to the generator, so that it prints 1, 2 and 3. The weights
    shall not pass through the driver: no `ray.get` of them.
    """)
    return


@app.cell
def _(nb):
    newest = nb.Exercise(
        task="Hand on the newest version on Ray.",
        engine="ray",
        start="""import numpy as np
import ray


@ray.remote
class Trainer:
    def __init__(self):
        self.weights = np.zeros(1_000_000)

    def publish(self):
        return self.weights

    def step(self):
        self.weights += 1


@ray.remote
class Generator:
    def generate(self, weights):
        return f"weights {weights[0]:g} from {weights.size} numbers"


ray.init()
trainer, generator = Trainer.remote(), Generator.remote()
weights = trainer.publish.remote()
for _ in range(3):
    ray.get(trainer.step.remote())
    print(ray.get(generator.generate.remote(weights)))
ray.shutdown()
""",
        needs=[
            nb.uses("publish", "step", "generate", text="still calls `publish`, `step` and `generate`"),
            nb.ends_well(),
            nb.prints("^weights 1 from 1000000 numbers$"),
            nb.prints("^weights 2 from 1000000 numbers$"),
            nb.prints("^weights 3 from 1000000 numbers$"),
            nb.never_prints("^weights 0", "never prints `weights 0`"),
        ],
    )
    answer_2 = nb.exercise_editor(newest)
    answer_2
    return answer_2, newest


@app.cell
def _(answer_2, nb, newest):
    nb.check(newest, answer_2)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            Call `publish` after each step. `weights` is then a reference, and Ray hands its value to `generate` without the
            driver.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(nb):
    nb.further(
        (
            "The section of the comparison",
            "docs/monarch-vs-ray-analysis.md#6-data-plane",
            "all rows, with code and evidence",
        ),
        (
            "Costs",
            "docs/monarch-vs-ray-analysis.md#what-it-costs",
            "what was measured, and against which limits",
        ),
        (
            "Hardware",
            "docs/guide/hardware.md",
            "what needs a GPU or an RDMA network card, and how to test it",
        ),
        (
            "07b Deep dive",
            "notebooks/07b_weight_sync_deep_dive.py",
            "copies, registration, versions, and who waits",
        ),
        ("08 RL end to end", "notebooks/08_rl_e2e.py", "weight sync within a training run"),
    )
    return


if __name__ == "__main__":
    app.run()
