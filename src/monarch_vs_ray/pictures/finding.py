"""Find a concept's picture: the module of this package that has the concept's name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.pictures.blocks import Block, Picture
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.view import View

Draw = Callable[[View], "list[Block]"]


@cache
def _draw(name: str) -> Draw | None:
    module = f"{__package__}.{name}"
    if not name.isidentifier() or find_spec(module) is None:
        return None
    draw: Draw | None = getattr(import_module(module), "blocks", None)
    return draw if callable(draw) else None


def has_picture(concept: Concept) -> bool:
    """Return whether there is a picture of a concept."""
    return _draw(concept.name) is not None


def picture_for(concept: Concept, engine: Engine, facts: Facts, width: int = 56) -> Picture:
    """Draw one side of a concept.

    Args:
        concept: Its name finds the picture; its constants say how many of a thing there are.
        engine: The side.
        facts: What the side has emitted so far.
        width: Cells of a line.

    Returns:
        The picture; without blocks where nothing was observed, or there is no picture of the concept.
    """
    draw = _draw(concept.name)
    blocks = draw(View(facts, engine, concept.constants, width)) if draw else []
    drawn = {name for block in blocks for name in block.of}
    return Picture(blocks, next((name for name in reversed(facts.records) if name in drawn), ""))
