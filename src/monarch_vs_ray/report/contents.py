"""Gather what the comparison document is made of: templates, claims, published evidence, references."""

from __future__ import annotations

from pathlib import Path

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.concepts import FOLDER, all_concepts
from monarch_vs_ray.core.paths import PUBLISHED, need_checkout
from monarch_vs_ray.ledger import published
from monarch_vs_ray.references.table import markdown, table
from monarch_vs_ray.report.document import Document
from monarch_vs_ray.report.source_index import source_index

COMMAND = "mvr document"


def document_path() -> Path:
    """Return the document's place. Raises NeedsCheckout."""
    return need_checkout(COMMAND) / "docs" / "monarch-vs-ray-analysis.md"


def templates_folder() -> Path:
    """Return the folder of the document's prose. Raises NeedsCheckout."""
    return need_checkout(COMMAND) / "docs" / "analysis"


def make_document() -> str:
    """Return the document's text, from what is in the repository. Raises NeedsCheckout."""
    checkout = need_checkout(COMMAND)
    maker = Document(
        catalogue.ledger(),
        published.evidence(PUBLISHED),
        {concept.name: concept.number for concept in all_concepts()},
        FOLDER,
        f"../{FOLDER.relative_to(checkout)}",
        markdown,
        lambda: source_index(table()),
    )
    return maker.make(templates())


def templates() -> list[tuple[str, str]]:
    """Return the templates in the order of their names. Raises NeedsCheckout."""
    paths = sorted(templates_folder().glob("*.md"))
    return [(path.name, path.read_text(encoding="utf-8")) for path in paths]
