"""All claims there are: those of the concepts, and the advice that follows from them."""

from __future__ import annotations

import contextlib
from functools import cache

from monarch_vs_ray import advice, concepts
from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.errors import UnknownConcept
from monarch_vs_ray.ledger.claims import Claim, Ledger


@cache
def ledger() -> Ledger:
    """Return the ledger of all claims: the concepts' in the order of their numbers, then the advice.

    Raises:
        BadConcept: If a ``concept.toml`` makes no sense.
    """
    return Ledger([*concepts.all_concepts(), advice.load()])


def find(asked: str) -> list[Claim]:
    """Return claims by concept, number (``4``), script's name, row or id. Raises UnknownClaim."""
    with contextlib.suppress(UnknownConcept):
        asked = concepts.find(asked).name
    return ledger().find(asked)


def package(concept: Concept) -> str:
    """Return the package that a side imports for a concept."""
    return advice.__name__ if concept.name == advice.NAME else f"{concepts.__name__}.{concept.name}"
