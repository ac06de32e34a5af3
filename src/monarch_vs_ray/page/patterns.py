"""The patterns: programs to copy, and the figures of the runs that are published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.page.sources import machine_text
from monarch_vs_ray.programs.patterns import Pattern, all_patterns
from monarch_vs_ray.programs.plan import FAULT, engine_of
from monarch_vs_ray.programs.records import Record, Summary, number, published, summarize
from monarch_vs_ray.stage.values import NAMES


def patterns(root: Path = PUBLISHED) -> list[dict[str, Any]]:
    """Return each pattern with its programs and the published figures, if there are any.

    Args:
        root: The folder of published results.

    Raises:
        BadEvidence: If a published file is damaged.
    """
    records = published(root)
    return [
        _pattern(each, [record for record in records if record.pattern == each.name])
        for each in all_patterns()
    ]


def _pattern(pattern: Pattern, records: list[Record]) -> dict[str, Any]:
    plan = pattern.plan
    results = [_result(pattern, summary, records) for summary in summarize(records)]
    return {
        "id": f"pattern-{pattern.name}",
        "name": pattern.name,
        "title": plan.title,
        "question": plan.question,
        "faults": [fault.title for fault in plan.faults if fault.title],
        "programs": [
            {
                "name": program,
                "engine": engine_of(program),
                "title": _title(program),
                "file": pattern.script(program).name,
                "lines": pattern.lines_of_code(program),
                "text": pattern.script(program).read_text(encoding="utf-8"),
            }
            for program in plan.programs
        ],
        "results": results,
        "figure_names": list(dict.fromkeys(each["name"] for result in results for each in result["figures"])),
        "machine": machine_text(records[0].machine) if records else "",
        "date": max((record.date[:10] for record in records), default=""),
        "runs": len(records),
        "earlier": sum(result["earlier"] for result in results),
    }


def _title(program: str) -> str:
    engine = engine_of(program)
    rest = program.removeprefix(engine).strip("_").removeprefix(engine).strip("_").replace("_", " ")
    return NAMES[engine] + (f" ({rest})" if rest else "")


def _result(pattern: Pattern, summary: Summary, records: list[Record]) -> dict[str, Any]:
    """Return the figures of one program with one setting; times after a fault also as moments to draw."""
    runs = [
        record
        for record in records
        if (record.program, record.settings) == (summary.program, summary.settings)
    ]
    code = pattern.code_sha256()
    after = [
        figure.name for figure in pattern.plan.figures if figure.start == FAULT and figure.in_unit == "s"
    ]
    return {
        "program": _title(summary.program),
        "engine": engine_of(summary.program),
        "settings": summary.settings,
        "n": summary.n,
        "held": summary.held,
        "earlier": sum(run.code_sha256 != code for run in runs),
        "planned": summary.planned,
        "fired": summary.fired,
        "figures": [
            {
                "name": name,
                "text": f"{number(each.median)} {each.unit}".rstrip(),
                "span": f"{number(each.low)} to {number(each.high)}" if each.n > 1 else "",
            }
            for name, each in summary.figures.items()
        ],
        "moments": {
            name: [round(value, 3) for run in runs if (value := run.figures.get(name)) is not None]
            for name in after
            if any(run.figures.get(name) is not None for run in runs)
        },
    }
