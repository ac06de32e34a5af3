"""The first screen: findings and needs of ``advice/findings.toml``, with numbers and their proof."""

from __future__ import annotations

from monarch_vs_ray.advice.findings import Finding, Need, findings
from monarch_vs_ray.core.errors import UnknownClaim
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.report.evidence_page import Material
from monarch_vs_ray.report.pattern_figures import PatternFigures
from monarch_vs_ray.report.words import evidence_link, number_text

PICKS = {"monarch": "Monarch", "ray": "Ray", "either": "either", "depends": "it depends"}
NEEDS = 5
"""The number of needs in the document."""
PATTERNS = "../src/monarch_vs_ray/patterns"


def finding_list(of: Material) -> str:
    """Return the findings as a numbered list, each with its numbers and all that it rests on."""
    return "\n".join(
        f"{at}. {_said_of_both(each)}{_bracketed(_numbers(of, each))} {_proof(of, each)}"
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


def short_needs() -> str:
    """Return the needs as a list: the pick, or what it depends on."""
    return "\n".join(
        f"- **{each.title}:** {each.answer if each.pick == 'depends' else f'{PICKS[each.pick]}.'}"
        for each in findings().need[:NEEDS]
    )


def need_list(of: Material, patterns: PatternFigures) -> str:
    """Return the needs as a list: the pick first, then conditions, numbers and proof.

    Args:
        of: Claims and their evidence.
        patterns: The figures of patterns.
    """
    return "\n".join(f"- {_need(of, each, patterns)}" for each in findings().need[:NEEDS])


def _said_of_both(each: Finding) -> str:
    says: dict[Engine, str] = {"monarch": each.monarch, "ray": each.ray}
    told = " ".join(f"{NAMES[engine]}: {_continued(says[engine])}" for engine in ENGINES)
    return f"**{each.topic}.** {told}"


def _continued(sentence: str) -> str:
    """Return a sentence that follows a colon: its first letter is small, unless it begins with a name."""
    return sentence if sentence.startswith(("RDMA", *NAMES.values())) else sentence[:1].lower() + sentence[1:]


def _need(of: Material, each: Need, patterns: PatternFigures) -> str:
    """Return a need as an item of a list, with an item below for each thing that there is to say."""
    figures = ((name, patterns.in_short(name)) for name in each.patterns[:1])
    told = "; ".join(f"`{name}` {figure}" for name, figure in figures if figure)
    below = [
        f"Monarch if {each.monarch_if}." if each.monarch_if else "",
        f"Ray if {each.ray_if}." if each.ray_if else "",
        " ".join(each.why),
        f"Observed: {numbers}." if (numbers := _numbers(of, each)) else "",
        f"Patterns: {told}." if told else "",
        f"Not shown: {_continued(each.unknown)}" if each.unknown else "",
        f"Proof: {_proof(of, each)}",
    ]
    head = f"**{each.title}: {PICKS[each.pick]}.** {each.answer}"
    return "\n".join([head, *(f"  - {line}" for line in below if line)])


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
    """Return what was observed on each engine; a unit that both share is said once."""
    told = {engine: values for engine in each.observed if (values := _observed(of, each, engine))}
    units = {each.observed[engine].unit for engine in told}
    if len(told) == len(ENGINES) and len(units) == 1 and all(len(values) == 1 for values in told.values()):
        both = ", ".join(f"{NAMES[engine]} {number_text(values[0])}" for engine, values in told.items())
        return f"{both} {units.pop()}"
    said = (f"{NAMES[engine]} {_said(values, each.observed[engine].unit)}" for engine, values in told.items())
    return "; ".join(said)


def _bracketed(text: str) -> str:
    return f" ({text}.)" if text else ""


def _observed(of: Material, each: Finding | Need, engine: Engine) -> list[object]:
    """Return the values that an experiment observed on an engine: one, or several of a list or of repeats."""
    number = each.observed[engine]
    evidence = of.evidence.get(f"{number.claim or each.claims[0]}.{engine}")
    values = [
        one.seen[number.key]
        for one in (evidence.observed if evidence else [])
        if one.experiment == number.experiment and number.key in one.seen
    ]
    return list(values[0]) if values and isinstance(values[0], list) else values


def _said(values: list[object], unit: str) -> str:
    """Return observed values in words: one, or the range of several with their number."""
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) > 1:
        low, high = number_text(min(numbers)), number_text(max(numbers))
        return f"{low} to {high} {unit} (n = {len(numbers)})"
    return f"{number_text(values[0])} {unit}".strip() + " (n = 1)"
