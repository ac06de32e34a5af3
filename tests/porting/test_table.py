"""The porting table: its rows are whole, its snippets are Python, its names and claims exist."""

from __future__ import annotations

import ast
import re

import pytest

from monarch_vs_ray.campaign.catalogue import ledger
from monarch_vs_ray.core.errors import BadTable
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.porting import table
from monarch_vs_ray.porting.table import Group, find, groups, index, preamble, rows
from monarch_vs_ray.references.api import Api
from monarch_vs_ray.references.table import table as links
from monarch_vs_ray.references.wheels import all_installed

ROWS = rows()
CODES = [
    (row.id, engine, row.side(engine).code) for row in ROWS for engine in ENGINES if row.side(engine).code
]
MODULES = re.compile(r"(ray|monarch)(\.\w+)+")


def test_there_are_rows_enough_and_most_have_code_for_both_engines():
    assert len(ROWS) >= 60
    assert sum(bool(row.ray.code and row.monarch.code) for row in ROWS) >= 60


def test_a_row_without_code_says_why():
    silent = [row for row in ROWS if not (row.ray.code and row.monarch.code)]
    assert [row.id for row in silent if not (row.lacking or row.trap)] == []


def test_its_cells_are_short():
    assert [row.id for row in ROWS if max(len(row.ray.short), len(row.monarch.short)) > 72] == []
    assert [row.id for row in ROWS if len(row.task) > 60 or len(row.trap) > 260] == []


@pytest.mark.parametrize(
    ("row", "engine", "code"), CODES, ids=[f"{row}-{engine}" for row, engine, _ in CODES]
)
def test_a_snippet_is_python(row, engine, code):
    compile(code, f"{row}.{engine}", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    other = ({"ray", "monarch"} - {engine}).pop()
    assert not re.search(rf"^\s*(import|from) {other}\b", code, re.MULTILINE)


def test_the_claims_exist():
    known = {f"{claim.concept}.{claim.row}" for claim in ledger().claims}
    assert {claim for row in ROWS for claim in row.claims} <= known


@pytest.mark.parametrize("engine", ENGINES)
def test_its_names_and_those_of_its_snippets_exist(engine):
    api = Api({engine: wheel.root for engine, wheel in all_installed(links().releases).items()})
    named = {name.partition("(")[0] for name in index(engine) if MODULES.fullmatch(name.partition("(")[0])}
    named |= {name for text in texts(engine) for name in dotted(text)}
    assert len(named) > 50
    absent = {name for name in named if api.resolve(name).verdict == "absent"}
    assert absent - GONE == set()


GONE = {
    # Public programs use them: private ones by the module that shows them, and those of older releases.
    *("ray.ObjectID", "ray.actors", "ray.client", "ray.state", "ray.experimental.state"),
    *("monarch.actor.ActorMesh", "monarch.actor.SupervisionError", "monarch.actor.TracingForwarder"),
    *("monarch.tensor", "monarch.function"),
}


def texts(engine):
    return [preamble(engine), *(row.side(engine).code for row in ROWS)]


def dotted(text):
    """Find the dotted names of imports and of attributes of the engine's package."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names if is_engines(node.module))
        elif isinstance(node, ast.Attribute) and MODULES.fullmatch(path := ast.unparse(node)):
            yield path


def is_engines(module):
    return module.partition(".")[0] in ENGINES


def test_a_name_is_found_by_itself_by_its_call_and_by_its_beginning():
    assert find("ray", "ray.get").id == "call_one"
    assert find("ray", "ray.get(timeout=)").id == "timeout"
    assert find("ray", "ray.wait(fetch_local=)").id == "first_come"
    assert find("ray", "ray.data.read_csv").id == "ray_libraries"
    assert find("ray", "ray.no_such_function") is None
    assert find("monarch", "ray.get") is None


def test_a_name_in_two_rows_is_refused(tmp_path, monkeypatch):
    row = '[[row]]\nid = "{}"\ntask = "t"\n[row.ray]\nshort = ""\ncode = ""\nnames = ["ray.get"]\n'
    row += '[row.monarch]\nshort = ""\ncode = ""\n'
    (tmp_path / "1.toml").write_text('title = "a"\n' + row.format("a") + row.format("b"))
    monkeypatch.setattr(table, "FOLDER", tmp_path)
    with pytest.raises(BadTable, match=r"ray\.get stands in two rows"):
        groups.__wrapped__()


def test_a_file_of_another_form_is_refused(tmp_path, monkeypatch):
    (tmp_path / "1.toml").write_text('title = "a"\nrows = []\n')
    monkeypatch.setattr(table, "FOLDER", tmp_path)
    with pytest.raises(BadTable, match=r"1\.toml"):
        groups.__wrapped__()


def test_the_groups_have_titles():
    assert all(isinstance(group, Group) and group.title and group.row for group in groups())
