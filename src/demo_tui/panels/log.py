"""A scrolling log: appending takes about a microsecond from any thread, and memory is bounded."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from itertools import count, islice

from demo_tui.cells import clean, describe, fit, last_state, width
from demo_tui.panel import Panel, PanelConfig
from demo_tui.panels.log_entry import LEVEL_NAMES, LEVELS, LogEntry, compile_query, format_time
from demo_tui.panels.log_lines import pieces
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["LogEntry", "LogPanel"]

THREADS = 64
"""Entries of as many threads may be appended in another order than they were numbered."""


class LogPanel(Panel):
    """The tail of a log, which scrolls back to any line, searches and filters.

    `append` takes no lock and may be called from any thread. Text is shown as it is: rich markup is not
    interpreted, control characters cannot break the box, and the ANSI colours and hyperlinks of a child
    process are kept. Once scrolled back, the view stays where it is while lines are added.

    Args:
        config: A title, or a `PanelConfig`, whose `max_lines` is the number of entries kept.
        max_chars: Longer entries are cut when they are appended, with a note of how much is missing.
        wrap: Break long lines; without it, they are cut at the border.
        tag_width: Cells of a column for tags; 0 for none.
        tag_styles: Styles by tag.
    """

    min_height = 5

    def __init__(
        self,
        config: PanelConfig | str | None = None,
        *,
        max_chars: int = 10_000,
        wrap: bool = True,
        tag_width: int = 0,
        tag_styles: dict[str, str] | None = None,
    ) -> None:
        super().__init__(config or "Log")
        self.max_chars = max_chars
        self.wrap = wrap
        self.tag_width = tag_width
        self.tag_styles = tag_styles or {}
        self.min_level = 0
        self.unfinished: Callable[[], str] = str
        """Returns a line that is not complete yet, such as a progress bar that a child rewrites."""
        self._entries: deque[LogEntry] = deque(maxlen=self.config.max_lines)
        self._numbers = count()
        self._rendered: dict[int, list[Strip]] = {}
        self._rendered_for: Hashable = None
        self._plain_next = 0
        self._plain_seen: set[int] = set()
        self._query: re.Pattern[str] | None = None
        self._filter: re.Pattern[str] | None = None
        self._top: tuple[int, int] | None = None  # entry number and line of it at the top; None: the end
        self._below = 0
        self._drawn = (80, 10, Theme("", {}))

    # -- content ---------------------------------------------------------------------------------

    def append(
        self,
        text: str,
        style: str | None = None,
        tag: str = "",
        time: str | float | None = None,
        level: int = 0,
    ) -> None:
        """Add one entry.

        Args:
            text: A string; anything else passes through `str`. A newline starts a new line of the entry.
            style: A theme name or a rich style.
            tag: Where it came from.
            time: Text, or seconds, which are shown as `mm:ss.s`; None shows no time.
            level: As in the logging module; 0 for none.
        """
        if text.__class__ is not str:
            text = describe(text)
        if len(text) > self.max_chars:
            text = f"{text[: self.max_chars]} [+{len(text) - self.max_chars:,} characters]"
        # tuple.__new__ skips the keyword handling of the NamedTuple's own constructor: half the time.
        self._entries.append(tuple.__new__(LogEntry, (next(self._numbers), text, style, tag, time, level)))

    def extend(self, texts: Iterable[str], style: str | None = None, tag: str = "") -> None:
        """Append several texts.

        Args:
            texts: One entry each.
            style: A theme name or a rich style.
            tag: Where they came from.
        """
        for text in texts:
            self.append(text, style, tag)

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()
        self._top = None
        self.touch()

    @property
    def total(self) -> int:
        """Return how many entries were ever appended, also those that `max_lines` pushed out."""
        return max((entry.number for entry in self.tail(THREADS)), default=-1) + 1

    @property
    def entries(self) -> list[LogEntry]:
        """Return all entries that are kept, oldest first."""
        return self.tail(self.config.max_lines)

    @property
    def lines(self) -> list[str]:
        """Return the texts of all entries that are kept, oldest first."""
        return [entry.text for entry in self.entries]

    def tail(self, number: int, skip: int = 0) -> list[LogEntry]:
        """Return the last entries.

        Args:
            number: How many.
            skip: How many to leave out at the end.

        Returns:
            The entries, oldest first.
        """
        while True:
            try:
                newest_first = list(islice(reversed(self._entries), skip, skip + number))
            except RuntimeError:  # appended to meanwhile; only possible without the GIL
                continue
            newest_first.reverse()
            return newest_first

    # -- search, filter, level -------------------------------------------------------------------

    def filter(self, text: str = "") -> None:
        """Show only the entries that hold a text; what is hidden is kept.

        Args:
            text: Letters of either case; an empty text shows all again. Between slashes (`/a.*b/`), it is a
                regular expression.

        Raises:
            ValueError: For a regular expression that is none.
        """
        self._filter = compile_query(text)
        self._top = None
        self.touch()

    def set_level(self, level: int = 0) -> None:
        """Show only the entries of a level and above; what is hidden is kept.

        Args:
            level: As in the logging module; 0 shows all again.
        """
        self.min_level = level
        self._top = None
        self.touch()

    def next_level(self) -> str:
        """Show fewer: all, info, warning, error, all.

        Returns:
            The name of what is shown now.
        """
        self.set_level(next((level for level in LEVELS if level > self.min_level), 0))
        return LEVEL_NAMES[self.min_level]

    def search(self, text: str, *, forward: bool = False) -> bool:
        """Mark a text wherever it is, and go to the nearest entry that holds it.

        Args:
            text: As for `filter`; an empty one takes the marks away.
            forward: Towards the end, else towards the beginning.

        Returns:
            True where there is one.

        Raises:
            ValueError: For a regular expression that is none.
        """
        self._query = compile_query(text)
        self._rendered_for = None
        self.touch()
        return self.search_next(forward=forward)

    def search_next(self, *, forward: bool = False) -> bool:
        """Go on to the next entry that holds what was searched.

        Args:
            forward: Towards the end, else towards the beginning.

        Returns:
            True where there is another one.
        """
        if self._query is None:
            return False
        entries = self._visible()
        here = self._top[0] if self._top is not None else (entries[-1].number + 1 if entries else 0)
        found = [entry.number for entry in entries if self._query.search(entry.text)]
        wanted = [number for number in found if (number > here if forward else number < here)]
        if not wanted:
            return False
        self._top = (wanted[0] if forward else wanted[-1], 0)
        self.touch()
        return True

    @property
    def restricted(self) -> bool:
        """Return True where a filter, a level or a search is set."""
        return bool(self.min_level or self._filter or self._query)

    def _visible(self) -> list[LogEntry]:
        entries = self.entries
        if self.min_level:
            entries = [entry for entry in entries if entry.level >= self.min_level]
        if self._filter is not None:
            wanted = self._filter.search
            entries = [entry for entry in entries if wanted(entry.text) or wanted(describe(entry.tag))]
        return entries

    # -- scrolling -------------------------------------------------------------------------------

    def scroll(self, lines: int) -> None:
        """Move the view by lines; it stays there while entries are added, until it is at the end again.

        Args:
            lines: How far towards the beginning; negative towards the end. Any number is allowed.
        """
        cells, height, theme = self._drawn
        entries = self._visible()
        if not entries or (lines <= 0 and self._top is None):
            return
        if abs(lines) >= 10**6:
            self._top = (entries[0].number, 0) if lines > 0 else None
        else:
            self._top = self._moved(entries, lines, cells, height, theme)
        self.touch()

    def _moved(
        self, entries: list[LogEntry], lines: int, cells: int, height: int, theme: Theme
    ) -> tuple[int, int] | None:
        """Where the top is after a move of so many lines; None at the end."""
        if self._top is None:
            lines += height
            index, line = len(entries), 0
        else:
            index, line = _position(entries, self._top[0]), self._top[1]
        line -= lines
        while line < 0 and index > 0:
            index -= 1
            line += len(self._entry_lines(entries[index], cells, theme))
        while index < len(entries) and line >= (size := len(self._entry_lines(entries[index], cells, theme))):
            line -= size
            index += 1
        if index >= len(entries):
            return None
        return entries[index].number, max(0, line)

    # -- keys and texts --------------------------------------------------------------------------

    def content_key(self) -> Hashable:
        """Return a key made of the newest entry, so that `append` need not call `touch`."""
        last = self.tail(1)
        return self.version, last[0].number if last else -1, self.unfinished()

    def right_title(self) -> str:
        """Return how many lines there were, what is filtered, and how far the view is from the end."""
        total = self.total
        held = f"{self._below} back · " if self._top is not None and self._below else ""
        if self.min_level:
            held += f"{LEVEL_NAMES.get(self.min_level, self.min_level)} and above · "
        if self._filter is not None:
            held += f"filter {self._filter.pattern[:20]} · "
        return f"{held}{total:,} lines" if total > self.config.max_lines or held else ""

    def natural_height(self) -> int:
        """Return room for ten lines, and two for the border."""
        return 12

    def plain_lines(self) -> Iterable[str]:
        """Return the entries since the last call; a gap is stated where `max_lines` was too small."""
        recent = self.tail(max(0, self.total - self._plain_next) + THREADS)
        fresh = [entry for entry in recent if entry.number not in self._plain_seen]
        missing = fresh[0].number - self._plain_next if fresh else 0
        if missing > THREADS:
            yield f"({missing:,} lines are not shown)"
        self._plain_next = self.total
        self._plain_seen = {entry.number for entry in recent[-2 * THREADS :]}
        for entry in fresh:
            head = f"{format_time(entry.time)} " if entry.time is not None else ""
            head += f"{describe(entry.tag)} " if entry.tag else ""
            for line in entry.text.split("\n"):
                yield head + last_state(line.rstrip("\r"))

    # -- drawing ---------------------------------------------------------------------------------

    def body(self, width: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return the entries that fit: the newest ones with the last line at the bottom, or those chosen."""
        self._drawn = (width, height, theme)
        look = (width, theme, self.wrap, self.tag_width)
        known = self._rendered if look == self._rendered_for else {}
        self._rendered, self._rendered_for = known, look
        if self._top is not None:
            held = self._held(width, height, theme)
            if held is not None:
                return held
            self._top = None
        rendered: dict[int, list[Strip]] = {}
        lines = self._unfinished_lines(width, theme)
        for entry in reversed(self._newest(height)):
            if len(lines) >= height:
                break
            strips = rendered[entry.number] = self._entry_lines(entry, width, theme)
            lines[:0] = strips
        self._rendered = rendered
        return lines[-height:] if height > 0 else []

    def _newest(self, number: int) -> list[LogEntry]:
        if self.min_level or self._filter is not None:
            return self._visible()[-number:]
        return self.tail(number)

    def _held(self, width: int, height: int, theme: Theme) -> list[Strip] | None:
        """The view from its top downwards; None where that reaches the end."""
        assert self._top is not None
        entries = self._visible()
        start = _position(entries, self._top[0])
        skip = self._top[1] if start < len(entries) and entries[start].number == self._top[0] else 0
        rendered: dict[int, list[Strip]] = {}
        lines: list[Strip] = []
        last = start
        for last in range(start, len(entries)):
            entry = entries[last]
            strips = rendered[entry.number] = self._entry_lines(entry, width, theme)
            lines += strips[skip:]
            skip = 0
            if len(lines) > height:
                break
        else:
            return None
        self._rendered = rendered
        self._below = entries[-1].number - entries[last].number + 1
        return lines[:height]

    def _unfinished_lines(self, width: int, theme: Theme) -> list[Strip]:
        text = self.unfinished()
        if not text:
            return []
        entry = LogEntry(-1, text, "dim", "", None)
        return self._draw(entry, width, theme)

    def _entry_lines(self, entry: LogEntry, cells: int, theme: Theme) -> list[Strip]:
        known = self._rendered.get(entry.number)
        return known if known is not None else self._draw(entry, cells, theme)

    def _draw(self, entry: LogEntry, cells: int, theme: Theme) -> list[Strip]:
        prefix = self._prefix(entry, theme)
        indent = sum(width(text) for text, _ in prefix)
        if indent > cells // 2:
            prefix, indent = [], 0
        strips: list[Strip] = []
        for segments in pieces(entry.text, entry.style, cells - indent, theme, self.wrap, self._query):
            pen = Pen(cells, theme)
            for text, style in prefix if not strips else [(" " * indent, "")]:
                if text:
                    pen.put(text, style)
            for text, segment_style, _ in segments:
                pen.put(text, segment_style)
            strips.append(pen.strip())
        return strips

    def _prefix(self, entry: LogEntry, theme: Theme) -> list[tuple[str, str]]:
        prefix = []
        if entry.time is not None:
            prefix.append((clean(f"{format_time(entry.time)} ", theme.ascii), "dim"))
        tag = clean(entry.tag, theme.ascii)
        if tag or self.tag_width:
            shown = fit(tag, self.tag_width, ellipsis=theme.glyphs.ellipsis) if self.tag_width else tag
            prefix.append((shown + " ", self.tag_styles.get(describe(entry.tag), "accent")))
        return prefix


def _position(entries: list[LogEntry], number: int) -> int:
    """The index of the first entry from a number on."""
    return next((index for index, entry in enumerate(entries) if entry.number >= number), len(entries))
