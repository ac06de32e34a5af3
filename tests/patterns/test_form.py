"""The form of every pattern: its programs stand alone, its plan can be read, its guide has the same parts."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from monarch_vs_ray.programs.patterns import Pattern, all_patterns
from monarch_vs_ray.programs.plan import DEFAULTS

PATTERNS = all_patterns()
PROGRAMS = [
    pytest.param(pattern, program, id=f"{pattern.name}-{program}")
    for pattern in PATTERNS
    for program in pattern.plan.programs
]
MOST_LINES = 150
SECTIONS = [
    "Why it hurts at scale",
    "The idea",
    "What each engine does",
    "What you write yourself",
    "Traps",
    "Settings",
]


def script(pattern: Pattern, program: str) -> str:
    return pattern.script(program).read_text(encoding="utf-8")


def modules(source: str) -> set[str]:
    """Return the names of all modules that a program imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a program that is copied out has no package"
            names.add(node.module or "")
    return names


def test_there_are_patterns() -> None:
    assert {"controller_recovery", "elastic_workers", "quorum_training"} <= {p.name for p in PATTERNS}
    assert {"supervised_training", "worker_pool"} <= {p.name for p in PATTERNS}


@pytest.mark.parametrize(("pattern", "program"), PROGRAMS)
def test_a_program_stands_alone(pattern: Pattern, program: str) -> None:
    source = script(pattern, program)
    imported = modules(source)
    engine = program.split("_")[0]
    assert any(name.split(".")[0] == engine for name in imported)
    other = {"monarch": "ray", "ray": "monarch"}[engine]
    forbidden = {name for name in imported if name.split(".")[0] in {other, "monarch_vs_ray", "demo_tui"}}
    assert not forbidden, f"{pattern.name} imports {forbidden}"


@pytest.mark.parametrize(("pattern", "program"), PROGRAMS)
def test_a_program_is_short_guarded_and_checks_itself(pattern: Pattern, program: str) -> None:
    source = script(pattern, program)
    assert len(source.splitlines()) <= MOST_LINES
    tree = ast.parse(source)
    assert 'if __name__ == "__main__":' in source
    assert any(isinstance(node, ast.Assert) for node in ast.walk(tree)), "no assertion of its own"
    description = ast.get_docstring(tree) or ""
    assert "What surprises" in description
    assert f"python {pattern.script(program).name}" in description


@pytest.mark.parametrize(("pattern", "program"), PROGRAMS)
def test_a_program_has_no_name_of_an_engine(pattern: Pattern, program: str) -> None:
    name = pattern.script(program).stem
    assert name not in {"monarch", "ray"}, "it would be imported instead of the engine"


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_a_plan_says_what_is_done_and_what_must_hold(pattern: Pattern) -> None:
    plan = pattern.plan
    assert plan.title
    assert plan.question.endswith("?")
    assert {program.split("_")[0] for program in plan.programs} == {"monarch", "ray"}
    assert plan.faults, "a pattern without a fault shows nothing"
    assert plan.oracle.lines, "an exit code alone is no result"
    assert plan.figures
    assert any(setting.name == DEFAULTS for setting in plan.settings)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_a_guide_has_its_parts_in_order(pattern: Pattern) -> None:
    text = (pattern.folder / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.M) == SECTIONS
    why = text.split("## Why it hurts at scale")[1].split("## ")[0]
    assert "](https://" in why, "a source"
    idea = text.split("## The idea")[1].split("## ")[0]
    assert "```" in idea, "a picture"
    assert f"mvr pattern {pattern.name}" in text


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_a_guide_names_the_settings_of_the_plan(pattern: Pattern) -> None:
    text = (pattern.folder / "README.md").read_text(encoding="utf-8")
    plan = (pattern.folder / "plan.toml").read_text(encoding="utf-8")
    for name in set(re.findall(r"\b([A-Z][A-Z_]{8,}) = ", plan)):
        assert f"`{name}`" in text, f"{name} is set, and the guide does not say why"


def test_no_pattern_lies_outside_of_the_package() -> None:
    for pattern in PATTERNS:
        assert not list(Path(pattern.folder).glob("__init__.py")), "programs belong to no package"
