"""A model of how fan-out grows with the number of processes; a prediction, never a measurement.

``seconds = call + per_hop * (depth - 1) + per_process * (n - 1)``: ``depth`` is that of the engine's tree, 1
for a caller that sends to each. All processes of one machine share its cores; ``per_process`` is mostly
their work. On machines of their own they work at once, and only what the caller itself does for each answer
grows with n: ``fan_out_caller`` measures that as processor time. A prediction is made of this part alone.
"""

from __future__ import annotations

import json
import statistics as standard
from collections.abc import Sequence
from typing import Any

import msgspec

from monarch_vs_ray.bench import cast_figures, statistics, units
from monarch_vs_ray.bench.analysis import by_row, medians
from monarch_vs_ray.bench.catalogue import Row, workloads
from monarch_vs_ray.bench.statistics import Estimate
from monarch_vs_ray.bench.store import Measured
from monarch_vs_ray.core.errors import ExitCode, UserError
from monarch_vs_ray.core.output import say

FAN_OUT = {"monarch": 16, "ray": 0}
"""Children of a process in the tree (HYPERACTOR_MESH_MAX_CAST_FANOUT); 0: the caller sends to each."""
ASKED = (64, 256, 1_024, 4_096, 16_384)
ASSUMPTIONS = (
    "Each process has a core of its own, and the network takes no longer than this machine's sockets.",
    "A hop costs half of one call; the caller's work for each answer stays what it is here.",
    "Nothing fails, nothing is lost, and no limit of descriptors, memory or the control plane is met.",
    "The caller's work was measured at the sizes of this file; all beyond is extrapolated.",
    "Star, chain and tree: sending a message costs as much as receiving one.",
)


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: of a call of one process, of each further level, and of each further process."""

    call: float
    per_hop: float
    per_process: float
    fan_out: int

    def seconds(self, n: int) -> float:
        """Return what a fan-out over ``n`` processes takes."""
        return self.call + self.per_hop * (depth(n, self.fan_out) - 1) + self.per_process * (n - 1)


def depth(n: int, fan_out: int) -> int:
    """Return the levels of a tree below the caller with ``n`` processes; 1 for a star.

    Args:
        n: Processes, at least 1.
        fan_out: Children of each; 0 for a star, 1 for a chain.
    """
    if fan_out < 1:
        return 1
    levels, reached, width = 0, 0, 1
    while reached < n:
        width *= fan_out
        reached += width
        levels += 1
    return levels


def fit(seconds: dict[int, float], fan_out: int) -> Model:
    """Fit the model to seconds by number of processes, with errors in shares of them."""
    columns = [(1.0, float(depth(n, fan_out) - 1), float(n - 1)) for n in seconds]
    if not any(row[1] for row in columns):
        columns = [(one, 0.0, many) for one, _, many in columns]
    call, per_hop, per_process = statistics.fit(columns, list(seconds.values()))
    return Model(call=call, per_hop=per_hop, per_process=per_process, fan_out=fan_out)


def held_out(seconds: dict[int, float], fan_out: int) -> dict[int, float]:
    """Return for each size but the smallest the error of a fit to the others, as a share of its seconds."""
    sizes = sorted(seconds)
    errors = {}
    for size in sizes[1:]:
        model = fit({each: seconds[each] for each in sizes if each != size}, fan_out)
        errors[size] = model.seconds(size) / seconds[size] - 1
    return errors


def forms(call: float, message: float, n: int) -> dict[str, float]:
    """Return what the three forms of a fan-out take; in each, ``n`` answers come back to the caller.

    Args:
        call: Seconds of one call.
        message: Seconds that a process works for one message that it sends or receives.
        n: Processes, at least 1.
    """
    children = FAN_OUT["monarch"]
    hop, answers = call / 2, message * n
    return {
        "star": call + message * n + answers,
        "chain": (hop + message) * n + hop + answers,
        "tree": (hop + message * min(n, children)) * depth(n, children) + hop + answers,
    }


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Errors of the model's form at times that others published, as shares of them.

    ``worst`` is the largest error at a size of the fit; ``beyond`` is the error at the largest size of a fit
    without it.
    """

    sizes: tuple[int, ...]
    worst: float
    beyond: float
    per_hop: float
    source: str


def published_shape() -> Shape:
    """Fit the form of the model to Monarch's own published times of a cast; see ``bench.cast_figures``."""
    seconds, fan_out = cast_figures.SECONDS, FAN_OUT["monarch"]
    model = fit(seconds, fan_out)
    worst = max((model.seconds(n) / taken - 1 for n, taken in seconds.items()), key=abs)
    return Shape(
        sizes=tuple(seconds),
        worst=worst,
        beyond=held_out(seconds, fan_out)[max(seconds)],
        per_hop=model.per_hop,
        source=cast_figures.SOURCE,
    )


def shape_sentences() -> str:
    """Return ``published_shape`` as sentences."""
    shape = published_shape()
    low, high = min(shape.sizes), max(shape.sizes)
    return (
        f"The same form, with 3 coefficients, was fitted to {len(shape.sizes)} times of a cast to {low:,} to"
        f" {high:,} actors that Monarch's developers measured on other machines ({shape.source}). It fits"
        f" within {abs(shape.worst):.0%}. Only the largest size has a further level, so the"
        f" {_level_cost(shape)} of a level rest on one time; a fit without that size is off by"
        f" {shape.beyond:+.0%} there. The interval of a prediction covers the spread between processes, not"
        " such an error."
    )


