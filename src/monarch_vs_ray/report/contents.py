"""Gather what the comparison document is made of: templates, claims, published evidence, references."""

from __future__ import annotations

from pathlib import Path

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.concepts import FOLDER
from monarch_vs_ray.core.paths import PUBLISHED, need_checkout
from monarch_vs_ray.ledger import published
from monarch_vs_ray.ledger.counts import Breaks, breaks, count, sentences
from monarch_vs_ray.references.pages import cite, pages
from monarch_vs_ray.references.table import table
from monarch_vs_ray.report.document import Document
from monarch_vs_ray.report.source_index import source_index

COMMAND = "mvr document"
COUNTS, END_OF_COUNTS = "<!-- counts, by `mvr document` -->", "<!-- end of counts -->"
"""The marks in the README between which the counts stand."""


def document_path() -> Path:
    """Return the document's place. Raises NeedsCheckout."""
    return need_checkout(COMMAND) / "docs" / "monarch-vs-ray-analysis.md"


def templates_folder() -> Path:
    """Return the folder of the document's prose. Raises NeedsCheckout."""
    return need_checkout(COMMAND) / "docs" / "analysis"


def make_document() -> str:
    """Return the document's text, from what is in the repository. Raises NeedsCheckout."""
    checkout = need_checkout(COMMAND)
    found = published.by_claim(PUBLISHED)
    maker = Document(
        catalogue.ledger(),
        [published.best(several) for several in found.values()],
        FOLDER,
        f"../{FOLDER.relative_to(checkout)}",
        cite,
        lambda: source_index(table(), pages()),
        elsewhere=found,
        breaks=published_breaks(),
    )
    return maker.make(templates())


def readme_path() -> Path:
    """Return the README's place. Raises NeedsCheckout."""
    return need_checkout(COMMAND) / "README.md"


def with_counts(text: str) -> str:
    """Return the README's text with the counts of today between its marks."""
    before, mark, rest = text.partition(COUNTS)
    _, end, after = rest.partition(END_OF_COUNTS)
    return f"{before}{mark}\n{' '.join(published_counts())}\n{end}{after}" if end else text


def published_breaks() -> Breaks:
    """Return the breaks that are published of the machine with most claims."""
    return breaks(PUBLISHED / next(iter(published.machines(PUBLISHED)), ""))


def published_counts() -> list[str]:
    """Return the counts of all that is published, in sentences."""
    found = [published.best(several) for several in published.by_claim(PUBLISHED).values()]
    return sentences(count(found, published_breaks()))


def templates() -> list[tuple[str, str]]:
    """Return the templates in the order of their names. Raises NeedsCheckout."""
    paths = sorted(templates_folder().glob("*.md"))
    return [(path.name, path.read_text(encoding="utf-8")) for path in paths]
