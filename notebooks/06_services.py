# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""Services: one name for many replicas, and an answer to every request

Three replicas serve requests; one stands still, another one is killed. Who notices, who repeats, and how late are the latest answers?
"""

import marimo

__generated_with = "0.25.2"

app = marimo.App(width="full", app_title="06 Services")


@app.cell(hide_code=True)
def _():
    import marimo as mo

    from monarch_vs_ray.notebook import api as nb

    return mo, nb


@app.cell(hide_code=True)
def _(nb):
    nb.opening("06_services")
    return


@app.cell(hide_code=True)
def _(mo, nb):
    mo.md(f"""
    ## Why it hurts at scale

    Reward models, tools and generators are services inside a training run: many replicas behind one name. With many
    servers something is always slow.

    - If each of 100 servers is slow for 1 % of the requests, a request that needs all of them is slow in 63 % of the cases
      ([Dean and Barroso, 2013](https://research.google/pubs/the-tail-at-scale/)).
    - A system that retries too eagerly may stay overloaded after the cause has gone: a metastable failure
      ([Bronson et al., 2021](https://sigops.org/s/conferences/hotos/2021/papers/hotos21-s11-bronson.pdf)).
    - Ray has a library for services, Ray Serve. For Monarch, torchforge has a service of replicated actors, with load
      balancing and recovery: {nb.source("page.rl.torchforge_service", "torchforge")}.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    servers = mo.ui.slider(1, 200, value=100, label="servers that a request needs", show_value=True)
    slow = mo.ui.slider(0.1, 5, step=0.1, value=1, label="slow answers of a server, %", show_value=True)
    mo.hstack([servers, slow], justify="start", wrap=True)
    return servers, slow


@app.cell
def _(nb, servers, slow):
    nb.tail_at_scale(servers.value, slow.value / 100)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Words

    | word | meaning |
    |---|---|
    | replica | one of several actors that do the same work |
    | router | the part that chooses a replica for each request |
    | attempt | one try of a request at one replica |
    | deadline | the time after which an attempt is given up and repeated elsewhere |
    | health check | a small call that shows whether a replica answers |
    | idempotent | may run twice without harm |
    | p50, p99 | latency that half, or 99 %, of the requests do not exceed |
    | deployment | in Ray Serve, a class with its replicas; `serve.run` starts it |

    ## The idea

    A dead replica raises an error, sooner or later. A replica that *stands still* raises nothing: only a deadline finds it.
    So the router needs four rules.

    1. **Choose** the replica with the fewest open requests. A random choice keeps sending to the one that stands still.
    2. **Repeat** an attempt at another replica after a deadline far above the usual latency. A repeat runs the request
       twice, so requests must be idempotent.
    3. **Double** the deadline for each repeat. Otherwise repeats overload the replicas that are left.
    4. **Leave out** a late replica until it answers a health check. It is not replaced: a slow replica often recovers.

    Change the rules and look at the latencies.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    choice = mo.ui.dropdown(["fewest open requests", "random"], value="random", label="choose by")
    deadline = mo.ui.slider(0, 1, step=0.1, value=0, label="deadline, s (0: none)", show_value=True)
    leave_out = mo.ui.checkbox(value=False, label="leave a late replica out")
    stall = mo.ui.slider(0.5, 4, step=0.5, value=2, label="it stands still for, s", show_value=True)
    mo.hstack([choice, deadline, leave_out, stall], justify="start", wrap=True)
    return choice, deadline, leave_out, stall


@app.cell
def _(choice, deadline, leave_out, nb, stall):
    nb.stalled_replica(choice.value != "random", deadline.value, leave_out.value, stall.value)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    Who has these rules?

    | | Monarch | Ray, plain actors | Ray Serve |
    |---|---|---|---|
    | router | yours; `choose` picks at random | yours | Serve's, by queue length |
    | deadline of an attempt | yours | yours | yours |
    | repeat of an attempt | yours | yours; `max_task_retries` repeats at the same actor | yours |
    | health check | yours | yours | Serve's, every 10 s by default |
    | replacement of a dead replica | yours, in `__supervise__` | `max_restarts`, or yours | Serve's, after the next health check |

    ## The programs

    Pattern `replicated_service`: 50 requests a second, each of 20 ms, to three replicas. From outside one replica is stopped
    for two seconds (SIGSTOP) and another one is killed (SIGKILL). There are three programs. The first two have a router of
    their own, some 50 lines. They ran with the pattern's setting `recommended`: Monarch polls for failures every second.

    Try this: set `ATTEMPT` to 5.0 in both programs. What becomes of p99?
    """)
    return


@app.cell
def _(nb):
    pair = nb.subject("replicated_service", setting="recommended", seed=1)
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
    ### The third program: Ray Serve

    Serve has the router, the health checks and the replacement. The deadline and the repeats are in the caller, some 15
    lines. It ran with a health check every second.
    """)
    return


@app.cell
def _(nb):
    on_serve = nb.subject("replicated_service", setting="recommended", seed=1, programs=["ray_serve"])
    serve_program = nb.editors(on_serve)
    serve_program
    return on_serve, serve_program


@app.cell
def _(nb, on_serve, serve_program):
    serve_run = nb.run(on_serve, serve_program)
    return (serve_run,)


@app.cell
def _(nb, serve_run):
    nb.outcome(serve_run)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## What happened

    Crosses are the faults: first a stop, then a kill. First the two programs with a router of their own, then Serve.
    """)
    return


@app.cell
def _(nb, run):
    nb.timeline(run)
    return


@app.cell
def _(nb, serve_run):
    nb.timeline(serve_run)
    return


@app.cell
def _(mo, nb, run, serve_run):
    mo.vstack([nb.figures(run), mo.md("Ray Serve:"), nb.figures(serve_run)])
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    The latencies are of the first 250 requests, so p99 is the third latest: two or three late requests decide it.
    A request that met the stopped replica waits for its deadline, 500 ms. That is where a p99 of some 520 ms comes from.

    ### Measured, with n and spread

    Published runs of the pattern, one program at a time. `defaults` are the engines' own settings: Monarch polls for failures
    every 10 s, Serve checks health every 10 s.
    """)
    return


@app.cell
def _(nb):
    nb.pattern_figures(
        "replicated_service",
        ["defaults", "recommended"],
        [
            "median latency",
            "99th percentile of the latency",
            "seconds to leave the dead replica out",
            "seconds to an answer of its replacement",
        ],
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    The time to leave a dead replica out is the deadline where the engine reports later than that (Monarch's poll), and the
    engine's report where that is faster (Ray's broken call). So a short deadline hides a slow report from the requests. It
    does not hide it from the capacity: the replacement comes after the report.

    ## What this rests on
    """)
    return


@app.cell
def _(nb):
    nb.claims(
        "when_to_choose.serving",
        "when_to_choose.serving_library",
        "supervision.detection_in_a_call",
        "supervision.detection_time",
        "supervision.restart",
        "supervision.repeated_by_default",
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
        "supervision.second_death",
        "supervision.caller_of_a_dead_actor",
        "control_plane.after_a_timeout",
        "control_plane.cancel_running_call",
        "control_plane.back_pressure",
        "actor_abstraction.async_methods",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Exercises

    **1. Without an engine: the choice.** Write `choose`. `load` has the number of open requests of each replica, `healthy` the
    numbers of those that may be used, and `tried` those that this request has already been sent to. Return the healthy
    replica with the fewest open requests that was not tried; if all were tried, the healthy one with the fewest; if none is
    healthy, `None`.
    """)
    return


@app.cell
def _(nb):
    choosing = nb.Exercise(
        task="Choose a replica.",
        engine="python",
        start="""def choose(load, healthy, tried):
    return 0


print("fewest:", choose([3, 1, 2], {0, 1, 2}, set()))
print("not again:", choose([3, 1, 2], {0, 1, 2}, {1}))
print("left out:", choose([3, 1, 2], {0, 2}, {2}))
print("all tried:", choose([3, 1, 2], {0, 2}, {0, 2}))
print("none:", choose([3, 1, 2], set(), set()))
""",
        needs=[
            nb.ends_well(),
            nb.prints("^fewest: 1$"),
            nb.prints("^not again: 2$"),
            nb.prints("^left out: 0$"),
            nb.prints("^all tried: 2$"),
            nb.prints("^none: None$"),
        ],
    )
    answer_1 = nb.exercise_editor(choosing)
    answer_1
    return answer_1, choosing


@app.cell
def _(answer_1, choosing, nb):
    nb.check(choosing, answer_1)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            `min(numbers, key=...)` returns the number with the smallest key. `healthy - tried or healthy` are the candidates.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    **2. Monarch: answer although a replica stands still.** One of two replicas is stopped before the first request, and the
    program below asks only that one. Give each attempt a deadline of 2 seconds. After it, repeat the request at the other
    replica, and leave the late one out for the requests that follow. Count the repeats: one is enough for three requests.
    """)
    return


@app.cell
def _(nb):
    standing_still = nb.Exercise(
        task="Answer although a replica stands still, on Monarch.",
        engine="monarch",
        start="""import os
import signal

from monarch.actor import Actor, endpoint, shutdown_context, this_host


class Replica(Actor):
    @endpoint
    def process(self) -> int:
        return os.getpid()

    @endpoint
    def square(self, number: int) -> int:
        return number * number


if __name__ == "__main__":
    replicas = [this_host().spawn_procs().spawn(f"replica{number}", Replica) for number in range(2)]
    stopped, _ = [replica.process.call_one().get(30) for replica in replicas]
    os.kill(stopped, signal.SIGSTOP)
    repeated = 0
    try:
        for number in range(3):
            answer = replicas[0].square.call_one(number).get(30)
            print(f"answer {answer}")
        print(f"{repeated} repeated")
    finally:
        os.kill(stopped, signal.SIGCONT)
    shutdown_context().get(30)
""",
        needs=[
            nb.uses("SIGSTOP", "square", text="still stops the replica"),
            nb.ends_well(),
            nb.prints("^answer 0$"),
            nb.prints("^answer 1$"),
            nb.prints("^answer 4$"),
            nb.prints("^1 repeated$", "prints `1 repeated`"),
        ],
    )
    answer_2 = nb.exercise_editor(standing_still)
    answer_2
    return answer_2, standing_still


@app.cell
def _(answer_2, nb, standing_still):
    nb.check(standing_still, answer_2)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.accordion(
        {
            "Hint": mo.md("""
            `.get(2)` raises `TimeoutError` when the answer has not come within 2 seconds. Keep a list of healthy replicas, and
            remove the late one from it. The call that was given up still runs later, when the replica goes on:
            `square` is idempotent, so that does no harm.
            """)
        }
    )
    return


@app.cell(hide_code=True)
def _(nb):
    nb.further(
        (
            "The pattern",
            "src/monarch_vs_ray/patterns/replicated_service/README.md",
            "the three programs, their traps and settings",
        ),
        (
            "Serving in the comparison",
            "docs/monarch-vs-ray-analysis.md#serving-data-training-libraries",
            "the libraries around each engine",
        ),
        ("mvr pattern replicated_service", "", "the three programs under their fault plan"),
        ("03 Fault tolerance", "notebooks/03_fault_tolerance.py", "who learns of a death, and how soon"),
        ("07 Weight sync", "notebooks/07_rdma_weight_sync.py", "how the generators get new weights"),
    )
    return


if __name__ == "__main__":
    app.run()
