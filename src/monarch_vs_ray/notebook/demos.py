"""Run a concept's demo on both engines, or take its recorded run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from monarch_vs_ray.campaign import sides
from monarch_vs_ray.concepts import find
from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.events import ENGINES, AnyEvent
from monarch_vs_ray.core.stream import Batch, EventStream
from monarch_vs_ray.history import read
from monarch_vs_ray.notebook.runs import drain
from monarch_vs_ray.stage import captions
from monarch_vs_ray.stage.state import State


@dataclass
class Demo:
    """Hold a run of a concept's demo.

    Attributes:
        concept: The concept.
        state: The state of both sides.
        events: All events of the run.
        recorded: The date of a recorded run; empty for a live one.
    """

    concept: Concept
    state: State
    events: list[AnyEvent] = field(default_factory=list)
    recorded: str = ""

    def findings(self) -> list[tuple[str, str]]:
        """Return each finished step of the demo with the sentence of what happened and what differs."""
        found = []
        for step in captions.steps_on_stage(self.state):
            if told := captions.sentences(self.state, step):
                found.append((self.concept.fill(step.title), " ".join(told)))
        return found


def recorded(name: str) -> Demo:
    """Return the recorded run of a concept's demo. Raises UnknownConcept or NoRecording."""
    concept = find(name)
    history = read(sides.recording(concept))
    demo = Demo(concept, State(concept, ENGINES), list(history.events), history.header.date)
    demo.state.apply(demo.events)
    return demo


def live(name: str, follow: Callable[[Demo], None] = lambda demo: None) -> Demo:
    """Run a concept's demo on both engines.

    Args:
        name: The name of the concept.
        follow: Called with the demo during the run.

    Raises:
        UnknownConcept: If there is no such concept.
        EngineMissing: If an engine is not installed.
    """
    concept = find(name)
    sides.require(ENGINES)
    demo = Demo(concept, State(concept, ENGINES))
    stream = sides.live(concept, ENGINES, MonotonicClock(), "", concept.deadline)
    drain(Kept(stream, demo.events), demo.state, lambda: follow(demo))
    return demo


class Kept:
    """Pass on the events of a stream, and keep them."""

    def __init__(self, stream: EventStream, events: list[AnyEvent]) -> None:
        self._stream = stream
        self._events = events

    @property
    def over(self) -> bool:
        """Return whether the run has ended."""
        return self._stream.over

    def now(self) -> int:
        """Return nanoseconds since the run began."""
        return self._stream.now()

    def wake_for(self, fd: int) -> None:
        """Return from ``poll`` early when this descriptor is readable."""
        self._stream.wake_for(fd)

    def stop(self) -> None:
        """End the run now."""
        self._stream.stop()

    def poll(self, timeout: float) -> Batch:
        """Return new events."""
        batch = self._stream.poll(timeout)
        self._events += batch.events
        return batch
