"""Draw pictures that follow sliders: a message to all, a part of a mesh, a reorder buffer."""

from __future__ import annotations

from collections.abc import Iterable

import altair as alt
import marimo as mo

from monarch_vs_ray.notebook import page
from monarch_vs_ray.notebook.models import (
    Buffer,
    Part,
    arrivals,
    broadcast_parents,
    held_up,
    hops,
)
from monarch_vs_ray.notebook.show import QUIET

REACHED, STOPPED, HELD, TAKEN, OTHER = "#15803d", "#dc2626", "#b45309", "#2563eb", "#64748b"
MONARCH = "Monarch: down a tree"
RAY = "Ray: a call to each"


def broadcast_tree(actors: int, fan_out: int, stopped: int) -> mo.Html:
    """Draw the way of a message to all, and whom a stopped process holds up.

    Args:
        actors: The number of actors in a row.
        fan_out: The most actors that one sends to, on Monarch.
        stopped: The actor whose process is stopped; negative for none.
    """
    tree = broadcast_parents(actors, fan_out)
    flat: list[int | None] = [None] * actors
    columns = []
    for name, parents in ((MONARCH, tree), (RAY, flat)):
        late = held_up(parents, stopped) if 0 <= stopped < actors else []
        told = f"{_way(parents)} Held up: {_listed(late)}."
        chart = mo.as_html(_tree_chart(parents, late, stopped)).text
        columns.append(page.name(name) + chart + page.quiet(told))
    colors = {"caller": TAKEN, "reached": REACHED, "stopped": STOPPED, "held up": HELD}
    legend = page.legend(colors)
    rule = (
        "Drawn from the rule, not from a run. With 8 actors it gives what the runs for the claims "
        "topology_meshes.broadcast, fan_out and stopped_process observed."
    )
    return page.html(page.grid(columns), legend, page.quiet(rule))


def _way(parents: list[int | None]) -> str:
    roots = parents.count(None)
    if roots == len(parents) > 1:
        return f"The caller sends {roots} messages; each goes straight to its actor."
    return f"The caller sends 1 message; the longest way from the first actor has {max(hops(parents))} hops."


def _listed(numbers: Iterable[int]) -> str:
    found = list(numbers)
    if not found:
        return "nobody"
    first, last = found[0], found[-1]
    if len(found) > 2 and last - first + 1 == len(found):
        return f"{first} to {last}"
    return ", ".join(map(str, found))


def _tree_chart(parents: list[int | None], late: list[int], stopped: int) -> alt.LayerChart:
    depth = hops(parents)
    nodes: list[dict[str, object]] = [
        {"x": (len(parents) - 1) / 2, "y": 1, "name": "caller", "state": "caller"}
    ]
    edges = []
    for actor, parent in enumerate(parents):
        state = "stopped" if actor == stopped else "held up" if actor in late else "reached"
        nodes.append({"x": actor, "y": -depth[actor], "name": f"{actor}", "state": state})
        x, y = (nodes[0]["x"], 1) if parent is None else (parent, -depth[parent])
        edges.append({"x": x, "y": y, "x2": actor, "y2": -depth[actor]})
    across = alt.Scale(domain=[-0.5, len(parents) - 0.5])
    down = alt.Scale(domain=[-max(depth) - 0.4, 1.4])
    x_, y_ = alt.X("x:Q", axis=None, scale=across), alt.Y("y:Q", axis=None, scale=down)
    lines = alt.Chart(alt.Data(values=edges)).mark_rule(color=OTHER).encode(x=x_, y=y_, x2="x2:Q", y2="y2:Q")
    base = alt.Chart(alt.Data(values=nodes)).encode(x=x_, y=y_, tooltip=["name:N", "state:N"])
    states = {"caller": TAKEN, "reached": REACHED, "stopped": STOPPED, "held up": HELD}
    shapes = ["square", "circle", "diamond", "square"]
    few = len(parents) <= 16
    points = base.mark_point(filled=True, size=330 if few else 60, opacity=1).encode(
        color=_color("state:N", states),
        shape=alt.Shape("state:N", scale=alt.Scale(domain=list(states), range=shapes), legend=None),
    )
    layers = lines + points
    if few:
        numbered = base.transform_filter("datum.state != 'caller'")
        layers += numbered.mark_text(fontSize=11, color="white", fontWeight="bold").encode(text="name:N")
    return finished(layers, 60 + 34 * (max(depth) + 2), "The way of a message from the caller to all actors")


