"""``mvr sources check``: check every link into the engines' code, and every API name, in our texts."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monarch_vs_ray.references.check import ReferenceCheck
    from monarch_vs_ray.references.documents import DocumentCheck
    from monarch_vs_ray.references.table import Table

app = typer.Typer(help="Links into the engines' public sources.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def sources() -> None:
    """Links into the engines' public sources."""


@app.command("check", short_help="Check every link and API name against the installed engines.")
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Documents, or folders of them; without any, this project's.", show_default=False
        ),
    ] = None,
    online: Annotated[bool, typer.Option("--online", help="Ask the public repositories too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """Check the table of references, and the links, ids and API names in documents.

    The installed engines are read, and not imported. What is not in their wheels (Rust, C++) stands as
    recorded, unless --online asks the repositories for it.
    """
    from monarch_vs_ray.core.errors import ExitCode
    from monarch_vs_ray.references.check import check_offline
    from monarch_vs_ray.references.online import Site, check_online
    from monarch_vs_ray.references.table import table
    from monarch_vs_ray.references.wheels import all_installed

    _require_libraries()
    links = table()
    checked = _documents(files, links)
    offline = check_offline(links, all_installed(links.releases))
    asked = check_online(links.references.values(), Site()) if online else []
    if json:
        _print_json(links, offline, asked, checked)
    else:
        _print_table(links, offline, asked, checked)
    if any(found.bad for found in (*offline, *asked)) or any(one.problems for one in checked):
        raise typer.Exit(ExitCode.NOT_AS_EXPECTED)


def _require_libraries() -> None:
    """Raise CheckersMissing if a library that only this command needs is not installed."""
    from monarch_vs_ray.core.errors import CheckersMissing

    for module in ("griffe", "markdown_it"):
        if find_spec(module) is None:
            raise CheckersMissing(module)


def _documents(files: Sequence[Path] | None, links: Table) -> list[DocumentCheck]:
    from monarch_vs_ray.core.paths import CHECKOUT, PACKAGE
    from monarch_vs_ray.references.api import Api
    from monarch_vs_ray.references.documents import check_document, of_paths, of_project
    from monarch_vs_ray.references.wheels import all_installed

    api = Api({engine: wheel.root for engine, wheel in all_installed(links.releases).items()})
    project = CHECKOUT or PACKAGE
    paths = of_paths(files) if files else of_project(project)
    return [check_document(path, _shown(path, project), links, api) for path in paths]


def _shown(path: Path, project: Path) -> str:
    full = path.resolve()
    return str(full.relative_to(project)) if full.is_relative_to(project) else str(path)


def _print_json(
    links: Table, offline: list[ReferenceCheck], online: list[ReferenceCheck], checked: list[DocumentCheck]
) -> None:
    import msgspec

    whole = {
        "releases": links.releases,
        "table": {"offline": _counts(offline), "online": _counts(online)},
        "documents": checked,
        "problems": [
            {
                "id": found.reference.id,
                "status": found.status,
                "fact": found.fact,
                "next_step": found.next_step,
            }
            for found in (*offline, *online)
            if found.bad or found.status == "unknown"
        ],
    }
    typer.echo(msgspec.json.format(msgspec.json.encode(whole), indent=2).decode())


def _counts(findings: Sequence[ReferenceCheck]) -> dict[str, dict[str, int]]:
    """Count the statuses for each engine."""
    counts: dict[str, dict[str, int]] = {}
    for found in findings:
        of_engine = counts.setdefault(found.reference.engine, {})
        of_engine[found.status] = of_engine.get(found.status, 0) + 1
    return counts


def _print_table(
    links: Table, offline: list[ReferenceCheck], online: list[ReferenceCheck], checked: list[DocumentCheck]
) -> None:
    """Print the counts, then a line for each problem: the place, the fact, and the next step."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    console.print(_summary(links, offline, online))
    if checked:
        console.print(_summary_of_documents(checked))
    for line in _problems(offline, online, checked):
        console.print(line, markup=False, emoji=False)


def _summary(links: Table, offline: list[ReferenceCheck], online: list[ReferenceCheck]) -> Any:
    """Return a table of the statuses of each engine's references."""
    from rich import box
    from rich.table import Table as Grid

    statuses = ("ok", "moved", "missing", "recorded", "unknown")
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column("the table's links", overflow="fold")
    for status in ("links", *statuses):
        grid.add_column(status, justify="right")
    for place, findings in (("installed wheel", offline), ("public repository", online)):
        for engine, counts in _counts(findings).items():
            release = next(one for name, one in links.releases.items() if name == engine)
            row = (sum(counts.values()), *(counts.get(status, 0) for status in statuses))
            grid.add_row(f"{release.repo} {release.ref}, {place}", *map(str, row))
    return grid


def _summary_of_documents(checked: list[DocumentCheck]) -> Any:
    """Return a table of the documents that name anything."""
    from rich import box
    from rich.table import Table as Grid

    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column("document", overflow="fold")
    for column in ("links", "ids", "API names", "undecided", "problems"):
        grid.add_column(column, justify="right")
    for one in checked:
        row = (one.links, one.ids, one.names, len(one.undecided), len(one.problems))
        if any(row):
            grid.add_row(one.file, *map(str, row))
    grid.add_row(f"{len(checked)} read", *[""] * 5)
    return grid


def _problems(
    offline: list[ReferenceCheck], online: list[ReferenceCheck], checked: list[DocumentCheck]
) -> list[str]:
    lines = [
        f"{found.reference.id}: {found.fact}; {found.next_step}."
        for found in (*offline, *online)
        if found.bad
    ]
    lines += [
        f"{one.file}:{one.line}: {one.fact}; {one.next_step}."
        for document in checked
        for one in document.problems
    ]
    # Why something is unknown is the same for many entries.
    unknown = [found for found in (*offline, *online) if found.status == "unknown"]
    for reason in dict.fromkeys((found.fact, found.next_step) for found in unknown):
        count = sum((found.fact, found.next_step) == reason for found in unknown)
        lines.append(f"{count} links not looked up: {reason[0]}; {reason[1]}.")
    unread = sum(document.unread for document in checked)
    return lines + (
        [f"{unread} Python blocks not read: a template has yet to fill them in."] if unread else []
    )
