"""Topology and meshes: the inputs that both engines get, and how places are written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

HOSTS = 2
PROCS = 4
ACTORS = HOSTS * PROCS
"""Two hosts of rack a, with four processes each; a third host stands in rack b."""
TP = 2
"""The four processes of a host are regrouped as two times two."""
NUMBERS = list(range(16))
"""Work to be shared among the actors."""
QUIET = 1.0
"""Seconds without an answer after which an actor counts as held up; an answer takes milliseconds."""
WATCH = 5.0
"""Seconds to watch for an end, or an answer, that must not come."""


def places(parents: Sequence[int]) -> list[int]:
    """Return for each actor the number of its host, hosts being numbered as they first appear."""
    order = list(dict.fromkeys(parents))
    return [order.index(parent) for parent in parents]


def shape(sizes: Mapping[str, int]) -> str:
    """Return named dimensions in words."""
    return " x ".join(f"{name} {size}" for name, size in sizes.items())


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers in ascending order, neighbours drawn together: ``1+4-7``."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return "+".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts) or "none"
