"""The patterns in the document: what each one asks, and the figures of published runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.ledger.results import machine_name
from monarch_vs_ray.programs.patterns import Pattern, all_patterns
from monarch_vs_ray.programs.plan import DEFAULTS, engine_of
from monarch_vs_ray.programs.records import TABLE, Record, Summary, number, published, summarize
from monarch_vs_ray.report.words import inline, row

FOLDER = "../src/monarch_vs_ray/patterns"
SECONDS = "seconds "
"""Figures that begin so are times since a fault."""
NONE_YET = "No figures are published yet; `mvr pattern NAME --times 5 --publish` adds them."


class PatternFigures:
    """Parts of the document about patterns.

    Args:
        records: Published runs; by default all that there are.
    """

    def __init__(self, records: Iterable[Record] | None = None) -> None:
        self.records = list(published(PUBLISHED) if records is None else records)
        self._summaries = summarize(self.records)

    def table(self) -> str:
        """Return a row for each pattern: its question and figure, and what published runs of it showed."""
        lines = ["|pattern|question|Monarch|Ray|", "|---|---|---|---|"]
        for pattern in all_patterns():
            title = f"[{pattern.plan.title or pattern.name}]({FOLDER}/{pattern.name}/README.md)"
            question = inline(pattern.plan.question)
            if any(record.pattern == pattern.name for record in self.records):
                question += f" *{self.figure_of(pattern)}*"
            lines.append(row(title, question, *(self._cell(pattern, engine) for engine in ENGINES)))
        return "\n".join(lines)

    def ran(self) -> str:
        """Return how many runs are published and what their oracles said, in two sentences."""
        if not self.records:
            return NONE_YET
        held, fired, planned = (
            sum(getattr(record, field) for record in self.records) for field in ("holds", "fired", "planned")
        )
        seeds = len({record.seed for record in self.records})
        days = " and ".join(sorted({record.date[:10] for record in self.records}))
        return (
            f"{len(self.records)} runs with {seeds} seeds, {days}: the oracle held in {held}, and {fired} of"
            f" {planned} planned faults fired. A cell has the median of the figure in italics, 10th to 90th"
            f" percentile, and n; then the same with other settings. All figures: {self._files()}."
        )

    def _files(self) -> str:
        machines = sorted({machine_name(record.machine) for record in self.records})
        return ", ".join(f"[{machine}](../results/published/{machine}/{TABLE})" for machine in machines)

    def figure_of(self, pattern: Pattern) -> str:
        """Return the figure to look at first: the first time since a fault that most programs have."""
        mine = [each for each in self._summaries if each.pattern == pattern.name]
        names = [figure.name for figure in pattern.plan.figures]
        times = [name for name in names if name.startswith(SECONDS)] or names[:1]
        return max(times, key=lambda name: sum(name in each.figures for each in mine), default="")

    def in_short(self, name: str) -> str:
        """Return the figure of a pattern's programs, at default settings; empty without one."""
        pattern = next((each for each in all_patterns() if each.name == name), None)
        figure = self.figure_of(pattern) if pattern else ""
        found = {
            each.program: each.figures[figure]
            for each in self._summaries
            if each.pattern == name and each.settings == DEFAULTS and figure in each.figures
        }
        if any(engine not in found for engine in ENGINES):
            return ""
        told = ", ".join(
            f"{program_name(program)} {number(figures.median)} {figures.unit}"
            for program, figures in found.items()
        )
        n = min(figures.n for figures in found.values())
        return f"{told} {figure.removeprefix(SECONDS)} (n = {n})"

    def _cell(self, pattern: Pattern, engine: Engine) -> str:
        """Return an engine's programs, each with its figure by setting."""
        parts = []
        for program, file in pattern.plan.programs.items():
            if engine_of(program) == engine:
                key = (pattern.name, program)
                found = [each for each in self._summaries if (each.pattern, each.program) == key]
                figures = "; ".join(said(each, self.figure_of(pattern)) for each in _in_order(found, pattern))
                parts.append(f"[{file}]({FOLDER}/{pattern.name}/{file}) {figures}".rstrip())
        return "<br>".join(parts)


def program_name(program: str) -> str:
    """Return how a pattern's program is called in a sentence: Monarch, Ray, Ray Serve."""
    return program.replace("_", " ").title()


def said(summary: Summary, figure: str) -> str:
    """Return what the runs of one program with one setting showed of a figure, and of the oracle."""
    held = "" if summary.held == summary.n else f", oracle {summary.held} of {summary.n}"
    name = "" if summary.settings == DEFAULTS else f"{summary.settings} "
    of = summary.figures.get(figure)
    if of is None:
        return f"{name}no figure, n = {summary.n}{held}"
    spread = f" ({number(of.low)} to {number(of.high)})" if of.n > 1 else ""
    return f"{name}{number(of.median)} {of.unit}{spread}, n = {of.n}{held}"


def _in_order(found: Sequence[Summary], pattern: Pattern) -> list[Summary]:
    names = [setting.name for setting in pattern.plan.settings]
    return sorted(
        (each for each in found if each.settings in names), key=lambda each: names.index(each.settings)
    )
