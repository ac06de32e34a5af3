"""Gather what the comparison document is made of: templates, claims, published evidence, references."""

from __future__ import annotations

from pathlib import Path

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.concepts import FOLDER, all_concepts
from monarch_vs_ray.core.privacy import PROJECT
from monarch_vs_ray.ledger import published
from monarch_vs_ray.report.document import Document
from monarch_vs_ray.report.source_index import source_index
from monarch_vs_ray.sources.table import markdown, table

DOCS = PROJECT / "docs"
DOCUMENT = DOCS / "monarch-vs-ray-analysis.md"
TEMPLATES = DOCS / "analysis"
PUBLISHED = PROJECT / "results" / "published"


def make_document() -> str:
    """Return the document's text, from what is in the repository."""
    maker = Document(
        catalogue.ledger(),
        published.evidence(PUBLISHED),
        {concept.name: concept.number for concept in all_concepts()},
        FOLDER,
        f"../{FOLDER.relative_to(PROJECT)}",
        markdown,
        lambda: source_index(table()),
    )
    return maker.make(templates())


def templates(folder: Path = TEMPLATES) -> list[tuple[str, str]]:
    """Return the templates in the order of their names."""
    return [(path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.md"))]
