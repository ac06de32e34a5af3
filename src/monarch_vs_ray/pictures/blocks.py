"""Build a picture from blocks of styled lines; a panel shows as many as it has room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from demo_tui.cells import clean, crop, width
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

Span = tuple[str, str]
"""A text and its style, a name of the dashboard's theme."""
Piece = Span | str
"""A plain text has the style `text`."""
Line = tuple[Span, ...]
LABEL = 12
"""Cells of the labels, which stand in one column."""

_ASCII = str.maketrans(
    {
        "─": "-", "━": "=", **dict.fromkeys("┄╌", "."),
        **dict.fromkeys("│┃┊║", "|"), **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯", "+"),
        "═": "=", "▶": ">", "◀": "<", "▲": "^", "▼": "v", "●": "o", "○": "_", "■": "#", "✓": "v", "✗": "x",
        "↻": "@", "\u2573": "X", "·": ".", "…": "~", "⇄": "=", "█": "#", "▇": "#", "▆": "%", "▅": "*",
        "▄": "+", "▃": "=", "▂": "-", "▁": "_", "░": ".",
    }
)  # fmt: skip
"""One character for one, so that nothing moves."""


@dataclass(frozen=True)
class Block:
    """Hold lines that belong together.

    Args:
        lines: Styled lines, each drawn from the left.
        of: The experiments that the block shows. The block of the latest experiment is always in view.
        keep: Show the block before others, except the latest: for a heading or a legend.
    """

    lines: tuple[Line, ...]
    of: frozenset[str] = frozenset()
    keep: bool = False


def row(*spans: Piece, of: Iterable[str] | str = (), keep: bool = False) -> Block:
    """Return a block of one line; a plain string is a span without a style."""
    line = tuple(span if isinstance(span, tuple) else (span, "text") for span in spans)
    return Block((line,), frozenset([of] if isinstance(of, str) else of), keep)


def labelled(label: str, *spans: Piece, of: Iterable[str] | str = ()) -> Block:
    """Return a block of one line that begins with a label of LABEL cells."""
    return row((fitted(label, LABEL - 1) + " ", "key"), *spans, of=of)


def fitted(text: object, cells: int) -> str:
    """Return a text as one line of an exact number of cells, with an ellipsis if it is cut."""
    shown = clean(text)
    if width(shown) > cells:
        shown = crop(shown, max(0, cells - 1)) + "…"
    return shown + " " * (cells - width(shown))


@dataclass(frozen=True)
class Picture:
    """Hold all blocks of a side, from the top; ``latest`` is the experiment that must be in view."""

    blocks: Sequence[Block]
    latest: str = ""

    @property
    def lines(self) -> list[Line]:
        """Return every line."""
        return [line for block in self.blocks for line in block.lines]

    def fit(self, height: int) -> list[Line]:
        """Return the lines that fit a number of rows: the latest block, then the nearest to it."""
        chosen: set[int] = set()
        room = height
        for index in self._by_weight():
            size = len(self.blocks[index].lines)
            if size <= room or not chosen:
                chosen.add(index)
                room -= size
            elif not self.blocks[index].keep:
                break  # what is shown is without gaps
        return [line for index in sorted(chosen) for line in self._lines_of(self.blocks[index])][:height]

    def _lines_of(self, block: Block) -> list[Line]:
        """Return a block's lines, the labels of the latest one in bold."""
        if self.latest not in block.of or block.keep:
            return list(block.lines)
        return [
            tuple((text, "title" if style == "key" else style) for text, style in line)
            for line in block.lines
        ]

    def _by_weight(self) -> list[int]:
        """Return the blocks' positions by weight: the latest experiment, kept blocks, then by distance."""
        latest = [i for i, block in enumerate(self.blocks) if self.latest in block.of]
        middle = latest[-1] if latest else len(self.blocks) - 1
        weight = [(not block.keep, abs(i - middle), i > middle) for i, block in enumerate(self.blocks)]
        order = sorted(range(len(self.blocks)), key=lambda i: weight[i])
        return [i for i in order if i == middle] + [i for i in order if i != middle]

    def strips(self, cells: int, height: int, theme: Theme) -> list[Strip]:
        """Return the lines for a panel of this size."""
        return [strip(line, cells, theme) for line in self.fit(height)]


def strip(line: Line, cells: int, theme: Theme) -> Strip:
    """Return a line of an exact number of cells, in ASCII if the theme is."""
    pen = Pen(cells, theme)
    for text, style in shortened(line, cells):
        pen.put(text.translate(_ASCII) if theme.ascii else text, style)
    return pen.strip()


def shortened(line: Line, cells: int) -> Line:
    """Return a line of at most so many cells.

    Where it is too long, remarks (style ``dim``) at its end are left out, and then it ends in an ellipsis.
    """
    spans = [(clean(text), style) for text, style in line]
    whole = sum(width(text) for text, _ in spans)
    while whole > cells and len(spans) > 1 and spans[-1][1] == "dim":
        whole -= width(spans.pop()[0])
    if whole - _spaces_at_the_end(spans) <= cells:
        return tuple(spans)
    room, kept = cells - 1, []
    for text, style in spans:
        kept.append((crop(text, room), style))
        room -= width(kept[-1][0])
    return (*kept, ("…", "dim"))


def _spaces_at_the_end(spans: list[Span]) -> int:
    return len(spans[-1][0]) - len(spans[-1][0].rstrip()) if spans else 0
