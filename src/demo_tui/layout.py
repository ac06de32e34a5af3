"""Where panels go: a small layout language that adapts to the size of the terminal.

    Rows(Fixed("header", 1), Columns("left", "right", narrow=100), Weighted("log", 2, minimum=6))

A string names a panel. `Rows` stacks, `Columns` sets side by side and stacks when there are fewer than
`narrow` cells. Every pane has a minimum; when they do not all fit, panes with the lowest `priority` are
left out (among equals, the later ones), so that what is shown stays readable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from demo_tui.sharing import share

__all__ = ["Columns", "Fixed", "Node", "Pane", "Region", "Rows", "Weighted", "place", "share"]


class Region(NamedTuple):
    """A rectangle in cells; (0, 0) is the top left corner."""

    x: int
    y: int
    width: int
    height: int


class Node:
    """A part of a layout.

    Args:
        ratio: Shares of what is left, where there is no `size`.
        size: Cells in the direction of the parent; None for a share.
        minimum: The fewest cells in that direction; None for what its panels need.
        priority: What is left out first where not everything fits: the lowest. None for the parent's.

    Raises:
        ValueError: For a ratio or a size below 1.
    """

    def __init__(
        self,
        *,
        ratio: int = 1,
        size: int | None = None,
        minimum: int | None = None,
        priority: int | None = None,
    ) -> None:
        if ratio < 1 or (size is not None and size < 1):
            raise ValueError(f"ratio {ratio} and size {size} must be at least 1")
        self.ratio = ratio
        self.size = size
        self.minimum = minimum
        self.priority = priority


class Pane(Node):
    """One panel by its name.

    Args:
        name: The name it was added with.
        ratio: As for `Node`.
        size: As for `Node`.
        minimum: As for `Node`.
        priority: As for `Node`.
    """

    def __init__(
        self,
        name: str,
        *,
        ratio: int = 1,
        size: int | None = None,
        minimum: int | None = None,
        priority: int | None = None,
    ) -> None:
        super().__init__(ratio=ratio, size=size, minimum=minimum, priority=priority)
        self.name = name


class Group(Node):
    """Several nodes in a row or a column.

    Args:
        children: Nodes, or the names of panels.
        ratio: As for `Node`.
        size: As for `Node`.
        minimum: As for `Node`.
        priority: As for `Node`.
    """

    def __init__(
        self,
        *children: str | Node,
        ratio: int = 1,
        size: int | None = None,
        minimum: int | None = None,
        priority: int | None = None,
    ) -> None:
        super().__init__(ratio=ratio, size=size, minimum=minimum, priority=priority)
        self.children = [Pane(child) if isinstance(child, str) else child for child in children]


class Rows(Group):
    """Children from top to bottom."""


class Columns(Group):
    """Children from left to right, or stacked where there are too few cells.

    Args:
        children: Nodes, or the names of panels.
        narrow: Stack them where fewer cells are there; None to stack them when their minima do not fit.
        ratio: As for `Node`.
        size: As for `Node`.
        minimum: As for `Node`.
        priority: As for `Node`.
    """

    def __init__(
        self,
        *children: str | Node,
        narrow: int | None = None,
        ratio: int = 1,
        size: int | None = None,
        minimum: int | None = None,
        priority: int | None = None,
    ) -> None:
        super().__init__(*children, ratio=ratio, size=size, minimum=minimum, priority=priority)
        self.narrow = narrow


def Fixed(child: str | Node, size: int, *, priority: int | None = None) -> Node:  # noqa: N802
    """Give a child a fixed size.

    Args:
        child: A node, or the name of a panel.
        size: Lines in `Rows`, columns in `Columns`.
        priority: What is left out first where not everything fits: the lowest.

    Returns:
        The node.
    """
    return _wrap(child, size=size, priority=priority)


def Weighted(  # noqa: N802
    child: str | Node, ratio: int = 1, *, minimum: int | None = None, priority: int | None = None
) -> Node:
    """Give a child a share of what is left.

    Args:
        child: A node, or the name of a panel.
        ratio: How many shares.
        minimum: The fewest cells.
        priority: What is left out first where not everything fits: the lowest.

    Returns:
        The node.
    """
    return _wrap(child, ratio=ratio, minimum=minimum, priority=priority)


def _wrap(
    child: str | Node,
    ratio: int = 1,
    size: int | None = None,
    minimum: int | None = None,
    priority: int | None = None,
) -> Node:
    if isinstance(child, str):
        return Pane(child, ratio=ratio, size=size, minimum=minimum, priority=priority)
    return Rows(child, ratio=ratio, size=size, minimum=minimum, priority=priority)


Minimum = Callable[[str], tuple[int, int]]


def place(root: Node, width: int, height: int, minimum: Minimum) -> dict[str, Region]:
    """Compute the region of every panel that is shown.

    The regions never overlap and, if anything is shown, cover the whole terminal; at least the most important
    panel is always shown.

    Args:
        root: The layout.
        width: Cells of the terminal.
        height: Its lines.
        minimum: Returns the smallest useful width and height of a panel.

    Returns:
        Regions by panel name.
    """
    return {
        name: Region(*box)
        for name, box in _arrange(solve(root, width, height, minimum), Region(0, 0, width, height))
    }


def leaves(root: Node) -> list[str]:
    """Return the names of all panels of a layout.

    Args:
        root: The layout.

    Returns:
        The names, in the order of the layout.
    """
    return [name for name, _ in _leaves(root, 0)]


def natural(root: Node, width: int, minimum: Minimum, height_of: Callable[[str], int]) -> int:
    """Compute how many lines a layout has when every panel shows all it has.

    Args:
        root: The layout.
        width: Cells of the terminal.
        minimum: Returns the smallest useful width and height of a panel.
        height_of: Returns the lines that a panel would like.

    Returns:
        The number of lines.
    """

    def lines(solved: Solved) -> int:
        if isinstance(solved.node, Pane):
            return height_of(solved.node.name)
        heights = [lines(child) if solved.across else child.size or lines(child) for child in solved.children]
        return max(heights, default=0) if solved.across else sum(heights)

    return lines(solve(root, width, 10**6, minimum))


class Solved:
    """A node as it will be shown at one size: hidden panes are gone, narrow columns are stacked.

    Args:
        node: The node.
        children: Those that are shown.
        across: They are side by side.
        need: The least width and height.
    """

    def __init__(self, node: Node, children: list[Solved], across: bool, need: tuple[int, int]) -> None:
        self.node = node
        self.children = children
        self.across = across
        self.need = need
        self.size = node.size
        self.floor = node.minimum

    def least(self, across: bool) -> int:
        """Return the fewest cells this node can have.

        Args:
            across: In width, else in height.

        Returns:
            The number of cells.
        """
        need = self.need[0 if across else 1]
        if self.floor is not None:
            need = self.floor if isinstance(self.node, Pane) else max(self.floor, need)
        return self.size or need

    def wish(self, across: bool) -> tuple[int | None, int, int]:
        """Return what it asks of `share`.

        Args:
            across: In width, else in height.

        Returns:
            Size, ratio, minimum.
        """
        return self.size, self.node.ratio, self.least(across)

    def unsized(self) -> Solved:
        """Return it as a row, where it was a column: a width says nothing about a height."""
        self.size = self.floor = None
        return self


def solve(root: Node, width: int, height: int, minimum: Minimum) -> Solved:
    """Choose what is shown: the most important panes that fit together, in the order of the layout.

    Args:
        root: The layout.
        width: Cells of the terminal.
        height: Its lines.
        minimum: Returns the smallest useful width and height of a panel.

    Returns:
        The root of what is shown.
    """
    shown: set[str] = set()
    best = _solve(root, width, minimum, shown)
    for name in _by_importance(root):
        candidate = _solve(root, width, minimum, {*shown, name})
        if candidate is not None and (not shown or _fits(candidate, width, height)):
            shown.add(name)
            best = candidate
    return best or Solved(root, [], False, (0, 0))


def _fits(solved: Solved, width: int, height: int) -> bool:
    return solved.need[0] <= width and solved.need[1] <= height


def _by_importance(root: Node) -> list[str]:
    ranked = [(-priority, order, name) for order, (name, priority) in enumerate(_leaves(root, 0))]
    return [name for _, _, name in sorted(ranked)]


def _leaves(node: Node, inherited: int) -> Iterator[tuple[str, int]]:
    priority = inherited if node.priority is None else node.priority
    if isinstance(node, Pane):
        yield node.name, priority
    elif isinstance(node, Group):
        for child in node.children:
            yield from _leaves(child, priority)


def _solve(node: Node, width: int, minimum: Minimum, shown: set[str]) -> Solved | None:
    if isinstance(node, Pane):
        return Solved(node, [], False, minimum(node.name)) if node.name in shown else None
    assert isinstance(node, Group)
    across = isinstance(node, Columns)
    children = _children(node, width, minimum, shown, across)
    if not children:
        return None
    if isinstance(node, Columns) and len(children) > 1:
        needed = sum(child.least(True) for child in children)
        if width < (needed if node.narrow is None else node.narrow):
            across = False
            children = [child.unsized() for child in _children(node, width, minimum, shown, False)]
    return Solved(node, children, across, _need(children, across))


def _children(node: Group, width: int, minimum: Minimum, shown: set[str], across: bool) -> list[Solved]:
    widths = _child_widths(node, width, minimum, shown) if across else {}
    solved = (_solve(child, widths.get(id(child), width), minimum, shown) for child in node.children)
    return [child for child in solved if child is not None]


def _child_widths(node: Group, width: int, minimum: Minimum, shown: set[str]) -> dict[int, int]:
    """A first division of the width, so that columns inside columns know whether they are narrow."""
    rough = [(child, _solve(child, width, minimum, shown)) for child in node.children]
    seen = [(child, solved) for child, solved in rough if solved is not None]
    sizes = share(width, [solved.wish(True) for _, solved in seen])
    return {id(child): size for (child, _), size in zip(seen, sizes, strict=True)}


def _need(children: Sequence[Solved], across: bool) -> tuple[int, int]:
    widths = [child.least(True) if across else child.need[0] for child in children]
    heights = [child.need[1] if across else child.least(False) for child in children]
    return (sum(widths), max(heights)) if across else (max(widths), sum(heights))


def _arrange(solved: Solved, region: Region) -> Iterator[tuple[str, Region]]:
    if isinstance(solved.node, Pane):
        yield solved.node.name, region
        return
    x, y, width, height = region
    for child, size in zip(solved.children, sizes_of(solved, region), strict=True):
        if solved.across:
            yield from _arrange(child, Region(x, y, size, height))
            x += size
        else:
            yield from _arrange(child, Region(x, y, width, size))
            y += size


def sizes_of(solved: Solved, region: Region) -> list[int]:
    """Compute how a group's children share its region.

    Args:
        solved: The group.
        region: Its region.

    Returns:
        Their sizes in cells.
    """
    total = region.width if solved.across else region.height
    return share(total, [child.wish(solved.across) for child in solved.children])
