"""Hand-made histories for tests; what a real side would emit, without an engine."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.events import (
    FORMAT,
    AnyEvent,
    Engine,
    Event,
    ExperimentBegun,
    ExperimentEnded,
    LogLine,
    Machine,
    Metric,
    Observation,
    OperationEnded,
    OperationInvoked,
    RunStarted,
    SideEnded,
)

CODE = '''"""A side that exists on paper only."""


class Greeter:
    """Says hello."""

    def hello(self, name):
        return f"hello {name}"


def make_a_greeter():
    observe("made", isinstance(Greeter(), Greeter))


def greet():
    with operation("hello"):
        reply = Greeter().hello("you")
    observe("reply", reply)
'''
FILE = "greeting/{engine}/experiments.py"
GREETS = {
    "statement": "A greeter answers.",
    "experiment": "greet",
    "no_control": "it exists on paper only",
    "check": {"checker": "equals", "key": "reply", "value": "hello you"},
}
CONCEPT = msgspec.convert(
    {
        "number": 1,
        "name": "greeting",
        "title": "Greeting",
        "question": "What does a greeter answer?",
        "watch": ["Both greeters answer alike."],
        "versions": {"monarch": ">=0.7", "ray": ">=2.60"},
        "demo": [
            {"experiment": "make_a_greeter", "title": "Make a greeter"},
            {
                "experiment": "greet",
                "title": "Greet",
                "happened": "One greeter is called.",
                "differs": "The answer: {monarch[greet.reply]} on Monarch, {ray[greet.reply]} on Ray.",
                "rows": [{"observation": "reply", "label": "Reply of one actor"}],
            },
        ],
        "claim": [{"id": "answer", "aspect": "Answer", "monarch": GREETS, "ray": GREETS}],
        "closing": [
            {
                "claims": ["answer"],
                "same": True,
                "text": "Both answered: {monarch[greet.reply]} and {ray[greet.reply]}.",
            }
        ],
    },
    Concept,
)
MACHINE = Machine(system="Linux", architecture="x86_64", cores=2, memory_bytes=24 << 30, python="3.11.7")
VERSIONS = {"monarch": "0.7.0", "ray": "2.60.0"}


class Script:
    """Writes one side's events; ``at`` is in seconds, and events are numbered as a side would."""

    def __init__(self, side: Engine) -> None:
        self.side: Engine = side
        self.events: list[AnyEvent] = []

    def add(self, kind: type[Event], at: float, **fields: object) -> Script:
        """Append an event."""
        seq = len(self.events)
        self.events.append(kind(side=self.side, at=int(at * 1e9), seq=seq, **fields))  # type: ignore[arg-type]
        return self


def side(
    engine: Engine, *, slow: float = 1.0, reply: object = "hello you", exit_code: int = 0
) -> list[AnyEvent]:
    """A side that greets, ``slow`` times slower than the other."""
    script = Script(engine)
    file = FILE.format(engine=engine)
    place = {"file": file, "code_sha256": "1" * 64}
    script.add(
        RunStarted,
        0.1,
        format=FORMAT,
        concept=CONCEPT.name,
        versions={engine: VERSIONS[engine], "python": "3.11.7"},
        machine=MACHINE,
        date="2026-01-02T03:04:05+00:00",
        code={file: CODE},
    )
    make = {"experiment": "make_a_greeter"}
    script.add(ExperimentBegun, 0.2 * slow, **make, title="Make a greeter", line=11, end_line=12, **place)
    script.add(
        LogLine, 0.3 * slow, origin="stderr", text="[not markup] the engine's own \x1b[31mnoise\x1b[0m"
    )
    script.add(ExperimentEnded, 0.5 * slow, **make, answer="ok", nanoseconds=int(300_000_000 * slow))
    script.add(ExperimentBegun, 0.5 * slow, experiment="greet", title="Greet", line=15, end_line=18, **place)
    script.add(OperationInvoked, 0.6 * slow, operation=0, step=-1, name="hello", file=file, line=16)
    script.add(OperationEnded, 0.8 * slow, operation=0, outcome="ok", nanoseconds=int(1_500_000 * slow))
    script.add(Observation, 0.8 * slow, key="reply", value=reply)
    script.add(Metric, 0.9 * slow, name="calls", value=1, unit="calls")
    took = int(500_000_000 * slow)
    script.add(ExperimentEnded, 1.0 * slow, experiment="greet", answer="ok", nanoseconds=took)
    script.add(SideEnded, 1.2 * slow, ending="exit", exit_code=exit_code)
    return script.events


def both(**of_ray: object) -> list[AnyEvent]:
    """Monarch's side and a Ray side three times slower, in the order of their time."""
    return in_time(side("monarch"), side("ray", slow=3.0, **of_ray))  # type: ignore[arg-type]


def in_time(*sides: Iterable[AnyEvent]) -> list[AnyEvent]:
    """Several sides' events in the order of their time."""
    return sorted((event for events in sides for event in events), key=lambda event: event.at)
