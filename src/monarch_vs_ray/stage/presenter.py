"""How a run is shown, and the one loop that shows it."""

from __future__ import annotations

import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Literal, Protocol

from monarch_vs_ray.core.stream import Batch, EventStream
from monarch_vs_ray.history import Recorder
from monarch_vs_ray.stage.state import State

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Banner:
    """What the header says of the run: live or a replay, and of the replay when it was recorded."""

    mode: Literal["LIVE", "REPLAY"]
    note: str = ""


class Presenter(Protocol):
    """Shows a run while it happens; knows it from ``state`` and from what has just come."""

    def fd(self) -> int | None:
        """The descriptor of a keyboard to listen to, if there is one."""
        ...

    def wait(self) -> float:
        """How many seconds this presenter can wait before it has to be updated, at most."""
        ...

    def update(self, batch: Batch, now: int) -> None:
        """Show what came; called at least every ``wait()`` seconds, also with an empty batch."""
        ...

    @property
    def quit(self) -> bool:
        """Whether the user asked to end the run."""
        ...

    @property
    def holding(self) -> bool:
        """Return whether this presenter still has something to show when all events have come."""
        ...

    @property
    def whole(self) -> bool:
        """Return whether the run was shown to its end, so that to quit is no interruption."""
        ...


class Interrupt:
    """Counts the requests to stop: Ctrl-C, a terminal that closes, a polite kill."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take one request; the second one waits for nothing any more, and further ones change nothing.

        Raises:
            KeyboardInterrupt: This is the second request.
        """
        self.count += 1
        if self.count == 2:
            raise KeyboardInterrupt

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Count signals here within the block, except those that the caller has this program ignore (nohup).

        After a request they are ignored for good: the program is on its way out.
        """
        numbers = [number for number in STOPS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_IGN if self.count else handler)


def present(
    source: EventStream, state: State, presenter: Presenter, recorder: Recorder | None, interrupt: Interrupt
) -> bool:
    """Show a run to its end, and then for as long as the presenter holds it.

    Returns:
        Whether it was interrupted before all of it was shown; sides that still ran were ended.
    """
    if (fd := presenter.fd()) is not None:
        source.wake_for(fd)
    stopping = False
    while not source.over:
        batch = source.poll(presenter.wait())
        if recorder:
            recorder.append(batch)
        state.apply(batch.events)
        presenter.update(batch, source.now())
        if not stopping and (interrupt.count or presenter.quit):
            stopping = True
            source.stop()
    while presenter.holding and not presenter.quit and not interrupt.count:
        _wait(presenter.wait(), fd)
        presenter.update(Batch(), source.now())
    return stopping or ((presenter.quit or interrupt.count > 0) and not presenter.whole)


def _wait(seconds: float, fd: int | None) -> None:
    select.select([] if fd is None else [fd], [], [], max(0.0, seconds))
