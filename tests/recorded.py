"""A concept's recording, and what is made of it when an observation is another one; no engine runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.events import AnyEvent, Engine, ExperimentBegun, Observation
from monarch_vs_ray.core.paths import RECORDINGS
from monarch_vs_ray.history import read
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.summary import exit_code


def recording(concept: Concept) -> list[AnyEvent]:
    """Return the events of the concept's one recording."""
    (path,) = (RECORDINGS / concept.name).glob("*.jsonl")
    return read(path).events


def seen(events: Iterable[AnyEvent], side: Engine) -> dict[str, object]:
    """Return what one side observed, by ``experiment.observation``."""
    return {key: event.value for key, event in _keyed(events, side) if isinstance(event, Observation)}


def doctored(events: Iterable[AnyEvent], side: Engine, key: str, value: object) -> list[AnyEvent]:
    """Return the same run, in which one side observed something else under ``experiment.observation``."""
    changed = []
    for found, event in _keyed(events, None):
        if isinstance(event, Observation) and (event.side, found) == (side, key):
            event = msgspec.structs.replace(event, value=value)
        changed.append(event)
    return changed


def _keyed(events: Iterable[AnyEvent], side: Engine | None) -> Iterator[tuple[str, AnyEvent]]:
    """Yield events with their key, if they are observations; those of one side, or of both."""
    running: dict[Engine, str] = {}
    for event in events:
        if isinstance(event, ExperimentBegun):
            running[event.side] = event.experiment
        if side in (None, event.side):
            key = f"{running.get(event.side, '')}.{event.key}" if isinstance(event, Observation) else ""
            yield key, event


def verdict(concept: Concept, events: Iterable[AnyEvent]) -> ExitCode:
    """Return the exit code of such a run."""
    state = State(concept, ("monarch", "ray"))
    state.apply(events)
    return exit_code(state)
