"""The map between the two actor interfaces: rows by task, in the files of ``map/``.

::

    title = "Call and gather"                    # a group: one file

    [[row]]
    id = "call_one"                              # stable: links and `mvr port` name it
    task = "Call one actor and take its answer"
    lacking = ""                                 # what has no counterpart on one of the engines
    trap = "..."                                 # what surprises somebody who ports
    claims = ["actor_abstraction.invocation"]    # rows of the comparison that show it
    [row.ray]
    short = "ray.get(h.m.remote(x))"             # one line, for tables; marks its code if not all of it is
    code = '''...'''                             # runs after `preamble/ray.py`; empty: cannot run here
    ends = true                                  # it ends or restarts the engine: it runs after the others
    names = ["ray.get", "ActorMethod.remote"]    # uses that `program.Reader` finds; a final * stands for any

A name is what a program uses, as `program` reports it: a dotted path, a method of a kind of value
(`ActorMethod.remote`), an argument (`ray.init(address=)`), or a form (`@ray.remote class`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from monarch_vs_ray.core.errors import BadTable
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.references.table import parse_toml

FOLDER = Path(__file__).parent / "map"
PREAMBLES = Path(__file__).parent / "preamble"


class Side(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One engine's half of a row."""

    short: str
    code: str
    names: tuple[str, ...] = ()
    ends: bool = False


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task, and what one writes for it on each engine."""

    id: str
    task: str
    lacking: str = ""
    trap: str = ""
    claims: tuple[str, ...] = ()
    ray: Side
    monarch: Side

    def side(self, engine: Engine) -> Side:
        """Return an engine's half."""
        return self.ray if engine == "ray" else self.monarch


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rows of one file; ``name`` is that of the file without its number."""

    title: str
    row: tuple[Row, ...]
    name: str = ""


def other(engine: Engine) -> Engine:
    """Return the engine that one ports to."""
    return "monarch" if engine == "ray" else "ray"


@cache
def groups() -> tuple[Group, ...]:
    """Return the table, in the order of its files.

    Raises:
        BadTable: If a file has another form, or an id or a name stands in two rows.
    """
    found = [_read(path) for path in sorted(FOLDER.glob("*.toml"))]
    seen: set[str] = set()
    for group in found:
        for row in group.row:
            keys = {row.id, *(name for engine in ENGINES for name in row.side(engine).names)}
            if twice := keys & seen:
                raise BadTable(FOLDER, f"{min(twice)} stands in two rows")
            seen |= keys
    return tuple(found)


def rows() -> list[Row]:
    """Return all rows. Raises BadTable."""
    return [row for group in groups() for row in group.row]


@cache
def group_of(row_id: str) -> Group:
    """Return the group of a row. Raises BadTable."""
    return next(group for group in groups() if any(row.id == row_id for row in group.row))


@cache
def index(engine: Engine) -> dict[str, Row]:
    """Return the row of each name of an engine. Raises BadTable."""
    return {name: row for row in rows() for name in row.side(engine).names}


def is_known(name: str) -> bool:
    """Return whether the table has exactly this name. Raises BadTable."""
    return any(name in index(engine) for engine in ENGINES)


def find(engine: Engine, name: str) -> Row | None:
    """Return the row that a used name belongs to.

    Args:
        engine: The engine that is used.
        name: A name as ``program`` reports it.

    Returns:
        The row of the name itself, else of the longest name before a ``*`` that it begins with.
    """
    known = index(engine)
    if row := known.get(name):
        return row
    if name.endswith("=)") and (row := known.get(f"{name.partition('(')[0]}(*)")):
        return row
    for end in range(len(name), 0, -1):
        if row := known.get(f"{name[:end]}*"):
            return row
    return None


def preamble(engine: Engine) -> str:
    """Return what an engine's snippets begin with."""
    return (PREAMBLES / f"{engine}.py").read_text(encoding="utf-8")


def _read(path: Path) -> Group:
    try:
        group = msgspec.convert(parse_toml(path.read_text(encoding="utf-8")), Group)
    except (ValueError, msgspec.ValidationError) as error:
        raise BadTable(path, str(error)) from None
    return msgspec.structs.replace(group, name=path.stem.partition("_")[2])
