"""What a picture is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.pictures.facts import Facts


@dataclass(frozen=True)
class View:
    """The facts of a side, the concept's constants, and the width in cells."""

    facts: Facts
    engine: Engine
    constants: Mapping[str, object]
    width: int

    def constant(self, name: str, otherwise: int) -> int:
        """Return a whole number of the concept's ``inputs.py``."""
        value = self.constants.get(name)
        return value if isinstance(value, int) else otherwise
