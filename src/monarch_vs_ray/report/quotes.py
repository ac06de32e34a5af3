"""Code blocks for the document, quoted from the files that run: by symbol, or by the title of a step."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

from monarch_vs_ray.core.errors import UnknownSymbol
from monarch_vs_ray.ledger.code import excerpt


def quote(path: Path, names: tuple[str, ...], link: str) -> str:
    """A Markdown block with the definitions of these names, and a link to the first of them.

    ``link`` is how the document refers to the file. Raises UnknownSymbol.
    """
    excerpts = [excerpt(path, name) for name in names]
    code = "\n\n\n".join(textwrap.dedent("\n".join(each.lines)) for each in excerpts)
    first, last = excerpts[0].first, excerpts[0].last
    return _block(code, path, f"{link}#L{first}-L{last}")


def quote_step(path: Path, title: str, link: str) -> str:
    """The same with what a step does, found by how its title begins. Raises UnknownSymbol."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.With) and _title(node, text).startswith(title):
            first, last = node.body[0].lineno, node.end_lineno or node.lineno
            code = textwrap.dedent("\n".join(text.splitlines()[first - 1 : last]))
            return _block(code, path, f"{link}#L{first}-L{last}")
    raise UnknownSymbol(f"step {title!r}", path, titles(path))


def titles(path: Path) -> list[str]:
    """The titles of a native file's steps."""
    text = path.read_text(encoding="utf-8")
    nodes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.With))
    return [title for title in (_title(node, text) for node in nodes) if title]


def _title(node: ast.With, text: str) -> str:
    """The first argument of ``with step(...)``; empty for any other block."""
    call = node.items[0].context_expr
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "step"):
        return ""
    argument = call.args[0]
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    return (ast.get_source_segment(text, argument) or "").lstrip("f").strip("\"'")


def _block(code: str, path: Path, link: str) -> str:
    return f"```python\n{code.rstrip()}\n```\n\n<sub>From [{path.parent.name}/{path.name}]({link})</sub>"
