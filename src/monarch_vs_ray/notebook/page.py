"""Write the HTML that the notebooks show: grids that fold on a narrow screen, and colours for both themes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import marimo as mo

from monarch_vs_ray.core.output import clean

STYLE = """<style>
.mvr-text { font-family: var(--monospace-font, monospace); font-size: .8125rem; white-space: pre-wrap;
  overflow-wrap: anywhere; max-height: 24rem; overflow-y: auto; padding: .5rem .75rem; border-radius: .375rem;
  border: 1px solid color-mix(in srgb, currentColor 25%, transparent); margin: 0; }
.mvr-wide { overflow-x: auto; }
.markdown :is(th, td) { text-align: left !important; }
.markdown table { display: block; max-width: 100%; overflow-x: auto; }
.mvr-table { border-collapse: collapse; font-size: .875rem; width: 100%; }
.mvr-table th, .mvr-table td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0;
  border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); overflow-wrap: anywhere; }
.mvr-table th { font-weight: 600; min-width: 7rem; }
.mvr-claim { padding: .5rem 0 .75rem; border-bottom: 1px solid; border-color: var(--border, #8884); }
.mvr-mark { font-size: .75rem; font-weight: 600; padding: .05rem .4rem; border-radius: .375rem;
  border: 1px solid currentColor; white-space: nowrap; }
.mvr-good { color: #166534; } .mvr-bad { color: #b91c1c; } .mvr-open { color: #854d0e; }
.dark .mvr-good { color: #86efac; } .dark .mvr-bad { color: #fca5a5; } .dark .mvr-open { color: #fde68a; }
.mvr-picture svg { width: 100%; min-width: 44rem; height: auto; display: block; }
.mvr-dark { display: none; } .dark .mvr-dark { display: block; } .dark .mvr-light { display: none; }
</style>"""


REPOSITORY = "MVR_REPOSITORY"
"""The variable with the address of the repository's files, for links; without it, paths are shown as text."""

# Within a form, only styles that stand at the element reach it.
GRID = "display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))"
NAME = "font-weight:600;margin-bottom:.25rem"
QUIET = "opacity:.75;font-size:.875rem"


def html(*parts: str) -> mo.Html:
    """Return HTML that marimo shows; every text in it is already escaped."""
    return mo.Html("".join(parts))


def grid(parts: Iterable[str]) -> str:
    """Return parts side by side, or one below the other where there is no room."""
    cells = "".join(f'<div style="min-width:0">{part}</div>' for part in parts)
    return f'<div style="{GRID}">{cells}</div>'


def text(content: str) -> str:
    """Return a text for HTML: no control characters, and nothing that is markup."""
    return escape(clean(content))


def place(path: str) -> str:
    """Return the place of a file of the repository: a link where its address is known, else its path."""
    base = os.environ.get(REPOSITORY)
    shown = f"<code>{text(path)}</code>"
    return f'<a href="{escape(base.rstrip("/"))}/{escape(path)}">{shown}</a>' if base else shown


def prose(content: str) -> str:
    """Return a text whose parts between backticks are code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text(content))


def name(content: str, mark: str = "") -> str:
    """Return a heading within a grid, with a mark behind it."""
    return f'<div style="{NAME}">{text(content)} {mark}</div>'


def quiet(content: str) -> str:
    """Return a remark."""
    return f'<div style="{QUIET}">{text(content)}</div>'


def block(lines: Iterable[str]) -> str:
    """Return lines as they are, in a box that scrolls."""
    return f'<pre class="mvr-text" tabindex="0">{chr(10).join(map(text, lines))}</pre>'


def legend(colors: Mapping[str, str]) -> str:
    """Return what colours mean, as a line that wraps."""
    words = "".join(
        f'<span style="white-space:nowrap;margin-right:1rem">'
        f'<span style="color:{color}">&#9632;</span> {text(word)}</span>'
        for word, color in colors.items()
    )
    return f'<div style="{QUIET}">{words}</div>'


def mark(content: str, kind: str) -> str:
    """Return a short word in a frame; the kind is ``good``, ``bad`` or ``open``."""
    return f'<span class="mvr-mark mvr-{kind}">{text(content)}</span>'


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose first column has the labels.

    Args:
        heads: The texts of the first row.
        rows: The other rows, as HTML.
    """
    first = "".join(f"<th>{text(head)}</th>" for head in heads)
    lines = "".join(
        f"<tr><th>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>" for row in rows
    )
    return f'<div class="mvr-wide"><table class="mvr-table"><tr>{first}</tr>{lines}</table></div>'


def folded(summary: str, content: str) -> str:
    """Return HTML that a click on its summary opens."""
    return f"<details><summary>{text(summary)}</summary>{content}</details>"
