"""Draw pictures that follow sliders: an RL loop, a service with a stalled replica, a pull during writes."""

from __future__ import annotations

import altair as alt
import marimo as mo

from monarch_vs_ray.notebook import page
from monarch_vs_ray.notebook.interactive import finished
from monarch_vs_ray.notebook.loops import Loop, Pull, Router, percentile, service, slow_share

STEPS = 12
"""Steps of the trainer that are drawn."""
MANY = 200
"""Steps over which rates and ages are averaged."""
BOUNDS = range(6)
TRAINER = "trainer: a step"
AGES = {TRAINER: "#2563eb", "age 0": "#15803d", "age 1": "#d97706", "age 2 and more": "#dc2626"}
GREY = "#94a3b8"
VERSIONS = ["#94a3b8", "#2563eb", "#d97706", "#7c3aed", "#15803d", "#dc2626"]


def rl_loop(staleness: int, longer: float, rollout: float, step: float) -> mo.Html:
    """Draw two generators and a trainer over time, by the rule of the pattern async_rl.

    Args:
        staleness: The bound on the age of a rollout, in steps; 0 is the synchronous loop.
        longer: One rollout in five takes this many times as long.
        rollout: The seconds of the other rollouts.
        step: The seconds of a training step.
    """
    loop = Loop(staleness, rollout, longer, step)
    drawn = Loop(staleness, rollout, longer, step).run(STEPS)
    loop.run(MANY)
    bars = [
        {
            "actor": span.actor,
            "begin": span.begin,
            "end": span.end,
            "kind": TRAINER if span.age is None else _age(span.age),
        }
        for span in drawn.spans
    ]
    chart = (
        alt.Chart(alt.Data(values=bars))
        .mark_bar(height=20, stroke="white", strokeWidth=1)
        .encode(
            x=alt.X("begin:Q", title="seconds"),
            x2="end:Q",
            y=alt.Y("actor:N", title=None, sort=["generator 0", "generator 1", "trainer"]),
            color=alt.Color(
                "kind:N", scale=alt.Scale(domain=list(AGES), range=list(AGES.values())), legend=None
            ),
            tooltip=["actor:N", "kind:N", alt.Tooltip("begin:Q", format=".2f")],
        )
    )
    told = (
        f"Over {MANY} steps: {loop.steps_a_second:.2f} steps a second, the trainer waits "
        f"{loop.trainer_waits:.0%} of the time, mean age {loop.mean_age:.1f}, greatest age {max(loop.ages)}."
    )
    rule = "Drawn from the rule of the programs below, not from a run. A gap in a row is waiting."
    return page.html(
        mo.as_html(finished(alt.layer(chart), 140)).text,
        page.legend(AGES),
        f"<p><b>{page.text(told)}</b></p>",
        page.quiet(rule),
    )


def _age(age: int) -> str:
    return f"age {age}" if age < 2 else "age 2 and more"


def staleness_curve(chosen: int, longer: float, rollout: float, step: float) -> mo.Html:
    """Draw the steps a second and the mean age for each bound on the age.

    Args:
        chosen: The bound that is marked.
        longer: As in ``rl_loop``.
        rollout: As in ``rl_loop``.
        step: As in ``rl_loop``.
    """
    points = []
    for bound in BOUNDS:
        loop = Loop(bound, rollout, longer, step).run(MANY)
        points.append(
            {
                "bound": bound,
                "rate": loop.steps_a_second,
                "age": loop.mean_age,
                "state": "chosen" if bound == chosen else "other",
            }
        )
    colors = alt.Scale(domain=["chosen", "other"], range=["#dc2626", GREY])
    charts = []
    for field, title in (("rate", "steps a second"), ("age", "mean age, in steps")):
        base = alt.Chart(alt.Data(values=points)).encode(
            x=alt.X("bound:O", title="bound on the age, in steps", axis=alt.Axis(labelAngle=0)),
            y=alt.Y(f"{field}:Q", title=title, scale=alt.Scale(zero=True)),
        )
        line = base.mark_line(color=GREY)
        dots = base.mark_point(filled=True, size=110, opacity=1).encode(
            color=alt.Color("state:N", scale=colors, legend=None),
            tooltip=["bound:O", alt.Tooltip(f"{field}:Q", format=".2f")],
        )
        charts.append(mo.as_html(finished(line + dots, 170)).text)
    return page.html(page.grid(charts), page.quiet("From the same rule, over 200 steps for each bound."))


