"""Gather what the comparison document and its evidence pages are made of, and make them."""

from __future__ import annotations

from pathlib import Path

from monarch_vs_ray.bench import published as bench
from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.concepts import FOLDER
from monarch_vs_ray.core.paths import PUBLISHED, need_checkout
from monarch_vs_ray.ledger import published
from monarch_vs_ray.ledger.counts import Breaks, breaks, count, sentences
from monarch_vs_ray.ledger.sabotage import read_all
from monarch_vs_ray.references.pages import cite
from monarch_vs_ray.report import brief_page, changes, costs_page, evidence_page
from monarch_vs_ray.report.costs import PAGE, Costs
from monarch_vs_ray.report.document import Document, slug
from monarch_vs_ray.report.evidence_index import index
from monarch_vs_ray.report.evidence_page import Material
from monarch_vs_ray.report.first_screen import finding_list, need_list, short_list, short_needs
from monarch_vs_ray.report.pattern_figures import PatternFigures

COMMAND = "mvr document"
COUNTS, END_OF_COUNTS = "<!-- counts, by `mvr document` -->", "<!-- end of counts -->"
FINDINGS, END_OF_FINDINGS = "<!-- findings, by `mvr document` -->", "<!-- end of findings -->"
NEEDS = "<!-- needs, by `mvr document` -->"
END_OF_NEEDS = "<!-- end of needs -->"
"""The marks in the README between which counts and findings stand."""
DOCUMENT = "monarch-vs-ray-analysis.md"


def document_path() -> Path:
    """Return the document's place. Raises NeedsCheckout."""
    return need_checkout(COMMAND) / "docs" / DOCUMENT


def templates_folder() -> Path:
    """Return the folder of the document's prose. Raises NeedsCheckout."""
    return need_checkout(COMMAND) / "docs" / "analysis"


def evidence_folder() -> Path:
    """Return the folder of the evidence pages. Raises NeedsCheckout."""
    return need_checkout(COMMAND) / "docs" / "evidence"


def make_document() -> str:
    """Return the document's text, from what is in the repository. Raises NeedsCheckout."""
    of, costs, patterns = material(), Costs(bench.published(PUBLISHED)), PatternFigures()
    parts = {
        "findings": lambda: finding_list(of),
        "needs": lambda: need_list(of, patterns),
        "cost_finding": costs.finding,
        "costs_table": costs.table,
        "metg": costs.curves,
        "faults": costs.faults,
        "scale": costs.scale,
        "limits": costs.limits,
        "bench_ran": costs.ran,
        "all_costs": costs.more,
        "patterns_table": patterns.table,
        "patterns_ran": patterns.ran,
        "changelog": lambda: changes.summary(
            of.changes, [each for _, each in changes.of_releases(PUBLISHED)]
        ),
    }
    return Document(of, FOLDER, "../src/monarch_vs_ray/concepts", cite, parts).make(templates())


def make_evidence() -> dict[str, str]:
    """Return the evidence pages, by file name. Raises NeedsCheckout."""
    of = material()
    pages = {}
    for concept in of.ledger.concepts.values():
        section = f"[Choosing an engine](../{DOCUMENT}#choosing)"
        if concept.number:
            title = f"{concept.number}. {concept.title}"
            section = f"[Section {concept.number}](../{DOCUMENT}#{slug(title)})"
        pages[f"{concept.name}.md"] = evidence_page.page(of, concept, section)
    pages["brief.md"] = brief_page.page(of.ledger.claims, of.evidence)
    costs = Costs(bench.published(PUBLISHED))
    if costs.files:
        pages[PAGE] = costs_page.page(costs)
    pages["README.md"] = index(of, published_counts())
    return pages


def material() -> Material:
    """Return what document and pages are made of. Raises NeedsCheckout."""
    found = published.by_claim(PUBLISHED)
    return Material(
        ledger=catalogue.ledger(),
        evidence={id_: published.best(several) for id_, several in found.items()},
        elsewhere=found,
        breaks=read_all(PUBLISHED / next(iter(published.machines(PUBLISHED)), "")),
        root=need_checkout(COMMAND),
        changes=[*changes.read(PUBLISHED), *changes.between_releases(PUBLISHED)],
        counted_breaks=published_breaks(),
    )


def readme_path() -> Path:
    """Return the README's place. Raises NeedsCheckout."""
    return need_checkout(COMMAND) / "README.md"


def make_readme(text: str) -> str:
    """Return the README's text with the counts and findings of today."""
    costs = Costs(bench.published(PUBLISHED)).finding().replace("](#", f"](docs/{DOCUMENT}#")
    counted = _between(text, COUNTS, END_OF_COUNTS, " ".join(published_counts()))
    chosen = _between(counted, NEEDS, END_OF_NEEDS, short_needs())
    return _between(chosen, FINDINGS, END_OF_FINDINGS, f"{short_list('docs/evidence/')}\n\n{costs}")


def _between(text: str, start: str, end: str, new: str) -> str:
    before, mark, rest = text.partition(start)
    _, closing, after = rest.partition(end)
    return f"{before}{mark}\n{new}\n{closing}{after}" if closing else text


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
