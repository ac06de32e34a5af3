"""What is on the terminal: entering it, drawing, leaving it, and what was printed meanwhile."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from demo_tui.cells import keep_colours
from demo_tui.frame import Frame
from demo_tui.keys import KeyReader
from demo_tui.lines import LineBuffer
from demo_tui.options import Options
from demo_tui.output import Output, unstopped
from demo_tui.painter import InlinePainter, ScreenPainter
from demo_tui.panels.log import LogPanel
from demo_tui.panels.tabs import TabsPanel

if TYPE_CHECKING:
    from demo_tui.capture import DescriptorCapture, StreamCapture
    from demo_tui.cast import CastWriter
    from demo_tui.surface import Surface

__all__ = ["View"]

MOUSE_ON, MOUSE_OFF = "\x1b[?1000h\x1b[?1006h", "\x1b[?1006l\x1b[?1000l"

_views: set[View] = set()
"""Those that are on a terminal now."""


class View:
    """The terminal while a dashboard is on it. Nothing in here raises once it is open.

    Args:
        dashboard: What is shown.
        out: Where it is written to.
        options: How it is shown.
        keys: The keyboard, which is taken and given back with the terminal.

    Raises:
        OSError: Where the file of a recording cannot be opened.
    """

    def __init__(self, dashboard: Surface, out: Output, options: Options, keys: KeyReader) -> None:
        self._dashboard, self._out, self._options, self._keys = dashboard, out, options, keys
        self._painter = ScreenPainter() if options.screen else InlinePainter()
        self.visible = False
        self.over = False
        self.held = False
        self.notes: list[str] = []
        self._terminal: object = self
        if out.fd is not None:
            with suppress(OSError):
                self._terminal = (os.getpid(), os.fstat(out.fd).st_rdev)
        self._buffer = LineBuffer(self._captured)
        self._capture: DescriptorCapture | StreamCapture | None = None
        self._above: list[str] = []
        self._cast: CastWriter | None = None
        if options.record is not None:
            from demo_tui.cast import CastWriter

            self._cast_start, self._cast_size = dashboard.clock(), out.size()
            self._cast = CastWriter(options.record, *self._cast_size, dashboard.title)  # type: ignore[arg-type]

    # -- the terminal ----------------------------------------------------------------------------

    def open(self) -> None:
        """Take the terminal, if this process is in its foreground, and what is printed.

        Raises:
            RuntimeError: If another dashboard of this process is on this terminal.
        """
        if any(other.visible and other._terminal == self._terminal for other in _views):
            raise RuntimeError(
                "Another dashboard is on this terminal. Add your panels to it, end it first,"
                " or open this one within its `suspended()`."
            )
        self._start_capture()
        self.ready()

    def _start_capture(self) -> None:
        if self._options.capture:
            from demo_tui.capture import capture_for

            self._capture = capture_for(self._buffer, self._out.fd is None)
            self._capture.start()

    def hold(self) -> None:
        """Give the terminal back, and what is printed with it, until `release`."""
        self.drain()
        self.disappear()
        self.held = True
        if self._capture is not None:
            self._capture.stop()

    def release(self) -> None:
        """Take the terminal again after `hold`."""
        self.held = False
        if not self.over:
            self._start_capture()
            self.ready()

    def ready(self) -> bool:
        """Find out whether drawing is possible now; enter or leave the terminal where that changed.

        Returns:
            True where this process owns the terminal, and the view is on it.
        """
        if self.over or self.held or self._out.lost:
            return False
        if not self._out.foreground():
            if self.visible:
                with unstopped():
                    self.disappear(restore_keys=False)
            return False
        if not self.visible:
            self._appear()
        return True

    def _appear(self) -> None:
        self._keys.start()
        self._painter.forget()
        self.visible = True
        _views.add(self)
        self._write(self._painter.enter + (MOUSE_ON if self._options.mouse else ""))

    def disappear(self, restore_keys: bool = True) -> None:
        """Give the terminal back for a while.

        Args:
            restore_keys: Also its modes; False where a shell has set its own.
        """
        if self.visible:
            self.visible = False
            _views.discard(self)
            self._write((MOUSE_OFF if self._options.mouse else "") + self._painter.leave)
            self._keys.stop(restore_keys)

    def reappear(self) -> None:
        """Take the terminal again after a stop; its content and its modes are unknown."""
        if self.over:
            return
        self.visible = False
        self._keys.stop(restore=False)
        self.ready()

    def redraw(self) -> None:
        """Draw everything anew next time."""
        if isinstance(self._painter, InlinePainter):
            self._painter.redraw()
        else:
            self._painter.forget()

    # -- what is printed -------------------------------------------------------------------------

    def _captured(self, line: str) -> None:
        if not self._options.screen and not self._log_is_shown():
            self._above.append(line)
        else:
            self._dashboard.log(line)
            self._follow()

    def _follow(self) -> None:
        """Let the log show the line that is not complete yet."""
        log = self._dashboard.log_panel
        if log.unfinished is not self._buffer.unfinished:
            log.unfinished = self._buffer.unfinished

    def _log_is_shown(self) -> bool:
        panels = self._dashboard.panels
        try:
            regions = self._dashboard.regions(*self._out.size())
        except KeyError:  # the layout names a panel that there is not
            return False
        for name in regions:
            panel = panels.get(name)
            inner = panel.tabs.values() if isinstance(panel, TabsPanel) else [panel]
            if any(isinstance(each, LogPanel) for each in inner):
                return True
        return False

    @property
    def pending(self) -> int:
        """Return how many lines wait to be written above the block."""
        return len(self._above)

    # -- drawing ---------------------------------------------------------------------------------

    def block_height(self, width: int, height: int) -> int:
        """Return how many lines a block below the prompt has.

        Args:
            width: Cells of the terminal.
            height: Its lines; the cursor rests in the one below the block.

        Returns:
            As many as its content has, or as the options say, but never more than there are.
        """
        wanted = self._options.height or self._dashboard.natural_height(width)
        return max(1, min(wanted, height - 1))

    def show(self, frame: Frame, size: tuple[int, int]) -> bool:
        """Bring the terminal to a frame.

        Args:
            frame: The frame.
            size: Width and height of the terminal.

        Returns:
            True where something was written.
        """
        if self._capture is not None and self._dashboard.existing_log is not None:
            self._follow()
        data = self._lines_above(size[0]) + self._painter.update(frame, self._dashboard.ink())
        return self._write(data, size)

    def _lines_above(self, width: int) -> str:
        if not self._above or not isinstance(self._painter, InlinePainter):
            return ""
        lines, self._above = self._above, []
        text = "".join(f"{_safe(line)}\x1b[0m\n" for line in lines)
        return self._painter.above(f"\x1b[?7h{text}\x1b[?7l", width)

    def _write(self, data: str, size: tuple[int, int] | None = None) -> bool:
        if not data:
            return False
        if self._cast is not None:
            now = self._dashboard.clock() - self._cast_start
            if size is not None and size != self._cast_size:
                self._cast.resize(now, *size)
                self._cast_size = size
            self._cast.output(now, data)
            if self._cast.error:
                self._note(self._cast.error)
                self._cast = None
        if self._out.write(data):
            return True
        self.redraw()  # some of it may have arrived
        return False

    def _note(self, text: str) -> None:
        self.notes.append(text)
        self._dashboard.log(text, "warn")

    # -- the end ---------------------------------------------------------------------------------

    def drain(self) -> None:
        """Wait until everything that was printed so far has arrived."""
        if self._capture is not None:
            self._capture.drain()

    def end(self, frame: Frame | None) -> None:
        """Leave the terminal for good; show what nobody could have seen.

        Args:
            frame: The last frame, which is printed where the options say so.
        """
        self.disappear()
        self.over = True
        if self._capture is not None:
            self._capture.stop()
        if not self._out.foreground():
            return
        if self._options.keep and self._options.screen and frame is not None:
            ink = self._dashboard.ink()
            rows = ("".join(strip.painted(ink, x) for x, strip in row) for row in frame.rows)
            self._out.write("".join(f"{row}\x1b[0m\n" for row in rows))
        self._out.write("".join(f"{line}\n" for line in self._unseen()))

    def _unseen(self) -> list[str]:
        """What was printed or logged while no log panel was on the screen."""
        lines, self._above = [_safe(line) for line in self._above], []
        if self._options.unseen and not self._log_is_shown():
            for panel in self._dashboard.panels.values():
                if isinstance(panel, LogPanel):
                    lines += [_safe(line) for line in panel.plain_lines()]
        return lines

    def close(self) -> None:
        """Let everything go; safe to call twice."""
        if not self.over:
            self.disappear()
            self.over = True
        if self._capture is not None:
            self._capture.stop()
        if self._cast is not None:
            cast, self._cast = self._cast, None
            cast.close()
            if cast.error:
                self.notes.append(cast.error)


def _safe(line: str) -> str:
    """A line for the normal screen: colours stay, everything else that could move the cursor goes."""
    return "".join(char for char in keep_colours(line.expandtabs(8)) if char == "\x1b" or char.isprintable())
