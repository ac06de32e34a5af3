"""The console for what rich lays out; what it prints is cleaned by ``core.output``, in one place."""

from __future__ import annotations

import sys
from typing import IO

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment

from monarch_vs_ray.core.output import clean

PLAIN_WIDTH = 110
"""Columns of output that is no terminal."""


class _Cleaned:
    """A renderable whose text is cleaned after it was laid out."""

    def __init__(self, inner: ConsoleRenderable) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._inner, options):
            yield segment if segment.control else Segment(clean(segment.text), segment.style)


class _Cleaner(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Clean each of them."""
        return [_Cleaned(each) for each in renderables]


def console(stream: IO[str] | None = None, *, plain_width: int = PLAIN_WIDTH) -> Console:
    """Return a console that prints only what is clean.

    Args:
        stream: Where it prints; stdout by default.
        plain_width: Its columns where that is no terminal.
    """
    stream = stream or sys.stdout
    width = None if stream.isatty() else plain_width
    made = Console(file=stream, highlight=False, markup=False, emoji=False, width=width)
    made.push_render_hook(_Cleaner())
    return made
