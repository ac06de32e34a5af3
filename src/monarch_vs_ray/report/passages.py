"""Collect the texts that ``mvr ask`` searches: rows of the comparison, and sections of the documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from monarch_vs_ray.concepts import FOLDER
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.core.paths import CHECKOUT, PUBLISHED
from monarch_vs_ray.ledger.claims import Claim, Ledger
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.report.document import slug
from monarch_vs_ray.report.ranking import Text

DOCUMENT = "docs/monarch-vs-ray-analysis.md"
EVIDENCE = "docs/evidence"
ASKED_AS = {
    "latency": "how long it takes, latency, time, duration, benchmark",
    "phase": "how long it takes, start, time, duration, benchmark",
    "rate": "throughput, speed, calls a second, benchmark",
    "bandwidth": "throughput, bandwidth, speed, bytes a second, benchmark",
    "amount": "how much, memory, benchmark",
}
"""Words by which users ask for a number of each kind."""
HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)
NOT_PROSE = re.compile(r"```.*?```|^\|.*$|<[^>]+>", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[+([^\]]*)\]+\([^)]*\)\]?")


def rows(ledger: Ledger) -> Iterator[Text]:
    """Yield a text for each row of the comparison; its name is ``concept.row``."""
    by_row: dict[str, list[Claim]] = {}
    for claim in ledger.claims:
        by_row.setdefault(claim.short, []).append(claim)
    for row, claims in by_row.items():
        title = f"{claims[0].aspect} {claims[0].row}"
        said = (
            " ".join((claim.engine, cell.statement, cell.brief, cell.brief_missing, cell.note))
            for claim in claims
            for cell in (claim.cell,)
        )
        yield Text(row, title, f"{' '.join(said)} {claims[0].concept}")


def evidence_place(asked: str) -> str:
    """Return the place of a row or claim on its evidence page."""
    return f"{EVIDENCE}/{asked.partition('.')[0]}.md#{asked}"


def cost_rows() -> Iterator[Text]:
    """Yield a text for each published row of the benchmark."""
    from monarch_vs_ray.bench.catalogue import workloads
    from monarch_vs_ray.bench.published import published
    from monarch_vs_ray.report.costs import Costs, title, value

    for line in Costs(published(PUBLISHED)).lines.values():
        row = line.result.row
        workload = workloads()[row.workload]
        numbers = ", ".join(
            f"{NAMES[engine]} {value(line.result, engine)}"
            for engine in ENGINES
            if engine in line.result.sides
        )
        place = f"{EVIDENCE}/costs.md#costs.{str(row).replace('/', '.')}"
        body = f"{numbers}. Measured: {workload.clock}. {ASKED_AS.get(workload.kind, '')} {workload.group}"
        yield Text(place, f"{title(line.result)}: what it costs", f"{body}. {workload.note}")


def sections() -> Iterator[Text]:
    """Yield the sections of the documents; a section's name is its file with its anchor."""
    for path in sorted(_files()):
        name = path.relative_to(CHECKOUT or FOLDER).as_posix()
        text = NOT_PROSE.sub(" ", path.read_text(encoding="utf-8"))
        found = list(HEADING.finditer(text))
        for heading, following in zip(found, [*found[1:], None], strict=True):
            body = text[heading.end() : following.start() if following else len(text)].strip()
            if body:
                yield Text(f"{name}#{slug(heading[1])}", heading[1], LINK.sub(r"\1", body))


def _files() -> Iterator[Path]:
    yield from FOLDER.glob("*/README.md")
    if CHECKOUT:
        yield from (path for path in (CHECKOUT / DOCUMENT, CHECKOUT / "README.md") if path.is_file())
        guides = (CHECKOUT / "docs" / "guide").rglob("*.md")
        yield from (path for path in guides if path.name != "reference.md")
