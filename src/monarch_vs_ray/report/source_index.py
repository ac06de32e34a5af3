"""The index of the engines' sources at the end of the document."""

from __future__ import annotations

from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.references.table import Reference, Table
from monarch_vs_ray.report.words import inline


def source_index(table: Table) -> str:
    """A table for each engine: symbol, its line now and in February 2026, and how the line is checked."""
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
    return "\n\n".join(parts)


def _line(reference: Reference) -> str:
    place = f"[{reference.path.rpartition('/')[2]}:{reference.line}]({reference.url})"
    earlier = str(reference.earlier_line) if reference.earlier_line else ""
    if reference.earlier_path and reference.earlier_path != reference.path:
        earlier = f"{reference.earlier_path.rpartition('/')[2]}:{earlier}"
    checked = "the installed wheel" if reference.in_wheel else f"recorded at {reference.ref[:12]}"
    cells = (str(reference.concept), f"`{reference.symbol}`", place, reference.language, checked, earlier)
    return "| " + " | ".join(map(inline, cells)) + " |"
