"""``mvr port``, as a user meets it: a listing, JSON, a summary, and one clear line for what is no program."""

from __future__ import annotations

import json

import pytest

from monarch_vs_ray import cli

PROGRAM = (
    "import ray\n\nray.init()\nactor = Actor.remote()\nprint(ray.get(actor.run.remote()))\nray.made_up()\n"
)


@pytest.fixture
def port(capfd):
    """Run ``mvr port``; returns exit code, stdout, stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            cli.main(["port", *map(str, arguments)])
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capfd.readouterr()

    return run


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def test_it_lists_the_uses_and_counts_them(port, program):
    code, out, err = port(program)
    assert (code, err) == (0, "")
    assert f"{program}: Ray, 5 uses" in out
    assert "4  Actor.remote" in out
    assert "4 of 5 uses in 1 program are known (80%)." in out
    assert "Unknown: ray.made_up." in out


def test_two_programs_have_one_summary(port, program, tmp_path):
    other = tmp_path / "other.py"
    other.write_text("from monarch.actor import this_host\n\nthis_host().spawn_procs()\n")
    _, out, _ = port(program, other)
    assert f"{other}: Monarch, 2 uses" in out
    assert "6 of 7 uses in 2 programs are known (86%)." in out


def test_json_holds_each_use_with_its_row(port, program):
    code, out, _ = port("--json", program)
    assert code == 0
    (listed,) = json.loads(out)["programs"]
    assert [use["line"] for use in listed["findings"]] == [3, 4, 5, 5, 6]
    get = next(use for use in listed["findings"] if use["name"] == "ray.get")
    assert get["counterpart"] == "h.m.call_one(x).get()"
    assert get["page"] == "docs/guide/porting/call.md#call_one"
    assert get["trap"]
    assert get["claims"]
    assert not listed["findings"][-1]["known"]


def test_a_program_of_no_engine_is_said_to_be_one(port, tmp_path):
    path = tmp_path / "plain.py"
    path.write_text("print(1)\n")
    assert port(path) == (0, f"{path}: no use of ray or monarch.\n\n", "")


@pytest.mark.parametrize("arguments", [[], ["--guide", "a.py"]])
def test_it_wants_programs_or_the_guide(port, arguments):
    code, out, err = port(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("mvr: `mvr port` takes programs")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"def (", "line 1 is not Python"), (b"\x00", "not Python"), (None, "No such file")],
)
def test_what_is_no_program_is_one_line_and_no_listing(port, program, tmp_path, content, reason):
    bad = tmp_path / "bad.py"
    if content is not None:
        bad.write_bytes(content)
    code, out, err = port(program, bad)
    assert (code, out) == (2, "")
    assert reason in err
    assert err.count("\n") == 1


def test_what_a_program_holds_does_not_steer_the_terminal(port, tmp_path):
    path = tmp_path / "bad.py"
    path.write_text("import ray\nray.get('\x1b]0;title\x07\x1b[31m')\nray.init(**{'\x1b[2J': 1})\n")
    _, out, _ = port(path)
    assert "\x1b" not in out
