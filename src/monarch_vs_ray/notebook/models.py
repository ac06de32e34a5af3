"""Model three rules, to draw what they do with other numbers than those of a run; pure functions.

Each rule is one that a claim tests on the engine. The pictures name the claim, and say that they are drawn
from the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


def broadcast_parents(actors: int, fan_out: int) -> list[int | None]:
    """Return who sends a message to all to each actor of a row, when it goes down a tree.

    The first actor gets it from the caller. Each actor splits the rest of its part into as many contiguous
    parts as the fan-out allows, the larger ones first, and sends the message to the first of each.

    Args:
        actors: The number of actors, at least 1.
        fan_out: The most actors that one actor sends to, at least 1.

    Returns:
        For each actor the one before it in the tree; None for the first.
    """
    parents: list[int | None] = [None] * actors

    def send(first: int, end: int) -> None:
        rest = end - first - 1
        parts = min(fan_out, rest)
        begin = first + 1
        for part in range(parts):
            size = rest // parts + (part < rest % parts)
            parents[begin] = first
            send(begin, begin + size)
            begin += size

    send(0, actors)
    return parents


def hops(parents: Sequence[int | None]) -> list[int]:
    """Return the number of actors that a message passes before it reaches each actor."""
    found: list[int] = []
    for parent in parents:
        found.append(0 if parent is None else found[parent] + 1)
    return found


def held_up(parents: Sequence[int | None], stopped: int) -> list[int]:
    """Return the actors that a stopped one holds up: itself, and those below it."""
    below: set[int] = {stopped}
    for actor, parent in enumerate(parents):
        if parent in below:
            below.add(actor)
    return sorted(below)


@dataclass(frozen=True)
class Part:
    """Hold a part of a mesh: for each dimension its name, its size, and the range that is taken."""

    dimensions: tuple[tuple[str, int, int, int], ...]

    @property
    def ranks(self) -> list[int]:
        """Return the ranks in the part; the last dimension varies fastest."""
        found = [0]
        for _, size, first, last in self.dimensions:
            found = [rank * size + at for rank in found for at in range(first, last + 1)]
        return found

    @property
    def shape(self) -> dict[str, int]:
        """Return the dimensions that are left, with their sizes: an index drops its dimension."""
        return {name: last - first + 1 for name, _, first, last in self.dimensions if first != last}

    def call(self) -> str:
        """Return the call of Monarch's that takes the part."""
        taken = [
            f"{name}={first}" if first == last else f"{name}=slice({first}, {last + 1})"
            for name, size, first, last in self.dimensions
            if (first, last) != (0, size - 1)
        ]
        return f"mesh.slice({', '.join(taken)})" if taken else "mesh"


@dataclass
class Buffer:
    """Hold a receiver that runs one sender's messages in the order of their numbers.

    Attributes:
        waiting: The messages that have come and wait for an earlier one.
        ran: The messages that have run.
    """

    waiting: list[int] = field(default_factory=list)
    ran: list[int] = field(default_factory=list)

    def take(self, number: int) -> None:
        """Take a message that has arrived."""
        self.waiting = sorted([*self.waiting, number])
        while self.waiting and self.waiting[0] == len(self.ran):
            self.ran.append(self.waiting.pop(0))


def arrivals(messages: int, late: int, by: int) -> list[int]:
    """Return the order of arrival when one message is overtaken by the next ones.

    Args:
        messages: The number of messages, sent as 0, 1, 2, ...
        late: The message that is late.
        by: The number of messages that overtake it.
    """
    order = [number for number in range(messages) if number != late]
    order.insert(min(len(order), late + by), late)
    return order