def _level_cost(shape: Shape) -> str:
    return units.seconds(shape.per_hop) if shape.per_hop else "0 s"


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """An engine's model, the levels of its tree that were measured, errors on held-out sizes, predictions."""

    model: Model
    levels: int
    errors: dict[int, float]
    caller: Estimate | None
    predictions: dict[int, Estimate]

    def forms(self, n: int) -> dict[str, float]:
        """Return what the three forms take with this engine's messages; empty if the caller was not measured.

        In a star the caller sends to each and hears from each; in a tree it only hears from each.
        """
        if self.caller is None:
            return {}
        return forms(self.model.call, self.caller.value / (1 if self.model.fan_out else 2), n)


def engines(measured: Measured) -> dict[str, Engine]:
    """Return a model for each engine whose fan-out was measured at three sizes or more."""
    taken = by_row(measured)
    found = {}
    for side in measured.manifest.sides:
        by_size = _by_size("fan_out", taken, side)
        if side not in FAN_OUT or len(by_size) < 3:
            continue
        typical = {size: standard.median(rounds.values()) for size, rounds in by_size.items()}
        caller = _slopes(_by_size("fan_out_caller", taken, side))
        calls = list(by_size[min(by_size)].values())
        found[side] = Engine(
            model=fit(typical, FAN_OUT[side]),
            levels=depth(max(typical), FAN_OUT[side]),
            errors=held_out(typical, FAN_OUT[side]),
            caller=statistics.typical(caller) if caller else None,
            predictions=_predictions(calls, caller, FAN_OUT[side]) if caller else {},
        )
    return found


def _by_size(workload: str, taken: Any, side: str) -> dict[int, dict[int, float]]:
    entry = workloads()[workload]
    sizes = (*entry.sizes, *entry.more_sizes)
    return {size: found for size in sizes if (found := medians(taken, Row(workload, size), side))}


def _slopes(by_size: dict[int, dict[int, float]]) -> list[float]:
    """Return the caller's processor time for each further process, one for each round; those above 0."""
    slopes = []
    for at in sorted({each for rounds in by_size.values() for each in rounds}):
        points = [(size, rounds[at]) for size, rounds in by_size.items() if at in rounds]
        if len(points) > 1:
            _, slope = statistics.fit(
                [(1.0, size - 1.0) for size, _ in points], [seconds for _, seconds in points]
            )
            slopes.append(slope)
    return [slope for slope in slopes if slope > 0]


def _predictions(calls: Sequence[float], caller: Sequence[float], fan_out: int) -> dict[int, Estimate]:
    """Return predictions for processes with cores of their own, from each round's call and slope."""
    return {
        n: statistics.typical(
            [
                call + call / 2 * (depth(n, fan_out) - 1) + slope * (n - 1)
                for call, slope in zip(calls, caller, strict=False)
            ]
        )
        for n in ASKED
    }


def forms_text(engine: Engine) -> str:
    """Return what the three forms take at the most processes: ``star: 2 s, chain: 9 s, tree: 1 s``."""
    taken = engine.forms(ASKED[-1])
    return ", ".join(f"{form}: {units.seconds(value)}" for form, value in taken.items())


def _level(engine: Engine) -> str:
    if not engine.model.fan_out:
        return ""
    if engine.levels > 1:
        return f"each further level of the tree {units.seconds(engine.model.per_hop)}, "
    return "further levels of the tree not measured, "


def show(measured: Measured, form: str = "") -> int:
    """Print the model of a measurement; return the exit code.

    Raises:
        UserError: If fan-out was not measured at three sizes.
    """
    found = engines(measured)
    if not found:
        raise UserError("No fan-out at three sizes or more is in this file; run `mvr bench fan_out`.")
    if form == "json":
        shown = {
            "assumptions": ASSUMPTIONS,
            "engines": msgspec.to_builtins(found),
            "published_shape": msgspec.to_builtins(published_shape()),
        }
        say(json.dumps(shown, indent=1))
        return ExitCode.FINE
    for name, engine in found.items():
        model = engine.model
        say(
            f"{name}, fitted: a call {units.seconds(model.call)}, {_level(engine)}"
            f"each further process on this machine {units.seconds(model.per_process)}"
        )
        errors = ", ".join(f"{size}: {error:+.0%}" for size, error in engine.errors.items())
        say(f"  error on sizes held out: {errors}")
        if engine.caller is None:
            say("  no prediction: the caller's own cost is missing; run `mvr bench fan_out fan_out_caller`")
            continue
        say(f"  the caller's work for each answer: {units.seconds(engine.caller.value)}")
        for n, estimate in engine.predictions.items():
            say(
                f"  predicted for {n:6} processes: {units.seconds(estimate.value)}"
                f" [{units.seconds(estimate.low)}, {units.seconds(estimate.high)}], n = {estimate.n}"
            )
        say(f"  to {ASKED[-1]:,} processes, at this cost per message: {forms_text(engine)}")
    if "monarch" in found:
        say(shape_sentences())
    say("A prediction, not a measurement. It assumes:", *("  " + each for each in ASSUMPTIONS))
    return ExitCode.FINE
