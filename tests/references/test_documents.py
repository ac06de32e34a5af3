"""Whole documents, and the command that checks them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from monarch_vs_ray import cli
from monarch_vs_ray.core.errors import CannotRead
from monarch_vs_ray.core.paths import need_checkout
from monarch_vs_ray.references.documents import of_paths, of_project
from monarch_vs_ray.references.table import markdown, table
from monarch_vs_ray.references.wheels import all_installed

needs_engines = pytest.mark.skipif(
    len(all_installed(table().releases)) < 2, reason="needs both engines installed"
)
CLAIMS = """
[[claim]]
id = "x"
[claim.ray]
statement = "By `ray.gett`, as {link}."
brief = "Once `ray.gettt`"
references = ["ray.get", "ray.gat"]
"""


@pytest.fixture
def mvr(capfd):
    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            cli.main(list(arguments))
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capfd.readouterr()

    return run


@needs_engines
def test_a_right_document_is_fine(mvr, tmp_path):
    document = tmp_path / "x.md"
    document.write_text(f"{markdown('ray.get')} is `ray.get`, see {{{{ source('ray.wait') }}}}.\n")
    code, out, err = mvr("sources", "check", str(document))
    assert (code, err) == (0, "")
    assert "meta-pytorch/monarch" in out
    assert "1 read" in out


@needs_engines
def test_each_problem_is_a_line_with_what_to_do(mvr, tmp_path):
    right = table()["ray.get"]
    wrong = right.url.replace(f"#L{right.line}", f"#L{right.line + 1}")
    concept = tmp_path / "concept.toml"
    concept.write_text(CLAIMS.format(link=wrong))
    code, out, _ = mvr("sources", "check", str(tmp_path))
    assert code == 1
    lines = [line for line in out.splitlines() if line.startswith(f"{concept}:")]
    assert [line.partition(f"{concept}:")[2].partition(":")[0] for line in lines] == ["5", "5", "7"]
    assert 'use {{ source("ray.get") }}' in lines[0]
    assert "`ray.gett` is not in the API; near it: `ray.get`" in lines[1]
    assert "no reference is called 'ray.gat'; use one of: ray.get" in lines[2]
    assert "gettt" not in out


@needs_engines
def test_json_has_the_same(mvr, tmp_path):
    document = tmp_path / "x.md"
    document.write_text("`ray.gett`")
    code, out, _ = mvr("sources", "check", "--json", str(document))
    found = json.loads(out)
    assert code == 1
    assert found["table"]["offline"]["ray"]["ok"] > 50
    assert found["problems"] == []
    assert found["documents"][0]["problems"][0]["fact"] == "`ray.gett` is not in the API"


@needs_engines
def test_a_doctored_table_fails_the_command(mvr, monkeypatch, tmp_path):
    import msgspec

    actor = table()["monarch.Actor"]
    references = table().references | {actor.id: msgspec.structs.replace(actor, line=actor.line - 1)}
    monkeypatch.setattr(table(), "references", references)
    (tmp_path / "x.md").write_text("")
    code, out, _ = mvr("sources", "check", str(tmp_path))
    assert code == 1
    assert f"monarch.Actor: {actor.path}: `Actor` is now at line {actor.line}, not {actor.line - 1}" in out


def test_without_network_online_says_so_and_is_no_failure(mvr, monkeypatch, tmp_path):
    import monarch_vs_ray.references.online as online

    def refuse(address: str) -> str:
        raise online.Unreachable("no route")

    monkeypatch.setattr(online, "_get", refuse)
    (tmp_path / "x.md").write_text("")
    code, out, _ = mvr("sources", "check", "--online", str(tmp_path))
    assert code == 0
    assert re.search(
        r"\d+ links not looked up: https://raw.* cannot be asked: no route; try again later", out
    )
    assert "not asked, after 3 failures in a row" in out


def test_a_file_that_is_not_there_is_a_message(mvr, tmp_path):
    code, _, err = mvr("sources", "check", str(tmp_path / "none.md"))
    assert code == 2
    assert "there is no such file" in err


def test_toml_that_is_none_is_a_message(mvr, tmp_path):
    (tmp_path / "concept.toml").write_text("= 1")
    code, _, err = mvr("sources", "check", str(tmp_path))
    assert code == 2
    assert "it is not TOML" in err


def test_the_project_s_documents_are_found():
    project = need_checkout("this test")
    found = {str(path.relative_to(project)) for path in of_project(project)}
    assert {"README.md", "docs/guide/architecture.md"} <= found
    assert any(name.startswith("src/monarch_vs_ray/concepts/") for name in found)
    assert of_project(Path(__file__).parent) == []
    with pytest.raises(CannotRead):
        of_paths([Path("no-such-file.md")])


@pytest.mark.parametrize("module", ["griffe", "markdown_it"])
def test_a_library_that_is_missing_is_a_message(mvr, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    code, out, err = mvr("sources", "check")
    assert (code, out) == (3, "")
    assert err.startswith(f"mvr: {module} is not installed here")
    assert "pip install 'monarch-vs-ray[references]'" in err


def test_what_others_use_of_this_room_needs_no_library():
    blocked = "import sys; sys.modules.update(griffe=None, markdown_it=None)\n"
    rooms = (
        "monarch_vs_ray.references.check, monarch_vs_ray.report.contents, monarch_vs_ray.report.explanation"
    )
    code = f"{blocked}import {rooms}\nfrom monarch_vs_ray.references import link\nprint(link('ray.get'))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", f"{table()['ray.get'].url}\n")


def test_the_command_has_help(mvr):
    code, out, _ = mvr("sources", "check", "--help")
    assert code == 0
    assert "--online" in out
