"""Where panels go: a small layout language that adapts to the size of the terminal.

    Rows(Fixed("header", 1), Columns("left", "right", narrow=100), Weighted("log", 2, minimum=6))

A string names a panel. `Rows` stacks, `Columns` sets side by side and stacks when there are fewer than
`narrow` cells. Every pane has a minimum; when they do not all fit, panes with the lowest `priority` are
left out (among equals, the later ones), so that what is shown stays readable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

__all__ = ["Columns", "Fixed", "Node", "Pane", "Region", "Rows", "Weighted", "place", "share"]


class Region(NamedTuple):
    """A rectangle in cells; (0, 0) is the top left corner."""

    x: int
    y: int
    width: int
    height: int


class Node:
    """A part of a layout. `size` fixes it (in its parent's direction), else `ratio` shares what is left."""

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
    """One panel by its name."""

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
    """Several nodes in a row or a column."""

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
    """Children from left to right; from top to bottom where fewer than `narrow` cells are there.

    Without `narrow`, they are stacked when their minimum widths do not fit.
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
    """A child of exactly `size` lines in `Rows`, or columns in `Columns`."""
    return _wrap(child, size=size, priority=priority)


def Weighted(  # noqa: N802
    child: str | Node, ratio: int = 1, *, minimum: int | None = None, priority: int | None = None
) -> Node:
    """A child that gets `ratio` shares of what is left, and never fewer than `minimum` cells."""
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
    """The region of every panel that is shown in a terminal of `width` x `height` cells.

    `minimum(name)` is the smallest useful (width, height) of a panel. The regions never overlap and, if
    anything is shown, cover the whole terminal; at least the most important panel is always shown.
    """
    return {
        name: Region(*box)
        for name, box in _arrange(solve(root, width, height, minimum), Region(0, 0, width, height))
    }


class Solved:
    """A node as it will be shown at one size: hidden panes are gone, narrow columns are stacked."""

    def __init__(self, node: Node, children: list[Solved], across: bool, need: tuple[int, int]) -> None:
        self.node = node
        self.children = children
        self.across = across
        self.need = need
        self.size = node.size
        self.floor = node.minimum

    def least(self, across: bool) -> int:
        """The fewest cells this node can have in one direction."""
        need = self.need[0 if across else 1]
        if self.floor is not None:
            need = self.floor if isinstance(self.node, Pane) else max(self.floor, need)
        return self.size or need

    def wish(self, across: bool) -> tuple[int | None, int, int]:
        """What it asks of `share`."""
        return self.size, self.node.ratio, self.least(across)

    def unsized(self) -> Solved:
        """The same as a row, where it was a column: a width says nothing about a height."""
        self.size = self.floor = None
        return self


def solve(root: Node, width: int, height: int, minimum: Minimum) -> Solved:
    """Choose what is shown: the most important panes that fit together, in the order of the layout."""
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
    """How a group's children share its region, in cells."""
    total = region.width if solved.across else region.height
    return share(total, [child.wish(solved.across) for child in solved.children])


def share(total: int, wishes: Sequence[tuple[int | None, int, int]]) -> list[int]:
    """Divide `total` cells among (fixed size or None, ratio, minimum); the results add up to `total`.

    Fixed sizes come first, then minima, then ratios. Where the cells do not suffice, later ones go short.
    """
    sizes = [size if size is not None else 0 for size, _, _ in wishes]
    flexible = [index for index, (size, _, _) in enumerate(wishes) if size is None]
    left = total - sum(sizes)
    while flexible:
        ratios = sum(wishes[index][1] for index in flexible)
        short = [i for i in flexible if left * wishes[i][1] < wishes[i][2] * ratios]
        if not short:
            _by_ratio(sizes, flexible, left, ratios, wishes)
            break
        for index in short:
            sizes[index] = wishes[index][2]
            left -= sizes[index]
            flexible.remove(index)
    return _settle(sizes, total, wishes)


def _by_ratio(
    sizes: list[int],
    flexible: list[int],
    left: int,
    ratios: int,
    wishes: Sequence[tuple[int | None, int, int]],
) -> None:
    for index in flexible:
        ratio = wishes[index][1]
        sizes[index] = round(left * ratio / ratios)
        left -= sizes[index]
        ratios -= ratio


def _settle(sizes: list[int], total: int, wishes: Sequence[tuple[int | None, int, int]]) -> list[int]:
    """Cut from the end what is too much; give the last flexible one what is left over."""
    excess = sum(sizes) - total
    for index in reversed(range(len(sizes))):
        cut = min(max(0, excess), sizes[index])
        sizes[index] -= cut
        excess -= cut
    if excess < 0 and sizes:
        flexible = [index for index, (size, _, _) in enumerate(wishes) if size is None]
        sizes[flexible[-1] if flexible else -1] -= excess
    return sizes
