"""A tree of things with states: actors, processes, supervision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from demo_tui.cells import describe
from demo_tui.panel import Panel, PanelConfig
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["TreeNode", "TreePanel"]

DEEPEST = 300  # characters of indentation: wider than any terminal


@dataclass(frozen=True)
class TreeNode:
    """A node of a tree.

    Args:
        label: What is shown.
        parent: The key of the parent; None for a root.
        state: running, done, failed and waiting have marks of their own; others are written out.
        note: Shown after the label.
    """

    label: str
    parent: object = None
    state: str = "running"
    note: str = ""


class TreePanel(Panel):
    """Nodes by key, each under its parent, in the order in which they were added.

    A node whose parent is unknown is shown as a root, so the order of arrival does not matter. When there
    are more nodes than lines, the last line says how many are hidden; the panel scrolls.

    Args:
        config: A title, or a `PanelConfig`.
    """

    min_height = 5
    min_width = 20

    def __init__(self, config: PanelConfig | str | None = None) -> None:
        super().__init__(config)
        self._nodes: dict[object, TreeNode] = {}

    def set(
        self,
        key: object,
        label: str | None = None,
        parent: object = None,
        state: str | None = None,
        note: str | None = None,
    ) -> None:
        """Add a node, or change what is given of an existing one.

        Args:
            key: Anything hashable.
            label: What is shown; None for the key.
            parent: The key of the parent; None for a root.
            state: `running`, `done`, `failed`, `waiting`, or any other word.
            note: Shown after the label.
        """
        old = self._nodes.get(key)
        if old is None:
            self._nodes[key] = TreeNode(
                describe(key) if label is None else label, parent, state or "running", note or ""
            )
        else:
            self._nodes[key] = replace(
                old,
                label=old.label if label is None else label,
                parent=old.parent if parent is None else parent,
                state=old.state if state is None else state,
                note=old.note if note is None else note,
            )
        self.touch()

    def remove(self, key: object) -> None:
        """Forget a node and everything below it; no error if it is not there.

        Args:
            key: Its key.
        """
        nodes = self._nodes.copy()
        doomed = [key]
        while doomed:
            gone = doomed.pop()
            nodes.pop(gone, None)
            doomed += [child for child, node in nodes.items() if node.parent == gone]
        self._nodes = nodes
        self.touch()

    @property
    def nodes(self) -> dict[object, TreeNode]:
        """Return a copy of the nodes by key."""
        return self._nodes.copy()

    def natural_height(self) -> int:
        """Return one line for each node, and two for the border."""
        return max(3, len(self._nodes) + 2)

    def body(self, width: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return the nodes that fit, parents first."""
        nodes = self._nodes.copy()
        room = height if len(nodes) <= height else max(1, height - 1)
        for guide, node in islice(walk(nodes, theme), room):
            yield self._line(guide, node, width, theme)
        if len(nodes) > room:
            yield Pen(width, theme).put(f"+{len(nodes) - room} more", "dim").strip()

    def _line(self, guide: str, node: TreeNode, width: int, theme: Theme) -> Strip:
        state = describe(node.state)
        known = state in ("running", "done", "failed", "waiting")
        mark = getattr(theme.glyphs, state) if known and state != "running" else theme.glyphs.dot
        pen = Pen(width, theme).put(guide, "border")
        pen.put(mark, state if known else "accent").put(" ")
        pen.put(node.label, "bad" if state == "failed" else "value")
        if not known and state:
            pen.put(f" {state}", "accent")
        note = describe(node.note)
        return pen.put(f"  {note}" if note else "", "dim").strip()


def walk(nodes: Mapping[object, TreeNode], theme: Theme) -> Iterator[tuple[str, TreeNode]]:
    """Go through a tree from top to bottom.

    Args:
        nodes: The nodes by key.
        theme: Has the guides.

    Returns:
        Pairs of guide and node; every node exactly once, those of a cycle included.
    """
    below: dict[object, list[object]] = {}
    for key, node in nodes.items():
        below.setdefault(node.parent if node.parent in nodes else None, []).append(key)
    seen: set[object] = set()
    # A cycle has no root: what the roots do not lead to starts anywhere.
    for root in (*below.get(None, ()), *nodes):
        stack = [(root, "", "")]
        while stack:
            key, before, mark = stack.pop()
            if key in seen:
                continue
            seen.add(key)
            yield before + mark, nodes[key]
            if mark:
                before = (before + ("   " if mark == theme.glyphs.last else theme.glyphs.pipe))[:DEEPEST]
            children = below.get(key, ()) if key is not None else ()
            for index, child in enumerate(reversed(children)):
                stack.append((child, before, theme.glyphs.branch if index else theme.glyphs.last))
