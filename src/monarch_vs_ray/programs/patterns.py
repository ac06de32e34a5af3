"""The patterns: complete programs of a robust design on each engine, each with a plan of faults."""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from dataclasses import dataclass
from pathlib import Path

from monarch_vs_ray.core.errors import UnknownPattern, WouldOverwrite
from monarch_vs_ray.core.paths import PACKAGE
from monarch_vs_ray.programs import plan as plans
from monarch_vs_ray.programs.plan import Plan

ROOT = PACKAGE / "patterns"
UNCOUNTED = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
)


@dataclass(frozen=True)
class Pattern:
    """One pattern: a folder with programs and their plan."""

    name: str
    folder: Path
    plan: Plan

    def script(self, program: str) -> Path:
        """Return the file of a program."""
        return self.folder / self.plan.programs[program]

    def code_sha256(self) -> str:
        """Return the hash of all that a run depends on: the plan and the programs."""
        digest = hashlib.sha256()
        for path in sorted({self.folder / plans.FILE, *map(self.script, self.plan.programs)}):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    def lines_of_code(self, program: str) -> int:
        """Return the lines that one writes oneself: without blank ones, comments and docstrings."""
        return code_lines(self.script(program).read_text(encoding="utf-8"))


def all_patterns(root: Path = ROOT) -> list[Pattern]:
    """Return every folder that has a plan, by name."""
    files = sorted(root.glob(f"*/{plans.FILE}"))
    return [Pattern(file.parent.name, file.parent, plans.read(file)) for file in files]


def find(name: str, root: Path = ROOT) -> Pattern:
    """Return a pattern by its name. Raises UnknownPattern if there is none."""
    every = all_patterns(root)
    for pattern in every:
        if pattern.name == name:
            return pattern
    raise UnknownPattern(name, [pattern.name for pattern in every])


def copy(pattern: Pattern, folder: Path) -> list[Path]:
    """Copy a pattern's files.

    Args:
        pattern: It.
        folder: Where its own folder is made.

    Returns:
        The files.

    Raises:
        WouldOverwrite: If another file is in the way; nothing is written then.
    """
    target = folder / pattern.name
    files = [path for path in sorted(pattern.folder.iterdir()) if path.is_file()]
    inside = {target / path.name: path.read_bytes() for path in files}
    if differing := [path for path, data in inside.items() if path.exists() and path.read_bytes() != data]:
        raise WouldOverwrite(differing)
    target.mkdir(parents=True, exist_ok=True)
    for path, data in inside.items():
        path.write_bytes(data)
    return list(inside)


def code_lines(source: str) -> int:
    """Return how many lines of a program hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in UNCOUNTED:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            lines.difference_update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return len(lines)
