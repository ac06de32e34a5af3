"""Doing work while a second thread draws."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from demo_tui.live import Live

__all__ = ["Drawer", "drive", "drive_async"]

T = TypeVar("T")
PATIENCE = 0.5
"""Seconds after which a program that was asked to quit says that it still works."""
STUCK = 5.0
"""Seconds to wait for a frame that is being drawn; a panel that never returns must not hold the work up."""


class Drawer(threading.Thread):
    """Ticks a `Live` until stopped.

    When `q` is pressed, the view ends at once and `interrupt` is called; the thread ends.

    Args:
        live: What to tick.
        interrupt: Asks the work to end; None to interrupt the present thread as Ctrl-C would, which is only
            possible for the main thread.
    """

    def __init__(self, live: Live, interrupt: Callable[[], object] | None = None) -> None:
        super().__init__(name="demo_tui", daemon=True)
        self._live = live
        self._stop_event = threading.Event()
        self._owner = threading.current_thread()
        self._interrupt = interrupt or self._interrupt_owner
        self._gate = threading.Lock()

    def run(self) -> None:
        """Draw, wait, and look for keys, about 20 times a second or as often as frames are due."""
        live = self._live
        while not self._stop_event.wait(min(0.05, max(0.005, live.seconds_until_frame()))):
            try:
                live.tick()
            except Exception as error:  # a drawing error must not end the program's work
                live.notify(f"drawing failed: {type(error).__name__}: {error}", 5.0)
            if live.quit_requested:
                self._quit()
                return

    def _quit(self) -> None:
        self._live.close_view()
        with self._gate:  # so that no interrupt comes after the work has ended
            if self._stop_event.is_set():
                return
            self._interrupt()
        if not self._stop_event.wait(PATIENCE):
            self._live.say("the view is closed; waiting for the work to end (Ctrl-C interrupts it)")

    def _interrupt_owner(self) -> None:
        if self._owner is threading.main_thread():
            # Directed at the thread, so that it also ends a blocking call such as time.sleep.
            signal.pthread_kill(self._owner.ident or 0, signal.SIGINT)

    def stop(self) -> None:
        """Draw no more; returns when the thread has ended, or is stuck in a panel."""
        with self._gate:
            self._stop_event.set()
        if self.is_alive():
            self.join(STUCK)


def drive(live: Live, work: Callable[[], T]) -> T | None:
    """Do work in this thread while another one ticks.

    Args:
        live: What is shown, not yet entered.
        work: The work.

    Returns:
        What the work returned; None where `q` interrupted it.
    """
    result = None
    with live:
        drawer = Drawer(live)
        drawer.start()
        try:
            try:
                result = work()
            finally:
                drawer.stop()
        except KeyboardInterrupt:  # from `q`, perhaps a moment after the work was done
            drawer.stop()
            if not live.quit_requested:
                raise
    return result


async def drive_async(live: Live, work: Coroutine[Any, Any, T]) -> T | None:
    """Await work while another thread ticks, so that the view goes on even while the event loop is busy.

    Args:
        live: What is shown, not yet entered.
        work: A coroutine.

    Returns:
        What the work returned; None where `q` cancelled it.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    try:
        with live:
            drawer = Drawer(live, lambda: loop.call_soon_threadsafe(task.cancel))
            drawer.start()
            try:
                return await task
            except asyncio.CancelledError:
                if live.quit_requested and task.cancelled():
                    return None
                raise
            finally:
                drawer.stop()
    finally:
        task.cancel()  # where the view could not be opened
