"""Find the programs that a notebook shows: a concept's examples or a pattern's programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monarch_vs_ray import concepts
from monarch_vs_ray.core.errors import UserError
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.core.paths import NOTEBOOKS, PACKAGE
from monarch_vs_ray.programs import patterns
from monarch_vs_ray.programs.outputs import Comparison
from monarch_vs_ray.programs.plan import DEFAULTS, Plan, Setting, engine_of

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
        programs: The name of each engine's program in the plan; the engine's own name if it is not there.
        added: For an engine a line of its program, and the line that is added below it.
    """

    name: str
    title: str
    files: dict[Engine, Path]
    deadline: float = EXAMPLE_SECONDS
    compare: Comparison = "none"
    plan: Plan | None = None
    setting: Setting = field(default_factory=Setting)
    seed: int = 0
    programs: Mapping[Engine, str] = field(default_factory=dict)
    added: Mapping[Engine, tuple[str, str]] = field(default_factory=dict)

    @property
    def texts(self) -> dict[Engine, str]:
        """Return the programs as they are in their files, with the lines that are added."""
        return {engine: self._text(engine) for engine in self.files}

    def _text(self, engine: Engine) -> str:
        text = self.files[engine].read_text(encoding="utf-8")
        if engine not in self.added:
            return text
        lines = text.splitlines(keepends=True)
        below, line = self.added[engine]
        (at,) = [at for at, each in enumerate(lines) if each.strip() == below.strip()]
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        return "".join([*lines[: at + 1], f"{indent}{line}\n", *lines[at + 1 :]])

    def program(self, engine: Engine) -> str:
        """Return the name of an engine's program in the plan."""
        return self.programs.get(engine, engine)

    @property
    def recording(self) -> Path:
        """Return the file of the recorded run; it may not exist."""
        words = [self.name, *self.programs.values()]
        words += [] if self.setting.name == DEFAULTS else [self.setting.name]
        return RECORDED / f"{'.'.join(words)}.jsonl"

    def file_name(self, engine: Engine) -> str:
        """Return the name of a copy of a program: never that of an engine's module."""
        return f"{self.name}_on_{engine}.py"

    def place(self, engine: Engine) -> str:
        """Return the path of a program in the repository."""
        return f"src/{PACKAGE.name}/{self.files[engine].relative_to(PACKAGE)}"


def subject(
    name: str,
    setting: str = DEFAULTS,
    seed: int = 0,
    programs: Sequence[str] = (),
    added: Mapping[Engine, tuple[str, str]] | None = None,
) -> Subject:
    """Return the programs of a concept or of a pattern.

    Args:
        name: The name of a concept (its examples are taken) or of a pattern.
        setting: One of a pattern's settings.
        seed: The seed of a pattern's faults.
        programs: Some of a pattern's programs, one for an engine, such as ``ray_serve``; by default one for
            each engine.
        added: For an engine of a pattern a line of its program, and a line to add below it.

    Raises:
        UnknownConcept: If a setting is the default and there is neither.
        UnknownPattern: If there is no such pattern.
        UserError: If the pattern has no such setting or program.
    """
    if name in {pattern.name for pattern in patterns.all_patterns()}:
        pattern = patterns.find(name)
        plan = pattern.plan
        if unknown := [program for program in programs if program not in plan.programs]:
            raise UserError(f"{name} has no program {unknown[0]!r}; it has {', '.join(plan.programs)}.")
        chosen = {engine_of(program): program for program in programs or ENGINES}
        return Subject(
            name,
            plan.title,
            {engine: pattern.script(program) for engine, program in chosen.items()},
            deadline=plan.deadline,
            plan=plan,
            setting=plan.setting(setting),
            seed=seed,
            programs=chosen if programs else {},
            added=added or {},
        )
    concept = concepts.find(name)
    found = {each.engine: each.path for each in concepts.examples() if each.concept.name == concept.name}
    return Subject(concept.name, concept.title, found)
