"""Showing a dashboard in a terminal, driven by the program's own loop or by a thread."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, TextIO, TypeVar

from demo_tui.frame import Frame, notice, overlay
from demo_tui.keys import KeyReader
from demo_tui.painter import InlinePainter, ScreenPainter

if TYPE_CHECKING:
    from pathlib import Path

    from demo_tui.cast import CastWriter
    from demo_tui.dashboard import DashboardBase

__all__ = ["Live", "drive"]

T = TypeVar("T")


class Live:
    """A dashboard on a terminal, as a context manager. `DashboardBase.live` makes one.

    Call `tick()` often; it reads keys and draws when a frame is due and something changed. On leaving, in
    whatever way, the terminal is as it was. Keys: `q` sets `quit_requested`, `p` pauses the view, `s` saves
    a picture, `?` shows help; `on_key` adds more.
    """

    def __init__(
        self,
        dashboard: DashboardBase,
        refresh_hz: float,
        *,
        screen: bool,
        keys: bool,
        record: Path | None,
        capture: bool,
        keep: bool,
        save_dir: Path,
    ) -> None:
        if refresh_hz <= 0:
            raise ValueError(f"refresh_hz is {refresh_hz}; it must be above 0")
        self.dashboard = dashboard
        self.interval = 1.0 / refresh_hz
        self.screen, self.keep, self.save_dir = screen, keep, save_dir
        self.quit_requested = False
        self.paused = False
        self.frames = 0
        self._capture, self._record = capture, record
        self._lock = threading.RLock()
        self._keys = KeyReader(sys.stdin if keys else None)
        self._handlers: dict[str, tuple[Callable[[], object], str]] = {}
        self._notice = ("", 0.0)
        self._help = False
        self._drawn: object = None
        self._frame: Frame | None = None
        self._next = dashboard.clock()
        self._default_keys()

    # -- the context -----------------------------------------------------------------------------

    def __enter__(self) -> Live:
        from demo_tui.terminal import Terminal

        console = self.dashboard.console
        self._out: TextIO = console.file  # type: ignore[assignment]
        self.is_terminal = console.is_terminal and not console.is_dumb_terminal
        self._painter = ScreenPainter() if self.screen else InlinePainter()
        self._cast = self._open_cast()
        self._plain = None
        self._next = self.dashboard.clock()
        if not self.is_terminal:
            from demo_tui.plain import PlainWriter

            self._plain = PlainWriter(self.dashboard, self._out)
        self._terminal = Terminal(
            self._enter_terminal, self._leave_terminal, self._capture and self.is_terminal
        )
        self._terminal.open(self.dashboard.log)
        try:
            self.draw(force=True)
        except BaseException:
            self._terminal.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            try:
                self._finish()
            finally:
                self._terminal.close()
                if self._cast is not None:
                    self._cast.close()
        if self.keep and self.screen and self.is_terminal and self._frame is not None:
            ink = self.dashboard.ink()
            rows = ("".join(strip.painted(ink) for _, strip in row) for row in self._frame.rows)
            self._emit("".join(f"{row}\x1b[0m\n" for row in rows))

    def _finish(self) -> None:
        self._help, self._notice = False, ("", 0.0)
        if self._plain is not None:
            self._plain.write(last=True)
        elif not self.paused:
            self.draw(force=True)

    def _enter_terminal(self) -> None:
        if self.is_terminal:
            with self._lock:
                self._keys.start()
                self._painter.forget()
                self._drawn = None
                self._write(self._painter.enter)

    def _leave_terminal(self) -> None:
        if self.is_terminal:
            with self._lock:
                self._write(self._painter.leave)
                self._keys.stop()

    def _open_cast(self) -> CastWriter | None:
        if self._record is None:
            return None
        from demo_tui.cast import CastWriter

        width, height = self.dashboard.console.size
        self._cast_start = self.dashboard.clock()
        self._cast_size = (width, height)
        return CastWriter(self._record, width, height, self.dashboard.title)

    # -- the loop --------------------------------------------------------------------------------

    def tick(self) -> bool:
        """Handle keys; draw if a frame is due and something changed. True where something was written."""
        with self._lock:
            for key in self._keys.read():
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
        """How long the program may wait before the next `tick`; 0 where a frame is due."""
        return max(0.0, self._next - self.dashboard.clock())

    def fileno(self) -> int | None:
        """The descriptor that becomes readable when a key is pressed, for a selector; None without keys."""
        return self._keys.fileno()

    def draw(self, force: bool = False) -> bool:
        """Draw now if something changed, or in any case with `force`. True where something was written."""
        with self._lock:
            if self._plain is not None:
                return self._plain.write()
            width, height = self.dashboard.console.size
            if self._notice[0] and self.dashboard.clock() >= self._notice[1]:
                self._notice = ("", 0.0)
            state = self._state(width, height)
            if state == self._drawn and not force:
                return False
            self._drawn = state
            return self._show(width, height)

    def _state(self, width: int, height: int) -> object:
        if self.paused and self._frame is not None:
            return width, height, self._notice, self._help, "paused"
        return self.dashboard.state_key(width, height), self._notice, self._help

    def _show(self, width: int, height: int) -> bool:
        if not self.screen:
            height = max(1, height - 1)  # the cursor rests in the line below the block
        frozen = self._frame if self.paused else None
        if frozen is None or (frozen.width, frozen.height) != (width, height):
            self._frame = self.dashboard.frame(width, height)
        assert self._frame is not None
        frame = self._frame
        if self._help:
            frame = overlay(frame, self._help_lines(), "Keys")
        if self._notice[0] or self.paused:
            frame = notice(frame, self._notice[0] or "PAUSED: p continues; everything still runs and is kept")
        data = self._painter.update(frame, self.dashboard.ink())
        self._write(data, (width, height))
        self.frames += bool(data)
        return bool(data)

    # -- keys and messages -----------------------------------------------------------------------

    def on_key(self, key: str, action: Callable[[], object], help: str = "") -> None:
        """Call `action()` when a key is pressed: a character, or up, down, pageup, enter, escape and so on.

        An action that raises an Exception does not stop the dashboard; its error is shown.
        """
        self._handlers[key] = (action, help)

    def press(self, key: str) -> None:
        """Do what a key does. An open help closes at any key."""
        if self._help and key != "q":
            self._help = False
            self._hurry()
            return
        action, _ = self._handlers.get(key, (None, ""))
        if action is None:
            return
        try:
            action()
        except Exception as error:
            self.notify(f"{key}: {type(error).__name__}: {error}", 5.0)
        self._hurry()

    def notify(self, text: str, seconds: float = 2.0) -> None:
        """Show a short message over the last line for a while."""
        self._notice = (text, self.dashboard.clock() + seconds)

    def save(self, path: str | Path | None = None) -> Path:
        """Save what is shown as .svg, .html or .txt; by default under the next free name in `save_dir`."""
        frame = self._frame or self.dashboard.frame()
        return frame.save(path or self._free_name(), self.dashboard.title)

    def _free_name(self) -> Path:
        slug = re.sub(r"\W+", "-", self.dashboard.title.lower()).strip("-") or "dashboard"
        number = 1
        while (path := self.save_dir / f"{slug}-{number}.svg").exists():
            number += 1
        return path

    def _hurry(self) -> None:
        self._next = self.dashboard.clock()

    def _default_keys(self) -> None:
        self.on_key("q", self._quit, "quit")
        self.on_key("p", self._pause, "pause or continue the view")
        self.on_key("s", lambda: self.notify(f"saved {self.save()}"), "save a picture (SVG)")
        self.on_key("?", self._toggle_help, "this help")
        log_keys = (("up", 1, "scroll the log back"), ("down", -1, "and forward"), ("pageup", 20, ""),
                    ("pagedown", -20, ""), ("end", -(10**9), "back to the end of the log"))  # fmt: skip
        for key, lines, help in log_keys:
            self.on_key(key, lambda lines=lines: self.dashboard.scroll_log(lines), help)  # type: ignore[misc]

    def _quit(self) -> None:
        self.quit_requested = True

    def _pause(self) -> None:
        self.paused = not self.paused

    def _toggle_help(self) -> None:
        self._help = not self._help

    def _help_lines(self) -> list[str]:
        return [f"{key:<8} {help}" for key, (_, help) in self._handlers.items() if help] + [
            "Ctrl-C   interrupt"
        ]

    # -- writing ---------------------------------------------------------------------------------

    def _write(self, data: str, size: tuple[int, int] | None = None) -> None:
        if not data:
            return
        if self._cast is not None:
            now = self.dashboard.clock() - self._cast_start
            if size is not None and size != self._cast_size:
                self._cast.resize(now, *size)
                self._cast_size = size
            self._cast.output(now, data)
        self._emit(data)

    def _emit(self, data: str) -> None:
        try:
            self._out.write(data)
            self._out.flush()
        except (OSError, ValueError):  # the terminal is gone: let the program end as if asked to
            self.quit_requested = True


def drive(live: Live, work: Callable[[], T]) -> T | None:
    """Do `work` in this thread while another one ticks; None where `q` interrupted it."""
    from demo_tui.terminal import Drawer

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