def stalled_replica(fewest: bool, deadline: float, leave_out: bool, stall: float) -> mo.Html:
    """Draw the latency of each request while one of three replicas stands still.

    Args:
        fewest: Whether a request goes to the replica with the fewest open requests; else to a random one.
        deadline: The seconds until an attempt is repeated elsewhere; 0 for none.
        leave_out: Whether a late replica gets no requests until it answers.
        stall: The seconds that the replica stands still.
    """
    requests = service(Router(fewest, deadline, leave_out), stall)
    points = [
        {
            "sent": request.sent,
            "ms": request.latency * 1000,
            "attempts": "1" if request.attempts == 1 else "2 and more",
        }
        for request in requests
    ]
    colors = {"1": "#2563eb", "2 and more": "#d97706"}
    dots = (
        alt.Chart(alt.Data(values=points))
        .mark_circle(size=36, opacity=0.8)
        .encode(
            x=alt.X("sent:Q", title="sent, in seconds"),
            y=alt.Y("ms:Q", title="latency, ms", scale=alt.Scale(domain=[0, max(600, 1000 * stall)])),
            color=alt.Color(
                "attempts:N", scale=alt.Scale(domain=list(colors), range=list(colors.values())), legend=None
            ),
            tooltip=[alt.Tooltip("sent:Q", format=".2f"), alt.Tooltip("ms:Q", format=".0f"), "attempts:N"],
        )
    )
    shade = (
        alt.Chart(alt.Data(values=[{"begin": 1, "end": 1 + stall}]))
        .mark_rect(color=GREY, opacity=0.25)
        .encode(x="begin:Q", x2="end:Q")
    )
    latencies = [request.latency for request in requests]
    late = sum(latency > 0.1 for latency in latencies)
    told = (
        f"{late} of {len(requests)} requests took more than 100 ms. p50 {_ms(percentile(latencies, 0.5))}, "
        f"p99 {_ms(percentile(latencies, 0.99))}, the latest {_ms(max(latencies))}."
    )
    rule = (
        "Drawn from the rule of the router, not from a run: 50 requests a second of 20 ms each. The replica "
        "stands still in the grey time. No replica is killed here."
    )
    return page.html(
        mo.as_html(finished(shade + dots, 220)).text,
        page.legend({f"attempts: {name}": color for name, color in colors.items()}),
        f"<p><b>{page.text(told)}</b></p>",
        page.quiet(rule),
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def tail_at_scale(servers: int, slow: float) -> mo.Html:
    """Draw the share of slow requests against the number of servers that each of them needs.

    Args:
        servers: The number that is marked.
        slow: The share of slow answers of one server.
    """
    points = [{"servers": each, "share": slow_share(each, slow)} for each in range(1, 201)]
    here = [{"servers": servers, "share": slow_share(servers, slow)}]
    x = alt.X("servers:Q", title="servers that a request needs")
    y = alt.Y("share:Q", title="slow requests", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    line = alt.Chart(alt.Data(values=points)).mark_line(color=GREY).encode(x=x, y=y)
    dot = alt.Chart(alt.Data(values=here)).mark_point(filled=True, size=140, color="#dc2626", opacity=1)
    told = f"{slow:.1%} of the answers of a server are slow: so are {here[0]['share']:.0%} of the requests."
    return page.html(
        mo.as_html(finished(line + dot.encode(x=x, y=y), 170)).text,
        f"<p><b>{page.text(told)}</b></p>",
        page.quiet("Calculated: 1 - (1 - share)^servers, if the servers are slow independently."),
    )


def pull_during_writes(every: float, write: float, begin: float, length: float) -> mo.Html:
    """Draw a pull through a buffer, and the writes that it meets, in time and place.

    Args:
        every: The milliseconds from one write to the next.
        write: The milliseconds of a write.
        begin: The begin of the pull, in milliseconds.
        length: The milliseconds of the pull.
    """
    pull = Pull(every, min(write, every), begin, length)
    ends = max(pull.begin + pull.length, 40.0)
    writes = []
    for number in range(int(ends // pull.every) + 1):
        begin = number * pull.every
        writes.append({"t": begin, "t2": begin + pull.write, "y": 0, "y2": 1, "version": number + 1})
    places = [
        {"t": pull.begin + pull.length * at / 99, "y": at / 99, "version": str(version % len(VERSIONS))}
        for at, version in enumerate(pull.versions(100))
    ]
    time = alt.Scale(domain=[0, ends], nice=False)
    x = alt.X("t:Q", title="milliseconds", scale=time)
    y = alt.Y("y:Q", title="place in the buffer", scale=alt.Scale(domain=[0, 1]))
    lines = alt.Chart(alt.Data(values=writes)).mark_rule(color=GREY, strokeWidth=2, clip=True)
    names = alt.Chart(alt.Data(values=writes)).mark_text(
        align="left", dx=9, dy=-9, color="#94a3b8", fontSize=13, fontWeight="bold", clip=True
    )
    colors = alt.Scale(domain=[str(each) for each in range(len(VERSIONS))], range=VERSIONS)
    dots = alt.Chart(alt.Data(values=places)).mark_circle(size=60, opacity=1)
    chart = (
        lines.encode(x=x, x2="t2:Q", y=y, y2="y2:Q")
        + names.encode(x=x, y=y, text="version:N")
        + dots.encode(x=x, y=y, color=alt.Color("version:N", scale=colors, legend=None))
    )
    found = sorted(set(pull.versions()))
    told = (
        f"The pull is whole: version {found[0]}."
        if pull.whole
        else f"The pull is torn: it holds parts of the versions {', '.join(map(str, found))}."
    )
    return page.html(
        mo.as_html(finished(chart, 230)).text,
        f"<p><b>{page.text(told)}</b></p>",
        page.quiet(
            "Drawn from a rule, not from a run: both sides go through the buffer from its begin to its end. "
            "A grey line is a write; the dots are the pull, and their colour is the version that it finds."
        ),
    )
