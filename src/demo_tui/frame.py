"""One picture of a dashboard, at one size: for a terminal, a file, or a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from demo_tui.cells import clean, clusters, width
from demo_tui.layout import Region
from demo_tui.panel import frame_lines
from demo_tui.strips import Pen, Strip, blank
from demo_tui.theme import Theme

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Frame", "compose"]

Row = list[tuple[int, Strip]]


class Frame:
    """A picture of text: `height` rows of exactly `width` cells.

    Args:
        rows: For each row, strips with the column at which they begin.
        width: Cells of a row.
        height: Number of rows.
        theme: The theme it was drawn with.
    """

    def __init__(self, rows: list[Row], width: int, height: int, theme: Theme) -> None:
        self.rows = rows
        self.width, self.height = width, height
        self.theme = theme

    @property
    def lines(self) -> list[str]:
        """Return every row as plain text, exactly `width` cells each."""
        return ["".join(strip.text for _, strip in row) for row in self.rows]

    @property
    def text(self) -> str:
        """Return the frame as plain text without spaces at the ends of lines; it ends with a newline."""
        return "".join(line.rstrip() + "\n" for line in self.lines)

    def svg(self, title: str = "") -> str:
        """Return the frame as an SVG picture of a terminal window.

        Args:
            title: What the window's title bar says.

        Returns:
            A complete SVG document that loads nothing.
        """
        from demo_tui import export

        return export.svg(self.rows, (self.width, self.height), self.theme, title)

    def html(self, title: str = "") -> str:
        """Return the frame as a complete HTML page.

        Args:
            title: The title of the page.

        Returns:
            The page; it loads nothing.
        """
        from demo_tui import export

        return export.html(self.rows, self.theme, title)

    def _repr_html_(self) -> str:
        from demo_tui import export

        return export.html_block(self.rows, self.theme)

    def save(self, path: str | Path, title: str = "") -> Path:
        """Write the frame to a file.

        Args:
            path: A name that ends with .svg, .html or .txt.
            title: The title of the picture.

        Returns:
            The path.

        Raises:
            ValueError: For another ending.
            OSError: Where the file cannot be written.
        """
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
    """Put boxes where their regions are; cells that no box covers are blank.

    Args:
        boxes: Region and lines by panel name.
        width: Cells of a row.
        height: Number of rows.
        theme: The theme that the boxes were drawn with.

    Returns:
        The frame.
    """
    rows: list[Row] = [[] for _ in range(height)]
    for region, strips in sorted(boxes.values(), key=lambda box: box[0][:2]):
        for y, strip in enumerate(strips, region.y):
            rows[y].append((region.x, strip))
    for row in rows:
        if not row:
            row.append((0, blank(width)))
    return Frame(rows, width, height, theme)


def notice(frame: Frame, text: str, style: str = "toast") -> Frame:
    """Put a short message over the last row.

    Args:
        frame: The frame.
        text: The message.
        style: Its style.

    Returns:
        A new frame.
    """
    if not frame.rows:
        return frame
    pen = Pen(frame.width, frame.theme).cell(f" {text}", frame.width, style)
    return Frame([*frame.rows[:-1], [(0, pen.strip())]], frame.width, frame.height, frame.theme)


def corner(frame: Frame, text: str, style: str = "warn") -> Frame:
    """Put a short text over the right end of the last row.

    Args:
        frame: The frame.
        text: The text; it is cut to the width of the frame.
        style: Its style.

    Returns:
        A new frame.
    """
    if not frame.rows or frame.width < 4:
        return frame
    theme = frame.theme
    cells = min(frame.width - 2, width(clean(text, theme.ascii)))
    mark = Pen(cells, theme).cell(text, cells, style).strip()
    start = frame.width - cells - 1
    row = frame.rows[-1]
    ends = (_part(row, 0, start, theme), _part(row, frame.width - 1, frame.width, theme))
    last = [(0, ends[0]), (start, mark), (frame.width - 1, ends[1])]
    return Frame([*frame.rows[:-1], last], frame.width, frame.height, theme)


def overlay(frame: Frame, lines: Sequence[str], title: str) -> Frame:
    """Put a box of text over the middle.

    Args:
        frame: The frame.
        lines: The text.
        title: The title of the box.

    Returns:
        A new frame; the same one where there is no room.
    """
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
    pen = Pen(end - start, theme)
    for x, strip in row:
        for text, style, _ in strip.segments:
            for part, size in clusters(text):
                if start <= x and x + size <= end:
                    pen.put(part, style)
                else:
                    pen.fill(" ", min(x + size, end) - max(x, start), style)
                x += size
    return pen.strip()
