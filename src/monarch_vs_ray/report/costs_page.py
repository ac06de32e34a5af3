"""``docs/evidence/costs.md``: every published row, with quantiles, limits, and what speaks against it."""

from __future__ import annotations

from monarch_vs_ray.bench import analysis, derived, units
from monarch_vs_ray.bench.analysis import FAULTS, Result
from monarch_vs_ray.bench.catalogue import workloads
from monarch_vs_ray.bench.published import Line, Published
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.ledger.tables import NAMES
from monarch_vs_ray.report.costs import Costs, groups, ratio, title, value
from monarch_vs_ray.report.evidence_page import GENERATED
from monarch_vs_ray.report.words import escape, inline, row

LINKS = """\
[What it costs](../monarch-vs-ray-analysis.md#what-it-costs) · [all evidence pages](README.md) ·
[method](../guide/benchmarks.md)"""
HOW = """\
Each row is from the run with most pairs for it. n counts pairs of processes, or processes where only one
engine has the row. In parentheses: the bounds of the worst 10 % of samples (from 10 samples on) and of the
worst 1 % (from 100 on). The raw samples are linked below."""
FOR_A_TENTH, FOR_A_HUNDREDTH = 10, 100
HEAD = "|row|Monarch|Ray|Monarch / Ray|share of the limit|\n|---|--:|--:|--:|--:|"


def page(costs: Costs) -> str:
    """Return the page."""
    parts = [
        GENERATED,
        "# Evidence: costs",
        LINKS,
        f"{costs.ran()}. {HOW}",
    ]
    for group, lines in groups(list(costs.lines.values())).items():
        parts += [f"## {_heading(group)}", "\n".join([HEAD, *map(_line, lines)])]
    if costs.recommended:
        lines = [
            each
            for each in costs.recommended.values()
            if workloads()[each.result.row.workload].group == FAULTS
        ]
        parts += [
            f"## {_heading(FAULTS)}, recommended settings",
            "\n".join([HEAD, *(_line(each, "recommended.") for each in lines)]),
        ]
    parts += ["## Runs", *(_run(file) for file in costs.files)]
    return "\n\n".join(parts) + "\n"


def _heading(group: str) -> str:
    text = group.replace("_", " ")
    return text[:1].upper() + text[1:]


def _line(line: Line, anchor: str = "") -> str:
    result = line.result
    workload = workloads()[result.row.workload]
    anchor = f'<a id="costs.{anchor}{str(result.row).replace("/", ".")}"></a>'
    head = f"{anchor}{title(result)} `{result.row}` <sub>{inline(workload.clock)}</sub>"
    shares = ", ".join(
        f"{NAMES[engine]} {result.shares[engine]:.2%}" for engine in ENGINES if engine in result.shares
    )
    n = f" (n = {result.ratio.n})" if result.ratio else ""
    return row(head, *(_cell(result, engine) for engine in ENGINES), f"{ratio(result.ratio)}{n}", shares)


def _cell(result: Result, engine: str) -> str:
    if engine not in result.sides:
        failed = result.failed.get(engine)
        return f"not measured: {inline(escape(failed[1]))}" if failed else ""
    workload = workloads()[result.row.workload]
    side = result.sides[engine]
    told = side.quantiles[1 : 1 + (side.samples >= FOR_A_TENTH) + (side.samples >= FOR_A_HUNDREDTH)]
    worse = ", ".join(units.show(workload, each).replace(" us", " µs") for each in told)
    return f"{value(result, engine)} ({worse})" if worse else value(result, engine)


def _run(file: Published) -> str:
    manifest = file.measured.manifest
    lines = analysis.results(file.measured)
    rounds = max((each.round for each in file.measured.processes), default=0)
    shortest = min((each.row_seconds for each in file.measured.processes), default=0.0) or manifest.seconds
    when = f"{manifest.date[:19]} UTC, {rounds} rounds, {shortest:.2g} to {manifest.seconds:g} s for each row"
    facts = [
        _plain(f"{when}, code {manifest.code}{manifest.on_processor}"),
        *(f"set of {NAMES[engine]}: {', '.join(manifest.settings.get(engine, []))}" for engine in ENGINES),
        *map(_plain, analysis.notes(file.measured, lines)),
        *map(_plain, derived.lines(file.measured)),
    ]
    link = f"../../results/published/{file.machine}/bench/{file.path.name}"
    listed = "\n".join(f"- {fact}" for fact in facts)
    return f"### `{file.name}`\n\n[Raw samples]({link}); `mvr bench show` prints them.\n\n{listed}"


def _plain(text: str) -> str:
    return inline(escape(text))
