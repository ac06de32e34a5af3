"""One picture of a dashboard, at one size: for a terminal, a file, or a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from demo_tui.layout import Region
from demo_tui.strips import Pen, Strip, blank
from demo_tui.theme import Theme

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Frame", "compose"]

Row = list[tuple[int, Strip]]


class Frame:
    """`height` rows of exactly `width` cells. Each row is strips with the column at which they start."""

    def __init__(self, rows: list[Row], width: int, height: int, theme: Theme) -> None:
        self.rows = rows
        self.width, self.height = width, height
        self.theme = theme

    @property
    def lines(self) -> list[str]:
        """Every row as plain text, exactly `width` cells each."""
        return ["".join(strip.text for _, strip in row) for row in self.rows]

    @property
    def text(self) -> str:
        """The frame as plain text, without spaces at the ends of lines; ends with a newline."""
        return "".join(line.rstrip() + "\n" for line in self.lines)

    def svg(self, title: str = "") -> str:
        """The frame as an SVG picture of a terminal window; it needs no fonts from elsewhere."""
        from demo_tui.export import svg

        return svg(self, title)

    def html(self, title: str = "") -> str:
        """The frame as a complete HTML page."""
        from demo_tui.export import html

        return html(self, title)

    def save(self, path: str | Path, title: str = "") -> Path:
        """Write the frame as .svg, .html or .txt, by the name's ending. Raises ValueError for another."""
        from pathlib import Path

        path = Path(path)
        kind = path.suffix.lower()
        if kind not in (".svg", ".html", ".txt"):
            raise ValueError(f"{path.name}: a frame is saved as .svg, .html or .txt")
        text = {
            ".svg": lambda: self.svg(title),
            ".html": lambda: self.html(title),
            ".txt": lambda: self.text,
        }[kind]()
        path.write_text(text, encoding="utf-8")
        return path


def compose(
    boxes: Mapping[str, tuple[Region, Sequence[Strip]]], width: int, height: int, theme: Theme
) -> Frame:
    """Put boxes where their regions are; cells that no box covers are blank."""
    rows: list[Row] = [[] for _ in range(height)]
    for region, strips in sorted(boxes.values(), key=lambda box: box[0][:2]):
        for y, strip in enumerate(strips, region.y):
            rows[y].append((region.x, strip))
    for row in rows:
        if not row:
            row.append((0, blank(width)))
    return Frame(rows, width, height, theme)


def notice(frame: Frame, text: str) -> Frame:
    """The frame with a short message over its last row."""
    if not frame.rows:
        return frame
    pen = Pen(frame.width, frame.theme).cell(f" {text}", frame.width, "toast")
    return Frame([*frame.rows[:-1], [(0, pen.strip())]], frame.width, frame.height, frame.theme)


def overlay(frame: Frame, lines: Sequence[str], title: str) -> Frame:
    """The frame with a box of text over its middle."""
    from demo_tui.cells import clean, width
    from demo_tui.panel import frame_lines

    theme = frame.theme
    room = min(frame.width - 4, max((width(clean(line, theme.ascii)) for line in lines), default=0))
    if room < 4 or frame.height < 4:
        return frame
    inner = [Pen(room, theme).put(line).strip() for line in lines[: frame.height - 2]]
    box = frame_lines(inner, room + 4, theme, "accent", title)
    left, top = (frame.width - room - 4) // 2, (frame.height - len(box)) // 2
    rows = list(frame.rows)
    for y, strip in enumerate(box, top):
        right = left + room + 4
        before, after = _part(rows[y], 0, left, theme), _part(rows[y], right, frame.width, theme)
        rows[y] = [(0, before), (left, strip), (right, after)]
    return Frame(rows, frame.width, frame.height, theme)


def _part(row: Row, start: int, end: int, theme: Theme) -> Strip:
    """What a row has in the columns from `start` to before `end`; half a wide character is a space."""
    from demo_tui.cells import char_width

    pen = Pen(end - start, theme)
    for x, strip in row:
        for text, style, _ in strip.segments:
            for char in text:
                size = char_width(char)
                if start <= x and x + size <= end:
                    pen.put(char, style)
                else:
                    pen.fill(" ", min(x + size, end) - max(x, start), style)
                x += size
    return pen.strip()
