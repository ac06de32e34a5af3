"""Actor abstraction: the inputs that both sides get, and what both must observe."""

from __future__ import annotations

import time
from collections.abc import Callable

from monarch_vs_ray.core.concept import Concept, Row

ACTORS = 2
GREETING = "pong"
CALLER = "hello"

GUESTS = 4
"""How many calls are made on one actor at once, to see how many of them it serves at a time."""
PATIENCE = 10.0
"""Seconds to wait for what must come: when it has come, nobody waits any longer."""
SHORT_PATIENCE = 0.05
"""Seconds inside an actor: enough for the calls already sent to slip in, if the engine let them."""

WARM_UP = 50
PINGS = 200

CONCEPT = Concept(
    number=1,
    name="actor_abstraction",
    title="Actor abstraction",
    question="How does a plain Python class become an actor, and what can its caller see of it?",
    watch=(
        "One call on Monarch addresses every actor of the mesh; on Ray the caller keeps a list of handles.",
        "One ValueError: Monarch's caller catches an ActorError, Ray's a RayTaskError that is a ValueError.",
        "After the error both actors live on, with their state.",
        "Neither `spawn` nor `.remote()` waits for the constructor: its error waits for the first call.",
        "An async method without further options: Monarch takes one call at a time, Ray takes them all.",
    ),
    rows=(
        Row(key="objects", label="Objects made on the way to the first call"),
        Row(key="processes", label="Processes: the caller's and the actors'", want=1 + ACTORS),
        Row(key="reply_one", label="Reply of one actor", want=f"{GREETING} {CALLER}"),
        Row(key="replies_all", label="Replies of all actors", want=[f"{GREETING} {CALLER}"] * ACTORS),
        Row(key="counts", label="Calls that each actor counted", want=[2, 1]),
        Row(key="undecorated", label="Calling a method that carries no decorator"),
        Row(key="underscore", label="Calling a method whose name begins with _"),
        Row(key="error_type", label="What the caller of a failing method catches"),
        Row(key="error_is_original", label="`except ValueError` catches it"),
        Row(key="error_original", label="The original error, as it arrives", want="ValueError: no ball"),
        Row(key="count_after_error", label="Calls counted, the failed one too", want=3),
        Row(key="reply_inherited", label="Reply of a subclass", want=f"{GREETING} {CALLER}!"),
        Row(key="subclassing", label="Subclassing the actor class itself"),
        Row(key="overlap_default", label="Calls inside one actor at once, by default", want=1),
        Row(key="overlap_asked", label="... when the actor asks for concurrency", want=GUESTS),
        Row(key="overlap_async", label="... when the method is async and asks for nothing"),
        Row(key="init_error_at", label="A constructor's error reaches the caller at", want="first call"),
        Row(key="init_error_type", label="What the caller then catches"),
        Row(key="call_latency", label=f"Call of one actor, median of {PINGS} (indicative)", unit="us"),
    ),
    deadline=60.0,
    closing=(
        (
            "On the way to the first call Monarch made {monarch[objects][0]}, {monarch[objects][1]} and"
            " {monarch[objects][2]}, Ray {ray[objects][0]}s: a mesh that is called as a whole, a handle"
            " for each actor."
        ),
        (
            "Calling a method that carries no decorator gave, on Monarch, {monarch[undecorated]}; on Ray"
            " it {ray[undecorated]}."
        ),
        (
            "The caller of a failing method caught {monarch[error_type]} on Monarch, {ray[error_type]} on"
            " Ray; the actors lived on and had counted {monarch[count_after_error]} and"
            " {ray[count_after_error]} calls."
        ),
        (
            "An async method that asked for nothing had {monarch[overlap_async]} of its calls inside at"
            " once on Monarch and {ray[overlap_async]} on Ray; with concurrency asked for,"
            " {monarch[overlap_asked]} and {ray[overlap_asked]}."
        ),
        (
            "A constructor's error reached the caller at the {monarch[init_error_at]} on Monarch, as"
            " {monarch[init_error_type]}, and at the {ray[init_error_at]} on Ray, as"
            " {ray[init_error_type]}."
        ),
    ),
)


class Headcount:
    """Counts how many are inside at once; ``with headcount:`` is one visit."""

    def __init__(self) -> None:
        self.inside = self.most = 0

    def __enter__(self) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)

    def __exit__(self, *error: object) -> None:
        self.inside -= 1


def outcome(call: Callable[[], object]) -> str:
    """What a call that may be refused came to, in words: its answer, or the first sentence of its error."""
    try:
        return f"answered {call()!r}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error).partition('. ')[0]}"


def microseconds(call: Callable[[], object]) -> list[float]:
    """How long each of PINGS calls took, after WARM_UP others."""
    for _ in range(WARM_UP):
        call()
    samples = []
    for _ in range(PINGS):
        began = time.perf_counter_ns()
        call()
        samples.append((time.perf_counter_ns() - began) / 1e3)
    return samples
