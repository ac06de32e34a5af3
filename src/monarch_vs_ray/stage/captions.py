"""What is said of a beat, and of the whole demo: before it, after each step, and at its end."""

from __future__ import annotations

from monarch_vs_ray.core.concept import Step
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.stage.state import SideState, State
from monarch_vs_ray.stage.values import NAMES, Values, duration


def steps_on_stage(state: State) -> list[Step]:
    """Return the steps of the demo that a side on this stage takes, in their order."""
    return [step for step in state.concept.demo if any(engine in step.engines for engine in state.sides)]


def introduction(state: State) -> list[str]:
    """Return the concept's question, and what to watch."""
    concept = state.concept
    return [concept.fill(concept.question), *(f"- {concept.fill(text)}" for text in concept.watch)]


def is_whole(state: State, step: Step) -> bool:
    """Return whether every side on this stage has this step behind it."""
    return all(_has_taken(side, step) for engine, side in state.sides.items() if engine in step.engines)


def _has_taken(side: SideState, step: Step) -> bool:
    taken = side.steps.get(step.experiment)
    return side.ended is not None or (taken is not None and taken.ended is not None)


def latest(state: State) -> Step | None:
    """Return the last step of the demo that a side has begun; None while the engines start."""
    begun = [
        step
        for step in steps_on_stage(state)
        if any(step.experiment in side.steps for side in state.sides.values())
    ]
    return begun[-1] if begun else None


def latest_whole(state: State) -> Step | None:
    """Return the last step that every side has behind it."""
    whole = [
        step
        for step in steps_on_stage(state)
        if is_whole(state, step) and any(step.experiment in side.steps for side in state.sides.values())
    ]
    return whole[-1] if whole else None


def durations(state: State, step: Step) -> str:
    """Return how long a step took on each engine, or that it runs."""
    told = []
    for engine, side in state.sides.items():
        if engine not in step.engines:
            told.append(f"{NAMES[engine]}: not taken")
        elif took := time_of(side, step):
            told.append(f"{NAMES[engine]} {took}")
    return ", ".join(told)


def time_of(side: SideState, step: Step) -> str:
    """Return how long a side took for a step; "runs" meanwhile, empty before."""
    taken = side.steps.get(step.experiment)
    if taken is None:
        return ""
    return "runs" if taken.ended is None else duration((taken.ended - taken.began) / 1e9)


def sentences(state: State, step: Step) -> list[str]:
    """Return what happened in a step and in what the engines differ; nothing before all sides have taken it.

    A sentence that speaks of something that was not observed is left out.
    """
    if not is_whole(state, step):
        return []
    values = {engine: Values(state.sides.get(engine), state.concept) for engine in ENGINES}
    told = []
    for text in (step.happened, step.differs):
        try:
            told.append(state.concept.fill(text, **values))
        except KeyError:
            continue
    return [text for text in told if text]
