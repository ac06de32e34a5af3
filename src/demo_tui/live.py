"""Showing a dashboard in a terminal, driven by the program's own loop or by a thread."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from demo_tui.controls import Controls
from demo_tui.frame import Frame, notice, overlay
from demo_tui.keys import KeyReader, Mouse
from demo_tui.options import Options
from demo_tui.output import Output, on_terminal
from demo_tui.panel import error_box
from demo_tui.terminal import Signals
from demo_tui.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from demo_tui.plain import PlainWriter
    from demo_tui.surface import Surface

__all__ = ["Live"]

PATIENCE = 5.0
"""Seconds that a panel may take to draw before the end does not wait for it."""


class Box(NamedTuple):
    """Text over the middle of the frame, and what the key does that closes it."""

    title: str
    lines: tuple[str, ...]
    on_key: Callable[[str], object] | None


class Live:
    """A dashboard on a terminal, as a context manager. `DashboardBase.live` makes one.

    Call `tick()` often; it reads keys and draws when a frame is due and something changed. On leaving, in
    whatever way, the terminal is as it was. Only the process that entered it draws and restores: a forked
    child that ends does neither. In the background, nothing is drawn; in the foreground again, everything is.

    Args:
        dashboard: What to show.
        options: How to show it.
    """

    def __init__(self, dashboard: Surface, options: Options | None = None) -> None:
        self.dashboard = dashboard
        self.options = options or Options()
        self.interval = 1.0 / self.options.refresh_hz
        self.quit_requested = False
        self.paused = False
        self.frames = 0
        self.is_terminal = False
        self._lock = threading.RLock()
        self._keys = KeyReader(sys.stdin if self.options.keys else None)
        self._handlers: dict[str, tuple[Callable[[], object], str]] = {}
        self._notice = ("", 0.0)
        self._box: Box | None = None
        self._drawn: object = None
        self._frame: Frame | None = None
        self._size = (80, 24)
        self._next = dashboard.clock()
        self._pid = os.getpid()
        self._controls = Controls(dashboard, lambda: self._size, self.notify)
        self._plain: PlainWriter | None = None
        self._default_keys()

    # -- the context -----------------------------------------------------------------------------

    def __enter__(self) -> Live:
        console = self.dashboard.console
        self._pid = os.getpid()
        self._out = Output(console)
        self.is_terminal = on_terminal(console)
        self._next = self.dashboard.clock()
        try:
            self._view = View(self.dashboard, self._out, self.options, self._keys)
        except BaseException:
            self._out.close()
            raise
        self._signals = Signals(self._suspend, self._resume)
        self.dashboard.running = self
        try:
            if self.is_terminal:
                self._signals.take()
                self._view.open()
            else:
                from demo_tui.plain import PlainWriter

                self._plain = PlainWriter(self.dashboard, self._out)
            self.draw(force=True)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if os.getpid() != self._pid:
            return  # a forked child: neither the terminal nor its signals are ours
        with self._lock_in_time() as free:
            try:
                self._box, self._notice, self._controls.prompt = None, ("", 0.0), None
                if self._plain is not None and free:
                    self._plain.write(last=True)
                elif self._plain is None:
                    self._end_view(free)
            finally:
                self._close()

    @contextmanager
    def _lock_in_time(self) -> Iterator[bool]:
        """The lock; False after some seconds: a panel that never returns must not hold the work up."""
        free = self._lock.acquire(timeout=PATIENCE)
        try:
            yield free
        finally:
            if free:
                self._lock.release()

    def _close(self) -> None:
        self._view.close()
        self._signals.restore()
        self.dashboard.running = None
        for note in self._view.notes:
            self._out.write(f"demo_tui: {note}\n")
        self._out.close()

    def close_view(self) -> None:
        """Give the terminal back now, while the program goes on; the context is left later."""
        if os.getpid() == self._pid:
            with self._lock_in_time() as free:
                if self._plain is None:
                    self._end_view(free)

    def _end_view(self, draw: bool) -> None:
        view = self._view
        if view.over:
            return
        view.drain()
        if draw and not self.paused:
            self.draw(force=True)
        view.end(self._frame)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Return a context in which the terminal is yours: for `input`, an editor, or a debugger."""
        with self._lock:
            if self._plain is None:
                self._view.hold()
        try:
            yield
        finally:
            with self._lock:
                self._drawn = None
                if self._plain is None:
                    self._view.release()

    def say(self, text: str) -> None:
        """Write a line to the terminal after the view has been closed.

        Args:
            text: The line.
        """
        self._out.write(f"demo_tui: {text}\n")

    def _suspend(self) -> None:
        with self._lock_in_time():
            self._view.disappear()

    def _resume(self) -> None:
        with self._lock_in_time():
            self._drawn = None
            self._view.reappear()

    @property
    def terminal_lost(self) -> bool:
        """Return True once the terminal is gone, or the disk full that is written to; the program goes on."""
        return self._out.lost

    # -- the loop --------------------------------------------------------------------------------

    def tick(self) -> bool:
        """Handle keys; draw if a frame is due and something changed.

        Returns:
            True where something was written.
        """
        if os.getpid() != self._pid:
            return False
        with self._lock:
            for key in self._keys.read():
                if isinstance(key, Mouse):
                    self._controls.mouse(key)
                    self._hurry()
                else:
                    self.press(key)
            now = self.dashboard.clock()
            if now < self._next:
                return False
            drawn = self.draw()
            # Never owe more than one frame, and leave the program at least as much time as drawing took.
            after = self.dashboard.clock()
            self._next = max(self._next + self.interval, after + min(self.interval, after - now))
            return drawn

    def seconds_until_frame(self) -> float:
        """Return how long the program may wait before the next `tick`; 0 where a frame is due."""
        wait = max(0.0, self._next - self.dashboard.clock())
        return min(wait, 0.05) if self._keys.waiting else wait

    def fileno(self) -> int | None:
        """Return the descriptor that becomes readable when a key is pressed; None without keys."""
        return self._keys.fileno()

    def draw(self, force: bool = False) -> bool:
        """Draw now if something changed.

        Args:
            force: Draw in any case.

        Returns:
            True where something was written.
        """
        if os.getpid() != self._pid:
            return False
        with self._lock:
            if self._plain is not None:
                return self._plain.write()
            was_visible = self._view.visible
            if not self._view.ready():
                return False
            force = force or not was_visible
            size = self._out.size()
            if self._notice[0] and self.dashboard.clock() >= self._notice[1]:
                self._notice = ("", 0.0)
            try:
                return self._draw(size, force)
            except Exception as error:
                if self._frame is None:
                    raise  # nothing was shown yet, and no work has begun
                return self._show_error(error, size)

    def _draw(self, size: tuple[int, int], force: bool) -> bool:
        state = self._state(*size)
        if state == self._drawn and not force:
            return False
        self._drawn = state
        return self._show(*size)

    def _show_error(self, error: Exception, size: tuple[int, int]) -> bool:
        """A picture of what keeps the dashboard from being drawn, such as a layout that names no panel."""
        width, height = size if self.options.screen else (size[0], min(5, size[1]))
        lines = error_box(error, "this dashboard cannot be drawn", width, height, self.dashboard.theme)
        self._drawn = None
        rows = [[(0, strip)] for strip in lines]
        return self._view.show(Frame(rows, width, height, self.dashboard.theme), size)

    def _state(self, width: int, height: int) -> object:
        over = (self._notice, self._box, self._controls.prompt, self._view.pending)
        if self.paused and self._frame is not None:
            return width, height, over, "paused"
        return self.dashboard.state_key(width, height), over

    def _show(self, width: int, height: int) -> bool:
        size = width, height
        if not self.options.screen:
            height = self._view.block_height(width, height)
        self._size = width, height
        frozen = self._frame if self.paused else None
        if frozen is None or (frozen.width, frozen.height) != (width, height):
            self._frame = self.dashboard.frame(width, height)
        assert self._frame is not None
        written = self._view.show(self._decorated(self._frame), size)
        self.frames += written
        return written

    def _decorated(self, frame: Frame) -> Frame:
        if self._box is not None:
            frame = overlay(frame, self._box.lines, self._box.title)
        if self._controls.prompt is not None:
            what, text = self._controls.prompt
            return notice(frame, f"{what}: {text}_")
        if self._notice[0] or self.paused:
            frame = notice(frame, self._notice[0] or "PAUSED: p continues; everything still runs and is kept")
        return frame

    # -- keys and messages -----------------------------------------------------------------------

    def on_key(self, key: str, action: Callable[[], object], help: str = "") -> None:
        """Call a function when a key is pressed. What it raises is shown and does not stop the dashboard.

        Args:
            key: A character, or `up`, `pageup`, `enter`, `escape`, `f5`, `ctrl+l`, `alt+x` and so on.
            action: The function.
            help: What the help says; empty to leave the key out.
        """
        self._handlers[key] = (action, help)

    def press(self, key: str) -> None:
        """Do what a key does. An open box closes at any key that it has no use for; `q` quits all the same.

        Args:
            key: The key, as for `on_key`.
        """
        if self._controls.prompt is not None:
            self._safely(key, lambda: self._controls.type(key))
        elif self._box is not None and key != "q":
            box, self._box = self._box, None
            if box.on_key is not None:
                self._safely(key, lambda: box.on_key and box.on_key(key))
        else:
            action, _ = self._handlers.get(key, (None, ""))
            if action is None:
                return
            self._safely(key, action)
        self._hurry()

    def _safely(self, key: str, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception as error:
            self.notify(f"{key}: {type(error).__name__}: {error}", 5.0)

    def show_box(
        self, title: str, lines: Sequence[str], on_key: Callable[[str], object] | None = None
    ) -> None:
        """Show text in a box over the middle, until a key is pressed.

        Args:
            title: The title of the box.
            lines: The text; what does not fit is cut.
            on_key: Called with that key, once the box is closed; it may open it again, for instance with
                another line marked.
        """
        self._box = Box(title, tuple(lines), on_key)

    def notify(self, text: str, seconds: float = 2.0) -> None:
        """Show a short message over the last line for a while.

        Args:
            text: The message.
            seconds: How long.
        """
        self._notice = (text, self.dashboard.clock() + seconds)

    def save(self, path: str | Path | None = None) -> Path:
        """Save what is shown.

        Args:
            path: A name that ends with .svg, .html or .txt; None for the next free one in `save_dir`.

        Returns:
            The path.

        Raises:
            ValueError: For another ending.
            OSError: Where the file cannot be written.
        """
        frame = self._frame or self.dashboard.frame()
        return frame.save(path or self._free_name(), self.dashboard.title)

    def _free_name(self) -> Path:
        from pathlib import Path

        slug = re.sub(r"\W+", "-", self.dashboard.title.lower()).strip("-") or "dashboard"
        number = 1
        while (path := Path(self.options.save_dir, f"{slug}-{number}.svg")).exists():
            number += 1
        return path

    def _hurry(self) -> None:
        self._next = self.dashboard.clock()

    def _default_keys(self) -> None:
        self.on_key("q", self._quit, "quit")
        self.on_key("p", self._pause, "pause or continue the view")
        self.on_key("s", lambda: self.notify(f"saved {self.save()}"), "save a picture (SVG)")
        self.on_key("?", self._show_help, "this help")
        self.on_key("ctrl+l", self._redraw)
        for key, action, help in self._controls.bindings():
            self.on_key(key, action, help)

    def _quit(self) -> None:
        self.quit_requested = True

    def _pause(self) -> None:
        self.paused = not self.paused

    def _show_help(self) -> None:
        self.show_box("Keys", self._help_lines())

    def _redraw(self) -> None:
        self._drawn = None
        self._view.redraw()

    def _help_lines(self) -> list[str]:
        shown = [f"{key:<8} {help}" for key, (_, help) in self._handlers.items() if help]
        shown.append("Ctrl-C   interrupt")
        if len(shown) <= self._size[1] - 2:
            return shown
        half = -(-len(shown) // 2)
        left, right = shown[:half], [*shown[half:], ""]
        cells = max(map(len, left))
        return [f"{text:<{cells}}  {right[index]}".rstrip() for index, text in enumerate(left)]
