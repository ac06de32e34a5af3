# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""Weight sync, deep dive: copies, registration, versions, and who waits

How many copies are made, how long does a handle hold, when is a pull torn, and who waits for whom?
"""

import marimo

__generated_with = "0.25.2"

app = marimo.App(width="full", app_title="07b Weight sync, deep dive")


@app.cell(hide_code=True)
def _():
    import marimo as mo

    from monarch_vs_ray.notebook import api as nb

    return mo, nb


@app.cell(hide_code=True)
def _(nb):
    nb.opening("07b_weight_sync_deep_dive")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    Notebook 07 has the idea and the two programs. This one asks what happens to each byte. It needs no more than 07.

    ## Why it hurts at scale

    - One more copy of 140 GB is 140 GB more memory, and seconds. Where the copies are made decides whether a model fits.
    - Perplexity plans its transfers once, as a static schedule of who writes what to whom, and replays it for each step
      ([September 2025](https://research.perplexity.ai/articles/weight-transfer-for-rl-post-training-in-under-2-seconds)).
      The receiver is not notified of an RDMA write. So *when* a version is complete has to be agreed on by other means.
    - In one data centre, over three months, 24.7 % of the machine learning jobs of about 10,000 machine hours failed
      ([Li et al., 2014](https://www.usenix.org/conference/osdi14/technical-sessions/presentation/li_mu), table 1).
      An owner that dies takes its bytes along.

    ## Words

    | word | meaning |
    |---|---|
    | registration | telling the engine, and with RDMA the network card, which memory may be read |
    | torn | of a read: it holds parts of several versions |
    | checksum | a number computed from bytes; the reader computes it again and compares |
    | pull, push | the reader fetches, or the owner sends |
    | zero copy | the reader uses the bytes where they are |
    | spill | to write objects to disk when the store is full |

    ## 1. Copies

    | step | Monarch, `RDMABuffer` | Ray, object store | Ray, RDT by gloo |
    |---|---|---|---|
    | publish | none; a second buffer for a version of its own | one, into the store | none |
    | read on the same host | one, into the reader's memory | none for a numpy array; one for a torch tensor | sent by gloo |
    | read on another host | one, into the reader's memory | one, into that node's store | not run |
    | may the reader write? | yes, its own memory | a numpy array: no; a torch tensor: yes | not tested |

    The claims for these cells:
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "data_plane.intra_node",
        "data_plane.tensor_in_the_store",
        "data_plane.mapped_tensor",
        "data_plane.zero_copy",
        "data_plane.cross_node",
        "data_plane.many_small",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## 2. Registration: how long a handle holds

    A handle of Monarch's holds as long as its owner keeps the buffer. What is published stays in the owner's memory. A handle
    of Ray's keeps its object alive, also when the owner gave it up. On both engines the bytes do not survive the owner's
    process. When Ray's store is full, objects go to disk.
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "data_plane.withdrawn",
        "data_plane.dead_owner",
        "data_plane.memory_of_the_owner",
        "data_plane.wrong_sizes",
        "data_plane.tensors",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## 3. Versions: when is a pull torn?

    The owner writes the buffer from its begin to its end, again and again. A pull reads it in the same direction. If a write
    overtakes the pull, or the pull overtakes a write, the pull holds two versions.

    Set the write to the whole interval: that is *live* memory, which each step changes. Then set it to 1 ms: that is a
    *published copy*, which is replaced quickly. It is torn less often, and still torn at times.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    every = mo.ui.slider(5, 40, value=12, label="a write every, ms", show_value=True)
    write = mo.ui.slider(1, 40, value=12, label="a write takes, ms", show_value=True)
    begin = mo.ui.slider(0, 40, value=5, label="the pull begins at, ms", show_value=True)
    length = mo.ui.slider(1, 40, value=22, label="the pull takes, ms", show_value=True)
    mo.hstack([every, write, begin, length], justify="start", wrap=True)
    return begin, every, length, write


@app.cell
def _(begin, every, length, nb, write):
    nb.pull_during_writes(every.value, write.value, begin.value, length.value)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    Three ways to a whole version:

    - **A checksum in the buffer.** The owner writes version, weights and their checksum. The reader computes the checksum
      again, and pulls once more if it differs. The program of pattern `async_rl` on Monarch does so. A version number at the
      front does not help: it may be read before the write, and the rest after it.
    - **Several buffers.** The owner writes into one while the others are read. Somebody must know when the last reader is
      done.
    - **Snapshots.** Ray's object store holds each version as an object of its own. The price is the copy, and the memory of
      each version that somebody still refers to.
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "data_plane.live_memory",
        "data_plane.changed_before_read",
        "data_plane.changed_before_a_one_sided_read",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## 4. Pull against push: the programs

    In a *pull* the reader chooses the moment: a generator that is in the middle of a rollout is not disturbed. In a *push* the
    owner chooses, and must know all readers. The pattern `parameter_server` has both: three workers pull weights and push
    gradients, in messages. One worker is killed. The result is bit-identical to that of a run without faults, since

    - a push names its step and shard, so that a second push of the same gradient changes nothing;
    - gradients are summed in the order of the shards, not in that of their arrival;
    - a pull names the step that it needs, and waits in the server until that step is there.

    Try this: let each worker push twice, by a second copy of the line with `push`, in both programs. Do they still end with
    the same weights?
    """)
    return


