"""Two named columns side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from demo_tui.cells import clean, describe, width, wrap
from demo_tui.panel import Panel, PanelConfig
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["ComparisonPanel", "ComparisonRow"]


@dataclass(frozen=True)
class ComparisonRow:
    """One row of a comparison.

    Args:
        label: The name of the row.
        left: The value at the left; None where it is not known yet.
        right: The value at the right; None where it is not known yet.
        differs: Whether the sides differ; None to compare them.
        style: The style of the values.
    """

    label: str
    left: object = None
    right: object = None
    differs: bool | None = None
    style: str | None = None

    def mark(self) -> bool | None:
        """Compare the sides.

        Returns:
            True where they differ, False where they are equal, None where one is missing or where they
            cannot be compared.
        """
        if self.differs is not None:
            return self.differs
        if self.left is None or self.right is None:
            return None
        try:
            return bool(self.left != self.right)
        except Exception:  # an array compares element by element
            return describe(self.left) != describe(self.right)


class ComparisonPanel(Panel):
    """What two things have in common and where they differ.

    Each row has a mark that says whether the sides differ. The last `config.max_lines` lines of output of
    each side are shown below the rows. Long values wrap inside their column.

    Args:
        left: The name of the left column.
        right: The name of the right column.
        config: A title, or a `PanelConfig`; None for both names.
    """

    min_height = 6
    min_width = 24
    sticky = 1

    def __init__(
        self, left: str = "Left", right: str = "Right", config: PanelConfig | str | None = None
    ) -> None:
        super().__init__(config if config is not None else f"{left} | {right}")
        self.left, self.right = left, right
        self._rows: dict[str, ComparisonRow] = {}
        self._output: dict[str, deque[str]] = {
            "left": deque(maxlen=self.config.max_lines),
            "right": deque(maxlen=self.config.max_lines),
        }
        self._plain_seen: dict[str, str] = {}

    def set_row(
        self,
        label: str,
        left: object = None,
        right: object = None,
        *,
        differs: bool | None = None,
        style: str | None = None,
    ) -> None:
        """Set a row, one side at a time or both.

        Args:
            label: The name of the row.
            left: The value at the left; None keeps what it had.
            right: The value at the right; None keeps what it had.
            differs: Whether the sides differ; None to compare them with `!=`.
            style: The style of the values.
        """
        old = self._rows.get(label, ComparisonRow(label))
        self._rows[label] = ComparisonRow(
            label,
            old.left if left is None else left,
            old.right if right is None else right,
            old.differs if differs is None else differs,
            old.style if style is None else style,
        )
        self.touch()

    def append(self, side: str, text: str) -> None:
        """Add a line of output to a side.

        Args:
            side: Its name, or `left` or `right`.
            text: The line.

        Raises:
            ValueError: For another side.
        """
        self._output[self._side(side)].append(describe(text)[:10_000])
        self.touch()

    def clear(self) -> None:
        """Forget all rows and all output."""
        self._rows.clear()
        for lines in self._output.values():
            lines.clear()
        self.touch()

    @property
    def rows(self) -> list[ComparisonRow]:
        """Return the rows in the order in which their labels were first set."""
        return list(self._rows.copy().values())

    def natural_height(self) -> int:
        """Return one line for each row, one for the names, and two for the border."""
        output = max(len(lines) for lines in self._output.values())
        return len(self._rows) + min(10, output) + 3

    def _side(self, side: str) -> str:
        for name, title in (("left", self.left), ("right", self.right)):
            if side in (name, title):
                return name
        raise ValueError(f"{side!r} is no side; use {self.left!r} or {self.right!r}")

    # -- drawing ---------------------------------------------------------------------------------

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return names, rows, then the output of both sides."""
        rows = self.rows
        label = max((width(clean(row.label, theme.ascii)) for row in rows), default=0)
        label = min(label, max(6, cells // 3)) if rows else 0
        gap = 3 if rows else 0
        column = max(1, (cells - label - gap - 3) // 2) if label else max(1, (cells - 3) // 2)
        lines = [
            self._line(
                ("", self.left, self.right), ("", "bold left", "bold right"), label, column, cells, theme
            )
        ]
        for row in rows:
            lines += self._row_lines(row, label, column, cells, theme)
        room = height - len(lines)
        lines += self._output_lines(max(0, room), label, column, cells, theme)
        if len(lines) > height > 1:
            hidden = len(lines) - height + 1
            lines[height - 1 :] = [Pen(cells, theme).put(f"+{hidden} lines", "dim").strip()]
        return lines

    def _row_lines(
        self, row: ComparisonRow, label: int, column: int, cells: int, theme: Theme
    ) -> list[Strip]:
        differs = row.mark()
        glyphs = theme.glyphs
        mark = {True: glyphs.differs, False: glyphs.same, None: " "}[differs]
        mark_style = {True: "warn", False: "dim", None: None}[differs]
        left, right = (_wrapped(value, column, theme) for value in (row.left, row.right))
        depth = max(len(left), len(right))
        lines = []
        for index in range(depth):
            texts = (
                row.label if index == 0 else "",
                *(side[index] if index < len(side) else "" for side in (left, right)),
            )
            styles = ("key", row.style or "value", row.style or "value")
            lines.append(
                self._line(
                    texts, styles, label, column, cells, theme, (mark if index == 0 else " ", mark_style)
                )
            )
        return lines

    def _line(
        self,
        texts: tuple[str, ...],
        styles: tuple[str, ...],
        label: int,
        column: int,
        cells: int,
        theme: Theme,
        mark: tuple[str, str | None] = (" ", None),
    ) -> Strip:
        pen = Pen(cells, theme)
        if label:
            pen.cell(texts[0], label, styles[0]).put(" ").put(*mark).put(" ")
        pen.cell(texts[1], column, styles[1]).put(" ").put(theme.glyphs.bar, "border").put(" ")
        return pen.cell(texts[2], column, styles[2]).strip()

    def _output_lines(self, room: int, label: int, column: int, cells: int, theme: Theme) -> list[Strip]:
        sides = []
        for name in ("left", "right"):
            tail = list(self._output[name].copy())[-room:] if room else []
            sides.append([part for text in tail for part in _wrapped(text, column, theme)][-room:])
        left, right = sides
        return [
            self._line(
                ("", left[i] if i < len(left) else "", right[i] if i < len(right) else ""),
                ("", "value", "value"), label, column, cells, theme,
            )
            for i in range(max(len(left), len(right)))
        ]  # fmt: skip

    def summary_lines(self) -> Iterable[str]:
        """Return the rows that changed since the last call."""
        for label, row in self._rows.copy().items():
            mark = {True: " (differs)", False: " (same)", None: ""}[row.mark()]
            line = f"{label}: {self.left}={describe(row.left)} {self.right}={describe(row.right)}{mark}"
            if self._plain_seen.get(label) != line:
                self._plain_seen[label] = line
                yield line


def _wrapped(value: object, column: int, theme: Theme) -> list[str]:
    parts = []
    for line in ("" if value is None else describe(value))[:4000].split("\n")[:200]:
        text = clean(line, theme.ascii)
        parts += [text[start:end] for start, end in wrap(text, column)]
    return parts
