"""Show a run to its end, live or replayed, in the form that the user and the terminal want."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from monarch_vs_ray.core.output import complain
from monarch_vs_ray.core.stream import EventStream
from monarch_vs_ray.history import Recorder
from monarch_vs_ray.stage.lines import JsonLines, PlainLines
from monarch_vs_ray.stage.presenter import Interrupt, Presenter, present
from monarch_vs_ray.stage.state import State

INTERRUPTED = 130


@dataclass(frozen=True)
class Form:
    """How a run is shown: as events, as plain lines, or on a screen that may be drawn in ASCII."""

    json: bool = False
    plain: bool = False
    ascii: bool = False

    @property
    def on_screen(self) -> bool:
        """Return whether it is drawn on a terminal."""
        return not (self.json or self.plain) and sys.stdout.isatty()


ScreenPresenter = AbstractContextManager[Presenter]
"""A presenter that owns the terminal within its context."""


@dataclass(frozen=True)
class Performance:
    """What is shown: the state that events are folded into, and what is made of it.

    ``screen`` makes the presenter for a terminal, ``closing`` prints what the run has shown, ``outcome``
    returns the exit code, ``again`` is the command that replays a history (with ``{path}`` in it).
    """

    state: State
    screen: Callable[[], ScreenPresenter]
    closing: Callable[[], None]
    outcome: Callable[[], int]
    again: str


def show(
    stream: EventStream,
    performance: Performance,
    form: Form,
    interrupt: Interrupt,
    recorder: Recorder | None = None,
) -> int:
    """Show a run, print how it ended.

    Args:
        stream: The run.
        performance: What is made of its events.
        form: How it is shown.
        interrupt: Counts the user's requests to stop.
        recorder: Keeps the history, if it is to be kept.

    Returns:
        The exit code: the performance's outcome, or 130 when it was interrupted.
    """
    try:
        interrupted = _present(stream, performance, form, interrupt, recorder)
    except KeyboardInterrupt:
        complain("Interrupted twice: the guardians end what is left, within 5 s.")
        return INTERRUPTED
    if not form.json:
        performance.closing()
    kept = _keep(recorder, performance.again) if recorder else True
    if interrupted:
        _say_interrupted(performance.state)
        return INTERRUPTED
    return max(performance.outcome(), 0 if kept else 2)


def _present(
    stream: EventStream,
    performance: Performance,
    form: Form,
    interrupt: Interrupt,
    recorder: Recorder | None,
) -> bool:
    """Show it in the form that fits; return whether it was interrupted."""
    state = performance.state
    if form.json:
        return present(stream, state, JsonLines(), recorder, interrupt)
    if not form.on_screen:
        return present(stream, state, PlainLines(state), recorder, interrupt)
    with performance.screen() as screen:
        return present(stream, state, screen, recorder, interrupt)


def _keep(recorder: Recorder, again: str) -> bool:
    """Close the history and say where it is; return whether it is whole."""
    recorder.close()
    told = f"History: {recorder.events} events in {recorder.path}"
    if recorder.trouble:
        complain(f"{told}, and then no more: {recorder.trouble}; free space there and record again.")
        return False
    complain(f"{told}; show it again with `{again.format(path=recorder.path)}`.")
    return True


def _say_interrupted(state: State) -> None:
    if all(side.ended and side.ended.ending != "stopped" for side in state.sides.values()):
        complain("Left before the end of the replay.")
        return
    ended = [side.ended for side in state.sides.values() if side.ended]
    removed = sum(end.removed for end in ended)
    complain(
        f"Interrupted: {len(ended)} of {len(state.sides)} sides were ended with all their processes,"
        f" and {removed} of their files were removed."
    )
