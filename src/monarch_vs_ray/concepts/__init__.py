"""The subjects of the comparison, one folder each; found by looking, listed nowhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from monarch_vs_ray.core import concept as files
from monarch_vs_ray.core.concept import FILE, Concept
from monarch_vs_ray.core.errors import UnknownConcept

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Return the names of all concepts, in alphabetical order."""
    return sorted(file.parent.name for file in FOLDER.glob(f"*/{FILE}"))


@cache
def load(name: str) -> Concept:
    """Return the concept in the folder of that name; imports its ``inputs.py`` and no engine."""
    return files.load(f"{__name__}.{name}", FOLDER / name)


def all_concepts() -> list[Concept]:
    """Return every concept, in the order of their numbers."""
    return sorted((load(name) for name in names()), key=lambda concept: concept.number)


def find(asked: str) -> Concept:
    """Return the concept called by its name, its number (``1``, ``01``) or its script's name.

    Raises:
        UnknownConcept: If there is none.
    """
    concepts = all_concepts()
    for concept in concepts:
        if asked in (concept.name, str(concept.number), f"{concept.number:02}", script_name(concept)):
            return concept
    raise UnknownConcept(asked, [f"{concept.number} {concept.name}" for concept in concepts])


def script_name(concept: Concept) -> str:
    """Return the name of its demo script, for instance ``01_actor_abstraction``."""
    return f"{concept.number:02}_{concept.script or concept.name}"
