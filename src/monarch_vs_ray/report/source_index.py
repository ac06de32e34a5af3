"""The index of the engines' sources at the end of the document."""

from __future__ import annotations

from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.report.words import inline
from monarch_vs_ray.sources.table import Source, Table


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
            *map(_line, sorted(table.of(engine), key=lambda source: source.concept)),
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _line(source: Source) -> str:
    place = f"[{source.path.rpartition('/')[2]}:{source.line}]({source.url})"
    earlier = str(source.earlier_line) if source.earlier_line else ""
    if source.earlier_path and source.earlier_path != source.path:
        earlier = f"{source.earlier_path.rpartition('/')[2]}:{earlier}"
    checked = "the installed wheel" if source.in_wheel else f"recorded at {source.ref[:12]}"
    cells = (str(source.concept), f"`{source.symbol}`", place, source.language, checked, earlier)
    return "| " + " | ".join(map(inline, cells)) + " |"
