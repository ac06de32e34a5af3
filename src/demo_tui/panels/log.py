"""A scrolling log: appending takes about a microsecond from any thread, and memory is bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from itertools import count, islice
from typing import NamedTuple

from rich.segment import Segment

from demo_tui.cells import clean, fit, keep_colours, last_state, width, wrap
from demo_tui.panel import Panel, PanelConfig
from demo_tui.strips import Pen, Strip, text_segments
from demo_tui.theme import Theme

__all__ = ["LogEntry", "LogPanel"]

THREADS = 64
"""Entries of as many threads may be appended in another order than they were numbered."""


class LogEntry(NamedTuple):
    """One logged line. `number` counts from 0 and is never reused, so gaps show what was dropped."""

    number: int
    text: str
    style: str | None
    tag: str
    time: str | float | None


class LogPanel(Panel):
    """The tail of a log.

    Keeps the last `config.max_lines` entries. `append` takes no lock and may be called from any thread.
    Text is shown as it is: rich markup is not interpreted, control characters cannot break the box, and
    the ANSI colours of a child process are kept. Entries longer than `max_chars` characters are cut when
    they are appended, with a note of how much is missing. `wrap` breaks long lines; without it, they are
    cut at the border. `tag_width` reserves a column for tags.
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
        self._entries: deque[LogEntry] = deque(maxlen=self.config.max_lines)
        self._numbers = count()
        self._rendered: dict[int, list[Strip]] = {}
        self._rendered_for: Hashable = None
        self._plain_next = 0
        self._plain_seen: set[int] = set()
        self._scrolled = 0

    def append(
        self, text: str, style: str | None = None, tag: str = "", time: str | float | None = None
    ) -> None:
        """Add one entry. `time` is text, or seconds, which are shown as `mm:ss.s`; None shows no time.

        A newline in `text` starts a new line of the same entry. Anything that is not a string is
        converted with `str`.
        """
        if text.__class__ is not str:
            text = str(text)
        if len(text) > self.max_chars:
            text = f"{text[: self.max_chars]} [+{len(text) - self.max_chars:,} characters]"
        # tuple.__new__ skips the keyword handling of the NamedTuple's own constructor: half the time.
        self._entries.append(tuple.__new__(LogEntry, (next(self._numbers), text, style, tag, time)))

    def extend(self, texts: Iterable[str], style: str | None = None, tag: str = "") -> None:
        """Append several texts."""
        for text in texts:
            self.append(text, style, tag)

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()
        self.touch()

    @property
    def total(self) -> int:
        """How many entries were ever appended, also those that `max_lines` pushed out."""
        return max((entry.number for entry in self.tail(THREADS)), default=-1) + 1

    @property
    def entries(self) -> list[LogEntry]:
        """All entries that are kept, oldest first."""
        return self.tail(self.config.max_lines)

    @property
    def lines(self) -> list[str]:
        """The texts of all entries that are kept, oldest first."""
        return [entry.text for entry in self.entries]

    def tail(self, number: int, skip: int = 0) -> list[LogEntry]:
        """The last `number` entries before the last `skip` ones, oldest first."""
        while True:
            try:
                newest_first = list(islice(reversed(self._entries), skip, skip + number))
            except RuntimeError:  # appended to meanwhile; only possible without the GIL
                continue
            newest_first.reverse()
            return newest_first

    def scroll(self, lines: int) -> None:
        """Move the view back by `lines` entries, or forward if negative; 0 entries back follows the end."""
        self._scrolled = max(0, min(self._scrolled + lines, len(self._entries) - 1))
        self.touch()

    def content_key(self) -> Hashable:
        """The newest entry tells, so that `append` need not."""
        last = self.tail(1)
        return self.version, last[0].number if last else -1

    def right_title(self) -> str:
        """How many lines there were, once some are gone or the view is not at the end."""
        total = self.total
        held = f"{self._scrolled} back · " if self._scrolled else ""
        return f"{held}{total:,} lines" if total > self.config.max_lines or held else ""

    def plain_lines(self) -> Iterable[str]:
        """The entries since the last call; a gap is stated where `max_lines` was too small."""
        recent = self.tail(max(0, self.total - self._plain_next) + THREADS)
        fresh = [entry for entry in recent if entry.number not in self._plain_seen]
        missing = fresh[0].number - self._plain_next if fresh else 0
        if missing > THREADS:
            yield f"({missing:,} lines are not shown)"
        self._plain_next = self.total
        self._plain_seen = {entry.number for entry in recent[-2 * THREADS :]}
        for entry in fresh:
            head = f"{format_time(entry.time)} " if entry.time is not None else ""
            head += f"{entry.tag} " if entry.tag else ""
            for line in entry.text.split("\n"):
                yield head + last_state(line.rstrip("\r"))

    # -- drawing ---------------------------------------------------------------------------------

    def body(self, width: int, height: int, theme: Theme) -> Iterable[Strip]:
        """The newest entries that fit, the last one at the bottom."""
        look = (width, theme, self.wrap, self.tag_width)
        known = self._rendered if look == self._rendered_for else {}
        rendered: dict[int, list[Strip]] = {}
        lines: list[Strip] = []
        for entry in reversed(self.tail(height, self._scrolled)):
            strips = known.get(entry.number) or self._entry_lines(entry, width, height, theme)
            rendered[entry.number] = strips
            lines[:0] = strips
            if len(lines) >= height:
                break
        self._rendered, self._rendered_for = rendered, look
        return lines[-height:] if height > 0 else []

    def _entry_lines(self, entry: LogEntry, cells: int, height: int, theme: Theme) -> list[Strip]:
        """At least one strip; no more than can be seen, but the beginning of the entry is among them."""
        prefix = self._prefix(entry, theme)
        indent = sum(width(text) for text, _ in prefix)
        if indent > cells // 2:
            prefix, indent = [], 0
        strips: list[Strip] = []
        for segments in self._pieces(entry, cells - indent, theme):
            pen = Pen(cells, theme)
            for text, style in prefix if not strips else [(" " * indent, "")]:
                pen.put(text, style)
            for text, segment_style, _ in segments:
                pen.put(text, segment_style)
            strips.append(pen.strip())
            if len(strips) >= height:
                break
        return strips

    def _prefix(self, entry: LogEntry, theme: Theme) -> list[tuple[str, str]]:
        prefix = []
        if entry.time is not None:
            prefix.append((clean(f"{format_time(entry.time)} ", theme.ascii), "dim"))
        if entry.tag or self.tag_width:
            tag = clean(entry.tag, theme.ascii)
            shown = fit(tag, self.tag_width, ellipsis=theme.glyphs.ellipsis) if self.tag_width else tag
            prefix.append((shown + " ", self.tag_styles.get(entry.tag, "accent")))
        return prefix

    def _pieces(self, entry: LogEntry, room: int, theme: Theme) -> Iterator[list[Segment]]:
        base = theme.style(entry.style)
        for line in entry.text.split("\n") if "\n" in entry.text else (entry.text,):
            line = last_state(line.rstrip("\r"))
            plain_line = "\x1b" not in line
            coloured = [Segment(clean(line, theme.ascii), base)] if plain_line else _decode(line, theme)
            if not self.wrap:
                yield coloured
                continue
            plain = "".join(segment.text for segment in coloured)
            for start, end in wrap(plain, room):
                yield _slice(coloured, start, end)


def format_time(time: str | float) -> str:
    """Seconds as `mm:ss.s`, with hours where needed; text unchanged."""
    if isinstance(time, str):
        return time
    minutes, seconds = divmod(max(0.0, time), 60)
    if minutes < 60:
        return f"{int(minutes):02}:{int(seconds * 10) / 10:04.1f}"
    hours, minutes = divmod(minutes, 60)
    return f"{int(hours)}:{int(minutes):02}:{int(seconds):02}"


def _decode(line: str, theme: Theme) -> list[Segment]:
    """A line with ANSI colours as styled segments of cleaned text."""
    from rich.ansi import AnsiDecoder

    text = AnsiDecoder().decode_line(keep_colours(line).expandtabs(8))
    return [Segment(clean(part, theme.ascii), style) for part, style, _ in text_segments(text)]


def _slice(segments: list[Segment], start: int, end: int) -> list[Segment]:
    if len(segments) == 1:
        return [Segment(segments[0].text[start:end], segments[0].style)]
    out, at = [], 0
    for text, style, _ in segments:
        cut = text[max(0, start - at) : max(0, end - at)]
        if cut:
            out.append(Segment(cut, style))
        at += len(text)
    return out
