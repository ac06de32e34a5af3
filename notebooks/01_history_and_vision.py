# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""History and vision: from actors to one program for a cluster

Two engines let one Python program run objects on other machines. Where do they come from, and what do they promise?
"""

import marimo

__generated_with = "0.25.2"

app = marimo.App(width="full", app_title="01 History and vision")


@app.cell(hide_code=True)
def _():
    import marimo as mo

    from monarch_vs_ray.notebook import api as nb

    return mo, nb


@app.cell(hide_code=True)
def _(nb):
    nb.opening("01_history_and_vision")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Why it hurts at scale

    A training script for one GPU is one program. For many GPUs, `torchrun` starts the same script many times. That is SPMD:
    a single program on multiple data. It fits as long as all ranks do the same. It hurts as soon as they do not:

    - Reinforcement learning has a trainer, generators that sample from the model, and reward workers. They run different
      code, and at different speeds.
    - A job of thousands of processes loses some of them. Then the others must do something else than before.
    - A change of one line means that all processes start again.

    A script that runs everywhere must decide everywhere. *One* program that decides for all is easier to write. The question
    is what it costs, and what the program holds of the processes that it leads.

    ## A short history

    | year | idea | source |
    |---|---|---|
    | 1973 | The actor: an object that shares nothing and answers messages, one at a time | [Hewitt, Bishop and Steiger](https://www.ijcai.org/Proceedings/73/Papers/027B.pdf) |
    | 2003 | Erlang's supervision: let a process crash; its supervisor decides what happens | [Armstrong](https://erlang.org/download/armstrong_thesis_2003.pdf) |
    | 2018 | Ray: tasks and actors for Python, with a distributed scheduler and an object store | [Moritz et al.](https://www.usenix.org/conference/osdi18/presentation/moritz) |
    | 2022 | Pathways: a single controller that keeps up with SPMD on 2,048 TPUs | [Barham et al.](https://arxiv.org/abs/2203.12533) |
    | 2025 | Monarch: meshes of processes and actors, with supervision, led by one PyTorch program | [PyTorch](https://pytorch.org/blog/introducing-pytorch-monarch/) |

    ## Words

    | word | meaning |
    |---|---|
    | actor | an object in a process of its own; its methods are called from other processes |
    | handle | on Ray, the name of one actor; a call on it reaches that actor |
    | mesh | on Monarch, one object for a group of actors; a call on it reaches all of them, or a slice |
    | endpoint | on Monarch, a method that may be called from outside; it is marked with `@endpoint` |
    | future, object ref | what a call returns at once; `.get()` on Monarch, `ray.get(...)` on Ray wait for the value |
    | controller, driver | the program that creates actors and calls them |

    ## The idea

    Both engines turn a class into actors. They differ in what the program holds.

    **Monarch: a mesh.** `procs.spawn("name", Class)` puts an actor on every process of a mesh and returns *one* object.
    `actors.method.call(...)` reaches all of them. Only methods under `@endpoint` may be called.

    **Ray: handles.** `Class.remote(...)` creates one actor and returns its handle. A group is a list. Every method may be
    called. A scheduler chooses the machine.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## A message to all

    A group of many actors shows the difference. Monarch's message goes down a tree, so the caller sends one. Ray's caller sends
    one to each. Now stop one process: on Monarch it holds up the actors below it in the tree.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    actors = mo.ui.slider(2, 64, value=8, label="actors", show_value=True)
    fan_out = mo.ui.slider(1, 16, value=2, label="fan-out", show_value=True)
    stopped = mo.ui.slider(-1, 63, value=1, label="stopped actor (-1: none)", show_value=True)
    mo.hstack([actors, fan_out, stopped], justify="start", wrap=True)
    return actors, fan_out, stopped


@app.cell
def _(actors, fan_out, nb, stopped):
    nb.broadcast_tree(actors.value, fan_out.value, stopped.value)
    return


@app.cell
def _(nb):
    nb.claims("topology_meshes.broadcast", "topology_meshes.fan_out", "topology_meshes.stopped_process")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Messages in order

    A program says `load` and then `step`. If the second message can run before the first one, the program is wrong now and
    then. Both engines number the messages of a sender. The receiver holds a message that came too early. Move *arrived* to the
    right, and watch the buffer.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    messages = mo.ui.slider(2, 12, value=8, label="messages", show_value=True)
    late = mo.ui.slider(0, 11, value=2, label="the late one", show_value=True)
    by = mo.ui.slider(0, 11, value=3, label="overtaken by", show_value=True)
    mo.hstack([messages, late, by], justify="start", wrap=True)
    return by, late, messages


@app.cell(hide_code=True)
def _(messages, mo):
    arrived = mo.ui.slider(0, messages.value, value=min(5, messages.value), label="arrived", show_value=True)
    arrived
    return (arrived,)


@app.cell
def _(arrived, by, late, messages, nb):
    nb.ordering_buffer(messages.value, min(late.value, messages.value - 1), by.value, arrived.value)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    What real runs did: numbered calls of two senders, counted where they ran out of order. A held call of one sender delays
    that sender's next call, and not the other sender's.
    """)
    return


@app.cell(hide_code=True)
def _(nb):
    press = nb.demo_button("Run the demo of message ordering")
    press
    return (press,)


@app.cell
def _(nb, press):
    nb.picture(nb.demo("message_ordering", press))
    return


