"""List what a program uses of an engine, line by line, with the counterpart on the other one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import msgspec

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.porting.program import Program
from monarch_vs_ray.porting.table import find, group_of, other
from monarch_vs_ray.porting.uses import Use

TITLES = {"ray": "Ray", "monarch": "Monarch"}
GUIDE = "docs/guide/porting.md"
PAGES = "docs/guide/porting"


class Finding(msgspec.Struct, frozen=True):
    """One use, with its row of the table and the page of its code; an unknown use has none."""

    file: str
    line: int
    engine: Engine
    name: str
    text: str
    known: bool
    counterpart: str = ""
    row: str = ""
    page: str = ""
    lacking: str = ""
    trap: str = ""
    claims: tuple[str, ...] = ()


class Listing(msgspec.Struct, frozen=True):
    """All findings in one program."""

    file: str
    engines: tuple[Engine, ...]
    findings: list[Finding]

    @property
    def known(self) -> int:
        """Return how many uses the table knows."""
        return sum(finding.known for finding in self.findings)


def list_uses(program: Program) -> Listing:
    """Look up each use of a program in the table. Raises BadTable."""
    return Listing(program.path, program.engines, [_finding(program.path, use) for use in program.uses])


def _finding(file: str, use: Use) -> Finding:
    row = find(use.engine, use.name)
    plain = Finding(file, use.line, use.engine, use.name, use.text, row is not None)
    if row is None:
        return plain
    return msgspec.structs.replace(
        plain,
        counterpart=row.side(other(use.engine)).short.replace("`", ""),
        row=row.id,
        page=f"{PAGES}/{group_of(row.id).name}.md#{row.id}",
        lacking=row.lacking,
        trap=row.trap,
        claims=row.claims,
    )


def lines(listing: Listing) -> Iterator[str]:
    """Lay a listing out as lines: each use, and what is to know of its row where that comes first."""
    if not listing.findings:
        yield f"{listing.file}: no use of ray or monarch."
        return
    engines = " and ".join(TITLES[engine] for engine in listing.engines)
    yield f"{listing.file}: {engines}, {len(listing.findings)} uses"
    seen: dict[str, int] = {}
    width = min(max(len(finding.text) for finding in listing.findings), 44)
    for line, findings in groupby(listing.findings, key=lambda finding: finding.line):
        for number, finding in enumerate(findings):
            place = f"{line:>5}" if number == 0 else " " * 5
            yield f"{place}  {finding.text:<{width}}  -> {_counterpart(finding, seen)}"
            if finding.known and finding.row not in seen:
                seen[finding.row] = line
                yield from _remarks(finding)


def _counterpart(finding: Finding, seen: dict[str, int]) -> str:
    if not finding.known:
        return f"unknown: the table has no row for {finding.name}"
    first = f", see line {seen[finding.row]}" if finding.row in seen else ""
    return f"{finding.counterpart}  [{finding.row}{first}]"


def _remarks(finding: Finding) -> Iterator[str]:
    if finding.lacking:
        yield f"         no counterpart: {finding.lacking}"
    if finding.trap:
        yield f"         trap: {finding.trap}"
    if finding.claims:
        yield f"         claims: {', '.join(finding.claims)}"


def summary(listings: list[Listing]) -> list[str]:
    """Return how many uses are known, which are not, and where to read on."""
    findings = [finding for listing in listings for finding in listing.findings]
    if not findings:
        return []
    known = sum(finding.known for finding in findings)
    unknown = sorted({finding.name for finding in findings if not finding.known})
    programs = f"{len(listings)} program{'s' if len(listings) > 1 else ''}"
    found = [f"{known} of {len(findings)} uses in {programs} are known ({known / len(findings):.0%})."]
    if unknown:
        found.append(f"Unknown: {', '.join(unknown)}.")
    return [*found, f"Each row, with code for both engines: {GUIDE}."]
