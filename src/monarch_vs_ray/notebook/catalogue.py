"""List the companion notebooks, from the first lines of their files; imports no notebook and no marimo."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from monarch_vs_ray.core.errors import UnknownNotebook
from monarch_vs_ray.core.paths import NOTEBOOKS


@dataclass(frozen=True)
class Notebook:
    """Hold a notebook: its file, and title and question from its docstring."""

    path: Path
    title: str
    question: str

    @property
    def name(self) -> str:
        """Return the stem of its file."""
        return self.path.stem


def all_notebooks(folder: Path = NOTEBOOKS) -> list[Notebook]:
    """Return every notebook, in the order of their numbers."""
    return [_read(path) for path in sorted(folder.glob("[0-9]*.py"))]


def find(asked: str, folder: Path = NOTEBOOKS) -> Notebook:
    """Return a notebook by its name, its number (``3``, ``07b``) or its name without the number.

    Raises:
        UnknownNotebook: If there is none.
    """
    every = all_notebooks(folder)
    wanted = Path(asked).stem
    for notebook in every:
        number, _, rest = notebook.name.partition("_")
        if wanted in (notebook.name, number, number.lstrip("0"), rest):
            return notebook
    raise UnknownNotebook(asked, [notebook.name for notebook in every])


def _read(path: Path) -> Notebook:
    try:
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
    except SyntaxError:  # marimo shows it
        doc = path.stem
    title, _, rest = doc.partition("\n")
    return Notebook(path, title, " ".join(rest.split("\n\n")[0].split()) or title)