@app.cell
def _(nb):
    nb.claims(
        "message_ordering.default_ordering",
        "message_ordering.implementation",
        "message_ordering.out_of_order_opt_in",
        "message_ordering.several_senders",
        "message_ordering.async_methods",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## The programs

    A parameter server in two shards. Both programs call one shard and all shards, send eight calls at once, raise an error, and
    call a method that is no endpoint. Read both, then press the button. Then change something: rename `push`, let the gradient
    be 11 in the second call, or leave out one `@endpoint`.
    """)
    return


@app.cell
def _(nb):
    pair = nb.subject("actor_abstraction")
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

    One mark for each line. The table has what the harness measured from outside: Ray starts services beside the program, so it
    has more processes. Both programs shared the same cores, so do not compare their times.
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

    ### A class becomes actors
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "actor_abstraction.base_class",
        "actor_abstraction.method_exposure",
        "actor_abstraction.spawn_model",
        "actor_abstraction.return_type",
        "actor_abstraction.invocation",
        "actor_abstraction.actors_in_a_process",
        "control_plane.architecture",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ### Traps of the first day
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "actor_abstraction.async_methods",
        "actor_abstraction.waits_for_itself",
        "actor_abstraction.exception_type",
        "actor_abstraction.waiting_for_the_constructor",
        "actor_abstraction.last_reference",
        "actor_abstraction.printed_output",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Exercises

    **1. Monarch: your first mesh.** Write an actor `Adder` with an endpoint `add(x)` that keeps a sum. Spawn it on three
    processes. Add 1 on all of them, then 10 on one of them. Print the three sums, sorted: `[1, 1, 11]`.
    """)
    return


@app.cell
def _(nb):
    first_mesh = nb.Exercise(
        task="Write an actor on three processes of Monarch.",
        engine="monarch",
        start="""from monarch.actor import Actor, endpoint, shutdown_context, this_host


class Adder(Actor):
    pass  # your code


if __name__ == "__main__":
    procs = this_host().spawn_procs(per_host={"gpus": 3})
    adders = procs.spawn("adders", Adder)
    # your code
    shutdown_context().get(timeout=60)
""",
        needs=[
            nb.uses("endpoint", "spawn", "call", "slice"),
            nb.ends_well(),
            nb.prints(r"^\[1, 1, 11\]$", "prints `[1, 1, 11]`"),
        ],
    )
    answer_1 = nb.exercise_editor(first_mesh)
    answer_1
    return answer_1, first_mesh


@app.cell
def _(answer_1, first_mesh, nb):
    nb.check(first_mesh, answer_1)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            `adders.add.call(1).get()` reaches all. `adders.slice(gpus=0)` is a mesh of one actor, for which `call_one` returns
            one reply. The replies of `call` are a `ValueMesh`; `.values()` has the values.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    **2. Ray: the same.** Write the same program for Ray, with a list of three actors.
    """)
    return


@app.cell
def _(nb):
    first_handles = nb.Exercise(
        task="Write three actors of Ray.",
        engine="ray",
        start="""import ray


class Adder:
    pass  # your code


ray.init()
# your code
ray.shutdown()
""",
        needs=[
            nb.uses("remote", "get"),
            nb.ends_well(),
            nb.prints(r"^\[1, 1, 11\]$", "prints `[1, 1, 11]`"),
        ],
    )
    answer_2 = nb.exercise_editor(first_handles)
    answer_2
    return answer_2, first_handles


@app.cell
def _(answer_2, first_handles, nb):
    nb.check(first_handles, answer_2)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            `@ray.remote` above the class; `[Adder.remote() for _ in range(3)]` are three actors.
            `ray.get([adder.add.remote(1) for adder in adders])` reaches all.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    **3. Without an engine: a reorder buffer.** Write a class `Buffer` whose method `take(number)` returns the numbers that can
    run now, in order. Messages are numbered 0, 1, 2, ...
    """)
    return


@app.cell
def _(nb):
    reorder = nb.Exercise(
        task="Write a reorder buffer.",
        engine="python",
        start="""class Buffer:
    def take(self, number):
        return [number]


buffer = Buffer()
for number in (1, 0, 3, 4, 2):
    print(number, "runs", buffer.take(number))
""",
        needs=[
            nb.ends_well(),
            nb.prints(r"^1 runs \[\]$", "holds 1, which came too early: prints `1 runs []`"),
            nb.prints(r"^0 runs \[0, 1\]$", "runs 0 and then 1: prints `0 runs [0, 1]`"),
            nb.prints(r"^2 runs \[2, 3, 4\]$", "runs all that is held: prints `2 runs [2, 3, 4]`"),
        ],
    )
    answer_3 = nb.exercise_editor(reorder)
    answer_3
    return answer_3, reorder


@app.cell
def _(answer_3, nb, reorder):
    nb.check(reorder, answer_3)
    return


@app.cell(hide_code=True)
def _(nb):
    nb.further(
        (
            "Actors",
            "docs/monarch-vs-ray-analysis.md#1-actor-abstraction",
            "the section of the comparison; section 3 has the messages, section 4 their order",
        ),
        (
            "The design in four choices",
            "docs/monarch-vs-ray-analysis.md#design-philosophy",
            "what explains most rows",
        ),
        ("mvr port FILE", "", "what each use of one engine in your program becomes on the other"),
        (
            "02 Interactive development",
            "notebooks/02_interactive_devx.py",
            "the next notebook: both engines from cells",
        ),
    )
    return


if __name__ == "__main__":
    app.run()
