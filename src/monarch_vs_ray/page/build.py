"""Make the page: fill the templates, put scripts and data in, and state the policy that holds them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from demo_tui import DARK, LIGHT, Theme
from monarch_vs_ray.bench.published import published as published_benchmarks
from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.core.output import clean
from monarch_vs_ray.ledger.claims import Ledger
from monarch_vs_ray.ledger.counts import Breaks, count, sentences
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.notebook.catalogue import all_notebooks
from monarch_vs_ray.page import answers, claims, compare, costs, demos, packing, patterns, runs, search
from monarch_vs_ray.page.checkout import link
from monarch_vs_ray.page.sources import Source
from monarch_vs_ray.pictures import vector
from monarch_vs_ray.stage.values import NAMES

FOLDER = Path(__file__).parent
ASSETS = FOLDER / "assets"
SCRIPTS = ("core.js", "search.js", "claims.js", "detail.js", "demos.js", "patterns.js", "runs.js")
STYLES = ("page.css", "parts.css")
LARGEST = 6_000_000
"""Bytes that a page may have."""
INLINE = re.compile(r"`([^`]+)`")
VERDICTS = {
    "holds": ("✓", "holds"),
    "partly": ("◐", "partly"),
    "refuted": ("✗", "refuted"),
    "unknown": ("?", "unknown"),
    claims.MISSING: ("·", "not in these results"),
}
"""A mark and a word for each verdict: neither is told by colour alone."""
PARTS = {
    "costs": "Costs",
    "patterns": "Patterns",
    "demos": "Demos",
    "runs": "Runs",
    "notebooks": "Notebooks",
}
"""The sections that are there when there is something to show in them, in their order."""


def make(
    source: Source,
    ledger: Ledger | None = None,
    *,
    compared: Sequence[Sequence[Evidence]] = (),
    beside: Path | None = None,
    histories: Sequence[Path] = (),
) -> str:
    """Return the page as a text.

    Args:
        source: The evidence that it shows.
        ledger: The claims; by default all there are.
        compared: The evidence of two runs, to say in what they differ.
        beside: The folder that the page will lie in; in a checkout, notebooks are linked from there.
        histories: A reader's recorded runs, to draw in space and time.

    Raises:
        UnreadableHistory: If a history is none.
        BadEvidence: If something published is damaged.
    """
    ledger = ledger or catalogue.ledger()
    measured, charts = _measurements(source.root, _stamp(source.root))
    shown: dict[str, Any] = {
        "costs": measured,
        "patterns": patterns.patterns(source.root),
        "demos": demos.demos(),
        "runs": runs.runs(source.root, source.folder, histories),
        "notebooks": notebooks(beside),
    }
    matrix = claims.matrix(ledger, source)
    details = claims.details(ledger, source)
    data = {
        "claims": details,
        "search": search.search(ledger, details["claims"], beside),
        "demos": shown["demos"],
        "patterns": shown["patterns"],
        "runs": shown["runs"],
        "charts": charts,
    }
    return _fill(
        scripts([*SCRIPTS, *(["charts.js"] if charts else [])], vega=bool(charts)),
        data={name: packing.packed(value) for name, value in data.items() if value},
        parts=[{"id": name, "title": title} for name, title in PARTS.items() if shown[name]],
        charts=charts,
        glance=costs.glance(measured),
        compared=compare.compare(ledger, *compared) if compared else None,
        source=source,
        described=source.described,
        counts=_counts(source),
        needs=answers.needs(ledger, source, _measured(shown["costs"])),
        differences=answers.differences(ledger, source),
        matrix=matrix,
        choices=claims.choices(matrix, source, VERDICTS),
        **shown,
    )


@cache
def _measurements(root: Path, stamp: object) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return tables and charts of what is published; worked out once for files that have not changed."""
    files = published_benchmarks(root)
    return costs.costs(files), costs.charts(files)


def _stamp(root: Path) -> tuple[tuple[str, int], ...]:
    return tuple((str(file), file.stat().st_mtime_ns) for file in sorted(root.glob("*/bench/*")))


def notebooks(beside: Path | None) -> list[dict[str, str]]:
    """Return the notebooks, each with a link if the page lies in their checkout.

    Args:
        beside: The page's folder.
    """
    return [
        {
            "name": each.name,
            "number": each.name.partition("_")[0],
            "title": each.title,
            "question": each.question,
            "link": link(each.path, beside),
        }
        for each in all_notebooks()
    ]


def _fill(all_scripts: list[str], **values: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=lambda value: clean(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline"] = inline
    return environment.get_template("page.html").render(
        policy=policy(all_scripts),
        styles=styles(),
        scripts=all_scripts,
        engines=ENGINES,
        names=NAMES,
        marks=VERDICTS,
        **values,
    )


def _measured(machines: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return where a workload's first row is, by the workload's name."""
    found: dict[str, dict[str, str]] = {}
    for row in (row for machine in machines for group in machine["groups"] for row in group["rows"]):
        found.setdefault(row["workload"], {"id": row["id"], "title": f"measured: {row['title']}"})
    return found


def scripts(names: list[str], *, vega: bool = False) -> list[str]:
    """Return the page's scripts, such that none can end early.

    Args:
        names: Files among the assets.
        vega: Whether the drawing library stands before them.
    """
    found = [(ASSETS / name).read_text(encoding="utf-8") for name in names]
    if vega:
        found.insert(0, drawing_library())
    return [packing.script_text(text) for text in found]


@cache
def drawing_library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed with its interpreter of expressions, as one script."""
    import vl_convert

    return str(vl_convert.javascript_bundle())  # type: ignore[call-arg] # its stub lacks the defaults


def styles() -> str:
    """Return the stylesheet, with the colours of pictures for light and dark."""
    light, dark = (_rules(theme) for theme in (LIGHT, DARK))
    made = [(ASSETS / name).read_text(encoding="utf-8") for name in STYLES]
    made.append(
        f":root {{ {light} }}\n"
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {dark} }} }}\n'
        f':root[data-theme="dark"] {{ {dark} }}\n@media print {{ :root:root:root {{ {light} }} }}'
    )
    return "\n".join(made)


def _rules(theme: Theme) -> str:
    return " ".join(f"{name}: {colour};" for name, colour in vector.variables(theme).items())


def policy(all_scripts: list[str]) -> str:
    """Return the content-security policy: these scripts and no others, no request at all.

    Styles may stand in the page, since drawings set them on their elements; they can load nothing either.
    """
    hashes = " ".join(map(packing.hash_of, all_scripts))
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def inline(text: str) -> Any:
    """Return a text as HTML: escaped, with what stands between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(INLINE.sub(r"<code>\1</code>", str(escape(clean(text)))))


def _counts(source: Source) -> list[str]:
    runs = [each for one in source.breaks.values() for each in one.breaks]
    breaks = Breaks(len(runs), sum(each.noticed for each in runs))
    return sentences(count(source.quoted.values(), breaks))
