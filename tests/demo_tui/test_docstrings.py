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


def problems(node: Function | ast.ClassDef, owner: ast.ClassDef | None) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef) and is_(node, "overload"):
        return
    text = ast.get_docstring(node) or ""
    first = text.split("\n")[0]
    if not first.endswith((".", "?")):
        yield f"its docstring begins with {first!r}"
    if isinstance(node, ast.ClassDef):
        init = next((each for each in node.body if getattr(each, "name", "") == "__init__"), None)
        yield from unexplained(init if isinstance(init, ast.FunctionDef) else None, text)
        return
    if NOT_A_VERB.match(first):
        yield f"{first!r} does not open with a verb"
    if overrides(owner, node.name) or is_(node, "setter"):
        return
    yield from unexplained(node, text)
    gives = node.returns is not None and ast.unparse(node.returns) not in ("None", "NoReturn")
    if gives and not section(text, "Returns") and (arguments(node) or not first.startswith("Return")):
        yield "what it returns is not explained"
    if raises(node) and not is_(node, "property") and not section(text, "Raises") and "raise" not in text:
        yield "what it raises is not explained"


def unexplained(node: Function | None, text: str) -> Iterator[str]:
    for name in arguments(node) if node is not None else []:
        if not re.search(rf"^ +{name}:", section(text, "Args"), re.MULTILINE):
            yield f"{name} is not explained"


def found(tree: ast.AST) -> list[str]:
    return [
        f"{getattr(owner, 'name', '')}.{node.name}: {problem}"
        for node, owner in public(tree)
        for problem in problems(node, owner)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_docstring_is_complete(path: Path) -> None:
    assert found(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_the_check_sees_what_is_missing() -> None:
    BASES.setdefault("Bad", [])
    body = '"""Good."""\n    def f(self, x) -> int:\n        """What it is."""\n        raise KeyError(x)'
    code = f"class Bad:\n    {body}"
    assert len(found(ast.parse(code))) == 4
