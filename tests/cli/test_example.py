"""``mvr example``, as a user meets it: the list, one program, both, and a folder of copies."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

from monarch_vs_ray import cli
from monarch_vs_ray.concepts import FOLDER, examples
from pseudo_terminal import PseudoTerminal


@pytest.fixture
def mvr(capfd):
    """Run ``mvr example``; returns exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            cli.main(["example", *arguments])
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capfd.readouterr()

    return run


def test_alone_it_lists_every_program(mvr):
    code, out, _ = mvr()
    assert code == 0
    for item in examples():
        assert f"{item.concept.number:>2}  {item.concept.name}" in out
        assert item.title in out


@pytest.mark.parametrize("asked", ["message_ordering", "4", "04", "04_message_ordering"])
def test_of_one_engine_it_prints_the_program_exactly(mvr, asked):
    code, out, err = mvr(asked, "--engine", "ray")
    assert (code, err) == (0, "")
    assert out == (FOLDER / "message_ordering" / "ray" / "example.py").read_text()


def test_of_both_engines_each_stands_after_its_name(mvr):
    code, out, _ = mvr("4")
    assert code == 0
    names = [line for line in out.splitlines() if line.startswith("# 04_message_ordering/example_")]
    assert names == ["# 04_message_ordering/example_monarch.py", "# 04_message_ordering/example_ray.py"]
    for engine in ("monarch", "ray"):
        assert (FOLDER / "message_ordering" / engine / "example.py").read_text() in out


def test_an_unknown_concept_is_one_clear_line(mvr):
    code, out, err = mvr("nonsense")
    assert (code, out) == (2, "")
    assert "'nonsense'" in err
    assert err.count("\n") == 1


def test_all_writes_every_program_under_a_name_that_hides_no_engine(mvr, tmp_path):
    code, out, _ = mvr("--all", str(tmp_path / "new" / "folder"))
    assert code == 0
    written = {str(path.relative_to(tmp_path / "new" / "folder")) for path in tmp_path.rglob("*.py")}
    assert written == {item.file_name for item in examples()}
    assert f"Wrote {len(examples())} programs" in out
    for item in examples():
        assert (tmp_path / "new" / "folder" / item.file_name).read_text() == item.text


def test_all_of_one_engine_writes_that_one_only(mvr, tmp_path):
    assert mvr("--all", str(tmp_path), "--engine", "ray")[0] == 0
    assert {path.name for path in tmp_path.rglob("*.py")} == {"example_ray.py"}


def test_all_again_changes_nothing(mvr, tmp_path):
    mvr("--all", str(tmp_path))
    code, out, _ = mvr("--all", str(tmp_path))
    assert code == 0
    assert f"Wrote 0 programs into {tmp_path}; {len(examples())} were there already." in out


def test_all_overwrites_nothing_that_differs_and_then_writes_nothing(mvr, tmp_path):
    mine = tmp_path / "04_message_ordering" / "example_ray.py"
    mine.parent.mkdir()
    mine.write_text("mine")
    code, out, err = mvr("--all", str(tmp_path))
    assert (code, out) == (2, "")
    assert err == (
        f"mvr: {mine} exists and differs; nothing was written."
        " Give another folder, or move what differs away.\n"
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
    assert mine.read_text() == "mine"


def test_all_takes_no_name(mvr, tmp_path):
    code, _, err = mvr("4", "--all", str(tmp_path))
    assert code == 2
    assert "leave out '4'" in err
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_place_of_the_folder_is_one_clear_line(mvr, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = mvr("--all", str(tmp_path / "file"))
    assert code == 2
    assert err.startswith("mvr: ")
    assert err.count("\n") == 1


def test_into_a_file_it_is_a_program_without_colors(tmp_path):
    copy = tmp_path / "copy.py"
    command = [sys.executable, "-m", "monarch_vs_ray", "example", "4", "--engine", "monarch"]
    with copy.open("w") as file:
        subprocess.run(command, stdout=file, check=True, timeout=60)
    ast.parse(copy.read_text())
    assert copy.read_text() == (FOLDER / "message_ordering" / "monarch" / "example.py").read_text()


def test_on_a_narrow_terminal_it_is_colored_and_no_line_is_cut_off():
    command = [sys.executable, "-m", "monarch_vs_ray", "example", "4", "--engine", "ray"]
    with PseudoTerminal(command, 40, 24) as terminal:
        assert terminal.wait() == 0
        shown = terminal.written.decode()
    assert "\x1b[" in shown
    bare = re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r\n", "\n")
    assert bare.rstrip() == (FOLDER / "message_ordering" / "ray" / "example.py").read_text().rstrip()
