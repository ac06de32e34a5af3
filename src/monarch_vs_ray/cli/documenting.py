"""What the comparison document is made of: templates, claims, published evidence, the table of references."""

from __future__ import annotations

from pathlib import Path

from monarch_vs_ray.concepts import FOLDER, all_concepts, claim_folders
from monarch_vs_ray.core.privacy import PROJECT
from monarch_vs_ray.ledger.claims import load
from monarch_vs_ray.ledger.results import load as load_evidence
from monarch_vs_ray.ledger.results import published
from monarch_vs_ray.references.table import markdown, table
from monarch_vs_ray.report.document import Document
from monarch_vs_ray.report.source_index import source_index

DOCS = PROJECT / "docs"
DOCUMENT = DOCS / "monarch-vs-ray-analysis.md"
TEMPLATES = DOCS / "analysis"
RESULTS = PROJECT / "results"


def make_document() -> str:
    """The document's text, from what is in the repository."""
    maker = Document(
        load(claim_folders()),
        load_evidence(published(RESULTS)),
        {concept.name: concept.number for concept in all_concepts()},
        FOLDER,
        f"../{FOLDER.relative_to(PROJECT)}",
        markdown,
        lambda: source_index(table()),
    )
    return maker.make(templates())


def templates(folder: Path = TEMPLATES) -> list[tuple[str, str]]:
    """The templates in the order of their names."""
    return [(path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.md"))]
