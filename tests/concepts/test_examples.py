"""Every example is a program that a reader can copy: nothing of ours in it, short, explained, and checked."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from pathlib import Path

import pytest

from monarch_vs_ray.concepts import FOLDER, all_concepts, examples

FILES = sorted(FOLDER.glob("*/*/example.py"))
ALLOWED = {"monarch": {"monarch", "torch"}, "ray": {"ray", "torch", "numpy"}}
MOST_LINES = 80
"""Lines of code: blank lines, comments and the module docstring are not counted."""

CALLS_OF_OURS = {"observe", "step", "fault", "operation", "metric", "log", "run_alone"}
WORDS_OF_OURS = re.compile(
    r"\b(harness|probes?|claims?|oracle|experiments?|sabotage|verdict|observed?|mvr|demo|spec)\b",
    re.IGNORECASE,
)


def imported(tree: ast.Module) -> set[str]:
    """Return the top-level packages that a program imports; "." for a relative import."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." if node.level else (node.module or "").partition(".")[0])
    return found


def foreign_imports(text: str, engine: str) -> set[str]:
    return imported(ast.parse(text)) - ALLOWED[engine] - set(sys.stdlib_module_names)


def private_imports(text: str) -> list[str]:
    """Return the private names that are imported on a line without a comment which says so."""
    lines = text.splitlines()
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            private = any(part.startswith("_") for name in names for part in name.split("."))
            if private and "public" not in "\n".join(lines[max(node.lineno - 2, 0) : node.end_lineno]):
                found.append(ast.unparse(node))
    return found


def words_of_ours(text: str) -> set[str]:
    found = {match.group().lower() for match in WORDS_OF_OURS.finditer(text)}
    calls = {node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)}
    return found | {call.id for call in calls if isinstance(call, ast.Name)} & (found | CALLS_OF_OURS)


def lines_of_code(text: str) -> int:
    """Count the lines that hold code; the module docstring and comments hold none."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    docstring = ast.parse(text).body[0].end_lineno or 0
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = [token for token in tokens if token.type not in silent and token.start[0] > docstring]
    return len({line for token in code for line in range(token.start[0], token.end[0] + 1) if token.string})


def name(path: Path) -> str:
    return f"{path.parts[-3]}-{path.parts[-2]}"


@pytest.fixture(params=FILES, ids=name)
def path(request) -> Path:
    return request.param


def test_it_imports_its_engine_and_nothing_of_ours(path):
    text, engine = path.read_text(), path.parent.name
    assert engine in imported(ast.parse(text))
    assert not foreign_imports(text, engine)


def test_it_uses_public_names_or_says_that_there_are_none(path):
    assert not private_imports(path.read_text())


def test_its_docstring_says_what_it_shows_what_surprises_and_how_to_run_it(path):
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    title = docstring.partition("\n")[0]
    assert title.endswith(".")
    assert "\nWhat surprises:" in docstring
    assert docstring.splitlines()[-1].startswith("Run it: python example.py")


def test_it_is_short(path):
    assert lines_of_code(path.read_text()) <= MOST_LINES


def test_it_has_no_word_of_the_harness(path):
    assert not words_of_ours(path.read_text())


def test_it_checks_its_own_result_and_prints_one(path):
    tree = ast.parse(path.read_text())
    assert sum(isinstance(node, ast.Assert) for node in ast.walk(tree)) >= 2
    calls = {
        node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "id")
    }
    assert "print" in calls


def test_every_example_belongs_to_a_concept():
    assert {item.path for item in examples()} == set(FILES)
    assert {item.concept.name for item in examples()} <= {concept.name for concept in all_concepts()}


def test_a_concept_with_an_example_has_one_for_each_engine():
    for concept in {item.concept.name for item in examples()}:
        assert {path.parent.name for path in FILES if path.parts[-3] == concept} == {"monarch", "ray"}


def test_no_copy_is_named_like_an_engine():
    for item in examples():
        assert Path(item.file_name).stem not in {"monarch", "ray"}


def test_the_checks_see_what_they_look_for():
    bad = '"""Show it."""\nfrom monarch_vs_ray.side import observe\nfrom ray._private import x\nstep("a")\n'
    assert foreign_imports(bad, "ray") == {"monarch_vs_ray"}
    assert foreign_imports("import ray", "monarch") == {"ray"}
    assert private_imports(bad) == ["from ray._private import x"]
    assert not private_imports("from ray._private import x  # has no public name\n")
    assert words_of_ours(bad) == {"observe", "step"}
    assert words_of_ours('"""Doc."""\n# a fault of the oracle\noptimizer.step()\n') == {"oracle"}
    assert lines_of_code('"""Doc.\n\nMore.\n"""\n\n# why\nx = 1\ny = [\n    2,\n]\n') == 4
