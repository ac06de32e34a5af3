"""Find the programs that a notebook shows: a concept's examples or a pattern's programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from monarch_vs_ray import concepts
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.core.paths import NOTEBOOKS, PACKAGE
from monarch_vs_ray.programs import patterns
from monarch_vs_ray.programs.outputs import Comparison
from monarch_vs_ray.programs.plan import DEFAULTS, Plan, Setting

EXAMPLE_SECONDS = 120.0
RECORDED = NOTEBOOKS / "recorded"
"""The histories of the notebooks' programs, one for each subject."""


@dataclass(frozen=True)
class Subject:
    """Hold the programs of both engines, and how to run them.

    Attributes:
        name: The name of the concept or of the pattern.
        title: Its title.
        files: The file of each engine's program.
        deadline: The most seconds for a run of each.
        compare: The way of comparing their outputs.
        plan: A pattern's plan: faults, oracle and figures. None for a concept.
        setting: One of the plan's settings.
        seed: The seed of the faults' times and victims.
    """

    name: str
    title: str
    files: dict[Engine, Path]
    deadline: float = EXAMPLE_SECONDS
    compare: Comparison = "none"
    plan: Plan | None = None
    setting: Setting = field(default_factory=Setting)
    seed: int = 0

    @property
    def texts(self) -> dict[Engine, str]:
        """Return the programs as they are in their files."""
        return {engine: file.read_text(encoding="utf-8") for engine, file in self.files.items()}

    @property
    def recording(self) -> Path:
        """Return the file of the recorded run; it may not exist."""
        suffix = "" if self.setting.name == DEFAULTS else f".{self.setting.name}"
        return RECORDED / f"{self.name}{suffix}.jsonl"

    def file_name(self, engine: Engine) -> str:
        """Return the name of a copy of a program: never that of an engine's module."""
        return f"{self.name}_on_{engine}.py"

    def place(self, engine: Engine) -> str:
        """Return the path of a program in the repository."""
        return f"src/{PACKAGE.name}/{self.files[engine].relative_to(PACKAGE)}"


def subject(name: str, setting: str = DEFAULTS, seed: int = 0) -> Subject:
    """Return the programs of a concept or of a pattern.

    Args:
        name: The name of a concept (its examples are taken) or of a pattern.
        setting: One of a pattern's settings.
        seed: The seed of a pattern's faults.

    Raises:
        UnknownConcept: If a setting is the default and there is neither.
        UnknownPattern: If there is no such pattern.
    """
    if name in {pattern.name for pattern in patterns.all_patterns()}:
        pattern = patterns.find(name)
        plan = pattern.plan
        files: dict[Engine, Path] = {engine: pattern.script(engine) for engine in ENGINES}
        chosen = plan.setting(setting)
        return Subject(name, plan.title, files, deadline=plan.deadline, plan=plan, setting=chosen, seed=seed)
    concept = concepts.find(name)
    found = {each.engine: each.path for each in concepts.examples() if each.concept.name == concept.name}
    return Subject(concept.name, concept.title, found)
