"""One line without a border: left, centre and right."""

from __future__ import annotations

from collections.abc import Iterable

from demo_tui.cells import clean, crop, width
from demo_tui.panel import Panel, PanelConfig
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["HeaderPanel"]


class HeaderPanel(Panel):
    """A header or footer line. Where the parts do not fit, the centre goes first, then the right one is cut.

    Args:
        left: The text at the left.
        centre: The text in the middle.
        right: The text at the right.
        rule: Fill the gaps with a line.
    """

    bordered = False
    min_height = 1
    min_width = 1

    def __init__(self, left: str = "", centre: str = "", right: str = "", *, rule: bool = False) -> None:
        super().__init__(PanelConfig())
        self.rule = rule
        self._parts = {"left": (left, "header"), "centre": (centre, "dim"), "right": (right, "dim")}

    def set(
        self,
        *,
        left: str | None = None,
        centre: str | None = None,
        right: str | None = None,
        style: str | None = None,
    ) -> None:
        """Replace the parts that are given.

        Args:
            left: The text at the left; None leaves it as it is.
            centre: The text in the middle.
            right: The text at the right.
            style: The style of the parts that are given.
        """
        for name, text in (("left", left), ("centre", centre), ("right", right)):
            if text is not None:
                self._parts[name] = (text, style or self._parts[name][1])
        self.touch()

    def natural_height(self) -> int:
        """Return 1."""
        return 1

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return the one line."""
        parts = {name: (clean(text, theme.ascii), style) for name, (text, style) in self._parts.items()}
        left, centre, right = (parts[name][0] for name in ("left", "centre", "right"))
        left = crop(left, cells)
        right = crop(right, max(0, cells - width(left) - 2))
        gap = cells - width(left) - width(right)
        pad = max(0, (cells - width(centre)) // 2 - width(left))
        if width(centre) + 4 > gap:
            centre, pad = "", gap
        pad = min(pad, max(0, gap - width(centre) - 1))
        pen = Pen(cells, theme).put(left, parts["left"][1])
        self._gap(pen, pad, theme)
        pen.put(centre, parts["centre"][1])
        self._gap(pen, gap - pad - width(centre), theme)
        yield pen.put(right, parts["right"][1]).strip()

    def _gap(self, pen: Pen, cells: int, theme: Theme) -> None:
        if self.rule and cells > 2:
            pen.put(" ").fill(theme.glyphs.rule, cells - 2, "border").put(" ")
        else:
            pen.fill(" ", cells)
