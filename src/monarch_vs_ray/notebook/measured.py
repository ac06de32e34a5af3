"""Show published measurements: runs of a pattern with n and spread, and bytes a second by size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import altair as alt
import marimo as mo

from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.notebook import page
from monarch_vs_ray.notebook.interactive import finished
from monarch_vs_ray.notebook.show import COLORS
from monarch_vs_ray.programs import records
from monarch_vs_ray.programs.plan import engine_of
from monarch_vs_ray.programs.records import Record, Spread, Summary, number
from monarch_vs_ray.stage.values import NAMES

WAYS = {
    "rdma_read": "Monarch: RDMABuffer, read",
    "message_bytes": "result of a call",
    "store_zero_copy": "Ray: object store, mapped",
    "store_copied": "Ray: object store, copied",
    "rdt_gloo": "Ray: tensor transport gloo",
    "rdt_nixl": "Ray: tensor transport nixl",
    "memory_copy": "limit: a copy within a process",
}
"""Workloads of `mvr bench` that move bytes, and what a reader is told of each."""
WAY_COLORS = {
    "Monarch: RDMABuffer, read": "#d97706",
    "Monarch: result of a call": "#fbbf24",
    "Ray: result of a call": "#60a5fa",
    "Ray: object store, mapped": "#2563eb",
    "Ray: object store, copied": "#7c3aed",
    "Ray: tensor transport gloo": "#15803d",
    "Ray: tensor transport nixl": "#0d9488",
    "limit: a copy within a process": "#94a3b8",
}


def pattern_figures(pattern: str, settings: Sequence[str], figures: Sequence[str]) -> mo.Html:
    """Show published runs of a pattern: median, 10th to 90th percentile, and n, for each program.

    Args:
        pattern: The name of the pattern.
        settings: The settings to show, in this order; others are left out.
        figures: The figures to draw, by the names in the pattern's plan.
    """
    found = [each for each in records.published(PUBLISHED) if each.pattern == pattern]
    found = [each for each in found if each.settings in settings and not each.failed]
    if not found:
        told = f"No measured runs of {pattern} are in this installation."
        return page.html(page.quiet(f"{told} mvr pattern {pattern} --times 5 makes some."))
    found = _of_the_newest_code(found)
    summaries = sorted(records.summarize(found), key=lambda each: settings.index(each.settings))
    charts = [page.name(figure) + _chart(summaries, figure) for figure in figures]
    return page.html(page.grid(charts), _table(summaries, figures), page.quiet(_origin(found)))


def _of_the_newest_code(found: list[Record]) -> list[Record]:
    """Return the runs of one version of the programs: figures of two are not to be mixed."""
    newest = max(found, key=lambda each: each.date).code_sha256
    return [each for each in found if each.code_sha256 == newest]


def _label(summary: Summary) -> str:
    engine = NAMES[engine_of(summary.program)]
    program = f"{engine} Serve" if summary.program == "ray_serve" else engine
    return f"{program}, {summary.settings}"


def _chart(summaries: Iterable[Summary], figure: str) -> str:
    rows = [
        {
            "what": _label(summary),
            "engine": NAMES[engine_of(summary.program)],
            "median": spread.median,
            "low": spread.low,
            "high": spread.high,
            "n": spread.n,
        }
        for summary in summaries
        if (spread := summary.figures.get(figure))
    ]
    unit = next((s.figures[figure].unit for s in summaries if figure in s.figures), "")
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("what:N", title=None, sort=[row["what"] for row in rows], axis=alt.Axis(labelLimit=220)),
        color=alt.Color(
            "engine:N", scale=alt.Scale(domain=list(COLORS), range=list(COLORS.values())), legend=None
        ),
        tooltip=["what:N", "median:Q", "low:Q", "high:Q", "n:Q"],
    )
    value = alt.X("low:Q", title=unit or None, scale=alt.Scale(zero=True))
    spread_ = base.mark_rule(strokeWidth=4, opacity=0.5).encode(x=value, x2="high:Q")
    middle = base.mark_point(filled=True, size=110, opacity=1).encode(x="median:Q")
    return mo.as_html(finished(spread_ + middle, 30 + 28 * len(rows))).text


def _table(summaries: Iterable[Summary], figures: Sequence[str]) -> str:
    heads = ["median (10th to 90th percentile)", "runs", "oracle held", *figures]
    rows = []
    for summary in summaries:
        cells = [_spread(summary.figures.get(figure), summary.n) for figure in figures]
        rows.append([page.text(_label(summary)), f"{summary.n}", f"{summary.held}", *map(page.text, cells)])
    return page.table(heads, rows)


def _spread(spread: Spread | None, runs: int) -> str:
    if spread is None:
        return "none"
    of = "" if spread.n == runs else f", n = {spread.n}"
    text = f"{number(spread.median)} ({number(spread.low)} to {number(spread.high)}) {spread.unit}".rstrip()
    return text + of


def _origin(found: Sequence[Record]) -> str:
    machine = found[0].machine
    dates = sorted(each.date[:10] for each in found)
    days = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    versions = {f"{NAMES[each.engine]} {each.versions.get(each.engine, '')}" for each in found}
    return (
        f"Published runs of {days} on {machine.cores} cores, {machine.system}; "
        f"{', '.join(sorted(versions))}. One fault plan, another seed for each run."
    )


def compared(pattern: str, figure: str, first: str, second: str) -> mo.Html:
    """Say how a figure differs between two settings of a pattern, on each engine, with n and spread.

    Args:
        pattern: The name of the pattern.
        figure: A figure of its plan.
        first: A setting.
        second: The setting that it is compared with.
    """
    found = [each for each in records.published(PUBLISHED) if each.pattern == pattern and not each.failed]
    by = {(each.program, each.settings): each for each in records.summarize(_of_the_newest_code(found))} if (
        found
    ) else {}  # fmt: skip
    lines = []
    for program in dict.fromkeys(program for program, _ in by):
        one, other = by.get((program, first)), by.get((program, second))
        if one and other and figure in one.figures and figure in other.figures:
            lines.append(_difference(NAMES[engine_of(program)], one, other, figure))
    if not lines:
        return page.html(page.quiet(f"{figure}: {first} and {second} have not both been measured."))
    return page.html(f"<ul>{''.join(f'<li>{page.text(line)}</li>' for line in lines)}</ul>")


def _difference(engine: str, one: Summary, other: Summary, figure: str) -> str:
    a, b = one.figures[figure], other.figures[figure]
    unit = f" {a.unit}" if a.unit else ""
    told = [
        f"{number(each.median)}{unit} {settings} ({number(each.low)} to {number(each.high)}, n = {each.n})"
        for settings, each in ((one.settings, a), (other.settings, b))
    ]
    apart = a.low > b.high or b.low > a.high
    judged = "the spreads do not overlap" if apart else "the spreads overlap, so no difference is shown"
    return f"{engine}, {figure}: {told[0]}, {told[1]}; {judged}."


def bytes_by_size() -> mo.Html:
    """Show published bytes a second by size, for each way to move bytes; a click in the legend picks one."""
    from monarch_vs_ray.bench import published  # heavy

    files = published.published(PUBLISHED)
    machine = max((file.machine for file in files), key=[file.machine for file in files].count, default="")
    best = published.best(file for file in files if file.machine == machine)
    rows = []
    for row, line in best.items():
        if row.workload not in WAYS:
            continue
        for side, result in line.result.sides.items():
            way = WAYS[row.workload]
            way = way if ":" in way else f"{'Monarch' if side == 'monarch' else 'Ray'}: {way}"
            if way in WAY_COLORS and (not way.startswith("limit") or side == "monarch"):
                estimate = result.estimate
                rows.append(
                    {
                        "way": way, "bytes": row.size, "rate": estimate.value, "low": estimate.low,
                        "high": estimate.high, "n": estimate.n, "flaw": result.flaw,
                    }
                )  # fmt: skip
    if not rows:
        return page.html(page.quiet("No measurements are in this installation; mvr bench makes some."))
    dates = {line.file.measured.manifest.date[:10] for line in best.values()}
    few = " n is a number of processes; where it is small, low and high are the extremes." if any(
        row["flaw"] == "few" for row in rows
    ) else ""  # fmt: skip
    origin = f"Published measurements of {', '.join(sorted(dates))} by mvr bench, on {machine}.{few}"
    return page.html(_rates(rows), _rate_table(rows), page.quiet(origin))


def _rates(rows: list[dict[str, object]]) -> str:
    ways = [way for way in WAY_COLORS if any(row["way"] == way for row in rows)]
    picked = alt.selection_point(fields=["way"], bind="legend")
    base = (
        alt.Chart(alt.Data(values=rows))
        .encode(
            x=alt.X(
                "bytes:Q", scale=alt.Scale(type="log"), title="bytes", axis=alt.Axis(format="~s", tickCount=6)
            ),
            y=alt.Y(
                "rate:Q",
                scale=alt.Scale(type="log"),
                title="bytes a second",
                axis=alt.Axis(format="~s", tickCount=6),
            ),
            color=alt.Color(
                "way:N",
                scale=alt.Scale(domain=ways, range=[WAY_COLORS[way] for way in ways]),
                legend=alt.Legend(orient="bottom", columns=2, title=None, labelLimit=260),
            ),
            opacity=alt.condition(picked, alt.value(1), alt.value(0.15)),
            tooltip=["way:N", "bytes:Q", alt.Tooltip("rate:Q", format=".3s"), "n:Q"],
        )
        .add_params(picked)
    )
    return mo.as_html(finished(base.mark_line() + base.mark_point(filled=True, size=80), 300)).text


def _rate_table(rows: list[dict[str, object]]) -> str:
    sizes = sorted({int(str(row["bytes"])) for row in rows})
    lines = []
    for way in WAY_COLORS:
        cells = []
        for size in sizes:
            here = [row for row in rows if row["way"] == way and row["bytes"] == size]
            cells.append(page.text(_rate(here[0])) if here else "none")
        if any(row["way"] == way for row in rows):
            lines.append([page.text(way), *cells])
    return page.table(["bytes a second (low to high), n", *(_size(size) for size in sizes)], lines)


def _rate(row: dict[str, object]) -> str:
    value, low, high = (_si(float(str(row[name]))) for name in ("rate", "low", "high"))
    flaw = "" if row["flaw"] in ("", "few") else f", {row['flaw']}"
    return f"{value}/s ({low} to {high}), n = {row['n']}{flaw}"


def _si(value: float) -> str:
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value:.0f} B"


def _size(size: int) -> str:
    for power, unit in ((30, "GiB"), (20, "MiB")):
        if size >= 1 << power:
            return f"{size >> power} {unit}"
    return f"{size >> 10} KiB"
