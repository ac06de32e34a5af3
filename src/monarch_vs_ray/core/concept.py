"""A concept: one of the subjects of the comparison, as its folder's ``spec.py`` states it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    free: whatever each engine shows is the answer. ``unit`` is for the reader. ``described`` names the
    engines for which no run can show a value, only the code can say what there is ("no such setting");
    such a cell is marked, and never counts as a difference. A row with an oracle describes nothing.
    """

    key: str
    label: str
    want: object | Callable[[object], bool] = FREE
    unit: str = ""
    described: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.described and self.has_oracle:
            raise ValueError(f"row {self.key!r} has an oracle, so every engine must be observed")

    @property
    def has_oracle(self) -> bool:
        """Whether there is something that both sides must observe."""
        return self.want is not FREE

    def accepts(self, value: object) -> bool:
        """Whether the oracle agrees with an observed value; a free row accepts any."""
        if not self.has_oracle:
            return True
        return bool(self.want(value)) if callable(self.want) else value == self.want


Seen = Mapping[str, object]
Sentence = str | Callable[[Seen, Seen], str]


@dataclass(frozen=True)
class Concept:
    """What a demo shows, and what both of its sides must observe.

    ``deadline`` is how long one side may take, in seconds, before it is stopped. ``environment`` is set
    for both sides before they start, for what an engine reads at import. ``closing`` are the sentences
    that the run has shown when it is over: templates with ``{monarch[key]}`` and ``{ray[key]}``, or
    functions of what Monarch and Ray observed. A sentence whose observations are missing is not said.
    ``script`` is what its demo script is called after the number, where that is not its name.
    """

    number: int
    name: str
    title: str
    question: str
    watch: tuple[str, ...]
    rows: tuple[Row, ...]
    deadline: float = 60.0
    environment: Mapping[str, str] = field(default_factory=dict)
    closing: tuple[Sentence, ...] = ()
    script: str = ""

    def conclude(self, monarch: Seen, ray: Seen) -> list[str]:
        """The closing sentences that these observations bear out."""
        said = []
        for sentence in self.closing:
            try:
                text = (
                    sentence(monarch, ray)
                    if callable(sentence)
                    else sentence.format(monarch=monarch, ray=ray)
                )
            except (KeyError, TypeError):
                continue  # something it speaks of was not observed
            if text:
                said.append(text)
        return said
