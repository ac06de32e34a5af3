"""The index at the end of the document: exactly the places in sources that its text links to."""

from __future__ import annotations

from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.references.links import find_links
from monarch_vs_ray.references.pages import Page, pages
from monarch_vs_ray.references.table import Reference, table
from monarch_vs_ray.report.words import inline


def source_index(text: str) -> str:
    """Return the places that a text links to: lines of the engines' code, then pages of others."""
    of = table()
    by_url = {reference.url: reference for reference in of.references.values()}
    links = find_links(text, [release.repo for release in of.releases.values()])
    found = {link.url: by_url[link.url] for link in links if link.url in by_url}
    parts = []
    for engine in ENGINES:
        mine = [reference for reference in found.values() if reference.engine == engine]
        tag = of.releases[engine].ref
        for in_wheel in (True, False):
            group = [reference for reference in mine if reference.in_wheel is in_wheel]
            if group:
                languages = ", ".join(sorted({reference.language for reference in group}))
                where = f"at {tag}" if in_wheel else "not in the wheel, at the commit that was read"
                parts.append(f"**{NAMES[engine]}, {languages}, {where}**: {', '.join(map(_entry, group))}.")
    cited = sorted((page for page in pages().values() if f"]({page.url})" in text), key=_title)
    if cited:
        lines = ["### Pages of others", "", "|page|read on|", "|---|---|"]
        lines += [f"|[{inline(page.title)}]({page.url})|{page.read}|" for page in cited]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _title(page: Page) -> str:
    return page.title.lower()


def _entry(reference: Reference) -> str:
    label = f"`{reference.symbol}` {reference.path.rpartition('/')[2]}:{reference.line}"
    return f"[{label}]({reference.url})"
