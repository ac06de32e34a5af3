"""``docs/monarch-vs-ray-analysis.md``: prose by hand, everything that can be checked put in.

The templates in ``docs/analysis/`` are joined in the order of their names. In them:

``{{ quote("actor_abstraction/ray/example.py", "Player", "main") }}``
    code, quoted by symbol from a concept's folder, or a whole file where no symbol is named
``{{ claim("message_ordering.default_ordering") }}``
    a reference to a row of a comparison table, behind every sentence about an engine
``{{ number("supervision.detection.ray", "seconds", "s") }}``
    a number that was observed; where and when stands at the end of the document
``{{ claims_table("message_ordering") }}``
    the comparison table of a concept, with verdicts
``{{ source("ray.ActorHandle") }}``
    a link into an engine's source

What is missing or misspelt ends the making of the document with one clear line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from posixpath import normpath

from monarch_vs_ray.core.errors import UnknownClaim
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.ledger.claims import Claim, Ledger
from monarch_vs_ray.ledger.counts import Breaks
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.ledger.results import machine_name
from monarch_vs_ray.ledger.tables import NAMES, summary
from monarch_vs_ray.report.quotes import quote
from monarch_vs_ray.report.refuted import partly_table, refuted_table
from monarch_vs_ray.report.words import cell, inline, number_text

GENERATED = (
    "<!-- Made by `mvr document` from docs/analysis/, claims and results. Change those, not this file. -->"
)
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


class Document:
    """Makes the document; ``numbers`` are those that its text has used, in order.

    ``evidence`` is what it quotes of each claim, ``elsewhere`` what each machine found, by claim.
    """

    def __init__(
        self,
        ledger: Ledger,
        evidence: Sequence[Evidence],
        concepts_folder: Path,
        link_to_concepts: str,
        source: Callable[[str], str],
        source_index: Callable[[], str],
        elsewhere: Mapping[str, Mapping[str, Evidence]] | None = None,
        breaks: Breaks | None = None,
    ) -> None:
        self._ledger = ledger
        self._evidence = {each.id: each for each in evidence}
        self._folder = concepts_folder
        self._link = link_to_concepts
        self._source = source
        self._source_index = source_index
        self._places = ledger.numbers
        self._elsewhere = dict(elsewhere or {})
        self._breaks = breaks
        self.numbers: list[tuple[str, str, str]] = []

    def make(self, templates: Sequence[tuple[str, str]]) -> str:
        """Return the whole document from named templates, in their order."""
        from jinja2 import Environment, StrictUndefined

        environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
        environment.globals.update(self._words())
        parts = [environment.from_string(text).render().strip() for _, text in templates]
        body = "\n\n".join(parts)
        return (
            f"{GENERATED}\n\n{body.replace(CONTENTS, contents(body)).replace(MEASURED, self._measured())}\n"
        )

    def _words(self) -> dict[str, object]:
        return {
            "quote": self.quote,
            "claim": self.claim,
            "number": self.number,
            "claims_table": self.claims_table,
            "source": self._source,
            "source_index": self._source_index,
            "refuted": self.refuted,
            "partly": self.partly,
            "verdicts": self.verdicts,
            "contents": lambda: CONTENTS,
            "measured": lambda: MEASURED,
            "versions": self.versions,
        }

    # -- what templates call -----------------------------------------------------------------------

    def quote(self, file: str, *names: str) -> str:
        """Quote code by symbol, or a whole file."""
        return quote((self._folder / file).resolve(), names, normpath(f"{self._link}/{file}"))

    def claim(self, *asked: str) -> str:
        """Refer to rows: ``[4.1]``. A row that this evidence refutes cannot be referred to."""
        return "[" + ", ".join(self._reference(each) for each in asked) + "]"

    def _reference(self, asked: str) -> str:
        found = self._ledger.find(asked)
        row = f"{found[0].concept}.{found[0].row}"
        if row not in self._places or len({claim.row for claim in found}) != 1:
            raise UnknownClaim(asked, sorted(self._places))
        for claim in found:
            evidence = self._evidence.get(claim.id)
            if evidence and evidence.verdict == "refuted":
                raise UnknownClaim(f"{claim.id} (the published run refutes it)", sorted(self._places))
        return f"[{self._places[row]}](#{row})"

    def number(self, asked: str, key: str, unit: str = "", experiment: str = "") -> str:
        """Return a number from the published evidence, with a reference to where it was measured."""
        evidence = self._evidence.get(asked)
        seen = (
            [
                each.seen[key]
                for each in evidence.observed
                if key in each.seen and experiment in ("", each.experiment)
            ]
            if evidence
            else []
        )
        if not seen:
            raise UnknownClaim(f"{asked} with an observation {key!r}", sorted(self._evidence))
        text = number_text(seen[0], unit)
        self.numbers.append((asked, key, text))
        return f"{text} [[m{len(self.numbers)}](#measured)]"

    def claims_table(self, concept: str) -> str:
        """Return a concept's comparison table; every row can be referred to."""
        lines = ["| | Monarch | Ray |", "|---|---|---|"]
        rows: dict[str, dict[Engine, Claim]] = {}
        for each in self._ledger.claims:
            if each.concept == concept:
                rows.setdefault(each.row, {})[each.engine] = each
        for row, cells in rows.items():
            place = self._places[f"{concept}.{row}"]
            aspect = next(iter(cells.values())).aspect
            head = f'<a id="{concept}.{row}"></a>**{place}** {inline(aspect)}<br><sub>`{row}`</sub>'
            lines.append(
                f"| {head} | " + " | ".join(self._cell(cells.get(engine)) for engine in ENGINES) + " |"
            )
        return "\n".join(lines)

    def _cell(self, claim: Claim | None) -> str:
        if claim is None:
            return ""
        return cell(claim, self._evidence.get(claim.id), self._elsewhere.get(claim.id, {}))

    def refuted(self) -> str:
        """Return a table of what the brief said and no run bore out, and what is true instead."""
        return refuted_table(self._ledger.claims, self._evidence, self._places)

    def partly(self) -> str:
        """Return a table of what the brief said and stands in part, with what is missing."""
        return partly_table(self._ledger.claims, self._evidence, self._places)

    def verdicts(self) -> str:
        """Count how claims came out, as a list."""
        in_order = [self._evidence[each.id] for each in self._ledger.claims if each.id in self._evidence]
        return "\n".join(f"- {sentence}" for sentence in summary(in_order, self._breaks))

    def versions(self) -> str:
        """Return the releases, the machine and the day of the published evidence, in words."""
        first = next(each for each in self._evidence.values() if each.machine)
        measured = [each for each in self._evidence.values() if each.machine == first.machine]
        releases = {NAMES[each.engine]: each.version for each in measured}
        told = " and ".join(f"{name} {release}" for name, release in sorted(releases.items()))
        assert first.machine
        gpus = ", ".join(first.machine.gpus) or "no GPU"
        machine = (
            f"{first.machine.cores} cores, {first.machine.memory_bytes >> 30} GB, {first.machine.system}"
        )
        runs = min(each.runs for each in measured)
        often = f"; every experiment ran in {runs} passes, one after the other" if runs > 1 else ""
        return f"{told}, Python {first.machine.python}, {machine}, {gpus}, on {first.date[:10]}{often}"

    def _measured(self) -> str:
        """Return where and when each number of the text was measured."""
        lines = ["| | number | claim | observed as | where and when |", "|---|---|---|---|---|"]
        for place, (asked, key, text) in enumerate(self.numbers, start=1):
            evidence = self._evidence[asked]
            machine = machine_name(evidence.machine) if evidence.machine else ""
            when = f"{NAMES[evidence.engine]} {evidence.version}, {machine}, {evidence.date[:10]}"
            row = self._places[evidence.short]
            lines.append(f"| m{place} | {text} | [{row}](#{evidence.short}) `{asked}` | `{key}` | {when} |")
        return '<a id="measured"></a>\n\n' + "\n".join(lines)


CONTENTS = "@@contents@@"
MEASURED = "@@measured@@"


def contents(text: str) -> str:
    """Return a list of links to the second-level headings, except that of the list itself."""
    titles = (title for title in HEADING.findall(text) if title != "Contents")
    return "\n".join(f"- [{title}](#{slug(title)})" for title in titles)


def slug(title: str) -> str:
    """Return how GitHub names the anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
