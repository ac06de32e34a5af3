"""Every public function, class and method says what it does, what it takes, returns and raises."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "demo_tui"
FILES = sorted(path for path in SOURCE.rglob("*.py"))
NOT_A_VERB = re.compile(r"(What|Whether|How|Who|Where|When|Which|A|An|The|It|This)\b")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def public(node: ast.AST) -> Iterator[tuple[Function | ast.ClassDef, ast.ClassDef | None]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and not child.name.startswith("_"):
            yield child, node if isinstance(node, ast.ClassDef) else None
        elif isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield child, None
            yield from public(child)


DEFINITIONS = [
    pytest.param(node, owner, id=f"{path.relative_to(SOURCE)}:{getattr(owner, 'name', '')}.{node.name}")
    for path in FILES
    for node, owner in public(ast.parse(path.read_text(encoding="utf-8")))
]
METHODS: dict[str, set[str]] = {}
BASES: dict[str, list[str]] = {}
for _path in FILES:
    for _node in ast.walk(ast.parse(_path.read_text(encoding="utf-8"))):
        if isinstance(_node, ast.ClassDef):
            METHODS[_node.name] = {each.name for each in _node.body if isinstance(each, ast.FunctionDef)}
            BASES[_node.name] = [ast.unparse(base).rpartition(".")[2] for base in _node.bases]


def overrides(owner: ast.ClassDef | None, name: str) -> bool:
    """Whether a base class has the method, whose docstring says the rest."""
    bases = list(BASES[owner.name]) if owner is not None else []
    while bases:
        base = bases.pop()
        if base in ("Protocol", "RawIOBase", "TextIOBase", "Handler", "Thread") or name in METHODS.get(
            base, ()
        ):
            return True
        bases += BASES.get(base, [])
    return False


def arguments(node: Function) -> list[str]:
    spec = node.args
    every = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg]
    return [each.arg for each in every if each is not None and each.arg not in ("self", "cls")]


def is_(node: Function, decorator: str) -> bool:
    return any(decorator in ast.unparse(each) for each in node.decorator_list)


def section(text: str, name: str) -> str:
    found = re.search(rf"^ *{name}:\n((?: +.*\n?|\n)*)", text, re.MULTILINE)
    return found.group(1) if found else ""


def raises(node: Function) -> bool:
    """Whether it raises something by itself, other than what an abstract method does."""
    return any(isinstance(each, ast.Raise) and each.exc is not None for each in ast.walk(node))


@pytest.mark.parametrize(("node", "owner"), DEFINITIONS)
def test_the_docstring_is_complete(node: Function | ast.ClassDef, owner: ast.ClassDef | None) -> None:
    if isinstance(node, ast.FunctionDef) and is_(node, "overload"):
        return
    text = ast.get_docstring(node) or ""
    assert text, "no docstring"
    first = text.split("\n")[0]
    assert first.endswith((".", "?")), first
    if isinstance(node, ast.ClassDef):
        init = next((each for each in node.body if getattr(each, "name", "") == "__init__"), None)
        documented = section(text, "Args")
        for name in arguments(init) if isinstance(init, ast.FunctionDef) else []:
            assert re.search(rf"^ +{name}:", documented, re.MULTILINE), f"{name} is not explained"
        return
    assert not NOT_A_VERB.match(first), f"{first!r} does not open with a verb"
    if overrides(owner, node.name) or is_(node, "setter"):
        return
    for name in arguments(node):
        assert re.search(rf"^ +{name}:", section(text, "Args"), re.MULTILINE), f"{name} is not explained"
    gives = node.returns is not None and ast.unparse(node.returns) not in ("None", "NoReturn")
    if gives and arguments(node):
        assert section(text, "Returns"), "what it returns is not explained"
    elif gives:
        assert section(text, "Returns") or first.startswith("Return"), "what it returns is not explained"
    if raises(node) and not is_(node, "property"):
        assert section(text, "Raises") or "raise" in text, "what it raises is not explained"


def test_the_check_sees_what_is_missing() -> None:
    bad = ast.parse('class A:\n    def f(self, x) -> int:\n        """What it is."""\n').body[0]
    assert isinstance(bad, ast.ClassDef)
    method = bad.body[0]
    assert isinstance(method, ast.FunctionDef)
    BASES.setdefault("A", [])
    with pytest.raises(AssertionError):
        test_the_docstring_is_complete(method, bad)
