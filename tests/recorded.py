"""A concept's recording, and what is made of it when an observation is another one; no engine runs."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.events import AnyEvent, Engine, Observation
from monarch_vs_ray.core.paths import RECORDINGS
from monarch_vs_ray.history import read
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import exit_code


def recording(concept: Concept) -> list[AnyEvent]:
    """The events of the concept's one recording."""
    (path,) = (RECORDINGS / concept.name).glob("*.jsonl")
    return read(path).events


def seen(events: Iterable[AnyEvent], side: Engine) -> dict[str, object]:
    """What one side observed, by key."""
    return {e.key: e.value for e in events if isinstance(e, Observation) and e.side == side}


def doctored(events: Iterable[AnyEvent], side: Engine, key: str, value: object) -> list[AnyEvent]:
    """The same run, in which one side observed something else."""

    def change(event: AnyEvent) -> AnyEvent:
        if isinstance(event, Observation) and (event.side, event.key) == (side, key):
            return msgspec.structs.replace(event, value=value)
        return event

    return [change(event) for event in events]


def verdict(concept: Concept, events: Iterable[AnyEvent]) -> ExitCode:
    """What the shell would be told of such a run."""
    state = State(concept, ("monarch", "ray"))
    state.apply(events)
    return exit_code(state)
