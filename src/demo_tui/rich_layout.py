"""A solved layout as a rich `Layout`, for programs that use rich's own `Live`."""

from __future__ import annotations

from collections.abc import Mapping

from rich.layout import Layout

from demo_tui.layout import Pane, Region, Solved, sizes_of
from demo_tui.panel import Panel

__all__ = ["to_layout"]


def to_layout(solved: Solved, region: Region, panels: Mapping[str, Panel]) -> Layout:
    """Convert a layout.

    Args:
        solved: The layout as it is shown.
        region: Where; the sizes are those that it gives.
        panels: The panels by name.

    Returns:
        A rich layout in which every visible panel is a leaf with the panel's name.
    """
    if isinstance(solved.node, Pane):
        return Layout(panels[solved.node.name], name=solved.node.name)
    layout = Layout(name="root" if region[:2] == (0, 0) else None)
    children = []
    for child, size in zip(solved.children, sizes_of(solved, region), strict=True):
        part = region._replace(width=size) if solved.across else region._replace(height=size)
        inner = to_layout(child, part, panels)
        if child.size is None:
            inner.ratio, inner.minimum_size = max(1, size), max(1, child.least(solved.across))
        else:
            inner.size = size
        children.append(inner)
    if solved.across:
        layout.split_row(*children)
    else:
        layout.split_column(*children)
    return layout
