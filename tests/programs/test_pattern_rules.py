"""The rules that the programs of every pattern follow, so that they can be copied and run alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from monarch_vs_ray.programs import patterns
from monarch_vs_ray.programs.patterns import Pattern
from monarch_vs_ray.programs.plan import engine_of

LONGEST = 150
FIXTURES = Path(__file__).parent / "patterns"


def broken(pattern: Pattern) -> Iterator[str]:
    """Yield what a pattern does not follow."""
    if not (pattern.folder / "README.md").is_file():
        yield "no README.md"
    for program, file in pattern.plan.programs.items():
        text = pattern.script(program).read_text(encoding="utf-8")
        if not file.startswith(f"on_{engine_of(program)}"):
            yield f"{file}: not called on_{engine_of(program)}"
        if len(text.splitlines()) > LONGEST:
            yield f"{file}: {len(text.splitlines())} lines, more than {LONGEST}"
        if '__name__ == "__main__"' not in text:
            yield f"{file}: main() is not guarded"
        yield from (f"{file}: imports {name}" for name in imported(text) & {"monarch_vs_ray", "demo_tui"})


def imported(text: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def test_every_pattern_follows_them() -> None:
    assert {each.name: found for each in patterns.all_patterns() if (found := list(broken(each)))} == {}


def test_what_is_broken_is_noticed(tmp_path: Path) -> None:
    patterns.copy(patterns.find("journal", FIXTURES), tmp_path)
    script = tmp_path / "journal" / "program.py"
    script.write_text("import monarch_vs_ray.core\n" * 151)

    assert list(broken(patterns.find("journal", tmp_path))) == [
        "no README.md",
        "program.py: not called on_monarch",
        "program.py: 151 lines, more than 150",
        "program.py: main() is not guarded",
        "program.py: imports monarch_vs_ray",
    ]
