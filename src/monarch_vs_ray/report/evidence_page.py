"""``docs/evidence/<concept>.md``: all there is to each claim, under an anchor that never changes.

An anchor is the id of a row (``message_ordering.default_ordering``) or of a claim (the same with ``.ray``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.errors import UnknownSymbol
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.ledger.claims import Claim, Ledger
from monarch_vs_ray.ledger.code import experiment_code
from monarch_vs_ray.ledger.counts import Breaks
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.ledger.published import EVIDENCE
from monarch_vs_ray.ledger.results import machine_name
from monarch_vs_ray.ledger.sabotage import ByClaim, Sabotaged, why_none
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.references.table import markdown
from monarch_vs_ray.report.changes import Change, said
from monarch_vs_ray.report.comparison import Rows, rows_of
from monarch_vs_ray.report.words import (
    MARK_NAMES,
    MARKS,
    NOT_PUBLISHED,
    escape,
    evidence_link,
    inline,
    number_text,
    row,
)

GENERATED = "<!-- Made by `mvr document` from claims and published results. Change those, not this file. -->"
LONGEST_VALUE = 400
"""Characters of an observed value; a longer one is only in the published file."""


@dataclass(frozen=True)
class Material:
    """Hold the material of the pages.

    Args:
        ledger: All claims.
        evidence: What is quoted of each claim, by id.
        elsewhere: What each machine found, by id and machine.
        breaks: The published breaks, by id.
        root: The folder that holds ``docs`` and ``results``.
        changes: What changed of verdicts since they were first published.
        counted_breaks: How many of the breaks were run and noticed.
    """

    ledger: Ledger
    evidence: Mapping[str, Evidence]
    elsewhere: Mapping[str, Mapping[str, Evidence]]
    breaks: ByClaim
    root: Path
    changes: Sequence[Change] = field(default=())
    counted_breaks: Breaks = field(default=Breaks())


def page(of: Material, concept: Concept, section: str) -> str:
    """Return a concept's page.

    Args:
        of: What it is made of.
        concept: The concept.
        section: A link to the section of the document, or to another text that belongs to it.
    """
    rows = rows_of(of.ledger.claims, concept.name)
    claims = [claim for cells in rows.values() for claim in cells.values()]
    runs = f"`mvr verify {concept.name}` runs them on both engines."
    parts = [
        GENERATED,
        f"# Evidence: {concept.title[:1].lower()}{concept.title[1:]}",
        f"{section} · [all evidence pages](README.md)",
        _counted(of, claims),
        f"`mvr explain {claims[0].short}` prints a row with the code of its experiments; {runs}",
        _contents(of, rows),
    ]
    for name, cells in rows.items():
        id_ = f"{concept.name}.{name}"
        aspect = next(iter(cells.values())).aspect
        parts.append(f'<a id="{id_}"></a>\n\n## {aspect}\n\n`{id_}`, row {of.ledger.numbers[id_]}')
        parts += [_claim(of, cells[engine]) for engine in ENGINES if engine in cells]
    return "\n\n".join(parts) + "\n"


def _counted(of: Material, claims: Sequence[Claim]) -> str:
    verdicts = [of.evidence[claim.id].verdict for claim in claims if claim.id in of.evidence]
    counts = ", ".join(
        f"{verdicts.count(verdict)} {MARKS[verdict]} {MARK_NAMES[verdict]}"
        for verdict in MARKS
        if verdict in verdicts
    )
    left = len(claims) - len(verdicts)
    return f"{len(claims)} claims: {counts}{f', {left} not yet published' if left else ''}."


def _contents(of: Material, rows: Rows) -> str:
    lines = ["|row|Monarch|Ray|", "|---|---|---|"]
    for name, cells in rows.items():
        any_ = next(iter(cells.values()))
        link = f"[{inline(any_.aspect)}](#{any_.short}) `{name}`"
        lines.append(row(link, *(_mark(of, cells.get(engine)) for engine in ENGINES)))
    return "\n".join(lines)


def _mark(of: Material, claim: Claim | None) -> str:
    if claim is None:
        return ""
    found = of.evidence.get(claim.id)
    return MARKS[found.verdict] if found else NOT_PUBLISHED


def _claim(of: Material, claim: Claim) -> str:
    found = of.evidence.get(claim.id)
    verdict = f"{MARKS[found.verdict]} {MARK_NAMES[found.verdict]}" if found else "not yet published"
    parts = [
        f'<a id="{claim.id}"></a>',
        f"### {NAMES[claim.engine]}: {verdict}",
        " ".join(claim.cell.statement.split()),
        "\n".join(f"- {line}" for line in _lines(of, claim, found)),
    ]
    if found and (values := _values(found)):
        parts.append(f"<details><summary>Observed values</summary>\n\n{values}\n\n</details>")
    return "\n\n".join(parts)


def _lines(of: Material, claim: Claim, found: Evidence | None) -> Iterator[str]:
    cell = claim.cell
    if cell.tested == "judgement":
        yield "**Judgement**: it follows from other claims, and no experiment tests it."
    if found:
        yield f"**Observation**: {inline(escape(found.said))}"
    yield from _experiments(of, claim)
    if cell.no_control:
        yield f"**No control**: {inline(cell.no_control)}"
    yield from _breaks(claim, of.breaks.get(claim.id, Sabotaged()))
    yield from _brief(claim, found)
    if cell.rests_on:
        links = ", ".join(evidence_link(each, f"`{each}`", "") for each in cell.rests_on)
        yield f"**Rests on**: {links}"
    if ids := [*cell.holds_in, *cell.references]:
        yield f"**Sources**: {', '.join(map(markdown, ids))}"
    if found:
        yield f"**Tested**: {_when(of, claim, found)}"
    for machine, other in of.elsewhere.get(claim.id, {}).items():
        if found and (other.said, other.date) != (found.said, found.date):
            verdict = f"{MARKS[other.verdict]} {MARK_NAMES[other.verdict]}"
            yield f"**On {escape(machine)}**: {verdict}: {inline(escape(other.said))}"
    if changed := [each for each in of.changes if each.claim == claim.id]:
        yield f"**History**: {'; '.join(map(said, changed))}"


def _experiments(of: Material, claim: Claim) -> Iterator[str]:
    roles = {
        "Experiment": claim.cell.experiment,
        "Control, which must come out the other way": claim.cell.control,
        "Experiment for the brief's statement": claim.cell.brief_experiment,
    }
    for role, name in roles.items():
        if not name:
            continue
        settings = of.ledger.settings(claim, name)
        given = {**settings.options, **settings.environment}
        told = ", ".join(f"`{key}={value}`" for key, value in given.items())
        try:
            (code, *_) = experiment_code(
                of.ledger.folder(claim), claim.engine, of.ledger.function(claim, name)
            )
        except UnknownSymbol:
            yield f"**{role}**: `{name}`"
            continue
        path = Path("..", "..") / code.path.relative_to(of.root)
        place = f"[`{name}`]({path}#L{code.first}-L{code.last})"
        yield f"**{role}**: {place}{f' with {told}' if told else ''}"


def _breaks(claim: Claim, found: Sabotaged) -> Iterator[str]:
    if not found.breaks and (why := why_none(claim)):
        yield f"**No break**: {inline(why)}"
    for each in found.breaks:
        mark = f"{MARKS['holds']} noticed" if each.noticed else f"{MARKS['refuted']} not noticed"
        yield f"**Break {mark}**: {inline(escape(each.what))} Then {each.under}: {inline(escape(each.said))}"
    if found.altered:
        missed = f"; not noticed: {escape(', '.join(found.missed))}" if found.missed else ""
        count = found.altered - len(found.missed)
        yield f"**Altered observations**: {count} of {found.altered} noticed{missed}"


def _brief(claim: Claim, found: Evidence | None) -> Iterator[str]:
    if not claim.cell.brief:
        return
    verdict = (found and found.brief_verdict) or claim.cell.brief_verdict or "unknown"
    yield f"**The brief said**: {inline(claim.cell.brief)} ({MARKS[verdict]} {MARK_NAMES[verdict]})"
    if claim.cell.brief_missing:
        yield f"**Missing there**: {inline(claim.cell.brief_missing)}"
    if claim.cell.note:
        yield f"**Note**: {inline(claim.cell.note)}"


def _when(of: Material, claim: Claim, found: Evidence) -> str:
    machine = machine_name(found.machine) if found.machine else ""
    runs = f", {found.runs} passes" if found.runs > 1 else ""
    engine = f"{NAMES[claim.engine]} {found.version}".rstrip()
    again = f", second try; the first: {inline(escape(found.first_try))}" if found.first_try else ""
    outside = f", another release than the statement's ({found.made_for})" if found.outside else ""
    folder = machine or next(iter(of.elsewhere.get(claim.id, {})), "")
    file = f"results/published/{folder}/{claim.concept}.{claim.engine}{EVIDENCE}"
    parts = [part for part in (engine, machine, found.date[:10]) if part]
    return f"{', '.join(parts)}{runs}{outside}{again} ([file](../../{file}))"


def _values(found: Evidence) -> str:
    lines = []
    for each in found.observed:
        for key, value in each.seen.items():
            text = number_text(value)
            if len(text) > LONGEST_VALUE:
                text = f"{len(text)} characters, in the published file"
            lines.append(f"{each.experiment}: {key} = {' '.join(text.split())}")
    return "```text\n{}\n```".format("\n".join(lines).replace("`", "'")) if lines else ""
