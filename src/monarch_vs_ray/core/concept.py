"""A concept: one of the subjects of the comparison, as its folder's ``spec.py`` states it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final


class _Free:
    """The engines may differ here, and the difference is the point."""

    def __repr__(self) -> str:
        return "FREE"


FREE: Final = _Free()


@dataclass(frozen=True)
class Row:
    """One thing that both sides observe under the same ``key``.

    ``want`` is the oracle: the value both must observe, or a predicate on it. Without it the row is
    free: whatever each engine shows is the answer. ``unit`` is for the reader.
    """

    key: str
    label: str
    want: object | Callable[[object], bool] = FREE
    unit: str = ""

    @property
    def has_oracle(self) -> bool:
        """Whether there is something that both sides must observe."""
        return self.want is not FREE

    def accepts(self, value: object) -> bool:
        """Whether the oracle agrees with an observed value; a free row accepts any."""
        if not self.has_oracle:
            return True
        return bool(self.want(value)) if callable(self.want) else value == self.want


@dataclass(frozen=True)
class Concept:
    """What a demo shows, and what both of its sides must observe.

    ``deadline`` is how long one side may take, in seconds, before it is stopped.
    """

    number: int
    name: str
    title: str
    question: str
    watch: tuple[str, ...]
    rows: tuple[Row, ...]
    deadline: float = 60.0
    needs: tuple[str, ...] = field(default=())
