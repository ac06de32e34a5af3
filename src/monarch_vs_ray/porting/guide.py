"""Generate the porting guide: a page of code for each group, and the tables in hand-written pages.

``docs/guide/porting.md`` and the pages of the worked ports have generated parts, between two comments::

    <!-- made: map -->
    ...
    <!-- end -->

``preamble`` is the code that precedes each snippet, ``jump`` the links to the groups, ``map`` the tables of
rows, ``count`` their number, and ``diff before.py after.py`` the difference between two programs beside the
page. The page of each group, with the code of its rows, is generated as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import unified_diff
from pathlib import Path

from monarch_vs_ray.core.errors import BadGuide
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.core.paths import need_checkout
from monarch_vs_ray.porting.table import Group, Row, groups, preamble, rows

COMMAND = "mvr port --guide"
EVIDENCE = "../../evidence"
PLACE = re.compile(r"(?<=<!-- made: )(?P<what>[^\n]*?)( -->\n)(?P<text>.*?)(?=<!-- end -->)", re.DOTALL)
MADE = """Made by `mvr port --guide` from the table; do not edit. [Back to the map](../porting.md#the-map).
Each snippet runs after [the lines of its engine](../porting.md#what-the-snippets-begin-with)."""
TITLES: dict[Engine, str] = {"ray": "Ray", "monarch": "Monarch"}


def make_guide() -> dict[Path, str]:
    """Return the pages of the guide and their texts.

    Raises:
        NeedsCheckout: If this package is installed without a checkout.
        BadGuide: If a page names a part that does not exist.
        BadTable: If the table of rows is not valid.
    """
    folder = need_checkout(COMMAND) / "docs" / "guide"
    written = [folder / "porting.md", *sorted((folder / "porting").glob("*/README.md"))]
    made = {folder / "porting" / f"{group.name}.md": group_page(group) for group in groups()}
    return {**{path: fill(path) for path in written}, **made}


def fill(path: Path) -> str:
    """Return a page with its generated parts renewed. Raises BadGuide and BadTable."""

    def make(place: re.Match[str]) -> str:
        what, *files = place["what"].split()
        if what == "diff" and len(files) == 2:
            text = diff(path.parent / files[0], path.parent / files[1])
        elif maker := MAKERS.get(what):
            text = maker()
        else:
            raise BadGuide(path, place["what"])
        return f"{place['what']} -->\n\n{text.strip()}\n\n"

    return PLACE.sub(make, path.read_text(encoding="utf-8"))


def diff(before: Path, after: Path) -> str:
    """Return the difference between two programs as a block.

    Raises:
        BadGuide: If one of them is missing.
    """
    try:
        old, new = (path.read_text(encoding="utf-8").splitlines() for path in (before, after))
    except OSError as error:
        raise BadGuide(before, str(error)) from None
    found = unified_diff(old, new, before.name, after.name, n=200, lineterm="")
    return "\n".join(["```diff", *(line for line in found if not line.startswith("@@")), "```"])


def preambles() -> str:
    """Return the code that precedes each engine's snippets."""
    return "\n\n".join(f"{TITLES[engine]}:\n\n{block(preamble(engine))}" for engine in TITLES)


def tables() -> str:
    """Return a table of rows for each group."""
    return "\n\n".join(part for group in groups() for part in _table(group))


def jump() -> str:
    """Return links to the groups of the map."""
    return " · ".join(f"[{group.title}](#{anchor(group)})" for group in groups())


def anchor(group: Group) -> str:
    """Return the anchor of a group's heading, as Markdown makes it."""
    return re.sub(r"[^\w -]", "", group.title.lower()).replace(" ", "-")


def count() -> str:
    """Return the number of rows, and the number with code for both engines."""
    both = sum(bool(row.ray.code and row.monarch.code) for row in rows())
    return f"{len(rows())} tasks; for {both} of them the code of both engines is run by the project's tests."


def _table(group: Group) -> Iterator[str]:
    yield f"### {group.title}"
    page = f"porting/{group.name}.md"
    yield "\n".join(
        ["| task | Ray | Monarch | look out |", "|---|---|---|---|"]
        + [
            f"| [{row.task}]({page}#{row.id}) | {_short(row, 'ray')} | {_short(row, 'monarch')}"
            f" | {_marks(row)} |"
            for row in group.row
        ]
    )


def _marks(row: Row) -> str:
    return ", ".join(mark for mark, there in (("trap", row.trap), ("gap", row.lacking)) if there)


def group_page(group: Group) -> str:
    """Return the page with the code of a group's rows."""
    parts = [
        f"# Porting: {group.title[0].lower()}{group.title[1:]}",
        MADE,
        "\n".join(f"- [{row.task}](#{row.id})" for row in group.row),
        *(part for row in group.row for part in _row(row)),
    ]
    return "\n\n".join(parts) + "\n"


def _short(row: Row, engine: Engine) -> str:
    """Return a side's line for a cell: as code, unless it has code marks or is text only."""
    short = row.side(engine).short.replace("|", "\\|")
    return short if "`" in short or re.fullmatch(r"[a-z ,']+", short) else f"`{short}`"


def _row(row: Row) -> Iterator[str]:
    yield f'## <a id="{row.id}"></a>{row.task}'
    for engine, title in TITLES.items():
        side = row.side(engine)
        yield f"{title}:\n\n{block(side.code)}" if side.code else f"{title}: {_short(row, engine)}."
    notes = []
    if row.lacking:
        notes.append(f"- No counterpart: {row.lacking}")
    if row.trap:
        notes.append(f"- Trap: {row.trap}")
    if row.claims:
        links = ", ".join(
            f"[{claim}]({EVIDENCE}/{claim.partition('.')[0]}.md#{claim})" for claim in row.claims
        )
        notes.append(f"- Shown by: {links}")
    if notes:
        yield "\n".join(notes)


def block(code: str) -> str:
    """Return a block of Python."""
    return f"```python\n{code.strip()}\n```"


MAKERS: dict[str, Callable[[], str]] = {
    "jump": jump,
    "preamble": preambles,
    "map": tables,
    "count": count,
}
"""The directives that take no files."""
