"""Draw small parts that several pictures share."""

from __future__ import annotations

import math

from monarch_vs_ray.pictures.blocks import Block, Span, row

LEVELS = "▁▂▃▄▅▆▇█"


def verdict(fine: bool | None) -> Span:
    """Return a tick, a cross, or a dot where nothing is known."""
    return ("·", "dim") if fine is None else ("✓", "good") if fine else ("✗", "bad")


def with_legend(blocks: list[Block], *marks: tuple[str, str, str]) -> list[Block]:
    """Return blocks with a line at the end that explains marks: character, style and meaning of each."""
    if not blocks:
        return []
    spans = [span for mark, style, text in marks for span in ((mark, style), (f" {text}  ", "dim"))]
    return [*blocks, row(*spans)]


def bar(part: float, whole: float, cells: int, style: str = "bar.full") -> list[Span]:
    """Return a bar of so many cells, filled in proportion; anything above nothing fills a cell."""
    share = min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0
    full = max(1, round(share * cells)) if share > 0 else 0
    return [("━" * full, style), ("─" * (cells - full), "bar.empty")]


def decades(seconds: float, cells: int = 5, lowest: float = 1e-4) -> list[Span]:
    """Return a duration as a bar with a cell for each power of ten above the lowest."""
    return bar(max(0.0, math.log10(max(seconds, lowest) / lowest)), cells, cells)


def curve(values: list[float], cells: int) -> str:
    """Return values as a line of levels, the lowest at the bottom; the last ones where there are more."""
    shown = values[-cells:]
    if not shown:
        return ""
    low, top = min(shown), len(LEVELS) - 1
    span = max(shown) - low or 1.0
    return "".join(LEVELS[min(top, int((value - low) / span * top + 0.5))] for value in shown)


def size(number: float) -> str:
    """Return a number of bytes in a unit that fits: ``624 MB``, ``3.3 GB``."""
    for unit in ("B", "KB", "MB"):
        if number < 999.5:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 99.5 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


def duration(seconds: float) -> str:
    """Return a duration in a unit that fits: ``3 ms``, ``1.3 s``."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} us"
    if seconds < 0.1:
        return f"{seconds * 1e3:.1f} ms" if seconds < 0.01 else f"{seconds * 1e3:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