@app.cell
def _(nb):
    pair = nb.subject("parameter_server", setting="recommended", seed=1)
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
    ### What happened

    The cross is the kill. While the worker is missing, the server has no gradient of its shard, and the others wait.
    """)
    return


@app.cell
def _(nb, run):
    nb.timeline(run)
    return


@app.cell
def _(nb, run):
    nb.figures(run)
    return


@app.cell
def _(nb):
    nb.claims(
        "data_plane.writing",
        "actor_abstraction.async_methods",
        "actor_abstraction.waits_for_itself",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## 5. Who waits for whom

    The demo disturbs the owner in several ways while somebody reads. A row of the table is a step of the run.
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
    "One-sided" has degrees. A read that needs no *Python* of the owner finishes while the owner computes. A read that needs
    no *process* of the owner finishes even while it is stopped. On one node Ray's object store is of the second kind, since
    the bytes are in shared memory. Monarch's fallback over TCP is of the first kind: threads of the owner's process send the
    bytes. Over RDMA the network card would read the memory. No run here shows that.
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "data_plane.busy_owner",
        "data_plane.interpreter_lock",
        "data_plane.stopped_owner",
        "data_plane.training_interruption",
        "data_plane.one_sided_tensors",
        "data_plane.two_sided_tensors",
        "data_plane.stopped_owner_of_tensors",
        "data_plane.gpu_to_gpu",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## 6. GPUs: what is not shown here

    No run behind these pages had a GPU or an RDMA network card. The experiments for both are written. Their claims are
    *unknown*, and these questions are open:

    - What does a read cost over RDMA, from GPU memory to GPU memory?
    - Does a pull disturb the kernels that compute meanwhile?
    - Does a pull of GPU memory see a finished kernel, or must the owner synchronize its stream first?
    - What does the registration of 140 GB with a network card cost?
    """)
    return


@app.cell
def _(nb):
    nb.claims("data_plane.gpu_tensors", "data_plane.gpu_tensors_by_nixl", "data_plane.without_a_card")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Exercises

    **1. Without an engine: notice a torn pull.** The owner below packs a version and weights. `torn` mixes two packed
    versions, as a pull during a write does. Put a checksum in front, and let `unpack` return `None` for a torn pull.
    """)
    return


@app.cell
def _(nb):
    noticing = nb.Exercise(
        task="Notice a torn pull.",
        engine="python",
        start="""import struct
import zlib


def pack(version, weights):
    return struct.pack("<I", version) + weights


def unpack(packed):
    (version,) = struct.unpack_from("<I", packed)
    return version, packed[4:]


old, new = pack(1, b"1" * 100), pack(2, b"2" * 100)
torn = new[:50] + old[50:]
print("whole:", unpack(old) == (1, b"1" * 100), unpack(new) == (2, b"2" * 100))
print("torn:", unpack(torn))
""",
        needs=[
            nb.uses("crc32", text="computes a checksum with `zlib.crc32`"),
            nb.ends_well(),
            nb.prints("^whole: True True$"),
            nb.prints("^torn: None$"),
        ],
    )
    answer_1 = nb.exercise_editor(noticing)
    answer_1
    return answer_1, noticing


@app.cell
def _(answer_1, nb, noticing):
    nb.check(noticing, answer_1)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            The checksum has to cover the version too: `zlib.crc32` of all that follows it. Four more bytes at the front.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    **2. Ray: a tensor that stays is live.** The trainer shares its tensor by the transport gloo, and changes it before the
    generator reads. The generator gets 5, although 1 was shared. Let the trainer share a tensor that keeps the 1. The weights
    are still handed over by gloo.
    """)
    return


@app.cell
def _(nb):
    keeping = nb.Exercise(
        task="Share a version by a tensor transport on Ray.",
        engine="ray",
        start="""import ray
import torch
from ray.experimental.collective import create_collective_group, destroy_collective_group


@ray.remote
class Trainer:
    def __init__(self):
        self.weights = torch.ones(1000)

    @ray.method(tensor_transport="gloo")
    def share(self):
        return self.weights

    def change(self):
        self.weights.fill_(5)


@ray.remote
class Generator:
    def read(self, weights):
        return weights[0].item()


ray.init()
trainer, generator = Trainer.remote(), Generator.remote()
group = create_collective_group([trainer, generator], backend="gloo")
shared = trainer.share.remote()
ray.wait([shared])
ray.get(trainer.change.remote())
print(f"the generator has {ray.get(generator.read.remote(shared)):g}")
destroy_collective_group(group)
ray.shutdown()
""",
        needs=[
            nb.uses(
                "tensor_transport", "change", "fill_", text="still shares by a tensor transport, and changes"
            ),
            nb.ends_well(),
            nb.prints("^the generator has 1$", "prints `the generator has 1`"),
        ],
    )
    answer_2 = nb.exercise_editor(keeping)
    answer_2
    return answer_2, keeping


@app.cell
def _(answer_2, keeping, nb):
    nb.check(keeping, answer_2)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion({"Hint": mo.md("`.clone()` makes a copy that nobody changes.")})
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
            "Hardware",
            "docs/guide/hardware.md",
            "how to run the experiments that need a GPU or an RDMA network card",
        ),
        (
            "The parameter server",
            "src/monarch_vs_ray/patterns/parameter_server/README.md",
            "both programs, their traps and settings",
        ),
        ("08 RL end to end", "notebooks/08_rl_e2e.py", "weight sync within a training run"),
    )
    return


if __name__ == "__main__":
    app.run()
