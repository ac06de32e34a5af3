"""Topology and meshes: the inputs that both sides get, and what both must observe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from monarch_vs_ray.core.concept import Concept, Row, Seen
from monarch_vs_ray.engines.stopping import stopped as stopped

HOSTS = 2
PROCS = 4
ACTORS = HOSTS * PROCS
"""Two hosts of rack a, with four processes each; a third host stands in rack b."""
TP = 2
"""The four processes of a host are regrouped as two times two."""

NUMBERS = list(range(16))
"""Work to be shared among the actors."""

VICTIMS = (0, 1, 4, 5)
"""The actors whose processes are stopped, one after the other: the first two of each host."""
SMALL_FANOUT = 2
QUIET = 1.0
"""Seconds without an answer after which an actor counts as held up; an answer takes milliseconds."""
PATIENCE = 60.0
"""Seconds to wait for what must come: when it has come, nobody waits any longer."""

WARM_UP = 20
CALLS = 100


def _pieces(monarch: Seen, ray: Seen) -> str:
    return (
        f"{ACTORS} actors on {HOSTS} hosts: Monarch's caller held {monarch['held']}, Ray's {ray['held']};"
        f" the replies came as {monarch['replies_as']} and as {ray['replies_as']}."
    )


def _regrouped(monarch: Seen, ray: Seen) -> str:
    kept = [name for name, seen in (("Monarch", monarch), ("Ray", ray)) if seen["same_pids"]]
    if len(kept) == 2:
        return (
            "Regrouping moved no actor to another process: Monarch re-labelled its mesh,"
            " Ray's caller re-arranged its handles."
        )
    return f"Regrouping left the actors in their processes on {' and '.join(kept) or 'neither engine'} only."


def _tree(monarch: Seen, ray: Seen) -> str:
    whole, flat, small, handles = (
        _late(seen[key])
        for seen, key in (
            (monarch, "held_up"),
            (monarch, "held_up_flat"),
            (monarch, "held_up_fanout"),
            (ray, "held_up"),
        )
    )
    return (
        f"With the process of actor 4 stopped, a call of all got no answer from {whole['4']} on Monarch"
        f" ({flat['4']} once the mesh was flattened) and from {handles['4']} on Ray; with that of actor 1,"
        f" from {whole['1']} on Monarch ({small['1']} with a fan-out of {SMALL_FANOUT}) and"
        f" {handles['1']} on Ray."
    )


def _late(observed: object) -> Mapping[str, str]:
    if not isinstance(observed, dict):
        raise TypeError(observed)
    return observed


CONCEPT = Concept(
    number=2,
    name="topology_meshes",
    title="Topology and meshes",
    question="What shape has a group of actors, who decides where it lands, and who waits for whom?",
    watch=(
        "Monarch's group is one object with named dimensions; Ray's is what the caller makes of its handles.",
        "On Ray a scheduler places the actors, and says what cannot be placed; on Monarch the caller does.",
        "New actors on a slice: Monarch puts them into processes that run, Ray starts one for each.",
        "One process is stopped: on Monarch those below it in the broadcast tree wait too, on Ray it alone.",
        "The tree follows the shape of the mesh: flattened, the same actors depend on nobody.",
    ),
    rows=(
        Row(key="held", label="What the caller holds"),
        Row(key="per_host", label="Actors on each host", want=[PROCS] * HOSTS),
        Row(key="processes", label="Processes they run in", want=ACTORS),
        Row(key="place", label="How the last actor knows its place"),
        Row(key="replies_as", label="Replies of all actors come as"),
        Row(key="one_host", label="Replies of the second host alone", want=list(range(PROCS, ACTORS))),
        Row(key="column", label="Calling process 1 of every host reaches", want=[1, 1 + PROCS]),
        Row(key="regrouped", label="... and, of 2 x 2 per host, every second", want=[1, 3, 5, 7]),
        Row(key="same_pids", label="The regrouped actors run where they ran", want=True),
        Row(key="renamed", described=("ray",), label="Giving the dimensions other names"),
        Row(key="flattened", label="All in one dimension", want=list(range(ACTORS))),
        Row(key="flattened_slice", label="Every second actor in one dimension"),
        Row(key="table", label="The group as a table"),
        Row(key="beside", label="More actors beside 1 and 5: their hosts", want=[0, 1]),
        Row(key="beside_processes", label="... and the processes started for them"),
        Row(key="squares", label="Work shared by all", want=[number**2 for number in NUMBERS]),
        Row(key="fan_out", label=f"Call of all {ACTORS}, median of {CALLS} (indicative)", unit="us"),
        Row(key="held_up", label="Stopped process: actors without an answer"),
        Row(key="held_up_flat", described=("ray",), label="... with the group as one flat row"),
        Row(key="held_up_fanout", described=("ray",), label=f"... with the fan-out set to {SMALL_FANOUT}"),
        Row(key="gather", label="Asking for all replies while one is stopped"),
        Row(key="lost", label="Messages lost by stopping and going on", want=0),
        Row(key="landed", label="Where two more pieces landed"),
        Row(key="too_large", described=("monarch",), label="More than the hosts have"),
        Row(key="racks", label="Staying within one rack"),
    ),
    deadline=120.0,
    closing=(
        _pieces,
        _regrouped,
        (
            "Two more actors, beside two others, took {monarch[beside_processes]} new processes on Monarch"
            " and {ray[beside_processes]} on Ray."
        ),
        _tree,
        (
            "Stopped is not lost: once the processes went on, {monarch[lost]} messages were missing on"
            " Monarch and {ray[lost]} on Ray."
        ),
        (
            "Two more pieces landed, on Monarch, {monarch[landed]}; on Ray, {ray[landed]}. Asked for more"
            " than there is, Monarch: {monarch[too_large]}; Ray: {ray[too_large]}."
        ),
    ),
)


def places(parents: Sequence[int]) -> list[int]:
    """For each actor the number of its host, hosts being numbered as they first appear."""
    order = list(dict.fromkeys(parents))
    return [order.index(parent) for parent in parents]


def per_host(parents: Sequence[int]) -> list[int]:
    """How many actors each host has: the process that started an actor's own stands for its host."""
    return [places(parents).count(host) for host in range(len(set(parents)))]


def shape(sizes: Mapping[str, int]) -> str:
    """Named dimensions in words."""
    return " x ".join(f"{name} {size}" for name, size in sizes.items())


def held_up(by_victim: Mapping[int, Iterable[int]]) -> dict[str, str]:
    """Who got no answer, for each stopped actor: ``{"4": "4-7"}``."""
    return {str(victim): _ranges(sorted(late)) for victim, late in by_victim.items()}


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers in ascending order, neighbours drawn together."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return "+".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts) or "none"


def refusal(call: Callable[[], object]) -> str:
    """What a call that may be refused came to: its answer, or the beginning of its error."""
    try:
        return str(call())
    except Exception as error:
        said = str(error).partition(":")[0]
        return f"{type(error).__name__}: {said}" if said else type(error).__name__


def median_microseconds(call: Callable[[], object]) -> int:
    """How long one of CALLS calls took, after WARM_UP others."""
    for _ in range(WARM_UP):
        call()
    samples = []
    for _ in range(CALLS):
        began = time.perf_counter_ns()
        call()
        samples.append((time.perf_counter_ns() - began) / 1e3)
    return round(median(samples))
