"""The subjects of the comparison, one folder each; found by looking, listed nowhere."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from monarch_vs_ray.core import concept as files
from monarch_vs_ray.core.concept import FILE, Concept
from monarch_vs_ray.core.errors import UnknownConcept
from monarch_vs_ray.core.events import ENGINES, Engine

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


@dataclass(frozen=True)
class Example:
    """A complete program of one engine, which imports nothing of ours."""

    concept: Concept
    engine: Engine
    path: Path

    @property
    def text(self) -> str:
        """Return the whole program."""
        return self.path.read_text(encoding="utf-8")

    @property
    def title(self) -> str:
        """Return the first line of its docstring."""
        return (ast.get_docstring(ast.parse(self.text)) or "").partition("\n")[0]

    @property
    def file_name(self) -> str:
        """Return the path of a copy, relative to the folder of all copies.

        It is never ``ray.py`` or ``monarch.py``: such a file would be imported in place of the engine.
        """
        return f"{script_name(self.concept)}/example_{self.engine}.py"


def examples() -> list[Example]:
    """Return every example that there is, in the order of the concepts, Monarch's first."""
    return [
        Example(concept, engine, path)
        for concept in all_concepts()
        for engine in ENGINES
        if (path := FOLDER / concept.name / engine / "example.py").is_file()
    ]
