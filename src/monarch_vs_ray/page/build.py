"""Make the page: fill the templates, put scripts and data in, and state the policy that holds them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from demo_tui import DARK, LIGHT, Theme
from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.core.output import clean
from monarch_vs_ray.ledger.claims import Ledger
from monarch_vs_ray.ledger.counts import Breaks, count, sentences
from monarch_vs_ray.page import answers, claims, demos, packing
from monarch_vs_ray.page.sources import Source
from monarch_vs_ray.pictures import vector
from monarch_vs_ray.stage.values import NAMES

FOLDER = Path(__file__).parent
ASSETS = FOLDER / "assets"
SCRIPTS = ("core.js", "claims.js", "detail.js", "demos.js")
STYLES = ("page.css",)
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


def make(source: Source, ledger: Ledger | None = None) -> str:
    """Return the page as a text.

    Args:
        source: The evidence that it shows.
        ledger: The claims; by default all there are.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    ledger = ledger or catalogue.ledger()
    scripts = [packing.script_text((ASSETS / name).read_text(encoding="utf-8")) for name in SCRIPTS]
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=lambda value: clean(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline"] = inline
    recorded = demos.demos()
    parts = [{"id": "demos", "title": "Demos", "template": "demos.html"}] if recorded else []
    shown = {"demos": recorded}
    data = {"demos": packing.packed(recorded)}
    matrix = claims.matrix(ledger, source)
    template = environment.get_template("page.html")
    return template.render(
        policy=policy(scripts),
        styles=styles(),
        scripts=scripts,
        data={"claims": packing.packed(claims.details(ledger, source)), **data},
        source=source,
        described=source.described,
        counts=_counts(source),
        needs=answers.needs(ledger, source),
        differences=answers.differences(ledger, source),
        matrix=matrix,
        choices=claims.choices(matrix, source, VERDICTS),
        engines=ENGINES,
        names=NAMES,
        marks=VERDICTS,
        parts=parts,
        **shown,
    )


def styles() -> str:
    """Return the stylesheet, with the colours of pictures for light and dark."""
    light, dark = (_rules(theme) for theme in (LIGHT, DARK))
    made = [(ASSETS / name).read_text(encoding="utf-8") for name in STYLES]
    made.append(
        f":root {{ {light} }}\n"
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {dark} }} }}\n'
        f':root[data-theme="dark"] {{ {dark} }}\n@media print {{ :root {{ {light} }} }}'
    )
    return "\n".join(made)


def _rules(theme: Theme) -> str:
    return " ".join(f"{name}: {colour};" for name, colour in vector.variables(theme).items())


def policy(scripts: list[str]) -> str:
    """Return the content-security policy: these scripts and no others, no request at all.

    Styles may stand in the page, since drawings set them on their elements; they can load nothing either.
    """
    hashes = " ".join(map(packing.hash_of, scripts))
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
