"""Code blocks for the document, quoted from the files that run."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

from monarch_vs_ray.core.concept import native_name
from monarch_vs_ray.ledger.code import Excerpt, excerpt


def quote(path: Path, names: tuple[str, ...], link: str) -> str:
    """Return a Markdown block with definitions, or a whole file, and links to the lines that it quotes.

    Args:
        path: The file.
        names: Its symbols, in the order in which they are quoted; without any, the file is quoted whole.
        link: How the document refers to the file.

    Raises:
        UnknownSymbol: If the file defines no such symbol.
    """
    if not names:
        code = path.read_text(encoding="utf-8").strip()
        return _block(code, f"[{native_name(path)}]({link}#L1-L{len(code.splitlines())})")
    excerpts = [excerpt(path, name) for name in names]
    code = "\n\n\n".join(textwrap.dedent("\n".join(each.lines)) for each in excerpts)
    places = ", ".join(_place(each, path, link) for each in excerpts)
    return _block(code, f"{native_name(path)}: {places}")


def program(path: Path, link: str) -> str:
    """Return a Markdown block with a whole program but for its docstring, and a link to its lines.

    Args:
        path: The file; it begins with a docstring.
        link: How the document refers to the file.
    """
    lines = path.read_text(encoding="utf-8").rstrip().splitlines()
    first = ast.parse("\n".join(lines)).body[1].lineno
    code = "\n".join(lines[first - 1 :])
    return _block(code, f"[{native_name(path)}]({link}#L{first}-L{len(lines)})")


def _place(each: Excerpt, path: Path, link: str) -> str:
    if each.path != path:  # a neighbour that the file imports it from
        link = f"{link.rpartition('/')[0]}/{each.path.name}"
    return f"[{each.name}]({link}#L{each.first}-L{each.last})"


def _block(code: str, origin: str) -> str:
    return f"```python\n{code.rstrip()}\n```\n\n<sub>From {origin}</sub>"
