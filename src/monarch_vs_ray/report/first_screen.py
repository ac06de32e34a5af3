"""The first screen: findings and needs of ``advice/findings.toml``, with numbers and their proof."""

from __future__ import annotations

from collections.abc import Iterator

from monarch_vs_ray.advice.findings import Finding, Need, findings
from monarch_vs_ray.core.errors import UnknownClaim
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.report.evidence_page import Material
from monarch_vs_ray.report.words import evidence_link, number_text

PICKS = {"monarch": "Monarch", "ray": "Ray", "either": "either", "depends": "it depends"}
PATTERNS = "../src/monarch_vs_ray/patterns"


def finding_list(of: Material) -> str:
    """Return the findings as a numbered list, each with its numbers and all that it rests on."""
    return "\n".join(
        f"{at}. {_said_of_both(each)}{_numbers(of, each)} {_proof(of, each)}"
        for at, each in enumerate(findings().finding, 1)
    )


def short_list(folder: str) -> str:
    """Return the findings as a numbered list, each with a link to the first row that it rests on.

    Args:
        folder: How the text that holds the list refers to the folder of the evidence pages.
    """
    return "\n".join(
        f"{at}. {_said_of_both(each)} {evidence_link(each.claims[0], 'evidence', folder)}"
        for at, each in enumerate(findings().finding, 1)
    )


def need_list(of: Material) -> str:
    """Return the needs as a list: the pick first, then conditions, numbers and proof.

    Those with numbers are the ones that most readers come with; they also say why.
    """
    return "\n".join(f"- {_need(of, each)}" for each in findings().need)


def _said_of_both(each: Finding) -> str:
    says: dict[Engine, str] = {"monarch": each.monarch, "ray": each.ray}
    told = " ".join(f"{NAMES[engine]}: {says[engine]}" for engine in ENGINES)
    return f"**{each.topic}.** {told}"


def _need(of: Material, each: Need) -> str:
    parts = [f"**{each.title}: {PICKS[each.pick]}.** {each.answer}", *(each.why if each.observed else [])]
    if each.monarch_if:
        parts.append(f"*Monarch if* {each.monarch_if}.")
    if each.ray_if:
        parts.append(f"*Ray if* {each.ray_if}.")
    if each.unknown:
        parts.append(f"*Not shown:* {each.unknown}")
    return f"{' '.join(parts)}{_numbers(of, each)} {_proof(of, each)}"


def _proof(of: Material, each: Finding | Need) -> str:
    """Return links to all that a finding or need rests on. Raises UnknownClaim if a claim is refuted."""
    for row in each.claims:
        for claim in of.ledger.find(row):
            if claim.id in of.evidence and of.evidence[claim.id].verdict == "refuted":
                raise UnknownClaim(f"{claim.id} (the published run refutes it)", sorted(of.ledger.numbers))
    links = [evidence_link(row, row.partition(".")[2]) for row in each.claims]
    if isinstance(each, Need):
        links += [f"[pattern {name}]({PATTERNS}/{name}/README.md)" for name in each.patterns]
        links += ["[costs](#what-it-costs)"] if each.benchmarks else []
    return f"[{', '.join(links)}]"


def _numbers(of: Material, each: Finding | Need) -> str:
    told = dict(_observed(of, each))
    units = {each.observed[engine].unit for engine in told}
    if len(told) == len(ENGINES) and len(units) == 1:
        return f" ({'; '.join(f'{NAMES[engine]} {told[engine]}' for engine in told)} {units.pop()}.)"
    said = (f"{NAMES[engine]} {told[engine]} {each.observed[engine].unit}" for engine in told)
    return f" ({'; '.join(said)}.)" if told else ""


def _observed(of: Material, each: Finding | Need) -> Iterator[tuple[Engine, str]]:
    for engine, number in each.observed.items():
        evidence = of.evidence.get(f"{number.claim or each.claims[0]}.{engine}")
        values = [
            one.seen[number.key]
            for one in (evidence.observed if evidence else [])
            if one.experiment == number.experiment and number.key in one.seen
        ]
        if values:
            yield engine, _said(values)


def _said(values: list[object]) -> str:
    """Return observed values in words: one, or the range of several with their number."""
    first = values[0]
    many = list(first) if isinstance(first, list) else values
    numbers = [value for value in many if isinstance(value, int | float)]
    if len(numbers) > 1:
        low, high = number_text(min(numbers)), number_text(max(numbers))
        return f"{low} to {high} (n = {len(numbers)})"
    return number_text(many[0] if many else "")
