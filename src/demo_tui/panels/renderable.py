"""Anything that rich can print, as a panel."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING

from demo_tui.panel import Panel, PanelConfig
from demo_tui.strips import Strip, from_segments
from demo_tui.theme import Theme

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["RenderablePanel"]


class RenderablePanel(Panel):
    """A rich renderable (a `Table`, a `Markdown`, a `Progress`, ...), or a function that returns one.

    Args:
        content: The renderable, or a function without arguments.
        config: A title, or a `PanelConfig`.
        animated: Draw it anew at the refresh rate. None decides: everything but a string is, because a
            renderable may change by itself, as a rich `Progress` does. False is cheaper; then `update`
            shows changes.
    """

    def __init__(
        self,
        content: RenderableType | Callable[[], RenderableType],
        config: PanelConfig | str | None = None,
        *,
        animated: bool | None = None,
    ) -> None:
        super().__init__(config)
        self._content = content
        self._animated = animated

    def update(self, content: RenderableType | Callable[[], RenderableType]) -> None:
        """Show something else.

        Args:
            content: A renderable, or a function without arguments that returns one.
        """
        self._content = content
        self.touch()

    def content_key(self) -> Hashable:
        """Return a new key for each frame where the content may change by itself."""
        animated = not isinstance(self._content, str) if self._animated is None else self._animated
        return object() if animated else self.version

    def body(self, width: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return what rich makes of it, cut to the box."""
        import io

        from rich.console import Console

        content = self._content() if callable(self._content) else self._content
        console = Console(
            file=io.StringIO(), width=max(1, width), height=height, color_system="truecolor", markup=False
        )
        options = console.options.update_dimensions(max(1, width), height)
        options.encoding = "ascii" if theme.ascii else "utf-8"  # tells rich which boxes to draw
        for line in console.render_lines(content, options, pad=False):
            yield from_segments(line, width, theme)
