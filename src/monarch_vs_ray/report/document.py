"""``docs/monarch-vs-ray-analysis.md``: prose by hand, everything that can be checked put in.

The templates in ``docs/analysis/`` are joined in the order of their names. In them:

``{{ program("actor_abstraction/ray/example.py") }}``
    a whole program without its docstring, with a link to its lines
``{{ quote("actor_abstraction/ray/example.py", "Player", "main") }}``
    code, quoted by symbol from a concept's folder, or a whole file where no symbol is named
``{{ claim("message_ordering.default_ordering") }}``
    a link to a row or claim on its evidence page, behind every sentence about an engine
``{{ number("supervision.detection.ray", "seconds", "s") }}``
    a number that was observed, with a link to its evidence
``{{ claims_table("message_ordering", "default_ordering", "after_a_crash") }}``
    the comparison table of a concept: these rows, or all
``{{ source("ray.ActorHandle") }}``, ``{{ sources("ray.ActorHandle", "ray.get") }}``
    links into an engine's source
``{{ picture("05-supervision", "What it shows.") }}``
    a picture from ``docs/pictures``, light and dark

What is missing or misspelt ends the making of the document with one clear line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from posixpath import normpath

from monarch_vs_ray.core.errors import MissingFile, UnknownClaim
from monarch_vs_ray.core.events import Machine
from monarch_vs_ray.ledger.results import machine_name
from monarch_vs_ray.ledger.tables import NAMES, summary
from monarch_vs_ray.references.table import table
from monarch_vs_ray.report import brief_page
from monarch_vs_ray.report.comparison import comparison, rows_of
from monarch_vs_ray.report.evidence_page import Material
from monarch_vs_ray.report.quotes import program, quote
from monarch_vs_ray.report.source_index import source_index
from monarch_vs_ray.report.words import evidence_link, number_text

GENERATED = (
    "<!-- Made by `mvr document` from docs/analysis/, claims and results. Change those, not this file. -->"
)
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
NO_TEXT = re.compile(r"(?P<code>^```.*?^```$)|\n{3,}", re.MULTILINE | re.DOTALL)
"""Blank lines that are left where nothing was published; those within code stay."""
CONTENTS = "@@contents@@"
SOURCES = "@@sources@@"


class Document:
    """Makes the document.

    Args:
        of: Claims and all that is published of them.
        concepts: The folder that code is quoted from.
        link_to_concepts: How the document refers to that folder.
        source: Returns a link into an engine's source, from an id and, if given, a label.
        parts: Further words for the templates, by name.
    """

    def __init__(
        self,
        of: Material,
        concepts: Path,
        link_to_concepts: str,
        source: Callable[..., str],
        parts: dict[str, Callable[..., str]] | None = None,
    ) -> None:
        self._of = of
        self._folder = concepts
        self._link = link_to_concepts
        self._source = source
        self._parts = parts or {}

    def make(self, templates: Sequence[tuple[str, str]]) -> str:
        """Return the whole document from named templates, in their order."""
        from jinja2 import Environment, StrictUndefined

        environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
        environment.globals.update(self._words())
        parts = [environment.from_string(text).render().strip() for _, text in templates]
        body = NO_TEXT.sub(lambda found: found["code"] or "\n\n", "\n\n".join(filter(None, parts)))
        body = body.replace(CONTENTS, contents(body))
        return f"{GENERATED}\n\n{body.replace(SOURCES, source_index(body))}\n"

    def _words(self) -> dict[str, object]:
        return {
            "quote": self.quote,
            "program": self.program,
            "claim": self.claim,
            "number": self.number,
            "claims_table": self.claims_table,
            "rows": self.rows,
            "source": self._source,
            "sources": self.sources,
            "picture": self.picture,
            "plot": self.plot,
            "notebook": self.notebook,
            "refuted": self.refuted,
            "verdicts": self.verdicts,
            "versions": self.versions,
            "contents": lambda: CONTENTS,
            "source_index": lambda: SOURCES,
            **self._parts,
        }

    # -- what templates call -----------------------------------------------------------------------

    def quote(self, file: str, *names: str) -> str:
        """Quote code by symbol, or a whole file."""
        return quote((self._folder / file).resolve(), names, self._to(file))

    def program(self, file: str) -> str:
        """Quote a whole program, but for its docstring."""
        return program((self._folder / file).resolve(), self._to(file))

    def _to(self, file: str) -> str:
        return normpath(f"{self._link}/{file}")

    def claim(self, *asked: str) -> str:
        """Refer to rows or claims: ``[[restart](...)]``. One that this evidence refutes cannot be."""
        return "[" + ", ".join(self._reference(each) for each in asked) + "]"

    def _reference(self, asked: str) -> str:
        found = self._of.ledger.find(asked)
        first = found[0]
        if len({claim.short for claim in found}) != 1:
            raise UnknownClaim(asked, sorted(self._of.ledger.numbers))
        for claim in found:
            evidence = self._of.evidence.get(claim.id)
            if evidence and evidence.verdict == "refuted":
                known = sorted(self._of.ledger.numbers)
                raise UnknownClaim(f"{claim.id} (the published run refutes it)", known)
        return evidence_link(first.id if asked == first.id else first.short, first.row)

    def number(self, asked: str, key: str, unit: str = "", experiment: str = "") -> str:
        """Return a number from the published evidence, as a link to it."""
        evidence = self._of.evidence.get(asked)
        seen = [
            each.seen[key]
            for each in (evidence.observed if evidence else [])
            if key in each.seen and experiment in ("", each.experiment)
        ]
        if not seen:
            raise UnknownClaim(f"{asked} with an observation {key!r}", sorted(self._of.evidence))
        return evidence_link(asked, number_text(seen[0], unit))

    def claims_table(self, concept: str, *wanted: str) -> str:
        """Return a concept's comparison table: these rows, or all."""
        return comparison(self._of.ledger.claims, self._of.evidence, concept, wanted)

    def rows(self, concept: str) -> str:
        """Return a link to a concept's evidence page, with the number of its rows."""
        count = len(rows_of(self._of.ledger.claims, concept))
        return f"[{count} rows with their evidence](evidence/{concept}.md)"

    def sources(self, *ids: str) -> str:
        """Return links into an engine's source, in one sentence; a language other than Python is named."""
        links = [f"{self._source(id_)}{_language(id_)}" for id_ in ids]
        return f"<sub>Sources: {', '.join(links)}.</sub>"

    def picture(self, stem: str, alternative: str) -> str:
        """Return a picture in a light and a dark version, with a text for those who do not see it.

        Raises:
            MissingFile: If it has not been drawn.
        """
        for theme in ("light", "dark"):
            path = self._of.root / "docs" / "pictures" / f"{stem}-{theme}.svg"
            if not path.is_file():
                raise MissingFile(path, "draw it with `python docs/pictures.py`")
        text = alternative.replace('"', "&quot;")
        return (
            f'<picture><source media="(prefers-color-scheme: dark)" srcset="pictures/{stem}-dark.svg">'
            f'<img alt="{text}" src="pictures/{stem}-light.svg"></picture>'
        )

    def plot(self, stem: str, alternative: str) -> str:
        """Return a picture of published results, with its data; empty where none were published."""
        folder = self._of.root / "docs" / "pictures"
        if not (folder / f"{stem}.csv").is_file():
            return ""
        return f"{self.picture(stem, alternative)}\n\n<sub>[Data](pictures/{stem}.csv)</sub>"

    def notebook(self, *names: str) -> str:
        """Return links to notebooks.

        Raises:
            MissingFile: If there is no such notebook.
        """
        for name in names:
            path = self._of.root / "notebooks" / f"{name}.py"
            if not path.is_file():
                raise MissingFile(path, "name one that is there")
        return ", ".join(f"[`{name}`](../notebooks/{name}.py)" for name in names)

    def refuted(self) -> str:
        """Return a table of what the brief said and no run bore out, and what is true instead."""
        return brief_page.refuted(self._of.ledger.claims, self._of.evidence)

    def verdicts(self) -> str:
        """Count how claims came out, as a list."""
        claims, evidence = self._of.ledger.claims, self._of.evidence
        in_order = [evidence[each.id] for each in claims if each.id in evidence]
        return "\n".join(f"- {sentence}" for sentence in summary(in_order, self._of.counted_breaks))

    def versions(self) -> str:
        """Return the releases, the machine and the day of the published evidence, in words."""
        first = next(each for each in self._of.evidence.values() if each.machine)
        measured = [each for each in self._of.evidence.values() if each.machine == first.machine]
        releases = {NAMES[each.engine]: each.version for each in measured}
        told = " and ".join(f"{name} {release}" for name, release in sorted(releases.items()))
        assert first.machine
        gpus = ", ".join(first.machine.gpus) or "no GPU"
        machine = (
            f"{first.machine.cores} cores, {first.machine.memory_bytes >> 30} GB, {first.machine.system}"
        )
        runs = min(each.runs for each in measured)
        often = f"; every experiment ran in {runs} passes, one after the other" if runs > 1 else ""
        here = machine_name(first.machine)
        others = sorted({name for each in self._elsewhere() if (name := machine_name(each)) != here})
        also = f"; some claims also on {', '.join(others)}" if others else ""
        return f"{told}, Python {first.machine.python}, {machine}, {gpus}, on {first.date[:10]}{often}{also}"

    def _elsewhere(self) -> list[Machine]:
        every = (each for several in self._of.elsewhere.values() for each in several.values())
        return [each.machine for each in every if each.machine]


def _language(id_: str) -> str:
    reference = table().references.get(id_)
    return "" if reference is None or reference.language == "Python" else f" ({reference.language})"


def contents(text: str) -> str:
    """Return links to the second-level headings, except that of the list itself."""
    titles = (title for title in HEADING.findall(text) if title != "Contents")
    return " · ".join(f"[{title}](#{slug(title)})" for title in titles)


def slug(title: str) -> str:
    """Return how GitHub names the anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
