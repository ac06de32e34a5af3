"""The text of a log entry as styled lines: ANSI colours, hyperlinks, wrapping, and marks where it matches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.segment import Segment
from rich.style import Style

from demo_tui.cells import clean, keep_colours, last_state, wrap
from demo_tui.strips import text_segments
from demo_tui.theme import Theme

__all__ = ["pieces"]


def pieces(
    text: str, style: str | None, room: int, theme: Theme, wrapped: bool, query: re.Pattern[str] | None
) -> Iterator[list[Segment]]:
    """Split a text into the lines that are shown.

    Args:
        text: One line or several, as they were logged.
        style: The style of what has no colour of its own.
        room: Cells of a line.
        theme: Resolves styles.
        wrapped: Break long lines.
        query: What to mark; None for nothing.

    Returns:
        For each line, cleaned text with its styles.
    """
    base = theme.style(style)
    for line in text.split("\n") if "\n" in text else (text,):
        line = last_state(line.rstrip("\r"))
        coloured = [Segment(clean(line, theme.ascii), base)] if "\x1b" not in line else _decode(line, theme)
        if query is not None:
            coloured = _marked(coloured, query, theme)
        if not wrapped:
            yield coloured
            continue
        plain = coloured[0].text if len(coloured) == 1 else "".join(segment.text for segment in coloured)
        for start, end in wrap(plain, room):
            yield _slice(coloured, start, end)


def _decode(line: str, theme: Theme) -> list[Segment]:
    """A line with ANSI colours as styled segments of cleaned text."""
    from rich.ansi import AnsiDecoder

    try:
        text = AnsiDecoder().decode_line(keep_colours(line).expandtabs(8))
    except Exception:  # a sequence that rich does not understand
        return [Segment(clean(line, theme.ascii), None)]
    return [Segment(clean(part, theme.ascii), style) for part, style, _ in text_segments(text)]


def _marked(segments: list[Segment], query: re.Pattern[str], theme: Theme) -> list[Segment]:
    plain = "".join(segment.text for segment in segments)
    found = [match.span() for match in query.finditer(plain) if match.end() > match.start()]
    if not found:
        return segments
    mark = theme.style("match") or Style(reverse=True)
    out, at = [], 0
    for start, end in found:
        out += _slice(segments, at, start)
        out += [
            Segment(text, (style or Style.null()) + mark) for text, style, _ in _slice(segments, start, end)
        ]
        at = end
    return [segment for segment in out + _slice(segments, at, len(plain)) if segment.text]


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