def mesh_part(hosts: int, gpus: int, host_range: Iterable[int], gpu_range: Iterable[int]) -> mo.Html:
    """Draw a mesh of hosts and GPUs and a part of it, with the lines of code that take the part.

    Args:
        hosts: The number of hosts.
        gpus: The number of processes for each host.
        host_range: The first and the last host of the part.
        gpu_range: The first and the last process of the part.
    """
    ends = [
        (min(int(first), size - 1), min(int(last), size - 1))
        for (first, last), size in ((tuple(host_range), hosts), (tuple(gpu_range), gpus))
    ]
    part = Part((("hosts", hosts, *ends[0]), ("gpus", gpus, *ends[1])))
    taken = part.ranks
    cells = [
        {"host": rank // gpus, "gpu": rank % gpus, "rank": f"{rank}", "part": rank in taken}
        for rank in range(hosts * gpus)
    ]
    base = alt.Chart(alt.Data(values=cells)).encode(
        x=alt.X("gpu:O", title="gpus", axis=alt.Axis(labelAngle=0)), y=alt.Y("host:O", title="hosts")
    )
    colors = alt.Scale(domain=[True, False], range=[TAKEN, OTHER])
    boxes = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.Color("part:N", scale=colors, legend=None),
        opacity=alt.condition("datum.part", alt.value(1.0), alt.value(0.7)),
    )
    ranks = base.mark_text(fontSize=13, color="white").encode(text="rank:N")
    shape = " x ".join(f"{name} {size}" for name, size in part.shape.items()) or "one actor"
    monarch = page.name("Monarch") + page.block(
        [f"part = {part.call()}", f"# {shape}", "part.step.call().get()"]
    )
    ray = page.name("Ray") + page.block(
        [f"part = [actors[rank] for rank in {taken}]", "ray.get([actor.step.remote() for actor in part])"]
    )
    chart = mo.as_html(finished(boxes + ranks, 40 + 44 * hosts, f"A mesh; taken are the ranks {taken}")).text
    return page.html(chart, page.grid([monarch, ray]))


def ordering_buffer(messages: int, late: int, by: int, arrived: int) -> mo.Html:
    """Draw a receiver's buffer while messages of one sender arrive, one of them late.

    Args:
        messages: The number of messages.
        late: The message that is late.
        by: The number of messages that overtake it.
        arrived: The number of messages that have arrived.
    """
    order = arrivals(messages, late, by)
    buffer = Buffer()
    for number in order[:arrived]:
        buffer.take(number)
    rows = [
        ("1 on the way", order[arrived:]),
        ("2 in the buffer", buffer.waiting),
        ("3 ran, in order", buffer.ran),
        ("4 ran, order off", order[:arrived]),
    ]
    points = [
        {"row": row, "x": at, "number": f"{number}", "late": number == late}
        for row, numbers in rows
        for at, number in enumerate(numbers)
    ]
    base = alt.Chart(alt.Data(values=points)).encode(
        x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-0.7, messages - 0.3])),
        y=alt.Y("row:N", title=None, sort=None, scale=alt.Scale(domain=[row for row, _ in rows])),
    )
    boxes = base.mark_square(size=520, opacity=1).encode(
        color=alt.Color("late:N", scale=alt.Scale(domain=[True, False], range=[HELD, TAKEN]), legend=None)
    )
    numbers_ = base.mark_text(color="white", fontSize=12).encode(text="number:N")
    told = (
        f"{arrived} of {messages} arrived, {len(buffer.waiting)} wait in the buffer. "
        f"With the order switched off, {len(order[:arrived])} ran, as they came."
    )
    return page.html(
        mo.as_html(finished(boxes + numbers_, 190, "Messages on the way, in the buffer, and run")).text,
        page.legend({f"message {late}, which is late": HELD, "the others": TAKEN}),
        page.quiet(told + " Drawn from the rule that message_ordering.implementation tests, not from a run."),
    )


def _color(field: str, colors: dict[str, str]) -> alt.Color:
    return alt.Color(field, scale=alt.Scale(domain=list(colors), range=list(colors.values())), legend=None)


def finished(chart: alt.LayerChart, height: int, description: str = "") -> alt.LayerChart:
    """Return a chart that fits its page: of its width, without a menu, transparent.

    Args:
        chart: The chart.
        height: Its height in pixels.
        description: A text for readers who do not see it.
    """
    done: alt.LayerChart = (
        chart.properties(
            width="container",
            height=height,
            usermeta=QUIET,
            background="transparent",
            description=description,
        )
        .configure_view(stroke=None)
        .configure_axis(gridOpacity=0.2)
    )
    return done
