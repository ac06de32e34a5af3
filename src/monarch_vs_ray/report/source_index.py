"""The index of the engines' sources at the end of the document."""

from __future__ import annotations

from collections.abc import Mapping

from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.references.pages import Page
from monarch_vs_ray.references.table import Reference, Table
from monarch_vs_ray.report.words import inline


def source_index(table: Table, pages: Mapping[str, Page] | None = None) -> str:
    """Return the index: a table of code lines for each engine, and one of pages of others.

    Args:
        table: The lines in the engines' code, now and in February 2026.
        pages: The pages of others, by id.

    Returns:
        Markdown.
    """
    parts = []
    for engine in ENGINES:
        release = table.releases[engine]
        lines = [
            f"#### {NAMES[engine]} {release.version}",
            "",
            "| section | symbol | line | language | checked against | in February 2026 |",
            "|---|---|---|---|---|---|",
            *map(_line, sorted(table.of(engine), key=lambda reference: reference.concept)),
        ]
        parts.append("\n".join(lines))
    if pages:
        parts.append(_pages(pages))
    return "\n\n".join(parts)


def _pages(pages: Mapping[str, Page]) -> str:
    lines = ["#### Pages of others", "", "| page | read on |", "|---|---|"]
    in_order = sorted(pages.values(), key=lambda page: page.title.lower())
    lines += [f"| [{inline(page.title)}]({page.url}) | {page.read} |" for page in in_order]
    return "\n".join(lines)


def _line(reference: Reference) -> str:
    place = f"[{reference.path.rpartition('/')[2]}:{reference.line}]({reference.url})"
    earlier = str(reference.earlier_line) if reference.earlier_line else ""
    if reference.earlier_path and reference.earlier_path != reference.path:
        earlier = f"{reference.earlier_path.rpartition('/')[2]}:{earlier}"
    checked = "the installed wheel" if reference.in_wheel else f"recorded at {reference.ref[:12]}"
    cells = (str(reference.concept), f"`{reference.symbol}`", place, reference.language, checked, earlier)
    return "| " + " | ".join(map(inline, cells)) + " |"
