"""``mvr run`` and ``mvr pattern`` on the command line; no engine is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from monarch_vs_ray import cli

MVR = [sys.executable, "-m", "monarch_vs_ray"]


@pytest.fixture
def mvr(capfd):
    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            cli.main(list(map(str, arguments)))
        return int(end.value.code or 0), *capfd.readouterr()

    return run


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text("import sys\nprint('got', sys.argv[1:])\n")
    return path


def test_both_programs_get_what_follows_the_dashes_and_a_record_is_replayed(mvr, script, tmp_path):
    kept = tmp_path / "run.jsonl"

    code, out, err = mvr("run", "--monarch", script, "--ray", script, "--record", kept, "--", "--x", "3")

    assert code == 0
    assert "got ['--x', '3']" in out
    assert "The outputs are equal: 1 lines." in out
    assert f"mvr replay {kept}" in err
    code, again, _ = mvr("replay", kept, "--speed", "0")
    assert (code, again) == (0, out)
    code, _, _ = mvr("replay", kept, "--picture", tmp_path / "p.svg")
    assert "got [" in (tmp_path / "p.svg").read_text().replace("&#160;", " ")


@pytest.mark.parametrize(
    ("other", "options", "code", "said"),
    [
        ("print('other')", (), 1, "The outputs differ: 1 and 1 lines."),
        ("print('other')", ("--compare", "none"), 0, "not compared"),
        ("raise SystemExit(3)", (), 4, "Ray failed: exit code 3."),
        ("this is no python", (), 4, "SyntaxError"),
    ],
)
def test_the_exit_code_says_how_it_went(mvr, script, tmp_path, other, options, code, said):
    second = tmp_path / "b.py"
    second.write_text(other)

    found, out, _ = mvr("run", "--monarch", script, "--ray", second, *options)

    assert found == code
    assert said in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "Name a program"),
        (["--monarch", "none.py"], "none.py: there is no such file; name a Python file."),
        (["--monarch", "/"], "it is a folder"),
        (["--monarch", "SCRIPT", "--deadline", "inf"], "--deadline is inf"),
        (["--monarch", "SCRIPT", "--deadline", "nan"], "--deadline is nan"),
        (["--monarch", "SCRIPT", "--rtol", "-1"], "--rtol is -1"),
        (["--monarch", "SCRIPT", "--grace", "-1"], "--grace is -1"),
        (["--monarch", "SCRIPT", "--kill", "("], "no regular expression"),
        (["--monarch", "SCRIPT", "--kill", "x"], "group named pid"),
        (["--monarch", "SCRIPT", "--kill", "(?P<pid>1)", "--signal", "X"], "no signal 'X'"),
        (["--monarch", "SCRIPT", "--kill", "(?P<pid>1)", "--plan", "p"], "give one of them"),
        (["--monarch", "SCRIPT", "--plan", "none.toml"], "none.toml: No such file"),
        (["--ray", "JOINS"], "joins.py:2: ray.init(address='auto') joins a running Ray"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(mvr, script, tmp_path, options, said):
    joins = tmp_path / "joins.py"
    joins.write_text("import ray\nray.init(address='auto')\n")
    words = {"SCRIPT": str(script), "JOINS": str(joins)}

    code, out, err = mvr("run", *(words.get(option, option) for option in options))

    assert code == 2
    assert said in err
    assert err.count("\n") == 1
    assert out == ""


def test_ctrl_c_ends_both_and_leaves_nothing(tmp_path):
    import os
    import signal

    script = tmp_path / "a.py"
    script.write_text(
        "import os, signal, time\nsignal.signal(2, signal.SIG_IGN)\nos.fork()\n"
        "print('process', os.getpid(), flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        [*MVR, "run", "--monarch", script, "--ray", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        pids = [int(running.stdout.readline().split()[-1]) for _ in range(4)]
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)

    assert running.returncode == 130
    assert "2 of 2 sides were ended" in said
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize("stream", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "| head -c 1"])
def test_closed_streams_change_nothing(script, stream):
    command = f"{' '.join(MVR)} run --monarch {script} {stream}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)

    assert "Traceback" not in done.stderr
    assert done.returncode == (2 if "full" in stream else 0)


def test_patterns_are_listed_and_asked_for_by_name(mvr):
    assert mvr("pattern", "none")[0] == 2
    assert mvr("pattern", "none", "--times", "0")[2].startswith("mvr: --seed is 0 and --times 0")
